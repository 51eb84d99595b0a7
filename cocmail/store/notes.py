"""Small records that belong to no case: settings kept under a name, and counters for rate limits.

The rule: names and counted values are keyed hashes in the database, since they may hold an address. Nothing of a case
belongs here: these records are sealed under the master and survive every erasure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Executable, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from cocmail.errors import SealError
from cocmail.store.tables import COUNTERS, NOTES
from cocmail.store.transaction import Tx
from cocmail.vault import box
from cocmail.vault.keyring import Keyring

T = TypeVar("T")

_CHECK = "check"
_COUNTED = select(COUNTERS.c.hash, COUNTERS.c.window, COUNTERS.c.count).where(
    # The hash alone is of one kind and value. The index is of both.
    COUNTERS.c.kind.in_(bindparam("of_kinds", expanding=True)),
    COUNTERS.c.hash.in_(bindparam("of_hashes", expanding=True)),
)
# By name: two daemons that lock several must lock them in one order.
_ALL_KEPT = (
    select(NOTES.c.name, NOTES.c.sealed)
    .where(NOTES.c.name.in_(bindparam("of_names", expanding=True)))
    .order_by(NOTES.c.name)
)
_KEPT = select(NOTES.c.sealed).where(NOTES.c.name == bindparam("of_name"))


def _bumping(insert: sqlite.Insert | postgresql.Insert) -> Executable:
    there = insert.on_conflict_do_update(
        index_elements=["kind", "hash", "window"], set_={"count": COUNTERS.c.count + 1}
    )
    return there.returning(COUNTERS.c.count)


def _putting(insert: sqlite.Insert | postgresql.Insert) -> Executable:
    return insert.on_conflict_do_update(index_elements=["name"], set_={"sealed": insert.excluded.sealed})


# Each database has an INSERT of its own that knows ON CONFLICT.
_BUMP = {"sqlite": _bumping(sqlite.insert(COUNTERS)), "postgresql": _bumping(postgresql.insert(COUNTERS))}
_PUT = {"sqlite": _putting(sqlite.insert(NOTES)), "postgresql": _putting(postgresql.insert(NOTES))}


class Counted(NamedTuple):
    """Something that is counted: a word of this program, a value, and a word for a stretch of time, such as a date."""

    kind: str
    value: str
    window: str


def keep(tx: Tx, name: str, data: bytes) -> None:
    """Keeps `data` under `name`, in place of what was kept there."""
    _put(tx, _row_name(tx, name), data)


def kept(tx: Tx, name: str, *, lock: bool = False) -> bytes | None:
    """What was kept under `name`; `lock`: nobody else changes it before this transaction ends. Raises SealError."""
    row = _row_name(tx, name)
    sealed = tx.run(tx.locked(_KEPT) if lock else _KEPT, {"of_name": row}).scalar_one_or_none()
    return None if sealed is None else _opened(tx, row, sealed)


def kept_all(tx: Tx, names: Sequence[str], made: Callable[[bytes], T], *, lock: bool = False) -> list[T]:
    """`kept` for several, in one statement: what is made of what there is, in the order of the names.

    What is made is kept for a breath (`recent`): every look at a case asks for the same, and it must never change.
    """
    rows = [_row_name(tx, name) for name in names]
    found = tx.run(tx.locked(_ALL_KEPT) if lock else _ALL_KEPT, {"of_names": rows}).all()
    sealed = {row.name: row.sealed for row in found}
    return [_made(tx, row, sealed[row], made) for row in rows if row in sealed]


def _made(tx: Tx, row: str, sealed: bytes, made: Callable[[bytes], T]) -> T:
    # Sealed anew it is other bytes; the same ones on another row must not open.
    name = f"{made.__qualname__} {row} ".encode() + sealed
    thing: T | None = tx.recent.get(name)
    if thing is None:
        thing = made(_opened(tx, row, sealed))
        tx.recent.keep(name, thing)
    return thing


def bump(tx: Tx, kind: str, value: str, window: str) -> int:
    """Counts one more of `value` in `window` (a word for a stretch of time, such as a date) and gives the new count."""
    found = {"kind": kind, "hash": tx.keyring.lookup(kind, value), "window": window}
    return int(tx.run(_BUMP[tx.connection.dialect.name], {**found, "count": 1}).scalar_one())


def counted(tx: Tx, every: Sequence[Counted]) -> list[int]:
    """How often each was counted so far, in their order, by one statement."""
    hashes = [tx.keyring.lookup(each.kind, each.value) for each in every]
    asked = {"of_kinds": list({each.kind for each in every}), "of_hashes": hashes}
    rows = tx.run(_COUNTED, asked).all() if every else []
    found = {(digest, window): int(count) for digest, window, count in rows}
    return [found.get((digest, each.window), 0) for digest, each in zip(hashes, every, strict=True)]


def mark(tx: Tx) -> None:
    """Leaves the record by which `check` knows the right key file: sealed by the master, naming the index secret."""
    _put(tx, _CHECK, _fingerprint(tx.keyring))


def check(tx: Tx) -> None:
    """Raises SealError unless this store was made with this key file, or one that still holds its master."""
    sealed = tx.run(select(NOTES.c.sealed).where(NOTES.c.name == _CHECK)).scalar_one_or_none()
    if sealed is None:
        raise SealError("the store has lost the record that its key file is known by")
    if _opened(tx, _CHECK, sealed) != _fingerprint(tx.keyring):
        raise SealError("the key file's index secret is not the one of this store")


def broken(tx: Tx) -> list[str]:
    """The row names of notes that do not open."""
    failures = []
    for row in tx.run(select(NOTES.c.name, NOTES.c.sealed)):
        try:
            _opened(tx, row.name, row.sealed)
        except SealError:
            failures.append(str(row.name))
    return failures


def _opened(tx: Tx, row: str, sealed: bytes) -> bytes:
    return tx.keyring.open_note(sealed, box.identity("notes", row))


def _fingerprint(keyring: Keyring) -> bytes:
    return keyring.lookup("check", "index")


def _row_name(tx: Tx, name: str) -> str:
    return tx.keyring.lookup("note", name).hex()


def _put(tx: Tx, row: str, data: bytes) -> None:
    sealed = tx.keyring.seal_note(data, box.identity("notes", row))
    tx.run(_PUT[tx.connection.dialect.name], {"name": row, "sealed": sealed})
