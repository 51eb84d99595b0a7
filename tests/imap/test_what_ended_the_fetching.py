"""What once made cocmail fetch nothing more from a mailbox, with no word in its log: reports lay there unread."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

import dovecot
from cocmail.doors import imap_in
from cocmail.store import notes
from cocmail.store.boundaries import Step
from cocmail.store.tables import NOTES
from cocmail.store.transaction import Tx
from mailbox_scene import MailboxScene


async def refused(scene: MailboxScene, folder: Path) -> None:
    """The mailbox's server takes the password no more: something to be told of. A report arrives."""
    await scene.stop()
    (folder / "imap.pw").write_text("not-the-password")
    await scene.start()
    await scene.deliver(scene.letter())


async def let_in(scene: MailboxScene, folder: Path) -> None:
    """The password is right again, and the report is read."""
    (folder / "imap.pw").write_text(scene.server.password)
    await scene.stored(1)
    await scene.emptied()
    assert "amara" in scene.recipients("forward")


@pytest.mark.parametrize("kept", [b"", b"yesterday", b"2026-01-01T00:00:00"])
async def test_the_record_of_when_the_admins_were_told_was_damaged(
    tmp_path: Path, mail_server: dovecot.Server, kept: bytes
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:

        def spoil(tx: Tx) -> None:
            notes.keep(tx, "imap alarm log-in", kept)
            if not kept:
                row = NOTES.c.name == tx.keyring.lookup("note", "imap alarm log-in").hex()
                tx.run(update(NOTES).where(row).values(sealed=b"x" * 60))

        await scene.store.write(spoil, Step.ALARM)
        await refused(scene, tmp_path)
        await scene.until(lambda: scene.all("notice", "ops@example.com"), "a notice")
        await let_in(scene, tmp_path)


@pytest.mark.parametrize("missing", ["to_admins", "REFUSALS"])
async def test_something_failed_that_nobody_foresaw(
    tmp_path: Path, mail_server: dovecot.Server, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Where the admins are told, or between one session and the next."""
    with capture_logs() as log:
        async with MailboxScene(tmp_path, mail_server) as scene:
            with monkeypatch.context() as patch:
                patch.setattr(imap_in, missing, None)
                await refused(scene, tmp_path)
                await scene.until(lambda: [entry for entry in log if entry["event"] == "failed"], "a line in the log")
            await scene.until(lambda: scene.all("notice", "ops@example.com"), "a notice")
            await let_in(scene, tmp_path)
    assert {entry["task"] for entry in log if entry["event"] == "failed"} == {"imap"}
