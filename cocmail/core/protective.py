"""Danger, and what is done at once to keep people safe: the events, and the measure they add up to (domain R71, R73).

Like the other acts they stand in the chain of the case; `by` is a handle, `at` a time (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DangerSeen:
    """A member says that somebody is in danger now. `text` is what they wrote, "" for nothing."""

    by: str
    at: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MeasureTaken:
    """A protective measure: done, or to hold to the end of the day `until` ("" for what was done once).

    `question` is the number of the vote without which it is not in force, 0 where one member decided it alone.
    """

    number: int
    by: str
    at: str
    text: str
    until: str = ""
    question: int = 0


@dataclass(frozen=True, slots=True)
class MeasureLookedAt:
    """The others vote on what a member decided alone: that is the question of this number."""

    number: int
    question: int


ProtectiveAct = DangerSeen | MeasureTaken | MeasureLookedAt


@dataclass(frozen=True, slots=True)
class Measure:
    """A protective measure as it was told. `proposal` is the vote that it needs, `review` the one on it; 0: none."""

    number: int
    by: str
    at: datetime
    text: str
    until: date | None
    proposal: int = 0
    review: int = 0

    @property
    def label(self) -> str:
        """How people name it: M1."""
        return f"M{self.number}"


def after(measures: Iterable[Measure], act: MeasureTaken | MeasureLookedAt) -> tuple[Measure, ...]:
    """The measures after one more event."""
    if isinstance(act, MeasureLookedAt):
        return tuple(replace(each, review=act.question) if each.number == act.number else each for each in measures)
    until = date.fromisoformat(act.until) if act.until else None
    fresh = Measure(act.number, act.by, datetime.fromisoformat(act.at), act.text, until, act.question)
    return (*measures, fresh)
