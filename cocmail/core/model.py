"""The frozen values that everything else speaks in: committees, members, mail as understood, who proved what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, IntEnum

from cocmail.core.calendar import EVERY_WEEKDAY, Calendar
from cocmail.core.flood import Flood
from cocmail.core.retention import FOR_EVER, Retention
from cocmail.core.trust import UNTRUSTED, Trust


class Role(Enum):
    """A member's place in the committee (contract, section 2)."""

    PRIMARY = "primary"
    ALTERNATE = "alternate"
    MEDIATOR = "mediator"


@dataclass(frozen=True, slots=True)
class KnownConflict:
    """Somebody whom a member may not judge: a name and addresses that the screening looks for."""

    name: str
    emails: tuple[str, ...] = ()
    kind: str = "hard"


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the committee. `email` is where mail goes; `also` are other addresses of the same person."""

    handle: str
    name: str
    email: str
    also: tuple[str, ...] = ()
    role: Role = Role.PRIMARY
    employer: str | None = None
    openpgp: str | None = None
    known_conflicts: tuple[KnownConflict, ...] = ()
    confidentiality_agreed: date | None = None
    away: tuple[tuple[date, date], ...] = ()
    time_zone: str = "UTC"
    term: tuple[date | None, date | None] = (None, None)

    @property
    def addresses(self) -> frozenset[str]:
        """Every address of this person, in the form that `mail.address.normal` gives."""
        return frozenset((self.email, *self.also))

    def is_whom(self, name: str, *addresses: str) -> bool:
        """Whether who was known by that name, or at one of these addresses, is this person: a handle tells nothing."""
        return name == self.name or not self.addresses.isdisjoint(addresses)

    def is_away(self, day: date) -> bool:
        """Whether this member has said to be absent on that day."""
        return any(first <= day <= last for first, last in self.away)


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """An outside body that may be handed a case, once it has agreed to confidentiality."""

    name: str
    email: str
    confidentiality_agreed: date | None = None


Knob = str | int | bool | None | timedelta | tuple[str, ...] | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Policy:
    """A committee's procedure: the preset's knobs with the overrides applied, by dotted name (domain, annex 2).

    Raises KeyError for a knob that the preset does not have; ask with `get` where that is possible.
    """

    name: str
    knobs: Mapping[str, Knob]

    def __getitem__(self, knob: str) -> Knob:
        return self.knobs[knob]

    def get(self, knob: str, default: Knob = None) -> Knob:
        return self.knobs.get(knob, default)


@dataclass(frozen=True, slots=True)
class Committee:
    """One committee as its chair's file describes it. `id` is stable: the alias, in normal form."""

    id: str
    name: str
    address: str
    policy: Policy
    members: tuple[Member, ...]
    aliases: tuple[str, ...] = ()
    chair: str | None = None
    trust: Trust = UNTRUSTED
    triage_order: tuple[str, ...] = ()
    triage_size: int | None = None
    triage_rotation: str | None = None
    transfer_targets: tuple[TransferTarget, ...] = ()
    other_contact: str | None = None
    language: str = "en"
    templates_dir: str | None = None
    calendar: Calendar = EVERY_WEEKDAY
    retention: Retention = FOR_EVER
    flood: Flood | None = None

    @property
    def addresses(self) -> frozenset[str]:
        """The alias and its other spellings. An id from before the alias was renamed is one of them."""
        return frozenset((self.address, *self.aliases))

    @property
    def ids(self) -> tuple[str, ...]:
        """The id, then every address that may have been it: whatever was kept by id before is found under all."""
        return tuple(dict.fromkeys((self.id, *sorted(self.addresses))))

    def sees_to(self, reader: str, gone: str) -> bool:
        """Whether it is that member's to see to what follows when another one left: the chair's, else everybody's."""
        return reader == self.chair or self.chair in (None, gone) or self.member(self.chair or "") is None

    def owns(self, address: str) -> bool:
        """Whether an address (in normal form) is the alias, another spelling of it, or either with an extension."""
        local, _, domain = address.rpartition("@")
        ours = (own.rpartition("@") for own in self.addresses)
        return any(domain == there and (local == name or local.startswith(f"{name}+")) for name, _, there in ours)

    def member(self, handle: str) -> Member | None:
        """The member of that handle, or None."""
        return next((m for m in self.members if m.handle == handle), None)

    def member_at(self, address: str) -> Member | None:
        """The member who owns that address (in normal form), or None."""
        return next((m for m in self.members if address in m.addresses), None)


