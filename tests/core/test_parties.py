"""`#party`: who is kept out when somebody is said to be involved, for every role, under every preset.

What a procedure counts as a conflict is written down here by hand, from the presets' sources (domain analysis, B).
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from cocmail.core import checks
from cocmail.core.access import Standing
from cocmail.core.events import MemberRecused, MemberWithheld, PartyNamed
from cocmail.core.model import Committee, KnownConflict
from core.desk import AT, EVERYBODY, PRESETS, Desk, changed, committee, lines, names, opened

ROLES = ("reported", "reporter", "harmed", "witness")
# Whose side counts. To the reported person a tie is a conflict everywhere.
COUNTS = {
    "basic": {"reported", "reporter", "harmed", "witness"},
    "kubernetes": {"reported", "reporter", "harmed", "witness"},
    "cncf": {"reported", "harmed"},
    "chaoss": {"reported", "reporter"},
    "numfocus": {"reported", "reporter", "witness"},
}
# Sam is close to Kit, Lee to Dana, in different ways.
FRIENDS = {
    "sam": KnownConflict("Kit Larsen", ("kit@acme.example",)),
    "lee": KnownConflict("Dana Cole", ("dana@visitors.example",), "soft"),
}
PEOPLE = tuple(
    replace(member, known_conflicts=(FRIENDS[member.handle],)) if member.handle in FRIENDS else member
    for member in EVERYBODY
    if member.handle not in ("kim", "mika", "pat")
)
HAVE_IT = ("amara", "jun", "sam", "noor", "lee", "ivo")
IVO = ["Ivo Petrov", "ivo petrov", "Ivo", "ivo", "Petrov, Ivo", "ivo@example.net", "@ivo", "IVO PETROV", "Mr. Petrov"]


def desk(policy: str, place: Committee | None = None, *, check_first: bool = False) -> Desk:
    place = place or committee(policy, PEOPLE)
    return Desk.at(place, *opened(*HAVE_IT, people=PEOPLE, check_first=check_first))


def kept_out(here: Desk) -> set[str]:
    return set(here.case.with_standing(Standing.WITHHELD))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("policy", PRESETS)
def test_who_is_meant_or_close_to_them_is_out_where_the_procedure_calls_it_a_conflict(policy: str, role: str) -> None:
    for name, about in (("Ivo Petrov", "ivo"), ("Kit Larsen", "sam"), ("Dana Cole", "lee"), ("Robin Vale", "")):
        here = desk(policy)
        told = here.does("amara", f'#party {role} "{name}"')
        assert changed(told)[0] == PartyNamed(role, name, "amara", AT)
        # Who reported it, or was harmed, is no judge of it, whatever the procedure says of ties to them.
        themselves = about == "ivo" and role != "witness"
        assert kept_out(here) == ({about} if about and (themselves or role in COUNTS[policy]) else set()), name
        assert here.case.called(role) == (name,)


@pytest.mark.parametrize("policy", PRESETS)
@pytest.mark.parametrize("name", IVO)
def test_a_member_is_meant_by_any_of_their_names(policy: str, name: str) -> None:
    here = desk(policy)
    here.does("amara", f'#party reported "{name}"')
    assert kept_out(here) == {"ivo"}


@pytest.mark.parametrize("name", ["Ivory Tower", "Petrova", "Ivona", "Ki Tlarsen", "Dana Larsen"])
def test_somebody_who_is_called_much_like_a_member_keeps_nobody_out(name: str) -> None:
    here = desk("numfocus")
    here.does("amara", f'#party reported "{name}"')
    assert kept_out(here) == set()


@pytest.mark.parametrize("name", ["Kit Larsen", "kit larsen", "kit@acme.example", "Kit Larsen of Acme", "Larsen"])
def test_a_known_conflict_is_known_by_name_and_address(name: str) -> None:
    here = desk("chaoss")
    here.does("amara", f'#party reported "{name}"')
    assert kept_out(here) == {"sam"}


def test_to_have_seen_it_is_no_conflict_under_cncf_unless_the_procedure_says_so() -> None:
    here = desk("cncf")
    here.does("amara", '#party witness "Ivo Petrov"')
    here.does("amara", '#party witness "Kit Larsen"')
    assert kept_out(here) == set()
    strict = desk("cncf", committee("cncf", PEOPLE, {"conflict.witness_is_conflict": True}))
    strict.does("amara", '#party witness "Ivo Petrov"')
    assert kept_out(strict) == {"ivo"}


@pytest.mark.parametrize(
    "relations", list(itertools.combinations(("reporter", "accused", "harmed", "witness"), 2)), ids=str
)
def test_a_procedure_of_ones_own_counts_what_it_names(relations: tuple[str, ...]) -> None:
    place = committee("basic", PEOPLE, {"conflict.relations": relations})
    for role in ROLES:
        here = desk("basic", place)
        here.does("amara", f'#party {role} "Kit Larsen"')
        assert (kept_out(here) == {"sam"}) is (role == "reported" or role in relations), role


# What it means for the one who is out


@pytest.mark.parametrize("policy", PRESETS)
def test_who_is_out_loses_it_at_once_and_is_told_nothing(policy: str) -> None:
    here = desk(policy)
    before = len(here.got("ivo"))
    told = here.does("amara", '#party reported "Ivo Petrov"')
    assert [(case_id, person.handle) for case_id, person, _ in told.cancel] == [("c1", "ivo")]
    here.says("jun", "What now?")
    here.says("reporter", "One more thing.")
    assert len(here.got("ivo")) == before
    assert here.look("ivo", "#show").changes == ()


def test_the_others_are_told_the_name_and_not_who_is_out() -> None:
    here = desk("numfocus")
    told = here.does("amara", '#party reported "Ivo Petrov"')
    notices = [letter for letter in told.letters if letter.kind == "notice"]
    assert {letter.to.handle for letter in notices} == {"jun", "sam", "noor", "lee"}
    assert all(letter.words["party"] == "Ivo Petrov" for letter in notices)
    assert "sam" not in str(lines(told))


def test_a_soft_tie_is_remembered_as_one_and_a_members_own_name_never_is() -> None:
    here = desk("cncf")
    here.does("amara", '#party reported "Dana Cole"')
    here.does("amara", '#party reported "Kit Larsen"')
    here.does("amara", '#party harmed "Ivo Petrov"')
    found = {handle: here.case.members[handle].conflict for handle in ("lee", "sam", "ivo")}
    assert found == {"lee": "soft", "sam": "", "ivo": ""}


def test_whoever_names_themselves_is_out_like_anybody_else() -> None:
    here = desk("chaoss")
    told = here.does("ivo", '#party reported "Ivo"')
    assert [line["outcome"] for line in lines(told)] == ["party-self"]
    assert kept_out(here) == {"ivo"}
    here.says("jun", "What now?")
    assert here.entries_for("ivo") == []


def test_who_withdrew_before_is_not_told_apart_by_it() -> None:
    here = desk("cncf")
    here.adds(MemberRecused("ivo", "soft"))
    here.does("amara", '#party reported "Ivo Petrov"')
    assert here.standing("ivo") in ("recused", "withheld")
    assert here.case.members["ivo"].level == 0


def test_an_open_ballot_of_who_is_out_is_void() -> None:
    here = desk("basic")
    parts = "Finding: f. Plan: p. Consequence: c. If refused: r."
    here.does("amara", "#motion outcome", parts)
    here.does("ivo", "#vote yes")
    here.does("amara", '#party harmed "Ivo Petrov"')
    assert here.case.proceedings.motions[0].ballots == {}


# Said twice, several, before the check


def test_said_again_it_changes_nothing_and_in_another_part_it_does() -> None:
    here = desk("cncf")
    here.does("amara", '#party witness "Kit Larsen"')
    again = here.look("jun", '#party witness "Kit  Larsen"')
    assert [line["outcome"] for line in lines(again)] == ["party-again"] and not changed(again)
    here.does("jun", '#party reported "Kit Larsen"')
    assert kept_out(here) == {"sam"}


def test_several_stand_in_one_mail_and_all_of_them_count() -> None:
    here = desk("numfocus")
    told = here.does("amara", '#party reported "Kit Larsen" #party witness "Dana Cole" #party harmed "Ivo Petrov"')
    assert names(changed(told)).count("PartyNamed") == 3
    assert kept_out(here) == {"sam", "lee", "ivo"}


@pytest.mark.parametrize("policy", ["chaoss", "numfocus"])
def test_who_is_named_before_the_check_is_not_asked(policy: str) -> None:
    told = opened("amara", "jun", people=PEOPLE, check_first=True)
    here = Desk.at(committee(policy, PEOPLE), *told)
    here.does("amara", "#check", runs=False)
    here.does("amara", '#party reported "Kit Larsen" #party reporter "Ivo"')
    asked = here.does("amara", "#check")
    assert {letter.to.handle for letter in asked.letters if letter.kind == "check"} == {"noor", "lee"}
    assert kept_out(here) == {"sam", "ivo"}
    assert [member.handle for member in checks.to_be_asked(here.plan(), "c1")] == ["noor", "lee"]


@pytest.mark.parametrize("policy", ["chaoss", "numfocus"])
def test_who_is_named_while_they_are_asked_cannot_answer_any_more(policy: str) -> None:
    told = opened("amara", "jun", people=PEOPLE, check_first=True)
    here = Desk.at(committee(policy, PEOPLE), *told)
    here.does("amara", '#party reported "Robin Vale" #check')
    assert here.standing("ivo") == "asked"
    here.does("amara", '#party reporter "Ivo Petrov"')
    assert here.standing("ivo") == "withheld"
    here.does("ivo", "#clear", runs=False)
    assert here.standing("ivo") == "withheld" and here.entries_for("ivo") == []


def test_a_name_without_end_is_refused() -> None:
    here = desk("basic")
    here.does("amara", f'#party reported "{"x" * 201}"', runs=False)
    assert here.case.parties == ()


def test_a_bar_of_before_is_not_made_milder_by_a_name() -> None:
    here = desk("cncf")
    here.adds(MemberWithheld("lee", "excluded"))
    here.does("amara", '#party reported "Dana Cole"')
    place = here.case.members["lee"]
    assert (place.why, place.conflict) == ("excluded", "")
