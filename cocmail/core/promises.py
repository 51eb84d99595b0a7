"""What a committee owes by when: to the reporter, to the reported person, and to a case itself (domain R7, R8, R31,
R49, R51, R53, R56). Each function finds where its promise runs in a case; `clocks` says who is reminded of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cocmail.core import measures
from cocmail.core.case import Case
from cocmail.core.lifecycle import EARLY, LIVE, State
from cocmail.core.model import REPORTER, Committee, Knob, contact_person

# Where the outcome is told "on resolution", and until somebody has written to the reported person (proposal).
AFTER_THE_END = timedelta(hours=48)
# Until somebody takes care of a case (proposal).
TO_BE_TAKEN = timedelta(hours=48)
ON_RESOLUTION = "on_resolution"
CHECK_IN_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Since when something has been owed, and for how long it may be; `about` tells it from others of its kind."""

    begun: datetime
    span: Knob
    about: str = ""


def answer(committee: Committee, case: Case) -> Iterator[Stretch]:
    """An answer by a person, or by us where the procedure says that ours counts (R7)."""
    by_us = committee.policy.get("deadlines.ack_by_robot_counts") is True and bool(case.token_of(REPORTER))
    span = committee.policy.get("deadlines.ack")
    if case.opened_at is not None and span is not None and not by_us and not _letters_sent(case):
        yield Stretch(case.opened_at, span)


def word_between(committee: Committee, case: Case) -> Iterator[Stretch]:
    """Something to hear in between, as long as the case is not over (R8)."""
    span, done = committee.policy.get("deadlines.status_every"), case.proceedings
    if span is None or case.opened_at is None or done.state not in LIVE or done.paused or _outcome_is_told(case):
        return
    yield Stretch(max((case.opened_at, *_letters_sent(case))), span)


def outcome(committee: Committee, case: Case) -> Iterator[Stretch]:
    """The outcome, so long after the report or, "on resolution", after the end (R51)."""
    span, done = committee.policy.get("deadlines.follow_up"), case.proceedings
    if span is None or case.opened_at is None or done.paused or _outcome_is_told(case):
        return
    if span != ON_RESOLUTION:
        yield Stretch(case.opened_at, span)
    elif done.state is State.RESOLVED:
        ended = [fact.at for fact in done.facts if fact.what == "resolved"]
        yield Stretch(ended[-1], AFTER_THE_END)


def obligations(committee: Committee, case: Case) -> Iterator[Stretch]:
    """What the reported person has to do: it is over with the last day (R56)."""
    for each in case.proceedings.obligations:
        if each.met_at is None:
            ends = committee.calendar.begins(each.due + timedelta(days=1))
            yield Stretch(each.at, ends - each.at, str(each.number))


def meeting(committee: Committee, case: Case) -> Iterator[Stretch]:
    """A meeting: everybody is reminded as the day before it begins (R30)."""
    meeting = case.proceedings.meeting
    if meeting is not None:
        before = committee.calendar.begins(meeting.day - timedelta(days=1))
        if before > meeting.at:
            yield Stretch(meeting.at, before - meeting.at, meeting.day.isoformat())


def _outcome_is_told(case: Case) -> bool:
    """Whether a letter has gone out since the committee decided."""
    decision = case.proceedings.decision
    decided = decision.closed_at if decision is not None else None
    return decided is not None and any(sent >= decided for sent in _letters_sent(case))


def _letters_sent(case: Case) -> list[datetime]:
    sent = [draft for draft in case.proceedings.drafts if draft.to == REPORTER and not _is_refused(case, draft.number)]
    return [draft.sent_at for draft in sent if draft.sent_at is not None]


def search(committee: Committee, case: Case) -> Iterator[Stretch]:
    """A word each day while somebody is looked for at an event (CHAOSS, "Following up with reporters").

    No tag says so. It is taken to be so while a case is urgent, or somebody is in danger, nothing is decided, and
    nobody has an address of the reported person to write to: to rest the case, or to write to that person, ends it.
    """
    span, done = committee.policy.get("deadlines.event_search_update"), case.proceedings
    urgent = [fact.at for fact in done.facts if fact.what in ("urgent", "danger")]
    over = done.state not in LIVE or done.paused or done.decision is not None
    if span is None or not urgent or over or any(each.role == "reported" for each in done.contacts):
        return
    yield Stretch(max((urgent[-1], *_letters_sent(case))), span)


