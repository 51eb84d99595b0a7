"""Small records that belong to no case: settings kept under a name, and counters for rate limits.

The rule: names and counted values are keyed hashes in the database, since they may hold an address. Nothing of a case
belongs here: these records are sealed under the master and survive every erasure.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from cocmail.errors import SealError
from cocmail.store.tables import COUNTERS, NOTES
from cocmail.store.transaction import Tx
from cocmail.vault import box
from cocmail.vault.keyring import Keyring

_CHECK = "check"
_COUNTED = select(COUNTERS.c.count).where(
    COUNTERS.c.kind == bindparam("of_kind"),
    COUNTERS.c.hash == bindparam("of_hash"),
    COUNTERS.c.window == bindparam("of_window"),
)
_KEPT = select(NOTES.c.sealed).where(NOTES.c.name == bindparam("of_name"))


def keep(tx: Tx, name: str, data: bytes) -> None:
    """Keeps `data` under `name`, in place of what was kept there."""
    _put(tx, _row_name(tx, name), data)


def kept(tx: Tx, name: str, *, lock: bool = False) -> bytes | None:
    """What was kept under `name`; `lock`: nobody else changes it before this transaction ends. Raises SealError."""
    row = _row_name(tx, name)
    sealed = tx.run(tx.locked(_KEPT) if lock else _KEPT, {"of_name": row}).scalar_one_or_none()
    return None if sealed is None else tx.keyring.open_note(sealed, box.identity("notes", row))


def bump(tx: Tx, kind: str, value: str, window: str) -> int:
    """Counts one more of `value` in `window` (a word for a stretch of time, such as a date) and gives the new count."""
    found = {"kind": kind, "hash": tx.keyring.lookup(kind, value), "window": window}
    statement = tx.upsert(COUNTERS).on_conflict_do_update(
        index_elements=["kind", "hash", "window"], set_={"count": COUNTERS.c.count + 1}
    )
    return int(tx.run(statement.returning(COUNTERS.c.count), {**found, "count": 1}).scalar_one())


def counted(tx: Tx, kind: str, value: str, window: str) -> int:
    """How many of `value` were counted in `window` so far."""
    asked = {"of_kind": kind, "of_hash": tx.keyring.lookup(kind, value), "of_window": window}
    return int(tx.run(_COUNTED, asked).scalar_one_or_none() or 0)


def mark(tx: Tx) -> None:
    """Leaves the record by which `check` knows the right key file: sealed by the master, naming the index secret."""
    _put(tx, _CHECK, _fingerprint(tx.keyring))


def check(tx: Tx) -> None:
    """Raises SealError unless this store was made with this key file, or one that still holds its master."""
    sealed = tx.run(select(NOTES.c.sealed).where(NOTES.c.name == _CHECK)).scalar_one_or_none()
    if sealed is None:
        raise SealError("the store has lost the record that its key file is known by")
    if tx.keyring.open_note(sealed, box.identity("notes", _CHECK)) != _fingerprint(tx.keyring):
        raise SealError("the key file's index secret is not the one of this store")


def broken(tx: Tx) -> list[str]:
    """The row names of notes that do not open."""
    failures = []
    for row in tx.run(select(NOTES.c.name, NOTES.c.sealed)):
        try:
            tx.keyring.open_note(row.sealed, box.identity("notes", row.name))
        except SealError:
            failures.append(str(row.name))
    return failures


def _fingerprint(keyring: Keyring) -> bytes:
    return keyring.lookup("check", "index")


def _row_name(tx: Tx, name: str) -> str:
    return tx.keyring.lookup("note", name).hex()


def _put(tx: Tx, row: str, data: bytes) -> None:
    sealed = tx.keyring.seal_note(data, box.identity("notes", row))
    statement = tx.upsert(NOTES)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"sealed": statement.excluded.sealed})
    tx.run(statement, {"name": row, "sealed": sealed})
