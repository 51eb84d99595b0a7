"""What members asked for, and heard nothing of. Each is named after what it did to them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cocmail.mail.reader import Reader
from cocmail.store import spool
from people import checked, write
from scenarios.test_what_went_wrong_with_members import KIM, numfocus
from scene import Scene

OPS = "ops@example.com"
HUGE = {"X-Huge": "1"}
SHORT = timedelta(minutes=6)


class Failing:
    """The child that reads mails has no memory left for a huge one: for its files alone, or for all of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files = self.words = False
        ask = Reader._ask

        async def asked_for(reader: Reader, child: Any, raw: bytes, asked: Any, understand: Any) -> Any:
            wants_files = asked.keywords["contents"]
            if b"X-Huge" in raw and (self.files if wants_files else self.words):
                raise OSError("no memory left")
            return await ask(reader, child, raw, asked, understand)

        monkeypatch.setattr(Reader, "_ask", asked_for)

    def all(self, scene: Scene) -> None:
        """From now on, and whatever was read is not in memory any more."""
        forgotten(scene)
        self.files = self.words = True


def said(text: str) -> str:
    return " ".join(text.split())


async def put_off(scene: Scene) -> int:
    return len(await scene.store.read(spool.postponed))


def forgotten(scene: Scene) -> None:
    """Whatever was read is not in memory any more."""
    scene.daemon.pipeline.contents._read.clear()


async def tried_thrice(scene: Scene) -> None:
    for _ in range(3):
        await scene.pass_time(SHORT)


async def test_a_letter_to_the_reporter_was_put_off_for_ever_as_the_files_of_the_report_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("It was at the bus stop, he took my arm and did not let go.", headers=HUGE)
        forgotten(scene)
        failing.files = True
        await scene.answer(scene.last("forward", "jun"), "Dear reporter, we have read it.", tag="#reporter")
        assert "Dear reporter" in scene.last("draft", "amara").text, "its words can be had"
        # They are still compared with.
        words = "To: kit@example.org\nDid you say that he took my arm and did not let go?"
        for tag in ("#scope in", "#risk safety:maybe repeat:maybe"):
            await scene.answer(scene.last("forward", "jun"), "", tag=tag)
        await scene.answer(scene.last("forward", "jun"), words, tag='#contact "Kit Larsen"')
        assert "cannot go out" in said(scene.last("receipt", "jun").text)
        assert not await put_off(scene)


async def test_a_letter_to_somebody_was_put_off_for_ever_as_the_report_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("It was at the bus stop, he took my arm.", headers=HUGE)
        forward = scene.last("forward", "jun")
        for tag in ("#scope in", "#risk safety:maybe repeat:maybe"):
            await scene.answer(forward, "", tag=tag)
        failing.all(scene)
        mark = scene.mark()
        letter = "To: kit@example.org\nWere you at the bus stop?"
        await scene.answer(forward, letter, tag='#contact "Kit Larsen"')
        for _ in range(2):
            assert await put_off(scene) == 1 and scene.mark() == mark, "it may be readable in a while"
            await scene.pass_time(SHORT)
        await scene.pass_time(SHORT)
        assert "one mail of it cannot be read any more" in said(scene.last("receipt", "jun").text)
        assert not await put_off(scene) and not scene.all("draft"), "nothing goes out unchecked"
        # What the reporter wrote is no secret from the reporter: to them it can be written.
        await scene.answer(forward, "Dear reporter, we have read it.", tag="#reporter")
        await tried_thrice(scene)
        assert "Dear reporter" in scene.last("draft", "amara").text


async def test_a_draft_was_sent_unchecked_as_the_mail_of_somebody_else_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody took my arm.")
        forward = scene.last("forward", "jun")
        huge = scene.write(
            "amara@example.net",
            str(scene.last("forward", "amara").message["Reply-To"]),
            f"Re: {forward.message['Subject']}",
            "I think that he did it on purpose.",
            proven=True,
            headers=HUGE,
        )
        await scene.answer(forward, "Dear reporter, we have read it.", tag="#reporter")
        await scene.send(huge, str(huge["To"]))
        failing.all(scene)
        await scene.answer(scene.last("draft", "noor"), "", tag="#send D1")
        await tried_thrice(scene)
        assert "one mail of it cannot be read any more" in said(scene.last("receipt", "noor").text)
        assert not scene.all("outreach")
        # As soon as it can be read again the letter goes.
        failing.words = False
        await scene.answer(scene.last("draft", "noor"), "Once more.", tag="#send D1")
        assert scene.recipients("outreach") == {"robin@visitors.example"}


async def test_a_case_could_never_be_resolved_as_its_report_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("It was Somebody Rivers.", headers=HUGE)
        failing.all(scene)
        for words in ("Talk with Rivers", "a talk with both"):
            await scene.answer(scene.last("forward", "jun"), "", tag=f'#actions "{words}"')
            await tried_thrice(scene)
        refused, done = scene.all("receipt", "jun")[-2:]
        assert "a name, or it may be one" in said(refused.text) and "Rivers" in refused.text
        assert "a talk with both" in done.text and (await scene.case()).proceedings.actions == "a talk with both"


async def test_what_was_put_off_while_the_clock_ran_ahead_was_put_off_for_a_year(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("It was at the bus stop.", headers=HUGE)
        failing.all(scene)
        scene.offset += timedelta(days=400)
        forward = scene.last("forward", "jun")
        await scene.answer(forward, "Dear reporter, we have read it.", tag="#reporter", settle=False)
        async with asyncio.timeout(10):
            while not await put_off(scene):
                await asyncio.sleep(0.05)
        scene.offset -= timedelta(days=400)
        failing.words = False
        await scene.pass_time(SHORT)
        await scene.daemon.clock._look_around()
        await scene.settle()
        assert not await put_off(scene) and "Dear reporter" in scene.last("draft", "amara").text


async def test_the_operators_were_told_of_a_committee_that_was_gone_and_none_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path) as scene:
        await scene.report("It was at the bus stop.", headers=HUGE)
        failing.all(scene)
        await scene.answer(scene.last("forward", "jun"), "Dear reporter, we have read it.", tag="#reporter")
        await scene.daemon.clock._look_around()
        await scene.settle()
        told = said(scene.last("notice", OPS).text)
        assert "If a committee is in no configuration any more" in told and "could not be read again" in told


async def test_a_new_member_never_heard_that_what_they_asked_for_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch)
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET: Kit threatened me.", headers=HUGE)
        await checked(scene)
        for handle in ("noor", "sam", "ivo"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        await scene.change_committee(numfocus(KIM))
        address, _ = next(mail for mail in scene.all("notice", "kim") if "%23clear" in mail.text).link("#clear 1")
        for words, may_read in (("cannot be read any more", False), ("", True)):
            forgotten(scene)
            failing.files = failing.words = not may_read
            await write(scene, "kim@example.net", "#clear 1", to=address)
            await tried_thrice(scene)
            assert words in said(scene.last("receipt", "kim").text)
            assert any("SECRET" in mail.text for mail in scene.all(to="kim")) is may_read
