"""`cocmail run`: a daemon under a service manager. Signals, readiness, the last good configuration.

The configuration that was in force last is kept sealed in the store, file by file. A broken file then costs nobody
their mail: at a reload the old configuration stays, at a start the last good version of that file takes its place.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from cocmail import maillog
from cocmail.changes import HANDED_OVER
from cocmail.commit import queue
from cocmail.config.files import own_folder
from cocmail.config.load import SourceFile, Sources, examine, read
from cocmail.config.locate import locate_store
from cocmail.config.problems import Problem
from cocmail.config.settings import Settings, needs_restart
from cocmail.core.letters import to_admins
from cocmail.daemon import Daemon
from cocmail.errors import ConfigError, StoreBusy
from cocmail.mail import memory
from cocmail.records import handed_over
from cocmail.roster import Roster
from cocmail.store import notes
from cocmail.store.boundaries import Crossed, Step, unwatched
from cocmail.store.connections import shown
from cocmail.store.engine import BUSY_PAUSE, Store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring

PROBLEMS_TOLD = 20
NOT_IN_FORCE = "the files have no error that was found, but they are not in force: cocmail failed on them, see its log"


def utc_now() -> datetime:
    return datetime.now(UTC)


async def serve(
    path: Path, environ: Mapping[str, str], now: Callable[[], datetime] = utc_now, crossed: Crossed = unwatched
) -> None:
    """Run the daemon of a configuration until SIGTERM or SIGINT.

    Raises ConfigError where neither the configuration nor its last good version can be used, KeyFileError, StoreError.
    """
    _harden()
    # The doors answer from one thread; while others compose or screen a long message, it gets its turn sooner.
    sys.setswitchinterval(0.0005)
    sources = read(path)
    url, key_file = locate_store(sources.main, environ)
    keyring = Keyring.load(key_file)
    _make_own_folder(url, path)
    store = Store.open(url, keyring, crossed=crossed)
    try:
        settings, used, broken = await _last_good(store, sources, now().date(), environ)
        maillog.configure(settings.log_level, settings.log_format)
        if store.is_new:
            maillog.new_store(shown(url))
        daemon = Daemon(settings, store, now)
        await _keep(store, used)
        _say_warnings(used, now().date(), environ)
        if broken:
            maillog.running_on_last_good(len({line.split(":")[0] for line in broken}))
            # Started again and again, as behind a door that stays shut, it says so once.
            about = "\n".join((now().date().isoformat(), *broken))
            await _alarm(store, daemon.roster, now(), broken, about)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        reloads = Reloads(daemon, path, environ)
        loop.add_signal_handler(signal.SIGHUP, reloads.ask)
        _settle()
        await daemon.run(stop, on_ready=lambda _: _notify(environ, "READY=1"))
        _notify(environ, "STOPPING=1")
    finally:
        store.close()


class Reloads:
    """SIGHUP: one reload after the other. What the store is too busy for is tried again until it is done."""

    def __init__(self, daemon: Daemon, path: Path, environ: Mapping[str, str]) -> None:
        self._daemon, self._path, self._environ = daemon, path, environ
        # What its doors, its store and its way out were made from, whatever is reloaded since.
        self._started_with = daemon.settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._one = asyncio.Lock()

    def ask(self) -> None:
        task = asyncio.create_task(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        async with self._one:
            while True:
                try:
                    return await self._try()
                except StoreBusy:
                    maillog.store_busy("reload")
                    await asyncio.sleep(BUSY_PAUSE)
                except Exception as error:
                    maillog.failed("reload", error)
                    return None

    async def _try(self) -> None:
        daemon = self._daemon
        try:
            sources = await asyncio.to_thread(read, self._path)
            settings, errors = await _judge(daemon.store, sources, daemon.now().date(), self._environ)
            if settings is None:
                raise ConfigError(errors)
            await daemon.change(settings)
        except ConfigError as error:
            maillog.reload_refused(len(error.problems))
            await _alarm(daemon.store, daemon.roster, daemon.now(), error.problems)
            return
        except StoreBusy:
            raise
        except Exception as error:
            # A bug of ours. Whoever edited the file must not believe that it is in force.
            maillog.failed("reload", error)
            await _alarm(daemon.store, daemon.roster, daemon.now(), [NOT_IN_FORCE])
            return
        await _keep(daemon.store, sources)
        _say_warnings(sources, daemon.now().date(), self._environ)
        maillog.reloaded(len(settings.committees))
        waiting = needs_restart(self._started_with, settings)
        if waiting:
            maillog.restart_needed(waiting)


async def _judge(
    store: Store, sources: Sources, today: date, environ: Mapping[str, str]
) -> tuple[Settings | None, list[str]]:
    """The settings of these texts, or the errors for which they cannot be used, also those that the store knows of."""
    settings, problems = examine(sources, today=today, environ=environ)
    if settings is None:
        return None, [str(problem) for problem in problems if problem.level == "error"]
    committees = settings.committees
    files = [sources.committees[number].path for number in await store.read(lambda tx: handed_over(tx, committees))]
    errors = [str(Problem(path, 1, "error", "address", HANDED_OVER)) for path in files]
    return (None if errors else settings), errors


async def _last_good(
    store: Store, sources: Sources, today: date, environ: Mapping[str, str]
) -> tuple[Settings, Sources, list[str]]:
    """The settings to run on, the texts that they came from, and the errors for which older ones were taken.

    First only the files that have errors are replaced; where that is not enough (an alias moved to another file), all.
    """
    settings, errors = await _judge(store, sources, today, environ)
    if settings is not None:
        return settings, sources, []
    files = [sources.main, *sources.committees]
    bad = {file.path for file in files if any(error.startswith(f"{file.path}:") for error in errors)}
    older = {file.path: await _kept(store, file.path) for file in files}
    for replaced in (bad, set(older)):
        mended = [_older(file, older[file.path] if file.path in replaced else None) for file in files]
        again = replace(sources, main=mended[0], committees=tuple(mended[1:]))
        settings, _ = await _judge(store, again, today, environ)
        if settings is not None:
            return settings, again, errors
    raise ConfigError(errors)


def _say_warnings(sources: Sources, today: date, environ: Mapping[str, str]) -> None:
    _, problems = examine(sources, today=today, environ=environ)
    warnings = sum(problem.level == "warning" for problem in problems)
    if warnings:
        maillog.configuration_warnings(warnings)


def _older(file: SourceFile, text: str | None) -> SourceFile:
    return file if text is None else SourceFile(file.path, text)


async def _kept(store: Store, path: str) -> str | None:
    data = await store.read(lambda tx: notes.kept(tx, f"config {os.path.abspath(path)}"))
    return None if data is None else data.decode()


async def _keep(store: Store, sources: Sources) -> None:
    def work(tx: Tx) -> None:
        for file in (sources.main, *sources.committees):
            notes.keep(tx, f"config {os.path.abspath(file.path)}", file.text.encode())

    await store.write(work, Step.KEEP_CONFIGURATION)


async def _alarm(store: Store, roster: Roster, now: datetime, errors: Sequence[str], about: str = "") -> None:
    """`about`: what tells this alarm from the next one; left out, its time."""
    letters = to_admins(roster.admins, "configuration", about or now.isoformat(), errors[:PROBLEMS_TOLD])

    def work(tx: Tx) -> None:
        queue(tx, letters, roster.first, now)

    await store.write(work, Step.ALARM)


def _make_own_folder(url: str, path: Path) -> None:
    """The one that `init` makes; no other: a folder that is not there is most often a wrong `store.url`."""
    folder = own_folder(str(path))
    if url.startswith(f"sqlite:///{folder}/") and os.path.dirname(url.removeprefix("sqlite:///")) == folder:
        with suppress(OSError):  # the store says what is wrong there
            os.mkdir(folder, 0o700)


def _harden() -> None:
    """No core dump ever holds a report; no file of ours is for others to read."""
    os.umask(0o077)
    memory.keep()
    memory.give_back()


def _settle() -> None:
    """What was loaded stays to the end: looked through by the garbage collector in the midst of work, it would stop
    everybody for a tenth of a second and more."""
    gc.collect()
    gc.freeze()


def _notify(environ: Mapping[str, str], state: str) -> None:
    """Tell the service manager (sd_notify(3)); where there is none, nobody."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(state.encode())
