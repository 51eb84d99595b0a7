"""Opens the store: one object through which everything durable is written and read.

    store = Store.open("sqlite:////var/lib/cocmail/cocmail.db", keyring)
    await store.write(lambda tx: spool.add(tx, prepared))          # returns after the commit: on disk

The rule: a store opens with the key file it was made with, at a schema that this release knows, or not at all, and a
refusal leaves it as it was. On SQLite one daemon at a time holds it, and the file is its owner's alone. This module
must not hand a database's own words to anybody: `transaction.told` turns them into ours.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from cocmail.errors import CocmailError, ConfigError, StoreBusy, StoreGone
from cocmail.store import notes, revisions
from cocmail.store.boundaries import Crossed, Side, Step, unwatched
from cocmail.store.connections import engine_for, shown, target_of
from cocmail.store.recent import Recent
from cocmail.store.transaction import Tx, told
from cocmail.store.writer import Writer
from cocmail.vault.keyring import Keyring

__all__ = ["BUSY_PAUSE", "Store", "Tx"]

T = TypeVar("T")

# Seconds until a store that was busy is asked again.
BUSY_PAUSE = 5.0
_READERS = 2
# A folder, no folder, too long a name: to try again would change nothing. What may only be read may be given back.
_NO_PLACE = frozenset(
    {errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG},
)
# In tenths of a second.
_LOCK_TRIES = 10
# A constant of ours for pg_advisory_xact_lock: two daemons that start together must not both migrate.
MIGRATION_LOCK = 0x636F636D61696C


class Store:
    """An open store. Functions given to it run in its threads, take a `Tx` and return plain values, never rows."""

    def __init__(
        self, writing: Engine, reading: Engine, keyring: Keyring, lock: int | None, crossed: Crossed, is_new: bool
    ) -> None:
        """Use `Store.open`."""
        # Made just now: where a store was expected, the operator has to hear of it.
        self.is_new = is_new
        self._engines = (writing, reading)
        self._reading = reading
        self._keyring = keyring
        self._lock = lock
        self._crossed = crossed
        self._recent = Recent()
        self._writer = Writer(writing, keyring, self._recent, crossed)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")

    @staticmethod
    def open(
        url: str,
        keyring: Keyring,
        *,
        exclusive: bool = True,
        make: bool = True,
        migrate: bool = True,
        crossed: Crossed = unwatched,
    ) -> Store:
        """Opens or makes the store at `url` (`sqlite:///PATH` or `postgresql://USER@HOST/DB`) and migrates it.

        `exclusive` is for the daemon; the command line opens beside it. Without `make` a store that is not there is
        ConfigError; without `migrate` one that is new or old is StoreBusy; both stay as they are. No folder is made.
        `crossed`: see `boundaries`. Raises ConfigError for another sort of URL, StoreBusy when a daemon holds the store
        or its server is gone, StoreTooNew, and SealError for the wrong keys.
        """
        target = target_of(url)
        is_file = target.get_backend_name() == "sqlite"
        lock = _prepare_file(Path(str(target.database)), exclusive, make and migrate) if is_file else None
        writing, reading = engine_for(target, reading=False), engine_for(target, reading=True)
        is_new = False
        try:
            revision = _revision(reading, keyring)
            if revision is None and not make:
                raise _no_store(shown(url))
            if revision != revisions.newest():
                if not migrate:
                    raise StoreBusy("the daemon has not made or migrated the store yet")
                with _migrating(target, lock):
                    is_new = _bring_up(writing, keyring, crossed)
        except BaseException as error:
            writing.dispose()
            reading.dispose()
            unlock(lock)
            if isinstance(error, OperationalError) and target.get_backend_name() == "postgresql":
                raise StoreGone("the database server does not answer") from None
            if isinstance(error, SQLAlchemyError):
                raise told(error) from None
            raise
        return Store(writing, reading, keyring, lock, crossed, is_new)

    @property
    def keyring(self) -> Keyring:
        """The keys that this store was opened with."""
        return self._keyring

    def cross(self, step: Step, side: Side) -> None:
        """A boundary of a step that is no transaction is passed."""
        self._crossed(step, side)

    async def write(self, work: Callable[[Tx], T], step: Step | None = None) -> T:
        """Runs `work` in a transaction and returns its value once that is committed: on disk. `step` is its name.

        Raises what `work` raised (its changes are then undone), StoreBusy when nothing was stored and it can be tried
        again, StoreError otherwise. Cancelling the caller does not take back work that has begun.
        """
        return await asyncio.wrap_future(self._writer.submit(work, step))

    def write_now(self, work: Callable[[Tx], T]) -> T:
        """`write` for callers without an event loop. Blocks."""
        return self._writer.submit(work).result()

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` on one consistent view of the store in another thread; it can change nothing."""
        return await self._elsewhere(partial(self.read_now, work))

    def read_now(self, work: Callable[[Tx], T]) -> T:
        """`read` for callers without an event loop. Blocks."""
        try:
            with self._reading.connect() as connection:
                self._recent.forget_old()
                return work(Tx(connection, self._keyring, writing=False, recent=self._recent))
        except SQLAlchemyError as error:
            raise told(error) from None

    async def _elsewhere(self, work: Callable[[], T]) -> T:
        """In one of the threads that `close` waits for: whoever is cancelled leaves no open database behind."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        except RuntimeError as error:
            if "shutdown" in str(error):
                raise StoreBusy("the store is closed") from None
            raise

    async def scrub(self) -> bool:
        """After something was destroyed: SQLite's journal still holds the pages as they were, and is emptied.

        False where somebody read at that moment, and it is to be tried again. On PostgreSQL there is nothing to do
        from here: its own vacuum and the age of its archives decide (see the handbook). Raises StoreBusy.
        """
        return await self._elsewhere(self.scrub_now)

    def scrub_now(self) -> bool:
        """`scrub` for callers without an event loop. Blocks."""
        writing = self._engines[0]
        if writing.dialect.name != "sqlite":
            return True
        try:
            connection = writing.raw_connection()
            try:
                self.cross(Step.SCRUB, Side.BEFORE)
                # No transaction: `begin` would open one, in which nothing can be emptied.
                busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                self.cross(Step.SCRUB, Side.AFTER)
            finally:
                connection.close()
        except (SQLAlchemyError, sqlite3.Error):
            raise StoreBusy("the store's journal cannot be emptied") from None
        return not busy

    def close(self) -> None:
        """Commits what was handed in, then closes. Afterwards `write` raises StoreBusy. May be called twice."""
        self._writer.close()
        self._readers.shutdown()
        for engine in self._engines:
            engine.dispose()
        unlock(self._lock)
        self._lock = None


def _prepare_file(path: Path, exclusive: bool, make: bool) -> int | None:
    """Makes the database file 0600 before SQLite sees it (its WAL takes the same mode); the lock, where asked for.

    Its folder is not made: a slip of the pen in `store.url` would be a new and empty store, and nobody the wiser.
    Raises ConfigError where no file can be or, without `make`, none is; StoreBusy where none can be just now or another
    daemon has it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if make else 0) | os.O_CLOEXEC, 0o600)
        with suppress(PermissionError):  # a file of another owner that we may write: theirs to protect
            os.fchmod(descriptor, 0o600)
        os.close(descriptor)
        return take_lock(path) if exclusive else None
    except FileNotFoundError as error:
        raise (_not_opened(path, error) if make else _no_store(str(path))) from None
    except OSError as error:
        raise _not_opened(path, error) from None


