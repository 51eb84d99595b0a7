"""The first tables: cases and their events, spool, look-ups, outbox, counters, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_cases()
    _create_spool()
    _create_lookups()
    _create_outbox()
    _create_counters_and_notes()


def _case_id() -> sa.Column[str]:
    return sa.Column("case_id", sa.String())


def _belongs_to_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=f"fk_{table}_case_id_cases")


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("committee", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_committee", "cases", ["committee"])
    op.create_table(
        "events",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        _belongs_to_case("events"),
        sa.PrimaryKeyConstraint("case_id", "seq", name="pk_events"),
    )


def _create_spool() -> None:
    op.create_table(
        "spool",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", _TIME),
        _case_id(),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("key_owner", sa.String(), nullable=False),
        sa.Column("envelope", sa.LargeBinary()),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("confirmed", sa.LargeBinary()),
        _belongs_to_case("spool"),
        sa.PrimaryKeyConstraint("id", name="pk_spool"),
    )
    op.create_index("ix_spool_case_id", "spool", ["case_id"])
    op.create_index("ix_spool_state_received_at", "spool", ["state", "received_at"])


def _create_lookups() -> None:
    op.create_table(
        "lookups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        _case_id(),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        _belongs_to_case("lookups"),
        sa.PrimaryKeyConstraint("id", name="pk_lookups"),
    )
    op.create_index("ix_lookups_case_id", "lookups", ["case_id"])
    op.create_index("ix_lookups_kind_hash", "lookups", ["kind", "hash"])
    only_code_names = sa.text("kind = 'code-name'")
    op.create_index(
        "uq_lookups_code_name",
        "lookups",
        ["hash"],
        unique=True,
        sqlite_where=only_code_names,
        postgresql_where=only_code_names,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _case_id(),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", _TIME, nullable=False),
        sa.Column("refused_since", _TIME),
        sa.Column("code", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lease_until", _TIME),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _belongs_to_case("outbox"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_case_id", "outbox", ["case_id"])
    op.create_index("ix_outbox_person_case_id", "outbox", ["person", "case_id"])
    op.create_index("ix_outbox_seq", "outbox", ["seq"])
    op.create_index("ix_outbox_state_next_attempt", "outbox", ["state", "next_attempt"])


def _create_counters_and_notes() -> None:
    op.create_table(
        "counters",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "hash", "window", name="pk_counters"),
    )
    op.create_table(
        "notes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_notes"),
    )
