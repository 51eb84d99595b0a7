"""The real store without what makes it durable and shared: for a test that does thousands of things one by one.

Statements, seals and transactions are the store's own. What is left out: its threads, the savepoints that tell several
at once from each other, waiting for the disk, and opening it anew for every walk, which would migrate it and forget
every compiled statement.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, delete, event
from sqlalchemy.exc import SQLAlchemyError

from cocmail.store.boundaries import Step
from cocmail.store.engine import Store
from cocmail.store.tables import CASES, COUNTERS, EVENTS, LOOKUPS, NOTES, OUTBOX, SPOOL, TIMERS
from cocmail.store.transaction import Tx, told
from cocmail.vault.keyring import Keyring, new_key_file

T = TypeVar("T")

# What refers to others goes first.
_OF_CASES = (EVENTS, LOOKUPS, OUTBOX, TIMERS, SPOOL, COUNTERS, CASES)


class QuickStore(Store):
    """An open store that does everything at once: nothing that waits for it is ever put off."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        opened = Store.open(f"sqlite:///{path}", keyring)
        self.__dict__.update(opened.__dict__)
        # Nothing is handed to the thread that writes.
        self._writer.close()
        for engine in self._engines:
            engine.dispose()
            event.listen(engine, "connect", _without_the_disk)

    @classmethod
    def in_folder(cls, folder: Path) -> QuickStore:
        """A new one, with a master key of its own beside it."""
        new_key_file(folder / "key")
        return cls(folder / "s.db", Keyring.load(folder / "key"))

    def write_now(self, work: Callable[[Tx], T]) -> T:
        return self._run(self._engines[0], work, writing=True)

    def read_now(self, work: Callable[[Tx], T]) -> T:
        return self._run(self._engines[1], work, writing=False)

    def _run(self, engine: Engine, work: Callable[[Tx], T], *, writing: bool) -> T:
        try:
            with engine.begin() as connection:
                return work(Tx(connection, self._keyring, writing, recent=self._recent))
        except SQLAlchemyError as error:
            raise told(error) from None

    async def write(self, work: Callable[[Tx], T], step: Step | None = None) -> T:
        return self.write_now(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        return self.read_now(work)

    def empty(self) -> None:
        """As if no mail had ever come, and no committee had been there."""

        def work(tx: Tx) -> None:
            for table in _OF_CASES:
                tx.run(delete(table))
            # By this one the store knows its key.
            tx.run(delete(NOTES).where(NOTES.c.name != "check"))

        self.write_now(work)


def _without_the_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits for something")
