"""Mail that is kept back: what is taken for spam, what has no envelope sender. Members are told of it once a day."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.digests import defused
from scene import ALIAS, NAMES, Delivered, Scene, committee_file, nothing_more

DAY = timedelta(days=1)
SPAM = {"X-Spam-Flag": "YES"}
NOBODY = "MAILER-DAEMON@relay.example"


async def morning(scene: Scene, span: timedelta = DAY) -> None:
    """The next day's digests are out, if there are any."""
    await scene.pass_time(span)
    await scene.daemon.clock.list_asides()
    await scene.settle()


def digests(scene: Scene, handle: str) -> list[Delivered]:
    return [mail for mail in scene.all("notice", handle) if mail.message["Subject"] == "Mail that waits"]


def told(scene: Scene) -> set[str]:
    return {handle for handle in NAMES if digests(scene, handle)}


async def opens(scene: Scene, mail: Delivered, sender: str | None = None, number: int = 0) -> None:
    """The member sends an empty mail to the address of an entry."""
    address = re.findall(r"mailto:(\S+)\?subject=Open", mail.text)[number]
    await scene.send(scene.write(sender or mail.recipient, address, "Open", ""), address)


async def test_what_is_taken_for_spam_is_listed_once_a_day_and_one_mail_opens_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo Petrov shouted at me.", headers=SPAM, subject="Please read: www.evil.example/x")
        await scene.send(scene.write(NOBODY, ALIAS, "Undelivered", "x"), sender="")
        assert not scene.all() and not await scene.cases()
        await morning(scene)
        assert told(scene) == {"amara", "jun", "noor", "ivo", "sam"}
        [mail] = digests(scene, "amara")
        assert "From: robin at visitors[.]example" in mail.text
        assert "Subject: Please read: www[.]evil[.]example/x" in mail.text
        assert "shouted" not in mail.text and mail.text.count("Open it:") == 2
        [ivos] = digests(scene, "ivo")
        assert "robin" not in ivos.text and ivos.text.count("Open it:") == 1 and "more" not in ivos.text.split("Open it")[1][:90]
        await opens(scene, mail)
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}
        assert "opened as a report" in scene.last("receipt", "amara").text
        assert scene.recipients("ack") == {"robin@visitors.example"}
        assert await scene.reasons() == {"null-sender": 1, "report": 1, "confirmed": 1}
        await morning(scene)
        assert len(digests(scene, "amara")) == 1, "what was listed is not listed again"
