"""Finds the end of a message in what follows a 354, and takes the transparent dots away (RFC 5321, section 4.5.2).

The rule: only CRLF.CRLF ends a message, wherever the network cut the bytes, and every other byte is content: lines of
any length, NUL, 8-bit, bare CR and bare LF. A second meaning for a line end is how one message is smuggled in another.
No socket and no limit here: bytes in, bytes out.
"""

from __future__ import annotations

END = b"\r\n.\r\n"


class DotReader:
    """One message's reader. After the end was found it must not be fed again."""

    __slots__ = ("_begun", "_pending")

    def __init__(self) -> None:
        # The line end of the DATA command counts as the first CRLF (RFC 5321, section 4.1.1.4), but is no content.
        self._pending = b"\r\n"
        self._begun = False

    def feed(self, chunk: bytes) -> tuple[bytes, bytes | None]:
        """The content that is now certain, and what came after the end of the message: None while it goes on."""
        window = self._pending + chunk
        end = window.find(END)
        if end >= 0:
            return self._content(window[: end + 2]), window[end + len(END) :]
        kept = next((length for length in range(len(END) - 1, 0, -1) if window.endswith(END[:length])), 0)
        certain = len(window) - kept
        self._pending = window[certain:]
        return self._content(window[:certain]), None

    def _content(self, certain: bytes) -> bytes:
        """Without the dot at the start of each line. What could be the start of CRLF-dot is never cut in two."""
        if not certain:
            return b""
        content = certain.replace(b"\r\n.", b"\r\n")
        if not self._begun:
            self._begun = True
            return content[2:]
        return content
