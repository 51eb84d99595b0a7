"""A member's place in a case as it adds up: once out, nobody is in again but by the others' decision."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from cocmail.core import acts
from cocmail.core.access import Access, Level, Standing, after
from cocmail.core.case import Case
from cocmail.core.conflicts import Sight, exists_for, is_asked, may_see, readers
from cocmail.core.events import (
    AccessLimited,
    ConflictDenied,
    EntryFiled,
    Event,
    MemberAdmitted,
    MemberAsked,
    MemberLeft,
    MemberMoved,
    MemberPaused,
    MemberRecused,
    MemberRestored,
    MemberResumed,
    MemberWithheld,
    PartiesShown,
)
from core.desk import ADDRESS, AT, NAMES, NOW, Desk, committee, opened

JUN, HOME, WORK = "jun", ADDRESS["jun"], "jun@work.example"
ADMITTED = MemberAdmitted(JUN, HOME, name=NAMES[JUN])
ASKED = MemberAsked(JUN, HOME, NAMES[JUN], AT)
OUT: tuple[Event, ...] = (
    MemberRecused(JUN),
    MemberRecused(JUN, "hard"),
    MemberRecused(JUN, "soft"),
    MemberRecused(JUN, "forced"),
    MemberWithheld(JUN, "screened"),
    MemberWithheld(JUN, "excluded"),
    MemberWithheld(JUN, "named", "soft"),
    MemberLeft(JUN),
)
# What is no decision of the others: none of it lets anybody in who is out.
NO_DECISION: tuple[Event, ...] = (
    ADMITTED,
    MemberAdmitted(JUN, HOME, "stand-in", NAMES[JUN]),
    MemberAdmitted(JUN, HOME, "clear", NAMES[JUN]),
    ASKED,
    ConflictDenied(JUN),
    PartiesShown(JUN),
    MemberResumed(JUN),
    MemberPaused(JUN, AT),
    MemberMoved(JUN, HOME),
    MemberRecused(JUN),
    MemberWithheld(JUN, "screened"),
    MemberLeft(JUN),
)
RESTORED = MemberRestored(JUN, HOME, NAMES[JUN])
ENTRY = EntryFiled("m2", "member:sam", "discussion")


def place(*told: Event) -> Access:
    return case(*told).members[JUN]


def case(*told: Event) -> Case:
    return Desk.at(committee(), *opened("amara", "sam"), *told).case


def sees(*told: Event, need: Level = Level.FULL) -> Sight:
    return may_see(committee().member(JUN), case(*told), NOW, need)


# A bar stands


@pytest.mark.parametrize("bar", OUT, ids=repr)
def test_who_is_out_stays_out_whatever_happens_but_by_the_others_decision(bar: Event) -> None:
    for before, (first, then) in itertools.product(((), (ADMITTED,)), itertools.permutations(NO_DECISION, 2)):
        now = place(*before, bar, first, then)
        assert now.level is Level.NONE, (bar, first, then)
        assert now.standing in (Standing.RECUSED, Standing.WITHHELD, Standing.LEFT), (bar, first, then)


@pytest.mark.parametrize("bar", [each for each in OUT if not isinstance(each, MemberLeft)], ids=repr)
def test_the_others_lift_it(bar: Event) -> None:
    assert place(ADMITTED, bar, RESTORED).standing is Standing.CLEARED
    lifted = place(ADMITTED, bar, MemberAsked(JUN, HOME, NAMES[JUN], AT, lifts=True))
    assert (lifted.standing, lifted.level) == (Standing.ASKED, Level.NONE)
    assert place(ADMITTED, bar, MemberAsked(JUN, HOME, NAMES[JUN], lifts=True), ADMITTED).standing is Standing.CLEARED
    assert place(ADMITTED, bar, AccessLimited(JUN, "summary", HOME)).level is Level.SUMMARY


def test_who_was_never_let_in_has_no_place_and_sees_nothing() -> None:
    assert JUN not in case().members
    assert sees() is Sight.NO


def test_a_statement_or_a_pause_of_somebody_without_a_place_gives_none() -> None:
    for event in (ConflictDenied(JUN), MemberPaused(JUN, AT), MemberResumed(JUN), MemberMoved(JUN, HOME)):
        assert place(event).level is Level.NONE
        assert place(event, ADMITTED).level is Level.NONE


# Asked


def test_to_be_asked_is_no_access_and_silence_gives_none() -> None:
    jun = committee().member(JUN)
    assert jun is not None
    for told in ((ASKED,), (ASKED, ASKED), (ASKED, PartiesShown(JUN)), (ASKED, ConflictDenied(JUN))):
        asked = case(*told)
        assert is_asked(jun, asked) and not exists_for(jun, asked)
        assert sees(*told, need=Level.SUMMARY) is Sight.NO
        assert may_see(jun, asked, NOW + timedelta(days=365), Level.SUMMARY) is Sight.NO
        assert not asked.members[JUN].had


def test_who_is_asked_and_let_in_has_it() -> None:
    assert sees(ASKED, ConflictDenied(JUN), ADMITTED) is Sight.YES
    assert place(ASKED, ConflictDenied(JUN), ADMITTED).stated_clear


def test_who_has_it_already_loses_nothing_by_being_asked() -> None:
    assert sees(ADMITTED, ASKED) is Sight.YES


def test_what_was_shown_to_somebody_asked_is_remembered_when_they_are_asked_again() -> None:
    again = place(ASKED, PartiesShown(JUN), ASKED)
    assert again.shown
    lifted = MemberAsked(JUN, HOME, NAMES[JUN], lifts=True)
    assert not place(ASKED, PartiesShown(JUN), MemberWithheld(JUN, "named"), lifted).shown


def test_who_takes_a_case_back_has_said_it_all_by_then() -> None:
    assert place(ADMITTED, ConflictDenied(JUN), MemberRecused(JUN)).stated_clear is False
    assert place(ADMITTED, MemberRecused(JUN), RESTORED).stated_clear


# A limit


@pytest.mark.parametrize(
    ("level", "reads", "hears", "steers"),
    [
        ("none", Sight.NO, Sight.NO, Sight.NO),
        ("summary", Sight.YES, Sight.NO, Sight.NO),
        ("discuss", Sight.YES, Sight.YES, Sight.NO),
    ],
)
def test_a_limit_gives_that_much_and_no_more(level: str, reads: Sight, hears: Sight, steers: Sight) -> None:
    told = (ADMITTED, MemberRecused(JUN, "soft"), AccessLimited(JUN, level, HOME, NAMES[JUN]))
    assert sees(*told, need=Level.SUMMARY) is reads
    assert sees(*told, need=Level.DISCUSS) is hears
    assert sees(*told, need=Level.FULL) is steers
    here = Desk.at(committee(), *opened("amara", "sam"), *told)
    assert [each.handle for each in readers(here.committee, here.case)] == ["amara", "sam"]
    assert here.standing(JUN) == ("recused" if level == "none" else f"limited {level}")
    assert here.case.barred == {JUN}


def test_a_limit_can_be_set_again_in_any_direction() -> None:
    for first, then in itertools.permutations(("none", "summary", "discuss"), 2):
        told = (MemberRecused(JUN, "soft"), AccessLimited(JUN, first, HOME), AccessLimited(JUN, then, HOME))
        assert place(*told).level is Level[then.upper()]


def test_who_withdraws_from_what_was_left_has_nothing() -> None:
    limited = (MemberRecused(JUN, "soft"), AccessLimited(JUN, "discuss", HOME))
    for bar in OUT:
        assert place(*limited, bar).level is Level.NONE


def test_a_limit_is_at_the_address_that_it_was_given_to() -> None:
    told = (MemberRecused(JUN, "soft"), AccessLimited(JUN, "discuss", "jun@elsewhere.example"))
    assert sees(*told, need=Level.DISCUSS) is Sight.LATER


# Who left


@pytest.mark.parametrize("before", [(), (ADMITTED,), (ASKED,), (ADMITTED, MemberRecused(JUN))], ids=repr)
def test_who_left_the_committee_is_out_for_good(before: tuple[Event, ...]) -> None:
    assert place(*before, MemberLeft(JUN)).standing is Standing.LEFT
    for later in NO_DECISION:
        assert place(*before, MemberLeft(JUN), later).level is Level.NONE
    assert sees(*before, MemberLeft(JUN), ADMITTED) is Sight.NO


def test_who_left_before_they_answered_is_not_asked_any_more() -> None:
    jun = committee().member(JUN)
    assert jun is not None
    assert not is_asked(jun, case(ASKED, MemberLeft(JUN), ASKED))


def test_what_hangs_on_access_goes_with_it() -> None:
    mine = (ADMITTED, acts.OwnerSet(JUN, "secondary", JUN, AT))
    question = acts.QuestionOpened(1, "outcome", "sam", AT, AT, "majority", "cleared", "none", 0)
    challenge = acts.ChallengeMade("sam", JUN, AT, AT, "They share a flat.")
    voted = (*mine, question, acts.BallotCast(1, JUN, "yes", AT), acts.BallotCast(1, "sam", "no", AT), challenge)
    assert case(*voted).proceedings.challenges
    for bar in (*OUT, AccessLimited(JUN, "discuss", HOME)):
        left = case(*voted, bar).proceedings
        assert left.motions[0].ballots == {"sam": "no"}, bar
        assert not left.owners and not left.challenges, bar


# A pause, another address


def test_a_pause_delays_and_the_end_of_it_gives_back_what_there_was() -> None:
    later = (NOW + timedelta(hours=1)).isoformat()
    assert sees(ADMITTED, MemberPaused(JUN, later)) is Sight.LATER
    assert sees(ADMITTED, MemberPaused(JUN, later), MemberResumed(JUN)) is Sight.YES
    assert sees(ADMITTED, MemberPaused(JUN, later), MemberRecused(JUN), MemberResumed(JUN)) is Sight.NO


def test_a_confirmed_address_has_what_the_old_one_had() -> None:
    for told, standing in (((ADMITTED,), Standing.CLEARED), ((ASKED,), Standing.ASKED)):
        moved = place(*told, MemberMoved(JUN, WORK))
        assert (moved.address, moved.standing) == (WORK, standing)


def test_an_event_that_is_folded_changes_no_place_that_was_there() -> None:
    before = Access(Standing.CLEARED, HOME, had=True)
    kept = (before.standing, before.level)
    for event in (*OUT, *NO_DECISION, AccessLimited(JUN, "none"), RESTORED):
        after(before, event)  # type: ignore[arg-type]
        assert (before.standing, before.level) == kept
