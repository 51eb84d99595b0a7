"""Run by Alembic: binds a migration to the connection that `revisions.upgrade` was given."""

from __future__ import annotations

from alembic import context

from cocmail.store.tables import Record

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    # SQLite cannot alter a column in place; batch mode copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
