"""A door on loopback, an intake that keeps what it gets in memory, and a peer that says exactly what it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cocmail.core.model import Door, Envelope
from cocmail.doors.smtp_in import Guard, Limits, Listen, OpenDoor, open_door

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOSTNAME = "mx.example.org"


class Shelf:
    """An intake: two committees, `conduct@example.org` and `ethics@example.net`, with any extension."""

    def __init__(self) -> None:
        self.kept: list[tuple[tuple[Envelope, ...], bytes]] = []
        self.trouble: BaseException | None = None
        self.reached = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    def committee_of(self, address: str) -> str | None:
        local, _, domain = address.lower().rpartition("@")
        committee = f"{local.partition('+')[0]}@{domain}"
        return committee if committee in ("conduct@example.org", "ethics@example.net") else None

    async def accept(self, envelopes: Sequence[Envelope], raw: bytes) -> None:
        self.reached.set()
        await self.may_go_on.wait()
        if self.trouble is not None:
            raise self.trouble
        self.kept.append((tuple(envelopes), raw))


class Peer:
    """A raw connection. `say` sends, `hear` waits for one whole reply and gives it without its last line end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes | str) -> None:
        self.writer.write(data if isinstance(data, bytes) else data.encode() + b"\r\n")
        await self.writer.drain()

    async def hear(self) -> str:
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = await asyncio.wait_for(self.reader.readline(), 5)
            if not line:
                raise EOFError
            lines.append(line.decode().rstrip("\r\n"))
        return "\n".join(lines)

    async def ask(self, command: bytes | str) -> str:
        await self.say(command)
        return await self.hear()

    async def greet(self, word: str = "EHLO") -> str:
        await self.hear()
        return await self.ask(f"{word} peer.example.com")

    async def begin(self, *recipients: str, sender: str = "ana@example.com") -> None:
        """MAIL, RCPT and DATA up to the 354."""
        assert (await self.ask(f"MAIL FROM:<{sender}>")).startswith("250")
        for recipient in recipients or ("conduct@example.org",):
            assert (await self.ask(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.ask("DATA")).startswith("354")

    async def is_cut_off(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionError:
            return True

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class House:
    """Opens doors that share one shelf and one guard, and calls on them."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.limits = Limits()
        self.guard = Guard(self.limits)
        self.failures: list[Exception] = []
        self.doors: list[OpenDoor] = []
        self.peers: list[Peer] = []

    def limit(self, **limits: Any) -> None:
        self.limits = replace(self.limits, **limits)
        self.guard = Guard(self.limits)

    async def open(self, protocol: str = "smtp", address: str = "127.0.0.1:0", **listen: Any) -> OpenDoor:
        listen.setdefault("door", Door.LMTP if protocol == "lmtp" else Door.SMTP)
        door = await open_door(
            Listen(protocol, address, **listen),
            self.shelf,
            self.limits,
            HOSTNAME,
            self.guard,
            now=lambda: NOW,
            failed=self.failures.append,
        )
        self.doors.append(door)
        return door

    async def call(self, door: OpenDoor) -> Peer:
        if door.address.startswith("/"):
            peer = Peer(*await asyncio.open_unix_connection(door.address))
        else:
            host, _, port = door.address.rpartition(":")
            peer = Peer(*await asyncio.open_connection(host.strip("[]"), int(port)))
        self.peers.append(peer)
        return peer

    async def is_empty(self) -> bool:
        """Whether everything was given back, now or very soon."""
        for _ in range(200):
            if self.guard.held == 0 and self.guard.connections == 0:
                return True
            await asyncio.sleep(0.01)
        return False


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    house.shelf.may_go_on.set()
    for door in house.doors:
        await door.close()
    for peer in house.peers:
        await peer.leave()
    assert await house.is_empty(), (house.guard.held, house.guard.connections)
