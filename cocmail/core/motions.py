"""A question that is voted on, and a challenge that may become one: values of the proceedings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cocmail.core import votes
from cocmail.core.votes import Tally

CONFLICT, INTERIM = "conflict", "interim"
# Questions that go along with any state of the case: it stands where it stood.
ASIDE = frozenset({CONFLICT, INTERIM})
# What is asked about a measure that one member decided alone, and what it means that a majority is against it.
REVIEW, OVERTURNED = "review", "overturned"
# Counted over all who have the case but whoever opened it: nobody is judge of what they did alone.
BUT_MOVER = "but_mover"


@dataclass(frozen=True, slots=True)
class Motion:
    """A question: its parts, the rules that it is counted by, the ballots, and its end once it has one."""

    number: int
    kind: str
    mover: str
    opened_at: datetime
    ends: datetime
    rule: str
    base: str
    quorum: str
    floor: int
    finding: str = ""
    plan: str = ""
    consequence: str = ""
    if_refused: str = ""
    about: str = ""
    asks: str = ""
    text: str = ""
    fallback: str = ""
    objections: datetime | None = None
    ballots: Mapping[str, str] = field(default_factory=dict)
    result: str = ""
    why: str = ""
    closed_at: datetime | None = None
    tally: Tally | None = None

    @property
    def label(self) -> str:
        """How people name it: Q1."""
        return f"Q{self.number}"

    @property
    def is_open(self) -> bool:
        return not self.result

    @property
    def meaning(self) -> str:
        """What its end means: the question's own word, or `not-` before it; of a stated conflict three can be meant.

        Only a majority that says no puts somebody back who stated a conflict: silence never gives access. Nor does it
        end what one member did alone to protect somebody.
        """
        word = self.asks.partition("-")[0] or self.kind
        refused = self.result == "failed" and self.tally is not None and votes.rejected(self.tally)
        if refused and word in ("confirm", REVIEW):
            return "rejected" if word == "confirm" else OVERTURNED
        return word if self.result == "passed" else f"not-{word}"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody says that a member has a conflict; it waits until then for a second voice."""

    by: str
    handle: str
    until: datetime
    text: str
