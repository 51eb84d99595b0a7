"""PostgreSQL is killed under a daemon that runs, and comes back."""

from __future__ import annotations

import signal
import smtplib
from datetime import timedelta
from pathlib import Path

import pytest

import postgres
from cocmail.doors.outbox import LEASE
from scene import ALIAS, HANDLES, Scene


@pytest.mark.soak  # a server of its own, since that of the others must live
async def test_a_database_server_that_is_killed_costs_no_report_that_had_its_250(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("outbox", "clock"):
        monkeypatch.setattr(f"cocmail.doors.{place}.BUSY_PAUSE", 0.05)
    try:
        with postgres.running() as server:
            await killed_and_started_again(tmp_path, server)
    except postgres.NotInstalled as missing:
        pytest.skip(f"PostgreSQL is not installed: {missing}")


async def killed_and_started_again(folder: Path, server: postgres.Server) -> None:
    async with Scene(folder, store_url=server.new_database()) as scene:
        accepted = []
        for round_ in range(3):
            mails = [
                scene.write(f"guest{round_}{number}@visitors.example", ALIAS, "x", f"Number {round_}{number}.")
                for number in range(4)
            ]
            for mail in mails[:3]:
                await scene.send(mail, settle=False)
            # In the midst of what these bring about.
            server.end(signal.SIGKILL)
            with pytest.raises(smtplib.SMTPResponseException) as refused:
                await scene.send(mails[3], settle=False)
            assert refused.value.smtp_code == 451
            server.start()
            await scene.send(mails[3], settle=False)
            accepted += [str(mail["From"]) for mail in mails]
        # A claim whose answer was lost comes free by itself.
        scene.offset += LEASE + timedelta(minutes=1)
        await scene.settle()
        assert len(await scene.cases()) == len(accepted)
        letters = {(each.recipient, str(each.message["Message-ID"])) for each in scene.all("forward")}
        assert len(letters) == len(accepted) * len(HANDLES)
