"""Who watches: as many as the file says, in its order, week by week others, nobody who is away or must not read it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cocmail.core import readers
from cocmail.core.model import Committee, Member, Role
from core.desk import committee, members

# Five primary members, an alternate, a mediator; the file does not name them in the order in which they watch.
HANDLES = ("amara", "jun", "sam", "noor", "ivo")
LEE, RUTH = replace(members("lee")[0], role=Role.ALTERNATE), members("ruth")[0]
PEOPLE = (*members(*HANDLES), LEE, RUTH)
MONDAY = date(2026, 11, 2)
WEEK = timedelta(days=7)


def file(
    size: int | None = None, order: tuple[str, ...] = (), rotation: str | None = None, policy: str = "numfocus"
) -> Committee:
    return replace(committee(policy, PEOPLE), triage_size=size, triage_order=order, triage_rotation=rotation)


def watching(place: Committee, day: date = MONDAY, barred: Collection[str] = ()) -> list[str]:
    return [member.handle for member in readers.triage(place, barred, day)]


def away(place: Committee, *handles: str, first: date = MONDAY, last: date = MONDAY) -> Committee:
    def absent(member: Member) -> Member:
        return replace(member, away=((first, last),)) if member.handle in handles else member

    return replace(place, members=tuple(map(absent, place.members)))


# How many, and who


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_as_many_watch_as_the_file_says_in_its_order(size: int) -> None:
    order = ("ivo", "amara", "noor", "jun", "sam")
    assert watching(file(size, order)) == list(order[:size])
    assert watching(file(size)) == list(HANDLES[:size])


@pytest.mark.parametrize(
    ("policy", "size"), [("basic", 2), ("kubernetes", 2), ("cncf", 2), ("chaoss", 1), ("numfocus", 2)]
)
def test_where_the_file_says_nothing_the_procedure_says_how_many(policy: str, size: int) -> None:
    assert watching(file(policy=policy)) == list(HANDLES[:size])
    assert watching(file(3, policy=policy)) == list(HANDLES[:3])


def test_fewer_than_that_watch_where_there_are_no_more() -> None:
    alone = replace(file(2), members=members("amara"))
    assert watching(alone) == ["amara"]
    assert watching(replace(file(2), members=(LEE, RUTH))) == []


def test_who_is_in_no_order_steps_in_behind_those_who_are() -> None:
    assert watching(file(2, ("ivo",))) == ["ivo", "amara"]
    assert watching(file(2, ("ivo", "sam")), barred={"ivo"}) == ["sam", "amara"]


def test_neither_an_alternate_nor_the_mediator_watches_unless_the_file_says_so() -> None:
    every = watching(file(7))
    assert set(every) == set(HANDLES)
    assert watching(file(2, ("lee", "amara"))) == ["lee", "amara"]


def test_a_name_of_the_order_that_is_no_member_any_more_is_passed_over() -> None:
    assert watching(file(2, ("gone", "ivo", "amara"))) == ["ivo", "amara"]


# Week by week


def test_without_rotation_the_same_watch_for_ever() -> None:
    weeks = {tuple(watching(file(2), MONDAY + number * WEEK)) for number in range(120)}
    assert weeks == {("amara", "jun")}


def test_each_week_the_order_is_turned_by_as_many_as_watch() -> None:
    place = file(2, HANDLES, "weekly")
    first = watching(place)
    at = HANDLES.index(first[0])
    for number in range(60):
        start = (at + 2 * number) % 5
        expected = [HANDLES[start], HANDLES[(start + 1) % 5]]
        assert watching(place, MONDAY + number * WEEK) == expected, number


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_all_watch_equally_often(size: int) -> None:
    place = file(size, HANDLES, "weekly")
    turns = Counter(itertools.chain.from_iterable(watching(place, MONDAY + number * WEEK) for number in range(50)))
    assert turns == dict.fromkeys(HANDLES, 10 * size)


def test_the_week_begins_on_monday_and_the_turn_of_the_year_is_no_other_week() -> None:
    place = file(2, HANDLES, "weekly")
    for monday in (MONDAY, date(2026, 12, 28), date(2024, 12, 30)):
        week = [watching(place, monday + timedelta(days=day)) for day in range(7)]
        assert week == [week[0]] * 7
        assert watching(place, monday + WEEK) != week[0]
        assert watching(place, monday - timedelta(days=1)) != week[0]


def test_where_all_watch_the_turn_changes_only_who_comes_first() -> None:
    place = file(5, HANDLES, "weekly")
    for number in range(10):
        assert set(watching(place, MONDAY + number * WEEK)) == set(HANDLES)


# Who is away, who must not


def test_who_is_away_is_passed_over_on_those_days_alone() -> None:
    place = away(file(2), "amara", first=MONDAY, last=MONDAY + timedelta(days=2))
    expected = [["jun", "sam"], ["jun", "sam"], ["jun", "sam"], ["amara", "jun"]]
    assert [watching(place, MONDAY + timedelta(days=day)) for day in range(4)] == expected
    assert watching(place, MONDAY - timedelta(days=1)) == ["amara", "jun"]


def test_with_nobody_else_there_who_is_away_watches_all_the_same() -> None:
    assert watching(away(file(2), *HANDLES)) == ["amara", "jun"]
    assert watching(away(file(2), "amara", "jun"), barred={"sam", "noor", "ivo"}) == ["amara", "jun"]


def test_one_who_is_there_watches_alone_rather_than_with_somebody_who_is_away() -> None:
    assert watching(away(file(2), "amara", "jun", "sam", "noor")) == ["ivo"]


@pytest.mark.parametrize("barred", [{"amara"}, {"jun", "noor"}, {"amara", "jun", "sam"}, {"ivo", "amara"}])
def test_whom_the_report_names_is_passed_over(barred: set[str]) -> None:
    left = [handle for handle in HANDLES if handle not in barred]
    assert watching(file(2), barred=barred) == left[:2]
    for number in range(10):
        turned = watching(file(2, HANDLES, "weekly"), MONDAY + number * WEEK, barred)
        assert not set(turned) & barred and len(turned) == min(2, len(left))


def test_nobody_watches_what_everybody_must_not_see_away_or_not() -> None:
    assert watching(file(2), barred=HANDLES) == []
    assert watching(away(file(2), *HANDLES), barred=HANDLES) == []


def test_who_is_passed_over_does_not_change_whose_turn_it_is_next() -> None:
    place = file(2, HANDLES, "weekly")
    plain = [watching(place, MONDAY + number * WEEK) for number in range(10)]
    absent = away(place, *plain[0])
    assert watching(absent) != plain[0]
    assert [watching(absent, MONDAY + number * WEEK) for number in range(1, 10)] == plain[1:]


# Which cases go to them


@pytest.mark.parametrize(
    ("policy", "audience", "first"),
    [
        ("basic", "committee", HANDLES),
        ("basic", "triage", HANDLES[:2]),
        ("kubernetes", "committee", (*HANDLES, "lee")),
        ("kubernetes", "triage", HANDLES[:2]),
        ("cncf", "committee", HANDLES),
        ("cncf", "triage", HANDLES[:2]),
        ("chaoss", "committee", HANDLES[:1]),
        ("chaoss", "triage", HANDLES[:1]),
        ("numfocus", "committee", HANDLES[:2]),
        ("numfocus", "triage", HANDLES[:2]),
        *((policy, "escrow", ()) for policy in ("basic", "kubernetes", "cncf", "chaoss", "numfocus")),
    ],
)
def test_who_gets_a_new_case_at_once(policy: str, audience: str, first: tuple[str, ...]) -> None:
    found = readers.first_readers(file(policy=policy), audience, (), (), MONDAY)
    assert [member.handle for member in found] == list(first)


@pytest.mark.parametrize("policy", ["basic", "kubernetes", "cncf", "chaoss", "numfocus"])
def test_what_is_meant_for_one_member_goes_to_that_one_and_to_nobody_barred(policy: str) -> None:
    found = readers.first_readers(file(policy=policy), "one", ("noor",), (), MONDAY)
    assert [member.handle for member in found] == ["noor"]
    assert readers.first_readers(file(policy=policy), "one", ("noor",), ("noor",), MONDAY) == []
    every = readers.first_readers(file(policy=policy), "committee", (), HANDLES[:1], MONDAY)
    assert "amara" not in [member.handle for member in every]
