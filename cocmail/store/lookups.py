"""Things to be found again: Message-IDs, tokens, addresses, code names, each by a keyed hash with a sealed note.

The rule: the value itself is never stored, and two stores hash it differently. The note of a look-up that belongs to a
case is sealed under that case's key and dies with it; the hash of a code name stays, so that no name is used twice.
This module must not know what a value means.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from cocmail.errors import SealError
from cocmail.store.tables import LOOKUPS
from cocmail.store.transaction import Tx, new_id, open_for, seal_for
from cocmail.vault import box

CODE_NAME = "code-name"

# Statements that run for every message are built once: building one costs more than the database takes to run it.
_ADD = insert(LOOKUPS)
_ROWS = select(LOOKUPS.c.id, LOOKUPS.c.hash, LOOKUPS.c.case_id, LOOKUPS.c.sealed).order_by(
    LOOKUPS.c.created_at, LOOKUPS.c.id
)
_FIND = _ROWS.where(
    # The hash alone is of one kind and value. The index is of both.
    LOOKUPS.c.kind.in_(bindparam("of_kinds", expanding=True)),
    LOOKUPS.c.hash.in_(bindparam("of_hashes", expanding=True)),
)
# Without lists it is said in half of the time.
_FIND_ONE = _ROWS.where(LOOKUPS.c.kind == bindparam("of_kind"), LOOKUPS.c.hash == bindparam("of_hash"))
_HAS = select(LOOKUPS.c.id).where(LOOKUPS.c.kind == bindparam("of_kind")).limit(1)
_DROP = delete(LOOKUPS).where(LOOKUPS.c.id == bindparam("of_id"))


@dataclass(frozen=True, slots=True)
class Found:
    """A look-up that matched."""

    case_id: str | None
    note: bytes = field(repr=False)
    id: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """Something to be remembered: `value`, up to its spelling, with a note. `kind` is a word of this program."""

    kind: str
    value: str
    note: bytes = field(repr=False)
    case_id: str | None = None


def remember(tx: Tx, kind: str, value: str, note: bytes, *, case_id: str | None = None, now: datetime) -> str:
    """Remembers `value` (up to its spelling) with a note; gives the row's id. The same value may be remembered again.

    `kind` is a word of this program and stands plain. Raises SealError when the case's key does not open.
    """
    [row] = remember_all(tx, [Remembered(kind, value, note, case_id)], now)
    return row


def remember_all(tx: Tx, every: Sequence[Remembered], now: datetime) -> list[str]:
    """`remember` for several, in one statement."""
    rows = [_row(tx, each, now) for each in every]
    if rows:
        tx.run(_ADD, rows)
    return [str(row["id"]) for row in rows]


def _row(tx: Tx, each: Remembered, now: datetime) -> dict[str, object]:
    row, digest = new_id(), tx.keyring.lookup(each.kind, each.value)
    sealed = seal_for(tx, each.case_id, each.note, _context(row, each.kind, digest))
    return {
        "id": row, "kind": each.kind, "hash": digest, "case_id": each.case_id, "sealed": sealed, "created_at": now
    }  # fmt: skip


class Search:
    """Several values looked for by one statement. What was found of each is opened when it is asked for."""

    def __init__(self, tx: Tx, every: Iterable[tuple[str, str]]) -> None:
        """`every` is kinds and values."""
        self._tx = tx
        digests = {(kind, value): tx.keyring.lookup(kind, value) for kind, value in every}
        rows = _found(tx, {kind for kind, _ in digests}, [*digests.values()])
        self._rows = {each: [row for row in rows if row.hash == digest] for each, digest in digests.items()}

    def knows(self, kind: str, value: str) -> bool:
        """Whether that was among what was looked for."""
        return (kind, value) in self._rows

    def found(self, kind: str, value: str) -> list[Found]:
        """Everything remembered of that value, oldest first. Raises SealError when a note does not open."""
        rows = self._rows[kind, value]
        return [
            Found(row.case_id, open_for(self._tx, row.case_id, row.sealed, _context(row.id, kind, row.hash)), row.id)
            for row in rows
        ]

    def cases(self, kind: str, value: str) -> list[str]:
        """The ids of the cases that a value is remembered of, oldest first. Opens nothing."""
        return [row.case_id for row in self._rows[kind, value] if row.case_id is not None]


def _found(tx: Tx, kinds: Collection[str], hashes: Sequence[bytes]) -> Sequence[Row[*tuple[Any, ...]]]:
    if len(hashes) == 1:
        [kind], [digest] = kinds, hashes
        return tx.run(_FIND_ONE, {"of_kind": kind, "of_hash": digest}).all()
    return tx.run(_FIND, {"of_kinds": list(kinds), "of_hashes": hashes}).all() if hashes else []


def find(tx: Tx, kind: str, value: str) -> list[Found]:
    """Everything remembered of `value`, oldest first. Raises SealError when a note does not open."""
    return Search(tx, [(kind, value)]).found(kind, value)


def has(tx: Tx, kind: str) -> bool:
    """Whether anything of that kind is remembered at all."""
    return tx.run(_HAS, {"of_kind": kind}).one_or_none() is not None


def replace(tx: Tx, found_id: str, note: bytes) -> None:
    """Puts another note in place of that row's. Does nothing when the row is gone."""
    columns = (LOOKUPS.c.kind, LOOKUPS.c.hash, LOOKUPS.c.case_id)
    row = tx.run(select(*columns).where(LOOKUPS.c.id == found_id)).one_or_none()
    if row is not None:
        sealed = seal_for(tx, row.case_id, note, _context(found_id, row.kind, row.hash))
        tx.run(update(LOOKUPS).where(LOOKUPS.c.id == found_id).values(sealed=sealed))


