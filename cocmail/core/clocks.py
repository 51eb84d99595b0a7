"""What a committee has promised the reporter by when, and who is reminded of it: one table (domain R7, R8, R51).

    a clock runs ──> part of its time is over: who takes care of the case is reminded ──> more: all who have it
                ──> the time is over: all of them, and the chair; then again for each further time of that length

The rule: a clock is looked at, not counted down. Whatever stood still meanwhile, the daemon or the machine's clock, a
look tells what is due by now, once, and nothing of what it missed.
"""

from __future__ import annotations

from collections.abc import Callable
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
ON_RESOLUTION = "on_resolution"


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise. `span` gives how long it has, `begins` since when it runs in a case, or None where it does not.

    `stages` are the parts of its time, in percent, the end among them, at which somebody is reminded; from `widens` on
    it is everybody.
    """

    name: str
    begins: Callable[[Committee, Case], datetime | None]
    span: Callable[[Committee], Knob]
    stages: tuple[int, ...]
    widens: int


@dataclass(frozen=True, slots=True)
class Run:
    """A clock that runs in a case since `begun`."""

    clock: Clock
    begun: datetime
    committee: Committee

    @property
    def key(self) -> str:
        """What tells this run from the same clock's next one."""
        return f"{self.clock.name} {self.begun.isoformat()}"

    def at(self, percent: int) -> datetime:
        """When that part of its time is over."""
        span = self.clock.span(self.committee)
        return self.committee.calendar.after(self.begun, span, AGAIN, percent=percent)

    @property
    def ends(self) -> datetime:
        return self.at(OVER)

    def stage(self, now: datetime) -> int:
        """The last of its stages that is due: a percentage, beyond the end one more for each repetition; 0 for none."""
        if now >= self.ends:
            return OVER + (now - self.ends) // self._again
        return max((percent for percent in self.clock.stages if self.at(percent) <= now), default=0)

    def next(self, now: datetime) -> datetime:
        """When the next stage is due that is not yet."""
        if now >= self.ends:
            return self.ends + ((now - self.ends) // self._again + 1) * self._again
        return min(moment for moment in map(self.at, self.clock.stages) if moment > now)

    @property
    def _again(self) -> timedelta:
        return max(self.ends - self.begun, AGAIN)


def _ack_is_owed(committee: Committee, case: Case) -> datetime | None:
    """An answer by a person, or by us where the procedure says that ours counts."""
    by_us = committee.policy.get("deadlines.ack_by_robot_counts") is True and bool(case.token_of(REPORTER))
    return None if by_us or _letters_sent(case) else case.opened_at


def _word_is_owed(committee: Committee, case: Case) -> datetime | None:
    """Something to hear in between, as long as the case is not over (R8)."""
    if case.proceedings.state not in LIVE or case.proceedings.paused or _outcome_is_told(case):
        return None
    return max((moment for moment in (case.opened_at, *_letters_sent(case)) if moment is not None), default=None)


def _outcome_is_owed(committee: Committee, case: Case) -> datetime | None:
    if case.proceedings.paused or _outcome_is_told(case):
        return None
    if _follow_up(committee) != ON_RESOLUTION:
        return case.opened_at
    ended = [fact.at for fact in case.proceedings.facts if fact.what == "resolved"]
    return ended[-1] if ended and case.proceedings.state is State.RESOLVED else None


def _outcome_is_told(case: Case) -> bool:
    """Whether a letter has gone out since the committee decided."""
    decision = case.proceedings.decision
    decided = decision.closed_at if decision is not None else None
    return decided is not None and any(sent >= decided for sent in _letters_sent(case))


def _letters_sent(case: Case) -> list[datetime]:
    return [draft.sent_at for draft in case.proceedings.drafts if draft.sent_at is not None and draft.to == REPORTER]


def _follow_up(committee: Committee) -> Knob:
    return committee.policy.get("deadlines.follow_up")


def _outcome_span(committee: Committee) -> Knob:
    span = _follow_up(committee)
    return AFTER_THE_END if span == ON_RESOLUTION else span


TABLE: tuple[Clock, ...] = (
    Clock("ack", _ack_is_owed, lambda committee: committee.policy.get("deadlines.ack"), (50, 80, OVER), 80),
    # Of seven days: a letter is proposed after five (R8).
    Clock("status", _word_is_owed, lambda committee: committee.policy.get("deadlines.status_every"), (71, OVER), OVER),
    Clock("follow-up", _outcome_is_owed, _outcome_span, (50, 80, OVER), 80),
)


def running(committee: Committee, case: Case) -> list[Run]:
    """The clocks that run in a case now. None where the reporter cannot be written to, or does not want to be."""
    reporter, done = case.reporter, case.proceedings
    reachable = reporter is not None and bool(reporter.address) and not done.opted_out
    ours = case.audience in ("committee", "triage", "one") and case.target is None
    if not (reachable and ours) or done.state in (State.ESCROWED, State.DISMISSED):
        return []
    begun = ((clock, clock.begins(committee, case)) for clock in TABLE if clock.span(committee) is not None)
    return [Run(clock, since, committee) for clock, since in begun if since is not None]


def arm(plan: Plan, case_id: str) -> None:
    """Set the timer for the next look; one that is set for the same moment already stays the only one."""
    case, now = plan.cases[case_id], plan.setting.now
    runs = running(plan.setting.committee, case)
    # What became due while nothing ran is told at once: a case that rested, a procedure that was changed.
    looks = [now if _is_untold(case, run, run.stage(now)) else run.next(now) for run in runs]
    if looks:
        plan.timers.append(Timer(case_id, LOOK, "", min(looks)))


def _is_untold(case: Case, run: Run, stage: int) -> bool:
    return stage > case.proceedings.reminded.get(run.key, 0)


def look(plan: Plan, case_id: str, about: str) -> None:
    """Remind of what is due and was not told; what somebody is told of at once stands in one mail."""
    case, now = plan.cases[case_id], plan.setting.now
    due = [(run, run.stage(now)) for run in running(plan.setting.committee, case)]
    fresh = [(run, stage) for run, stage in due if _is_untold(case, run, stage)]
    for run, stage in fresh:
        plan.add(case_id, acts.DeadlineTold(run.key, stage, now.isoformat()))
    for member in places.present(plan, case_id):
        _remind(
            plan, case_id, member, [(run, stage) for run, stage in fresh if _hears(plan, case_id, member, run, stage)]
        )
    if any(stage >= OVER for _, stage in fresh):
        _tell_chair(plan, case_id)
    arm(plan, case_id)


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
        "lines": [{"what": run.clock.name, "until": minute(run.ends), "over": stage >= OVER} for run, stage in due],
        "away": [each.name for each in there if each.is_away(now.date())],
        "owned": bool(plan.cases[case_id].proceedings.owners),
    }
    about = " ".join(("clock", *(f"{run.key} {stage}" for run, stage in due)))
    letter = letters.to_reader(committee, plan.cases[case_id], member, "reminder", about, words, template="deadline")
    plan.letters.append(letter)


def _tell_chair(plan: Plan, case_id: str) -> None:
    """A chair who is not in the case, and may know that there is one, hears that something of it is late."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    chair = committee.member(committee.chair or "")
    if chair is None or chair in places.present(plan, case_id) or not may_be_listed(chair, case):
        return
    token = plan.issue_unbound(chair)
    plan.letters.append(letters.to_listed(case, chair, f"late {plan.setting.now.isoformat()}", "late", token))
