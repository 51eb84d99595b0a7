"""One small record a case that is over, for the later report: kept when the case's key is gone.

The rule: it is sealed under the master, found by its committee, and replaced by its case's id, which leads nowhere once
the case is erased. This module must not know what is counted.
"""

from __future__ import annotations

from datetime import datetime

from cocmail.store import lookups
from cocmail.store.transaction import Tx

_KIND = "count"


def put(tx: Tx, committee_id: str, case_id: str, count: bytes | None, now: datetime) -> None:
    """Keeps a case's count in place of an earlier one; None takes it back."""
    row = tx.keyring.lookup(_KIND, case_id).hex()[:32]
    lookups.drop(tx, row)
    if count is not None:
        # Not when: the day on which a case was closed stands nowhere else either.
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        lookups.put(tx, row, _KIND, committee_id, count, month)


def of(tx: Tx, committee_id: str) -> list[bytes]:
    """Every count of a committee. Raises SealError."""
    return [found.note for found in lookups.find(tx, _KIND, committee_id)]
