"""A new release opens the store of every earlier one: all that was in it is there afterwards, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, inspect, text

from cocmail.core.model import Door, Envelope
from cocmail.errors import StoreError
from cocmail.store import cases, lookups, notes, outbox, revisions, spool, timers
from cocmail.store.transaction import Tx

HOUR = timedelta(hours=1)
# The tables that the first release knew.
FIRST = ["cases", "counters", "events", "lookups", "notes", "outbox", "spool"]


def fill(tx: Tx, now: datetime) -> None:
    """One of everything that the first release kept."""
    notes.mark(tx)
    cases.create(tx, "c1", "conduct@example.org", "home shelf", now)
    cases.append(tx, "c1", [b"one", b"two"], now)
    lookups.remember(tx, "token", "t1", b"note", case_id="c1", now=now)
    outbox.queue(tx, [outbox.Queued("o1", "forward", "c1", "member:amara", b"letter", now)], now)
    said = Envelope(Door.SMTP, "conduct@example.org", "kit@example.net", (), received_at=now)
    for reason in ("report", ""):
        entry = spool.add(tx, spool.prepare(tx.keyring, said, b"raw"))
        if reason:
            spool.file(tx, entry, spool.FILED, reason, "c1")
    notes.keep(tx, "config", b"text")
    notes.bump(tx, "ack", "kit@example.net", "2026-11-21")


@contextmanager
def connected(database) -> Iterator[Connection]:
    """Past the store, in one transaction."""
    engine = create_engine(database.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def rows(database) -> dict[str, list[str]]:
    """Every row of the first release's tables, as the database holds it."""
    with connected(database) as connection:
        return {name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")))) for name in FIRST}


@pytest.fixture
def old(database, now: datetime) -> object:
    """A store as the first release left it."""
    if database.url.startswith("sqlite"):
        Path(database.url.removeprefix("sqlite:///")).parent.mkdir(exist_ok=True)
    with connected(database) as connection:
        command.upgrade(revisions.configuration(connection), "0001")
        assert sorted(inspect(connection).get_table_names()) == sorted([*FIRST, "alembic_version"])
        fill(Tx(connection, database.keyring), now)
    return database


def test_a_store_of_the_first_release_loses_nothing(old, now) -> None:
    before = rows(old)
    assert all(before.values())
    store = old.open()
    assert rows(old) == before
    assert store.read_now(cases.verify) == cases.Verification(1, 2, 2, 1, 0, ())
    assert store.read_now(lambda tx: cases.load(tx, "c1")) == [b"one", b"two"]
    assert [letter.payload for letter in store.write_now(lambda tx: outbox.claim(tx, now, 9, HOUR))] == [b"letter"]
    assert store.read_now(lambda tx: notes.kept(tx, "config")) == b"text"
    store.write_now(lambda tx: timers.set_(tx, "c1", "question-end", "1", now))
    store.close()
    again = old.open()
    assert [timer.about for timer in again.write_now(lambda tx: timers.claim(tx, now, 9, HOUR))] == ["1"]
    again.close()


def test_a_way_up_that_fails_leaves_the_store_as_it_was(old) -> None:
    before = rows(old)
    with connected(old) as connection:
        connection.execute(text("CREATE TABLE something (due INTEGER)"))
        connection.execute(text("CREATE INDEX ix_timers_due ON something (due)"))  # the last thing to be made
    with pytest.raises(StoreError):
        old.open()
    with connected(old) as connection:
        assert revisions.present(connection) == "0001"
        assert "timers" not in inspect(connection).get_table_names()
        connection.execute(text("DROP TABLE something"))
    assert rows(old) == before
    old.open().close()
    with connected(old) as connection:
        assert revisions.present(connection) == revisions.newest()
