"""What is owed by when, to the reporter or by the reported person, and who is reminded: one table (domain R7, R8).

    a clock runs ──> part of its time is over: who takes care of the case is reminded ──> more: all who have it
                ──> the time is over: all of them, and the chair; then again for each further time of that length

The rule: a clock is looked at, not counted down. Whatever stood still meanwhile, the daemon or the machine's clock, a
look tells what is due by now, once, and nothing of what it missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import acts, letters, places, promises
from cocmail.core.case import Case
from cocmail.core.conflicts import may_be_listed
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.lifecycle import State
from cocmail.core.model import Committee, Member
from cocmail.core.promises import Stretch
from cocmail.core.reaching import can_reach

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

LOOK = "clock"
OVER = 100
# No reminder of that sort goes to everybody.
NEVER = 1000
# What is over is told again, but nobody every day.
AGAIN = timedelta(days=7)
# Nor for ever: who was told so often has decided not to.
REPEATS = 8


@dataclass(frozen=True, slots=True)
class Clock:
    """One kind of promise. `owed` finds where it runs in a case.

    `stages` are the parts of its time, in percent, the end among them, at which somebody is reminded; from `widens` on
    it is everybody. `to_reporter`: there is none where the reporter cannot be written to. `repeats`: once over, it is
    told again each time that `again`, or its own time, is over; what does not is told so `late` at most.
    """

    name: str
    owed: Callable[[Committee, Case], Iterable[Stretch]]
    stages: tuple[int, ...]
    widens: int
    to_reporter: bool = True
    repeats: bool = True
    late: timedelta = timedelta(days=1)
    again: timedelta = AGAIN


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
        return max(self.ends - self.stretch.begun, self.clock.again)


TABLE: tuple[Clock, ...] = (
    Clock("ack", promises.answer, (50, 80, OVER), 80),
    # Of seven days: a letter is proposed after five (R8).
    Clock("status", promises.word_between, (71, OVER), OVER),
    Clock("follow-up", promises.outcome, (50, 80, OVER), 80),
    Clock("obligation", promises.obligations, (80, OVER), OVER, to_reporter=False),
    Clock("meeting", promises.meeting, (OVER,), OVER, to_reporter=False, repeats=False),
    # While somebody is looked for at an event, a day without a word is long (R53).
    Clock("search", promises.search, (80, OVER), OVER, again=timedelta(days=1)),
    Clock("reported", promises.reported, (50, OVER), OVER, to_reporter=False, repeats=False),
    Clock("reported-outcome", promises.reported_outcome, (50, OVER), OVER, to_reporter=False, repeats=False),
    # Who took the report, nobody else, until somebody takes care of it (R31).
    Clock("owner", promises.owners, (OVER,), NEVER, to_reporter=False),
    Clock("check-in", promises.check_ins, (OVER,), OVER, repeats=False, late=4 * AGAIN),
    Clock("review", promises.reviews, (50, OVER), 50, to_reporter=False),
    Clock("interim", promises.protection, (80, OVER), 80, to_reporter=False, repeats=False, late=4 * AGAIN),
)


def running(committee: Committee, case: Case) -> list[Run]:
    """The clocks that run in a case now. None in one that is not ours any more, or no report."""
    done = case.proceedings
    reachable = can_reach(committee, case) and not done.opted_out
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
        return now >= run.ends + run.clock.late
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
    if run.clock.name in ("review", "interim"):
        taken = next(each for each in case.proceedings.measures if str(each.number) == run.stretch.about)
        line |= {"label": taken.label, "text": taken.text}
    if run.clock.name == "interim":
        line |= {"until": str(taken.until)}
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
