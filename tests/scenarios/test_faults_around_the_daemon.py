"""What goes wrong around a running daemon: its clock is set to another decade, the smarthost says nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.doors import smtp_out
from cocmail.store import outbox
from scene import HANDLES, Scene

TEN_YEARS = timedelta(days=3653)


@pytest.mark.parametrize("years", [TEN_YEARS, -TEN_YEARS], ids=["ahead", "behind"])
async def test_a_clock_that_steps_by_ten_years_and_back_delays_no_report_and_doubles_nothing(
    tmp_path: Path, years: timedelta
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Before.")
        await scene.jump(years)
        await scene.report("Meanwhile.", sender="Kai <kai@visitors.example>")
        await scene.answer(scene.last("forward", "jun"), "I have read it.")
        await scene.jump(-years)
        await scene.report("Afterwards.", sender="Lea <lea@visitors.example>")
        for words in ("Before.", "Meanwhile.", "Afterwards."):
            reached = sorted(mail.recipient for mail in scene.all("forward") if words in mail.text)
            assert reached == sorted(f"{handle}@example.net" for handle in HANDLES), words
        often = Counter(str(mail.message["Message-ID"]) for mail in scene.smarthost.delivered)
        assert set(often.values()) == {1}
        # Each member is told what is late by that clock, but no case is over, and nothing of it is erased.
        assert len(await scene.cases()) == 3


async def test_a_smarthost_that_stalls_in_the_midst_of_a_letter_delays_it_and_takes_mail_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_out, "DATA_SECONDS", 0.3)
    async with Scene(tmp_path) as scene:
        scene.smarthost.hold = asyncio.Event()
        await scene.report()
        waiting = await scene.store.read(outbox.listing)
        assert {row.code for row in waiting} == {"451 4.4.2"} and len(waiting) == 6
        assert scene.smarthost.delivered == []
        # It wakes up, and what it took without a word is the same letter as the one that comes again.
        scene.smarthost.hold.set()
        scene.smarthost.hold = None
        await scene.pass_time(timedelta(minutes=2))
        assert scene.recipients("forward") == set(HANDLES)
        copies = {(str(mail.message["Message-ID"]), mail.content) for mail in scene.all("forward")}
        assert len(copies) == len(HANDLES)


async def test_mail_still_comes_in_while_the_smarthost_says_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.hold = asyncio.Event()
        for number in range(6):
            mail = scene.write(f"guest{number}@visitors.example", "conduct@example.org", "x", f"Number {number}.")
            await scene.send(mail, settle=False)
        async with asyncio.timeout(20):
            while len(await scene.cases()) < 6:
                await asyncio.sleep(0.02)
        scene.smarthost.hold.set()
        scene.smarthost.hold = None
        await scene.settle()
        assert len(scene.all("forward")) == 6 * len(HANDLES)
