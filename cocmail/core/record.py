"""What members put on record in a case: remarks, letters, judgements, what has to be done, and when they meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cocmail.core.model import Person


@dataclass(frozen=True, slots=True)
class Remark:
    """A text of the record: a note, a plan or a consequence. `day` is the day that it is about."""

    by: str
    at: datetime
    part: str
    text: str
    day: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter to somebody outside that a member proposes, or that has been sent.

    `files` are the SHA-256 (hex) of what goes with it; the bytes are in the stored message `entry`.
    """

    number: int
    to: Person
    author: str
    at: datetime
    text: str
    sent_by: str = ""
    sent_at: datetime | None = None
    address: str = ""
    entry: str = ""
    files: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How people name it: D1."""
        return f"D{self.number}"


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that the reported person has to do by the end of a day; `met_at` once a member says that it is done."""

    number: int
    by: str
    at: datetime
    text: str
    due: date
    met_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """The day on which the members meet about a case, and when it was set."""

    at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Fact:
    """What a member judged or did, for the record: `what` is a word of a closed list, `value` goes with it."""

    at: datetime
    by: str
    what: str
    value: str = ""
