"""A message that was put aside, as the digests list it; kept beside the message until somebody opens it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cocmail.core.classify import LISTED, Reason

# Under which a message is filed that a member can open.
PUT_ASIDE = frozenset(reason.value for reason in (*LISTED, Reason.FLOOD))


@dataclass(frozen=True, slots=True)
class Aside:
    """`entry` is the stored message, `readers` who may be told of it, each with what they were searched for as.

    `roster` stands for everybody whom its text was searched for, `listed` is when a digest had it, or "". `authors` are
    its From addresses, `cases` those that it answers: who is kept from theirs by now is not told. `letters` are the
    digests that have it, by their ids, `running` how long daemons had run in all when it was listed, in seconds.
    """

    entry: str
    reason: str
    came: str
    sender: str
    subject: str
    readers: Mapping[str, str]
    roster: str
    listed: str = ""
    authors: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    running: int = 0

    @property
    def is_flood(self) -> bool:
        return self.reason == Reason.FLOOD.value


def encode_aside(aside: Aside, committee: str) -> bytes:
    """An aside as JSON, with the committee that it came for."""
    return json.dumps({**asdict(aside), "committee": committee}, ensure_ascii=False).encode()


def decode_aside(data: bytes) -> tuple[str, Aside]:
    """The committee and what `encode_aside` wrote. Raises TypeError or ValueError for one of a later release."""
    values = json.loads(data)
    committee: str = values.pop("committee")
    authors, answered, letters = (tuple(values.pop(name, ())) for name in ("authors", "cases", "letters"))
    return committee, Aside(**values, authors=authors, cases=answered, letters=letters)
