"""What a committee owes, by when, and who is to be reminded of it: the oracle of `test_a_year`.

It hears what people did and says which reminders have to come of it. It imports nothing of the program; its table of
promises is written down by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from year.days import DAY, Place
from year.matters import Figures, Matter

WEEK = 7 * DAY
OVER, TIMES, NEVER = 100, 8, 1000
AFTER_THE_END = "48h"


@dataclass(frozen=True)
class Owed:
    """Something that is owed in a case: since when and until when, and when which part of that time is over."""

    key: str
    begun: datetime
    ends: datetime
    parts: tuple[tuple[int, datetime], ...]
    says: str = ""


@dataclass(frozen=True)
class Promise:
    """`parts`: of its time, in percent, when somebody is reminded. From `all_from` on it is everybody who has the case;
    before, the owners, or the watchers where there are none. `to_reporter`: not where they cannot be written to, and
    the chair hears when it is late. `again`: as often as that, once it is over, every so often (`step`) at most; where
    it is not said again, it is said so `late` at most.
    """

    name: str
    finds: Callable[[Figures, Place, Promise, Matter], Iterator[Owed]]
    parts: tuple[int, ...]
    all_from: int
    to_reporter: bool = True
    again: int = TIMES
    step: timedelta = WEEK
    late: timedelta = DAY

    def spanned(self, place: Place, begun: datetime, span: str, about: str = "") -> Owed:
        parts = [(part, place.is_over(begun, span, part)) for part in self.parts]
        return self.owed(begun, parts, about)

    def owed(self, begun: datetime, parts: list[tuple[int, datetime]], about: str = "", says: str = "") -> Owed:
        return _owed(self, begun, tuple(parts), about, says)


# Asked again at every look, as in `days`.
@cache
def _owed(promise: Promise, begun: datetime, parts: tuple[tuple[int, datetime], ...], about: str, says: str) -> Owed:
    ends = parts[-1][1]
    step = max(ends - begun, promise.step)
    late = [(OVER + n, ends + n * step) for n in range(1, promise.again + 1)]
    return Owed(f"{promise.name} {about or begun.isoformat()}", begun, ends, (*parts, *late), says)


def _answer(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if not case.letters and not figures.ours_counts:
        yield promise.spanned(place, case.opened, figures.ack)


def _word(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.resolved is None and not case.paused and not case.outcome_told:
        yield promise.spanned(place, max((case.again or case.opened, *case.letters)), figures.status_every)


def _outcome(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.paused or case.outcome_told:
        return
    if figures.follow_up:
        yield promise.spanned(place, case.again or case.opened, figures.follow_up)
    elif case.resolved is not None:
        yield promise.spanned(place, case.resolved, AFTER_THE_END)


def _obligations(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    for number, (at, due) in case.obligations.items():
        ends = place.midnight(due + DAY)
        parts = [(80, at + (ends - at) * 0.8), (OVER, ends)]
        yield promise.owed(at, parts, str(number), due.isoformat())


def _meeting(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.meeting is not None:
        at, day = case.meeting
        before = place.midnight(day - DAY)
        if before > at:
            yield promise.owed(at, [(OVER, before)], day.isoformat(), day.isoformat())


def _search(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    known = case.paused or case.decided or case.resolved or case.letters_to_reported
    if figures.search and case.searched is not None and not known:
        yield promise.spanned(place, max((case.searched, *case.letters)), figures.search)


def _reported(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    untold = case.party and not case.letters_to_reported and case.finding != "no-violation"
    if figures.tells_reported and case.decided is not None and untold and not case.paused:
        yield promise.spanned(place, case.decided, AFTER_THE_END)


def _reported_outcome(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if not figures.tells_outcome or case.resolved is None or case.decided is None:
        return
    if case.letters_to_reported and max(case.letters_to_reported) < case.decided:
        about = f"{case.resolved.isoformat()} {case.party.casefold()}"
        yield promise.spanned(place, case.resolved, AFTER_THE_END, about)


def _owner(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.stage == "open" and case.resolved is None and not case.paused and len(case.owners) < figures.owners:
        yield promise.spanned(place, case.checked or case.opened, AFTER_THE_END)


def _check_in(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    for days in (30, 90) if case.resolved is not None and case.finding == "violation" else ():
        assert case.resolved is not None
        early = case.resolved + (days - 14) * DAY
        if not any(at >= early for at in case.letters):
            yield promise.spanned(place, case.resolved, f"{days}d", f"{case.resolved.isoformat()} {days}")


def _review(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    for number, measure in enumerate(case.measures, 1):
        if not measure.review:
            yield promise.spanned(place, measure.at, "24h", str(number))


def _interim(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    for number, measure in enumerate(case.measures, 1):
        if measure.until is not None:
            ends = place.midnight(measure.until + DAY)
            parts = [(80, measure.at + (ends - measure.at) * 0.8), (OVER, ends)]
            yield promise.owed(measure.at, parts, str(number), measure.until.isoformat())


# One row for each kind of thing that is owed. A new one is a row, and a function that finds it.
PROMISES = (
    Promise("ack", _answer, (50, 80, OVER), 80),
    Promise("status", _word, (71, OVER), OVER),
    Promise("follow-up", _outcome, (50, 80, OVER), 80),
    Promise("obligation", _obligations, (80, OVER), OVER, to_reporter=False),
    Promise("meeting", _meeting, (OVER,), OVER, to_reporter=False, again=0),
    Promise("search", _search, (80, OVER), OVER, step=DAY),
    Promise("reported", _reported, (50, OVER), OVER, to_reporter=False, again=0),
    Promise("reported-outcome", _reported_outcome, (50, OVER), OVER, to_reporter=False, again=0),
    Promise("owner", _owner, (OVER,), NEVER, to_reporter=False),
    Promise("check-in", _check_in, (OVER,), OVER, again=0, late=4 * WEEK),
    Promise("review", _review, (50, OVER), 50, to_reporter=False),
    Promise("interim", _interim, (80, OVER), 80, to_reporter=False, again=0, late=4 * WEEK),
)


@dataclass(frozen=True)
class Due:
    """A reminder that has become due: what, which part of its time is over, and to whom it goes."""

    promise: Promise
    owed: Owed
    part: int
    to: frozenset[str]

    @property
    def line(self) -> tuple[str, str, bool]:
        """What it says: of what, until when, and whether that is over."""
        until = self.owed.says or self.owed.ends.strftime("%Y-%m-%d %H:%M UTC")
        return self.promise.name, until, self.part >= OVER


@dataclass
class Promises:
    """What one committee owes, over all cases. `watchers` says who watches where nobody takes care of a case."""

    figures: Figures
    place: Place
    watchers: Callable[[Matter, datetime], set[str]]

    def running(self, case: Matter) -> list[tuple[Promise, Owed]]:
        if case.dismissed:
            return []
        reachable = case.reachable and not case.opted_out
        promises = [each for each in PROMISES if reachable or not each.to_reporter]
        return [(each, owed) for each in promises for owed in each.finds(self.figures, self.place, each, case)]

    def next_due(self, case: Matter, now: datetime) -> datetime | None:
        return min((at for _, owed in self.running(case) for _, at in owed.parts if at > now), default=None)

    def come_due(self, case: Matter, now: datetime) -> list[Due]:
        """What has become due and was not told; of what was missed meanwhile, the last. It counts as told from now."""
        found = []
        for promise, owed in self.running(case):
            part = max((part for part, at in owed.parts if at <= now), default=0)
            if part <= case.told.get(owed.key, 0):
                continue
            case.told[owed.key] = part
            if not self._is_past(case, promise, owed, now):
                found.append(Due(promise, owed, part, frozenset(self._reminded(case, promise, part, now))))
        return found

    def _reminded(self, case: Matter, promise: Promise, part: int, now: datetime) -> set[str]:
        if part >= promise.all_from:
            return case.has
        return (case.owners or self.watchers(case, now)) & case.has

    def _is_past(self, case: Matter, promise: Promise, owed: Owed, now: datetime) -> bool:
        """What is long over by itself, or a letter about a case that has been over for two months."""
        if not promise.again:
            return now >= owed.ends + promise.late
        return promise.to_reporter and case.resolved is not None and now > case.resolved + TIMES * WEEK
