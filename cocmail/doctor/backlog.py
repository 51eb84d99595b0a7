"""What stands still in the store until a person does something: nothing of it shows from outside.

The rule: counts alone, as `cocmail queue` and the metrics have them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cocmail.doctor.findings import Finding, warning
from cocmail.doors.reminders import is_to_be_mended
from cocmail.store import outbox, restored, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

ABOUT = "queue"


def look_at_backlog(store: Store) -> Iterator[Finding]:
    """A restored store that is not released, parked letters, messages that cocmail failed on."""
    yield from store.read_now(_found)


def _found(tx: Tx) -> list[Finding]:
    found = []
    if restored.sends_nothing(tx):
        text = (
            "this store was restored and sends nothing: tell each committee's chair as `cocmail restore` said, then"
            " `cocmail queue release`"
        )
        found.append(warning(ABOUT, text))
    parked = sum(map(is_to_be_mended, outbox.listing(tx)))
    if parked:
        text = (
            f"{parked} parked, perhaps reports that nobody reads: see the code in `cocmail queue` and the mail server's"
            " log, mend what that names, then `cocmail queue retry ID`, or `all` for ID"
        )
        found.append(warning(ABOUT, text))
    shunted = len(spool.shunted(tx))
    if shunted:
        text = (
            f"{shunted} shunted: cocmail failed on mail that came in, perhaps reports; report the log line `shunted`,"
            " upgrade, then `cocmail queue retry ID`"
        )
        found.append(warning(ABOUT, text))
    return found
