"""A case is the fold of its events, and access once ended does not come back by itself."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cocmail.core import acts, erasure, events, handing, links, outward, protective
from cocmail.core.access import Standing
from cocmail.core.case import fold
from cocmail.core.conflicts import Sight, may_see
from cocmail.core.events import EVENT_TYPES, CaseOpened, MemberAdmitted, MemberPaused, MemberRecused, MemberWithheld
from cocmail.core.lifecycle import Move, State, after, may
from cocmail.core.model import Member

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = NOW.isoformat()
QUESTION = acts.QuestionOpened(1, "outcome", "jun", AT, AT, "majority", "cleared", "none", 0, "f", "p", "c", "r")
OPENED = CaseOpened("home shelf", "conduct@example.org", "m1", "committee", NOW.isoformat())
JUN = Member("jun", "Jun Sato", "jun@example.net", also=("jun@work.example",))


def sight(*more: events.Event, member: Member | None = JUN, now: datetime = NOW) -> Sight:
    return may_see(member, fold("c", [OPENED, *more]), now)


def test_who_was_never_admitted_sees_nothing() -> None:
    assert sight() is Sight.NO
    assert sight(MemberAdmitted("amara", "amara@example.net")) is Sight.NO


def test_who_was_admitted_sees_the_case_until_recused_or_withheld() -> None:
    admitted = MemberAdmitted("jun", "jun@example.net")
    assert sight(admitted) is Sight.YES
    assert sight(admitted, MemberRecused("jun")) is Sight.NO
    assert sight(admitted, MemberWithheld("jun", "screened")) is Sight.NO


@pytest.mark.parametrize("bar", [MemberRecused("jun"), MemberWithheld("jun", "excluded")])
def test_a_later_admission_does_not_lift_a_bar(bar: events.Event) -> None:
    assert sight(bar, MemberAdmitted("jun", "jun@example.net")) is Sight.NO


def test_who_left_the_committee_sees_nothing() -> None:
    assert sight(MemberAdmitted("jun", "jun@example.net"), member=None) is Sight.NO


def test_a_pause_delays_and_ends_by_itself() -> None:
    until = NOW + timedelta(hours=24)
    paused = (MemberAdmitted("jun", "jun@example.net"), MemberPaused("jun", until.isoformat()))
    assert sight(*paused) is Sight.LATER
    assert sight(*paused, now=until) is Sight.YES
    assert sight(*paused, MemberRecused("jun"), now=until) is Sight.NO


def test_a_changed_roster_file_does_not_move_an_open_case_to_a_new_mailbox() -> None:
    admitted = MemberAdmitted("jun", "jun@example.net")
    moved = Member("jun", "Jun Sato", "jun@elsewhere.example")
    announced = Member("jun", "Jun Sato", "jun@elsewhere.example", also=("jun@example.net",))
    assert sight(admitted, member=moved) is Sight.LATER
    assert sight(admitted, member=announced) is Sight.YES


def test_every_event_is_written_and_read_back_as_it_was() -> None:
    samples = {
        "CaseOpened": OPENED,
        "ReporterKnown": events.ReporterKnown("robin@visitors.example", "Robin \u2713", True),
        "MemberAdmitted": MemberAdmitted("jun", "jun@example.net", "stand-in"),
        "MemberWithheld": MemberWithheld("jun", "screened"),
        "MemberRecused": MemberRecused("jun", "hard"),
        "MemberPaused": MemberPaused("jun", NOW.isoformat()),
        "MemberResumed": events.MemberResumed("jun"),
        "ConflictDenied": events.ConflictDenied("jun"),
        "MemberAsked": events.MemberAsked("jun", "jun@example.net", "Jun Sato", AT, True, 2, True),
        "PartiesShown": events.PartiesShown("jun"),
        "CheckOpened": events.CheckOpened(AT, AT),
        "CheckClosed": events.CheckClosed(AT),
        "ConflictStated": events.ConflictStated("jun", "soft", "Wir wohnen zusammen.", AT),
        "AccessLimited": events.AccessLimited("jun", "discuss", "jun@example.net", "Jun Sato"),
        "MemberRestored": events.MemberRestored("jun", "jun@example.net", "Jun Sato"),
        "MemberMoved": events.MemberMoved("jun", "jun@elsewhere.example"),
        "MemberLeft": events.MemberLeft("jun"),
        "PartyNamed": events.PartyNamed("reported", "Kit Larsen", "jun", AT),
        "TokenIssued": events.TokenIssued("member:jun", "t" * 26, "jun@example.net"),
        "EntryFiled": events.EntryFiled(
            "m1", "reporter", "report", "<a@b>", ("jun jun@example.net",), ("ivo",), "encrypted", True, ("noor",), at=AT
        ),
        "EntryReserved": events.EntryReserved("m2", ("jun", "amara")),
        "TargetAsked": handing.TargetAsked("foundation", "conduct@foundation.example"),
        "ReporterTold": handing.ReporterTold("mediated"),
        "VoiceGiven": outward.VoiceGiven(1, "transfer", "foundation", "jun", AT, AT, "It is theirs."),
        "VoiceTakenBack": outward.VoiceTakenBack(1, "jun", AT),
        "RequestEnded": outward.RequestEnded(1, "agreed", AT),
        "Disclosed": outward.Disclosed(
            "legal",
            "the court",
            "All of it",
            ("jun", "sam"),
            AT,
            "forbidden",
            "a@b",
            "an order",
            "until May",
            ("m1",),
            True,
        ),
        "ApologyAnswered": outward.ApologyAnswered("jun", AT, "relay", 3, "A sincere one."),
        "LetterRefused": outward.LetterRefused("l" * 26, "letter", "contact:1", AT, 3),
        "LetterTaken": outward.LetterTaken("l" * 26, AT),
        "TransferProposed": handing.TransferProposed("foundation"),
        "NobodyReached": handing.NobodyReached(),
        "LetterCameBack": handing.LetterCameBack("m1", "jun", "jun@example.net"),
        "MemberHeard": handing.MemberHeard("jun"),
        "OwnerSet": acts.OwnerSet("jun", "primary", "jun", AT),
        "RiskJudged": acts.RiskJudged("jun", AT, "yes", ""),
        "ScopeJudged": acts.ScopeJudged("jun", AT, "in"),
        "MarkedUrgent": acts.MarkedUrgent("jun", AT),
        "RemarkMade": acts.RemarkMade("jun", AT, "note", "Wir sprachen darüber.", "2026-11-20"),
        "ActionsSet": acts.ActionsSet("jun", AT, "Call the venue"),
        "StatusSet": acts.StatusSet("jun", AT, "paused"),
        "QuestionOpened": replace(
            QUESTION, about="ivo", asks="confirm-soft", text="They work together.", fallback="majority", objections=AT
        ),
        "BallotCast": acts.BallotCast(1, "jun", "yes", AT),
        "QuestionClosed": acts.QuestionClosed(1, "passed", "all-voted", AT, 1, 0, 0, 0, 1),
        "ChallengeMade": acts.ChallengeMade("jun", "ivo", AT, AT, "They share a flat."),
        "ChallengeEnded": acts.ChallengeEnded("jun", "ivo", AT, "seconded"),
        "ProposalMade": acts.ProposalMade("jun", AT, "Let us answer within two days."),
        "ContactNoted": acts.ContactNoted(1, "reported", "Kit Larsen", "kit@acme.example", "jun", AT),
        "DraftWritten": acts.DraftWritten(1, "contact:1", "jun", AT, "Thank you.", "kit@acme.example"),
        "DraftSent": acts.DraftSent(1, "sam", AT),
        "ObligationSet": acts.ObligationSet(1, "jun", AT, "Say sorry", "2026-12-01"),
        "ObligationMet": acts.ObligationMet(1, "sam", AT),
        "MeetingSet": acts.MeetingSet("jun", AT, "2026-12-01"),
        "DeadlineTold": acts.DeadlineTold(f"ack {AT}", 80, AT),
        "DangerSeen": protective.DangerSeen("jun", AT, "At the door."),
        "MeasureTaken": protective.MeasureTaken(1, "jun", AT, "No badge.", "2026-12-01", 2),
        "MeasureLookedAt": protective.MeasureLookedAt(1, 3),
        "SealMatched": links.SealMatched("c9", "Kit Larsen", AT, "jun"),
        "SealBroken": links.SealBroken("jun", AT, True),
        "CaseRelated": links.CaseRelated("c9", "retaliation", "jun", AT),
        "CaseMerged": links.CaseMerged("c9", "jun", AT),
        "CaseAbsorbed": links.CaseAbsorbed("c9", "jun", AT),
        "ErasureTold": erasure.ErasureTold("retention", AT, AT, ("jun", "sam")),
        "ErasureWaited": erasure.ErasureWaited(AT, 86400),
        "ErasureStopped": erasure.ErasureStopped("jun", AT),
        "CaseResolved": acts.CaseResolved("jun", AT, "violation", "Warning"),
        "CaseDismissed": acts.CaseDismissed("jun", AT, "spam"),
        "CaseReopened": acts.CaseReopened("jun", AT),
        "ReporterAsked": acts.ReporterAsked("jun", AT, wants=False),
    }
    assert set(samples) == set(EVENT_TYPES)
    for event in samples.values():
        assert events.decode(events.encode(event)) == event


def test_an_event_of_a_later_release_is_refused_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="later release"):
        events.decode(b'{"event": "CaseSold"}')
    with pytest.raises(ValueError, match="later release"):
        events.decode(b'{"event": "MemberRecused", "handle": "jun", "price": 3}')


def test_recused_and_withheld_are_told_apart() -> None:
    case = fold("c", [OPENED, MemberRecused("jun"), MemberWithheld("ivo", "screened")])
    assert case.with_standing(Standing.RECUSED) == {"jun"}
    assert case.barred == {"jun", "ivo"}


def test_who_leaves_a_case_leaves_no_open_ballot_behind_and_no_place_as_owner_but_closed_votes_stand() -> None:
    voted = [
        OPENED,
        MemberAdmitted("jun", "jun@example.net"),
        acts.OwnerSet("jun", "primary", "jun", AT),
        QUESTION,
        acts.BallotCast(1, "jun", "yes", AT),
        acts.QuestionClosed(1, "passed", "all-voted", AT, 1, 0, 0, 0, 1),
        replace(QUESTION, number=2),
        acts.BallotCast(2, "jun", "no", AT),
    ]
    for bar in (MemberRecused("jun"), MemberWithheld("jun", "screened")):
        left = fold("c", [*voted, bar]).proceedings
        assert left.motions[0].ballots == {"jun": "yes"} and not left.motions[1].ballots
        assert not left.owners


def test_what_the_life_cycle_has_no_move_for_changes_nothing() -> None:
    with pytest.raises(ValueError, match="a case that is open"):
        fold("c", [OPENED, acts.CaseResolved("jun", AT, "violation", "Warning")])
    for state, move in itertools.product(State, Move):
        if may(state, move):
            assert after(state, move) in State
        else:
            with pytest.raises(ValueError, match="a case that is"):
                after(state, move)


def test_a_decision_of_before_the_case_was_taken_up_again_resolves_nothing() -> None:
    decided = [OPENED, QUESTION, acts.QuestionClosed(1, "passed", "all-voted", AT, 1, 0, 0, 0, 1)]
    assert fold("c", decided).proceedings.decision is not None
    reopened = fold("c", [*decided, acts.CaseReopened("jun", AT)]).proceedings
    assert reopened.decision is None and reopened.motions[0].result == "passed" and reopened.state is State.OPEN
    second = [acts.CaseReopened("jun", AT), replace(QUESTION, number=2)]
    failed = acts.QuestionClosed(2, "failed", "time", AT, 0, 0, 0, 1, 1)
    assert fold("c", [*decided, *second, failed]).proceedings.state is State.OPEN
    assert fold("c", [*decided, second[1], failed]).proceedings.state is State.DECIDED
