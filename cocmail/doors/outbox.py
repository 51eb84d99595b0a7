"""The outbox worker: takes queued letters, asks again whether their recipient may have them, composes and sends them.

The rule: a letter's row goes only when a server took it or when its recipient may not see the case any more. One letter
a recipient at a time, so that nothing of a case is still on its way when the receipt of `#recuse` leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cocmail import maillog
from cocmail.commit import queue
from cocmail.core.case import Case
from cocmail.core.conflicts import Sight, may_have
from cocmail.core.effects import Letter
from cocmail.core.letters import as_addressed, to_admins
from cocmail.core.model import Committee, Mail
from cocmail.doors import listing, untaken
from cocmail.doors.aftermath import Aftermath
from cocmail.doors.contents import is_large, without_attachments
from cocmail.doors.enclosures import MADE, Enclosures
from cocmail.doors.returnpath import return_path
from cocmail.doors.sending import Schedule as Schedule
from cocmail.doors.sending import Sender as Sender
from cocmail.errors import Deferred, Refused, StoreBusy, Unreachable
from cocmail.mail.compose import Outgoing, compose
from cocmail.records import CaseErased, committee_now, load_case
from cocmail.roster import Roster
from cocmail.store import notes, outbox, shredding
from cocmail.store.boundaries import Side, Step
from cocmail.store.engine import BUSY_PAUSE, Store
from cocmail.store.outbox import OutRow
from cocmail.store.transaction import Tx
from cocmail.vault import marks

LEASE = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=5)
A_DAY = timedelta(days=1)
IDLE_SECONDS = 1.0
FINISH_SECONDS = 30.0
TOO_LARGE = ("552", "554 5.3.4", "523")


@dataclass(frozen=True, slots=True)
class About:
    """A letter that is being made, with what it is made from. `committee_id` is its committee's when it was queued."""

    row: OutRow
    committee_id: str
    letter: Letter
    committee: Committee
    case: Case | None


