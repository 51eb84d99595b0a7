"""What is owed by when, to the reporter or by the reported person, and who is reminded: one table (domain R7, R8).

    a clock runs ──> part of its time is over: who takes care of the case is reminded ──> more: all who have it
                ──> the time is over: all of them, and the chair; then again for each further time of that length

The rule: a clock is looked at, not counted down. Whatever stood still meanwhile, the daemon or the machine's clock, a
look tells what is due by now, once, and nothing of what it missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import acts, letters, places
from cocmail.core.case import Case
from cocmail.core.conflicts import may_be_listed
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.lifecycle import LIVE, State
from cocmail.core.model import REPORTER, Committee, Knob, Member

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

LOOK = "clock"
OVER = 100
# Where the outcome is told "on resolution": somebody has to have written by then (proposal).
AFTER_THE_END = timedelta(hours=48)
# What is over is told again, but nobody every day.
AGAIN = timedelta(days=7)
# Nor for ever: who was told so often has decided not to.
REPEATS = 8
ON_RESOLUTION = "on_resolution"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Since when something has been owed, and for how long it may be; `about` tells it from others of its kind."""

    begun: datetime
    span: Knob
    about: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """One kind of promise. `owed` finds where it runs in a case.

    `stages` are the parts of its time, in percent, the end among them, at which somebody is reminded; from `widens` on
    it is everybody. `to_reporter`: there is none where the reporter cannot be written to. `repeats`: weekly, once over.
    """

    name: str
    owed: Callable[[Committee, Case], Iterable[Stretch]]
    stages: tuple[int, ...]
    widens: int
    to_reporter: bool = True
    repeats: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """A clock as it runs in a case."""

    clock: Clock
    stretch: Stretch
    committee: Committee

    @property
    def key(self) -> str:
        """What tells this run from others of the same clock."""
        return f"{self.clock.name} {self.stretch.about or self.stretch.begun.isoformat()}"

    def at(self, percent: int) -> datetime:
        """When that part of its time is over."""
        return self.committee.calendar.after(self.stretch.begun, self.stretch.span, AGAIN, percent=percent)

    @property
    def ends(self) -> datetime:
        return self.at(OVER)

    def stage(self, now: datetime) -> int:
        """The last of its stages that is due: a percentage, beyond the end one more for each repetition; 0 for none."""
        if now >= self.ends:
            return OVER + (min((now - self.ends) // self._again, REPEATS) if self.clock.repeats else 0)
        return max((percent for percent in self.clock.stages if self.at(percent) <= now), default=0)

    def next(self, now: datetime) -> datetime | None:
        """When the next stage is due that is not yet; None where there is none any more."""
        if now >= self.ends:
            again = (now - self.ends) // self._again + 1
            return self.ends + again * self._again if self.clock.repeats and again <= REPEATS else None
        return min(moment for moment in map(self.at, self.clock.stages) if moment > now)

    @property
    def _again(self) -> timedelta:
        return max(self.ends - self.stretch.begun, AGAIN)


def _answer(committee: Committee, case: Case) -> Iterator[Stretch]:
    """An answer by a person, or by us where the procedure says that ours counts (R7)."""
    by_us = committee.policy.get("deadlines.ack_by_robot_counts") is True and bool(case.token_of(REPORTER))
    span = committee.policy.get("deadlines.ack")
    if case.opened_at is not None and span is not None and not by_us and not _letters_sent(case):
        yield Stretch(case.opened_at, span)


def _word_between(committee: Committee, case: Case) -> Iterator[Stretch]:
    """Something to hear in between, as long as the case is not over (R8)."""
    span, done = committee.policy.get("deadlines.status_every"), case.proceedings
    if span is None or case.opened_at is None or done.state not in LIVE or done.paused or _outcome_is_told(case):
        return
    yield Stretch(max((_taken_up(case, case.opened_at), *_letters_sent(case))), span)


def _outcome(committee: Committee, case: Case) -> Iterator[Stretch]:
    """The outcome, so long after the report or, "on resolution", after the end (R51)."""
    span, done = committee.policy.get("deadlines.follow_up"), case.proceedings
    if span is None or case.opened_at is None or done.paused or _outcome_is_told(case):
        return
    if span != ON_RESOLUTION:
        yield Stretch(_taken_up(case, case.opened_at), span)
    elif done.state is State.RESOLVED:
        ended = [fact.at for fact in done.facts if fact.what == "resolved"]
        yield Stretch(ended[-1], AFTER_THE_END)


def _obligations(committee: Committee, case: Case) -> Iterator[Stretch]:
    """What the reported person has to do: it is over with the last day (R56)."""
    for each in case.proceedings.obligations:
        if each.met_at is None:
            ends = committee.calendar.begins(each.due + timedelta(days=1))
            yield Stretch(each.at, ends - each.at, str(each.number))


def _meeting(committee: Committee, case: Case) -> Iterator[Stretch]:
    """A meeting: everybody is reminded as the day before it begins (R30)."""
    meeting = case.proceedings.meeting
    if meeting is not None:
        before = committee.calendar.begins(meeting.day - timedelta(days=1))
        if before > meeting.at:
            yield Stretch(meeting.at, before - meeting.at, meeting.day.isoformat())


def _taken_up(case: Case, opened: datetime) -> datetime:
    """When it was taken up last after it was over, else when it came: what was owed in between was over, too."""
    kinds = [fact.what for fact in case.proceedings.facts]
    if "resolved" not in kinds:
        return opened
    since = case.proceedings.facts[kinds.index("resolved") :]
    return max((fact.at for fact in since if fact.what == "reopened"), default=opened)


def _outcome_is_told(case: Case) -> bool:
    """Whether a letter has gone out since the committee decided."""
    decision = case.proceedings.decision
    decided = decision.closed_at if decision is not None else None
    return decided is not None and any(sent >= decided for sent in _letters_sent(case))


def _letters_sent(case: Case) -> list[datetime]:
    return [draft.sent_at for draft in case.proceedings.drafts if draft.sent_at is not None and draft.to == REPORTER]


TABLE: tuple[Clock, ...] = (
    Clock("ack", _answer, (50, 80, OVER), 80),
    # Of seven days: a letter is proposed after five (R8).
    Clock("status", _word_between, (71, OVER), OVER),
    Clock("follow-up", _outcome, (50, 80, OVER), 80),
    Clock("obligation", _obligations, (80, OVER), OVER, to_reporter=False),
    Clock("meeting", _meeting, (OVER,), OVER, to_reporter=False, repeats=False),
)


def running(committee: Committee, case: Case) -> list[Run]:
    """The clocks that run in a case now. None in one that is not ours any more, or no report."""
    reporter, done = case.reporter, case.proceedings
    reachable = reporter is not None and bool(reporter.address) and not done.opted_out
    ours = case.audience in ("committee", "triage", "one") and case.target is None
    if not ours or done.state in (State.ESCROWED, State.DISMISSED):
        return []
    clocks = (clock for clock in TABLE if reachable or not clock.to_reporter)
    return [Run(clock, stretch, committee) for clock in clocks for stretch in clock.owed(committee, case)]


def arm(plan: Plan, case_id: str) -> None:
    """Set the timer for the next look; one that is set for the same moment already stays the only one."""
    case, now = plan.cases[case_id], plan.setting.now
    runs = running(plan.setting.committee, case)
    # What became due while nothing ran is told at once: a case that rested, a procedure that was changed.
    looks = (now if _is_untold(case, run, run.stage(now)) else run.next(now) for run in runs)
    times = [moment for moment in looks if moment is not None]
    if times:
        plan.timers.append(Timer(case_id, LOOK, "", min(times)))


def _is_untold(case: Case, run: Run, stage: int) -> bool:
    return stage > case.proceedings.reminded.get(run.key, 0)


def look(plan: Plan, case_id: str, about: str) -> None:
    """Remind of what is due and was not told; what somebody is told of at once stands in one mail."""
    case, now = plan.cases[case_id], plan.setting.now
    due = [(run, run.stage(now)) for run in running(plan.setting.committee, case)]
    fresh = [(run, stage) for run, stage in due if _is_untold(case, run, stage)]
    for run, stage in fresh:
        plan.add(case_id, acts.DeadlineTold(run.key, stage, now.isoformat()))
    fresh = [(run, stage) for run, stage in fresh if not _is_past(case, run, now)]
    for member in places.present(plan, case_id):
        _remind(
            plan, case_id, member, [(run, stage) for run, stage in fresh if _hears(plan, case_id, member, run, stage)]
        )
    if any(stage >= OVER and run.clock.to_reporter for run, stage in fresh):
        _tell_chair(plan, case_id)
    arm(plan, case_id)


def _is_past(case: Case, run: Run, now: datetime) -> bool:
    """Whether it is too late for a reminder: the thing itself is over, or the reporter's case has been for months."""
    if not run.clock.repeats:
        return now >= run.ends + timedelta(days=1)
    if not run.clock.to_reporter:
        # What the reported person has to do goes on long after the case is resolved.
        return False
    ended = [fact.at for fact in case.proceedings.facts if fact.what == "resolved"]
    return case.proceedings.state is State.RESOLVED and now > ended[-1] + REPEATS * AGAIN


def _hears(plan: Plan, case_id: str, member: Member, run: Run, stage: int) -> bool:
    if stage >= run.clock.widens:
        return True
    owners = plan.cases[case_id].proceedings.owners.values()
    return member.handle in (owners or [each.handle for each in places.watchers(plan, case_id)])


def _remind(plan: Plan, case_id: str, member: Member, due: list[tuple[Run, int]]) -> None:
    if not due:
        return
    now, committee = plan.setting.now, plan.setting.committee
    there = [each for each in committee.members if each in places.present(plan, case_id)]
    words = {
        "lines": [_line(plan.cases[case_id], run, stage) for run, stage in due],
        "away": [each.name for each in there if each.is_away(now.date())],
        "writes": any(run.clock.to_reporter for run, _ in due),
        "owned": bool(plan.cases[case_id].proceedings.owners),
    }
    about = " ".join(("clock", *(f"{run.key} {stage}" for run, stage in due)))
    letter = letters.to_reader(committee, plan.cases[case_id], member, "reminder", about, words, template="deadline")
    plan.letters.append(letter)


def _line(case: Case, run: Run, stage: int) -> dict[str, object]:
    line: dict[str, object] = {"what": run.clock.name, "until": minute(run.ends), "over": stage >= OVER}
    if run.clock.name == "obligation":
        found = next(each for each in case.proceedings.obligations if str(each.number) == run.stretch.about)
        line |= {"number": found.number, "text": found.text, "until": found.due.isoformat()}
    if run.clock.name == "meeting":
        line |= {"until": run.stretch.about}
    return line


def _tell_chair(plan: Plan, case_id: str) -> None:
    """A chair who is not in the case, and may know that there is one, hears that something of it is late."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    chair = committee.member(committee.chair or "")
    if chair is None or chair in places.present(plan, case_id) or not may_be_listed(chair, case):
        return
    token = plan.issue_unbound(chair)
    plan.letters.append(letters.to_listed(case, chair, f"late {plan.setting.now.isoformat()}", "late", token))
