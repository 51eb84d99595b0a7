"""An SMTP client that hands a long message over in pieces, on aiosmtplib.

The rule: whatever the size of a message, the event loop is free again after each piece, and no more of it waits in
memory for the connection than a piece or two. aiosmtplib goes over the whole message several times in single calls, and
puts all of it into the connection's buffer: with 40 megabytes every other connection would wait for a second.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

PIECE = 64 * 1024
START_INPUT, COMPLETED = 354, 250
_LINE_ENDS = re.compile(rb"\r\n|\n|\r(?!\n)")
_DOTS = re.compile(rb"(?m)^\.")


class Client(aiosmtplib.SMTP):
    """aiosmtplib's client; only the way of a message's data is ours."""

    async def hand_over(
        self, sender: str, recipient: str, content: bytes, *, options: Sequence[str], seconds: float
    ) -> None:
        """One message to one recipient. Raises what aiosmtplib raises, and TimeoutError."""
        encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        size = [f"SIZE={len(content)}"] if self.supports_extension("size") else []
        try:
            await self.mail(sender, options=[*size, *options], encoding=encoding, timeout=seconds)
            await self.rcpt(recipient, encoding=encoding, timeout=seconds)
            await self._send_data(content, seconds)
        except aiosmtplib.SMTPResponseException:
            # The connection is used again.
            with suppress(aiosmtplib.SMTPException, ConnectionError):
                await self.rset()
            raise

    async def _send_data(self, content: bytes, seconds: float) -> None:
        protocol = self.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        begun = await protocol.execute_command(b"DATA", timeout=seconds)
        if begun.code != START_INPUT:
            raise aiosmtplib.SMTPDataError(begun.code, begun.message)
        # aiosmtplib drops what a server says while no answer is expected; one may come before the end.
        protocol._response_pending = True
        async with asyncio.timeout(seconds):
            for piece in pieces(content):
                protocol.write(piece)
                await _room(protocol)
        protocol.write(b".\r\n")
        ended = await protocol.read_response(timeout=seconds)
        if ended.code != COMPLETED:
            raise aiosmtplib.SMTPDataError(ended.code, ended.message)


def pieces(content: bytes) -> Iterator[bytes]:
    """The message in whole lines, as it goes over the wire (RFC 5321, sections 2.3.8 and 4.5.2), without its end."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start + PIECE) + 1 or len(content)
        piece = _DOTS.sub(b"..", _LINE_ENDS.sub(b"\r\n", content[start:end]))
        yield piece if piece.endswith(b"\r\n") else piece + b"\r\n"
        start = end


async def _room(protocol: SMTPProtocol) -> None:
    """Until the connection takes more, or the server has answered before the end; others have their turn meanwhile."""
    drained: asyncio.Future[object] = asyncio.ensure_future(protocol._drain_helper())
    answer: asyncio.Future[object] | None = protocol._response_waiter  # type: ignore[assignment]
    try:
        # Also where nothing has to be waited for: a fast server would else have the loop for itself.
        await asyncio.sleep(0)
        if not drained.done() and answer is not None:
            await asyncio.wait({drained, answer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not drained.done():
            drained.cancel()
        with suppress(asyncio.CancelledError):
            await drained
