"""The schema. Plain in the database: random ids, sizes, times, states, codes, counts; all else is sealed or hashed.

The rule: a column of type `str` holds a word out of this program or a random id, never anything that a person wrote or
that names anyone; such things stand in `bytes` columns, sealed or as a keyed hash (`Keyring.lookup`).

The classes describe the schema to people and to Alembic. Statements use the tables below them: the unit of work of an
ORM costs four times what the database does for "one message and six rows".
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, MetaData, Table, text
from sqlmodel import Field, SQLModel

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Record(SQLModel):
    """What all tables share: a schema of our own, with names that a later migration can refer to."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMES)


class CaseRow(Record, table=True):
    """A case: its key, wrapped by the master, and where its chain of events ends. `events` counts them."""

    __tablename__ = "cases"

    id: str = Field(primary_key=True)
    committee: bytes = Field(index=True)
    created_at: datetime
    wrapped_key: bytes
    events: int
    head: bytes


class EventRow(Record, table=True):
    """One event, sealed under its case's key; `mac` chains it to the one before."""

    __tablename__ = "events"

    case_id: str = Field(primary_key=True, foreign_key="cases.id")
    seq: int = Field(primary_key=True)
    at: datetime
    sealed: bytes
    mac: bytes


class SpoolRow(Record, table=True):
    """A message that came in. `wrapped_key` is its own key, under the master or, once filed, under its case's key.

    `next_attempt` is null where the message is due at once, so that a clock set back does not hide it.
    """

    __tablename__ = "spool"
    __table_args__ = (Index("ix_spool_state_received_at", "state", "received_at"),)

    id: str = Field(primary_key=True)
    received_at: datetime
    size: int
    door: str
    state: str
    reason: str | None
    attempts: int
    next_attempt: datetime | None
    case_id: str | None = Field(foreign_key="cases.id", index=True)
    wrapped_key: bytes | None
    key_owner: str
    envelope: bytes | None
    raw: bytes | None
    confirmed: bytes | None


class LookupRow(Record, table=True):
    """Something to be found again by its keyed hash, with a sealed note. The hash of a code name stays for ever."""

    __tablename__ = "lookups"
    __table_args__ = (
        Index("ix_lookups_kind_hash", "kind", "hash"),
        Index(
            "uq_lookups_code_name",
            "hash",
            unique=True,
            sqlite_where=text("kind = 'code-name'"),
            postgresql_where=text("kind = 'code-name'"),
        ),
    )

    id: str = Field(primary_key=True)
    kind: str
    hash: bytes
    case_id: str | None = Field(foreign_key="cases.id", index=True)
    sealed: bytes
    created_at: datetime


class OutboxRow(Record, table=True):
    """A letter to one person, not yet taken by a server. `seq` keeps the order in which letters were queued."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_next_attempt", "state", "next_attempt"),
        Index("ix_outbox_person_case_id", "person", "case_id"),
    )

    id: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger, index=True)
    case_id: str | None = Field(foreign_key="cases.id", index=True)
    person: bytes
    created_at: datetime
    state: str
    attempts: int
    next_attempt: datetime
    refused_since: datetime | None
    code: str | None
    kind: str
    lease_until: datetime | None
    sealed: bytes


class TimerRow(Record, table=True):
    """Something that is to happen to a case at a time. It goes when that was done."""

    __tablename__ = "timers"

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.id", index=True)
    due: datetime = Field(index=True)
    kind: str
    sealed: bytes
    lease_until: datetime | None


class CounterRow(Record, table=True):
    """How often something happened in one window of time."""

    __tablename__ = "counters"

    kind: str = Field(primary_key=True)
    hash: bytes = Field(primary_key=True)
    window: str = Field(primary_key=True)
    count: int


class NoteRow(Record, table=True):
    """A record kept under a name, such as the last good configuration. The name is a keyed hash, in hex."""

    __tablename__ = "notes"

    name: str = Field(primary_key=True)
    sealed: bytes


def _table(name: str) -> Table:
    return Record.metadata.tables[name]


CASES = _table("cases")
EVENTS = _table("events")
SPOOL = _table("spool")
LOOKUPS = _table("lookups")
OUTBOX = _table("outbox")
TIMERS = _table("timers")
COUNTERS = _table("counters")
NOTES = _table("notes")
