"""What is known of messages that were put aside: one sealed row a message, under the message's own id.

The rule: a message can be opened as long as it is filed as put aside, and under no case; taking the row away and making
the message new again is one step, so that it is opened once. The row may be forgotten before. This module must not know
what is written in it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from cocmail.core.asides import PUT_ASIDE
from cocmail.store import lookups, spool
from cocmail.store.tables import LOOKUPS, SPOOL
from cocmail.store.transaction import Tx

_KIND = "aside"


def put(tx: Tx, entry: str, committee_id: str, note: bytes, now: datetime) -> None:
    """Keeps what is known of a message, in place of what was known before."""
    lookups.drop(tx, entry)
    lookups.put(tx, entry, _KIND, committee_id, note, now)


def holds(tx: Tx, entry: str) -> bool:
    """Whether something is known of a message that was put aside and is not opened."""
    found = select(LOOKUPS.c.id).where(LOOKUPS.c.id == entry, LOOKUPS.c.kind == _KIND)
    return tx.run(tx.locked(found)).one_or_none() is not None


def has_any(tx: Tx) -> bool:
    """Whether there is any, of whatever committee."""
    return lookups.has(tx, _KIND)


def every(tx: Tx, of: Collection[str] | None = None) -> list[bytes]:
    """Of all committees, oldest first; or of these messages. One that does not open stops none of the others."""
    return lookups.detached(tx, _KIND, of=of)


def waiting(tx: Tx, entries: Collection[str]) -> frozenset[str]:
    """Which of these messages nobody has opened, whether or not something is known of them still."""
    of_none = (SPOOL.c.state == spool.FILED, SPOOL.c.case_id.is_(None), SPOOL.c.reason.in_(list(PUT_ASIDE)))
    found = select(SPOOL.c.id).where(SPOOL.c.id.in_(list(entries)), *of_none).order_by(SPOOL.c.id)
    return frozenset(tx.run(tx.locked(found)).scalars())


def open_(tx: Tx, entry: str, token: str) -> bool:
    """Makes the message new again, for who confirmed it by that token. False where it was not aside."""
    if not waiting(tx, (entry,)):
        return False
    lookups.drop(tx, entry)
    spool.confirm(tx, entry, token, state=spool.FILED)
    return True


def forget(tx: Tx, entry: str) -> None:
    """The message stays as it is, and can be opened by no address any more."""
    if holds(tx, entry):
        lookups.drop(tx, entry)


def again(tx: Tx, entry: str) -> None:
    """The message is to be understood anew, under the roster of today. Nothing happens to one that is not aside."""
    if waiting(tx, (entry,)):
        lookups.drop(tx, entry)
        tx.run(update(SPOOL).where(SPOOL.c.id == entry).values(state=spool.NEW, next_attempt=None))
