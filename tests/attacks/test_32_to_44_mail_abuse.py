"""Abuse of mail (docs/attacks.md, 32 to 44): what the sender hoped for does not happen, and the report is read."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import socket
import zipfile
from pathlib import Path

import pytest

from process_scene import House, Lmtp, Smarthost, letter
from scene import ALIAS, HANDLES, Scene

ALL = set(HANDLES)
HEAD = f"From: Robin Vale <robin@visitors.example>\r\nTo: {ALIAS}\r\nSubject: About last night\r\n".encode()


def encoded(text: str) -> bytes:
    return b"=?utf-8?b?" + base64.b64encode(text.encode()) + b"?="


def field_names(content: bytes) -> set[bytes]:
    """The names of the header's fields, and of those of every part, as a server reads them."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    return {line.partition(b":")[0].lower() for line in lines if b":" in line and line[:1] not in (b" ", b"\t")}


async def test_32_line_breaks_in_subject_name_and_file_name_add_no_field(tmp_path: Path) -> None:
    broken = "x\r\nBcc: evil@evil.example\r\n\r\nwords"
    raw = (
        b"From: " + encoded(broken) + b" <robin@visitors.example>\r\nTo: " + ALIAS.encode() + b"\r\n"
        b"Subject: " + encoded(broken) + b"\r\nMessage-ID: <" + encoded(broken) + b"@x>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nIt was in the hall.\r\n--e\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''a%0d%0aBcc:%20evil%0d%0a\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--e--\r\n"
    )
    async with Scene(tmp_path) as scene:
        await scene.send(raw)
        assert scene.recipients("forward") == ALL
        for mail in scene.all():
            head = mail.content.partition(b"\r\n\r\n")[0]
            assert b"evil" not in head and b"bcc" not in field_names(head)
            assert {part.get_filename() for part in mail.message.iter_attachments()} <= {"a Bcc_ evil", "a Bcc: evil"}
            assert all("\n" not in str(value) for _, value in mail.message.items())


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r.\r\n"])
async def test_33_smtp_smuggling_is_one_message(tmp_path: Path, end: bytes) -> None:
    forged = f"MAIL FROM:<amara@example.net>\r\nRCPT TO:<{ALIAS}>\r\nDATA\r\nFrom: amara@example.net\r\n\r\nforged\r\n"
    said = b"EHLO x\r\nMAIL FROM:<robin@visitors.example>\r\nRCPT TO:<%s>\r\nDATA\r\n" % ALIAS.encode()
    said += HEAD + b"\r\nhello" + end + forged.encode() + b".\r\nQUIT\r\n"

    def talk(port: int) -> list[bytes]:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
            peer.sendall(said)
            return [line[:3] for line in peer.makefile("rb") if line[3:4] == b" "]

    async with Scene(tmp_path) as scene:
        assert await asyncio.to_thread(talk, scene.port) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
        await scene.settle()
        assert await scene.reasons() == {"report": 1}
        assert all("From: Robin Vale" in mail.text for mail in scene.all("forward"))


@pytest.mark.parametrize("claimed", ["auto-generated", "auto-replied", "auto-notified"])
async def test_34_a_report_that_claims_to_be_automatic_is_a_case_or_kept(tmp_path: Path, claimed: str) -> None:
    """An answer of a program is filed (RFC 3834); the rest is a case. No one is answered; nothing is lost."""
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", headers={"Auto-Submitted": claimed})
        assert not scene.all("ack")
        reasons = await scene.reasons()
        assert set(reasons) <= {"report-looks-automatic", "automatic-reply"} and sum(reasons.values()) == 1
        if "report-looks-automatic" in reasons:
            assert scene.recipients("forward") == ALL
            assert "looks automatic" in scene.last("forward", "amara").text


async def test_37_a_list_that_subscribes_the_alias_is_answered_nothing_and_no_link_is_followed(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    web = await asyncio.start_server(visited, "127.0.0.1", 0)
    link = f"http://127.0.0.1:{web.sockets[0].getsockname()[1]}/confirm?token=abc"
    headers = {
        "List-Id": "<news.lists.example>",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "list",
    }
    async with web, Scene(tmp_path) as scene:
        await scene.report(f"Confirm: {link}", sender="news-request@lists.example", headers=headers)
        assert await scene.reasons() == {"report-looks-automatic": 1}
        assert scene.recipients("forward") == ALL
        # Nothing is said to the list: neither an acknowledgement nor anything else.
        assert {mail.recipient.partition("@")[0] for mail in scene.all()} == ALL
    assert asked == []


def deep() -> bytes:
    levels = range(300)
    return HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in levels)


