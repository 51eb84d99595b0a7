"""Reading mail in a child process with bounded memory and time, so that no message can stop the daemon.

The rule: `read` always gives a Mail, within the time limit. Whatever kills or blocks the child costs that one message
its text: it is `unparsable`, opens a case all the same, and its original is stored. The event loop is never blocked.
It must not write mail to a file and must not hand the child anything but the message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cocmail.core.files import FileRead
from cocmail.core.model import Mail
from cocmail.mail.frames import LENGTH, files_from, framed, mail_from, question
from cocmail.mail.parse import unparsable

# With the code that is mapped, 256 MB at most are resident.
MEMORY = 232 << 20
SECONDS = 20.0
SECONDS_PER_MEGABYTE = 1.0
# What an answer holds besides attachments is bounded by the parser: six million characters of text, a header.
DESCRIPTION_MAX = 100 << 20
TEXTS_MAX = 32 << 20
CHUNK = 1 << 20
OFF_LOOP = 1 << 18

# A child that has read this many messages, or one of this size, is replaced: what parsing left behind goes with it.
MESSAGES = 1_000
LARGE = 8 << 20
# A child that is gone at once was most likely gone before it got the message (the kernel needed memory, an operator).
AT_ONCE = 0.5

Answer = TypeVar("Answer")

# `-I` keeps the environment and the current folder out; the daemon's own path is all the child needs to find the code.
# Nothing of what is loaded is garbage, so that nobody need look for any meanwhile.
_START = "import gc, sys, json; gc.disable(); sys.path[:] = json.loads(sys.argv[1]); "
_START += "from cocmail.mail.reader_child import main; main(int(sys.argv[2]))"


class _Gone(Exception):
    """The child ended or answered nonsense; no message, on purpose."""


@dataclass(slots=True)
class _Child:
    """A process that reads, once it is started, and how many messages it has answered for."""

    process: asyncio.subprocess.Process | None = None
    answered: int = 0


class Reader:
    """Reads messages one after the other in a child, started when first needed and replaced when it fails."""

    def __init__(self, *, memory: int = MEMORY, seconds: float = SECONDS, beside: Reader | None = None) -> None:
        """`memory`: bytes that the child may have; `seconds`: time for a message, plus a second a megabyte.

        `beside`: another reader of the same limits. The two lend each other the child that is idle, and never wait
        for each other: while both read, each has one.
        """
        self._memory, self._seconds = memory, seconds
        self._idle: list[_Child] = [] if beside is None else beside._idle
        self._lock = asyncio.Lock()

    async def read(self, raw: bytes, *, contents: bool = False, also: frozenset[str] = frozenset()) -> Mail:
        """The message as `parse.read` understands it; `unparsable` where the child was cut or died. Never fails."""
        asked = partial(question, contents=contents, also=also)
        async with self._lock:
            mail = await self._asked_twice(raw, asked, mail_from)
        # Without so much as a header the child had no memory left; here there is enough for that.
        if mail is None or (mail.unreadable == "unparsable" and not mail.headers):
            return await asyncio.to_thread(unparsable, raw, also=also)
        return mail

    async def look_into(self, raw: bytes) -> tuple[FileRead, ...] | None:
        """What is in the attachments of a message, in their order; None where the child died. Never fails."""
        asked = partial(question, contents=True, also=frozenset(), files=True)
        async with self._lock:
            return await self._asked_twice(raw, asked, files_from)

    async def without_tokens(self, raw: bytes) -> bytes | None:
        """The message as it is passed on whole (`tokens.without_tokens`); None where the child died. Never fails."""
        asked = partial(question, contents=False, also=frozenset(), whole=True)
        async with self._lock:
            return await self._asked_twice(raw, asked, lambda _, whole: whole)

    async def close(self) -> None:
        """Ends the child, and that of the reader beside this one if it is idle. A later `read` starts another."""
        async with self._lock:
            while self._idle:
                await _end(self._idle.pop())

    async def _asked_twice(
        self, raw: bytes, asked: Callable[..., bytes], understand: Callable[[bytes, bytes], Answer]
    ) -> Answer | None:
        loop = asyncio.get_running_loop()
        for _ in range(2):
            child, begun = self._idle.pop() if self._idle else _Child(), loop.time()
            try:
                found = await self._ask(child, raw, asked, understand)
            except (_Gone, OSError, ValueError, TimeoutError):
                await _end(child)
                if not child.answered or loop.time() - begun > AT_ONCE:
                    break
            except BaseException:  # cancelled in the middle of a frame: this child can't be talked to any more
                await _end(child)
                raise
            else:
                if len(raw) > LARGE or child.answered >= MESSAGES:
                    await _end(child)
                else:
                    self._idle.append(child)
                return found
        return None

    async def _ask(
        self, child: _Child, raw: bytes, asked: Callable[..., bytes], understand: Callable[[bytes, bytes], Answer]
    ) -> Answer:
        seconds = self._seconds + SECONDS_PER_MEGABYTE * len(raw) / 1e6
        async with asyncio.timeout(seconds + 1):
            process = child.process = child.process or await self._started()
            await _send(process, framed(asked(seconds=seconds)))
            await _send(process, LENGTH.pack(len(raw)))
            await _send(process, raw)
            description = await _frame(process, DESCRIPTION_MAX)
            parts = await _frame(process, 2 * len(raw) + TEXTS_MAX)
        child.answered += 1
        if len(description) + len(parts) > OFF_LOOP:
            return await asyncio.to_thread(understand, description, parts)
        return understand(description, parts)

    async def _started(self) -> asyncio.subprocess.Process:
        path = json.dumps([os.path.abspath(each) for each in sys.path])
        kept = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _START, path, str(self._memory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=CHUNK,
            env=kept | {"LC_ALL": "C.UTF-8"},
        )


async def _end(child: _Child) -> None:
    process, child.process = child.process, None
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
        with contextlib.suppress(OSError):
            await process.stdin.wait_closed()
    # Reads what is left in the pipe: asyncio closes the transport of a process only at its end of file.
    await process.communicate()


async def _send(child: asyncio.subprocess.Process, data: bytes) -> None:
    """Writes in pieces, so that the loop is free between them and nothing is copied whole."""
    assert child.stdin is not None
    view = memoryview(data)
    for start in range(0, len(data), CHUNK):
        child.stdin.write(view[start : start + CHUNK])
        await child.stdin.drain()


async def _frame(child: asyncio.subprocess.Process, most: int) -> bytes:
    """The next frame of an answer. Raises _Gone if it ends early or says that it is longer than it can be."""
    assert child.stdout is not None
    try:
        (size,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        if size > most:
            raise _Gone
        return await child.stdout.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise _Gone from error
