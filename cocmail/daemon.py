"""The composition root: the one place where things are built, and the daemon's life from READY to its end.

Nothing is global; two daemons on two stores can live in one process, as the tests do.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from cocmail import __version__, maillog
from cocmail.config.machine import SOCKET_PATH_MAX
from cocmail.config.settings import Listener, Mailbox, Settings
from cocmail.core.model import Door
from cocmail.doors.clock import Clock
from cocmail.doors.contents import Contents
from cocmail.doors.enclosures import Enclosures
from cocmail.doors.guard import Guard, Limits
from cocmail.doors.imap_folder import Means
from cocmail.doors.imap_in import ImapDoor
from cocmail.doors.maildir_out import MaildirSender
from cocmail.doors.metrics import MetricsDoor, open_metrics
from cocmail.doors.outbox import Outbox, Schedule, Sender
from cocmail.doors.smtp_in import Listen, OpenDoor, open_door
from cocmail.doors.smtp_out import Smarthost, SmtpSender
from cocmail.errors import ConfigError, DoorShut
from cocmail.mail.reader import Reader
from cocmail.pipeline import Pipeline
from cocmail.roster import Roster
from cocmail.store import outbox, timers
from cocmail.store.boundaries import Step
from cocmail.store.engine import Store

SENDERS = 4
WORK_OFF_SECONDS = 20.0
RUNTIME = Path("/run/cocmail")


def inject_socket(store_url: str, key_file: str) -> str:
    """Where the running daemon takes messages from `cocmail inject`.

    Beside an SQLite file; with PostgreSQL in the service's runtime folder, or beside the key file where there is none.
    """
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        folder = Path(url.database).resolve().parent
    else:
        folder = RUNTIME if RUNTIME.is_dir() else Path(key_file).resolve().parent
    return str(folder / "inject.sock")


class Daemon:
    """All parts, built and wired. `run` is its life."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        now: Callable[[], datetime],
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is the time of day, `tick` a monotonic clock in seconds."""
        self.settings, self.store, self.now, self.tick = settings, store, now, tick
        self.hostname = socket.getfqdn()
        self.roster = Roster(settings.committees, settings.admins)
        self.reader = Reader()
        # A reader of their own: sending a large message must not keep an arriving one waiting, nor the other way round.
        self.content_reader = Reader(beside=self.reader)
        contents = Contents(store, self.content_reader)
        self.pipeline = Pipeline(store, self.reader, self.roster, contents, now)
        enclosures = Enclosures(store, contents, now)
        self.outbox = Outbox(store, self.roster, enclosures, self._senders(), _schedule(settings), now)
        self.clock = Clock(store, self.roster, now, self.pipeline.changes.review, tick, contents.forget)
        # Of a start and a reload in the midst of it the later configuration stays.
        self._changing = asyncio.Lock()
        self.doors: list[OpenDoor] = []
        self.imap: ImapDoor | None = None
        self.metrics: MetricsDoor | None = None
        # What was decided is to be sent: the word of pipeline and clock is the outbox's call.
        self.pipeline.queued = self.clock.queued = self.outbox.wake

    async def change(self, settings: Settings) -> None:
        """Go on with another configuration: committees, the mailbox's committee, admins, retries at once; doors and
        store at the next start.

        Members are told of a changed roster before it is in force. Raises ConfigError where a committee would get
        another's cases, StoreBusy where it is to be tried again.
        """
        async with self._changing:
            await self.pipeline.changes.apply(settings.committees, settings.admins, partial(self._put, settings))

    def _put(self, settings: Settings) -> None:
        """What is asked for from now on; in the moment in which the roster changes, for each is read by the other."""
        self.settings = settings
        self.outbox.schedule = _schedule(settings)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[Sequence[str]], None]) -> None:
        """Open the doors and work until `stop` is set; then finish what was accepted.

        `on_ready` is called with the bound addresses once mail is taken. Raises ConfigError where a door cannot be
        opened, DoorShut where it cannot be for now alone.
        """
        if self._is_alone:
            # The only daemon of its store: what the last run was sending is due again.
            await self.store.write(outbox.release_leases, Step.FREE_LETTERS)
            await self.store.write(timers.release_leases, Step.FREE_TIMERS)
        workers: list[asyncio.Task[None]] = []
        try:
            await self._open_doors()
            # Before anybody works on the new roster: who is told of it, and whose access ends.
            async with self._changing:
                await self.pipeline.changes.apply(self.settings.committees, self.settings.admins)
            work: list[tuple[str, Callable[[], object]]] = [
                ("pipeline", self.pipeline.run),
                ("outbox", self.outbox.run),
                ("clock", self.clock.run),
            ]
            if self.imap is not None:
                work.append(("imap", self.imap.run))
            workers = [asyncio.create_task(self._forever(name, each)) for name, each in work]
            addresses = [door.address for door in self.doors]
            if self.settings.metrics is not None:
                self.metrics = open_metrics(self.settings.metrics, self.store, self.now, lambda: _all_run(workers))
            maillog.ready(addresses, len(self.roster), __version__)
            on_ready(addresses)
            await stop.wait()
            maillog.stopping()
        finally:
            if self.metrics is not None:
                await asyncio.to_thread(self.metrics.close)
            if self.imap is not None:
                await self.imap.close()
            await asyncio.gather(*(door.close() for door in self.doors))
            await self._end(workers)
        maillog.stopped()

    async def _open_doors(self) -> None:
        limits = Limits(max_message_bytes=self.settings.max_message_bytes)
        guard = Guard(limits)
        for listener in self.settings.listeners:
            self.doors.append(await self._open_door(_listen(listener), limits, guard))
        if self.settings.imap is not None:
            self.imap = self._fetcher(self.settings.imap, guard)
        inject = inject_socket(self.settings.store_url, self.settings.key_file)
        if len(os.fsencode(inject)) > SOCKET_PATH_MAX:
            maillog.inject_not_open()
            return
        try:
            door = await self._open_door(Listen("lmtp", inject, Door.INJECT, socket_mode=0o666), limits, guard)
        except (ConfigError, DoorShut):
            if self._is_alone:
                raise
            # Another daemon of the same database may answer `cocmail inject` on this machine; mail goes on without it.
            maillog.inject_not_open()
        else:
            self.doors.append(door)

    async def _open_door(self, listen: Listen, limits: Limits, guard: Guard) -> OpenDoor:
        def failed(error: Exception) -> None:
            maillog.not_accepted(listen.door.value, type(error).__name__)

        return await open_door(listen, self.pipeline, limits, self.hostname, guard, now=self.now, failed=failed)

    def _fetcher(self, mailbox: Mailbox, guard: Guard) -> ImapDoor:
        limit = self.settings.max_message_bytes

        def committee() -> str:
            # The mailbox's door stays open until the end, be it in the configuration still or not.
            return (self.settings.imap or mailbox).committee

        means = Means(self.pipeline, self.store, self.roster, guard, limit, committee, self.now)
        return ImapDoor(mailbox, means, self.tick, self.outbox.wake)

    @property
    def _is_alone(self) -> bool:
        """Whether the store has one daemon at most: SQLite is locked, on PostgreSQL there may be several."""
        return make_url(self.settings.store_url).get_backend_name() == "sqlite"

    async def _forever(self, name: str, work: Callable[[], object]) -> None:
        """A worker that fails is a bug of ours: it is logged and started again, so that mail goes on."""
        while True:
            try:
                await work()  # type: ignore[misc]
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Whatever is wrong with the log too: a worker that ends is missed by nobody until mail is.
                with suppress(Exception):
                    maillog.failed(name, error)
                await asyncio.sleep(1)

    async def _end(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """What was accepted is understood before the end, as far as that goes quickly; the rest is on disk."""
        # The message at hand is finished, not cut off between its commit and the log line that says so.
        self.pipeline.stop()
        if workers:
            await asyncio.wait(workers[:1], timeout=WORK_OFF_SECONDS)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        try:
            async with asyncio.timeout(WORK_OFF_SECONDS):
                while await self.pipeline.work_off_one():
                    pass
        except Exception as error:
            maillog.failed("stopping", error)
        await self.reader.close()
        await self.content_reader.close()

    def _senders(self) -> list[Sender]:
        if self.settings.maildir is not None:
            return [MaildirSender(self.settings.maildir) for _ in range(SENDERS)]
        host = self.settings.smarthost
        if host is None:
            raise ValueError("neither smarthost nor maildir")
        way = Smarthost(host.host, host.port, host.tls, host.user, host.password_file)
        return [SmtpSender(way, self.hostname) for _ in range(SENDERS)]


def _all_run(workers: Sequence[asyncio.Task[None]]) -> bool:
    return bool(workers) and not any(worker.done() for worker in workers)


def _schedule(settings: Settings) -> Schedule:
    return Schedule(settings.retry, settings.give_up_after, settings.null_sender)


def _listen(listener: Listener) -> Listen:
    if listener.protocol == "smtp":
        door = Door.SMTP
    else:
        door = Door.LMTP_SOCKET if os.path.isabs(listener.address) else Door.LMTP
    return Listen(listener.protocol, listener.address, door, listener.tls_cert_file, listener.tls_key_file)
