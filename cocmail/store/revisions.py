"""Which revision of the schema a store has, which ones this release knows, and the way up.

The rule: the whole way up is one transaction of the caller's, so that a crash in the middle leaves the old revision.
Alembic is configured here, in code; there is no alembic.ini. It is loaded where there is something to migrate, and not
at every start and every look at the queue. This module must not change anything but the schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from cocmail.errors import StoreGone, StoreTooNew
from cocmail.store.connections import engine_for, target_of

if TYPE_CHECKING:
    from alembic.config import Config

# Every revision of `migrations/versions`, oldest first.
KNOWN = ("0001", "0002")

# Where Alembic keeps the revision of a database.
_VERSION = table("alembic_version", column("version_num"))


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package, bound to a connection where one is given."""
    from alembic.config import Config

    config = Config()
    # Alembic expands % in its options, and an installation path may hold one.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(slug)s")
    config.attributes["connection"] = connection
    return config


def present(connection: Connection) -> str | None:
    """The revision of the store, None for an empty database. Raises StoreTooNew when this release does not know it."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    heads = connection.execute(select(_VERSION.c.version_num)).scalars().all()
    if not set(KNOWN).issuperset(heads):
        raise StoreTooNew(
            "the store was written by a later release than this one: run that, or restore a backup that this one made"
        )
    return str(heads[0]) if heads else None


def is_store(url: str) -> bool:
    """Whether something lies there that a key may belong to; asked without one. Raises StoreGone."""
    target = target_of(url)
    if target.get_backend_name() == "sqlite":
        path = Path(str(target.database))
        return path.exists() and path.stat().st_size > 0
    engine = engine_for(target, reading=True)
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table(_VERSION.name)
    except SQLAlchemyError:
        raise StoreGone("the database server does not answer, so whether there is a store cannot be seen") from None
    finally:
        engine.dispose()


def newest() -> str:
    """The revision that this release needs."""
    return KNOWN[-1]


def upgrade(connection: Connection) -> None:
    """Brings the schema to `newest` inside the connection's transaction."""
    from alembic import command

    command.upgrade(configuration(connection), "head")
