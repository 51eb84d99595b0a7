"""A case: what its events add up to.

`fold` is the only way to make one. It draws no conclusions of its own: who may see what is answered by
`conflicts.may_see` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce

from cocmail.core import access, links, proceedings
from cocmail.core.access import KEPT_OUT, Access, Standing
from cocmail.core.acts import Act, CaseReopened
from cocmail.core.events import (
    CaseOpened,
    CheckClosed,
    CheckOpened,
    ConflictStated,
    EntryFiled,
    EntryReserved,
    Event,
    MemberAdmitted,
    PartyNamed,
    ReporterKnown,
    TokenIssued,
)
from cocmail.core.handing import (
    LetterCameBack,
    MemberHeard,
    NobodyReached,
    ReporterTold,
    TargetAsked,
    TransferProposed,
)
from cocmail.core.lifecycle import EARLY, Move, State, after
from cocmail.core.links import CaseMerged, LinkEvent, Links, SealBroken
from cocmail.core.model import Person
from cocmail.core.proceedings import Proceedings


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the case: `id` is where the store keeps it. `waits`: not passed on while conflicts are checked.

    `kept_from` is the member whom it must not reach, whatever else they may have of the case; `only` are those who got
    it alone, since it may concern anybody.
    """

    id: str
    author: Person
    kind: str
    message_id: str
    screened: frozenset[str]
    named: frozenset[str]
    unreadable: str = ""
    forged: bool = False
    employers: tuple[str, ...] = ()
    kept_from: str = ""
    label: str = ""
    waits: bool = False
    at: datetime | None = None
    automatic: bool = False
    unknown_ending: bool = False
    only: frozenset[str] = frozenset()

    @property
    def may_concern_anybody(self) -> bool:
        """Whether nobody could find out whom it names, or whom it is to be kept from."""
        return bool(self.unreadable) or self.unknown_ending

    @property
    def is_for_watchers(self) -> bool:
        """Whether it is for watchers alone, though others have the case; `only` are those who got it so far."""
        return bool(self.only) or (self.kind == "follow-up" and self.may_concern_anybody)

    def is_kept_from(self, handle: str) -> bool:
        """Whether it must not reach a member who has the case."""
        return handle != "" and (self.kept_from == handle or (self.is_for_watchers and handle not in self.only))


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known of one case, as of its last event. `checking_until` is when the conflict question ends,
    `checked_at` when it was over. `came_back` are letters with a message of it: entry, member, address.
    """

    id: str
    code_name: str = ""
    committee: str = ""
    opened_at: datetime | None = None
    audience: str = "committee"
    marks: tuple[str, ...] = ()
    related: str = ""
    told_by: str = ""
    channel: str = ""
    anonymous: bool = False
    reporter: ReporterKnown | None = None
    members: Mapping[str, Access] = field(default_factory=dict)
    tokens: Mapping[str, tuple[Person, str]] = field(default_factory=dict)
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    parties: tuple[PartyNamed, ...] = ()
    statements: tuple[ConflictStated, ...] = ()
    checking_until: datetime | None = None
    checked_at: datetime | None = None
    target: TargetAsked | None = None
    told: frozenset[str] = frozenset()
    proposed: frozenset[str] = frozenset()
    unreached: bool = False
    came_back: frozenset[tuple[str, str, str]] = frozenset()
    proceedings: Proceedings = field(default_factory=Proceedings)
    links: Links = field(default_factory=Links)

    def token_of(self, person: Person) -> str:
        """The reply token that was given to a person last, or ""."""
        return next((token for token, (owner, _) in reversed([*self.tokens.items()]) if owner == person), "")

    def token_at(self, person: Person, address: str) -> str:
        """The reply token that was given to a person at that address last, or ""."""
        return next((token for token, given in reversed([*self.tokens.items()]) if given == (person, address)), "")

    def with_standing(self, *standings: Standing) -> frozenset[str]:
        """Handles of the members with one of those standings."""
        return frozenset(handle for handle, place in self.members.items() if place.standing in standings)

    def entry(self, entry_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def called(self, role: str) -> tuple[str, ...]:
        """The names of the parties with that role, without repeats."""
        return tuple(dict.fromkeys(party.name for party in self.parties if party.role == role))

    @property
    def was_read(self) -> bool:
        """Whether any member ever had access: an address was written down when they got it."""
        return any(place.had for place in self.members.values())

    @property
    def barred(self) -> frozenset[str]:
        """Handles of the members who have a conflict with this case, by their own word or not; soft ones too.

        To leave the committee and come back takes no conflict away.
        """
        gone = self.with_standing(Standing.LEFT)
        return self.with_standing(*KEPT_OUT) | {handle for handle in gone if self.members[handle].conflict}


def fold(case_id: str, events: Iterable[Event]) -> Case:
    """The case that these events, in order, add up to."""
    return reduce(apply, events, Case(case_id))


def apply(case: Case, event: Event) -> Case:
    """The case after one more event."""
    if isinstance(event, Act):
        back = isinstance(event, CaseReopened) and case.proceedings.state is State.TRANSFERRED
        after_it = proceedings.apply(case.proceedings, event)
        return replace(case, proceedings=after_it, target=None if back else case.target)
    if isinstance(event, LinkEvent):
        return _linked(case, event)
    match event:
        case CaseOpened():
            return _opened(case, event)
        case ReporterKnown():
            return replace(case, reporter=event)
        case TokenIssued():
            return _issued(case, event)
        case EntryFiled():
            return replace(case, entries=(*case.entries, _entry(case, event)))
        case EntryReserved():
            return replace(case, entries=tuple(_reserved(entry, event) for entry in case.entries))
        case PartyNamed():
            return replace(case, parties=(*case.parties, event))
        case ConflictStated():
            return replace(case, statements=(*case.statements, event))
        case CheckOpened() | CheckClosed():
            return _checked(case, event)
        case TargetAsked():
            return replace(case, target=event)
        case ReporterTold():
            return replace(case, told=case.told | {event.what})
        case TransferProposed():
            return replace(case, proposed=case.proposed | set(event.told))
        case NobodyReached():
            return replace(case, unreached=True)
        case LetterCameBack() | MemberHeard():
            return replace(case, came_back=_came_back(case, event))
        case _:
            return _with_access(case, event)


def _came_back(case: Case, event: LetterCameBack | MemberHeard) -> frozenset[tuple[str, str, str]]:
    if isinstance(event, LetterCameBack):
        return case.came_back | {(event.entry, event.handle, event.address)}
    return frozenset(each for each in case.came_back if each[1] != event.handle)


def _issued(case: Case, event: TokenIssued) -> Case:
    held = case.given.get(event.person, frozenset()) | {event.address}
    # Given again, to somebody who is back at that address, it is the last one.
    others = {token: given for token, given in case.tokens.items() if token != event.token}
    return replace(
        case,
        tokens={**others, event.token: (Person.parse(event.person), event.address)},
        given={**case.given, event.person: held},
    )


def _linked(case: Case, event: LinkEvent) -> Case:
    case, done = replace(case, links=links.after(case.links, event)), case.proceedings
    if isinstance(event, CaseMerged):
        return replace(case, proceedings=replace(done, state=after(done.state, Move.MERGE)))
    if not isinstance(event, SealBroken):
        return case
    # What is owed is owed from now on.
    state = after(done.state, Move.RELEASE)
    opened = replace(done, state=after(state, Move.READ) if event.check_first else state, checked=not event.check_first)
    return replace(case, audience="committee", opened_at=datetime.fromisoformat(event.at), proceedings=opened)


def _opened(case: Case, event: CaseOpened) -> Case:
    done = case.proceedings
    if event.audience == "escrow":
        done = replace(done, state=after(done.state, Move.SEAL))
    elif event.check_first:
        done = replace(done, state=after(done.state, Move.READ), checked=False)
    return replace(
        case,
        proceedings=done,
        code_name=event.code_name,
        committee=event.committee,
        opened_at=datetime.fromisoformat(event.at),
        audience=event.audience,
        marks=event.marks,
        related=event.related,
        told_by=event.told_by,
        channel=event.channel,
        anonymous=event.anonymous,
    )


def _entry(case: Case, event: EntryFiled) -> Entry:
    return Entry(
        event.entry,
        Person.parse(event.author),
        event.kind,
        event.message_id,
        frozenset(event.screened),
        frozenset(event.named),
        event.unreadable,
        event.forged,
        event.employers,
        event.kept_from,
        event.label,
        # Until all have answered, talk is short and waits (domain R33).
        waits=event.kind == "discussion" and case.proceedings.state is State.CHECKING,
        at=datetime.fromisoformat(event.at) if event.at else None,
        automatic=event.automatic,
        unknown_ending=event.unknown_ending,
    )


def _reserved(entry: Entry, event: EntryReserved) -> Entry:
    return replace(entry, only=entry.only.union(event.handles)) if entry.id == event.entry else entry


def _checked(case: Case, event: CheckOpened | CheckClosed) -> Case:
    done = case.proceedings
    if isinstance(event, CheckOpened):
        state = after(done.state, Move.ASK) if done.state in EARLY else done.state
        until = datetime.fromisoformat(event.until)
        return replace(case, proceedings=replace(done, state=state), checking_until=until)
    return replace(
        case,
        proceedings=replace(done, state=after(done.state, Move.CHECKED), checked=True),
        entries=tuple(replace(entry, waits=False) for entry in case.entries),
        checking_until=None,
        checked_at=datetime.fromisoformat(event.at),
    )


def _with_access(case: Case, event: access.AccessEvent) -> Case:
    place = access.after(case.members.get(event.handle), event)
    if isinstance(event, MemberAdmitted) and event.why == "onboarding":
        place = replace(place, since=len(case.entries))
    changed = replace(case, members={**case.members, event.handle: place})
    if place.standing in (Standing.CLEARED, Standing.ASKED):
        return changed
    return replace(changed, proceedings=case.proceedings.without(event.handle))