def reported(committee: Committee, case: Case) -> Iterator[Stretch]:
    """The reported person is told of it, where the procedure says so, once something was decided (R49)."""
    decision = case.proceedings.decision
    if decision is not None and decision.closed_at is not None and untold(committee, case):
        yield Stretch(decision.closed_at, AFTER_THE_END)


def untold(committee: Committee, case: Case) -> list[str]:
    """Which reported people nobody has written to, though the procedure wants it; none once there was no violation."""
    wanted = committee.policy.get("outreach.notify_reported") in ("always", "required_unless_meritless")
    done = case.proceedings
    if not wanted or done.paused or _ended_as(case) == "no-violation":
        return []
    written_to = {name for name, _ in _letters_to_reported(case)}
    return [name for name in case.called("reported") if name.casefold() not in written_to]


def reported_outcome(committee: Committee, case: Case) -> Iterator[Stretch]:
    """Who was told of the report is told how it ended (CNCF, "Notification to the Accused Person")."""
    done = case.proceedings
    if committee.policy.get("outreach.outcome_if_notified") is not True or done.state is not State.RESOLVED:
        return
    decision, ended = done.decision, [fact.at for fact in done.facts if fact.what == "resolved"][-1]
    since = decision.closed_at if decision is not None and decision.closed_at is not None else ended
    letters = list(_letters_to_reported(case))
    told = {name for name, sent in letters if sent >= since}
    for name in dict.fromkeys(name for name, sent in letters if sent < since):
        if name not in told:
            yield Stretch(ended, AFTER_THE_END, f"{ended.isoformat()} {name}")


def reviews(committee: Committee, case: Case) -> Iterator[Stretch]:
    """What one member did alone, as long as nobody else looks at it (R71)."""
    within = committee.policy.get("deadlines.unilateral_review") or measures.LOOK_WITHIN
    for each in measures.unreviewed(committee, case):
        yield Stretch(each.at, within, str(each.number))


def protection(committee: Committee, case: Case) -> Iterator[Stretch]:
    """A protective measure: it ends with its last day (R73)."""
    for each in case.proceedings.measures:
        over, begun = measures.ends(committee, each), measures.since(case.proceedings, each)
        if over is not None and over > begun and measures.is_in_force(case.proceedings, each):
            yield Stretch(begun, over - begun, str(each.number))


def check_ins(committee: Committee, case: Case) -> Iterator[Stretch]:
    """How the reporter is, a month and three after the end, or since what followed on another case (R74; proposal)."""
    done = case.proceedings
    ended = [fact.at for fact in done.facts if fact.what == "resolved" and fact.value == "violation"]
    begun = ended[-1] if ended and done.state is State.RESOLVED else case.links.retaliation_since
    if begun is None:
        return
    for days in (30, 90):
        due = begun + timedelta(days=days)
        # A letter of the last weeks before it is one, too.
        if not any(due - CHECK_IN_BEFORE <= sent for sent in _letters_sent(case)):
            yield Stretch(begun, due - begun, f"{begun.isoformat()} {days}")


def owners(committee: Committee, case: Case) -> Iterator[Stretch]:
    """Somebody takes care of it, as many as the procedure says (R31)."""
    done = case.proceedings
    wanted = (committee.policy.get("owners.primary"), committee.policy.get("owners.secondary"))
    number = sum(each for each in wanted if isinstance(each, int))
    # While conflicts are checked the watchers have reminders of their own.
    begun = case.checked_at or case.opened_at
    if begun is not None and done.state in LIVE - EARLY and not done.paused and len(done.owners) < number:
        yield Stretch(begun, TO_BE_TAKEN)


def _ended_as(case: Case) -> str:
    ended = [fact.value for fact in case.proceedings.facts if fact.what == "resolved"]
    return ended[-1] if ended and case.proceedings.state is State.RESOLVED else ""


def _letters_to_reported(case: Case) -> Iterator[tuple[str, datetime]]:
    """(the reported person's name, folded, when it was sent) of each letter that went out to one."""
    done = case.proceedings
    names = {contact_person(each.number): each.name for each in done.contacts if each.role == "reported"}
    for draft in done.drafts:
        if draft.to in names and draft.sent_at is not None and not _is_refused(case, draft.number):
            yield names[draft.to].casefold(), draft.sent_at


def _is_refused(case: Case, number: int) -> bool:
    """Whether no mail server took that letter: nobody has read it."""
    return any(each.draft == number for each in case.proceedings.outward.refused)
