"""Who left the committee has no case any more, for good: not when they come back, not who has their handle later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocmail.core import acts
from cocmail.core.case import fold
from cocmail.core.decide import review
from cocmail.core.events import AccessLimited, MemberAsked, MemberLeft, MemberRecused
from cocmail.core.model import Committee, Member
from cocmail.core.setting import Known, Setting
from core.desk import ADDRESS, AT, CASE, EVERYBODY, NAMES, NOW, CountingDraw, Desk, changed, committee, lines, opened
from core.every_tag import PARTS
from core.test_conflict_results import ASKS, BEFORE, desk, vote

OTHERS = tuple(member for member in EVERYBODY if member.handle != "noor")


def with_new(handle: str, place: Committee) -> Committee:
    """Somebody else joined and got the handle."""
    others = tuple(member for member in place.members if member.handle != handle)
    return replace(place, members=(*others, Member(handle, "Somebody Else", "else@example.org")))


def looked_at(here: Desk, place: Committee) -> Desk:
    """The case when the changed file is in force."""
    here.committee = place
    decision = review(here.case, Setting(place, Known(cases={CASE: here.case}), here.now, CountingDraw()))
    if decision is not None:
        here.adds(*changed(decision))
    return here


def in_a_vote(*more: MemberAsked) -> Desk:
    here = Desk.at(committee(), *opened("amara", "jun", "noor"), *more)
    here.does("amara", "#own primary")
    here.does("noor", "#own secondary")
    here.does("jun", "#motion outcome", PARTS)
    here.does("noor", "#vote yes")
    return here


@pytest.mark.parametrize("place", [committee(people=OTHERS), with_new("noor", committee())], ids=["gone", "another"])
def test_access_ends_with_the_file_and_so_do_the_ballot_and_the_place_as_owner(place: Committee) -> None:
    here = looked_at(in_a_vote(), place)
    assert here.standing("noor") == "left"
    assert here.case.proceedings.motions[0].ballots == {}
    assert here.case.proceedings.owners == {"primary": "amara"}


def test_closed_votes_stand() -> None:
    here = in_a_vote()
    here.does("amara", "#vote yes")
    here.does("jun", "#vote yes")
    looked_at(here, committee(people=OTHERS))
    [motion] = here.case.proceedings.motions
    assert (motion.result, motion.ballots) == ("passed", {"amara": "yes", "jun": "yes", "noor": "yes"})


def test_a_vote_that_waited_for_who_left_alone_is_over() -> None:
    here = in_a_vote()
    here.does("amara", "#vote yes")
    here.case = replace(here.case, proceedings=here.case.proceedings.without("noor"))
    here.does("jun", "#vote yes")
    assert here.case.proceedings.open_motions
    looked_at(here, committee(people=OTHERS))
    [motion] = here.case.proceedings.motions
    assert motion.result == "passed" and motion.tally is not None and motion.tally.base == 2


def test_who_was_asked_and_left_is_not_waited_for() -> None:
    until = NOW.replace(year=2027).isoformat()
    here = looked_at(in_a_vote(MemberAsked("lee", ADDRESS["lee"], NAMES["lee"], until)), with_new("lee", committee()))
    assert here.standing("lee") == "left"


def test_who_comes_back_has_none_of_it() -> None:
    here = looked_at(in_a_vote(), committee(people=OTHERS))
    looked_at(here, committee())
    for tags in ("#clear", "#show", "#unrecuse", "#vote yes", "#recuse", ""):
        decision = here.look("noor", tags)
        assert [line["outcome"] for line in lines(decision)] == ["no-such-case"] and not decision.changes


def test_a_name_that_only_changed_is_the_same_person() -> None:
    """Married, or spelled right at last: the address is the same."""
    renamed = tuple(replace(m, name="Noor Al-Haddad") if m.handle == "noor" else m for m in EVERYBODY)
    here = looked_at(in_a_vote(), committee(people=renamed))
    assert here.standing("noor") == "cleared" and here.case.proceedings.motions[0].ballots == {"noor": "yes"}


def test_an_address_that_only_changed_keeps_the_place_and_the_ballot() -> None:
    moved = tuple(replace(m, email="noor@elsewhere.example") if m.handle == "noor" else m for m in EVERYBODY)
    here = looked_at(in_a_vote(), committee(people=moved))
    assert here.standing("noor") == "cleared" and here.case.proceedings.motions[0].ballots == {"noor": "yes"}


# What was asked about them before


@pytest.mark.parametrize("asks", ASKS)
@pytest.mark.parametrize("result", ["passed", "no-majority", "silence", "cancelled"])
def test_who_has_the_handle_later_gets_nothing_by_a_vote_on_who_had_it_before(asks: str, result: str) -> None:
    here = desk(asks)
    about, _ = BEFORE[asks]
    looked_at(here, with_new(about, here.committee))
    before = len(here.got(about))
    if here.case.proceedings.open_motions:
        vote(here, result)
    assert here.standing(about) in ("left", "recused", "withheld")
    assert here.got(about)[before:] == []


@pytest.mark.parametrize("asks", ASKS)
def test_to_have_left_is_final_whatever_was_asked_before(asks: str) -> None:
    here = desk(asks)
    about, _ = BEFORE[asks]
    here.adds(MemberLeft(about))
    if here.case.proceedings.open_motions:
        vote(here, "no-majority" if asks.startswith("confirm") else "passed")
    assert here.standing(about) == "left"


@pytest.mark.parametrize("level", ["summary", "discuss"])
def test_no_limit_is_set_for_who_left(level: str) -> None:
    limited = (MemberRecused("noor", "soft"), AccessLimited("noor", "discuss", ADDRESS["noor"], NAMES["noor"]))
    here = Desk.at(committee("cncf"), *opened("amara", "jun"), *limited, MemberLeft("noor"))
    here.committee = with_new("noor", here.committee)
    here.does("amara", f"#limit @noor {level}", runs=False)
    assert not here.case.proceedings.motions


def test_nobody_gets_the_words_of_who_left_under_a_name_that_is_not_theirs() -> None:
    told = (*opened("amara", "noor"), acts.OwnerSet("noor", "primary", "noor", AT), MemberLeft("noor"))
    here = Desk(with_new("noor", committee()), fold(CASE, told))
    here.does("amara", "#handoff @jun", runs=False)
    here.does("amara", "#own")
    assert here.case.proceedings.owners == {"primary": "amara"}
