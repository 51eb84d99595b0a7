"""Long parts of our own mail, put in as base64 after the message was built around place holders.

`email` takes a message apart into lines several times, in single calls that let no other thread run; for megabytes that
keeps every other connection waiting. So it only ever sees short parts. The rule: a place holder is random, stands in
the built message exactly once, and is replaced by base64 alone, which can be nothing but content.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterator

LONG = 64 * 1024
_LINE = 57
_LINES_AT_A_TIME = 1000
_TEXT_END = b"DQo="


class Bulk:
    """The long parts of one message. Ask for place holders, build, then `fill`."""

    def __init__(self) -> None:
        self._held: list[tuple[bytes, bytes]] = []

    def content(self, content: bytes) -> bytes:
        """What to attach in the place of these octets: the octets themselves where they are short."""
        if len(content) <= LONG:
            return content
        holder = secrets.token_hex(24).encode()
        self._held.append((base64.b64encode(holder), content))
        return holder

    def text(self, text: str) -> tuple[str, str | None]:
        """(text, transfer encoding) to set as the body in the place of this text."""
        if len(text) <= LONG:
            return text, None
        holder = secrets.token_hex(24)
        # RFC 2045, section 6.8: the lines of a text end with CRLF before it is encoded.
        octets = text.rstrip("\n").replace("\n", "\r\n").encode() + b"\r\n"
        self._held.append((base64.b64encode(holder.encode()) + _TEXT_END, octets))
        return holder, "base64"

    def fill(self, message: bytes) -> bytes:
        """The built message with the long parts in their places. Raises RuntimeError if a place is not there once."""
        pieces: list[bytes] = []
        # In the order in which they were put in; what is joined is joined once, for it is large.
        for holder, content in self._held:
            before, found, message = message.partition(holder)
            if not found or holder in message:
                raise RuntimeError("a long part of a message of ours has no place in it")
            pieces += [before, *lines_of(content)]
        return b"".join((*pieces, message))


def lines_of(content: bytes) -> Iterator[bytes]:
    """Base64 in lines of 76 characters with CRLF between them, none at the end; a thousand lines at a time."""
    step = _LINE * _LINES_AT_A_TIME
    for start in range(0, len(content), step):
        encoded = binascii.b2a_base64(content[start : start + step], newline=False)
        lines = b"\r\n".join([encoded[at : at + 76] for at in range(0, len(encoded), 76)])
        yield lines + b"\r\n" if start + step < len(content) else lines
