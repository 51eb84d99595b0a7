"""Puts finished messages into folders, one Maildir a recipient: the embedded default, and what the demo reads.

A message is in `new/` completely or not at all: written to `tmp/`, flushed to disk, renamed, the folder flushed. The
file name is the letter's id, so that a second try after a crash replaces the first.
"""

from __future__ import annotations

import asyncio
import os
from email import message_from_bytes
from pathlib import Path

from cocmail.errors import Unreachable
from cocmail.mail.compose import Outgoing


class MaildirSender:
    """Delivers into `folder/RECIPIENT/{tmp,new,cur}`."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    async def send(self, outgoing: Outgoing) -> None:
        """Deliver one message. Raises Unreachable when the disk does not take it: it waits."""
        try:
            await asyncio.to_thread(self._deliver, outgoing)
        except OSError:
            raise Unreachable from None

    async def close(self) -> None:
        """Nothing is kept open."""

    def _deliver(self, outgoing: Outgoing) -> None:
        box = self._folder / outgoing.recipient.replace("/", "_").lstrip(".")
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        header = outgoing.content.partition(b"\r\n\r\n")[0]
        name = str(message_from_bytes(header)["Message-ID"]).strip("<>").partition("@")[0] + ".cocmail"
        descriptor = os.open(box / "tmp" / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            # A delivery agent adds the envelope sender (RFC 5321, section 4.4); a Maildir has the system's line ends.
            file.write(f"Return-Path: <{outgoing.sender}>\n".encode() + outgoing.content.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(box / "tmp" / name, box / "new" / name)
        folder = os.open(box / "new", os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
