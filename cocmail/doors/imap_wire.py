"""One session with one folder of a mailbox, over IMAP (RFC 3501 with UIDPLUS and IDLE).

The rule: every call ends, by its answer, by the loss of the connection or by its time, and whatever is not a clean
answer is a `MailboxError` after which the session is over. A message comes whole or not at all. The secret and what the
server says go nowhere. It must not know what becomes of a message.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from aioimaplib import Command
from aioimaplib.aioimaplib import quoted

from cocmail.config.settings import Mailbox
from cocmail.doors.imap_protocol import Protocol
from cocmail.errors import MailboxError

# What a MailboxError says. The first are refusals: somebody has to put something right.
REFUSALS = ("certificate", "tls", "secret", "log-in", "folder", "read-only")
TROUBLES = (*REFUSALS, "unreachable", "silent", "lost", "answer")

CONNECT_SECONDS = 60.0
GOODBYE_SECONDS = 2.0
SLOWEST = 10_000.0

# RFC 5530: the secret is not what is wrong.
_PASSING = (b"[UNAVAILABLE]", b"[INUSE]", b"[LIMIT]", b"[SERVERBUG]")
_VALIDITY = re.compile(rb"UIDVALIDITY (\d{1,20})")
_NUMBERS = re.compile(rb"[\d ]*")
_UID = re.compile(rb"\bUID (\d{1,20})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,20})\b")
_NOTHING = re.compile(rb"FETCH \(.*BODY\[\](<\d+>)? (\"\"|NIL)", re.IGNORECASE)


class Session:
    """A folder that is open. Calls one after the other; `close` in the end, whatever happened."""

    def __init__(self, protocol: Protocol, patience: float) -> None:
        self._protocol, self._patience = protocol, patience
        self.validity = ""

    async def select(self, folder: str) -> None:
        """Open the folder for reading and removing."""
        answer = await self._call(self._protocol.select(quoted(folder)))
        if answer.result != "OK":
            raise MailboxError("folder")
        if b"[READ-ONLY]" in answer.lines[-1]:
            raise MailboxError("read-only")
        found = [match for line in answer.lines if (match := _VALIDITY.search(line))]
        if not found:
            # RFC 3501, section 6.3.1: it has no unique ids. Then nobody knows which message a number will remove.
            raise MailboxError("folder")
        self.validity = found[-1][1].decode()

    async def uids(self, criterion: str) -> list[int]:
        """The messages of the folder to which one word applies (RFC 3501, section 6.4.4), oldest first."""
        answer = await self._asked(self._protocol.search(criterion, charset=None, by_uid=True))
        lines = (bytes(line) for line in answer.lines[:-1])
        return sorted({int(each) for line in lines if _NUMBERS.fullmatch(line) for each in line.split()})

    async def sizes(self, uids: Iterable[int]) -> dict[int, int]:
        """Their sizes; who is gone meanwhile is not among them."""
        answer = await self._asked(self._fetch(_set(uids), "(UID RFC822.SIZE)"))
        found = [(_UID.search(line), _SIZE.search(line)) for line in answer.lines]
        return {int(uid[1]): int(size[1]) for uid, size in found if uid and size}

    async def content(self, uid: int, size: int, most: int) -> bytes | None:
        """A message, its flags untouched: at most `most` bytes and one more, which tells that it is longer.

        None where the server has none to give, or not all of it: what is given back is removed there afterwards.
        RFC822.SIZE is an estimate on some servers, so fewer bytes are all where the server says that nothing comes
        behind them. None at all are never all, unless that is the size.
        """
        patience = self._patience + size / SLOWEST
        self._protocol.largest = most + 1
        raw = await self._octets(uid, 0, most + 1, patience)
        if raw and len(raw) < size:
            return raw if await self._octets(uid, len(raw), 1, patience) == b"" else None
        return raw if raw or size == 0 else None

    async def _octets(self, uid: int, start: int, count: int, patience: float) -> bytes | None:
        """A piece of a message; empty behind its end, None where there is no answer to that."""
        answer = await self._asked(self._fetch(str(uid), f"(BODY.PEEK[]<{start}.{count}>)"), patience)
        # A literal is a bytearray, a line is bytes.
        literals = [line for line in answer.lines if isinstance(line, bytearray)]
        if literals:
            return bytes(literals[0])
        return b"" if any(_NOTHING.search(line) for line in answer.lines) else None

    async def remove(self, uids: Iterable[int], ours: Iterable[int]) -> None:
        """Mark these as deleted and take them away. `ours`: all that may be taken away where not just these can be.

        A server without UIDPLUS takes away everything that is marked, by whomever: it is asked to only where nothing
        but ours is. What was not taken away is still listed afterwards.
        """
        chosen = _set(uids)
        await self._asked(self._protocol.store(chosen, "+FLAGS.SILENT", r"(\Deleted)", by_uid=True))
        if "UIDPLUS" in self._protocol.capabilities:
            await self._asked(self._protocol.expunge(chosen, by_uid=True))
        elif set(await self.uids("DELETED")) <= set(ours):
            await self._asked(self._protocol.expunge())

    async def listed(self, uids: Iterable[int]) -> set[int]:
        """Those of these that are in the folder still, marked or not."""
        return set(await self.uids(f"UID {_set(uids)}"))

    def look_for_news(self) -> None:
        """From here on it counts what the server says of new messages: call it before `uids`."""
        self._protocol.news.clear()

    async def wait(self, idle: float, poll: float) -> None:
        """Until the server tells of news, or for so long; then it is known that the server is there.

        With IDLE (RFC 2177) for `idle` seconds, else for `poll`.
        """
        if "IDLE" not in self._protocol.capabilities:
            await self._news_or_loss(poll)
            await self._asked(self._protocol.simple_command("NOOP"))
            return
        # Nobody reads what the library gathers there.
        self._protocol.idle_queue = asyncio.Queue()
        idling = asyncio.ensure_future(self._protocol.idle())
        try:
            begun = await self._first(self._patience, idling, self._protocol.wait_for_idle_response())
            if not begun:
                raise MailboxError("silent")
            if idling.done():
                # It offers IDLE and refuses it: from now on it is asked.
                self._protocol.capabilities.discard("IDLE")
            else:
                await self._first(idle, idling, self._protocol.news.wait())
            self._stop_if_lost()
            if not idling.done():
                self._protocol.idle_done()
            await self._call(_result_of(idling))
        finally:
            idling.cancel()

    async def close(self) -> None:
        """End the session, politely where the server is listening."""
        protocol = self._protocol
        if not (protocol.lost.is_set() or protocol.pending_sync_command or protocol.pending_async_commands):
            with contextlib.suppress(MailboxError):
                await self._call(protocol.logout(), GOODBYE_SECONDS)
        protocol.cut()

    async def log_in(self, mailbox: Mailbox) -> None:
        """By password or token, read anew each time. The capabilities afterwards are those that count."""
        protocol = self._protocol
        if protocol.state != "NONAUTH":
            raise MailboxError("log-in")
        secret = await _secret(mailbox.oauth2_token_file or mailbox.password_file or "")
        if mailbox.oauth2_token_file:
            words = f"user={mailbox.user}\x01auth=Bearer {secret}\x01\x01"
            answer = protocol.authenticate("XOAUTH2", base64.b64encode(words.encode()).decode())
        else:
            answer = protocol.login(quoted(mailbox.user), secret)
        reply = await self._call(answer)
        if reply.result != "OK":
            passing = any(code in bytes(reply.lines[-1]).upper() for code in _PASSING)
            raise MailboxError("unreachable" if passing else "log-in")
        await self._call(protocol.capability())

    def _fetch(self, uids: str, what: str) -> Coroutine[Any, Any, Any]:
        # The library's own command for FETCH goes through all lines again at each line.
        protocol = self._protocol
        return protocol.execute(Command("FETCH", protocol.new_tag(), uids, what, prefix="UID", loop=protocol.loop))  # type: ignore[no-any-return]

    async def _asked(self, call: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        answer = await self._call(call, seconds)
        if answer.result != "OK":
            raise MailboxError("answer")
        return answer

    async def _call(self, call: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        """What a command comes to. One that does not end, or badly, ends the connection."""
        task = asyncio.ensure_future(call)
        try:
            if not await self._first(self._patience if seconds is None else seconds, task):
                raise MailboxError("silent")
            if not task.done():
                raise MailboxError("lost")
            return task.result()
        except MailboxError:
            self._protocol.cut()
            raise
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            self._protocol.cut()
            raise
        except Exception:
            # The library's own exceptions hold the command, and that may hold the secret.
            self._protocol.cut()
            raise MailboxError("answer") from None
        finally:
            task.cancel()

    async def _news_or_loss(self, seconds: float) -> None:
        await self._first(seconds, self._protocol.news.wait())
        self._stop_if_lost()

    def _stop_if_lost(self) -> None:
        if self._protocol.lost.is_set():
            raise MailboxError("lost")

    async def _first(self, seconds: float, *awaited: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> bool:
        """Wait until one of these is done or the connection is lost. False when the time is over before."""
        waiting = [asyncio.ensure_future(each) for each in (*awaited, self._protocol.lost.wait())]
        own = [task for task, each in zip(waiting, (*awaited, None), strict=True) if task is not each]
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return True
        except TimeoutError:
            return False
        finally:
            for task in own:
                task.cancel()


async def open_session(mailbox: Mailbox, patience: float) -> Session:
    """Connect and log in; with a verified certificate, or in the clear to this machine. Raises MailboxError."""
    # Loading the authorities reads a large file.
    context = await asyncio.to_thread(ssl.create_default_context) if mailbox.tls == "implicit" else None
    protocol = Protocol()
    session = Session(protocol, patience)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await loop.create_connection(lambda: protocol, mailbox.host, mailbox.port, ssl=context)
        await session._call(protocol.wait("AUTH|NONAUTH"))
        await session.log_in(mailbox)
    except ssl.SSLCertVerificationError:
        raise MailboxError("certificate") from None
    except ssl.SSLError:
        raise MailboxError("tls") from None
    except (OSError, TimeoutError):
        raise MailboxError("unreachable") from None
    except BaseException:
        protocol.cut()
        raise
    return session


async def _secret(path: str) -> str:
    try:
        secret = (await asyncio.to_thread(Path(path).read_text, "utf-8")).strip()
    except (OSError, ValueError):
        raise MailboxError("secret") from None
    if not secret or not secret.isprintable():
        raise MailboxError("secret")
    return secret


async def _result_of(future: asyncio.Future[Any]) -> Any:
    return await asyncio.shield(future)


def _set(uids: Iterable[int]) -> str:
    """A sequence set (RFC 3501, section 9)."""
    return ",".join(str(uid) for uid in uids)
