"""What a decision is made from, besides the message itself: what the store knew, the time, fresh randomness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cocmail.core.book import NEW_BOOK, Book
from cocmail.core.case import Case
from cocmail.core.files import FileRead
from cocmail.core.model import Committee, Envelope, Mail, Member, Person, Wanted, Wish
from cocmail.core.screening import Screening
from cocmail.core.tombstones import Tombstone
from cocmail.core.trust import Proof


class Draw(Protocol):
    """Fresh, unguessable values; the store makes sure that none is used twice."""

    def id(self) -> str:
        """An id of a case: 26 characters a-z2-7."""

    def token(self, *about: str) -> str:
        """A token of an address: 26 characters a-z2-7. `about` is what for: where something is decided a second time
        (`mail/draw.py`), an address that people have already must not become somebody else's.
        """

    def code_name(self) -> str:
        """Two everyday words, `home shelf`."""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message, read: `id` is where the store keeps it, `screening` whom of the roster it names.

    `named_before` are handles of members who came later and whom earlier mails of the same sender name. `thread` holds
    what was written so far in the cases at hand, by entry, where the message asks for something that is compared with
    it, `unread` the entries of these that cannot be read any more; `files` what is attached to letters, by entry, where
    a letter is drafted or sent. `names` stand in it, as `namesakes.names_in` gives them.
    """

    id: str
    mail: Mail
    envelope: Envelope
    wanted: Wanted
    proof: Proof
    screening: Screening = field(default_factory=Screening)
    named_before: frozenset[str] = frozenset()
    thread: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[FileRead, ...]] = field(default_factory=dict)

    def came(self, now: datetime) -> datetime:
        """When it came in, which may be a while before it is looked at."""
        received = self.envelope.received_at
        return now if received is None else min(now, received)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a reply token stands for. `case_id` is "" for a token bound to no case."""

    person: Person
    address: str
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """An open confirm round: which held message would run, for whom, in which case, until when.

    `address` is where it was asked, `answered_at` when the answer came in, if it did.
    """

    token: str
    entry: str
    handle: str
    command: str
    expires: datetime
    case_id: str = ""
    spent: bool = False
    address: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A known Message-ID that the message answers. `question` is set if it is a confirm mail of ours.

    `label` is the question of the case (Q1) whose mail is answered, or "".
    """

    case_id: str
    kind: str
    person: str = ""
    question: str = ""
    tags: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """The same message came before. `case_id` is where it went, "" if to none; `reason` what became of it; `entry` its
    own id.
    """

    case_id: str = ""
    reason: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class CameBack:
    """Mail to a member at that address came back, of a case or of none; `told`: somebody was told of it then."""

    address: str
    at: datetime
    told: bool = False
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """The letter whose return path a message came to: `token` is that path's, `letter` its id, `address` where it went.

    `earlier` is what came back of the same member's mail before.
    """

    token: str
    letter: str
    kind: str
    person: Person
    address: str
    case_id: str = ""
    earlier: tuple[CameBack, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has to be sure before a case is erased. `running`: seconds that daemons of this store have run in all.

    `waiting`: a notice has not left yet, or mail is not understood, or held, that may be a `#keep`. `sending`: another
    letter of it is on its way. `warned_today`: of how many cases of the committee people were told today. `admins` are
    told where nobody has it.
    """

    running: int = 0
    waiting: bool = True
    sending: bool = True
    warned_today: int = 0
    admins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knew of everything that the message points at.

    `cases` holds each case by id. `names` maps the code names of its Subject to case ids, `party_cases` are the cases
    in which its From address is a party. `questions` are the member's confirm rounds that are not spent. `counts` are
    rate counters by kind. `confirmed` is the question that released this message, if it was held before. `ran` says
    that the same mail of a member was taken before, to whatever address of ours. `foreign_token` says that its reply
    address was issued by another committee, or by one that is no more. `book` is what the committee keeps of its
    membership. `sealed`, `told` and `reported` are, for each name that the message names, the cases that are sealed and
    have it, the others, and those whose reported person is called so. `evidence` is there when a case may have to be
    erased; `erased` is what is left of the case that the reply address belonged to, `erased_before` of those that came
    from the same sender. `test` is the token of a test mail that `cocmail doctor` waits for, "" for every other mail.
    `returned` is the letter whose return path it came to. `acknowledge_at` is when an acknowledgement can leave (None:
    now), `acknowledged` the reply address that the sender was given while the message was put aside, `asides` which of
    the messages at hand are, and `asides_of_sender` those of the same sender; whom that one excluded since is in
    `kept_out`, with how certain that is.
    """

    cases: Mapping[str, Case] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    grant: Grant | None = None
    question: Question | None = None
    references: tuple[Reference, ...] = ()
    party_cases: tuple[str, ...] = ()
    twin: Twin | None = None
    own_mail: bool = False
    foreign_token: bool = False
    questions: tuple[Question, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    confirmed: Question | None = None
    ran: bool = False
    book: Book = NEW_BOOK
    sealed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reported: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evidence: Evidence = Evidence()
    erased: Tombstone | None = None
    erased_before: tuple[Tombstone, ...] = ()
    test: str = ""
    returned: Returned | None = None
    acknowledge_at: datetime | None = None
    acknowledged: str = ""
    asides: frozenset[str] = frozenset()
    asides_of_sender: tuple[str, ...] = ()
    kept_out: Mapping[str, Wish] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything around a decision."""

    committee: Committee
    known: Known
    now: datetime
    draw: Draw


def author_of(message: Message, committee: Committee) -> Member | None:
    """The member to whom the one From address belongs, proven or not."""
    authors = message.mail.from_addresses
    return committee.member_at(authors[0]) if len(authors) == 1 else None


def is_trusted(message: Message) -> bool:
    """Whether the one From address was proven."""
    return message.mail.from_addresses == (message.proof.address,)
