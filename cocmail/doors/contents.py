"""Stored messages, read again for being sent: once a message, not once a recipient.

Holds a few of them in memory for a minute, the time in which their letters go out, and none after something was
destroyed; never on disk.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from cocmail.core.case import Entry
from cocmail.core.files import FileRead
from cocmail.core.model import Attachment, Mail
from cocmail.mail.reader import Reader
from cocmail.store import spool
from cocmail.store.engine import Store

KEPT = 8
LARGE = 4 << 20
KEPT_BYTES = 64 * 1024 * 1024
KEPT_SECONDS = 60.0
UNPARSABLE = "unparsable"
# After as many failures something that has to be read again is done without.
TRIES = 3


class ReadAgainFailed(Exception):
    """What could be read when it came in could not be read now: memory, time, a killed child. It is tried again."""


class Contents:
    """The text and attachments of stored messages, by id."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store, self._reader = store, reader
        self._read: OrderedDict[str, tuple[int, Mail, asyncio.TimerHandle]] = OrderedDict()
        self._lock = asyncio.Lock()
        self._destroyed = 0

    async def files_of(self, message_id: str) -> tuple[FileRead, ...] | None:
        """What is in the files of a stored message; None where that cannot be said: it is gone, the reader failed."""
        async with self._lock:
            stored = await self._store.read(lambda tx: spool.open_mail(tx, message_id))
            return await self._reader.look_into(stored[1]) if stored is not None else None

    async def of(self, message_id: str, unreadable: str, *, in_the_end: bool = False) -> Mail | None:
        """The message with its attachments; None when its content was destroyed.

        `unreadable` is what was said of it when it came in. Raises ReadAgainFailed rather than give less than that;
        but `in_the_end` what cannot be read comes as it is.
        """
        async with self._lock:
            if message_id in self._read:
                self._read.move_to_end(message_id)
                return self._read[message_id][1]
            destroyed = self._destroyed
            stored = await self._store.read(lambda tx: spool.open_mail(tx, message_id))
            if stored is None:
                return None
            mail = await self._reader.read(stored[1], contents=True)
            if mail.unreadable == UNPARSABLE:
                if unreadable != UNPARSABLE and not in_the_end:
                    raise ReadAgainFailed
                mail = await self._with_body(mail, stored[1])
                if unreadable != UNPARSABLE:
                    # Not for the next who asks, who may be allowed less.
                    return mail
            if destroyed == self._destroyed:
                # Else it may be what was destroyed while it was read.
                self._keep(message_id, len(stored[1]), mail)
            return mail

    def _keep(self, message_id: str, size: int, mail: Mail) -> None:
        # By a timer, not when somebody asks for the next one: that may be after a quiet night.
        timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._let_go, message_id)
        self._read[message_id] = (size, mail, timer)
        while len(self._read) > KEPT or sum(size for size, *_ in self._read.values()) > KEPT_BYTES:
            self._let_go(next(iter(self._read)))

    def _let_go(self, message_id: str) -> None:
        self._read.pop(message_id)[2].cancel()

    def forget(self) -> None:
        """Something was destroyed in the store: nothing stays here that it may have been."""
        self._destroyed += 1
        for message_id in tuple(self._read):
            self._let_go(message_id)

    async def words_of(self, entries: Iterable[Entry], *, in_the_end: bool) -> tuple[dict[str, Mail], frozenset[str]]:
        """The mails of a case for being compared with, but those whose content was destroyed.

        And, `in_the_end`, which of them cannot be read any more. Raises ReadAgainFailed before that.
        """
        found: dict[str, Mail] = {}
        unread: set[str] = set()
        for entry in entries:
            try:
                mail = await self._words_of(entry.id, entry.unreadable)
            except ReadAgainFailed:
                if not in_the_end:
                    raise
                unread.add(entry.id)
            else:
                found |= {entry.id: mail} if mail is not None else {}
        return found, frozenset(unread)

    async def _words_of(self, message_id: str, unreadable: str) -> Mail | None:
        """As it was read when it came in, where its files stand in the way."""
        try:
            return await self.of(message_id, unreadable)
        except ReadAgainFailed:
            stored = await self._store.read(lambda tx: spool.open_mail(tx, message_id))
            mail = await self._reader.read(stored[1]) if stored is not None else None
            if mail is not None and mail.unreadable == UNPARSABLE != unreadable:
                raise
            return mail

    async def _with_body(self, mail: Mail, raw: bytes) -> Mail:
        """A message that cannot be taken apart, with its body as it came, less its author's reply address."""
        if mail.attachments:
            return mail
        return with_body(mail, await self._whole(raw))

    async def whole(self, raw: bytes) -> bytes:
        """A message as it came in, less its author's reply address. Raises ReadAgainFailed where the reader failed."""
        async with self._lock:
            return await self._whole(raw)

    async def _whole(self, raw: bytes) -> bytes:
        found = await self._reader.without_tokens(raw)
        if found is None:
            raise ReadAgainFailed
        return found


def with_body(mail: Mail, raw: bytes) -> Mail:
    """With the body as it came. Not its header: that tells where it came from."""
    ends = [(raw.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    first = min((end for end in ends if end[0] >= 0), default=(0, 0))
    body = raw[sum(first) :]
    return replace(mail, attachments=(Attachment("message.txt", "application/octet-stream", len(body), body),))


def without_attachments(mail: Mail) -> Mail:
    """The words of a message, with a list of what they came with."""
    left_out = "\n".join(f"- {part.filename} ({part.content_type}, {part.size} bytes)" for part in mail.attachments)
    note = f"\n\n[Left out, because the mail server did not take the message with it:\n{left_out}\nIt is kept.]"
    return replace(mail, text=mail.text + note, attachments=())


def is_large(mail: Mail | None) -> bool:
    """Whether what is made of it, for the wire, takes memory that several at a time should not take."""
    return mail is not None and len(mail.text) + sum(len(part.content) for part in mail.attachments) > LARGE
