"""What a tag's function is given, and what it gives back.

It adds to the plan and returns its line of the receipt: `outcome` (what happened, a word of the receipt's templates)
and the words that the sentence needs. A line made by `refuse` means that nothing may run of the whole mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import readers
from cocmail.core.model import Committee, Member
from cocmail.core.places import tell
from cocmail.core.plan import Plan
from cocmail.core.setting import Message
from cocmail.core.tags import Tag

Line = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One tag of one mail. `case_id` is "" for none, `text` what the member wrote in the mail, without quotes.

    `question` is the question (q1) whose mail is answered or that the Subject stands under, or ""; `confirmed` tells
    whether the member confirmed this mail at the registered address. `came` is when it came in, or was confirmed.
    """

    plan: Plan
    message: Message
    case_id: str
    member: Member
    tag: Tag
    text: str = ""
    question: str = ""
    confirmed: bool = False
    came: datetime | None = None

    @property
    def committee(self) -> Committee:
        return self.plan.setting.committee

    @property
    def case(self) -> Case:
        return self.plan.cases[self.case_id]

    @property
    def at(self) -> str:
        """The time of the decision (ISO 8601)."""
        return self.plan.setting.now.isoformat()

    @property
    def others(self) -> list[Member]:
        """The other members who have the case."""
        return [member for member in readers(self.committee, self.case) if member.handle != self.member.handle]

    def tell_others(self, what: str, *, but: Member | None = None, need: Level = Level.FULL, **words: object) -> int:
        """A notice of what this member did to everybody else who has the case; says to how many.

        `what` is a word of the template, `but` somebody whom it is about, `need` how much of the case they must have.
        """
        said = {"what": what, "name": self.member.name, **words}
        about = f"{self.message.id} {self.tag}"
        spared = {self.member.handle, *([but.handle] if but is not None else [])}
        return tell(self.plan, self.case_id, about, "changed", said, but=spared, need=need)


Command = Callable[[Call], Line]


def refuse(outcome: str, **words: object) -> Line:
    """The line of a tag that does not run."""
    return {"outcome": outcome, "refused": True, **words}


def done(outcome: str, *, undo: str = "", **words: object) -> Line:
    """The line of a tag that ran. `undo` is the tag, as it is written, that takes it back."""
    return {"outcome": outcome, "undo": undo, **words}


def unchanged(outcome: str, *, undo: str = "", **words: object) -> Line:
    """The line of a tag that asks for what is so already."""
    return {"outcome": outcome, "unchanged": True, "undo": undo, **words}


def wait_for_yes(outcome: str, **words: object) -> Line:
    """The line of a tag that runs only once the member has confirmed it."""
    return {"outcome": outcome, "confirm": True, **words}
