"""How the program talks to a database: which URLs it takes, and what each connection is set to.

    engine = engine_for(target_of("sqlite:////var/lib/cocmail/cocmail.db"), reading=False)

The rule: whatever is committed over such a connection is on disk, and a reading one changes nothing. This module must
not know what is stored.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from cocmail.errors import ConfigError

_BUSY_SECONDS = 5


def shown(url: str) -> str:
    """Which store that is, for people: the file, or database and host. Never a user, a password or an option."""
    target = target_of(url)
    if target.get_backend_name() == "sqlite":
        return str(target.database)
    host = target.host or target.query.get("host")
    return f"the database {target.database} at {host if isinstance(host, str) else 'this machine'}"


def target_of(url: str) -> URL:
    """The URL with the driver that we use. psycopg 3 is named, since SQLAlchemy's own default is another one."""
    try:
        target = make_url(url)
    except ArgumentError:
        raise ConfigError(["store.url: not a URL"]) from None
    if target.drivername == "sqlite" and target.database and target.database != ":memory:":
        # `file:` URIs and their options could switch off what we promise.
        if target.database.startswith("file:") or target.query:
            raise ConfigError(["store.url: takes no options"])
        return target
    if target.drivername in ("postgresql", "postgresql+psycopg"):
        return target.set(drivername="postgresql+psycopg")
    raise ConfigError(["store.url: neither sqlite:///PATH nor postgresql://USER@HOST/DB"])


def engine_for(target: URL, *, reading: bool) -> Engine:
    """Connections to a store, set as all that is durable here needs them."""
    if target.get_backend_name() == "sqlite":
        engine = create_engine(target, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
        _configure_sqlite(engine, reading)
        return engine
    engine = create_engine(
        target,
        hide_parameters=True,
        pool_pre_ping=True,
        # One snapshot for a whole reading: a case's row and its events must be of the same moment.
        isolation_level="REPEATABLE READ" if reading else "READ COMMITTED",
        connect_args={"connect_timeout": _BUSY_SECONDS, "application_name": "cocmail"},
    )
    _configure_postgresql(engine, reading)
    return engine


def _configure_sqlite(engine: Engine, reading: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        # Python's sqlite3 would begin transactions by itself, too late and deferred.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL may lose the last commits on a power cut, after we said 250
            "secure_delete = ON",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            f"query_only = {'ON' if reading else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: PoolProxiedConnection) -> None:
        # Deferred, two who read and then write would lose an update or fail half-way.
        connection.cursor().execute("BEGIN" if reading else "BEGIN IMMEDIATE")

    # The event "begin" would do as well, at the price of a statement of SQLAlchemy's: every look at the store begins.
    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]


def is_begun(connection: Connection) -> bool:
    """Whether the transaction still runs, by the driver's own word: what an error has ended commits without another."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    # INERROR of libpq. Idle is no sign: the driver begins with the first statement.
    return int(driver.info.transaction_status) != 3


def _configure_postgresql(engine: Engine, reading: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            # A server set to answer before it has written would break the promise of 250.
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
            cursor.execute(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
            if reading:
                cursor.execute("SET default_transaction_read_only = on")
        connection.commit()
