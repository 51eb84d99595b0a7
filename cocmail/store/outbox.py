"""Letters that wait to be sent: one row a recipient, from the commit that decided on them until a server took them.

The rule: a letter is gone from here only when it was sent or cancelled; everything else moves its time. A claimed
letter is leased, not removed: whoever dies while sending leaves it to be sent again (at least once, under the same
Message-ID). Of one person's letters only the oldest that is due is claimed, so that a thread arrives in its order. This
module must not decide who may see a letter; the worker asks again before it sends.

    queued ──> (sent: row gone)            queued ──> parked ──> queued     given up, told, kept for `queue retry`
    queued ──> (cancelled: row gone)       queued ──> held ──> queued       a restored store sends nothing by itself
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, Update, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cocmail.errors import SealError
from cocmail.store.tables import OUTBOX
from cocmail.store.transaction import Tx, open_for, seal_for
from cocmail.vault import box

QUEUED, PARKED, HELD = "queued", "parked", "held"

# What stands in place of a server's code when a letter cannot be read (RFC 3463: other or undefined security status).
UNREADABLE = "554 5.7.0"


def _due() -> Select[*tuple[Any, ...]]:
    """Of each person the oldest letter that is due and nobody sends, but of those who are busy."""
    place = func.row_number().over(partition_by=OUTBOX.c.person, order_by=(OUTBOX.c.seq, OUTBOX.c.id))
    queued = (
        select(OUTBOX.c.id, place.label("place"))
        .where(OUTBOX.c.state == QUEUED, OUTBOX.c.next_attempt <= bindparam("now"))
        .where(OUTBOX.c.person.not_in(bindparam("busy", expanding=True)))
        .subquery()
    )
    unleased = or_(OUTBOX.c.lease_until.is_(None), OUTBOX.c.lease_until <= bindparam("now"))
    found = select(OUTBOX).where(OUTBOX.c.id.in_(select(queued.c.id).where(queued.c.place == 1)))
    ordered = found.where(OUTBOX.c.state == QUEUED, unleased).order_by(OUTBOX.c.seq, OUTBOX.c.id)
    return ordered.limit(bindparam("most", type_=Integer))


# Statements that run for every letter are built once, as in `lookups`.
_DUE = _due()
_LAST = select(func.coalesce(func.max(OUTBOX.c.seq), 0) + 1).scalar_subquery()
_ADD_SQLITE = sqlite.insert(OUTBOX).values(seq=_LAST).on_conflict_do_nothing(index_elements=["id"])
_ADD_POSTGRESQL = postgresql.insert(OUTBOX).values(seq=_LAST).on_conflict_do_nothing(index_elements=["id"])
_DUE_TAKEN = _DUE.with_for_update(skip_locked=True)
_SENT = delete(OUTBOX).where(OUTBOX.c.id == bindparam("of_row"))
_PULL_BACK = (
    update(OUTBOX)
    .where(
        OUTBOX.c.state == QUEUED,
        OUTBOX.c.next_attempt > bindparam("latest"),
        or_(OUTBOX.c.kind != "ack", OUTBOX.c.attempts > 0, OUTBOX.c.created_at > bindparam("now")),
    )
    .values(next_attempt=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class OutRow:
    """A claimed letter. `person` is the hex of the keyed hash; `refused_since` the first of the refusals in a row;
    `payload` is empty where it does not open.
    """

    id: str
    kind: str
    case_id: str | None
    person: str
    attempts: int
    refused_since: datetime | None
    payload: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter as the operator sees it; `kind` they do not."""

    id: str
    kind: str
    state: str
    attempts: int
    next_attempt: datetime
    code: str | None


@dataclass(frozen=True, slots=True)
class Queued:
    """To be queued: `kind` is a word of this program and stands plain, `person` is hashed, `payload` sealed.

    `before` are other names of the same person: where a letter waits under one of them, this one joins it.
    """

    id: str
    kind: str
    case_id: str | None
    person: str
    payload: bytes = field(repr=False)
    due: datetime
    before: tuple[str, ...] = ()


def queue(tx: Tx, letters: Sequence[Queued], now: datetime) -> None:
    """Queues letters, in their order.

    Ids are made from what a letter is: one that waits under the same id is the same letter, and stays as it is.
    """
    if letters:
        add = _ADD_SQLITE if tx.connection.dialect.name == "sqlite" else _ADD_POSTGRESQL
        persons = _as_they_wait(tx, letters)
        tx.run(add, [_row(tx, letter, persons[letter.person], now) for letter in letters])