def parts() -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=e\r\n\r\n" + b"--e\r\n\r\nx\r\n" * 20_000 + b"--e--\r\n"


def headers() -> bytes:
    return b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * 50_000 + HEAD + b"\r\nIt was in the hall.\r\n"


def recipients() -> bytes:
    return (
        HEAD + b"Cc: " + b", ".join(b"p%d@example.com" % n for n in range(20_000)) + b"\r\n\r\nIt was in the hall.\r\n"
    )


@pytest.mark.parametrize("bomb", [deep, parts, headers, recipients], ids=lambda make: make.__name__)
async def test_39_a_bomb_of_depth_parts_headers_or_recipients_is_a_case(tmp_path: Path, bomb: object) -> None:
    assert callable(bomb)
    async with Scene(tmp_path) as scene:
        await scene.send(bomb())
        (reason,) = await scene.reasons()
        # What is cut by a limit is read by the triage alone, with all of it attached.
        unread = reason == "report-unreadable"
        # Fifty thousand servers are a loop: nobody is thanked for that.
        assert reason in ("report", "report-unreadable", "report-looks-automatic")
        assert scene.recipients("forward") == (set(HANDLES[:2]) if unread else ALL)
        thanked = [mail.recipient for mail in scene.all("ack")]
        assert thanked == ([] if reason == "report-looks-automatic" else ["robin@visitors.example"])


async def test_40_a_packed_bomb_is_passed_on_packed(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Amara Obi.txt", bytes(100_000_000))
    files = {"logs.zip": packed.getvalue(), "logs.gz": gzip.compress(bytes(100_000_000))}
    async with Scene(tmp_path) as scene:
        mail = scene.write("robin@visitors.example", ALIAS, "Logs", "See the logs.")
        for name, content in files.items():
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        await scene.send(mail)
        # Nobody looked into it: the name of the file within would have kept its namesake out.
        assert scene.recipients("forward") == ALL
        attached = {
            part.get_filename(): part.get_content() for part in scene.last("forward", "jun").message.iter_attachments()
        }
        assert attached == files


async def test_42_the_same_id_with_other_words_is_another_message(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        first = await scene.report("Somebody shouted.")
        second = scene.write("robin@visitors.example", ALIAS, "About last night", "And then hit me.")
        del second["Message-ID"]
        second["Message-ID"] = first["Message-ID"]
        await scene.send(second)
        assert len(await scene.cases()) == 2
        assert "And then hit me." in scene.last("forward", "amara").text


def test_43_the_same_mail_through_smtp_lmtp_and_inject_is_one_case(tmp_path: Path) -> None:
    with Smarthost() as smarthost, House(tmp_path, smarthost=smarthost.port) as house:
        house.start()
        raw = letter("robin@visitors.example", "Somebody shouted.").as_bytes()
        house.send(raw)
        with Lmtp(house.lmtp) as border:
            # Line ends differ from door to door, and blank lines at the end do.
            assert [reply[:3] for reply in border.deliver("robin@visitors.example", [ALIAS], raw + b"\r\n")] == [b"250"]
        unix = raw.replace(b"\r\n", b"\n")
        assert house.run("inject", "--from", "robin@visitors.example", "--to", ALIAS, stdin=unix).code == 0
        house.wait_for_event("decided", 3)
        assert sorted(str(line["reason"]) for line in house.events("decided")) == ["duplicate", "duplicate", "report"]
        smarthost.wait_for("ack")
        assert house.stop() == 0
        assert len(house.cases()) == 1 and len(smarthost.of("ack")) == 1


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        (b"", "robin@visitors.example"),
        (b"\r\n", "robin@visitors.example"),
        (b"Subject: no sender\r\n\r\nIt was in the hall.\r\n", "robin@visitors.example"),
        (HEAD + b"\r\nIt was in K\xf6ln, \xff\xfe.\r\n", "robin@visitors.example"),
        (HEAD.replace(b"About", b"Ab\0ut") + b"\r\nIt\0 was in the hall.\0\r\n", "robin@visitors.example"),
        ("From: Rä <robin@visitors.example>\r\nSubject: Ü\r\n\r\nx\r\n".encode("latin-1"), "robin@visitors.example"),
    ],
    ids=["empty", "one line end", "no From", "8 bit", "NUL", "8 bit in the header"],
)  # fmt: skip
async def test_44_mail_that_is_hardly_mail_is_a_case(tmp_path: Path, raw: bytes, sender: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(raw, sender=sender)
        assert len(await scene.cases()) == 1
        assert scene.recipients("forward") >= set(HANDLES[:2])
        # Without a From it is nobody's, and nobody is answered.
        assert [mail.recipient for mail in scene.all("ack")] == ([sender] if b"From:" in raw else [])
