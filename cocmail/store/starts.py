"""How many starts of the daemon in a row had the same message at hand first, and did not get it done.

On such a message they may all have died: out of memory, say, before anything could be said of it. The rule: it is
counted once a start, never once a message, so that it costs no report anything.
"""

from __future__ import annotations

from cocmail.errors import SealError
from cocmail.store import notes
from cocmail.store.spool import Spooled
from cocmail.store.transaction import Tx

_NAME = "first at a start"
# A few in a row are chance, as of a machine that is switched off again and again.
MOST = 5


def died_on(tx: Tx, first: Spooled) -> bool:
    """Counts a start that has that message at hand first; whether MOST starts before it had, and ended so.

    What was put off or tried again in between has got somewhere: that is told by its attempts.
    """
    found = f"{first.id} {first.attempts}"
    before, _, ended = _kept(tx).rpartition(" ")
    starts = int(ended) + 1 if before == found else 1
    notes.keep(tx, _NAME, f"{found} {starts}".encode())
    return starts > MOST


def _kept(tx: Tx) -> str:
    try:
        return (notes.kept(tx, _NAME, lock=True) or b"").decode()
    except SealError:
        return ""
