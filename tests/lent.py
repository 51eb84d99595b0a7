"""What every daemon of a test run would start or make anew, lent from one test to the next.

    lent.LentReader          a reader whose process others have left, and others take over
    lent.store(folder)       a new store, with its key, as the daemon would have made it

The same text of a configuration file is read once, and a statement to SQLite is put into words once. A reading process
is the real one: it takes a fifth of a second to load, and answers one message after the other, whosever they are; one
that failed, or was cut, ends as ever and is lent to nobody. A store is the file that the daemon makes of nothing; how
it makes it is tested in `store`.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Dialect, Engine, make_url

from cocmail.config import document, load
from cocmail.mail import reader
from cocmail.mail.reader import CHUNK, MEMORY, MESSAGES, Reader
from cocmail.store import connections, engine
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring, new_key_file


class _Process:
    """A reading process, and what the reader uses of it as long as it has it."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader

    def __init__(self) -> None:
        path = json.dumps([os.path.abspath(each) for each in sys.path])
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-c", reader._START, path, str(MEMORY)],
                stdin=theirs,
                stdout=theirs,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
            )
        self.pid = self._popen.pid
        self.answered = 0
        atexit.register(self._end)

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    async def taken(self) -> _Process:
        self.stdout, self.stdin = await asyncio.open_unix_connection(sock=self._ours.dup(), limit=CHUNK)
        return self

    async def given_back(self, answered: int) -> None:
        self.answered += answered
        self.stdin.close()
        await self.stdin.wait_closed()
        if self.is_alive() and self.answered < MESSAGES:
            _idle.append(self)
        else:
            self._end()

    def kill(self) -> None:
        self._end()

    async def communicate(self) -> None:
        """It has ended; nothing is left to be read."""

    def _end(self) -> None:
        self._popen.kill()
        self._popen.wait()
        self._ours.close()
        atexit.unregister(self._end)


class LentReader(Reader):
    """A reader that takes a process which others have left, and leaves it to others."""

    async def _started(self) -> Any:
        if self._memory != MEMORY:
            return await super()._started()
        while _idle:
            process = _idle.pop()
            if process.is_alive():
                return await process.taken()
        return await _Process().taken()

    async def close(self) -> None:
        async with self._lock:
            for child in [each for each in self._idle if isinstance(each.process, _Process)]:
                self._idle.remove(child)
                process: Any = child.process
                await process.given_back(child.answered)
        await super().close()


_idle: list[_Process] = []
load.read_document = lru_cache(maxsize=256)(document.read_document)  # type: ignore[attr-defined]


@cache
def _dialect(reading: bool) -> tuple[Dialect, Any]:
    """A dialect that has spoken to a database, and what was compiled for it."""
    engine = connections.engine_for(make_url("sqlite://"), reading=reading)
    engine.connect().close()
    return engine.dialect, engine._compiled_cache


def _engine_for(target: URL, *, reading: bool) -> Engine:
    """As ever; but compiling a hundred statements takes longer than most tests do, and each engine begins anew."""
    made = connections.engine_for(target, reading=reading)
    if target.get_backend_name() == "sqlite":
        made.dialect, made._compiled_cache = _dialect(reading)
    return made


engine.engine_for = _engine_for


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cocmail-lent-"))
    atexit.register(shutil.rmtree, folder)
    new_key_file(folder / "master.key")
    Store.open(f"sqlite:///{folder / 'store.db'}", Keyring.load(folder / "master.key")).close()
    return folder


def store(folder: Path) -> None:
    """Puts store and key there, as `store.db` and `master.key`."""
    for name in ("master.key", "store.db"):
        shutil.copy(_made() / name, folder / name)
