"""Which revision of the schema a store has, which ones this release knows, and the way up.

The rule: the whole way up is one transaction of the caller's, so that a crash in the middle leaves the old revision.
Alembic is configured here, in code; there is no alembic.ini. This module must not change anything but the schema.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cocmail.errors import StoreTooNew


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package, bound to a connection where one is given."""
    config = Config()
    # Alembic expands % in its options, and an installation path may hold one.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(slug)s")
    config.attributes["connection"] = connection
    return config


def present(connection: Connection) -> str | None:
    """The revision of the store, None for an empty database. Raises StoreTooNew when this release does not know it."""
    heads = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if not known.issuperset(heads):
        raise StoreTooNew("the store was written by a later release than this one")
    return heads[0] if heads else None


def newest() -> str | None:
    """The revision that this release needs."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def upgrade(connection: Connection) -> None:
    """Brings the schema to `newest` inside the connection's transaction."""
    command.upgrade(configuration(connection), "head")
