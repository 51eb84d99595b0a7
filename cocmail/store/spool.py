"""Mail that came in: sealed before anybody answers 250, kept until it is filed under a case or discarded.

The rule: a row is added once and never loses its content except through `discard`. Each message is sealed under a key
of its own; filing wraps that key anew under the case's key, so that a case which loses its key loses its mails, and
nothing large is encrypted twice. This module must not parse a message.

    new ──> filed            done with, under a named reason, with or without a case
     │  ──> held ──> new     waits for its sender's confirmation; then runs with the proven member beside it
     │  ──> shunted ──> new  our own bug: kept for `queue retry`
     └────> discarded        content gone on purpose, the row stays
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, insert, or_, select, update

from cocmail.core.model import Envelope
from cocmail.errors import SealError, StoreError
from cocmail.store.envelopes import packed, unpacked
from cocmail.store.tables import SPOOL
from cocmail.store.transaction import Tx, case_key, new_id
from cocmail.vault import box
from cocmail.vault.keyring import Keyring

NEW, FILED, HELD, SHUNTED, DISCARDED = "new", "filed", "held", "shunted", "discarded"
_MASTER, _CASE = "master", "case"

_ADD = insert(SPOOL)


class AlreadyFiled(StoreError):
    """Another daemon was faster with this message, or it was filed before. Take back your transaction and go on."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message sealed and ready for `add`."""

    id: str
    received_at: datetime
    size: int
    door: str
    wrapped_key: bytes
    envelope: bytes
    raw: bytes


_KEY_COLUMNS = (SPOOL.c.wrapped_key, SPOOL.c.key_owner, SPOOL.c.case_id)
# Statements that run at every look are built once, as in `lookups`.
_OLDEST = (
    select(SPOOL.c.id, SPOOL.c.attempts, SPOOL.c.received_at, SPOOL.c.confirmed, SPOOL.c.reason, *_KEY_COLUMNS)
    .where(SPOOL.c.state == NEW)
    .where(or_(SPOOL.c.next_attempt.is_(None), SPOOL.c.next_attempt <= bindparam("now")))
    .order_by(SPOOL.c.received_at, SPOOL.c.id)
    .limit(1)
)
_OLDEST_TAKEN = _OLDEST.with_for_update(skip_locked=True)
_NEW = select(SPOOL.c.id).where(SPOOL.c.state == NEW, SPOOL.c.next_attempt.is_(None)).limit(1)
_TO_FORGET = select(SPOOL.c.id, SPOOL.c.reason).where(SPOOL.c.state == HELD, SPOOL.c.next_attempt <= bindparam("now"))
_NEW_BEFORE = _NEW.where(SPOOL.c.received_at < bindparam("moment"))
_CONTENTS = select(SPOOL.c.id, SPOOL.c.envelope, SPOOL.c.raw, *_KEY_COLUMNS).where(SPOOL.c.id == bindparam("of_id"))
_WAITING = select(SPOOL.c.id, *_KEY_COLUMNS).where(
    SPOOL.c.id == bindparam("of_id"), SPOOL.c.state.in_((NEW, HELD, SHUNTED))
)
_CHANGE = update(SPOOL).where(SPOOL.c.id == bindparam("of_id"))


@dataclass(frozen=True, slots=True)
class Spooled:
    """A message that waits. `confirmed_handle` is the member who confirmed it by mail to a one-use address, `reason`
    what became of it before; None where nothing was ever decided about it.
    """

    id: str
    attempts: int
    confirmed_handle: str | None = field(repr=False)
    received_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Shunted:
    """A shunted message as the operator sees it."""

    id: str
    attempts: int
    next_attempt: datetime | None


def prepare(keyring: Keyring, envelope: Envelope, raw: bytes) -> Prepared:
    """Seals a message under a fresh key. Outside the transaction: this is where the CPU goes."""
    row, key = new_id(), box.new_key()
    return Prepared(
        id=row,
        received_at=envelope.received_at or datetime.now(UTC),
        size=len(raw),
        door=envelope.door.value,
        wrapped_key=keyring.wrap(key, _key_context(row)),
        envelope=box.seal(key, packed(envelope), box.identity("spool", row, "envelope")),
        raw=box.seal(key, raw, box.identity("spool", row, "raw")),
    )


def add(tx: Tx, prepared: Prepared) -> str:
    """Stores a prepared message as new; gives its id. It is safe once the transaction is committed."""
    tx.insert(
        _ADD,
        id=prepared.id,
        received_at=prepared.received_at,
        size=prepared.size,
        door=prepared.door,
        state=NEW,
        attempts=0,
        wrapped_key=prepared.wrapped_key,
        key_owner=_MASTER,
        envelope=prepared.envelope,
        raw=prepared.raw,
    )
    return prepared.id


