"""The clock worker: what is due by time rather than by mail.

Timers of cases (a question that ends), and once a day what stands still (shunted, postponed, parked, delayed for hours)
is brought to the admins' mind. The rule: mail that came in before a timer was due is looked at before the timer, so a
ballot that was here in time counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from cocmail import maillog, returns
from cocmail.commit import carry_out
from cocmail.core.book import in_force
from cocmail.core.case import Case
from cocmail.core.checks import LOOK_AGAIN, WATCH
from cocmail.core.decide import decide_timer
from cocmail.core.duties import duties
from cocmail.core.erasing import ASKED, LOOK
from cocmail.core.model import Committee
from cocmail.core.setting import Evidence, Known, Setting
from cocmail.doors import listing, reminders
from cocmail.doors.evidence import RunningTime, evidence_of
from cocmail.errors import StoreBusy
from cocmail.mail.draw import SystemDraw
from cocmail.records import case_in_force, linked_cases, load_book
from cocmail.roster import Roster
from cocmail.store import asides, restored, spool, timers
from cocmail.store.boundaries import Step
from cocmail.store.engine import BUSY_PAUSE, Store
from cocmail.store.transaction import Tx

LOOK_EVERY = 600.0
TICK = 30.0
SHORTEST = 0.05
LEASE = timedelta(minutes=5)
AFTER_A_BUG = timedelta(hours=1)
# Longer than `pipeline.py` puts off any message.
PUT_OFF_AT_MOST = timedelta(hours=2)
LIST_EVERY = timedelta(minutes=5)


class _Seen(NamedTuple):
    """What was due at a look. `is_due`: the next timer, and no mail from before it waits; `forgets`: something held."""

    now: datetime
    next_due: datetime | None
    is_due: bool
    has_asides: bool
    forgets: bool


class Clock:
    """Reminds the admins, and does what is due."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        now: Callable[[], datetime],
        review: Callable[[], Awaitable[None]] | None = None,
        tick: Callable[[], float] = time.monotonic,
        destroyed: Callable[[], None] = lambda: None,
    ) -> None:
        """`review` is called when what was due changed who is a member, `destroyed` after content was. `tick`: a
        monotonic clock, in seconds.
        """
        self._store, self._roster, self._now, self._review = store, roster, now, review
        self._destroyed, self._draw = destroyed, SystemDraw()
        self._running = RunningTime(tick)
        self._listed: datetime | None = None
        self._listing = asyncio.Lock()
        # At first, too: what the last run destroyed may still stand in the journal.
        self._scrubs = True
        self.queued = asyncio.Event()
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Look at the admins' list every ten minutes and at the timers when one is due, until cancelled."""
        reminded: float | None = None
        while True:
            self.wake.clear()
            try:
                tick = asyncio.get_running_loop().time()
                if reminded is None or tick - reminded >= LOOK_EVERY:
                    await self._look_around()
                    reminded = tick
                while await self._do_one(seen := await self._see()):
                    pass
                if seen.has_asides:
                    await self.list_asides()
                if seen.forgets:
                    await self._forget()
                await self._scrub()
                pause = self._pause(seen)
            except StoreBusy:
                maillog.store_busy("clock")
                pause = BUSY_PAUSE
            # Not wait_for: in Python 3.11 it swallows a cancellation that arrives with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()

    async def _look_around(self) -> None:
        """What is not due by a timer. One that fails keeps none of the others, nor a timer, from being looked at."""
        looks: list[Callable[[Tx], object]] = [
            self._running.count,
            self.pull_back,
            lambda tx: returns.forget(tx, self._now()),
            *(partial(self.serve, each) for each in self._roster),
        ]
        await self.remind()
        for work in looks:
            await self._tried(self._store.write(work, Step.LOOK))

    async def _tried(self, look: Awaitable[object]) -> None:
        try:
            await look
        except StoreBusy:
            raise
        except Exception as error:
            maillog.failed("clock", error)

    async def remind(self) -> None:
        """Brings to the admins' mind what stands still."""
        for alarm in reminders.ALARMS:
            # Each on its own: what keeps one from being looked at must not silence the others.
            await self._tried(self._remind(alarm))

    async def _remind(self, alarm: str) -> None:
        """The writer, on which each 250 waits, opens no case for it but those that were found."""
        roster, now = self._roster, self._now()
        found = await self._store.read(lambda tx: reminders.look(tx, alarm, roster, now))
        if found is not None:
            await self._store.write(lambda tx: reminders.remind(tx, alarm, roster, now, found), Step.LOOK)

    def pull_back(self, tx: Tx) -> None:
        """What was put off while the machine's clock ran ahead comes now, not in years.

        A look at a watched report: it may be that only one person knows of it. And a message that was to be read again.
        """
        now = self._now()
        spool.pull_back(tx, now, PUT_OFF_AT_MOST)
        timers.pull_back(tx, WATCH, now + LOOK_AGAIN, now)

    async def list_asides(self) -> None:
        """The digests that are due. One committee's failing keeps no other's back."""
        async with self._listing:
            now = self._now()
            recently = self._listed is not None and abs(now - self._listed) < LIST_EVERY
            if recently:
                return
            for committee in self._roster:
                due = partial(listing.is_due, committee, now, self._draw)
                work = partial(listing.list_asides, committee, self._roster.admins, now, self._draw)
                try:
                    if await self._store.read(due):
                        await self._store.write(work, Step.LIST)
                except StoreBusy:
                    raise
                except Exception as error:
                    maillog.failed("clock", error)
            self._listed = now
            self.queued.set()

    async def _forget(self) -> None:
        """What was held for a yes that cannot come any more, and must not stay, goes (`core/grave.py`)."""
        now = self._now()

        def work(tx: Tx) -> None:
            for held, reason in spool.to_forget(tx, now).items():
                spool.discard(tx, held, reason)

        await self._store.write(work, Step.FORGET)
        self._scrubs = True

    async def _scrub(self) -> None:
        """What was destroyed goes out of memory and of the database's journal as well; tried until nobody reads it."""
        if self._scrubs:
            self._destroyed()
            self._scrubs = not await self._store.scrub()

    def _pause(self, seen: _Seen) -> float:
        """How long to wait: until the next timer, but never so long that a clock that was moved goes unnoticed."""
        due = seen.next_due
        return TICK if due is None else min(TICK, max(SHORTEST, (due - self._now()).total_seconds()))

    async def _see(self) -> _Seen:
        """One look at all that may be due."""
        now = self._now()

        def look(tx: Tx) -> _Seen:
            next_due = self._next_due(tx)
            is_due = next_due is not None and next_due <= now and not spool.has_new_before(tx, next_due)
            return _Seen(now, next_due, is_due, asides.has_any(tx), bool(spool.to_forget(tx, now)))

        return await self._store.read(look)

    def _next_due(self, tx: Tx) -> datetime | None:
        """When the next timer is due; None, too, where nothing may end: what came in time may be lost (`restored`)."""
        return None if restored.is_quiet(tx, self._now()) else timers.next_due(tx)

    async def do_one(self) -> bool:
        """Carry out the oldest timer that is due. False when there is none, or when mail has to be looked at first."""
        return await self._do_one(await self._see())

    async def _do_one(self, seen: _Seen) -> bool:
        if not seen.is_due:
            return False
        now = seen.now
        claimed: list[timers.Due] = []
        left: list[bool] = []

        def work(tx: Tx) -> None:
            claimed[:] = timers.claim(tx, now, 1, LEASE)
            left[:] = [self._carry_out(tx, timer) for timer in claimed]

        try:
            await self._store.write(work, Step.TIMER)
        except StoreBusy:
            raise
        except Exception as error:
            # A bug of ours about this one case: the others go on, and this one is tried again.
            maillog.failed("clock", error)
            until = now + AFTER_A_BUG
            await self._store.write(lambda tx: _put_off(tx, claimed, until), Step.PUT_OFF)
        if any(left) and self._review is not None:
            await self._review()
        self.queued.set()
        return bool(claimed)

    def _carry_out(self, tx: Tx, timer: timers.Due) -> bool:
        """Does what one timer is for; says whether that changed who is a member."""
        case, committee, book = case_in_force(tx, self._roster, timer.case_id)
        now = self._now()
        if committee is None:
            timers.postpone(tx, timer.id, now + AFTER_A_BUG)
            return False
        every = {case.id: case, **linked_cases(tx, case)}
        known = Known(cases=every, book=book, evidence=self._evidence(tx, timer.kind, case, committee))
        setting = Setting(in_force(committee, book), known, now, self._draw)
        decision = decide_timer(case, timer.kind, timer.about, setting)
        carry_out(tx, decision, committee, self._roster.admins, f"{case.id} {timer.id}", now)
        timers.done(tx, timer.id)
        self._scrubs = self._scrubs or bool(decision.erased)
        return decision.left

    def _evidence(self, tx: Tx, kind: str, case: Case, committee: Committee) -> Evidence:
        if kind not in (LOOK, ASKED):
            return Evidence()
        return evidence_of(tx, case, committee, self._running.count(tx), self._roster.admins, self._now())

    def serve(self, committee: Committee, tx: Tx) -> None:
        """What the members' service brings by time: who is asked to go on, whose term ends (contract, `#stay`)."""
        if restored.is_quiet(tx, self._now()):
            return
        now, book = self._now(), load_book(tx, committee)
        decision = duties(Setting(in_force(committee, book), Known(book=book), now, self._draw))
        if decision is not None:
            carry_out(tx, decision, committee, self._roster.admins, f"{committee.id} {now.isoformat()}", now)


def _put_off(tx: Tx, claimed: Sequence[timers.Due], until: datetime) -> None:
    for timer in claimed:
        timers.postpone(tx, timer.id, until)
