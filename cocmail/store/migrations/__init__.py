"""Alembic migrations, applied by `Store.open`. A new one: `python -m cocmail.store.migrations "what it changes"`."""
