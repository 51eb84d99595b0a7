"""For which committee a mail in the mailbox is, and at which address: its header says it, or the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import dovecot
from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from cocmail.core.model import Door
from cocmail.doors.imap_folder import envelopes_of
from cocmail.roster import Roster
from mailbox_scene import MailboxScene
from scene import committee_file

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
ONE, TWO = "one@example.org", "two@example.org"
MAIN = """
intake: {imap: {host: localhost, tls: none, user: conduct, password_file: imap.pw, committee: two@example.org}}
delivery: {maildir: out}
admins: [ops@example.com]
committees: [committees/*.yaml]
"""
Whose = Callable[[str], dict[str, tuple[str, ...]]]


def texts(folder: Path, main: str, *committees: str) -> Sources:
    for name in ("master.key", "imap.pw"):
        (folder / name).touch(0o600)
    files = []
    for address in committees:
        handle = address[:3]
        member = f"- {{handle: {handle}, name: {handle.title()} Person, email: {handle}@example.net}}"
        text = committee_file(address=address, chair=handle, members=member)
        files.append(SourceFile(str(folder / f"{handle}.yaml"), text))
    return Sources(SourceFile(str(folder / "main.yaml"), main), tuple(files))


def roster_of(sources: Sources) -> Roster:
    settings, problems = examine(sources, today=date(2026, 11, 21), environ={})
    assert settings is not None, problems
    return Roster(settings.committees, settings.admins)


@pytest.fixture
def whose(tmp_path: Path) -> Whose:
    """`whose(header)`: the committees by address, each with the recipients in its envelope."""
    roster = roster_of(texts(tmp_path, MAIN, ONE, TWO))

    def ask(header: str) -> dict[str, tuple[str, ...]]:
        found = envelopes_of(f"{header}\r\n\r\nbody\r\n".encode(), roster, TWO, NOW)
        assert {(each.door, each.sender, each.peer, each.received_at) for each in found} == {(Door.IMAP, None, "", NOW)}
        return {each.committee: each.recipients for each in found}

    return ask


def test_the_committee_is_the_one_that_a_recipient_field_names(whose: Whose) -> None:
    assert whose("To: One <one@example.org>") == {ONE: (ONE,)}
    assert whose("Cc: x@example.net, one+not-amara@example.org") == {ONE: ("one+not-amara@example.org",)}


def test_what_the_delivering_server_wrote_comes_first(whose: Whose) -> None:
    header = "To: one@example.org\r\nDelivered-To: one+aaaa@example.org\r\nX-Original-To: one+bbbb@example.org"
    assert whose(header) == {ONE: ("one+aaaa@example.org", "one+bbbb@example.org", ONE)}


def test_what_is_for_two_committees_goes_to_both(whose: Whose) -> None:
    assert whose("To: one@example.org\r\nCc: two@example.org") == {ONE: (ONE,), TWO: (TWO,)}


def test_what_names_nobody_goes_where_the_configuration_says(whose: Whose) -> None:
    for header in ("To: undisclosed-recipients:;", "Subject: no recipient", "To: list@lists.example", "\x00\x01"):
        assert whose(header) == {TWO: (TWO,)}


@pytest.mark.parametrize("committee", ["", "gone@example.org"])
def test_without_a_word_on_it_or_when_that_is_gone_since_the_only_committee_has_it(
    tmp_path: Path, committee: str
) -> None:
    roster = roster_of(texts(tmp_path, MAIN.replace(", committee: two@example.org", ""), ONE))
    (envelope,) = envelopes_of(b"To: nobody@example.net\r\n\r\n", roster, committee, NOW)
    assert (envelope.committee, envelope.recipients) == (ONE, (ONE,))


@pytest.mark.parametrize("committee", ["", "gone@example.org"])
def test_of_several_committees_none_reads_what_may_be_for_another(tmp_path: Path, committee: str) -> None:
    roster = roster_of(texts(tmp_path, MAIN, ONE, TWO))
    assert envelopes_of(b"To: nobody@example.net\r\n\r\n", roster, committee, NOW) == ()
    (envelope,) = envelopes_of(b"To: one@example.org\r\n\r\n", roster, committee, NOW)
    assert envelope.committee == ONE


class GrowingScene(MailboxScene):
    """Of an organisation that is given a board; `committee: ` is said of the mailbox as `check` asks for."""

    board = False
    BOARD = committee_file(
        address="board@example.org", chair="kim", members="- {handle: kim, name: Kim Lund, email: kim@board.example}"
    )

    def settings(self) -> Settings:
        main = self.main_text()
        files = [SourceFile(str(self.folder / "committee.yaml"), self.committee_text)]
        if self.board:
            main = main.replace("after: delete", f"after: delete, committee: {self.box.address}")
            # The first by its name, as `committees/*.yaml` finds them.
            files.insert(0, SourceFile(str(self.folder / "board.yaml"), self.BOARD))
        settings, problems = examine(
            Sources(SourceFile(str(self.folder / "main.yaml"), main), tuple(files)), today=date.today(), environ={}
        )
        assert settings is not None, problems
        return settings


def blind(text: str) -> bytes:
    """A mail that has its recipients in Bcc."""
    return f"From: robin@visitors.example\r\nTo: undisclosed-recipients:;\r\nSubject: x\r\n\r\n{text}\r\n".encode()


async def test_a_committee_that_a_reload_adds_is_sent_no_report_to_another(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with GrowingScene(tmp_path, mail_server, folders="[INBOX]") as scene:
        scene.board = True
        await scene.daemon.change(scene.settings())
        await scene.put(blind("Somebody shouted at me."))
        await scene.stored(1)
        had = {mail.recipient for mail in scene.all("forward") if "shouted" in mail.text}
        assert "amara@example.net" in had and "kim@board.example" not in had


async def test_while_nobody_says_whose_it_is_a_report_waits_in_the_mailbox_and_is_told_of(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    with capture_logs() as log:
        async with GrowingScene(tmp_path, mail_server, folders="[INBOX]") as scene:
            scene.board = True
            settings = scene.settings()
            assert settings.imap is not None
            await scene.daemon.change(replace(settings, imap=replace(settings.imap, committee="gone@example.org")))
            await scene.put(blind("Somebody shouted at me."), scene.letter("Somebody else did."))
            await scene.stored(1)
            await scene.until(lambda: [mail for mail in scene.all("notice") if "mailbox" in mail.text], "a notice")
            assert await scene.lying() == [1]
            await scene.stop()
            await scene.start()
            await scene.stored(2)
            await scene.emptied()
            had = {mail.recipient for mail in scene.all("forward") if "shouted at me" in mail.text}
            assert "amara@example.net" in had and "kim@board.example" not in had
    assert [entry["why"] for entry in log if entry["event"] == "left-in-mailbox"] == ["no-committee"]


def test_with_several_committees_there_has_to_be_a_word_on_it(tmp_path: Path) -> None:
    sources = texts(tmp_path, MAIN.replace(", committee: two@example.org", ""), ONE, TWO)
    _, problems = examine(sources, today=date(2026, 11, 21), environ={})
    assert [(each.key, each.level) for each in problems if "committee is required" in each.text] == [
        ("intake.imap", "error")
    ]
