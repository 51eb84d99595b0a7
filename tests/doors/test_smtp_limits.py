"""A door that many lean on: connections, memory, time, and the end of the day."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

HALF = b"Subject: half\r\n\r\nhalf of a rep"


async def held(house: Any, at_least: int) -> None:
    for _ in range(500):
        if house.guard.held >= at_least:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing is held")


def slam(peer: Any) -> None:
    """Close with a reset, so that the other side's connection is lost at once."""
    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.close()


async def test_one_connection_too_many_is_asked_to_come_back(house: Any) -> None:
    house.limit(connections=2)
    smtp, lmtp = await house.open(), await house.open("lmtp")
    first, second = await house.call(smtp), await house.call(lmtp)
    await first.hear(), await second.hear()
    for door in (smtp, lmtp):
        third = await house.call(door)
        assert (await third.hear()).startswith("421 4.3.2")
        assert await third.is_cut_off()
    await first.ask("QUIT")
    assert await first.is_cut_off()
    fourth = await house.call(smtp)
    assert (await fourth.hear()).startswith("220")


async def test_memory_over_all_connections_is_limited_and_given_back(house: Any) -> None:
    house.limit(max_message_bytes=1_000_000, held_bytes=1_000_000)
    door = await house.open()
    first, second = await house.call(door), await house.call(door)
    for peer in (first, second):
        await peer.greet()
        await peer.begin()
    await first.say(b"x" * 800_000)
    await held(house, 800_000)
    await second.say(b"y" * 400_000 + b"\r\n.\r\n")
    assert (await second.hear()).startswith("452 4.3.1")
    assert await second.is_cut_off()
    assert 800_000 - 5 <= house.guard.held <= 800_000
    assert (await first.ask(b"\r\n.\r\n")).startswith("250")
    assert house.guard.held == 0


async def test_a_declared_size_without_room_is_deferred_before_it_is_sent(house: Any) -> None:
    house.limit(max_message_bytes=1000, held_bytes=1000)
    busy = house.guard.share()
    assert busy.take(600)
    peer = await house.call(await house.open())
    await peer.greet()
    assert (await peer.ask("MAIL FROM:<> SIZE=500")).startswith("452 4.3.1")
    assert (await peer.ask("MAIL FROM:<> SIZE=300")).startswith("250")
    busy.give_back()


async def test_memory_is_held_until_the_intake_has_stored(house: Any) -> None:
    house.shelf.may_go_on.clear()
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(b"x" * 50_000 + b"\r\n.\r\n")
    await house.shelf.reached.wait()
    assert house.guard.held == 50_002
    house.shelf.may_go_on.set()
    assert (await peer.hear()).startswith("250")
    assert house.guard.held == 0


@pytest.mark.parametrize("how", ["close", "half", "reset"])
async def test_half_a_message_is_no_message(house: Any, how: str) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(HALF)
    await held(house, 1)
    if how == "half":
        peer.writer.write_eof()
    elif how == "reset":
        slam(peer)
    else:
        peer.writer.close()
    assert await house.is_empty()
    assert house.shelf.kept == []
    assert house.failures == []


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_peer_that_leaves_while_its_message_is_stored_does_not_stop_that(house: Any, how: str) -> None:
    house.shelf.may_go_on.clear()
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(b"whole\r\n.\r\n")
    await house.shelf.reached.wait()
    slam(peer) if how == "reset" else peer.writer.close()
    await asyncio.sleep(0.05)
    assert house.guard.connections == (0 if how == "reset" else 1)
    assert house.guard.held > 0
    house.shelf.may_go_on.set()
    assert await house.is_empty()
    assert len(house.shelf.kept) == 1


async def test_a_silent_peer_is_shown_out(house: Any) -> None:
    house.limit(idle_seconds=0.1)
    peer = await house.call(await house.open())
    await peer.greet()
    assert (await peer.hear()).startswith("421 4.4.2")
    assert await peer.is_cut_off()


