"""The clock worker: what is due by time rather than by mail.

Today that is one thing: what stands still (shunted, postponed, parked, delayed for hours) is brought to the admins'
mind once a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from cocmail import maillog
from cocmail.commit import queue
from cocmail.core.letters import to_admins
from cocmail.errors import StoreBusy
from cocmail.knowledge import load_case
from cocmail.roster import Roster
from cocmail.store import cases, notes, outbox, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

LOOK_EVERY = 600.0
DELAYED = timedelta(hours=4)
TOLD_AT_ONCE = ("shunted", "parked", "nobody-reached")


class Clock:
    """Reminds the admins."""

    def __init__(self, store: Store, roster: Roster, now: Callable[[], datetime]) -> None:
        self._store, self._roster, self._now = store, roster, now

    async def run(self) -> None:
        """Look every ten minutes until cancelled."""
        while True:
            try:
                await self._store.write(self.remind)
            except StoreBusy:
                maillog.store_busy("clock")
            await asyncio.sleep(LOOK_EVERY)

    def remind(self, tx: Tx) -> None:
        """One notice an admin and day for each sort of trouble that stands since before today."""
        now = self._now()
        today = now.date().isoformat()
        waits_since = outbox.oldest(tx)
        standing: dict[str, Callable[[], bool]] = {
            "shunted": lambda: bool(spool.shunted(tx)),
            "postponed": lambda: bool(spool.postponed(tx)),
            "parked": lambda: any(row.state == outbox.PARKED for row in outbox.listing(tx)),
            "delayed": lambda: waits_since is not None and now - waits_since > DELAYED,
            "nobody-reached": lambda: self._has_unread_case(tx),
        }
        for alarm, stands in standing.items():
            last = (notes.kept(tx, f"reminded {alarm}") or b"").decode()
            if last == today or not stands():
                continue
            notes.keep(tx, f"reminded {alarm}", today.encode())
            # What is told when it happens is not told twice on its first day.
            if last or alarm not in TOLD_AT_ONCE:
                for letter in to_admins(self._roster.admins, alarm, today):
                    queue(tx, letter, self._roster.first, now)
            maillog.alarmed(alarm)

    def _has_unread_case(self, tx: Tx) -> bool:
        """Whether there is a case that nobody could ever read and that nobody has been handed."""
        found = (load_case(tx, case_id) for case_id in cases.ids(tx, None))
        return any(case.unreached and case.target is None and not case.was_read for case in found)
