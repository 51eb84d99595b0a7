"""How members protect people, look for somebody, write to the reported person, and write to the reporter no more:
stories for `living`.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from year.days import DAY
from year.matters import Matter, Measure
from year.stories import Story, a_while

if TYPE_CHECKING:
    from year.living import Year

# Of the cases that go to the end: in this one the reported person hears all, in that one not how it ended.
HEARS_ALL, HEARS_HALF = 0, 5


class Protecting:
    """What members of one committee do beside asking, writing to the reporter and voting."""

    def __init__(self, year: Year, chance: Random) -> None:
        self._year, self._chance = year, chance

    _now = property(lambda self: self._year.house.now)

    def stories(self, case: Matter, temper: float, *, surely: bool, number: int) -> Iterator[Story]:
        yield self._danger(case, temper, surely=surely)
        yield self._act_alone(case)
        yield self._second_owner(case, temper)
        if not surely:
            yield self._wish(case, temper)
        if not surely or number in (HEARS_ALL, HEARS_HALF):
            yield self._reported(case, temper, surely=surely, whole=number != HEARS_HALF)

    def _danger(self, case: Matter, temper: float, *, surely: bool) -> Story:
        """Somebody may be in danger, is looked for, and kept away for some days."""
        if self._chance.random() < 0.5 and not surely:
            return
        yield a_while(self._chance, 3)
        while surely and self._waits(case):
            yield a_while(self._chance, 5)
        if case.dismissed or case.resolved:
            return
        who, figures = self._chance.choice(sorted(case.has)), self._year.figures
        self._year.says(case, who, "danger")
        case.searched = self._now
        if figures.alone and not self._waits(case) and not case.decided and (surely or self._chance.random() < 0.7):
            until = self._year.place.day(self._now + self._chance.choice((0, 1, 9, 60)) * DAY)
            self._year.says(case, who, f"interim until:{until}", "Nobody lets them in.")
            self._takes(case, Measure(who, self._now, until))

    def _waits(self, case: Matter) -> bool:
        """One question at a time is all that the oracle knows."""
        return case.question is not None or any(not measure.review for measure in case.measures)

    def _act_alone(self, case: Matter) -> Story:
        """Who is the only one that knows of it does something at once."""
        yield a_while(self._chance, 1)
        if len(case.has) == 1 and case.stage == "triage" and not case.dismissed and not case.measures:
            (who,) = case.has
            self._year.says(case, who, "act", "I took them home.")
            self._takes(case, Measure(who, self._now, None))

    def _takes(self, case: Matter, measure: Measure) -> None:
        """The others look at it within a day, or keep silent."""
        case.measures.append(measure)
        self._year.checking.review(case, self._now)
        for handle in sorted(case.has - {measure.by}) if self._chance.random() < 0.5 else ():
            self._year.plan(self._now + a_while(self._chance, 9), self._agrees(case, handle, measure))

    def _agrees(self, case: Matter, handle: str, measure: Measure) -> Story:
        if case.question is not None and case.question.number == measure.review and handle in case.has:
            self._year.says(case, handle, f"vote Q{measure.review} yes")
            case.question.voted.add(handle)
            for template, reader in self._year.checking.voted(case):
                self._year.want(case, reader, template)
        yield from ()

    def _second_owner(self, case: Matter, temper: float) -> Story:
        if self._year.figures.owners < 2 or self._chance.random() < 0.3:
            return
        yield a_while(self._chance, temper)
        others = sorted(case.has - {case.owner})
        if others and case.stage == "open" and not case.dismissed:
            case.second_owner = self._chance.choice(others)
            self._year.says(case, case.second_owner, "own secondary")

    def _reported(self, case: Matter, temper: float, *, surely: bool, whole: bool) -> Story:
        """The reported person hears of the report, and perhaps how it ended."""
        if self._chance.random() < 0.4 and not surely:
            return
        yield a_while(self._chance, temper / 2)
        # Where they need not hear how it ended, they hear of it at all once it was decided.
        waits = surely and whole and not self._year.figures.tells_outcome
        while surely and not (case.stage == "open" and case.party and (case.decided or not waits)):
            yield a_while(self._chance, 1)
        self._write(case)
        while case.resolved is None:
            yield 12 * a_while(self._chance, 1)
        yield a_while(self._chance, 12)
        if whole and (surely or self._chance.random() < 0.6):
            self._write(case)

    def _wish(self, case: Matter, temper: float) -> Story:
        """The reporter wants no more mail, and perhaps wants it again."""
        if self._chance.random() < 0.75:
            return
        yield a_while(self._chance, temper * 2)
        for tag in ("optout", "optin"):
            if case.owner and not case.dismissed and case.opted_out == (tag == "optin"):
                self._year.says(case, case.owner, tag)
                case.opted_out = tag == "optout"
            yield a_while(self._chance, 500)

    def _write(self, case: Matter) -> None:
        """One writes, another sends; before that somebody has to say whether it is theirs, and how safe it is."""
        if case.stage != "open" or not case.party or case.dismissed or len(case.has) < 2:
            return
        year, (author, second) = self._year, self._chance.sample(sorted(case.has), 2)
        if case.resolved is None:
            year.judge(case, author, "scope in")
            year.judge(case, author, "risk repeat:no")
        if not {"scope", "risk"} <= {word.split()[0] for word in case.judged}:
            return
        address = f"{case.party.split()[0].casefold()}@visitors.example"
        year.says(case, author, "reported", f"To: {address}\n\nPlease be quieter. This is word {case.drafts}.")
        case.drafts += 1
        year.says(case, second, f"send D{case.drafts}")
        case.letters_to_reported.append(self._now)
