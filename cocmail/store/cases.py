"""Cases: each has a key of its own, under the master, and a chain of sealed events.

The rule: events are only ever appended, and `load` gives all of them or raises. Each event is sealed under the case's
key for its place (case, number), and chained by MAC:

    mac[n]  = HMAC(chain key, "event", mac[n-1], n, time, sealed)         mac[0] = 32 zero bytes
    head    = HMAC(chain key, "head", n, mac[n])                          kept in the case's own row

so that somebody who can write to the database but has no key file can neither change, move, swap or remove an event nor
cut the end off. What no chain shows is a whole store put back to an earlier day. This module must not read an event.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cocmail.errors import SealError, StoreError
from cocmail.store import lookups, notes, outbox, spool, timers
from cocmail.store.tables import CASES, EVENTS, LOOKUPS
from cocmail.store.transaction import Tx, case_context, case_key
from cocmail.vault import box

_ADD_CASE = insert(CASES)
_ADD_EVENT = insert(EVENTS)
# Built once: they run for every message and every letter.
_END_OF = select(CASES.c.events, CASES.c.head).where(CASES.c.id == bindparam("of_case"))
_HEAD_OF = select(CASES.c.head, CASES.c.wrapped_key).where(CASES.c.id == bindparam("of_case"))
_EVENTS_OF = (
    select(EVENTS.c.seq, EVENTS.c.at, EVENTS.c.sealed, EVENTS.c.mac)
    .where(EVENTS.c.case_id == bindparam("of_case"))
    .order_by(EVENTS.c.seq)
)
_MAC_AT = select(EVENTS.c.mac).where(EVENTS.c.case_id == bindparam("of_case"), EVENTS.c.seq == bindparam("at"))
_END_AT = update(CASES).where(CASES.c.id == bindparam("of_case"))
_START = bytes(32)


class NameTaken(StoreError):
    """The code name was used before, by a case that may long be erased. Draw another."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` counted. `failures` are ids, each after the word for what it is (`case:`, `mail:`, ...)."""

    cases: int
    events: int
    mails: int
    outgoing: int
    timers: int
    failures: tuple[str, ...]


def create(tx: Tx, case_id: str, committee_id: str, code_name: str, now: datetime) -> None:
    """Opens a case with a fresh key and takes its code name for ever.

    Raises NameTaken when that code name was ever used, in which case nothing is changed. The name is compared as it is
    spelled: always pass it in one form.
    """
    committee = tx.keyring.lookup("committee", committee_id)
    key = box.new_key()
    wrapped = tx.keyring.wrap(key, case_context(case_id, committee))
    try:
        # PostgreSQL gives up a transaction after an error, unless it happened in a savepoint.
        with tx.connection.begin_nested():
            head = _head(tx.keyring.chain_key(case_id), 0, _START)
            tx.insert(
                _ADD_CASE, id=case_id, committee=committee, created_at=now, wrapped_key=wrapped, events=0, head=head
            )
            tx.case_keys[case_id] = key
            lookups.remember(tx, lookups.CODE_NAME, code_name, code_name.encode(), case_id=case_id, now=now)
    except IntegrityError:
        tx.case_keys.pop(case_id, None)
        raise NameTaken("that code name was used before") from None


def append(tx: Tx, case_id: str, events: Sequence[bytes], now: datetime) -> None:
    """Seals and chains `events` to the end of a case. Locks the case for this transaction.

    Raises SealError when there is no such case or its end is not whole: nothing is ever built on an altered chain.
    """
    count, last = _end(tx, case_id)
    key, chain = case_key(tx, case_id), tx.keyring.chain_key(case_id)
    at = now.astimezone(UTC)
    rows = []
    for seq, event in enumerate(events, start=count + 1):
        sealed = box.seal(key, event, _context(case_id, seq))
        last = _mac(chain, last, seq, at, sealed)
        rows.append({"case_id": case_id, "seq": seq, "at": at, "sealed": sealed, "mac": last})
    if rows:
        tx.run(_ADD_EVENT, rows)
    count += len(rows)
    tx.run(_END_AT, {"of_case": case_id, "events": count, "head": _head(chain, count, last)})


