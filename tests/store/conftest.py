"""Every test that takes `store` or `database` runs over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring, new_key_file

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Database:
    """An empty database, and the way somebody has in who can write to it but holds no key."""

    url: str
    keyring: Keyring

    def open(self, *, exclusive: bool = True) -> Store:
        return Store.open(self.url, self.keyring, exclusive=exclusive)

    def tamper(self, statement: str, **values: object) -> int:
        """Runs one SQL statement behind the store's back; gives the number of rows."""
        engine = create_engine(make_url(self.url.replace("postgresql:", "postgresql+psycopg:")))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))  # no foreign keys, like SQLite
            count = connection.execute(text(statement), values).rowcount
        engine.dispose()
        return count


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    new_key_file(tmp_path / "master.key")
    return Keyring.load(tmp_path / "master.key")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, keyring: Keyring) -> Database:
    if request.param == "sqlite":
        (tmp_path / "var").mkdir(mode=0o700)
        return Database(f"sqlite:///{tmp_path}/var/cocmail.db", keyring)
    return Database(request.getfixturevalue("postgresql").new_database(), keyring)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = database.open()
    yield opened
    opened.close()
