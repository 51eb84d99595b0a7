"""A year of a committee: reports come in, members do something about them, late or never; for `test_a_year`.

The decisions, the store, the timers and the queue are the real ones (`property.committees`); the clock is ours. Every
letter that has to do with a deadline is held against what the oracle wants at that moment: no other may come.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from cocmail.config.calendars import make_calendar
from cocmail.core.effects import Letter
from cocmail.core.model import Wanted
from cocmail.core.trust import Proof
from property.committees import House
from property.founding import Delivered
from property.procedures import address_of
from property.quick import QuickStore
from year.checking import Checking
from year.counting import Count
from year.days import DAY, HOUR, Place
from year.matters import ALTERNATE, MEMBERS, Figures, Matter
from year.people import People
from year.promises import Promises
from year.service import Service
from year.serving import serving
from year.stories import Story

NEW_YEAR, NEXT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# The daemon looks at the clock so often at least.
TICK = 30
# Who may have a letter of these, when and how often, is what all this is about.
TIMED = frozenset({
    "deadline", "late", "check", "check_reminder", "checked", "watch_reminder", "tally", "renewal", "no_answer",
})  # fmt: skip

# A letter: its case, to whom, its template, and what of it is over or will be.
Expected = Counter[tuple[str, str, str, tuple[tuple[str, str, bool], ...]]]


class Year:
    """One committee's year with so many reports. `count` is what came of its promises."""

    def __init__(self, figures: Figures, place: Place, store: QuickStore, reports: int, seed: int) -> None:
        self.figures, self.place, self.chance = figures, place, Random(f"{figures.name} {seed}")
        # Of its own, so that what people do does not hang on how often the machine looks.
        self._machine = Random(seed)
        # Where few read at first, the chair is none of them.
        self.chair = "ivo" if figures.check_first else "amara"
        calendar = make_calendar(place.country or None, place.zone, NEW_YEAR.date())
        self.house = House(
            figures.name, store, Counter(), whole=False, now=NEW_YEAR, calendar=calendar, chair=self.chair
        )
        self.promises = Promises(figures, place, self._watchers)
        self.checking = Checking(figures, place, self._is_away)
        self.service = Service(figures, MEMBERS_AND_OTHERS, self.chair, NEW_YEAR)
        self.count = Count(figures.name)
        self.matters: list[Matter] = []
        self.away: dict[str, list[tuple[date, date]]] = {}
        self.wanted: Expected = Counter()
        self.results: dict[tuple[str, int], str] = {}
        self._next_timer: datetime | None = None
        self._agenda: list[tuple[datetime, int, Story]] = []
        self._numbers = itertools.count()
        self._people = People(self, self.chance)
        for begins in self._people.report_times(NEW_YEAR, reports):
            self.plan(begins, self._people.report())
        for story in serving(self, self.chance):
            self.plan(NEW_YEAR, story)
        # What depends on the day is asked every day; where there is nothing of that kind, now and then.
        for day in range(0, 366, 1 if figures.renewal_days else 9):
            self.plan(NEW_YEAR + day * DAY + self._machine.random() * 8 * HOUR, self._daily())

    # Time

    def live(self) -> None:
        self.house.fresh.clear()
        while self.house.now < NEXT:
            coming = [self.promises.next_due(case, self.house.now) for case in self.matters]
            coming += [self.checking.next_due(case) for case in self.matters]
            coming += [self._next_timer, self._agenda[0][0] if self._agenda else NEXT]
            moment = min(at for at in coming if at is not None)
            jitter = timedelta(seconds=self._machine.random() * TICK)
            self.house.now = max(self.house.now, moment) + jitter
            if self._machine.random() < 0.01:
                self.house.restart()
            acts = self._agenda and moment == self._agenda[0][0]
            if not acts or (self._next_timer is not None and self._next_timer <= self.house.now):
                self._look()
            while self._agenda and self._agenda[0][0] <= self.house.now:
                self._go_on(heapq.heappop(self._agenda)[2])
        for case in self.matters:
            self.count.ends(case, self.promises.running(case), self.house.now)

    def plan(self, at: datetime, story: Story) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), story))

    def _go_on(self, story: Story) -> None:
        """One thing that people do, and what comes of it at once; then they rest."""
        before = {case.case_id: self.promises.running(case) for case in self.matters}
        rest = next(story, None)
        self._tick()
        for case in self.matters:
            now_running = self.promises.running(case)
            self.count.changed(case, before.get(case.case_id, []), now_running, self.house.now)
        if rest is not None:
            self.plan(self.house.now + rest, story)

    def _tick(self) -> None:
        """The daemon looks at the clock and sends; so does the oracle."""
        due = self.house.next_timer()
        if due is not None and due <= self.house.now:
            self.house.look_at_the_clock()
            self.house.send()
            due = self.house.next_timer()
        self._next_timer = due
        for case in self.matters:
            for template, handle in self.checking.come_due(case, self.house.now):
                self.want(case, handle, template)
            self.checking.review(case, self.house.now)
            self._remind(case)
        self.compare()

    def _look(self) -> None:
        """It is time; what ends by itself at this look is counted, too."""
        moved = [(case, self.promises.running(case)) for case in self.matters if self._moves(case)]
        self._tick()
        for case, before in moved:
            self.count.changed(case, before, self.promises.running(case), self.house.now)

    def _moves(self, case: Matter) -> bool:
        """Whether something may end by itself at this look."""
        due = self.checking.next_due(case)
        return (due is not None and due <= self.house.now) or any(not each.review for each in case.measures)

    def _remind(self, case: Matter) -> None:
        due = self.promises.come_due(case, self.house.now)
        for handle in sorted(set().union(*(each.to for each in due))):
            self.want(case, handle, "deadline", sorted(each.line for each in due if handle in each.to))
        late = any(each.part >= 100 and each.promise.to_reporter for each in due)
        tells_chair = late and self.chair not in case.has and self.chair not in case.excluded
        if tells_chair:
            self.want(case, self.chair, "late")
        for each in due:
            self.count.reminded(each, tells_chair=tells_chair)

    def _daily(self) -> Story:
        self.house.look_at_the_members_service()
        self.house.send()
        for template, handle in self.service.come_due(self.house.now):
            self.wanted["", handle, template, ()] += 1
            self.count.served(template)
        yield from ()

    # Letters

    def want(self, case: Matter, handle: str, template: str, lines: list[tuple[str, str, bool]] | None = None) -> None:
        if template in TIMED:
            self.count.asked(
                "alternates asked" if (template, handle) == ("check", ALTERNATE) and case.stage != "open" else template
            )
            self.wanted[case.case_id, handle, template, tuple(lines or ())] += 1

    def compare(self) -> None:
        """Exactly what is due came, to exactly these people, at this look and no other."""
        came: Expected = Counter()
        for delivered in self.house.fresh:
            letter = delivered.letter
            if letter.template in TIMED:
                came[letter.case_id, letter.to.handle, letter.template, _lines(delivered)] += 1
            if letter.template == "tally":
                self._hear_result(letter.case_id, letter.label, _words(letter)["motion"]["result"])
        self.house.fresh.clear()
        wanted, self.wanted = self.wanted, Counter()
        assert came == wanted, f"{self.house.now}: too much: {came - wanted}; missing: {wanted - came}"

    def _hear_result(self, case_id: str, label: str, result: str) -> None:
        """How a vote ended is counted elsewhere (`property`); here it is only known."""
        case = next(each for each in self.matters if each.case_id == case_id)
        number = int(label[1:])
        self.results[case_id, number] = result
        if result == "passed" and number not in {measure.review for measure in case.measures}:
            case.decided = self.house.now

    # What people hand in

    def write(self, subject: str, text: str, wanted: Wanted, sender: str, proof: Proof) -> list[Delivered]:
        """A mail that is looked at at once; gives the letters that came of it."""
        before = len(self.house.fresh)
        self.house.accept(sender, subject, text, wanted, proof)
        self.house.work_off()
        return self.house.fresh[before:]

    def says(self, case: Matter | None, handle: str, tag: str, text: str = "") -> list[Delivered]:
        """A member's tag, which has to run: the oracle hears of it next."""
        code_name, token = self.house.address(case.case_id, f"member:{handle}") if case else ("", "")
        wanted = Wanted(token=token) if token else Wanted(alias=True)
        subject = f"Re: [{code_name}] Committee case #{tag}" if case else f"#{tag}"
        address = address_of(handle)
        letters = self.write(subject, text, wanted, address, Proof(address, "dmarc"))
        answers = [each.letter for each in letters if each.letter.kind in ("receipt", "confirm")]
        lines = [line for letter in answers for line in _words(letter).get("lines", ())]
        refused = [line for line in lines if line.get("refused") or line.get("unchanged")]
        assert [each.to.handle for each in answers] == [handle] and not refused, f"{handle} {tag}: {lines}"
        return letters

    def judge(self, case: Matter, handle: str, tag: str) -> None:
        """What has to be said before other things, unless it was."""
        if tag not in case.judged:
            self.says(case, handle, tag)
            case.judged.add(tag)

    # Who

    def _is_away(self, handle: str, now: datetime) -> bool:
        return any(first <= now.date() <= last for first, last in self.away.get(handle, ()))

    def first_watchers(self, kept_out: set[str], now: datetime) -> set[str]:
        """The first members who are not away; where all are, the first all the same."""
        able = [each for each in MEMBERS if each not in kept_out]
        there = [each for each in able if not self._is_away(each, now)]
        return set((there or able)[: self.figures.watchers])

    def _watchers(self, case: Matter, now: datetime) -> set[str]:
        if self.figures.check_first:
            return case.watching & case.has
        return self.first_watchers(set(MEMBERS) - case.has, now)


MEMBERS_AND_OTHERS = (*MEMBERS, "lee", "ruth")


def _words(letter: Letter) -> dict[str, Any]:
    return dict(letter.words)


def _lines(delivered: Delivered) -> tuple[tuple[str, str, bool], ...]:
    if delivered.letter.template != "deadline":
        return ()
    lines = _words(delivered.letter)["lines"]
    return tuple(sorted((str(each["what"]), str(each["until"]), bool(each["over"])) for each in lines))
