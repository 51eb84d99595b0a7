"""What a function is given that runs inside the store: the open transaction and the keys.

The rule: the one who opened the transaction commits it; functions that take a `Tx` only add to it. A case's key is
unwrapped once a transaction and forgotten with it. Nothing here but `recent` must outlive its transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Insert, Select, bindparam, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, TimeoutError

from cocmail.errors import SealError, StoreBusy, StoreError
from cocmail.store.recent import Recent
from cocmail.store.tables import CASES
from cocmail.vault import box
from cocmail.vault.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. `writing` is False inside `Store.read`, where nothing can be changed or locked."""

    connection: Connection
    keyring: Keyring
    writing: bool = True
    case_keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    recent: Recent = field(default_factory=Recent, repr=False)

    def run(
        self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Executes one Core statement, with the values of one row or of several."""
        return self.connection.execute(statement, values)

    def locked(self, statement: Select[*tuple[Any, ...]], *, skip: bool = False) -> Select[*tuple[Any, ...]]:
        """The select, taking its rows for this transaction on PostgreSQL (`skip`: leaving out what another one took).

        SQLite has one writer at a time (BEGIN IMMEDIATE) and needs no row locks.
        """
        if not self.writing or self.connection.dialect.name == "sqlite":
            return statement
        return statement.with_for_update(skip_locked=skip)

    def insert(self, statement: Insert, **values: object) -> None:
        """Adds one row."""
        self.run(statement, values)


def new_id() -> str:
    """A random id for a row: 128 bits, in hex."""
    return secrets.token_hex(16)


# Built once, as in `lookups`.
_KEY_OF = select(CASES.c.committee, CASES.c.wrapped_key).where(CASES.c.id == bindparam("of_case"))


def case_context(case_id: str, committee: bytes) -> bytes:
    """What a case's wrapped key is bound to: also the committee, so that a case cannot be moved to another one."""
    return box.identity("cases", case_id, committee.hex())


def case_key(tx: Tx, case_id: str) -> bytes:
    """The key of a case. Raises SealError when the case is not there or its key does not unwrap."""
    known = tx.case_keys.get(case_id)
    if known is not None:
        return known
    row = tx.run(_KEY_OF, {"of_case": case_id}).one_or_none()
    if row is None:
        raise SealError("there is no key for that case")
    key = tx.keyring.unwrap(row.wrapped_key, case_context(case_id, row.committee))
    tx.case_keys[case_id] = key
    return key


def seal_for(tx: Tx, case_id: str | None, plaintext: bytes, context: bytes) -> bytes:
    """Seals under the case's key, or under the master where there is no case."""
    if case_id is None:
        return tx.keyring.seal_note(plaintext, context)
    return box.seal(case_key(tx, case_id), plaintext, context)


def open_for(tx: Tx, case_id: str | None, sealed: bytes, context: bytes) -> bytes:
    """What `seal_for` was given. Raises SealError."""
    if case_id is None:
        return tx.keyring.open_note(sealed, context)
    return box.open_(case_key(tx, case_id), sealed, context)


def told(error: SQLAlchemyError) -> StoreError:
    """The database's error in our words. Its own words hold statements, keys and paths, so they go no further."""
    passing = isinstance(error, OperationalError | InterfaceError | TimeoutError)
    if passing or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return StoreBusy("the store is locked, full or gone")
    return StoreError(f"the database refused a statement ({type(error).__name__})")
