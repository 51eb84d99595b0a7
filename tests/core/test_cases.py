"""A case is the fold of its events, and access once ended does not come back by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cocmail.core import events
from cocmail.core.case import Standing, fold
from cocmail.core.conflicts import Sight, may_see
from cocmail.core.events import EVENT_TYPES, CaseOpened, MemberAdmitted, MemberPaused, MemberRecused, MemberWithheld
from cocmail.core.model import Member

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
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
        "TokenIssued": events.TokenIssued("member:jun", "t" * 26, "jun@example.net"),
        "EntryFiled": events.EntryFiled("m1", "reporter", "report", "<a@b>", ("jun jun@example.net",), ("ivo",)),
        "TargetAsked": events.TargetAsked("foundation", "conduct@foundation.example"),
        "NobodyReached": events.NobodyReached(),
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