def load(tx: Tx, case_id: str) -> list[bytes]:
    """All events of a case, in order, proven to be whole. Inside `Store.write` the case is locked until the commit.

    Raises SealError when there is no such case, or when an event is missing, altered, moved or one too many.
    """
    case = tx.run(tx.locked(_END_OF), {"of_case": case_id}).one_or_none()
    if case is None:
        raise SealError("there is no such case")
    key, chain = case_key(tx, case_id), tx.keyring.chain_key(case_id)
    rows = tx.run(_EVENTS_OF, {"of_case": case_id}).all()
    events, last = [], _START
    for place, row in enumerate(rows, start=1):
        last = _mac(chain, last, place, row.at, row.sealed)
        if row.seq != place or not hmac.compare_digest(last, row.mac):
            raise SealError("the event chain of a case is broken")
        events.append(box.open_(key, row.sealed, _context(case_id, place)))
    if case.events != len(rows) or not hmac.compare_digest(case.head, _head(chain, len(rows), last)):
        raise SealError("the event chain of a case does not end where it should")
    return events


def head(tx: Tx, case_id: str) -> bytes:
    """The seal over all events of a case, another one for each end that it had, with the key that opens them.

    Inside `Store.write` the case is locked. Raises SealError when there is no such case.
    """
    case = tx.run(tx.locked(_HEAD_OF), {"of_case": case_id}).one_or_none()
    if case is None:
        raise SealError("there is no such case")
    return bytes(case.head) + bytes(case.wrapped_key)


def ids(tx: Tx, committee_id: str | None) -> list[str]:
    """The ids of a committee's cases, or of all, oldest first."""
    found = select(CASES.c.id).order_by(CASES.c.created_at, CASES.c.id)
    if committee_id is not None:
        found = found.where(CASES.c.committee == tx.keyring.lookup("committee", committee_id))
    return list(tx.run(found).scalars())


def ever_opened(tx: Tx) -> int:
    """How many cases there ever were, the erased ones among them: each has taken a code name."""
    names = select(func.count()).select_from(LOOKUPS).where(LOOKUPS.c.kind == lookups.CODE_NAME)
    return int(tx.run(names).scalar_one())


def verify(tx: Tx) -> Verification:
    """Opens every record of the store and follows every chain. Run it inside `Store.read`: it takes its time."""
    failures, events = [], 0
    case_ids = ids(tx, None)
    for case_id in case_ids:
        try:
            events += len(load(tx, case_id))
        except SealError:
            failures.append(f"case:{case_id}")
    failures += [f"mail:{row}" for row in spool.broken(tx)]
    failures += [f"outgoing:{row}" for row in outbox.broken(tx)]
    failures += [f"timer:{row}" for row in timers.broken(tx)]
    failures += [f"lookup:{row}" for row in lookups.broken(tx)]
    failures += [f"note:{row}" for row in notes.broken(tx)]
    stray = select(EVENTS.c.case_id).where(EVENTS.c.case_id.not_in(select(CASES.c.id))).distinct()
    failures += [f"case:{row}" for row in tx.run(stray).scalars()]
    waiting = (spool.count(tx), outbox.count(tx), timers.count(tx))
    return Verification(len(case_ids), events, *waiting, tuple(failures))


def _end(tx: Tx, case_id: str) -> tuple[int, bytes]:
    """The number and MAC of the last event, proven by the head."""
    case = tx.run(tx.locked(_END_OF), {"of_case": case_id}).one_or_none()
    if case is None:
        raise SealError("there is no such case")
    at = {"of_case": case_id, "at": case.events}
    mac = tx.run(_MAC_AT, at).scalar_one_or_none() if case.events else _START
    if mac is None or not hmac.compare_digest(case.head, _head(tx.keyring.chain_key(case_id), case.events, mac)):
        raise SealError("the event chain of a case does not end where it should")
    return case.events, mac


def _context(case_id: str, seq: int) -> bytes:
    return box.identity("events", case_id, seq)


def _mac(chain: bytes, previous: bytes, seq: int, at: datetime, sealed: bytes) -> bytes:
    place = box.identity("event", previous.hex(), seq, at.astimezone(UTC).isoformat())
    return hmac.digest(chain, place + sealed, "sha256")


def _head(chain: bytes, count: int, last: bytes) -> bytes:
    return hmac.digest(chain, box.identity("head", count, last.hex()), "sha256")