def _as_they_wait(tx: Tx, letters: Sequence[Queued]) -> dict[str, bytes]:
    """What each person is hashed as. Under two names somebody would be sent two letters at a time, in any order."""
    known = {each.person: (*each.before, each.person) for each in letters}
    every = {person: [tx.keyring.lookup("person", name) for name in names] for person, names in known.items()}
    before = [hashed for names in every.values() for hashed in names[:-1]]
    asked = select(OUTBOX.c.person).where(OUTBOX.c.person.in_(before))
    waiting = frozenset(tx.run(asked).scalars()) if before else frozenset()
    return {person: next((each for each in names if each in waiting), names[-1]) for person, names in every.items()}


def _row(tx: Tx, letter: Queued, hashed: bytes, now: datetime) -> dict[str, object]:
    return {
        "id": letter.id,
        "case_id": letter.case_id,
        "person": hashed,
        "created_at": now,
        "state": QUEUED,
        "attempts": 0,
        "next_attempt": letter.due,
        "kind": letter.kind,
        "sealed": seal_for(tx, letter.case_id, letter.payload, _context(letter.id, letter.kind, hashed)),
    }


def claim(tx: Tx, now: datetime, limit: int, lease: timedelta, busy: Collection[str] = ()) -> list[OutRow]:
    """Takes up to `limit` due letters for `lease`, oldest first: one a person, none to `busy` (hashes in hex).

    One that does not open comes without its payload: it is to be parked, so that it cannot stop the ones behind it.
    """
    values = {"now": now, "most": limit, "busy": [bytes.fromhex(person) for person in busy]}
    rows = tx.run(_DUE_TAKEN if tx.writing else _DUE, values).all()
    if rows:
        claimed = OUTBOX.c.id.in_([row.id for row in rows])
        tx.run(update(OUTBOX).where(claimed).values(lease_until=now + lease))
    return [_opened(tx, row) for row in rows]


def sent(tx: Tx, row_id: str) -> None:
    """A server took the letter: its row goes."""
    tx.run(_SENT, {"of_row": row_id})


def defer(tx: Tx, row_id: str, *, code: str | None, next_attempt: datetime, refused_since: datetime | None) -> None:
    """The letter is tried again at that time. Counts an attempt. Does nothing when it was cancelled meanwhile."""
    values = {"code": code, "next_attempt": next_attempt, "refused_since": refused_since}
    tx.run(_one(row_id).values(values | {"attempts": OUTBOX.c.attempts + 1, "lease_until": None}))


def park(tx: Tx, row_id: str, code: str | None) -> None:
    """The letter is not tried again until somebody asks for it. Counts an attempt."""
    tx.run(_one(row_id).values(state=PARKED, code=code, attempts=OUTBOX.c.attempts + 1, lease_until=None))


def cancel(tx: Tx, case_id: str | None, person: Collection[str]) -> int:
    """Removes every letter of a case (None: of none) to a person, in any state, leased ones too; gives how many.
    A person is given, here and below, by all of their names: letters may wait under each.
    """
    return tx.run(delete(OUTBOX).where(_of(tx, case_id, person))).rowcount


def wait(tx: Tx, row_id: str, until: datetime) -> None:
    """The letter was not tried and is looked at again at that time. Counts no attempt."""
    tx.run(_one(row_id).values(next_attempt=until, lease_until=None))


def hasten(tx: Tx, case_id: str, person: Collection[str], now: datetime) -> None:
    """What waited for a person without being tried is looked at again at once."""
    chosen = and_(_of(tx, case_id, person), OUTBOX.c.state.in_((QUEUED, HELD)), OUTBOX.c.attempts == 0)
    tx.run(update(OUTBOX).where(chosen, OUTBOX.c.next_attempt > now).values(next_attempt=now))


def resend(tx: Tx, case_id: str, person: Collection[str], now: datetime) -> None:
    """What a person has not got is due at once, its refusals forgotten: they were another mailbox's."""
    chosen = and_(_of(tx, case_id, person), OUTBOX.c.state.in_((QUEUED, PARKED)))
    tx.run(update(OUTBOX).where(chosen).values(state=QUEUED, next_attempt=now, refused_since=None))


def pull_back(tx: Tx, now: datetime, longest: timedelta) -> None:
    """What waits longer than any schedule says was put off by a clock that ran ahead: it is due. An acknowledgement may
    wait for days until there is room for it.
    """
    tx.run(_PULL_BACK, {"now": now, "latest": now + longest})


def oldest(tx: Tx) -> datetime | None:
    """Since when the oldest letter has waited that was tried at least once."""
    tried = select(func.min(OUTBOX.c.created_at)).where(OUTBOX.c.state == QUEUED, OUTBOX.c.attempts > 0)
    return tx.run(tried).scalar_one_or_none()


