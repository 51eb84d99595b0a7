"""Everything that may be wrong with the smarthost, as the sender meets it: what the outbox is told, and what is never
said to a server that is not what was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cocmail.doors import smtp_out
from cocmail.doors.smtp_out import Smarthost, SmtpSender
from cocmail.errors import Deferred, Unreachable
from cocmail.mail.compose import Outgoing

LETTER = Outgoing("conduct@example.org", "jun@example.net", b"Subject: x\r\n\r\nCanary words.\r\n", needs_utf8=False)


class Server:
    """One that says what it is told to say, and keeps what it hears."""

    def __init__(self, *, after_data: str = "250 2.0.0 taken", greeting: str = "220 smarthost") -> None:
        self._greeting, self._after_data = greeting, after_data
        self.heard = b""
        self.port = 0

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._speak, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._say(writer, self._greeting):
                await self._answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        in_data = False
        while line := await reader.readline():
            self.heard += line
            if in_data and line != b".\r\n":
                if self._after_data == "half":
                    return
                continue
            reply = self._after_data if in_data else "354 go on" if line == b"DATA\r\n" else "250 2.0.0 yes"
            in_data = line == b"DATA\r\n"
            if not await self._say(writer, reply):
                return

    async def _say(self, writer: asyncio.StreamWriter, reply: str) -> bool:
        if reply == "silence":
            await asyncio.sleep(30)
        if reply in ("silence", "gone"):
            return False
        writer.write(reply.encode() + b"\r\n")
        await writer.drain()
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_out, "TIMEOUT", 0.3)
    monkeypatch.setattr(smtp_out, "DATA_SECONDS", 0.3)


async def sent_to(server: Server, tls: str = "none") -> type[Exception] | None:
    """What the sender made of it."""
    async with server.up():
        return await outcome(SmtpSender(Smarthost("127.0.0.1", server.port, tls), "conduct.example.org"))


async def outcome(sender: SmtpSender) -> type[Exception] | None:
    try:
        await sender.send(LETTER)
    except (Deferred, Unreachable) as error:
        return type(error)
    finally:
        await sender.close()
    return None


async def test_a_letter_is_taken_by_a_server_that_is_well() -> None:
    server = Server()
    assert await sent_to(server) is None
    assert b"Canary words." in server.heard


async def test_57_a_name_that_does_not_resolve_is_nobody_there() -> None:
    assert await outcome(SmtpSender(Smarthost("smarthost.invalid", 25), "conduct.example.org")) is Unreachable


async def test_a_port_that_nobody_listens_on_is_nobody_there() -> None:
    async with (server := Server()).up():
        pass
    assert await outcome(SmtpSender(Smarthost("127.0.0.1", server.port), "conduct.example.org")) is Unreachable


async def test_a_peer_that_accepts_the_connection_and_says_nothing_is_nobody_there(impatient: None) -> None:
    assert await sent_to(Server(greeting="silence")) is Unreachable


async def test_a_peer_that_lets_go_before_it_greets_is_nobody_there() -> None:
    assert await sent_to(Server(greeting="gone")) is Unreachable


async def test_a_server_that_is_closing_down_puts_the_letter_off() -> None:
    assert await sent_to(Server(greeting="421 4.3.2 closing down")) is Deferred


@pytest.mark.parametrize("end", ["silence", "gone", "half"])
async def test_a_peer_that_stalls_or_leaves_in_the_midst_of_our_data_puts_the_letter_off(
    impatient: None, end: str
) -> None:
    """Whether it was taken, nobody can know: it is tried again, as the same letter."""
    assert await sent_to(Server(after_data=end)) is Deferred


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_56_nothing_of_a_letter_is_said_to_a_server_that_was_to_encrypt_and_does_not(
    impatient: None, tls: str
) -> None:
    """TLS was taken out of the way: the letter waits rather than goes in the clear."""
    server = Server()
    assert await sent_to(server, tls) is Unreachable
    for word in (b"Canary", b"jun@", b"MAIL", b"RCPT", b"DATA"):
        assert word not in server.heard
