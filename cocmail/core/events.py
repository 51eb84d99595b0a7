"""What happened in a case. A case is the fold of these; nothing else is kept of it.

Each event is one frozen value with plain fields, to be written as JSON, sealed and chained by the store. Who it
concerns is written as a handle (members) or as `str(Person)`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from cocmail.core.acts import Act
from cocmail.core.handing import HandingEvent
from cocmail.core.links import LinkEvent


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A message opened the case. `audience` is committee, triage, one, escrow or matter; `marks` are of a closed list.
    `check_first`: the watchers read it first, the others are asked about conflicts before. `told_by` is the member who
    took it down for somebody, who came by `channel`; `anonymous`: only this member knows for whom.
    """

    code_name: str
    committee: str
    entry: str
    audience: str
    at: str
    marks: tuple[str, ...] = ()
    related: str = ""
    check_first: bool = False
    told_by: str = ""
    channel: str = ""
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class ReporterKnown:
    """The address that the report came from, and the name beside it. "" where there is none to answer to."""

    address: str
    name: str = ""
    proven: bool = False


@dataclass(frozen=True, slots=True)
class MemberAdmitted:
    """From now on this member sees the case, at this address.

    `why` is policy, clear (asked, and stated no conflict), took (the report down), stand-in, mediator or matter.
    """

    handle: str
    address: str
    why: str = "policy"
    name: str = ""


@dataclass(frozen=True, slots=True)
class MemberWithheld:
    """This member must not see the case. `why` is screened, excluded, reporter, inherited, named or concerned;
    `conflict` is soft where the roster says so of the person in the case; `name`, `address`: who had the handle.
    """

    handle: str
    why: str
    conflict: str = ""
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class MemberRecused:
    """The member withdrew. `conflict` is "", hard or soft; forced, where the others decided it."""

    handle: str
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class MemberPaused:
    """An unproven `#recuse`: the member's mail waits until then (ISO 8601), unless somebody answers before."""

    handle: str
    until: str


@dataclass(frozen=True, slots=True)
class MemberResumed:
    """The pause is over before its time: the member says it was somebody else."""

    handle: str


@dataclass(frozen=True, slots=True)
class ConflictDenied:
    """The member states that there is no conflict (`#clear`)."""

    handle: str


@dataclass(frozen=True, slots=True)
class MemberAsked:
    """The conflict question was put to this member, who has no access yet. `until`: time to answer ("": no end).

    `staged`: the other parties are told before anything is opened. `number` stands for the case in a new member's list
    of names. `lifts`: the others decided to ask somebody who had been kept out.
    """

    handle: str
    address: str
    name: str
    until: str = ""
    staged: bool = False
    number: int = 0
    lifts: bool = False


@dataclass(frozen=True, slots=True)
class PartiesShown:
    """After the first `#clear` of a staged question this member was told the other parties, and asked again."""

    handle: str


@dataclass(frozen=True, slots=True)
class CheckOpened:
    """The conflict question is out, to be answered until then (ISO 8601)."""

    at: str
    until: str


@dataclass(frozen=True, slots=True)
class CheckClosed:
    """Everybody asked has answered, or time is over: the case is opened for those who have it."""

    at: str


@dataclass(frozen=True, slots=True)
class ConflictStated:
    """What a member says of their conflict, where the procedure wants it in writing: hard or soft, and the area."""

    handle: str
    conflict: str
    area: str
    at: str


@dataclass(frozen=True, slots=True)
class AccessLimited:
    """What the others leave to a member with a soft conflict: none, summary or discuss. `address` is where."""

    handle: str
    level: str
    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class MemberRestored:
    """The others decided that this member has the case again, at this address."""

    handle: str
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MemberMoved:
    """The member's mail of this case goes to another address from now on: confirmed from the old one, or by two."""

    handle: str
    address: str


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """The member left the committee. Whoever has the handle later does not come into this case by it."""

    handle: str


@dataclass(frozen=True, slots=True)
class PartyNamed:
    """Who is involved. `role` is reported, reporter, harmed or witness."""

    role: str
    name: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class TokenIssued:
    """A reply address was given to a person, at this address of theirs."""

    person: str
    token: str
    address: str


@dataclass(frozen=True, slots=True)
class EntryFiled:
    """A message belongs to the case. `kind` is report, follow-up, discussion or record.

    `screened` are the members of the day who were looked for in its text, as `screening.looked_for_as`; `named` the
    handles found: who was not looked for, or was found, is never let in unasked. `unreadable` as in `Mail`. `forged`:
    the border said that the sender is another. `employers`: whose employer it mentions. `kept_from`: whom it is about,
    where the others talk about a conflict of interest, under the question `label` (Q1). `at`: when it was filed.
    `automatic`: it may be a vacation reply. `unknown_ending`: it was written to an address of ours that means nothing,
    such as one with a name after `not-` that no member has.
    """

    entry: str
    author: str
    kind: str
    message_id: str = ""
    screened: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    unreadable: str = ""
    forged: bool = False
    employers: tuple[str, ...] = ()
    kept_from: str = ""
    label: str = ""
    at: str = ""
    automatic: bool = False
    unknown_ending: bool = False


@dataclass(frozen=True, slots=True)
class EntryReserved:
    """A message that may concern anybody went to these members alone, who watch over the case."""

    entry: str
    handles: tuple[str, ...]


Event = (
    CaseOpened
    | ReporterKnown
    | MemberAdmitted
    | MemberWithheld
    | MemberRecused
    | MemberPaused
    | MemberResumed
    | ConflictDenied
    | MemberAsked
    | PartiesShown
    | CheckOpened
    | CheckClosed
    | ConflictStated
    | AccessLimited
    | MemberRestored
    | MemberMoved
    | MemberLeft
    | PartyNamed
    | TokenIssued
    | EntryFiled
    | EntryReserved
    | HandingEvent
    | LinkEvent
    | Act
)

EVENT_TYPES: dict[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}
_FIELDS = {name: frozenset(item.name for item in fields(kind)) for name, kind in EVENT_TYPES.items()}


def encode(event: Event) -> bytes:
    """One event as JSON, with its type under `event`."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}, ensure_ascii=False).encode()


def decode(data: bytes) -> Event:
    """The event that `encode` wrote. Raises ValueError for a type that this release does not know."""
    values = json.loads(data)
    name = values.pop("event", "")
    kind = EVENT_TYPES.get(name)
    if kind is None or not _FIELDS[name].issuperset(values):
        raise ValueError("an event of a later release")
    event: Event = kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
    return event
