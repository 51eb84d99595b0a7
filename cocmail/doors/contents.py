"""Stored messages, read again for being sent: once a message, not once a recipient.

Holds a few of them in memory for as long as their letters go out; never on disk.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from cocmail.core.model import Mail
from cocmail.mail.reader import Reader
from cocmail.store import spool
from cocmail.store.engine import Store

KEPT = 8
KEPT_BYTES = 64 * 1024 * 1024


class Contents:
    """The text and attachments of stored messages, by id."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store, self._reader = store, reader
        self._read: OrderedDict[str, tuple[int, Mail]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, message_id: str) -> Mail | None:
        """The message with its attachments; None when its content was destroyed."""
        async with self._lock:
            if message_id in self._read:
                self._read.move_to_end(message_id)
                return self._read[message_id][1]
            stored = await self._store.read(lambda tx: spool.open_mail(tx, message_id))
            if stored is None:
                return None
            mail = await self._reader.read(stored[1], contents=True)
            self._read[message_id] = (len(stored[1]), mail)
            while len(self._read) > KEPT or sum(size for size, _ in self._read.values()) > KEPT_BYTES:
                self._read.popitem(last=False)
            return mail
