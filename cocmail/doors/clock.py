"""The clock worker: what is due by time rather than by mail.

Today that is one thing: messages that stand shunted or parked are brought to the admins' mind once a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from cocmail import maillog
from cocmail.commit import queue
from cocmail.core.letters import to_admins
from cocmail.errors import StoreBusy
from cocmail.roster import Roster
from cocmail.store import notes, outbox, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

LOOK_EVERY = 600.0


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
        standing = {
            "shunted": bool(spool.shunted(tx)),
            "parked": any(row.state == outbox.PARKED for row in outbox.listing(tx)),
        }
        for alarm, stands in standing.items():
            last = (notes.kept(tx, f"reminded {alarm}") or b"").decode()
            if not stands or last == today:
                continue
            notes.keep(tx, f"reminded {alarm}", today.encode())
            # On its first day it was told when it happened.
            if last:
                for letter in to_admins(self._roster.admins, alarm, today):
                    queue(tx, letter, self._roster.first, now)
            maillog.alarmed(alarm)
