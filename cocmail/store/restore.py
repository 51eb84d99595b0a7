"""A backup becomes a store again: one that sends nothing until somebody has said so (`restored`).

The rule: nothing is put over a store that holds anything, nor under a running daemon; and nothing is in its place
before the backup was proven to be whole, to open with this key file, and to be marked, all its letters held. The backup
itself is not touched: a copy is brought to this release's schema. Then one rename (SQLite), or one transaction
(PostgreSQL).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, delete, inspect, select, text
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from cocmail.errors import ConfigError, SealError, StoreBusy, StoreGone
from cocmail.store import backup, cases, restored, revisions
from cocmail.store.backup import Manifest
from cocmail.store.connections import engine_for, target_of
from cocmail.store.copying import TABLES, copy_rows, digest_of, make_private, single_file, sync
from cocmail.store.engine import MIGRATION_LOCK, Store, take_lock, unlock
from cocmail.store.tables import CASES, COUNTERS, EVENTS, LOOKUPS, NOTES, OUTBOX, SPOOL, TIMERS
from cocmail.vault.keyring import Keyring

# What a daemon writes that has never had a message: its configuration, the committees' books.
_OF_ANY_STORE = (NOTES, COUNTERS)
_CONTENT = (CASES, EVENTS, SPOOL, LOOKUPS, OUTBOX, TIMERS)
_WORK = ".restoring-"
# Tenths of a second in which a session that was closed is gone.
_GOING = 20
_NOT_EMPTY = "store.url: there is a store already; move it away first, with its -wal and -shm: nothing is put over it"


@dataclass(frozen=True, slots=True)
class PutBack:
    """What is there again."""

    manifest: Manifest
    found: cases.Verification
    held: int


def put_back(path: Path, url: str, keyring: Keyring, now: datetime) -> PutBack:
    """Restores the newest backup of a folder, or the one of a manifest, to the store at `url`.

    Raises ConfigError where there is no backup, or a store already; SealError where it is not whole or the key is
    another one; StoreBusy for a daemon that runs or a full disk, StoreTooNew. The place is then as it was.
    """
    file, manifest = backup.load(path, keyring)
    target = target_of(url)
    try:
        if target.get_backend_name() == "sqlite":
            return _to_file(file, manifest, Path(str(target.database)), keyring, now)
        return _to_server(file, manifest, target, keyring, now)
    except OSError as error:
        raise StoreBusy(f"the store cannot be put back: no space or no right to (errno {error.errno})") from None


def _to_file(file: Path, manifest: Manifest, path: Path, keyring: Keyring, now: datetime) -> PutBack:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = take_lock(path)
    try:
        _own(path.parent, Path(f"{path}.lock"))
        _refuse_content(path)
        for left in path.parent.glob(f"{_WORK}*"):
            # Of a restore that was killed; nobody else is at it, as long as we have the lock.
            shutil.rmtree(left, ignore_errors=True)
        with _work_folder(path.parent) as work:
            put = _made_ready(file, manifest, work / "store.db", keyring, now)
            _own(path.parent, work / "store.db")
            for beside in (f"{path}-wal", f"{path}-shm"):
                Path(beside).unlink(missing_ok=True)
            os.rename(work / "store.db", path)
            sync(path.parent)
        return put
    finally:
        unlock(lock)


def _to_server(file: Path, manifest: Manifest, target: URL, keyring: Keyring, now: datetime) -> PutBack:
    engine = engine_for(target, reading=False)
    try:
        with _work_folder(Path(tempfile.gettempdir())) as work, engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            _refuse_users(connection)
            # Of a later release it would not be known how to fill it.
            revisions.present(connection)
            if not _is_empty(connection):
                raise ConfigError([_NOT_EMPTY.split(",")[0]])
            put = _made_ready(file, manifest, work / "store.db", keyring, now)
            for table in _OF_ANY_STORE if inspect(connection).has_table(NOTES.name) else ():
                connection.execute(delete(table))
            with single_file(work / "store.db") as source:
                copy_rows(source, connection)
        return put
    except OperationalError:
        raise StoreGone("the database server does not answer, or refuses") from None
    except SQLAlchemyError:
        raise StoreBusy("the database refuses what is put back; nothing is there") from None
    finally:
        engine.dispose()


def _made_ready(file: Path, manifest: Manifest, copy: Path, keyring: Keyring, now: datetime) -> PutBack:
    """A private copy of the backup, proven whole, brought to this schema, marked, its letters held."""
    make_private(copy)
    shutil.copyfile(file, copy)
    if digest_of(copy) != manifest.sha256:
        raise SealError("the backup is not whole: its digest is not the one of its manifest")
    store = Store.open(f"sqlite:///{copy}", keyring)
    try:
        found = store.read_now(cases.verify)
        if set(found.failures) - set(manifest.damaged):
            raise SealError("the backup does not open; nothing was put back")
        held = store.write_now(lambda tx: restored.mark(tx, manifest.of, now))
        store.scrub_now()
    finally:
        store.close()
    journal = Path(f"{copy}-wal")
    if journal.exists() and journal.stat().st_size:
        raise StoreBusy("the store cannot be put back: its journal is not empty")
    sync(copy)
    return PutBack(manifest, found, held)


def _refuse_content(path: Path) -> None:
    """Raises ConfigError unless there is nothing, or a store that has never had a message."""
    there = path.exists() and path.stat().st_size > 0
    if not there:
        if any(Path(f"{path}{end}").exists() for end in ("-wal", "-journal")):
            # What a store left that is gone: it may hold its last messages, and must not meet another file.
            raise ConfigError([_NOT_EMPTY])
        return
    engine = engine_for(target_of(f"sqlite:///{path}"), reading=False)
    try:
        with engine.connect() as connection:
            empty = _is_empty(connection)
    except OperationalError:
        raise StoreBusy("the store's file cannot be read for now") from None
    except DatabaseError:
        empty = False
    finally:
        engine.dispose()
    if not empty:
        raise ConfigError([_NOT_EMPTY])


def _is_empty(connection: Connection) -> bool:
    there = set(inspect(connection).get_table_names())
    if not there <= {"alembic_version", *(table.name for table in TABLES)}:
        return False
    found = (connection.execute(select(table).limit(1)).first() for table in _CONTENT if table.name in there)
    return all(row is None for row in found)


def _refuse_users(connection: Connection) -> None:
    """A daemon that runs has connections open, under the name that `engine` gives them."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND application_name = 'cocmail'"
    )
    # The server notices a moment later that somebody has gone.
    for _ in range(_GOING):
        if not connection.execute(others).scalar_one():
            return
        time.sleep(0.1)
        connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
    raise StoreBusy("another daemon, or command, uses the database")


def _own(folder: Path, file: Path) -> None:
    """Restored by root, the store is its folder's owner's: the daemon does not run as root."""
    if os.geteuid() == 0:
        status = folder.stat()
        os.chown(file, status.st_uid, status.st_gid)


@contextmanager
def _work_folder(beside: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=_WORK, dir=beside))
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
