"""Reports that arrive in a mailbox: real Dovecot, real daemon, nothing in between."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import dovecot
from cocmail.store import connections, spool
from mailbox_proxy import Proxy
from mailbox_scene import QUICK, MailboxScene, bytes_of
from scene import HANDLES

ALL = set(HANDLES)
# Nothing but what the server tells by itself makes it look.
TOLD_ONLY = replace(QUICK, idle=600, poll=600)


async def test_a_report_in_the_mailbox_becomes_a_case_and_leaves_it(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.deliver(scene.letter("Somebody shouted at me in the hall."))
        await scene.stored(1)
        assert scene.recipients("forward") == ALL
        assert scene.recipients("ack") == {"robin@visitors.example"}
        await scene.emptied()


async def test_whom_a_reporter_excludes_gets_nothing_though_only_the_delivery_says_so(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        # Written to +not-ivo in a Bcc: of that, only the Delivered-To of the delivery is left.
        await scene.deliver(scene.letter(to="friends@visitors.example"), detail="+not-ivo")
        await scene.stored(1)
        assert scene.recipients("forward") == ALL - {"ivo"}


async def test_what_was_sorted_into_junk_is_a_report_too(tmp_path: Path, mail_server: dovecot.Server) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.put(scene.letter(), folder="Junk")
        await scene.stored(1)
        assert scene.recipients("forward") == ALL
        await scene.emptied("Junk")


async def test_a_mail_that_names_no_address_of_ours_is_a_report_to_the_alias(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.put(scene.letter(to="undisclosed-recipients:;"))
        await scene.stored(1)
        assert scene.recipients("forward") == ALL


async def test_what_is_read_already_is_taken_and_what_somebody_else_has_deleted_is_left_to_them(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    box = mail_server.new_mailbox()
    async with MailboxScene(tmp_path, mail_server, box=box) as scene:
        await scene.stop()
        await scene.put(scene.letter("I have been read."), scene.letter("Somebody else deleted me."))
        await asyncio.to_thread(box.flag, 1, r"\Seen")
        await asyncio.to_thread(box.flag, 2, r"\Deleted")
        await scene.start()
        await scene.stored(1)
        await scene.deliver(scene.letter("I came later."))
        await scene.stored(2)

        async def gone() -> bool:
            return await scene.lying() == [2]

        await scene.until(gone, "only the deleted one")
        assert not any("deleted me" in mail.text for mail in scene.all("forward"))


async def test_a_report_is_here_at_once_without_anybody_looking_for_it(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server, times=TOLD_ONLY) as scene:
        for number in (1, 2):
            await scene.deliver(scene.letter(f"This is number {number}."))
            await scene.stored(number)
        await scene.put(scene.letter("This is junk."), folder="Junk")
        await scene.stored(3)
        await scene.emptied("INBOX", "Junk")


async def test_a_hundred_and_fifty_waiting_messages_are_taken_once_each(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.stop()
        # To an address that takes delivery reports: kept, and nobody is written to.
        bounces = scene.box.address.replace("@", "+bounce-x@")
        await scene.put(*[scene.letter(f"Number {number}.", to=bounces) for number in range(150)])
        await scene.start()
        await scene.emptied()
        assert await scene.store.read(spool.count) == 150
        await scene.settle()
        assert await scene.reasons() == {"to-bounce-address": 150}


async def test_the_same_mail_by_smtp_and_by_mailbox_is_one_case(tmp_path: Path, mail_server: dovecot.Server) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        mail = scene.letter()
        await scene.send(mail, scene.box.address)
        await scene.deliver(mail)
        await scene.stored(2)
        assert len(await scene.cases()) == 1
        assert await scene.reasons() == {"report": 1, "duplicate": 1}
        await scene.emptied()


async def test_the_same_bytes_twice_are_stored_once(tmp_path: Path, mail_server: dovecot.Server) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.stop()
        raw = bytes_of(scene.letter())
        await scene.put(raw, raw)
        await scene.start()
        await scene.emptied()
        assert await scene.store.read(spool.count) == 1


async def test_while_the_store_is_locked_nothing_leaves_the_mailbox(
    tmp_path: Path, mail_server: dovecot.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_BUSY_SECONDS", 0.2)
    tried = asyncio.Event()
    async with MailboxScene(tmp_path, mail_server) as scene:
        accept = scene.daemon.pipeline.accept

        async def watched(*message: object) -> None:
            try:
                await accept(*message)  # type: ignore[arg-type]
            except Exception:
                tried.set()
                raise

        monkeypatch.setattr(scene.daemon.pipeline, "accept", watched)
        blocking = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        blocking.execute("BEGIN IMMEDIATE")
        await scene.deliver(scene.letter())
        await asyncio.wait_for(tried.wait(), 20)
        assert await scene.lying() == [1]
        blocking.execute("ROLLBACK")
        blocking.close()
        await scene.stored(1)
        await scene.emptied()
        assert len(await scene.cases()) == 1


async def test_what_is_too_large_stays_is_told_of_and_keeps_nothing_waiting(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    with Proxy(mail_server.imap_port) as proxy:
        await _too_large(MailboxScene(tmp_path, mail_server, port=str(proxy.port)), proxy)


async def _too_large(scene: MailboxScene, proxy: Proxy) -> None:
    async with scene:
        await scene.stop()
        scene.limit = 20_000
        await scene.put(scene.letter("Long. " * 10_000), scene.letter("Short."))
        await scene.start()
        await scene.stored(1)
        await scene.until(lambda: scene.all("notice", "ops@example.com"), "a notice")
        (notice,) = scene.all("notice", "ops@example.com")
        assert "larger than" in notice.text and "Robin" not in notice.text and "Long" not in notice.text
        assert await scene.lying() == [1]
        # Its size was asked for, and nothing of it was.
        assert proxy.said(b"RFC822.SIZE") and not proxy.said(b"UID FETCH 1 (BODY")
        # The limit is raised: then it is taken by itself.
        await scene.stop()
        scene.limit = 0
        await scene.start()
        await scene.stored(2)
        await scene.emptied()


async def test_a_folder_that_is_not_there_stops_no_other(tmp_path: Path, mail_server: dovecot.Server) -> None:
    async with MailboxScene(tmp_path, mail_server, folders='["No Such", INBOX]') as scene:
        await scene.deliver(scene.letter())
        await scene.stored(1)
        await scene.until(lambda: scene.all("notice", "ops@example.com"), "a notice")
        assert "a folder of `folders:`" in scene.last("notice", "ops@example.com").text


async def test_no_library_says_anything_of_what_passes(
    tmp_path: Path, mail_server: dovecot.Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "aioimaplib.aioimaplib"):
        async with MailboxScene(tmp_path, mail_server) as scene:
            await scene.deliver(scene.letter())
            await scene.stored(1)
            await scene.emptied()
    assert [record for record in caplog.records if record.name.startswith("aioimaplib")] == []
    assert mail_server.password not in caplog.text
