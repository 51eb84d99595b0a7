"""What a committee keeps of its membership: who left is gone whatever the file says, who is away is known to be."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from cocmail.core.book import NEW_BOOK, Book, Departure, Seat, decode_book, encode_book, in_force
from cocmail.core.model import Member, Role
from core.desk import AT, EVERYBODY, NOW, committee, members

JUN = Member("jun", "Jun Sato", "jun@example.net", also=("jun@work.example",))
FULL = Book(
    seats=(Seat.of(JUN), Seat("ruth", "Ruth Adler", "ruth@mediation.example", role="mediator")),
    chair="amara",
    rules={"policy": "basic", "votes.outcome.rule": "majority", "check_reveals": "reported_name, channel"},
    departed=(Departure("noor", "noor@example.net", "removed", AT), Departure("ivo", "ivo@example.net", "left", AT)),
    away={"jun": (("2026-12-20", "2027-01-04"), ("2027-03-01", "2027-03-02")), "sam": ()},
    since={"jun": AT},
    asked={"jun": AT},
    told=("term over jun 2026-06-30",),
    vouched={"sam sam@elsewhere.example": ("amara", "jun")},
    former={"sam": ("sam@example.net", "sam@between.example")},
    leaving=(Seat("lee", "Lee Wong", "lee@example.net", ("wong@work.example",), "alternate"),),
    joining=("kim", "mika"),
    ids=("conduct@example.org", "help@example.org"),
)


@pytest.mark.parametrize("book", [NEW_BOOK, FULL, replace(FULL, seats=()), Book(away={"jun": ()})], ids=repr)
def test_a_book_is_written_and_read_back_as_it_was(book: Book) -> None:
    assert decode_book(encode_book(book)) == book


@pytest.mark.parametrize("name", [each.name for each in fields(Book)])
def test_every_part_of_it_is_kept_by_itself(name: str) -> None:
    book = replace(NEW_BOOK, **{name: getattr(FULL, name)})
    assert book != NEW_BOOK
    assert decode_book(encode_book(book)) == book


def test_names_of_all_languages_are_kept() -> None:
    book = Book(seats=(Seat("jun", "佐藤 純", "jun@example.net"), Seat("jose", "José Álvarez", "jose@example.net")))
    assert decode_book(encode_book(book)) == book


def test_a_book_of_an_earlier_release_has_what_it_has() -> None:
    assert decode_book(b"{}") == NEW_BOOK
    kept = {key: value for key, value in json.loads(encode_book(FULL)).items() if key in ("seats", "chair")}
    assert decode_book(json.dumps(kept).encode()) == Book(seats=FULL.seats, chair="amara")


def test_a_book_of_a_later_release_is_refused_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="later release"):
        decode_book(b'{"pensions": {}}')


def test_a_seat_is_a_member_as_the_others_were_told() -> None:
    seat = Seat.of(replace(JUN, role=Role.ALTERNATE))
    assert (seat.handle, seat.name, seat.email, seat.role) == ("jun", "Jun Sato", "jun@example.net", "alternate")
    assert seat.addresses == JUN.addresses


# Who left


def test_a_committee_that_nobody_left_is_as_the_file_says() -> None:
    file = committee()
    assert in_force(file, NEW_BOOK) is file


@pytest.mark.parametrize("why", ["left", "removed"])
def test_who_left_is_no_member_though_the_file_still_says_so(why: str) -> None:
    book = NEW_BOOK.with_departure(JUN, why, NOW)
    assert book.departed == (Departure("jun", "jun@example.net", why, AT, "Jun Sato"),)
    left = in_force(committee(people=(*members("amara", "sam"), JUN)), book)
    assert [member.handle for member in left.members] == ["amara", "sam"]
    assert left.member("jun") is None and left.member_at("jun@work.example") is None


def test_who_left_is_the_person_not_the_handle() -> None:
    """Another Jun may come; the one who left does not come back by another handle's mailbox either."""
    book = NEW_BOOK.with_departure(JUN, "left", NOW)
    assert not book.has_departed(Member("jun", "Jun Ito", "ito@example.net"))
    assert book.has_departed(replace(JUN, name="Jun S.", email="jun@work.example", also=("jun@example.net",)))


def test_one_departure_takes_nobody_else_along() -> None:
    everybody = {member.handle for member in EVERYBODY}
    for gone in EVERYBODY:
        left = in_force(committee(), NEW_BOOK.with_departure(gone, "left", NOW))
        assert {member.handle for member in left.members} == everybody - {gone.handle}
        assert left.policy == committee().policy and left.chair == "amara"


def test_departures_add_up() -> None:
    book = NEW_BOOK.with_departure(JUN, "left", NOW).with_departure(EVERYBODY[0], "removed", NOW + timedelta(days=1))
    assert [gone.handle for gone in book.departed] == ["jun", "amara"]
    assert not {"jun", "amara"} & {member.handle for member in in_force(committee(), book).members}


# Who is away


def test_an_absence_told_by_mail_counts_like_one_in_the_file() -> None:
    in_the_file = replace(JUN, away=((date(2027, 5, 1), date(2027, 5, 3)),))
    book = NEW_BOOK.with_absence("jun", "2026-12-20", "2027-01-04")
    [jun] = in_force(committee(people=(in_the_file,)), book).members
    for first, last in ((date(2026, 12, 20), date(2027, 1, 4)), (date(2027, 5, 1), date(2027, 5, 3))):
        assert jun.is_away(first) and jun.is_away(last)
        assert not jun.is_away(first - timedelta(days=1)) and not jun.is_away(last + timedelta(days=1))


def test_absences_add_up_and_are_nobody_elses() -> None:
    book = NEW_BOOK.with_absence("jun", "2026-12-20", "2026-12-20").with_absence("jun", "2027-01-04", "2027-01-04")
    book = book.with_absence("sam", "2026-12-24", "2026-12-26")
    now = in_force(committee(), book)
    away = {
        (member.handle, day)
        for member, day in itertools.product(now.members, ("2026-12-20", "2026-12-24", "2027-01-04"))
        if member.is_away(date.fromisoformat(day))
    }
    assert away == {("jun", "2026-12-20"), ("jun", "2027-01-04"), ("sam", "2026-12-24")}


def test_a_book_is_never_changed_in_place() -> None:
    before = encode_book(FULL)
    FULL.with_absence("jun", "2028-01-01", "2028-01-02")
    FULL.with_departure(JUN, "left", NOW)
    assert encode_book(FULL) == before
