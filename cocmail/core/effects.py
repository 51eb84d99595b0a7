"""What a decision wants done. Values only; the pipeline carries them out in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cocmail.core.book import Book
from cocmail.core.classify import Reason
from cocmail.core.events import Event
from cocmail.core.model import Person

if TYPE_CHECKING:
    from cocmail.core.asides import Aside
    from cocmail.core.counts import Count
    from cocmail.core.tombstones import Tombstone


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person, to be composed when it is sent.

    `kind` is the Cocmail-Kind, `template` names the text, `case_id` the case that it tells of ("" for none), `entry`
    the stored message whose content it carries ("" for none), `address` where it goes, `token` the Reply-To's. `id`
    makes the Message-ID, the same at every try. `words` fill the template; they are sealed with the rest. `question` is
    the confirm token that it asks with, `label` the question of the case that it is about (Q1), `need` how much of the
    case its recipient must have (`access.Level`), `listed` that its row in the status sheet is enough, `due` the time
    before which it waits. `files` are the SHA-256 (hex) of attachments of that message: it carries these alone.
    """

    id: str
    kind: str
    to: Person
    template: str
    address: str
    case_id: str = ""
    entry: str = ""
    token: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    words: Mapping[str, object] = field(default_factory=dict)
    question: str = ""
    label: str = ""
    need: int = 3
    listed: bool = False
    due: datetime | None = None
    files: tuple[str, ...] = ()

    @property
    def needs_access(self) -> bool:
        """Whether it tells of a case, so that `may_see` is asked again when it is sent.

        Receipts and confirm mails tell a member about their own command only.
        """
        return bool(self.case_id) and self.to.kind == "member" and self.kind not in ("receipt", "confirm")


def encode_letter(letter: Letter, committee: str) -> bytes:
    """A letter as JSON, with the committee that it is from. When it is due is the queue's business."""
    values = {item.name: getattr(letter, item.name) for item in fields(Letter) if item.name != "due"}
    return json.dumps({**values, "to": str(letter.to), "committee": committee}, ensure_ascii=False).encode()


def decode_letter(data: bytes) -> tuple[str, Letter]:
    """The committee and the letter that `encode_letter` wrote."""
    values = json.loads(data)
    committee: str = values.pop("committee")
    letter = Letter(**values)
    return committee, replace(
        letter, to=Person.parse(values["to"]), references=tuple(letter.references), files=tuple(letter.files)
    )


@dataclass(frozen=True, slots=True)
class Note:
    """A look-up to be kept: the store hashes `value`, seals `note` and finds it again by (kind, value)."""

    kind: str
    value: str
    note: Mapping[str, object]
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Events to append to one case. `opens` is the code name if the case is new."""

    case_id: str
    events: tuple[Event, ...]
    opens: str = ""


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is to happen to a case at a time: `kind` is a word of a closed list, `about` goes with it."""

    case_id: str
    kind: str
    about: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that becomes of one message.

    `state` is what the stored message becomes: filed, held or discarded. `case_id` is the case that it belongs to (""
    for none). `cancel` names (case, person, address) whose queued mail goes; members need no address. `hasten` names
    (case, person) whose mail waited and need not any more, `resend` those whose mail goes to another mailbox from now
    on. `release` is a held message that was confirmed, with the confirm token that did it; `spent` are confirm tokens
    that are dead from now on. `counted` are rate counters (kind, value) to raise. `alarms` are words of a closed list
    that the admins are told. `rewritten` takes the place of the stored message's content ("" leaves it). `timers` are
    set. `answered_at` is when the answer came in that spends a token. `book` is what the committee's book says from now
    on, if that changed; `left`: somebody is no member any more by it. `counts` are what is counted of cases that are
    over by it (None: not over any more). `erased` are cases whose keys go, with what stays of each. A message that is
    still held at `forget_at` loses its content. `returned` is the return path's word of a letter that came back, `code`
    the status code that it came back with. `asides` are messages put aside for a digest, or listed by one; those of
    `again` are understood anew.
    """

    reason: Reason
    state: str = "filed"
    case_id: str = ""
    changes: tuple[Change, ...] = ()
    letters: tuple[Letter, ...] = ()
    notes: tuple[Note, ...] = ()
    cancel: tuple[tuple[str, Person, str], ...] = ()
    hasten: tuple[tuple[str, Person], ...] = ()
    resend: tuple[tuple[str, Person], ...] = ()
    release: tuple[str, str] | None = None
    spent: tuple[str, ...] = ()
    counted: tuple[tuple[str, str], ...] = ()
    alarms: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    answered_at: datetime | None = None
    book: Book | None = None
    left: bool = False
    rewritten: str = ""
    counts: tuple[tuple[str, Count | None], ...] = ()
    erased: tuple[tuple[str, Tombstone], ...] = ()
    forget_at: datetime | None = None
    returned: str = ""
    code: str = ""
    asides: tuple[Aside, ...] = ()
    again: tuple[str, ...] = ()

    @property
    def sends(self) -> bool:
        """Whether a letter may be due by it."""
        return bool(self.letters or self.alarms or self.hasten or self.resend)
