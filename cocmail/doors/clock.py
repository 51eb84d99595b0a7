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
from cocmail.roster import Roster
from cocmail.store import notes, outbox, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

LOOK_EVERY = 600.0
DELAYED = timedelta(hours=4)
TOLD_AT_ONCE = ("shunted", "parked")


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
        standing = {
            "shunted": bool(spool.shunted(tx)),
            "postponed": bool(spool.postponed(tx)),
            "parked": any(row.state == outbox.PARKED for row in outbox.listing(tx)),
            "delayed": waits_since is not None and now - waits_since > DELAYED,
        }
        for alarm, stands in standing.items():
            last = (notes.kept(tx, f"reminded {alarm}") or b"").decode()
            if not stands or last == today:
                continue
            notes.keep(tx, f"reminded {alarm}", today.encode())
            # What is told when it happens is not told twice on its first day.
            if last or alarm not in TOLD_AT_ONCE:
                for letter in to_admins(self._roster.admins, alarm, today):
                    queue(tx, letter, self._roster.first, now)
            maillog.alarmed(alarm)
