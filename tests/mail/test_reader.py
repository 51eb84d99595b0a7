"""What people rely on: one message can't stop the daemon, whatever it does to the process that reads it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import hostile
import pytest

from cocmail.core.model import Attachment, Mail
from cocmail.mail import frames
from cocmail.mail.parse import read
from cocmail.mail.reader import Reader

PLAIN = hostile.HEAD + b"\r\nhello\r\n"


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    made = Reader()
    yield made
    await made.close()


def pid_of(reader: Reader) -> int:
    (child,) = reader._idle
    assert child.process is not None
    return child.process.pid


def slow() -> bytes:
    """A million bytes of HTML in which every other letter is perhaps not displayed: some seconds of honest work."""
    return hostile.mime("text/html", b"a<i class=x>b</i>" * 58_000)


async def test_the_child_reads_what_the_parser_reads(reader: Reader) -> None:
    also = frozenset({"x-spam-flag"})
    for make in (hostile.file_names, hostile.attached_message, hostile.html_with_hidden_text, hostile.exchange_ids):
        raw = b"X-Spam-Flag: yes\r\n" + make()
        assert await reader.read(raw, contents=True, also=also) == read(raw, contents=True, also=also)
        assert await reader.read(raw) == read(raw)


async def test_one_child_serves_many_messages_and_callers(reader: Reader) -> None:
    await reader.read(PLAIN)
    first = pid_of(reader)
    mails = await asyncio.gather(*(reader.read(PLAIN.replace(b"hello", b"hello %d" % n)) for n in range(20)))
    assert [mail.text for mail in mails] == [f"hello {n}" for n in range(20)]
    assert pid_of(reader) == first


async def test_two_readers_lend_each_other_a_child_and_never_wait_for_each_other(reader: Reader) -> None:
    """A long message that is being sent must not keep an arriving one waiting, nor the other way round."""
    other = Reader(beside=reader)
    await reader.read(PLAIN)
    first = pid_of(reader)
    await other.read(PLAIN)
    assert pid_of(reader) == pid_of(other) == first
    await asyncio.gather(reader.read(PLAIN), other.read(PLAIN))
    pids = [child.process.pid for child in reader._idle if child.process is not None]
    assert len(set(pids)) == 2 and first in pids
    long = asyncio.create_task(other.read(hostile.nested_multiparts()))
    await asyncio.sleep(0)
    assert (await reader.read(PLAIN)).text == "hello"
    assert not long.done()
    await long
    await reader.close()
    await other.close()
    assert reader._idle == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_message_that_takes_too_long_is_cut_and_the_next_is_read() -> None:
    reader = Reader(seconds=0.3)
    await reader.read(PLAIN)
    begun = time.monotonic()
    mail = await reader.read(slow())
    assert time.monotonic() - begun < 8
    assert (mail.unreadable, mail.subject) == ("unparsable", "Something happened")
    assert mail.from_addresses == ("rae@example.net",)
    assert (await reader.read(PLAIN)).text == "hello"
    await reader.close()


async def test_a_message_that_takes_too_much_memory_is_cut_and_the_next_is_read() -> None:
    # What the interpreter itself takes differs from release to release; five million lines are too many for any.
    reader = Reader(memory=160 << 20)
    mail = await reader.read(hostile.HEAD + b"\r\n" + b"xy\n" * 5_000_000)
    assert (mail.unreadable, mail.subject) == ("unparsable", "Something happened")
    assert (await reader.read(PLAIN)).text == "hello"
    await reader.close()


async def test_a_killed_child_costs_no_message(reader: Reader) -> None:
    await reader.read(PLAIN)
    os.kill(pid_of(reader), signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert (await reader.read(PLAIN)).text == "hello"


async def test_a_child_that_cannot_start_still_gives_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent")
    reader = Reader()
    mail = await reader.read(PLAIN)
    assert (mail.unreadable, mail.subject, mail.hidden_text) == ("unparsable", "Something happened", "hello")
    await reader.close()


async def test_the_signals_of_a_terminal_do_not_reach_the_child(reader: Reader) -> None:
    await reader.read(PLAIN)
    first = pid_of(reader)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(first, number)
    assert (await reader.read(PLAIN)).text == "hello"
    assert pid_of(reader) == first


async def test_a_cancelled_read_leaves_the_next_one_right(reader: Reader) -> None:
    await reader.read(PLAIN)
    task = asyncio.create_task(reader.read(hostile.two_hundred_thousand_headers()))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await reader.read(PLAIN)).text == "hello"


async def shortest_wait(work: Callable[[], Awaitable[object]]) -> float:
    """How long the loop was kept at most while `work` ran; the best of five, since a busy machine keeps anybody."""

    async def watch() -> None:
        nonlocal worst
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.005)
            worst = max(worst, time.monotonic() - begun)

    found = []
    for _ in range(5):
        worst = 0.0
        watcher = asyncio.create_task(watch())
        await work()
        watcher.cancel()
        found.append(worst)
        if worst < 0.2:
            break
    return min(found)


async def test_the_loop_stays_free_while_hostile_mail_is_read(reader: Reader) -> None:
    messages = [
        hostile.two_hundred_thousand_headers(), hostile.twenty_thousand_recipients(), hostile.huge_single_line(),
        hostile.nested_multiparts(), hostile.deep_html(),
    ]  # fmt: skip

    async def read_all() -> None:
        for raw in messages:
            await reader.read(raw, contents=True)

    assert await shortest_wait(read_all) < 0.2


async def test_the_largest_message_fits_with_its_attachment(reader: Reader) -> None:
    head = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = hostile.parts("mixed", b"\r\nhello\r\n", head + (b"QUJD" * 19 + b"\r\n") * 460_000)
    assert len(raw) > 35_000_000
    mail = await reader.read(raw, contents=True)
    assert (mail.unreadable, mail.text) == ("", "hello")
    assert len(mail.attachments[0].content) == 460_000 * 57


NO_MAIL = frames.answer(Mail())[0]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b'{"subject": 1}',
        NO_MAIL.replace(b'"subject": ""', b'"subject": 1'),
        NO_MAIL.replace(b'"attachments": []', b'"attachments": [1]'),
        NO_MAIL.replace(b'"attachments": []', b'"attachments": 1'),
    ],
)
def test_an_answer_that_is_no_mail_is_refused(nonsense: bytes) -> None:
    with pytest.raises(ValueError):
        frames.mail_from(nonsense, b"")


def test_a_mail_survives_the_way_between_processes() -> None:
    parts = (Attachment("a", "b/c", 3, b"abc"), Attachment("d", "e/f", 9))
    mail = Mail(subject="ü", headers=(("from", "a"),), attachments=parts)
    description, contents = frames.answer(mail)
    assert frames.mail_from(description, contents) == mail
    assert "content" not in json.loads(description)


async def test_the_loop_stays_free_while_the_longest_text_comes_back(reader: Reader) -> None:
    await reader.read(PLAIN)
    head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    raw = hostile.parts("mixed", head + ("😀" * 59 + "\n").encode() * 110_000)
    mail = await reader.read(raw)
    assert (mail.unreadable, len(mail.hidden_text)) == ("too-long", 4_000_000)
    assert await shortest_wait(lambda: reader.read(raw)) < 0.2
