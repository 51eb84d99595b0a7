"""Only CRLF.CRLF ends a message, and every other byte of it is kept as it came."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cocmail.doors.dots import DotReader

pieces = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\0", b"\xff", b"a", b"MAIL FROM:<>"]))


def stuff(content: bytes) -> bytes:
    """What an honest peer sends for content that ends with CRLF (RFC 5321, section 4.5.2)."""
    return b"".join(b"." + line if line.startswith(b".") else line for line in split(content)) + b".\r\n"


def split(content: bytes) -> list[bytes]:
    """Lines with their ends; only CRLF ends one."""
    lines = [line + b"\r\n" for line in content.split(b"\r\n")]
    lines[-1] = lines[-1][:-2]
    return lines


def read(data: bytes, cuts: list[int]) -> tuple[bytes, bytes | None]:
    reader, content, rest = DotReader(), b"", None
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        if rest is not None:
            rest += data[start:end]
            continue
        certain, rest = reader.feed(data[start:end])
        content += certain
    return content, rest


@settings(deadline=None)
@given(pieces, st.lists(st.integers(0, 10_000), max_size=8), pieces)
@example([], [], [])
@example([b"\r\n"], [1, 2, 3], [b"."])
def test_what_was_written_is_read_however_the_network_cuts_it(
    written: list[bytes], cuts: list[int], after: list[bytes]
) -> None:
    content = b"".join([*written, b"\r\n"]) if written else b""
    assert read(stuff(content) + b"".join(after), cuts) == (content, b"".join(after))


@settings(deadline=None)
@given(pieces)
def test_each_cut_gives_the_same(written: list[bytes]) -> None:
    data = b"".join(written)
    whole = read(data, [])
    assert all(read(data, [cut]) == whole for cut in range(len(data)))
    assert read(data, list(range(len(data)))) == whole


FALSE_ENDS = (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\0\r\n")


@pytest.mark.parametrize("false_end", FALSE_ENDS)
async def test_no_second_message_can_be_smuggled_in(house: Any, false_end: bytes) -> None:
    smuggled = b"MAIL FROM:<boss@example.com>\r\nRCPT TO:<conduct@example.org>\r\nDATA\r\nforged\r\n"
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(b"hello" + false_end + smuggled + b".\r\nNOOP\r\n")
    assert await peer.hear() == "250 2.0.0 Stored"
    assert await peer.hear() == "250 2.0.0 Ok"
    expected = b"hello" + false_end.replace(b"\r\n.", b"\r\n") + smuggled
    assert [raw for _, raw in house.shelf.kept] == [expected]


async def test_every_kind_of_byte_is_kept(house: Any) -> None:
    content = bytes(range(256)) * 3 + b"\r\r\n\n\r\n\0\0\r\n"
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    assert (await peer.ask(stuff(content))).startswith("250")
    assert house.shelf.kept[0][1] == content


@pytest.mark.parametrize("content", [b"", b"\r\n", b".\r\n", b"..\r\n.\r\n", b"no header at all\r\n"])
async def test_the_shortest_messages_are_messages(house: Any, content: bytes) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    assert (await peer.ask(stuff(content))).startswith("250")
    assert house.shelf.kept[0][1] == content


async def test_a_line_of_megabytes_is_kept_with_its_dots(house: Any) -> None:
    line = (b"." * 1021 + b"\r\x00\n") * 4096
    content = line + b"\r\n" + line + b".\r\n"
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    assert (await peer.ask(stuff(content))).startswith("250")
    assert house.shelf.kept[0][1] == content


async def test_the_end_may_come_byte_by_byte(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    for byte in b"a\r\n..b\r\n.\r\n":
        await peer.say(bytes([byte]))
        await asyncio.sleep(0.001)
    assert (await peer.hear()).startswith("250")
    assert house.shelf.kept[0][1] == b"a\r\n.b\r\n"


async def test_a_message_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(house: Any) -> None:
    house.limit(max_message_bytes=1000)
    peer = await house.call(await house.open())
    await peer.greet()
    content = b".\r\n" * 332 + b"ab\r\n"
    assert len(content) == 1000
    await peer.begin()
    assert (await peer.ask(stuff(content))).startswith("250")
    await peer.begin()
    assert await peer.ask(stuff(b"c" + content)) == "552 5.3.4 Message too big"
    assert [raw for _, raw in house.shelf.kept] == [content]


async def test_too_big_is_said_only_after_the_end_and_the_next_message_is_taken(house: Any) -> None:
    house.limit(max_message_bytes=1_000_000)
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    for _ in range(200):
        await peer.say(b"x" * 100_000)
    assert house.guard.held == 0
    assert await peer.ask(b"\r\n.\r\n") == "552 5.3.4 Message too big"
    await peer.begin()
    assert (await peer.ask(b"small\r\n.\r\n")).startswith("250")