def broken(tx: Tx) -> list[str]:
    """The ids of look-ups whose note does not open."""
    failures = []
    columns = (LOOKUPS.c.id, LOOKUPS.c.kind, LOOKUPS.c.hash, LOOKUPS.c.case_id, LOOKUPS.c.sealed)
    for row in tx.run(select(*columns)).all():
        try:
            open_for(tx, row.case_id, row.sealed, _context(row.id, row.kind, row.hash))
        except SealError:
            failures.append(str(row.id))
    return failures


def _context(row: str, kind: str, digest: bytes) -> bytes:
    # The hash is bound in: a note must not be moved under another value's hash.
    return box.identity("lookups", row, kind, digest.hex())


def put(tx: Tx, row: str, kind: str, value: str, note: bytes, now: datetime) -> None:
    """Remembers `value` with a note of no case, in a row of that id, which must be free."""
    digest = tx.keyring.lookup(kind, value)
    sealed = tx.keyring.seal_note(note, _context(row, kind, digest))
    tx.insert(_ADD, id=row, kind=kind, hash=digest, case_id=None, sealed=sealed, created_at=now)


def drop(tx: Tx, row: str) -> None:
    """Forgets one row. Does nothing when it is gone."""
    tx.run(_DROP, {"of_id": row})


def forget(tx: Tx, kinds: Collection[str], before: datetime) -> None:
    """Forgets what was remembered of these kinds before that time."""
    tx.run(delete(LOOKUPS).where(LOOKUPS.c.kind.in_(list(kinds)), LOOKUPS.c.created_at < before))


def drop_detached(tx: Tx, kind: str, value: str) -> None:
    """Forgets what is remembered of a value and belongs to no case."""
    digest = tx.keyring.lookup(kind, value)
    tx.run(delete(LOOKUPS).where(LOOKUPS.c.kind == kind, LOOKUPS.c.hash == digest, LOOKUPS.c.case_id.is_(None)))


def detach(tx: Tx, found_id: str, note_of: Callable[[bytes], bytes]) -> None:
    """A look-up of a case stays findable when its case is gone: its note, made of the old one, belongs to none.

    Raises SealError when the old note does not open.
    """
    columns = (LOOKUPS.c.kind, LOOKUPS.c.hash, LOOKUPS.c.case_id, LOOKUPS.c.sealed)
    row = tx.run(select(*columns).where(LOOKUPS.c.id == found_id)).one()
    context = _context(found_id, row.kind, row.hash)
    note = note_of(open_for(tx, row.case_id, row.sealed, context))
    values = {"case_id": None, "sealed": tx.keyring.seal_note(note, context)}
    tx.run(update(LOOKUPS).where(LOOKUPS.c.id == found_id).values(values))


def detached(tx: Tx, kind: str, *, of: Collection[str] | None = None) -> list[bytes]:
    """The notes of a kind that belong to no case, oldest first. One that does not open stops none of the others.

    `of`: of these rows alone.
    """
    columns = (LOOKUPS.c.id, LOOKUPS.c.hash, LOOKUPS.c.sealed)
    found = select(*columns).where(LOOKUPS.c.kind == kind, LOOKUPS.c.case_id.is_(None))
    found = found if of is None else found.where(LOOKUPS.c.id.in_(list(of)))
    rows = tx.run(found.order_by(LOOKUPS.c.created_at, LOOKUPS.c.id)).all()
    return list(_opened(tx, kind, rows))


def _opened(tx: Tx, kind: str, rows: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[bytes]:
    for row in rows:
        with contextlib.suppress(SealError):
            yield tx.keyring.open_note(row.sealed, _context(row.id, kind, row.hash))
