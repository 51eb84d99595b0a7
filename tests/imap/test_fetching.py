"""Reports that arrive in a mailbox: real Dovecot, real daemon, nothing in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dovecot
from mailbox_scene import QUICK, MailboxScene


async def test_a_report_in_the_mailbox_becomes_a_case_and_leaves_it(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    async with MailboxScene(tmp_path, mail_server) as scene:
        await scene.deliver(scene.letter("Somebody shouted at me in the hall."))
        await scene.stored(1)
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}
        assert scene.recipients("ack") == {"robin@visitors.example"}
        await scene.emptied()
