"""The IMAP door: fetches what lies in a mailbox, waits for more, and comes back after every trouble.

The rule: a connection for each folder, because a server tells of news in the one folder that is open (IDLE, RFC 2177),
and so that a folder that is missing stops no other. No trouble ends the daemon: it is logged once until it changes,
tried again with growing pauses, and told to the admins where it does not pass by itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cocmail import maillog
from cocmail.commit import queue
from cocmail.config.settings import Mailbox
from cocmail.core.letters import to_admins
from cocmail.doors.imap_folder import Folder, Means
from cocmail.doors.imap_wire import REFUSALS, Session, open_session
from cocmail.errors import MailboxError, StoreBusy
from cocmail.records import DAMAGED
from cocmail.store import notes
from cocmail.store.boundaries import Step
from cocmail.store.transaction import Tx

ALARM_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds: for an answer; of one IDLE, far below the 29 minutes of RFC 2177; between two looks where there is no
    IDLE; of the pauses after a loss and after a refusal, which double from the first to the last; how long a session
    must have lasted for the pauses to begin anew; after how long a loss is told to the admins."""

    answer: float = 60.0
    idle: float = 240.0
    poll: float = 60.0
    lost: tuple[float, float] = (1.0, 300.0)
    refused: tuple[float, float] = (60.0, 900.0)
    steady: float = 60.0
    told: float = 3600.0


TIMES = Times()


class ImapDoor:
    """The folders of one mailbox, each watched by a task of its own."""

    def __init__(self, mailbox: Mailbox, means: Means, tick: Callable[[], float], wake: asyncio.Event) -> None:
        """`tick` is a monotonic clock in seconds; `wake` is set when letters are queued."""
        self._mailbox, self._means, self._tick, self._wake = mailbox, means, tick, wake
        self._times = TIMES
        self._folders = [Folder(number, name, means) for number, name in enumerate(mailbox.folders, 1)]
        self._states: dict[int, str] = {}
        self._since: dict[int, float] = {}
        self._alarmed: dict[str, datetime] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Watch every folder until `close`. Raises what one of them ends by: who runs this says so and begins again."""
        self._tasks = [asyncio.create_task(self._watch(folder)) for folder in self._folders]
        try:
            await asyncio.gather(*self._tasks)
        finally:
            # No folder is ever watched twice.
            await self.close()

    async def close(self) -> None:
        """Fetch nothing more. What was not stored, or not removed, waits in the mailbox."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, folder: Folder) -> None:
        attempts = 0
        while True:
            begun = self._tick()
            trouble = await self._serve(folder)
            if self._tick() - begun >= self._times.steady:
                attempts = 0
            try:
                await self._tell(folder, trouble)
            except Exception as error:
                # A bug of ours, or a damaged store. What cannot be told of must not end the fetching as well.
                maillog.failed("imap", error)
            first, longest = self._times.refused if trouble in REFUSALS else self._times.lost
            # By chance: many clients come back to a server that was restarted.
            await asyncio.sleep(min(longest, first * 2 ** min(attempts, 20)) * random.uniform(0.5, 1.0))
            attempts += 1

    async def _serve(self, folder: Folder) -> str:
        """One session from its beginning to its end; the word for why it ended."""
        session: Session | None = None
        try:
            session = await open_session(self._mailbox, self._times.answer)
            await folder.open(session)
            while True:
                session.look_for_news()
                await folder.look(session)
                self._open(folder)
                if folder.leaves_something:
                    await self._alarm("left")
                await session.wait(self._times.idle, self._times.poll)
        except MailboxError as error:
            return error.trouble
        except StoreBusy:
            return "store"
        except Exception as error:
            maillog.failed("imap", error)
            return "bug"
        finally:
            if session is not None:
                await session.close()

    def _open(self, folder: Folder) -> None:
        """Only when a whole look went well: a server may let us in and then answer nothing."""
        self._since.pop(folder.number, None)
        if self._states.get(folder.number) != "open":
            self._states[folder.number] = "open"
            maillog.imap_open(folder.number)

    async def _tell(self, folder: Folder, trouble: str) -> None:
        """Once in the log; to the admins at once where somebody has to put it right, else when it lasts."""
        since = self._since.setdefault(folder.number, self._tick())
        if self._states.get(folder.number) != trouble:
            self._states[folder.number] = trouble
            maillog.imap_trouble(folder.number, trouble)
        if trouble in REFUSALS or self._tick() - since >= self._times.told:
            try:
                await self._alarm(trouble)
            except StoreBusy:
                maillog.store_busy("imap")

    async def _alarm(self, about: str) -> None:
        """One content-free letter an admin and day for each sort of trouble, also over a restart."""
        now, roster = self._means.now(), self._means.roster
        if not _is_due(self._alarmed.get(about), now):
            return

        def work(tx: Tx) -> bool:
            if not _was_due(tx, about, now):
                return False
            notes.keep(tx, f"imap alarm {about}", now.isoformat().encode())
            queue(tx, to_admins(roster.admins, "imap", f"{about} {now.isoformat()}", [about]), roster.first, now)
            return True

        if await self._means.store.write(work, Step.ALARM):
            maillog.alarmed(f"imap-{about}")
            if not roster.admins:
                maillog.nobody_to_alarm("imap")
            self._wake.set()
        self._alarmed[about] = now


def _was_due(tx: Tx, about: str, now: datetime) -> bool:
    try:
        last = notes.kept(tx, f"imap alarm {about}")
        return _is_due(datetime.fromisoformat(last.decode()) if last else None, now)
    except DAMAGED:
        # Told on some day that nobody knows any more. Better told twice than not.
        return True


def _is_due(last: datetime | None, now: datetime) -> bool:
    """A clock that was set back silences nothing."""
    return last is None or not timedelta() <= now - last < ALARM_EVERY
