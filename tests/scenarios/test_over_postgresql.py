"""The main job on PostgreSQL, with one daemon and with two on the same database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import postgres
from scene import Scene, nothing_more


async def test_a_report_a_discussion_and_a_recusal(tmp_path: Path, postgresql: postgres.Server) -> None:
    async with Scene(tmp_path, store_url=postgresql.new_database()) as scene:
        await scene.report("Ivo shouted at me.")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}
        await scene.answer(scene.all("ack")[0], "It was at nine.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        with nothing_more(scene, "jun", "ivo"):
            await scene.answer(scene.last("forward", "amara"), "Let us talk.")
        assert "Let us talk." in scene.last("forward", "sam").text


async def test_two_daemons_on_one_database_make_one_case_of_a_message_and_send_each_letter_once(
    tmp_path: Path, postgresql: postgres.Server
) -> None:
    first = Scene(tmp_path, store_url=postgresql.new_database())
    async with first:
        second = Scene(tmp_path, store_url=first.store_url)
        second.smarthost = first.smarthost
        await second.start()
        try:
            for number in range(6):
                scene = (first, second)[number % 2]
                mail = scene.write("Robin <robin@visitors.example>", "conduct@example.org", "x", f"Number {number}")
                await scene.send(mail, settle=False)
            await asyncio.sleep(0.5)
            await first.settle()
            await second.settle()
            assert len(await first.cases()) == 6
            assert sorted((await first.reasons()).items()) == [("report", 6)]
            letters = [(mail.recipient, str(mail.message["Message-ID"])) for mail in first.all("forward")]
            assert len(letters) == len(set(letters)) == 30
        finally:
            await second.stop()