def next_new(tx: Tx, now: datetime) -> Spooled | None:
    """The oldest new message that is due, or None.

    Inside `Store.write` on PostgreSQL it is taken for this transaction and others pass it by. A confirmation that does
    not open counts as none: the message is then asked about once more, never run on a forged word.
    """
    row = tx.run(_OLDEST_TAKEN if tx.writing else _OLDEST, {"now": now}).one_or_none()
    if row is None:
        return None
    return Spooled(row.id, row.attempts, _confirmed(tx, row), row.received_at, row.reason)


def has_new_before(tx: Tx, moment: datetime) -> bool:
    """Whether a message that came in before that moment has not been looked at yet; one that was put off is none."""
    return tx.run(_NEW_BEFORE, {"moment": moment}).one_or_none() is not None


def open_mail(tx: Tx, spool_id: str) -> tuple[Envelope, bytes] | None:
    """A message as it came in; None when its content is gone. Raises SealError."""
    row = tx.run(_CONTENTS, {"of_id": spool_id}).one_or_none()
    if row is None or row.raw is None or row.envelope is None:
        return None
    key = _row_key(tx, row)
    envelope = unpacked(box.open_(key, row.envelope, box.identity("spool", row.id, "envelope")))
    return envelope, box.open_(key, row.raw, box.identity("spool", row.id, "raw"))


def file(
    tx: Tx, spool_id: str, state: str, reason: str, case_id: str | None = None, *, forget_at: datetime | None = None
) -> None:
    """Ends the run of a new, held or shunted message: `state` is FILED or HELD, `reason` a word of the closed list.

    One that is still held at `forget_at` is to be forgotten then. With a case the message's key is wrapped anew under
    the case's. Raises AlreadyFiled when the message has left those states, so that two daemons cannot make two cases of
    it, and SealError.
    """
    if state not in (FILED, HELD):
        raise ValueError("a message is filed or held")
    row = tx.run(tx.locked(_WAITING), {"of_id": spool_id}).one_or_none()
    if row is None:
        raise AlreadyFiled("the message is not waiting any more")
    values: dict[str, object] = {"state": state, "reason": reason, "next_attempt": forget_at}
    if case_id is not None:
        wrapped = box.seal(case_key(tx, case_id), _row_key(tx, row), _key_context(spool_id, case_id))
        values |= {"case_id": case_id, "key_owner": _CASE, "wrapped_key": wrapped}
    _set(tx, spool_id, values)


def discard(tx: Tx, spool_id: str, reason: str) -> None:
    """Destroys the content of a message and its key; the row stays, with its time, size and reason."""
    gone = {"wrapped_key": None, "envelope": None, "raw": None, "confirmed": None, "next_attempt": None}
    _set(tx, spool_id, {"state": DISCARDED, "reason": reason, **gone})


def to_forget(tx: Tx, now: datetime) -> dict[str, str]:
    """The held messages to be forgotten by now, with their reasons; none while what may be the answer was not read."""
    found = {row.id: row.reason for row in tx.run(_TO_FORGET, {"now": now})}
    waiting = select(SPOOL.c.id).where(SPOOL.c.state.in_((NEW, SHUNTED))).limit(1)
    return found if not found or tx.run(waiting).one_or_none() is None else {}


def rewrite(tx: Tx, spool_id: str, raw: bytes) -> None:
    """Puts other content in the place of a message's own, which is gone by it, with the envelope's details.

    Under another key: what a journal or a backup holds of the old content opens with no key that is left here. Raises
    SealError where the message does not open.
    """
    row = tx.run(tx.locked(_CONTENTS), {"of_id": spool_id}).one()
    known = unpacked(box.open_(_row_key(tx, row), row.envelope, box.identity("spool", row.id, "envelope")))
    key = box.new_key()
    envelope = box.seal(key, packed(replace(known, sender=None, peer="")), box.identity("spool", row.id, "envelope"))
    sealed = box.seal(key, raw, box.identity("spool", row.id, "raw"))
    owner = _MASTER if row.key_owner == _MASTER else row.case_id
    context = _key_context(row.id, owner)
    wrapped = tx.keyring.wrap(key, context) if owner == _MASTER else box.seal(case_key(tx, owner), key, context)
    _set(tx, spool_id, {"envelope": envelope, "raw": sealed, "size": len(raw), "wrapped_key": wrapped})


