"""For developers: writes the migration from the newest revision to what `tables.py` says now.

The rule: read it before you keep it. Alembic sees tables and columns, not what a change means for the rows in them.
"""

from __future__ import annotations

import sys

from alembic import command
from sqlalchemy import create_engine

from cocmail.store import revisions


def main() -> None:
    """Takes the migration's one-line description from the command line."""
    if len(sys.argv) != 2:
        raise SystemExit('usage: python -m cocmail.store.migrations "what it changes"')
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        revisions.upgrade(connection)
        command.revision(revisions.configuration(connection), sys.argv[1], autogenerate=True)
    engine.dispose()


if __name__ == "__main__":
    main()
