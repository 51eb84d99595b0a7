"""What has to be sure before a case may be erased, as the store and the machine tell it (see `core/erasing.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cocmail import counting
from cocmail.core.case import Case
from cocmail.core.erasing import LOOK, admin_notices
from cocmail.core.model import Committee
from cocmail.core.setting import Evidence
from cocmail.store import notes, outbox, shredding
from cocmail.store.transaction import Tx

# A question by mail is good for a day, and its answer may be a while on its way.
HELD_FOR = timedelta(hours=30)
_NAME = "running time"


class RunningTime:
    """How long daemons have run on a store in all, in seconds of a clock that nobody sets.

    The rule: it never runs faster than time does. It stands still while no daemon runs; where two run on one database,
    one of them counts.
    """

    def __init__(self, tick: Callable[[], float]) -> None:
        """`tick` is a monotonic clock in seconds."""
        self._tick, self._last = tick, tick()
        self._seen: float | None = None

    def count(self, tx: Tx) -> int:
        """Adds what has passed since the last call, and gives the sum. Taken back with the transaction, it is lost."""
        known = float((notes.kept(tx, _NAME, lock=True) or b"0").decode())
        now = self._tick()
        if self._seen is None or known == self._seen:
            known += max(0.0, now - self._last)
            notes.keep(tx, _NAME, repr(known).encode())
        # Else another daemon counts, and this one only follows.
        self._seen, self._last = known, now
        return int(known)


def running(tx: Tx) -> int:
    """The sum as it was counted last, which is minutes ago where a daemon runs."""
    return int(float((notes.kept(tx, _NAME) or b"0").decode()))


def evidence_of(
    tx: Tx, case: Case, committee: Committee, running: int, admins: Sequence[str], now: datetime
) -> Evidence:
    """What is sure about one case now."""
    unanswered = shredding.is_waiting(tx, case.id, held_since=now - HELD_FOR) or shredding.is_unread(tx)
    told = case.proceedings.erasure.told if case.proceedings.erasure is not None else frozenset()
    notices = [letter.id for letter in admin_notices(case, tuple(told))]
    return Evidence(
        running=running,
        waiting=unanswered or outbox.holds(tx, notices),
        sending=shredding.is_sending(tx, case.id),
        warned_today=counting.counted(tx, [(LOOK, committee.id)], now)[LOOK],
        admins=tuple(admins),
    )
