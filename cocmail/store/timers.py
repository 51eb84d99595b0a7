"""Timers of cases: what is to happen at a time, from the commit that decided on it until it was carried out.

The rule: a timer is gone from here only when `done` was called in the transaction that carried it out; everything else
moves its time. A claimed timer is leased, not removed: whoever dies over it leaves it to be claimed again. Its time is
sealed with the rest, so that nobody without a key can end a vote early. This module must not know what a kind means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, bindparam, delete, func, insert, or_, select, update

from cocmail.errors import SealError
from cocmail.store.tables import TIMERS
from cocmail.store.transaction import Tx, new_id, open_for, seal_for
from cocmail.vault import box

# Statements that run at every look are built once, as in `lookups`.
_ADD = insert(TIMERS)
_SAME = (
    select(TIMERS.c.id)
    .where(TIMERS.c.case_id == bindparam("of_case"), TIMERS.c.kind == bindparam("of_kind"))
    .where(TIMERS.c.due == bindparam("at"))
    .limit(1)
)
_NEXT_DUE = select(func.min(func.coalesce(TIMERS.c.lease_until, TIMERS.c.due)))
_DUE = (
    select(TIMERS)
    .where(TIMERS.c.due <= bindparam("now"))
    .where(or_(TIMERS.c.lease_until.is_(None), TIMERS.c.lease_until <= bindparam("now")))
    .order_by(TIMERS.c.due, TIMERS.c.id)
    .limit(bindparam("most", type_=Integer))
)
_DUE_TAKEN = _DUE.with_for_update(skip_locked=True)
_DONE = delete(TIMERS).where(TIMERS.c.id == bindparam("of_row"))


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed timer. `due` is the time that it was set or last postponed to."""

    id: str
    case_id: str
    kind: str
    about: str = field(repr=False)
    due: datetime


def set_(tx: Tx, case_id: str, kind: str, about: str, due: datetime) -> str:
    """Sets a timer of a case; gives its id. `kind` is a word of this program and stands plain; `about` is sealed.

    One that is about nothing but its case is set once a moment. Raises SealError when the case's key does not open.
    """
    if not about:
        known = tx.run(_SAME, {"of_case": case_id, "of_kind": kind, "at": due}).scalar_one_or_none()
        if known is not None:
            return str(known)
    row = new_id()
    sealed = seal_for(tx, case_id, about.encode(), _context(row, kind, due))
    tx.insert(_ADD, id=row, case_id=case_id, due=due, kind=kind, sealed=sealed, lease_until=None)
    return row


def next_due(tx: Tx) -> datetime | None:
    """When the next timer can be claimed, None where there is none.

    One that is leased counts from the end of its lease: whoever holds it may have died over it.
    """
    return tx.run(_NEXT_DUE).scalar_one_or_none()


def claim(tx: Tx, now: datetime, limit: int, lease: timedelta) -> list[Due]:
    """Takes up to `limit` timers that are due for `lease`, oldest first, leaving out what another daemon took.

    A timer that does not open is leased but not given, so that it cannot stop the ones behind it; `broken` names it.
    """
    rows = tx.run(_DUE_TAKEN if tx.writing else _DUE, {"now": now, "most": limit}).all()
    if rows:
        claimed = TIMERS.c.id.in_([row.id for row in rows])
        tx.run(update(TIMERS).where(claimed).values(lease_until=now + lease))
    opened = (_opened(tx, row) for row in rows)
    return [row for row in opened if row is not None]


def done(tx: Tx, row_id: str) -> None:
    """The timer was carried out: its row goes."""
    tx.run(_DONE, {"of_row": row_id})


def postpone(tx: Tx, row_id: str, until: datetime) -> None:
    """The timer is due at that time and no longer leased. Does nothing when it is gone.

    Raises SealError when it does not open: what was altered is not sealed anew.
    """
    row = tx.run(tx.locked(select(TIMERS).where(TIMERS.c.id == row_id))).one_or_none()
    if row is not None:
        about = open_for(tx, row.case_id, row.sealed, _context(row.id, row.kind, row.due))
        sealed = seal_for(tx, row.case_id, about, _context(row.id, row.kind, until))
        tx.run(update(TIMERS).where(TIMERS.c.id == row_id).values(due=until, sealed=sealed, lease_until=None))


def pull_back(tx: Tx, kind: str, latest: datetime, until: datetime) -> None:
    """Timers of that kind that are set for later than `latest` are due `until` then. One that does not open stays."""
    rows = tx.run(select(TIMERS).where(TIMERS.c.kind == kind, TIMERS.c.due > latest)).all()
    for row in rows:
        if _opened(tx, row) is not None:
            postpone(tx, str(row.id), until)


def release_leases(tx: Tx) -> None:
    """For the start of the only daemon of a store: what was under way when the last one ended can be claimed again."""
    tx.run(update(TIMERS).where(TIMERS.c.lease_until.is_not(None)).values(lease_until=None))


def count(tx: Tx) -> int:
    """How many timers are set, the due and the leased ones among them."""
    return int(tx.run(select(func.count()).select_from(TIMERS)).scalar_one())


def broken(tx: Tx) -> list[str]:
    """The ids of timers that do not open."""
    return [str(row.id) for row in tx.run(select(TIMERS).order_by(TIMERS.c.id)).all() if _opened(tx, row) is None]


def _opened(tx: Tx, row: Row[*tuple[Any, ...]]) -> Due | None:
    try:
        about = open_for(tx, row.case_id, row.sealed, _context(row.id, row.kind, row.due))
    except SealError:
        return None
    return Due(row.id, row.case_id, row.kind, about.decode(), row.due)


def _context(row_id: str, kind: str, due: datetime) -> bytes:
    # The case is bound in by its key. Both databases keep a time to the microsecond, each in a zone of its own.
    return box.identity("timers", row_id, kind, due.astimezone(UTC).isoformat())