class Outbox:
    """Several senders that work off one queue."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        enclosures: Enclosures,
        senders: Sequence[Sender],
        schedule: Schedule,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._roster, self._enclosures = store, roster, enclosures
        self.schedule, self._now = schedule, now
        self._free: list[Sender] = list(senders)
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._aftermath, self.wake = Aftermath(roster), asyncio.Event()
        self._composing, self._sending_large = asyncio.Lock(), asyncio.Lock()

    async def run(self) -> None:
        """Send what is due until cancelled. Letters that are being sent then finish first."""
        try:
            while True:
                self.wake.clear()
                await self._start_due()
                # Not wait_for: in Python 3.11 it swallows a cancellation that arrives with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self.wake.wait()
        finally:
            await self._finish()

    async def _start_due(self) -> None:
        """One claim: as many letters as there are free senders, none to somebody who is being sent one."""
        if not self._free:
            return
        now, limit, busy = self._now(), len(self._free), list(self._sending)
        longest = max(self.schedule.retry) + A_DAY

        def work(tx: Tx) -> list[OutRow]:
            may_leave = self._aftermath.lets_leave(tx, now)
            outbox.pull_back(tx, now, longest)
            return outbox.claim(tx, now, limit, LEASE, busy) if may_leave else []

        try:
            rows = await self._store.write(work, Step.CLAIM)
        except StoreBusy:
            maillog.store_busy("outbox")
            return
        for row in rows:
            sender = self._free.pop()
            self._sending[row.person] = asyncio.create_task(self._work(row, sender), name="letter")

    async def _work(self, row: OutRow, sender: Sender) -> None:
        try:
            await self._send(row, sender)
        except StoreBusy:
            # It was not tried. Without this it would wait as long as a letter whose daemon died.
            maillog.store_busy("outbox")
            until = self._now() + timedelta(seconds=BUSY_PAUSE)
            await self._write(lambda tx: outbox.wait(tx, row.id, until), Step.WAIT)
        except CaseErased:
            # Its row went with the case, while it was being made.
            maillog.withheld(row.id, row.kind)
        except Exception as error:
            # A bug of ours about this one letter: it waits, and the admins hear of it when it is parked.
            maillog.failed("outbox", error)
            await self._refused(row, "451 4.3.0")
        finally:
            self._sending.pop(row.person, None)
            self._free.append(sender)
            self.wake.set()

    async def _write(self, work: Callable[[Tx], object], step: Step) -> None:
        """What became of a letter, written as soon as the store can be: forgotten, it would go out again, or late."""
        while True:
            try:
                await self._store.write(work, step)
                return
            except StoreBusy:
                maillog.store_busy("outbox")
                await asyncio.sleep(BUSY_PAUSE)

    async def _finish(self) -> None:
        sending = list(self._sending.values())
        if sending:
            await asyncio.wait(sending, timeout=FINISH_SECONDS)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        for sender in self._free:
            await sender.close()

    async def _send(self, row: OutRow, sender: Sender) -> None:
        found = untaken.letter_of(row)
        if found is None:
            # Not to be tried again in the place of every other letter to that person.
            return await self._park(row, outbox.UNREADABLE)
        committee_id, letter = found
        committee, case = await self._at_hand(committee_id, letter)
        if committee is None:
            return await self._wait(row, committee_id, letter)
        letter = as_addressed(letter, case)
        if letter.template == "digest":
            letter = await self._store.write(partial(listing.leaving, letter, committee, self._now()), Step.LIST)
        content = await self._enclosures.of(letter, committee, case, row.attempts)
        if content is None and (letter.entry or letter.template in MADE):
            # What it was to carry has been destroyed on purpose.
            await self._drop(row, letter)
            return
        if case is not None and letter.template in untaken.TELLING:
            letter = await self._store.read(untaken.unreached(letter, committee, case, self._now()))
        await self._deliver(About(row, committee_id, letter, committee, case), content, sender)

    async def _at_hand(self, committee_id: str, letter: Letter) -> tuple[Committee | None, Case | None]:
        """A letter's committee and case as they are now: a vote, or a member's own word, may have ended a membership.

        No committee: it is in no configuration any more.
        """
        committee = self._roster.committee(committee_id)
        if letter.to.kind == "admin":
            # Of no case, and to no member: neither a damaged book, nor a committee that is gone, silences an alarm.
            return committee or self._roster.first, None
        if committee is None:
            return None, None

        def look(tx: Tx) -> tuple[Committee, Case | None]:
            if letter.case_id and not shredding.exists(tx, letter.case_id):
                raise CaseErased
            return committee_now(tx, committee), load_case(tx, letter.case_id) if letter.case_id else None

        return await self._store.read(look)

    async def _may_leave(self, about: About) -> bool:
        """Asked at the last moment, on roster and case as they are now: a conflict may have been declared meanwhile."""
        row, letter = about.row, about.letter
        committee, case = await self._at_hand(about.committee_id, letter)
        sight = may_have(letter, committee, case, self._now()) if committee is not None else Sight.LATER
        if sight is Sight.YES and letter.template == "digest" and committee is not None:
            stale = partial(listing.is_stale, letter, committee, self._now())
            sight = Sight.NO if await self._store.read(stale) else Sight.YES
        if sight is Sight.NO:
            await self._drop(row, letter)
        elif sight is Sight.LATER:
            await self._wait(row, about.committee_id, letter)
        return sight is Sight.YES

    async def _drop(self, row: OutRow, letter: Letter) -> None:
        def work(tx: Tx) -> None:
            outbox.sent(tx, row.id)
            # What else it listed is listed anew, to whom it may be.
            listing.relist(letter, tx)

        await self._write(work, Step.WITHHOLD)
        maillog.withheld(row.id, row.kind)

    async def _deliver(self, about: About, content: Mail | None, sender: Sender) -> None:
        row, letter = about.row, about.letter
        try:
            # Each is in memory several times over while it is made and sent: of large ones one at a time.
            async with self._sending_large if is_large(content) else contextlib.nullcontext():
                if not await self._handed_over(about, content, sender):
                    return
        except Unreachable:
            # While nobody answers, nobody refuses: that time does not count towards giving up.
            since = row.refused_since
            await self._defer(row, None, since + self.schedule.wait(row.attempts) if since is not None else None)
        except Deferred as error:
            await self._refused(row, error.code)
        except Refused as error:
            # What is too large, or refused once it was seen, goes without its files, and with a list of them; to people
            # outside, whole or not at all.
            cut = content if content is not None and content.attachments and letter.to.kind == "member" else None
            if cut is not None and (error.content or error.code.startswith(TOO_LARGE)):
                await self._deliver(about, without_attachments(cut), sender)
            else:
                await self._park(row, error.code)
        else:
            await self._write(lambda tx: untaken.sent(tx, self._roster, row, letter, self._now()), Step.SENT)
            maillog.sent(row.id, row.kind, row.attempts + 1)

    async def _handed_over(self, about: About, content: Mail | None, sender: Sender) -> bool:
        """Makes the letter and sends it. False where it may not leave any more."""
        outgoing = await self._composed(about, content)
        may = await self._may_leave(about)
        if may:
            self._store.cross(Step.SEND, Side.BEFORE)
            await sender.send(outgoing)
            self._store.cross(Step.SEND, Side.AFTER)
        return may

    async def _composed(self, about: About, content: Mail | None) -> Outgoing:
        path = return_path(self._store.keyring, about.letter, about.committee, null_sender=self.schedule.null_sender)
        sign = marks.signer(self._store.keyring)
        # One at a time: several long letters at once would leave the doors no time between them.
        async with self._composing:
            made = (about.letter, about.committee, about.case, content)
            return await asyncio.to_thread(compose, *made, return_path=path, now=about.row.created_at, sign=sign)

    async def _wait(self, row: OutRow, committee_id: str, letter: Letter) -> None:
        """Not now: the member is being asked, or registered at another address. Mail waits rather than leaks."""
        now = self._now()
        committee = self._roster.committee(committee_id)
        member = committee.member(letter.to.handle) if committee is not None else None
        moved = member is not None and letter.address not in member.addresses

        def work(tx: Tx) -> None:
            outbox.wait(tx, row.id, now + LOOK_AGAIN)
            today = now.date().isoformat()
            if moved and notes.kept(tx, "told waiting-address") != today.encode():
                notes.keep(tx, "told waiting-address", today.encode())
                queue(tx, to_admins(self._roster.admins, "waiting-address", today), self._roster.first, now)

        await self._write(work, Step.WAIT)
        maillog.waits_for_member(row.id, row.kind)

    async def _defer(self, row: OutRow, code: str | None, refused_since: datetime | None = None) -> None:
        until = self._now() + self.schedule.wait(row.attempts)
        await self._write(
            lambda tx: outbox.defer(tx, row.id, code=code, next_attempt=until, refused_since=refused_since), Step.DEFER
        )
        maillog.deferred(row.id, row.kind, code or "", row.attempts + 1)

    async def _refused(self, row: OutRow, code: str) -> None:
        """A server answers and refuses for now; after `give_up_after` of that the letter is parked."""
        since = row.refused_since or self._now()
        # The count guards against a clock that jumped ahead.
        if self._now() - since > self.schedule.give_up_after and row.attempts >= len(self.schedule.retry):
            await self._park(row, code)
        else:
            await self._defer(row, code, since)

    async def _park(self, row: OutRow, code: str) -> None:
        """Kept, never dropped; who has to know of it is told in the same transaction."""
        await self._write(lambda tx: untaken.park(tx, self._roster, row, code, self._now()), Step.PARK)
        maillog.parked(row.id, row.kind, code)
