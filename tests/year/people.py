"""What members and reporters do in a year, and how long they take: stories for `living`, drawn by chance.

Each story does one thing, tells the oracle, and says how long it rests before the next. What is not possible at that
moment is left out: the program never has a reason to refuse.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING

from cocmail.core.model import Wanted
from cocmail.core.trust import Proof
from property.founding import ALIAS
from property.procedures import address_of
from year.days import DAY, HOUR
from year.matters import ALTERNATE, MEMBERS, Matter
from year.protecting import Protecting
from year.stories import Story, a_while

if TYPE_CHECKING:
    from year.living import Year

# Around these the days off and the changes of the clocks lie: some reports come in just before.
BEFORE_HOLIDAYS = ("2026-03-27", "2026-04-02", "2026-04-30", "2026-05-13", "2026-09-18", "2026-10-23", "2026-12-23")
# How many hours members take on average, by the case.
TEMPERS = (5, 20, 240, 60, 12, 600, 30, 100)
# These go their way to the end, so that there is something of everything in each year: nobody drops them, all vote,
# nobody is written to, and what was laid down is not done; but in the first all is done afterwards that is owed. Of the
# second nobody takes care before it is decided. The others go as it happens.
TO_THE_END = DONE_WELL, UNOWNED, _ = (0, 2, 5)
# In this one nobody who is asked about conflicts answers.
SILENT = 3
MOTION = "Finding: it was so.\nPlan: a talk.\nConsequence: none.\nIf refused: a month without us."


class People:
    """The members of one committee, and those who write to it."""

    def __init__(self, year: Year, chance: Random) -> None:
        self._year, self._chance = year, chance
        self._numbers = itertools.count(1)
        self._to_the_end: set[str] = set()
        self._special: dict[str, int] = {}
        self._protecting = Protecting(year, chance)

    _now = property(lambda self: self._year.house.now)

    def report_times(self, begin: datetime, reports: int) -> Iterator[datetime]:
        """Some before holidays, others at any time until autumn."""
        for number in range(reports):
            at = begin + self._chance.random() * 300 * DAY
            if number % 3 == 0:
                day = date.fromisoformat(self._chance.choice(BEFORE_HOLIDAYS))
                at = datetime.combine(day, time(), begin.tzinfo) + self._chance.random() * DAY
            yield at

    def report(self) -> Story:
        year, number = self._year, len(self._year.matters)
        figures, kind = year.figures, 0.5 if number in (*TO_THE_END, SILENT) else self._chance.random()
        excluded = frozenset((self._chance.choice((year.chair, "jun")),)) if kind < 0.25 else frozenset[str]()
        reachable = kind < 0.9
        # Who writes from our own address cannot be answered.
        sender = f"r{number}@visitors.example" if reachable else ALIAS
        text = f"Number {number}, from a visitor."
        letters = year.write("About it", text, Wanted(alias=True, excluded=excluded), sender, Proof())
        case_id = next(each.letter.case_id for each in letters if each.letter.kind == "forward")
        kept_out, now = set(excluded), self._now
        everybody = {*MEMBERS, ALTERNATE} if figures.alternates_too else set(MEMBERS)
        first = year.first_watchers(kept_out, now) if figures.check_first else everybody - kept_out
        case = Matter(case_id, now, reachable, first, set(first), kept_out, excluded)
        if figures.check_first:
            case.stage, case.watch_at = "triage", now + 12 * HOUR
        year.matters.append(case)
        temper = 10 if number in TO_THE_END else TEMPERS[number % len(TEMPERS)]
        self._to_the_end |= {case_id} if number in (*TO_THE_END, SILENT) else set()
        self._special[case_id] = number
        for story in (self._check, self._take_care, self._letters, self._rest, self._decide, self._meet):
            year.plan(self._now, story(case, temper))
        for story in self._protecting.stories(case, temper, surely=number in TO_THE_END, number=number):
            year.plan(self._now, story)
        yield from ()

    # What members do with it

    def _check(self, case: Matter, temper: float) -> Story:
        """The watchers name the party and have the others asked; those answer, or do not."""
        chance, year = self._chance, self._year
        if not year.figures.check_first and chance.random() < 0.4 and case.case_id not in self._to_the_end:
            return
        yield self._a_while(temper / (8 if year.figures.check_first else 1))
        watcher = chance.choice(sorted(year.promises.watchers(case, self._now)))
        if case.dismissed or case.resolved:
            return
        party = f"Kit{next(self._numbers)} Larsen"
        year.says(case, watcher, f'party reported "{party}"')
        case.party = party
        yield self._a_while(min(temper, 15))
        watcher = chance.choice(sorted(year.promises.watchers(case, self._now)))
        if case.dismissed or case.resolved:
            return
        early = case.stage != "open"
        year.says(case, watcher, "check")
        self._want(case, year.checking.put(case, self._now, watcher))
        for handle in sorted(case.ever_asked | ({ALTERNATE} if early else case.has - case.stated)):
            year.plan(self._now + self._a_while(chance.choice((2, 8, 30))), self._answer(case, handle))

    def _answer(self, case: Matter, handle: str) -> Story:
        chance, year = self._chance, self._year
        while handle == ALTERNATE and handle not in case.ever_asked | case.has and chance.random() < 0.95:
            yield 3 * HOUR
        is_new = handle in case.ever_asked and handle not in case.has | case.kept_out
        if (
            self._special[case.case_id] == SILENT
            or case.dismissed
            or chance.random() < 0.25
            or not (is_new or handle in case.has - case.stated)
        ):
            return
        clear = not is_new or chance.random() < 0.75
        year.says(case, handle, "clear" if clear else "recuse")
        if is_new:
            self._want(case, year.checking.answered(case, handle, self._now, clear=clear))
        case.stated.add(handle)

    def _take_care(self, case: Matter, temper: float) -> Story:
        """Somebody becomes the owner, who may hand it on; somebody may see that they must not have it."""
        chance, year = self._chance, self._year
        withdraws = sorted(case.has - case.excluded)[0]
        if not year.figures.check_first and year.figures.name != "cncf" and chance.random() < 0.3:
            yield self._a_while(2)
            if withdraws in case.has and not case.owner and case.question is None and not case.decided:
                year.says(case, withdraws, "recuse")
                case.has.discard(withdraws)
                case.kept_out.add(withdraws)
        if chance.random() < 0.3 or self._special[case.case_id] == UNOWNED:
            return
        yield self._a_while(temper / 2)
        self._own(case)
        if case.owner and chance.random() < 0.3:
            yield self._a_while(temper)
            others = sorted(case.has - {case.owner})
            if others and not case.dismissed and case.owner:
                other = chance.choice(others)
                year.says(case, case.owner, f"handoff @{other}")
                case.owner = other
                case.second_owner = "" if case.second_owner == other else case.second_owner

    def _own(self, case: Matter) -> None:
        if not case.owner and not case.dismissed:
            owner = self._chance.choice(sorted(case.has))
            self._year.says(case, owner, "own")
            case.owner = owner

    def _letters(self, case: Matter, temper: float) -> Story:
        for _ in range(0 if case.case_id in self._to_the_end else self._chance.choice((0, 1, 2, 4, 8))):
            yield self._a_while(temper)
            self._write_to_reporter(case)

    def _write_to_reporter(self, case: Matter) -> None:
        """One writes, another sends."""
        year = self._year
        if len(case.has) < 2 or not case.reachable or case.opted_out or case.dismissed:
            return
        author, second = self._chance.sample(sorted(case.has), 2)
        year.says(case, author, "reporter", f"Thank you; this is word {next(self._numbers)}.")
        case.drafts += 1
        year.says(case, second, f"send D{case.drafts}")
        case.letters.append(self._now)

    def _rest(self, case: Matter, temper: float) -> Story:
        """It rests for a while; or it is found to be no report, and taken up again after all."""
        chance, year = self._chance, self._year
        kind = 1.0 if case.case_id in self._to_the_end else chance.random()
        yield self._a_while(temper)
        who = chance.choice(sorted(case.has))
        if kind < 0.4 and not case.resolved and not case.dismissed:
            year.says(case, who, "status paused")
            case.paused = True
            yield self._a_while(300)
            if case.paused and not case.dismissed and not case.resolved and who in case.has:
                year.says(case, who, "status ongoing")
                case.paused = False
        elif kind < 0.55 and case.stage == "open" and not (case.question or case.decided or case.dismissed):
            year.says(case, who, "notreport question")
            case.dismissed = True
            rests = chance.random() * 9 * DAY
            yield rests
            if rests < 7 * DAY - HOUR and who in case.has:
                year.says(case, who, "reopen")
                case.dismissed = False

    def _decide(self, case: Matter, temper: float) -> Story:
        """A motion, ballots, the end; a letter about the outcome, or none; what the reported person has to do."""
        chance, year = self._chance, self._year
        surely = case.case_id in self._to_the_end
        if chance.random() < 0.3 and not surely:
            return
        yield self._a_while(temper) + (30 if year.figures.check_first else 3) * HOUR
        if self._special[case.case_id] == UNOWNED:
            yield 2 * DAY
        while surely and (case.stage != "open" or case.question is not None):
            yield 10 * HOUR
        if not self._can_decide(case):
            return
        mover = chance.choice(sorted(case.has))
        for tag in year.figures.asks_first:
            year.judge(case, mover, tag)
        year.says(case, mover, "motion outcome", MOTION)
        self._want(case, year.checking.begin_vote(case, self._now))
        number = case.questions
        for handle in sorted(case.has):
            year.plan(self._now + self._a_while(chance.choice((5, 30))), self._vote(case, handle, number))
        while case.question is not None:
            yield 20 * HOUR
        if year.results.get((case.case_id, number)) != "passed" or case.dismissed:
            return
        yield self._a_while(temper)
        self._own(case)
        if case.owner and (surely or chance.random() < 0.8):
            self._resolve(case)
            yield from self._afterwards(case, temper)

    def _can_decide(self, case: Matter) -> bool:
        busy = case.dismissed or case.resolved or case.question is not None or case.decided
        return case.stage == "open" and not busy and len(case.has) >= 3

    def _vote(self, case: Matter, handle: str, number: int) -> Story:
        surely = case.case_id in self._to_the_end
        if self._chance.random() < 0.12 and not surely:
            return
        if case.question is not None and case.question.number == number and handle in case.has:
            ballot = "yes" if surely or self._chance.random() < 0.93 else "no"
            self._year.says(case, handle, f"vote Q{number} {ballot}")
            case.question.voted.add(handle)
            self._want(case, self._year.checking.voted(case))
        yield from ()

    def _resolve(self, case: Matter) -> None:
        """The owner is asked whether they mean it, and says yes."""
        year, owner = self._year, case.owner
        surely = case.case_id in self._to_the_end
        case.finding = "violation" if surely else self._chance.choice(("violation", "no-violation", "no-action"))
        letters = year.says(case, owner, f'resolve {case.finding} "Handled"')
        (question,) = (each.letter.question for each in letters if each.letter.kind == "confirm")
        year.write("Yes", "", Wanted(confirm=question), address_of(owner), Proof())
        case.resolved, case.paused = self._now, False

    def _afterwards(self, case: Matter, temper: float) -> Story:
        chance, year = self._chance, self._year
        well = self._special[case.case_id] == DONE_WELL
        surely = not well and case.case_id in self._to_the_end
        if well or (chance.random() < 0.7 and not surely):
            yield self._a_while(min(temper, 60))
            self._write_to_reporter(case)
        if well or (chance.random() < 0.2 and not surely):
            year.plan(self._now + 25 * DAY, self._ask_how_they_are(case))
        for _ in range(1 if surely or well else chance.choice((0, 1, 1, 2))):
            yield self._a_while(20)
            due = year.place.day(self._now + chance.choice((6, 20, 50, 100)) * DAY)
            case.laid_down += 1
            number = case.laid_down
            year.says(case, chance.choice(sorted(case.has)), f'obligation "talk {number}" due:{due}')
            case.obligations[number] = (self._now, due)
            if well or (chance.random() < 0.5 and not surely):
                year.plan(self._now + self._a_while(30 if well else 400), self._done(case, number))
        if chance.random() < 0.2 and not surely and not well:
            yield self._a_while(600)
            year.says(case, chance.choice(sorted(case.has)), "reopen")
            case.again, case.resolved, case.decided, case.finding = self._now, None, None, ""

    def _ask_how_they_are(self, case: Matter) -> Story:
        self._write_to_reporter(case)
        yield from ()

    def _done(self, case: Matter, number: int) -> Story:
        self._year.says(case, self._chance.choice(sorted(case.has)), f"done {number}")
        del case.obligations[number]
        yield from ()

    def _meet(self, case: Matter, temper: float) -> Story:
        chance = self._chance
        for _ in range(1 if case.case_id in self._to_the_end else chance.choice((0, 0, 1, 2))):
            yield self._a_while(temper)
            if not case.dismissed and not case.resolved:
                ahead = 4 if case.case_id in self._to_the_end else chance.choice((0, 1, 4, 10))
                day = self._year.place.day(self._now + ahead * DAY)
                if case.meeting is None or case.meeting[1] < day:
                    self._year.says(case, chance.choice(sorted(case.has)), f"meet {day}")
                    case.meeting = (self._now, day)

    def _want(self, case: Matter, letters: list[tuple[str, str]]) -> None:
        for template, handle in letters:
            self._year.want(case, handle, template)

    def _a_while(self, hours: float) -> timedelta:
        return a_while(self._chance, hours)