async def test_a_stalled_message_is_cut_and_forgotten(house: Any) -> None:
    house.limit(idle_seconds=0.5)
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(HALF)
    assert (await peer.hear()).startswith("421 4.4.2")
    assert await house.is_empty()
    assert house.shelf.kept == []


async def test_a_slow_message_that_makes_progress_is_not_cut(house: Any) -> None:
    house.limit(idle_seconds=0.3)
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    for _ in range(10):
        await peer.say(b"slow ")
        await asyncio.sleep(0.06)
    assert (await peer.ask(b"\r\n.\r\n")).startswith("250")


async def test_a_slow_command_line_is_cut(house: Any) -> None:
    house.limit(idle_seconds=0.2)
    peer = await house.call(await house.open())
    await peer.greet()
    farewell = asyncio.create_task(peer.hear())
    for _ in range(100):
        if farewell.done():
            break
        peer.writer.write(b"N")
        await asyncio.sleep(0.02)
    assert (await farewell).startswith("421 4.4.2")


async def test_a_slow_store_is_not_held_against_the_peer(house: Any) -> None:
    house.limit(idle_seconds=0.1)
    house.shelf.may_go_on.clear()
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(b"x\r\n.\r\n")
    await asyncio.sleep(0.3)
    house.shelf.may_go_on.set()
    assert (await peer.hear()).startswith("250")


async def test_a_peer_that_never_reads_is_cut(house: Any, tmp_path: Path) -> None:
    house.limit(idle_seconds=0.2)
    peer = await house.call(await house.open("lmtp", str(tmp_path / "lmtp.sock")))
    await peer.hear()
    peer.writer.transport.pause_reading()
    peer.writer.write(b"LHLO x\r\n" * 8000)
    await asyncio.sleep(0.1)
    assert house.guard.connections == 1
    assert await house.is_empty()


async def test_a_closing_door_finishes_what_is_being_stored_and_cuts_the_others(house: Any) -> None:
    house.shelf.may_go_on.clear()
    door = await house.open("lmtp")
    storing, reading, idle = [await house.call(door) for _ in range(3)]
    for peer in (storing, reading, idle):
        await peer.greet("LHLO")
    await storing.begin("conduct@example.org", "ethics@example.net")
    await reading.begin()
    await reading.say(HALF)
    await held(house, 1)
    await storing.say(b"whole\r\n.\r\n")
    await house.shelf.reached.wait()
    closing = asyncio.create_task(door.close())
    assert (await idle.hear()).startswith("421 4.3.2")
    assert (await reading.hear()).startswith("421 4.3.2")
    assert await idle.is_cut_off() and await reading.is_cut_off()
    with pytest.raises(OSError):
        await house.call(door)
    assert not closing.done()
    house.shelf.may_go_on.set()
    assert [await storing.hear(), await storing.hear()] == ["250 2.0.0 Stored"] * 2
    assert await storing.is_cut_off()
    await asyncio.wait_for(closing, 1)
    assert len(house.shelf.kept) == 1
    assert await house.is_empty()


async def test_closing_twice_and_with_nobody_there_is_fine(house: Any) -> None:
    door = await house.open()
    await door.close()
    await door.close()


async def test_many_peers_at_once_are_all_served(house: Any) -> None:
    door = await house.open()

    async def send(number: int) -> str:
        peer = await house.call(door)
        await peer.greet()
        await peer.begin()
        answer: str = await peer.ask(f"report {number}\r\n.")
        await peer.leave()
        return answer

    answers = await asyncio.gather(*(send(number) for number in range(60)))
    assert set(answers) == {"250 2.0.0 Stored"}
    assert {raw for _, raw in house.shelf.kept} == {f"report {number}\r\n".encode() for number in range(60)}


async def test_a_closing_door_waits_for_a_message_whose_peer_has_left(house: Any) -> None:
    house.shelf.may_go_on.clear()
    door = await house.open()
    peer = await house.call(door)
    await peer.greet()
    await peer.begin()
    await peer.say(b"whole\r\n.\r\n")
    await house.shelf.reached.wait()
    slam(peer)
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(door.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    house.shelf.may_go_on.set()
    await closing
    assert len(house.shelf.kept) == 1