def confirm(tx: Tx, spool_id: str, handle: str, *, state: str = HELD) -> None:
    """Lets a message run, with the member who confirmed it. Does nothing unless it is held, or whatever is told."""
    row = tx.run(select(SPOOL.c.id, *_KEY_COLUMNS).where(SPOOL.c.id == spool_id, SPOOL.c.state == state)).one_or_none()
    if row is not None:
        sealed = box.seal(_row_key(tx, row), handle.encode(), box.identity("spool", spool_id, "confirmed"))
        _set(tx, spool_id, {"state": NEW, "next_attempt": None, "confirmed": sealed})


def postpone(tx: Tx, spool_id: str, next_attempt: datetime) -> None:
    """A new message is tried again at that time. Counts an attempt."""
    values = {"next_attempt": next_attempt, "attempts": SPOOL.c.attempts + 1}
    tx.run(update(SPOOL).where(SPOOL.c.id == spool_id, SPOOL.c.state == NEW).values(values))


def pull_back(tx: Tx, now: datetime, longest: timedelta) -> None:
    """What is put off for longer than any message is was put off by a clock that ran ahead: it is due."""
    tx.run(update(SPOOL).where(SPOOL.c.state == NEW, SPOOL.c.next_attempt > now + longest).values(next_attempt=now))


def shunt(tx: Tx, spool_id: str, reason: str) -> None:
    """Puts a new message aside after a bug of ours. Counts an attempt; the content stays."""
    values = {"state": SHUNTED, "reason": reason, "attempts": SPOOL.c.attempts + 1, "next_attempt": None}
    tx.run(update(SPOOL).where(SPOOL.c.id == spool_id, SPOOL.c.state == NEW).values(values))


def retry(tx: Tx, spool_id: str) -> bool:
    """Makes a shunted or postponed message due at once. False when there is none of that id."""
    waits = or_(SPOOL.c.state == SHUNTED, and_(SPOOL.c.state == NEW, SPOOL.c.next_attempt.is_not(None)))
    return tx.run(update(SPOOL).where(SPOOL.c.id == spool_id, waits).values(state=NEW, next_attempt=None)).rowcount == 1


def shunted(tx: Tx) -> list[Shunted]:
    """The shunted messages, oldest first."""
    return _standing(tx, SPOOL.c.state == SHUNTED)


def postponed(tx: Tx) -> list[Shunted]:
    """The new messages that were put off, oldest first."""
    return _standing(tx, and_(SPOOL.c.state == NEW, SPOOL.c.next_attempt.is_not(None)))


def _standing(tx: Tx, where: ColumnElement[bool]) -> list[Shunted]:
    columns = (SPOOL.c.id, SPOOL.c.attempts, SPOOL.c.next_attempt)
    rows = tx.run(select(*columns).where(where).order_by(SPOOL.c.received_at, SPOOL.c.id))
    return [Shunted(row.id, row.attempts, row.next_attempt) for row in rows]


def reasons(tx: Tx) -> dict[str, int]:
    """How many messages stand under each reason."""
    counted = select(SPOOL.c.reason, func.count().label("messages")).where(SPOOL.c.reason.is_not(None))
    return {row.reason: row.messages for row in tx.run(counted.group_by(SPOOL.c.reason).order_by(SPOOL.c.reason))}


def count(tx: Tx) -> int:
    """How many messages have content."""
    return int(tx.run(select(func.count()).select_from(SPOOL).where(SPOOL.c.raw.is_not(None))).scalar_one())


def broken(tx: Tx) -> list[str]:
    """The ids of messages that do not open. Reads them one at a time: they may be large."""
    failures = []
    for spool_id in tx.run(select(SPOOL.c.id).where(SPOOL.c.state != DISCARDED)).scalars().all():
        try:
            whole = open_mail(tx, spool_id) is not None
        except SealError:
            whole = False
        if not whole:
            failures.append(str(spool_id))
    return failures


def _key_context(spool_id: str, owner: str = _MASTER) -> bytes:
    return box.identity("spool", spool_id, "key", owner)


def _row_key(tx: Tx, row: Row[*tuple[Any, ...]]) -> bytes:
    if row.wrapped_key is None:
        raise SealError("the message's key is gone")
    if row.key_owner == _MASTER:
        return tx.keyring.unwrap(row.wrapped_key, _key_context(row.id))
    if row.case_id is None:
        raise SealError("the message's case is not named")
    return box.open_(case_key(tx, row.case_id), row.wrapped_key, _key_context(row.id, row.case_id))


def _confirmed(tx: Tx, row: Row[*tuple[Any, ...]]) -> str | None:
    if row.confirmed is None:
        return None
    try:
        return box.open_(_row_key(tx, row), row.confirmed, box.identity("spool", row.id, "confirmed")).decode()
    except SealError:
        return None


def _set(tx: Tx, spool_id: str, values: Mapping[str, object]) -> None:
    tx.run(_CHANGE, {**values, "of_id": spool_id})