def _no_store(place: str) -> ConfigError:
    return ConfigError(
        [
            f"store.url: there is no store at {place}: correct store.url; put a backup back (`cocmail restore`);"
            " or, for a new one, start the daemon, which makes it"
        ]
    )


def _not_opened(path: Path, error: OSError) -> CocmailError:
    if error.errno == errno.ENOENT and not path.parent.exists():
        do = "correct store.url, or make it for the daemon's user"
        return ConfigError([f"store.url: {path}: there is no folder {path.parent}: {do}"])
    # The file that it was: perhaps the lock beside the store, which `cocmail run` left that root once typed.
    said = f"{error.filename or path}: {os.strerror(error.errno or 0)}"
    if error.errno in _NO_PLACE:
        return ConfigError([f"store.url: {said}; it must name a file, in a folder that the daemon's user may write to"])
    return StoreBusy(f"the store's file cannot be opened: {said}")


def take_lock(path: Path) -> int:
    """The daemon's lock of an SQLite store. Raises StoreBusy where somebody has it.

    Asked for during a second: a daemon that was just killed may have begun a child, which holds it for a moment more.
    """
    # A file beside it: SQLite's own locks on the database are dropped when any descriptor of it is closed.
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for wait in (*[0.1] * _LOCK_TRIES, 0.0):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            time.sleep(wait)
    os.close(descriptor)
    raise StoreBusy("another daemon holds the store")


def unlock(descriptor: int | None) -> None:
    """Gives a lock back."""
    if descriptor is not None:
        os.close(descriptor)


def _revision(reading: Engine, keyring: Keyring) -> str | None:
    """Refuses what cannot be used, before a byte is written; gives the schema's revision, None where no store is."""
    with reading.connect() as connection:
        revision = revisions.present(connection)
        if revision is not None:
            notes.check(Tx(connection, keyring, writing=False))
        return revision


@contextmanager
def _migrating(target: URL, lock: int | None) -> Iterator[None]:
    """Holds the daemon's lock: a command of a newer release must not migrate the store under a running daemon."""
    alone = take_lock(Path(str(target.database))) if lock is None and target.drivername == "sqlite" else None
    try:
        yield
    finally:
        unlock(alone)


def _bring_up(writing: Engine, keyring: Keyring, crossed: Crossed) -> bool:
    """Migrates to the newest revision in one transaction. Whether that made a new store."""
    with writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        # Asked again under the lock: another daemon may have been faster.
        fresh = revisions.present(connection) is None
        revisions.upgrade(connection)
        # In the same transaction as the first tables: a store without this record is a damaged one, never a new one.
        if fresh:
            notes.mark(Tx(connection, keyring))
        else:
            notes.check(Tx(connection, keyring))
        crossed(Step.MIGRATE, Side.BEFORE)
    crossed(Step.MIGRATE, Side.AFTER)
    return fresh
