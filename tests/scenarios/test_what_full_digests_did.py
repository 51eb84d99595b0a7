"""What digests once did to people when there was too much to list, or a row of the store was damaged: a report stayed
among the spam for ever.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cocmail.core import lists as due
from cocmail.store import lookups
from cocmail.store.tables import LOOKUPS
from cocmail.store.transaction import Tx
from scenarios.test_digests import SPAM, digests, morning
from scenarios.test_floods import FLOOD, lists, pour
from scenarios.test_what_late_digests_did import OPS, days_pass, is_opened, shown
from scene import Scene, nothing_more


async def spoil(scene: Scene, kind: str) -> None:
    def work(tx: Tx) -> int:
        return tx.run(update(LOOKUPS).where(LOOKUPS.c.kind == kind).values(sealed=b"x" * 60)).rowcount

    assert await scene.store.write(work)


# Too many


async def test_who_sent_more_junk_a_day_than_one_letter_holds_kept_every_report_from_being_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "ENTRIES", 2)
    monkeypatch.setattr(due, "AT_ONCE", 4)
    async with Scene(tmp_path) as scene:
        for day in range(2):
            for number in range(5):
                junk = f"j{day}{number}"
                await scene.report(junk, headers=SPAM, subject=junk, sender=f"{junk}@junk.example", proven="none")
            await scene.report("Ivo Petrov shouted at me.", headers=SPAM, subject=f"real{day}")
            await morning(scene)
            await lists(scene, "amara", timedelta(minutes=5))
            assert shown(scene, "amara")[-1][-1] == f"real{day}", "all of a day, on the next morning"
        assert [len(each) for each in shown(scene, "amara")] == [2, 2, 2] * 2
        assert [len(each) for each in shown(scene, "ivo")] == [2, 2, 1] * 2
        await is_opened(scene, digests(scene, "amara")[1])


async def test_what_does_not_fit_into_one_look_is_listed_minutes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "ENTRIES", 2)
    monkeypatch.setattr(due, "AT_ONCE", 4)
    async with Scene(tmp_path, main=FLOOD) as scene:
        scene.daemon.clock._listed = scene.now()
        await pour(scene, 14)
        await lists(scene, "amara")
        assert [len(each) for each in shown(scene, "amara")] == [2, 2]
        for _ in range(2):
            await lists(scene, "amara", timedelta(minutes=5))
        assert [len(each) for each in shown(scene, "amara")] == [2, 2, 2, 2, 1]
        assert len({subject for each in shown(scene, "amara") for subject in each}) == 9
        # Then it is quiet for half an hour.
        await pour(scene, 1)
        assert (await scene.reasons())["flood"] == 10
        with nothing_more(scene, "amara"):
            await lists(scene, "amara", timedelta(minutes=5))
        await lists(scene, "amara", timedelta(minutes=30))
        assert len(shown(scene, "amara")) == 6


# What is damaged


@pytest.mark.parametrize("of_whom", [["robin"], ["robin", "mika"]])
async def test_one_damaged_row_about_a_sender_stopped_all_digests(tmp_path: Path, of_whom: Collection[str]) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        for name in of_whom:
            await scene.report("More of it.", sender=f"{name}@visitors.example", headers=SPAM, subject=name)
        await spoil(scene, "party")
        await days_pass(scene, 1, 1)
        assert {*map(str, shown(scene, "amara"))} == ({"['mika']"} if "mika" in of_whom else set())
        assert any("no member may be told" in mail.text for mail in scene.all("notice", OPS))


async def test_one_damaged_row_about_what_was_over_stopped_all_digests(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Buy this.", headers=SPAM, subject="One")
        await days_pass(scene, 1)
        await spoil(scene, "aside-of")
        await days_pass(scene, 8, 1)
        assert not await scene.store.read(lambda tx: lookups.has(tx, "aside"))
        await scene.report("Somebody shouted at me.", sender="kai@visitors.example", headers=SPAM, subject="Two")
        await days_pass(scene, 1)
        assert shown(scene, "amara") == [["One"], ["Two"]]