class Door(Enum):
    """Where a message came in. Decides what of it can be believed."""

    SMTP = "smtp"
    LMTP = "lmtp"
    LMTP_SOCKET = "lmtp-socket"
    IMAP = "imap"
    INJECT = "inject"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was said around a message when it came in. `sender`: "" for the null sender, None where none is known.

    `recipients` are as the peer wrote them; all belong to one committee.
    """

    door: Door
    committee: str
    sender: str | None
    recipients: tuple[str, ...]
    peer: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that is not its text; without `content` where only the description was asked for. `role` is
    "" where a person attached it; else a mail program did: body, layout or signature."""

    filename: str
    content_type: str
    size: int
    content: bytes = b""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as far as it could be read. Reading never fails; what could not be read is named in `unreadable`.

    Text is Unicode without surrogates. Addresses are in normal form (`mail.address.normal`). `headers` are those that
    classification and proof need, unfolded, by name in lower case, top first. `text` is what a person would read;
    `hidden_text` only the screening looks at (HTML that is not displayed, attached messages and text files).
    `copied` are those of `to` that do not stand in the one To field: a Cc or a second To can be added to signed mail.
    `body_digest` is the SHA-256 of the body with its line ends normalised, in hex. `unreadable` is "" or one of:
    encrypted, unparsable, too-long (some of its text is in neither `text` nor `hidden_text`, so the screening does not
    see it), attachments-only, empty. `failed` is the status code (`5.1.1`) of a delivery report on a failure for good.
    """

    subject: str = ""
    from_addresses: tuple[str, ...] = ()
    from_name: str = ""
    to: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    delivered_to: tuple[str, ...] = ()
    date: str = ""
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    hidden_text: str = ""
    attachments: tuple[Attachment, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body_digest: str = ""
    unreadable: str = ""
    failed: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one header, top first."""
        return tuple(value for key, value in self.headers if key == name)

    def value(self, name: str) -> str:
        """The topmost value of one header, or ""."""
        return next(iter(self.values(name)), "")


@dataclass(frozen=True, slots=True)
class Person:
    """Whose a token, a letter or an entry is: member, reporter, third (a transfer target), contact (anybody outside),
    admin, witness (a member asked about a case without having it), seat (who is told of the roster)."""

    kind: str
    handle: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.handle}" if self.handle else self.kind

    @staticmethod
    def parse(text: str) -> Person:
        kind, _, handle = text.partition(":")
        return Person(kind, handle)


REPORTER = Person("reporter")


def member_person(handle: str) -> Person:
    return Person("member", handle)


def contact_person(number: int) -> Person:
    return Person("contact", str(number))


def witness_person(handle: str) -> Person:
    return Person("witness", handle)


class Wish(IntEnum):
    """How certain it is that a sender keeps a member out: we guess so; they said so, unproven; they surely said so."""

    GUESSED = 1
    SAID = 2
    SURE = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a message is addressed to, read off its recipients (contract, section 3). `bounce`: return path's token.

    `unknown`: one of them has an extension that means nothing; `spellings` are what such a one has after `not-`, and
    `guessed` the members who may be meant by it. Nobody's guess may stand in the way of what was spelled right.
    """

    token: str = ""
    confirm: str = ""
    bounce: str = ""
    only: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()
    escrow: bool = False
    unknown: bool = False
    alias: bool = False
    spellings: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()

    @property
    def kept_from(self) -> frozenset[str]:
        """Whom a sender keeps out, and whom they may mean. At an unproven word these come last (`wishes`)."""
        return self.excluded | self.guessed

    def wishes(self, *, sure: bool) -> dict[str, Wish]:
        """The same with how certain each is; `sure`: the sender is who they say."""
        unsure = dict.fromkeys(self.guessed, Wish.GUESSED) | dict.fromkeys(self.excluded, Wish.SAID)
        return dict.fromkeys(unsure, Wish.SURE) if sure else unsure
