"""Any dialogue with the LMTP door: one reply a command, one a recipient after the data, and 250 means stored.

What was said and heard is gone through once more by a reader of the dialogue that knows RFC 2033 and nothing of ours.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from hypothesis import strategies as st

from doors.conftest import House
from fuzz.fuzzing import hammer, hammered

COMMANDS = st.sampled_from([
    b"LHLO border.example.org", b"LHLO", b"EHLO x", b"HELO x", b"MAIL FROM:<>", b"MAIL FROM:<ana@example.com>",
    b"MAIL FROM:<ana@example.com> SIZE=10 BODY=8BITMIME SMTPUTF8", b"MAIL FROM:<a@b> SIZE=99999999999", b"MAIL FROM:<a",
    b"MAIL FROM:<\xff@x>", b"RCPT TO:<conduct@example.org>", b"RCPT TO:<conduct+a@example.org>", b"DATA x",
    b"RCPT TO:<ethics@example.net>", b"RCPT TO:<nobody@example.org>", b"RCPT TO:<>",
    b"RCPT TO:<conduct@example.org> X=1",
    b"DATA", b"RSET", b"NOOP", b"NOOP x", b"QUIT", b"VRFY a", b"EXPN a", b"HELP", b"STARTTLS", b"AUTH PLAIN x",
    b"BDAT 3",
    b"", b" ", b"\0", b"\xff\xfe", b"data", b"lhlo x", b"MAIL", b"x" * 5_000, b"XCLIENT ADDR=127.0.0.1", b"DATA\0",
])  # fmt: skip
CONTENT = st.sampled_from([
    b"Subject: x\r\n\r\nhello\r\n", b"\r\n", b"..\r\n", b".x\r\n", b"a\n.\n", b"b\r\n.\n", b"c\n.\r\n", b"d\r.\r",
    b"e\r",
    b"MAIL FROM:<evil@example.com>\r\n", b"\0\xff\r\n", b"y" * 70_000 + b"\r\n", b".\r", b"\n.\r\r\n", b".\n",
    b"\r\r\n",
    b"\r\n.\r", b"f",
])  # fmt: skip
END = b"\r\n.\r\n"
MESSAGE = st.lists(CONTENT, max_size=6).map(lambda lines: b"DATA\r\n" + b"".join(lines) + END)
ENVELOPE = st.sampled_from([
    b"LHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<conduct@example.org>\r\n",
    b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<conduct@example.org>\r\nRCPT TO:<x@y>\r\nRCPT TO:<ethics@example.net>\r\n",
])  # fmt: skip
LINE = st.tuples(COMMANDS | st.binary(max_size=6), st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])).map(b"".join)
DIALOGUES = st.tuples(
    st.lists(st.one_of(LINE, LINE, MESSAGE, ENVELOPE), max_size=14).map(b"".join), st.integers(1, 400), st.booleans()
)
REPLY = re.compile(r"[2345]\d\d[ -][ -~]*")


@dataclass(frozen=True)
class Heard:
    """A reply, of one line or several."""

    code: str
    text: str


async def spoken(said: bytes, piece: int, works: bool) -> tuple[list[Heard], list[bytes], bool]:
    """Says it in pieces without waiting for anything; gives the replies, what was stored, and whether it was cut off.

    A server that ends with words of ours unread resets the connection, and replies on their way are lost.
    """
    house = House()
    house.shelf.trouble = None if works else RuntimeError("secret words of the store")
    peer = await house.call(await house.open("lmtp"))
    heard, cut = bytearray(), False
    step = max(piece, len(said) // 40 + 1)
    try:
        for start in range(0, len(said), step):
            peer.writer.write(said[start : start + step])
            await asyncio.sleep(0)
        peer.writer.write_eof()
        while some := await asyncio.wait_for(peer.reader.read(1000), 60):
            heard += some
    except OSError:
        cut = True
    finally:
        for door in house.doors:
            await door.close()
        await peer.leave()
    assert await house.is_empty()
    lines = heard.decode("ascii").split("\r\n")
    assert (lines.pop() == "" or cut) and all(REPLY.fullmatch(line) for line in lines), lines
    assert b"secret" not in heard
    return _whole(lines, cut), [raw for _, raw in house.shelf.kept], cut


def _whole(lines: Sequence[str], cut: bool) -> list[Heard]:
    """Cut off, the last reply may have lost its end, and is none."""
    found: list[Heard] = []
    several: list[str] = []
    for line in lines:
        several.append(line)
        if line[3] == " ":
            found.append(Heard(line[:3], several[0][4:]))
            several = []
    assert several == [] or cut
    return found


def acknowledged(said: bytes, heard: list[Heard], cut: bool) -> list[bytes]:
    """Goes through the dialogue: which messages were acknowledged. Fails where a reply is too many, or missing though
    nothing was cut off."""
    replies = iter(heard)
    assert [reply.code for reply in islice(replies, 1)] == ["220"] or (cut and not heard)
    stored: list[bytes] = []
    recipients = 0
    rest = said
    for reply in replies:
        line, end, rest = rest.partition(b"\n")
        if not end:
            # The last word, of a server that ends by itself.
            assert reply.code == "421"
            break
        verb = line.rstrip(b"\r").partition(b" ")[0].upper()
        if reply.code == "221":
            assert verb == b"QUIT"
            break
        if verb in (b"RSET", b"LHLO") and reply.code == "250":
            recipients = 0
        recipients += verb == b"RCPT" and reply.code == "250"
        if reply.code == "354":
            assert verb == b"DATA" and recipients
            content, found, rest = (b"\r\n" + rest).partition(END)
            if not found:
                break
            codes = [each.code for each in islice(replies, recipients)]
            assert (len(codes) == recipients or cut) and set(codes) in ({"250"}, {"451"}, set())
            if "250" in codes:
                stored.append((content + b"\r\n").replace(b"\r\n.", b"\r\n")[2:])
            recipients = 0
        elif reply.code == "421":
            break
    assert list(replies) == []
    return stored


def a_dialogue(given: tuple[bytes, int, bool]) -> None:
    said, piece, works = given
    heard, kept, cut = asyncio.run(spoken(said, piece, works))
    told = acknowledged(said, heard, cut)
    # What was stored last, a peer that is cut off may not have been told of.
    assert kept[: len(told)] == told and (cut or len(kept) == len(told))


@hammered(150)
def test_whatever_is_said_each_command_has_one_reply_and_250_means_stored(examples: int) -> None:
    start = b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<conduct@example.org>\r\nDATA\r\n"
    smuggled = start + b"a\n.\nMAIL FROM:<x@y.example>\r\nb\r\n.\r\nNOOP\r\n"
    found = [(smuggled, 7, True), (smuggled, 1, False), (start + b"\r\n.\r", 3, True), (b"x\r\n" * 30, 400, True)]
    hammer(a_dialogue, DIALOGUES, examples, found)
