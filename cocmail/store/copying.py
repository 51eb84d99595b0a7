"""All rows of a store into another database, over SQLite and PostgreSQL alike; and files that are on disk for sure.

The rule: rows are copied as they are, sealed; the copy's schema is this release's. Whoever calls it holds the one
transaction that the source is read in. This module must not open a record.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, func, insert, select

from cocmail.store import revisions
from cocmail.store.tables import SPOOL, Record

TABLES = tuple(Record.metadata.sorted_tables)
# So many rows are in memory at once; of messages, which may be large, one.
_CHUNK = 500
_BLOCK = 1 << 20


@contextmanager
def single_file(path: Path) -> Iterator[Connection]:
    """An SQLite database of one file, with no journal beside it, in one transaction. It is committed, not synced."""
    engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Makes the schema in an empty database and copies every row; gives how many of each table."""
    revisions.upgrade(target)
    counts = {}
    for table in TABLES:
        found = source.execute(select(table), execution_options={"yield_per": 1 if table is SPOOL else _CHUNK})
        counts[table.name] = 0
        for rows in found.partitions():
            target.execute(insert(table), [dict(row._mapping) for row in rows])
            counts[table.name] += len(rows)
    return counts


def counted(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES}


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def make_private(path: Path) -> None:
    """An empty file for its owner alone, before a database is written into it. Raises FileExistsError."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def sync(path: Path) -> None:
    """A file, or a folder with its names, is on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
