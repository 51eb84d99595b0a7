"""Counting: whether a question passes, in exact whole numbers (domain analysis, section B).

The rule: who abstains or is silent stays in the base, so silence can block and the closing mail says so. This module
knows numbers alone, nothing of cases or people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

CHOICES = ("yes", "no", "abstain")


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of a question. `base` is how many it is counted over, ballots and silence together."""

    yes: int
    no: int
    abstain: int
    not_voted: int

    @property
    def base(self) -> int:
        return self.yes + self.no + self.abstain + self.not_voted

    @property
    def cast(self) -> int:
        return self.yes + self.no + self.abstain


RULES: Mapping[str, Callable[[Tally], bool]] = {
    "majority": lambda tally: 2 * tally.yes > tally.base,
    "two_thirds": lambda tally: tally.base > 0 and 3 * tally.yes >= 2 * tally.base,
    "unanimous": lambda tally: tally.base > 0 and tally.yes == tally.base,
    # No voice against it and more than half for it; nothing else breaks a deadlock.
    "consensus": lambda tally: tally.no == 0 and 2 * tally.yes > tally.base,
}


def count(base: frozenset[str], ballots: Mapping[str, str]) -> Tally:
    """The tally over the handles of `base`; a ballot of anybody else does not count."""
    cast = [ballots[handle] for handle in base if handle in ballots]
    yes, no, abstain = (cast.count(choice) for choice in CHOICES)
    return Tally(yes, no, abstain, len(base) - len(cast))


def has_quorum(quorum: str, floor: int, tally: Tally) -> bool:
    """Whether enough took part. `quorum` is none or majority (of the base), `floor` a number of ballots besides."""
    return tally.cast >= floor and (quorum != "majority" or 2 * tally.cast > tally.base)


def passes(rule: str, quorum: str, floor: int, tally: Tally, fallback: str = "") -> bool:
    """Whether the question passes; without consensus by the `fallback` rule, too. KeyError for an unknown rule."""
    rules = (rule, fallback) if rule == "consensus" and fallback else (rule,)
    return has_quorum(quorum, floor, tally) and any(RULES[each](tally) for each in rules)


def rejected(tally: Tally) -> bool:
    """Whether more than half of the base say no: silence rejects nothing."""
    return 2 * tally.no > tally.base
