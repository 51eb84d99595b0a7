"""LMTP (RFC 2033): the mail server in front hears one answer for each recipient, in order, whatever happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cocmail.core.model import Door

REPORT = b"Subject: what happened\r\n\r\nIt was in the hall.\r\n"
THREE = ("conduct+1@example.org", "ethics@example.net", "conduct+2@example.org")


async def test_each_recipient_gets_its_own_250_and_both_committees_are_stored_at_once(house: Any) -> None:
    peer = await house.call(await house.open("lmtp"))
    assert await peer.hear() == "220 mx.example.org LMTP"
    assert "PIPELINING" in await peer.ask("LHLO mail.example.org")
    await peer.begin(*THREE)
    await peer.say(REPORT + b".\r\nNOOP\r\n")
    assert [await peer.hear() for _ in range(4)] == ["250 2.0.0 Stored"] * 3 + ["250 2.0.0 Ok"]
    ((envelopes, raw),) = house.shelf.kept
    assert [(e.door, e.committee, e.recipients) for e in envelopes] == [
        (Door.LMTP, "conduct@example.org", (THREE[0], THREE[2])),
        (Door.LMTP, "ethics@example.net", (THREE[1],)),
    ]
    assert raw == REPORT


async def test_a_refused_recipient_is_not_answered_a_second_time(house: Any) -> None:
    peer = await house.call(await house.open("lmtp"))
    await peer.greet("LHLO")
    await peer.say(
        b"MAIL FROM:<>\r\nRCPT TO:<conduct@example.org>\r\nRCPT TO:<x@example.org>\r\nRCPT TO:<ethics@example.net>\r\n"
        b"DATA\r\n" + REPORT + b".\r\nQUIT\r\n"
    )
    answers = [(await peer.hear())[:3] for _ in range(8)]
    assert answers == ["250", "250", "550", "250", "354", "250", "250", "221"]


async def test_a_failure_is_answered_for_each_recipient(house: Any) -> None:
    house.shelf.trouble = RuntimeError("secret")
    peer = await house.call(await house.open("lmtp"))
    await peer.greet("LHLO")
    await peer.begin(*THREE)
    await peer.say(REPORT + b".\r\nNOOP\r\n")
    assert [await peer.hear() for _ in range(4)] == ["451 4.3.0 Try again later"] * 3 + ["250 2.0.0 Ok"]


async def test_a_failure_while_reading_is_answered_for_each_recipient_and_ends_the_connection(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, count: int) -> bool:
        raise MemoryError

    monkeypatch.setattr("cocmail.doors.guard.Share.take", fail)
    peer = await house.call(await house.open("lmtp"))
    await peer.greet("LHLO")
    await peer.begin(*THREE)
    await peer.say(REPORT)
    assert [await peer.hear() for _ in range(3)] == ["451 4.3.0 Try again later"] * 3
    assert await peer.is_cut_off()
    assert house.shelf.kept == []


async def test_too_big_is_answered_for_each_recipient_after_the_end_of_the_data(house: Any) -> None:
    house.limit(max_message_bytes=1000)
    peer = await house.call(await house.open("lmtp"))
    await peer.greet("LHLO")
    await peer.begin(*THREE)
    await peer.say(b"x" * 5000 + b"\r\n.\r\nNOOP\r\n")
    assert [await peer.hear() for _ in range(4)] == ["552 5.3.4 Message too big"] * 3 + ["250 2.0.0 Ok"]
    assert house.shelf.kept == []


async def test_no_room_is_answered_for_each_recipient_and_ends_the_connection(house: Any) -> None:
    house.limit(max_message_bytes=1000, held_bytes=1000)
    full = house.guard.share()
    assert full.take(900)
    peer = await house.call(await house.open("lmtp"))
    await peer.greet("LHLO")
    await peer.begin(*THREE)
    await peer.say(b"x" * 500 + b"\r\n.\r\n")
    assert [(await peer.hear())[:9] for _ in range(3)] == ["452 4.3.1"] * 3
    assert await peer.is_cut_off()
    full.give_back()


async def test_the_words_of_smtp_are_not_understood(house: Any) -> None:
    peer = await house.call(await house.open("lmtp"))
    await peer.hear()
    assert (await peer.ask("EHLO x")).startswith("500")
    assert (await peer.ask("HELO x")).startswith("500")
    assert (await peer.ask("LHLO x")).startswith("250")
    smtp = await house.call(await house.open("smtp"))
    await smtp.hear()
    assert (await smtp.ask("LHLO x")).startswith("500")


async def test_lmtp_on_a_unix_socket_says_so_in_the_envelope(house: Any, tmp_path: Path) -> None:
    door = await house.open("lmtp", str(tmp_path / "lmtp.sock"), door=Door.LMTP_SOCKET)
    peer = await house.call(door)
    await peer.greet("LHLO")
    await peer.begin("conduct@example.org", sender="")
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")
    envelope = house.shelf.kept[0][0][0]
    assert (envelope.door, envelope.peer, envelope.sender) == (Door.LMTP_SOCKET, "unix", "")