def parked_since(tx: Tx, case_id: str, person: Collection[str]) -> datetime | None:
    """When the oldest letter was queued that a person did not get for good, of a case or of none; None: no such one."""
    chosen = or_(_of(tx, case_id, person), _of(tx, None, person))
    oldest_of = select(func.min(OUTBOX.c.created_at)).where(chosen, OUTBOX.c.state == PARKED)
    return tx.run(oldest_of).scalar_one_or_none()


def listing(tx: Tx) -> list[Waiting]:
    """Every letter that waits, in the order of queueing."""
    columns = (OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.state, OUTBOX.c.attempts, OUTBOX.c.next_attempt, OUTBOX.c.code)
    rows = tx.run(select(*columns).order_by(OUTBOX.c.seq, OUTBOX.c.id))
    return [Waiting(row.id, row.kind, row.state, row.attempts, row.next_attempt, row.code) for row in rows]


def retry(tx: Tx, row_id: str, now: datetime) -> bool:
    """Makes a queued or parked letter due at once, its refusals forgotten. False when there is none of that id.

    A held letter stays held (`release` is for those), and so does the lease of one that is being sent.
    """
    again = _one(row_id).where(OUTBOX.c.state.in_((QUEUED, PARKED)))
    return tx.run(again.values(state=QUEUED, next_attempt=now, refused_since=None)).rowcount == 1


def release_leases(tx: Tx) -> None:
    """For the start of the only daemon of a store: what was being sent when the last one ended is due again."""
    tx.run(update(OUTBOX).where(OUTBOX.c.lease_until.is_not(None)).values(lease_until=None))


def hold_all(tx: Tx) -> int:
    """Holds every queued letter; gives how many. A restored store must not send what the first one sent already."""
    return tx.run(update(OUTBOX).where(OUTBOX.c.state == QUEUED).values(state=HELD, lease_until=None)).rowcount


def release(tx: Tx, now: datetime) -> int:
    """Lets every held letter be sent; gives how many. What was refused before is tried at once, as if new."""
    tx.run(update(OUTBOX).where(OUTBOX.c.state == HELD, OUTBOX.c.attempts > 0).values(next_attempt=now))
    held = update(OUTBOX).where(OUTBOX.c.state == HELD)
    return tx.run(held.values(state=QUEUED, attempts=0, code=None, refused_since=None)).rowcount


def to_front(tx: Tx, ids: Collection[str]) -> None:
    """Puts letters before all others of their readers."""
    first = int(tx.run(select(func.coalesce(func.min(OUTBOX.c.seq), 0))).scalar_one())
    tx.run(update(OUTBOX).where(OUTBOX.c.id.in_(list(ids))).values(seq=min(first, 0) - 1))


def holds(tx: Tx, ids: Collection[str]) -> bool:
    """Whether one of these letters has not left yet."""
    return bool(ids) and tx.run(select(OUTBOX.c.id).where(OUTBOX.c.id.in_(list(ids))).limit(1)).first() is not None


def count(tx: Tx) -> int:
    """How many letters wait, in any state."""
    return int(tx.run(select(func.count()).select_from(OUTBOX)).scalar_one())


def broken(tx: Tx) -> list[str]:
    """The ids of letters that do not open."""
    failures = []
    for row_id in tx.run(select(OUTBOX.c.id)).scalars().all():
        row = tx.run(select(OUTBOX).where(OUTBOX.c.id == row_id)).one_or_none()
        try:
            if row is not None:
                open_for(tx, row.case_id, row.sealed, _context(row.id, row.kind, row.person))
        except SealError:
            failures.append(str(row_id))
    return failures


def _opened(tx: Tx, row: Row[*tuple[Any, ...]]) -> OutRow:
    try:
        payload = open_for(tx, row.case_id, row.sealed, _context(row.id, row.kind, row.person))
    except SealError:
        payload = b""
    person = row.person.hex()
    return OutRow(row.id, row.kind, row.case_id, person, row.attempts, row.refused_since, payload, row.created_at)


def _context(row_id: str, kind: str, person: bytes) -> bytes:
    # The person is bound in: a letter that was relabelled, so that a recusal misses it, does not open.
    return box.identity("outbox", row_id, kind, person.hex())


def _of(tx: Tx, case_id: str | None, person: Collection[str]) -> ColumnElement[bool]:
    hashed = [tx.keyring.lookup("person", each) for each in person]
    return and_(OUTBOX.c.case_id.is_not_distinct_from(case_id), OUTBOX.c.person.in_(hashed))


def _one(row_id: str) -> Update:
    return update(OUTBOX).where(OUTBOX.c.id == row_id)
