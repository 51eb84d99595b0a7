"""Somebody copies the database file with a tool that locks it."""

from __future__ import annotations

import smtplib
import sqlite3
from pathlib import Path

import pytest

from cocmail.store import connections
from scene import Scene


async def test_a_store_that_somebody_else_keeps_locked_is_answered_with_451(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_BUSY_SECONDS", 0.3)
    async with Scene(tmp_path) as scene:
        await scene.report("Before.")
        blocking = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        blocking.execute("BEGIN IMMEDIATE")
        mail = scene.write("Robin <robin@visitors.example>", "conduct@example.org", "x", "Not now.")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await scene.send(mail, settle=False)
        assert refused.value.smtp_code == 451
        blocking.execute("ROLLBACK")
        blocking.close()
        await scene.report("Now.")
        assert len(await scene.cases()) == 2
        assert not any("Not now." in mail.text for mail in scene.all("forward"))
