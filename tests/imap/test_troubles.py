"""What happens to mailboxes and the wires to them; nothing of it loses a report or stops the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import dovecot
from cocmail.store import spool
from mailbox_proxy import Proxy
from mailbox_scene import QUICK, MailboxScene, bytes_of

OPS = "ops@example.com"


def notices(scene: MailboxScene) -> list[str]:
    return [mail.text for mail in scene.all("notice", OPS)]


async def test_a_mail_server_that_is_restarted_is_found_again(tmp_path: Path, mail_server: dovecot.Server) -> None:
    # Long enough that nothing but the loss itself makes it come back.
    times = replace(QUICK, idle=600, poll=600, answer=600)
    with capture_logs() as log:
        async with MailboxScene(tmp_path, mail_server, times=times, folders="[INBOX]") as scene:
            await scene.until(lambda: said(log, "imap-open"), "an open folder")
            await asyncio.to_thread(mail_server.stop)
            await scene.until(lambda: said(log, "imap-trouble"), "the loss")
            await asyncio.to_thread(mail_server.start)
            await scene.deliver(scene.letter())
            await scene.stored(1)
            await scene.emptied()
            assert notices(scene) == []
    # Once for each change, however often it was tried.
    told = [entry["event"] for entry in log if entry["event"].startswith("imap-")]
    assert told[0] == told[-1] == "imap-open" and told.count("imap-open") == 2 and len(told) < 6


def said(log: list[dict[str, object]], event: str) -> list[dict[str, object]]:
    return [entry for entry in log if entry["event"] == event]


async def test_a_wire_that_carries_nothing_any_more_is_noticed(tmp_path: Path, mail_server: dovecot.Server) -> None:
    times = replace(QUICK, idle=0.3, answer=0.5)
    with Proxy(mail_server.imap_port) as proxy:
        async with MailboxScene(tmp_path, mail_server, times=times, port=str(proxy.port), folders="[INBOX]") as scene:
            await scene.until(lambda: proxy.said(b"IDLE"), "a daemon that waits")
            proxy.go_dead()
            await scene.deliver(scene.letter())
            await scene.stored(1)
            await scene.emptied()


async def test_a_message_on_which_the_server_fails_keeps_nothing_behind_it_waiting(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    with Proxy(mail_server.imap_port, cut_at=rb"UID FETCH 1 \(BODY") as proxy:
        async with MailboxScene(tmp_path, mail_server, port=str(proxy.port), folders="[INBOX]") as scene:
            await scene.put(scene.letter("First."), scene.letter("Second."))
            await scene.stored(1)
            await scene.until(lambda: notices(scene), "a notice")
            assert proxy.cuts == 3
            assert "failed at again and again" in notices(scene)[0]
            assert await scene.lying() == [1]
            assert ["Second." in mail.text for mail in scene.all("forward", "jun")] == [True]


async def test_a_message_is_never_stored_by_half(tmp_path: Path, mail_server: dovecot.Server) -> None:
    with Proxy(mail_server.imap_port, dead_at=rb"UID FETCH 1 \(BODY", passes=5_000) as proxy:
        times = replace(QUICK, answer=0.5)
        async with MailboxScene(tmp_path, mail_server, times=times, port=str(proxy.port), folders="[INBOX]") as scene:
            raw = bytes_of(scene.letter("All of it. " * 1_000))
            await scene.put(raw)
            await scene.until(lambda: proxy.said(b"BODY"), "a fetch")
            # The next one is whole.
            proxy.dead_at = b""
            await scene.stored(1)
            await scene.emptied()
            assert await scene.reasons() == {"report": 1}
            assert scene.last("forward", "jun").text.count("All of it.") == 1_000


async def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server, tls="implicit", port=str(mail_server.imaps_port)) as scene:
        await scene.deliver(scene.letter())
        await scene.until(lambda: notices(scene), "a notice")
        assert "certificate is not valid" in notices(scene)[0]
        # As it says who logs in, and who tries to.
        assert f"user=<{scene.box.name}>" not in mail_server.log()
        assert await scene.cases() == []


async def test_a_certificate_of_another_name_gets_no_password(
    tmp_path: Path, mail_server: dovecot.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.ca_file))
    keys = {"tls": "implicit", "host": "127.0.0.2"}
    with Proxy(mail_server.imaps_port, address="127.0.0.2") as proxy:
        async with MailboxScene(tmp_path, mail_server, port=str(proxy.port), **keys) as scene:
            await scene.until(lambda: notices(scene), "a notice")
            assert "certificate is not valid" in notices(scene)[0]


async def test_with_a_certificate_that_is_vouched_for_mail_comes_over_tls(
    tmp_path: Path, mail_server: dovecot.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.ca_file))
    keys = {"tls": "implicit", "host": "localhost", "port": str(mail_server.imaps_port)}
    async with MailboxScene(tmp_path, mail_server, **keys) as scene:
        await scene.deliver(scene.letter())
        await scene.stored(1)
        await scene.emptied()
        assert notices(scene) == []


async def test_a_wrong_password_is_told_once_a_day_and_tried_again_until_it_is_right(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.stop()
        (tmp_path / "imap.pw").write_text("not-the-password")
        await scene.start()
        await scene.deliver(scene.letter())
        for days in (1, 2):
            await scene.until(lambda count=days: len(notices(scene)) == count, f"notice {days}")
            before = mail_server.log().count(f"user=<{scene.box.name}>")
            await scene.until(
                lambda seen=before: mail_server.log().count(f"user=<{scene.box.name}>") > seen + 1, "more attempts"
            )
            assert len(notices(scene)) == days
            assert "refuses the user, the password or the token" in notices(scene)[-1]
            assert scene.box.name not in notices(scene)[-1] and "not-the-password" not in notices(scene)[-1]
            await scene.pass_time(timedelta(days=1))
        (tmp_path / "imap.pw").write_text(mail_server.password)
        await scene.stored(1)
        await scene.emptied()


async def test_a_server_that_is_away_is_told_of_after_an_hour_and_not_before(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    with Proxy(mail_server.imap_port) as proxy:
        nobody_there = str(proxy.port)
    with capture_logs() as log:
        async with MailboxScene(tmp_path, mail_server, port=nobody_there, folders="[INBOX]") as scene:
            await scene.until(lambda: said(log, "imap-trouble"), "the trouble")
            await scene.pass_time(timedelta(minutes=50))
            assert notices(scene) == []
            await scene.pass_time(timedelta(minutes=11))
            await scene.until(lambda: notices(scene), "a notice")
            assert "no server has answered for more than an hour" in notices(scene)[0]
    assert [entry["trouble"] for entry in said(log, "imap-trouble")] == ["unreachable"]


async def test_a_message_that_the_server_does_not_remove_is_told_of_and_keeps_nothing_waiting(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    """It says yes to the mark, and another program takes the mark back before anything is removed."""
    with Proxy(mail_server.imap_port, change=(b"+FLAGS.SILENT", b"-FLAGS.SILENT")) as proxy:
        async with MailboxScene(tmp_path, mail_server, port=str(proxy.port), folders="[INBOX]") as scene:
            await scene.deliver(scene.letter("First."))
            await scene.until(lambda: notices(scene), "a notice")
            assert "cannot remove" in notices(scene)[0]
            await scene.deliver(scene.letter("Second."))
            await scene.stored(2)
            assert await scene.lying() == [1, 2]
            proxy.change = (b"", b"")
            await scene.deliver(scene.letter("Third."))
            await scene.stored(3)
            await scene.emptied()
            assert await scene.reasons() == {"report": 3}


async def test_a_token_is_read_anew_at_each_log_in_and_a_refused_one_does_not_hang(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    token = tmp_path / "token"
    token.write_text("of-yesterday")
    token.chmod(0o600)
    # Who waited for the end of the server's patience would wait for minutes.
    times = replace(QUICK, answer=600)
    keys = {"password_file": "", "oauth2_token_file": "token"}
    async with MailboxScene(tmp_path, mail_server, times=times, **keys) as scene:
        mail_server.take_token(scene.box, "of-today")
        await scene.deliver(scene.letter())
        await scene.until(lambda: notices(scene), "a notice")
        token.write_text("of-today\n")
        await scene.stored(1)
        await scene.emptied()


async def test_a_mailbox_that_was_built_anew_brings_nothing_a_second_time(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    """UIDVALIDITY changes between the commit and the removal: known by its bytes, and only removed."""
    with Proxy(mail_server.imap_port, dead_at=rb"UID STORE") as proxy:
        async with MailboxScene(tmp_path, mail_server, port=str(proxy.port), folders="[Junk]") as scene:
            raw = bytes_of(scene.letter())
            await scene.put(raw, folder="Junk")
            await scene.stored(1)
            await scene.until(lambda: proxy.said(b"UID STORE"), "a removal that gets nowhere")
            await scene.stop()
            assert await scene.lying("Junk") == [1]
            before = await asyncio.to_thread(scene.box.renew, "Junk")
            await scene.put(raw, scene.letter("Another one."), folder="Junk")
            assert await asyncio.to_thread(scene.box.validity, "Junk") != before
            proxy.dead_at = b""
            await scene.start()
            await scene.emptied("Junk")
            await scene.settle()
            assert await scene.reasons() == {"report": 2}
            assert await scene.store.read(spool.count) == 2


@pytest.fixture(scope="module")
def plain_server() -> Iterator[dovecot.Server]:
    """One that knows neither IDLE nor UIDPLUS."""
    try:
        with dovecot.running("imap_capability = IMAP4rev1") as server:
            yield server
    except dovecot.NotInstalled as missing:
        pytest.skip(f"Dovecot is not installed: {missing}")


async def test_a_server_that_tells_nothing_by_itself_is_asked(tmp_path: Path, plain_server: dovecot.Server) -> None:
    with Proxy(plain_server.imap_port) as proxy:
        async with MailboxScene(tmp_path, plain_server, port=str(proxy.port)) as scene:
            await scene.deliver(scene.letter())
            await scene.stored(1)
            await scene.emptied()
            await scene.until(lambda: proxy.said(b"NOOP"), "a NOOP")
            assert not proxy.said(b"IDLE") and not proxy.said(b"UID EXPUNGE")


async def test_a_server_that_can_only_take_away_everything_takes_away_nothing_of_others(
    tmp_path: Path, plain_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, plain_server, folders="[INBOX]") as scene:
        await scene.stop()
        await scene.put(scene.letter("Mine to delete."), scene.letter("A report."))
        await asyncio.to_thread(scene.box.flag, 1, r"\Deleted")
        await scene.start()
        await scene.stored(1)

        async def marked() -> bool:
            return await asyncio.to_thread(scene.box.uids, "INBOX", "DELETED") == [1, 2]

        await scene.until(marked, "a mark")
        assert await scene.lying() == [1, 2]
        # Who marked the other one takes back the mark: now only ours is left to be taken away.
        await asyncio.to_thread(scene.box.flag, 1, r"\Deleted", "INBOX", "-FLAGS")
        await scene.stored(2)
        await scene.emptied()
        await scene.settle()
        assert await scene.reasons() == {"report": 2}
