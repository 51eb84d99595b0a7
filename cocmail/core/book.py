"""What a committee keeps of its membership beside the configuration: who was announced, who left, who is away.

The configuration is edited by people who run machines; the book is what the committee itself knows and has been told.
The rule: who left by their own word, or by a vote, is no member any more, whatever the file says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime

from cocmail.core.model import Committee, Member


@dataclass(frozen=True, slots=True)
class Seat:
    """A member as the others were told of them last."""

    handle: str
    name: str
    email: str
    also: tuple[str, ...] = ()
    role: str = "primary"
    conflicts: str = ""

    @staticmethod
    def of(member: Member) -> Seat:
        """The seat of a member. Of known conflicts it keeps a digest: that they changed is told, not with whom."""
        known = repr(sorted((each.name, each.emails, each.kind) for each in member.known_conflicts))
        digest = hashlib.sha256(known.encode()).hexdigest()[:16] if member.known_conflicts else ""
        return Seat(member.handle, member.name, member.email, member.also, member.role.value, digest)

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset((self.email, *self.also))


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody left: `why` is left or removed. `email` and `name` tell who it was, the handle does not."""

    handle: str
    email: str
    why: str
    at: str
    name: str = ""

    def is_of(self, member: Member) -> bool:
        """Whether it was this person: a changed address or handle in the file brings nobody back."""
        return member.is_whom(self.name, self.email)


@dataclass(frozen=True, slots=True)
class Book:
    """A committee's book. `seats` is empty for a committee that was never looked at.

    `rules` is the procedure as it was announced, by knob. `away` and `since` (when a member joined, or said last that
    they go on), `asked` (when they were asked that) are by handle. `told` are notices that are given once. `vouched`
    holds who confirmed a changed address, by `handle address`; `former` the mailboxes that a member had before and that
    have not said yes, by handle: open cases may stand there still. `leaving` and `joining` wait for their first mail.
    `ids` are the ids the committee has had, the present one last: an alias can go to another committee, its book does
    not.
    """

    seats: tuple[Seat, ...] = ()
    chair: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    departed: tuple[Departure, ...] = ()
    away: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    vouched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leaving: tuple[Seat, ...] = ()
    joining: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def has_departed(self, member: Member) -> bool:
        """Whether this person left, though the configuration still names them."""
        return any(gone.is_of(member) for gone in self.departed)

    def with_departure(self, member: Member, why: str, at: datetime) -> Book:
        """The book after somebody left."""
        gone = Departure(member.handle, member.email, why, at.isoformat(), member.name)
        return replace(self, departed=(*self.departed, gone))

    def without_former(self, handle: str, address: str) -> Book:
        """The book after an earlier mailbox has said yes: it need not be asked again."""
        left = tuple(each for each in self.former.get(handle, ()) if each != address)
        others = {who: each for who, each in self.former.items() if who != handle}
        return replace(self, former={**others, handle: left} if left else others)

    def under(self, committee_id: str) -> Book:
        """The book of a committee that has this id from now on."""
        return replace(self, ids=(*(each for each in self.ids if each != committee_id), committee_id))

    def with_absence(self, handle: str, first: str, last: str) -> Book:
        """The book after somebody said that they will be away."""
        known = self.away.get(handle, ())
        return replace(self, away={**self.away, handle: (*known, (first, last))})


NEW_BOOK = Book()


def in_force(committee: Committee, book: Book) -> Committee:
    """The committee as it is: without who has left, and with the absences that members told by mail."""
    members = tuple(_as_known(member, book) for member in committee.members if not book.has_departed(member))
    return committee if members == committee.members else replace(committee, members=members)


def _as_known(member: Member, book: Book) -> Member:
    told = book.away.get(member.handle, ())
    if not told:
        return member
    more = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in told)
    return replace(member, away=(*member.away, *more))


def encode_book(book: Book) -> bytes:
    """The book as JSON."""
    return json.dumps(asdict(book), ensure_ascii=False).encode()


def decode_book(data: bytes) -> Book:
    """The book that `encode_book` wrote. Raises ValueError for one of a later release."""
    values = json.loads(data)
    if not {item.name for item in fields(Book)}.issuperset(values):
        raise ValueError("a book of a later release")
    frozen = {
        "seats": tuple(map(_seat, values.get("seats", ()))),
        "leaving": tuple(map(_seat, values.get("leaving", ()))),
        "departed": tuple(Departure(**each) for each in values.get("departed", ())),
        "away": {who: tuple(tuple(span) for span in spans) for who, spans in values.get("away", {}).items()},
        **{name: {who: tuple(each) for who, each in values.get(name, {}).items()} for name in ("vouched", "former")},
        "told": tuple(values.get("told", ())),
        "joining": tuple(values.get("joining", ())),
        "ids": tuple(values.get("ids", ())),
    }
    return Book(**{**values, **frozen})


def _seat(values: Mapping[str, object]) -> Seat:
    also = values.get("also")
    return Seat(**{**values, "also": tuple(also) if isinstance(also, list) else ()})  # type: ignore[arg-type]
