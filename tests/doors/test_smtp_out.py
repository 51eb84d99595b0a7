"""What the smarthost is asked for, and what becomes of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cocmail.doors import smtp_out
from cocmail.doors.smtp_out import Smarthost, SmtpSender
from cocmail.errors import Deferred, Refused
from cocmail.mail.compose import Outgoing

LETTER = Outgoing("conduct+bounce-x@example.org", "jun@example.net", b"Subject: x\r\n\r\nwords\r\n", needs_utf8=False)


@asynccontextmanager
async def smarthost(offers: str, answers: dict[str, str]) -> AsyncIterator[tuple[SmtpSender, list[str]]]:
    """A server that offers these extensions and answers as told (RCPT, data); and every command that it heard."""
    heard: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            word = line[:4].upper()
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                word = "data"
            ehlo = f"250-here\r\n250-{offers}\r\n250 8BITMIME" if word == "EHLO" else "250 OK"
            writer.write(f"{answers.get(word, ehlo)}\r\n".encode())
            if word == "QUIT":
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    sender = SmtpSender(Smarthost("127.0.0.1", server.sockets[0].getsockname()[1]), "there.example")
    try:
        yield sender, heard
    finally:
        await sender.close()
        server.close()


@pytest.mark.parametrize(("offers", "asked"), [("DSN", True), ("SIZE 1000000", False)])
async def test_where_it_is_offered_reports_are_asked_for_without_the_content(offers: str, asked: bool) -> None:
    async with smarthost(offers, {}) as (sender, heard):
        # The second goes over the same connection.
        for _ in range(2):
            await sender.send(LETTER)
    mails = [line for line in heard if line.startswith("MAIL")]
    assert len(mails) == 2 and all(("RET=HDRS" in line) is asked for line in mails)


@pytest.mark.parametrize(("seconds", "connections"), [(30.0, 1), (0.0, 2)])
async def test_what_was_put_right_at_the_smarthost_counted_for_no_letter_before_the_daemon_was_restarted(
    monkeypatch: pytest.MonkeyPatch, seconds: float, connections: int
) -> None:
    """A server goes on with the settings that it had when a connection began."""
    monkeypatch.setattr(smtp_out, "KEPT_OPEN", seconds)
    async with smarthost("DSN", {"RCPT": "552 5.3.4 too large"}) as (sender, heard):
        for _ in range(2):
            with pytest.raises(Refused):
                await sender.send(LETTER)
    assert sum(line.startswith("EHLO") for line in heard) == connections


@pytest.mark.parametrize(
    ("answers", "error", "content"),
    [
        ({"data": "550 5.7.1 no, canary"}, Refused, True),
        ({"data": "554 no"}, Refused, True),
        ({"RCPT": "550 5.7.1 no"}, Refused, False),
        ({"data": "451 4.7.1 later"}, Deferred, None),
        ({"RCPT": "451 4.7.1 later"}, Deferred, None),
    ],
)
async def test_it_is_known_whether_the_message_was_seen_when_it_was_refused(
    answers: dict[str, str], error: type[Exception], content: bool | None
) -> None:
    async with smarthost("DSN", answers) as (sender, _):
        with pytest.raises(error) as raised:
            await sender.send(LETTER)
    assert "canary" not in str(raised.value) and getattr(raised.value, "content", None) is content
