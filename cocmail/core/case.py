"""A case: what its events add up to.

`fold` is the only way to make one. It draws no conclusions of its own: who may see what is answered by
`conflicts.may_see` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import reduce

from cocmail.core import proceedings
from cocmail.core.acts import Act
from cocmail.core.events import (
    CaseOpened,
    ConflictDenied,
    EntryFiled,
    Event,
    MemberAdmitted,
    MemberPaused,
    MemberRecused,
    MemberResumed,
    MemberWithheld,
    NobodyReached,
    ReporterKnown,
    TargetAsked,
    TokenIssued,
)
from cocmail.core.lifecycle import Move, after
from cocmail.core.model import Person
from cocmail.core.proceedings import Proceedings


class Standing(Enum):
    """What a member is to one case. A member who is in no event of it has no standing at all."""

    CLEARED = "cleared"
    RECUSED = "recused"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Access:
    """One member's place in one case. `address` is where the access was given."""

    standing: Standing
    address: str = ""
    why: str = ""
    name: str = ""
    paused_until: datetime | None = None
    stated_clear: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the case: `id` is where the store keeps it."""

    id: str
    author: Person
    kind: str
    message_id: str
    screened: frozenset[str]
    named: frozenset[str]
    unreadable: str = ""
    forged: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known of one case, as of its last event."""

    id: str
    code_name: str = ""
    committee: str = ""
    opened_at: datetime | None = None
    audience: str = "committee"
    marks: tuple[str, ...] = ()
    related: str = ""
    reporter: ReporterKnown | None = None
    members: Mapping[str, Access] = field(default_factory=dict)
    tokens: Mapping[str, Person] = field(default_factory=dict)
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    target: TargetAsked | None = None
    unreached: bool = False
    proceedings: Proceedings = field(default_factory=Proceedings)

    def token_of(self, person: Person) -> str:
        """The reply token that was given to a person last, or ""."""
        return next((token for token, owner in reversed(list(self.tokens.items())) if owner == person), "")

    def with_standing(self, standing: Standing) -> frozenset[str]:
        """Handles of the members with that standing."""
        return frozenset(handle for handle, access in self.members.items() if access.standing is standing)

    @property
    def was_read(self) -> bool:
        """Whether any member ever had access: an address was written down when they got it."""
        return any(access.address for access in self.members.values())

    @property
    def barred(self) -> frozenset[str]:
        """Handles of the members who must not see this case: recused or withheld."""
        return self.with_standing(Standing.RECUSED) | self.with_standing(Standing.WITHHELD)


def fold(case_id: str, events: Iterable[Event]) -> Case:
    """The case that these events, in order, add up to."""
    return reduce(apply, events, Case(case_id))


def apply(case: Case, event: Event) -> Case:
    """The case after one more event. Access once ended is not given back by `MemberAdmitted`: the first bar stands."""
    if isinstance(event, Act):
        return replace(case, proceedings=proceedings.apply(case.proceedings, event))
    match event:
        case CaseOpened():
            return _opened(case, event)
        case ReporterKnown():
            return replace(case, reporter=event)
        case TokenIssued():
            held = case.given.get(event.person, frozenset()) | {event.address}
            return replace(
                case,
                tokens={**case.tokens, event.token: Person.parse(event.person)},
                given={**case.given, event.person: held},
            )
        case EntryFiled():
            author, looked, found = Person.parse(event.author), frozenset(event.screened), frozenset(event.named)
            how = (event.unreadable, event.forged)
            entry = Entry(event.entry, author, event.kind, event.message_id, looked, found, *how)
            return replace(case, entries=(*case.entries, entry))
        case TargetAsked():
            return replace(case, target=event)
        case NobodyReached():
            return replace(case, unreached=True)
        case MemberRecused() | MemberWithheld():
            left = case.proceedings.without(event.handle)
            return replace(
                case, members={**case.members, event.handle: _access_after(case, event)}, proceedings=left
            )
        case _:
            return replace(case, members={**case.members, event.handle: _access_after(case, event)})


def _opened(case: Case, event: CaseOpened) -> Case:
    done = case.proceedings
    return replace(
        case,
        proceedings=replace(done, state=after(done.state, Move.SEAL)) if event.audience == "escrow" else done,
        code_name=event.code_name,
        committee=event.committee,
        opened_at=datetime.fromisoformat(event.at),
        audience=event.audience,
        marks=event.marks,
        related=event.related,
    )


def _access_after(
    case: Case,
    event: MemberAdmitted | MemberWithheld | MemberRecused | MemberPaused | MemberResumed | ConflictDenied,
) -> Access:
    before = case.members.get(event.handle)
    match event:
        case MemberAdmitted():
            if before is not None and before.standing is not Standing.CLEARED:
                return before
            return Access(Standing.CLEARED, event.address, event.why, event.name)
        case MemberWithheld():
            return Access(Standing.WITHHELD, before.address if before else "", event.why)
        case MemberRecused():
            return Access(Standing.RECUSED, before.address if before else "", event.conflict)
    if before is None:
        # A statement or a pause of somebody without standing gives none.
        return Access(Standing.WITHHELD, why="inherited")
    match event:
        case MemberPaused():
            return replace(before, paused_until=datetime.fromisoformat(event.until))
        case MemberResumed():
            return replace(before, paused_until=None)
        case ConflictDenied():
            return replace(before, stated_clear=True)
