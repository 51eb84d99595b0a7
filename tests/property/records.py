"""What the oracle of `test_who_sees_what` keeps of a case: who wrote what, places, questions, drafts.

It imports nothing of the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from property.procedures import passes


@dataclass(frozen=True)
class Said:
    """What a member wrote to a case: talk, or a tag with its arguments.

    `number` is that of a question, of a draft or of a list, `about` another member, `word` a keyword. `canary` is the
    word in its text that nothing else holds ("" where there is no text), `named` whom the text names, `sender` whose
    address it came from; `by_token`: it came to the member's reply address, not to the alias.
    """

    case: str
    author: str
    tag: str = ""
    number: int = 0
    ballot: str = ""
    word: str = ""
    about: str = ""
    canary: str = ""
    named: frozenset[str] = frozenset()
    sender: str = ""
    by_token: bool = True


@dataclass
class Place:
    """What a member is to a case: in, limited, asked, recused, withheld, or left the committee.

    `had`: there was access once; `since`: from which entry on somebody who was new has the others' talk.
    """

    standing: str
    address: str = ""
    why: str = ""
    conflict: str = ""
    level: str = "none"
    had: bool = False
    since: int = 0
    stated: bool = False
    until: datetime | None = None
    number: int = 0
    staged: bool = False
    shown: bool = False


@dataclass(frozen=True)
class Entry:
    """Something that was written: who was looked for in it, as `handle address`, and who of them is named.

    `text` are all whom it names, though nobody looked for them then.
    """

    canary: str
    author: str
    kind: str
    looked_for: frozenset[str]
    named: frozenset[str]
    text: frozenset[str]


@dataclass(eq=False)
class Question:
    """`canaries` are the words of its text; `asks` is outcome, remove, confirm, restore, force, lift or limit."""

    asks: str
    mover: str
    canaries: frozenset[str]
    ends: datetime
    rule: str
    about: str = ""
    more_than_half: bool = False
    at_least: int = 0
    level: str = ""
    objections: datetime | None = None
    ballots: dict[str, str] = field(default_factory=dict)
    put_off: datetime | None = None
    result: str = ""
    objected: bool = False
    counts: tuple[int, ...] = ()

    @property
    def on_conflict(self) -> bool:
        return self.asks not in ("outcome", "remove")

    def passes(self, yes: int, no: int, abstain: int, silent: int) -> bool:
        return passes(self.rule, yes, no, abstain, silent, more_than_half=self.more_than_half, at_least=self.at_least)


@dataclass
class Draft:
    author: str
    canary: str
    sent: bool = False


@dataclass(eq=False)
class Challenge:
    by: str
    about: str
    canary: str
    until: datetime
