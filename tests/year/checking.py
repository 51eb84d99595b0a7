"""Who is let into a case by time, who is asked and reminded, when a vote is over: part of the oracle of `test_a_year`.

It imports nothing of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from year.days import DAY, HOUR, Place
from year.matters import ALTERNATE, MEDIATOR, MEMBERS, Asked, Figures, Matter, Question

OPEN_FOR, REVIEW_WITHIN = "72h", "24h"
# Template and recipient of a letter that has to come now.
Letters = list[tuple[str, str]]


class Checking:
    """The conflict question, the watch over a case before it is put, and votes, of one committee."""

    def __init__(self, figures: Figures, place: Place, is_away: Callable[[str, datetime], bool]) -> None:
        self._figures, self._place, self._is_away = figures, place, is_away

    def next_due(self, case: Matter) -> datetime | None:
        times = [case.watch_at if case.stage == "triage" else None]
        times += [case.asked.half, case.asked.until] if case.asked is not None else []
        times += [case.question.ends] if case.question is not None else []
        return min((at for at in times if at is not None), default=None)

    def come_due(self, case: Matter, now: datetime) -> Letters:
        found: Letters = []
        if case.dismissed:
            self._pass_over(case, now)
            return found
        if case.stage == "triage" and case.watch_at is not None and case.watch_at <= now:
            found += self._watch(case, now)
        if case.asked is not None and case.asked.half is not None and case.asked.half <= now:
            case.asked.half = None
            reminded = self._reminded(case) if case.resolved is None and now < case.asked.until else ()
            found += [("check_reminder", each) for each in reminded]
        if case.asked is not None and case.asked.until <= now:
            case.asked = None
            found += self._go_on(case, now)
        if case.question is not None and case.question.ends <= now:
            found += self._close(case)
        return found

    def _pass_over(self, case: Matter, now: datetime) -> None:
        """What falls due while it is no report is not made up for."""
        if case.asked is not None and case.asked.half is not None and case.asked.half <= now:
            case.asked.half = None
        if case.asked is not None and case.asked.until <= now:
            case.asked = None

    def put(self, case: Matter, now: datetime, mover: str) -> Letters:
        """The watchers, or whoever takes care of it, have the others asked."""
        outside = {each for each in MEMBERS if each not in case.has | case.kept_out}
        inside = case.has - case.stated - {mover} if case.stage == "open" else set()
        if outside or inside or case.stage != "open":
            self._ask(case, now, outside)
            case.stage = "open" if case.stage == "open" else "checking"
        letters: Letters = [("check", each) for each in outside | inside]
        return letters + (self._go_on(case, now) if not outside | inside else [])

    def answered(self, case: Matter, who: str, now: datetime, *, clear: bool) -> Letters:
        (case.has if clear else case.kept_out).add(who)
        case.stated |= {who} if clear else set()
        if case.asked is not None:
            case.asked.waiting.discard(who)
        return self._go_on(case, now) if case.asked is None or not case.asked.waiting else []

    def voted(self, case: Matter) -> Letters:
        """It is over as soon as all who have the case have voted."""
        assert case.question is not None
        return self._close(case) if case.has - {case.question.but} <= case.question.voted else []

    def begin_vote(self, case: Matter, now: datetime, lasts: str = OPEN_FOR, but: str = "") -> Letters:
        case.questions += 1
        case.question = Question(case.questions, self._place.is_over(now, lasts), but=but)
        return [("vote", each) for each in case.has]

    def review(self, case: Matter, now: datetime) -> None:
        """What one did alone is put to the others as soon as there are any."""
        for measure in case.measures:
            if not measure.review and not case.dismissed and case.has - {measure.by}:
                self.begin_vote(case, now, REVIEW_WITHIN, measure.by)
                measure.review = case.questions

    def _ask(self, case: Matter, now: datetime, who: set[str]) -> None:
        until = self._place.is_over(now, self._figures.conflict_answer)
        case.asked = Asked(until, now + (until - now) / 2, set(who))
        case.ever_asked |= who

    def _reminded(self, case: Matter) -> set[str]:
        """Who has not answered; where all have read it before, who of them has not said so either."""
        waiting = {each for each in case.ever_asked if each not in case.has | case.kept_out}
        return waiting | (set() if self._figures.check_first else case.has - case.stated)

    def _watch(self, case: Matter, now: datetime) -> Letters:
        """Nobody was asked yet: all who have it are reminded, and the next one looks where nobody did anything."""
        case.watched += 1
        case.watch_at = now + (12 * HOUR if case.watched == 1 else DAY)
        found: Letters = [("watch_reminder", each) for each in case.has]
        left = [each for each in MEMBERS if each not in case.has | case.kept_out]
        present = [each for each in left if not self._is_away(each, now)]
        if not case.party:
            case.has |= set((present or left)[:1])
            case.watching |= set((present or left)[:1])
        return found

    def _go_on(self, case: Matter, now: datetime) -> Letters:
        """All have answered, or their time is over: enough have it, or alternates are asked, or the mediator comes."""
        if not self._figures.check_first or case.stage == "triage" or case.resolved is not None:
            return []
        if len(case.has) < self._figures.fewest:
            if ALTERNATE not in case.has | case.kept_out | case.ever_asked:
                self._ask(case, now, {ALTERNATE})
                return [("check", ALTERNATE)]
            if MEDIATOR not in case.has:
                case.has.add(MEDIATOR)
                case.watching.add(MEDIATOR)
        if case.stage != "checking":
            return []
        case.stage, case.asked, case.checked = "open", None, now
        return [("checked", each) for each in case.has]

    def _close(self, case: Matter) -> Letters:
        case.question = None
        return [("tally", each) for each in case.has]
