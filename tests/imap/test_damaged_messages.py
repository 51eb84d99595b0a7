"""Messages that a server cannot give, or not whole: they stay where they are, are told of, and the rest is taken."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import dovecot
from cocmail.config.schema import DEFAULT_MAX_MESSAGE_BYTES
from imap.test_the_wire import Scripted, session_with
from mailbox_proxy import Proxy
from mailbox_scene import MailboxScene, bytes_of

OPS = "ops@example.com"


def notices(scene: MailboxScene) -> list[str]:
    return [mail.text for mail in scene.all("notice", OPS)]


def lay(server: dovecot.Server, box: dovecot.Mailbox, raw: bytes, *, mode: int = 0o600) -> Path:
    """Puts a file into the INBOX without the server, which then knows nothing of it but its name and number."""
    box.uids()
    path = server.folder / "mail" / box.name / "new" / "1700000000.M1P1.host"
    path.write_bytes(raw)
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(mode)
    box.uids()
    return path


async def test_one_unreadable_message_kept_every_report_behind_it_from_the_committee(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    """The server dropped the session at the question for all the sizes at once, again and again, and nobody heard."""
    box = mail_server.new_mailbox()
    lay(mail_server, box, b"Subject: x\r\n\r\nNobody can read this.\r\n", mode=0)
    with Proxy(mail_server.imap_port) as proxy:
        async with MailboxScene(tmp_path, mail_server, box=box, port=str(proxy.port), folders="[INBOX]") as scene:
            await scene.put(scene.letter("Second."), scene.letter("Third."))
            await scene.stored(2)
            await scene.until(lambda: notices(scene), "a notice")
            assert "failed at again and again" in notices(scene)[0]
            assert await scene.lying() == [1]
            # What comes later is not kept waiting either.
            await scene.deliver(scene.letter("Fourth."))
            await scene.stored(3)
            assert await scene.reasons() == {"report": 3}
            asked = [line for line in proxy.commands if b"FETCH 1 (UID RFC822.SIZE)" in line]
            assert len(asked) == 3


async def test_a_message_of_which_the_server_says_no_size_lay_there_and_nobody_was_told(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    # Whenever the daemon asks about the second, the server hears of another that is not there.
    with Proxy(mail_server.imap_port, change=(b"2 (UID RFC822.SIZE)", b"9 (UID RFC822.SIZE)")) as proxy:
        async with MailboxScene(tmp_path, mail_server, port=str(proxy.port), folders="[INBOX]") as scene:
            await scene.stop()
            await scene.put(scene.letter("First."), scene.letter("Second."))
            await scene.start()
            await scene.stored(1)
            for number in (2, 3):
                # It is looked again when there is news.
                await scene.put(scene.letter(f"News {number}."))
                await scene.stored(number)
            await scene.until(lambda: notices(scene), "a notice")
            assert "failed at again and again" in notices(scene)[0]
            assert await scene.lying() == [2]


async def test_a_report_that_the_server_gave_back_empty_was_removed_there(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    """An empty literal was stored as an empty mail, and then the original was expunged."""
    with Proxy(mail_server.imap_port, change=(b"BODY.PEEK[]<0.", b"BODY.PEEK[]<9999999.")) as proxy:
        await _comes_whole_later(tmp_path, mail_server, proxy)


async def test_a_report_of_which_the_server_gave_only_the_beginning_was_removed_there(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    asked = b"BODY.PEEK[]<0.%d>" % (DEFAULT_MAX_MESSAGE_BYTES + 1)
    with Proxy(mail_server.imap_port, change=(asked, b"BODY.PEEK[]<0.300>")) as proxy:
        await _comes_whole_later(tmp_path, mail_server, proxy)


async def _comes_whole_later(folder: Path, server: dovecot.Server, proxy: Proxy) -> None:
    async with MailboxScene(folder, server, port=str(proxy.port), folders="[INBOX]") as scene:
        await scene.put(scene.letter("All of it. " * 100))
        # It may have idled before there was anything to look at.
        await scene.until(lambda: proxy.said(b"UID FETCH 1 (BODY", b"IDLE"), "a look that came to its end")
        assert not proxy.said(b"STORE")
        assert await scene.lying() == [1] and await scene.cases() == []
        proxy.change = (b"", b"")
        # It is looked again when there is news.
        await scene.put(scene.letter("Another one."))
        await scene.stored(2)
        await scene.emptied()
        assert await scene.reasons() == {"report": 2}
        assert sorted(mail.text.count("All of it.") for mail in scene.all("forward", "jun")) == [0, 100]


class Telling(Scripted):
    """One whose answer to FETCH is that for what the question ends in, else nothing."""

    def __init__(self, fetches: dict[str, str]) -> None:
        super().__init__({"FETCH": "{tag} OK done\r\n"})
        self._fetches = fetches

    def answer(self, line: str) -> str | None:
        for end, said in self._fetches.items():
            if line.endswith(f"{end})"):
                return said.replace("{tag}", line.partition(" ")[0])
        return super().answer(line)


@pytest.mark.parametrize(
    ("behind", "believed"),
    [
        ("{0}\r\n", True),
        ('""', True),
        ("NIL", True),
        ("{1}\r\ne", False),
        ('"e"', False),
    ],
)
async def test_a_message_shorter_than_its_size_is_whole_only_where_nothing_comes_behind_it(
    tmp_path: Path, behind: str, believed: bool
) -> None:
    fetch = "* 1 FETCH (UID 1 BODY[]<%d> %s)\r\n{tag} OK done\r\n"
    server = Telling({"<0.5001>": fetch % (0, "{4}\r\nabcd"), "<4.1>": fetch % (4, behind)})
    async with session_with(tmp_path, server) as session:
        assert await session.content(1, 9, 5000) == (b"abcd" if believed else None)
    # Of what is behind it nothing is said.
    async with session_with(tmp_path, Telling({"<0.5001>": fetch % (0, "{4}\r\nabcd")})) as session:
        assert await session.content(1, 9, 5000) is None
    async with session_with(tmp_path, Telling({"<0.5001>": fetch % (0, "{0}\r\n")})) as session:
        assert await session.content(1, 9, 5000) is None


async def test_a_report_at_the_place_of_a_mail_that_was_too_large_waited_until_the_daemon_was_restarted(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    """After a mail server was put back, another message may have the number that was passed over."""
    box = mail_server.new_mailbox()
    path = lay(mail_server, box, b"Subject: x\r\n\r\n" + b"Long. " * 10_000)
    with capture_logs() as log:
        async with MailboxScene(tmp_path, mail_server, box=box, folders="[INBOX]") as scene:
            await scene.stop()
            scene.limit = 20_000
            await scene.start()
            await scene.until(lambda: notices(scene), "a notice")
            assert "larger than" in notices(scene)[0]
            for again in range(2):
                await asyncio.to_thread(mail_server.stop)
                if again:
                    _replace(path, bytes_of(scene.letter()))
                await asyncio.to_thread(mail_server.start)
                await scene.until(lambda times=again + 2: _opened(log) >= times, "an open folder")
            await scene.stored(1)
            await scene.emptied()
    # As long as it was the same one it was told of once.
    assert [entry["event"] for entry in log].count("left-in-mailbox") == 1


def _opened(log: list[dict[str, object]]) -> int:
    return sum(entry["event"] == "imap-open" for entry in log)


def _replace(path: Path, raw: bytes) -> None:
    """Another message under the same number, and nothing that the server remembers of the old one but that."""
    (found,) = (path.parent.parent / "cur").glob(f"{path.name}*")
    found.write_bytes(raw)
    for index in path.parent.parent.glob("dovecot.index*"):
        index.unlink()
