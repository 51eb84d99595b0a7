"""aioimaplib's side of the wire, with what it lacks: an end for everything.

The library leaves commands waiting when the connection is lost, reads lines by recursion, does not answer a refused
log-in's challenge, and logs every byte. Here whatever is odd (a line without end, too many lines at once, an answer
nobody asked for, a goodbye) cuts the connection, and a cut connection is told of at once. It must not know mail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re

from aioimaplib import Command, IMAP4ClientProtocol, Response

LIBRARY_LOGGER = "aioimaplib.aioimaplib"
# The library takes a frame of the stack for each line; the shortest line that a sane server writes has 13 bytes.
PIECE = 4096
# A SEARCH answers in one line; this is one of half a million messages.
LINE_MAX = 4_000_000
LITERAL_MAX = 65_536
_LITERAL = re.compile(rb"\{(\d+)\}\Z")


class Protocol(IMAP4ClientProtocol):  # type: ignore[misc]
    """One connection. `lost`: it is gone. `news`: the server has said that the folder holds more than before."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.news = asyncio.Event()
        self.answers: list[str] = []
        self._begun = bytearray()
        # What the server may hand over as one piece of text, counted in bytes.
        self.largest = LITERAL_MAX
        silence_library()
        super().__init__(asyncio.get_running_loop(), lambda _: self.lost.set())

    def cut(self) -> None:
        """The end of this connection, without a word; harmless when it has ended already."""
        self.lost.set()
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), PIECE):
                if not self.lost.is_set():
                    self._take(data[start : start + PIECE])
        except Exception:
            # RecursionError, or an answer that nobody asked for: what the library's state is now, nobody knows.
            self.cut()

    def _take(self, piece: bytes) -> None:
        """A line is handed on when its end is there: the library would look through it anew for each piece."""
        command = self.current_command
        in_literal = command is not None and command.wait_literal_data()
        if b"\n" not in piece and not in_literal:
            self._begun += piece
            if len(self._begun) > LINE_MAX:
                self.cut()
            return
        line, self._begun = bytes(self._begun), bytearray()
        super().data_received(line + piece)

    async def welcome(self, line: bytes) -> None:
        """The library runs this in a task whose end nobody awaits."""
        with contextlib.suppress(Exception):
            await super().welcome(line)
            return
        self.cut()

    async def authenticate(self, mechanism: str, initial: str) -> Response:
        """AUTHENTICATE with an initial response (RFC 4959), sent at the first challenge where the server wants that.

        The library's own leaves a further challenge, which is how XOAUTH2 explains a refusal, unanswered for ever.
        """
        at_once = [initial] if "SASL-IR" in self.capabilities else []
        self.answers = [] if at_once else [initial]
        command = Command("AUTHENTICATE", self.new_tag(), mechanism, *at_once, loop=self.loop)
        response = await self.execute(command)
        if response.result == "OK":
            self.state = "AUTH"
        return response

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            self.send(self.answers.pop(0) if self.answers else "")
        else:
            super()._continuation(line)

    def _handle_line(self, line: bytes, current: Command | None) -> Command | None:
        if line.startswith(b"* ") and line.endswith(b" EXISTS"):
            self.news.set()
        elif line[:5].upper() == b"* BYE":
            self.cut()
        announced = _LITERAL.search(line)
        if announced is not None and (len(announced[1]) > 12 or int(announced[1]) > self.largest):
            raise ValueError("more than was asked for")
        return super()._handle_line(line, current)


def silence_library() -> None:
    """aioimaplib logs every byte at DEBUG. A filter that lets nothing through holds even where somebody later gives
    that logger a level and a handler."""
    library = logging.getLogger(LIBRARY_LOGGER)
    library.addFilter(_let_nothing_through)
    library.setLevel(logging.CRITICAL + 1)
    library.propagate = False
    library.disabled = True


def _let_nothing_through(record: logging.LogRecord) -> bool:
    return False
