"""Destroys a case for good: its key goes, and with it all that was sealed under it, in one transaction.

The rule: what is left of the case opens without its key, and tells nothing that was reported: look-ups of the kinds in
`kept`, each with another note than before, sealed under the master. What a database file or its journal still holds of
the rows is `Store.scrub`'s business. This module must not know what a note means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from cocmail.errors import SealError
from cocmail.store import lookups, outbox, spool
from cocmail.store.tables import CASES, COUNTERS, EVENTS, LOOKUPS, OUTBOX, SPOOL, TIMERS
from cocmail.store.transaction import Tx

# Built once, as in `lookups`.
_OF_ID = select(CASES.c.id).where(CASES.c.id == bindparam("of_case"))


def exists(tx: Tx, case_id: str) -> bool:
    """Whether the store has that case, be it damaged."""
    return tx.run(_OF_ID, {"of_case": case_id}).one_or_none() is not None


def shred(tx: Tx, case_id: str, kept: Mapping[str, Callable[[bytes], bytes]]) -> None:
    """Destroys a case: events, mails, letters, timers, look-ups, key. Does nothing where there is none of that id.

    `kept` makes, by the kind of a look-up that stays findable, its new note of the old one; one that does not open
    goes. All others go.
    """
    _detach(tx, case_id, kept)
    for table in (EVENTS, SPOOL, OUTBOX, TIMERS, LOOKUPS):
        tx.run(delete(table).where(table.c.case_id == case_id))
    tx.run(delete(CASES).where(CASES.c.id == case_id))
    tx.case_keys.pop(case_id, None)


def _detach(tx: Tx, case_id: str, kept: Mapping[str, Callable[[bytes], bytes]]) -> None:
    rows = tx.run(select(LOOKUPS.c.id, LOOKUPS.c.kind).where(LOOKUPS.c.case_id == case_id, LOOKUPS.c.kind.in_(kept)))
    for row in rows.all():
        try:
            lookups.detach(tx, row.id, kept[row.kind])
        except SealError:
            continue


def discard_unread(tx: Tx, reasons: Collection[str], since: datetime, held_before: datetime) -> int:
    """Destroys what came in since then, belongs to no case and reaches nobody: filed under one of `reasons`, or held
    for a yes that had not come by `held_before`. Delivery reports and automatic answers quote the mail that they are
    about. Gives how many that were.
    """
    loose = SPOOL.c.case_id.is_(None)
    filed = loose & (SPOOL.c.state == spool.FILED) & SPOOL.c.reason.in_(list(reasons)) & (SPOOL.c.received_at >= since)
    held = loose & (SPOOL.c.state == spool.HELD) & (SPOOL.c.received_at < held_before) & (SPOOL.c.received_at >= since)
    found = tx.run(select(SPOOL.c.id, SPOOL.c.reason).where(filed | held, SPOOL.c.raw.is_not(None))).all()
    for row in found:
        spool.discard(tx, row.id, row.reason)
    return len(found)


def forget_counters(tx: Tx, before: str) -> None:
    """Old counts of who wrote how often go: windows are dates (ISO 8601), so they compare as text."""
    tx.run(delete(COUNTERS).where(COUNTERS.c.window < before))


def is_waiting(tx: Tx, case_id: str, *, held_since: datetime) -> bool:
    """Whether a notice of the case has not left, or a message of it has been held for its sender's yes since then."""
    letters = select(OUTBOX.c.id).where(OUTBOX.c.case_id == case_id, OUTBOX.c.kind == "notice")
    held = select(SPOOL.c.id).where(
        SPOOL.c.case_id == case_id, SPOOL.c.state == spool.HELD, SPOOL.c.received_at >= held_since
    )
    return any(tx.run(each.limit(1)).one_or_none() is not None for each in (letters, held))


def is_sending(tx: Tx, case_id: str) -> bool:
    """Whether a letter of the case can still be sent; one that is parked was refused for good."""
    letters = select(OUTBOX.c.id).where(OUTBOX.c.case_id == case_id, OUTBOX.c.state != outbox.PARKED)
    return tx.run(letters.limit(1)).one_or_none() is not None


def is_unread(tx: Tx) -> bool:
    """Whether a message has not been understood yet, be it shunted or put off: it may be about any case."""
    waiting = select(SPOOL.c.id).where(SPOOL.c.state.in_((spool.NEW, spool.SHUNTED)))
    return tx.run(waiting.limit(1)).one_or_none() is not None


def is_discarded(tx: Tx, spool_id: str) -> bool:
    """Whether a message's content was destroyed; its row is there for ever."""
    found = select(SPOOL.c.id).where(SPOOL.c.id == spool_id, SPOOL.c.state == spool.DISCARDED)
    return tx.run(found).one_or_none() is not None


def tombstones(tx: Tx) -> list[bytes]:
    """The notes of code names whose case is gone, as `kept` made them, oldest first. Raises SealError."""
    return lookups.detached(tx, lookups.CODE_NAME)


def tombstone(tx: Tx, code_name: str) -> bytes | None:
    """The note of a code name whose case is gone; None for a living or an unknown one. Raises SealError."""
    gone = (found.note for found in lookups.find(tx, lookups.CODE_NAME, code_name) if found.case_id is None)
    return next(gone, None)


def living(tx: Tx, code_name: str) -> str | None:
    """The id of the case of that code name, or None."""
    cases = (found.case_id for found in lookups.find(tx, lookups.CODE_NAME, code_name) if found.case_id is not None)
    return next(cases, None)
