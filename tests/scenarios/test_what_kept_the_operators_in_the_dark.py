"""What went wrong, and nobody who runs the machine was told. Each is named after what it did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cocmail.core.case import Case
from cocmail.doors import reminders
from cocmail.records import case_that_opens
from cocmail.store.tables import NOTES
from cocmail.store.transaction import Tx
from scenarios.test_digests import SPAM
from scenarios.test_what_stopped_the_daemon import ELSEWHERE, OTHERS, two
from scene import ALIAS, NAMES, Scene, committee_file

OPS = "ops@example.com"


async def spoil(scene: Scene, name: str) -> None:
    """What a disk does to the small record of that name."""

    def work(tx: Tx) -> None:
        row = NOTES.c.name == tx.keyring.lookup("note", name).hex()
        assert tx.run(update(NOTES).where(row).values(sealed=b"x" * 60)).rowcount == 1

    await scene.store.write(work)


async def look(scene: Scene, days: int = 1) -> None:
    """The clock looks around, once a day."""
    for _ in range(days):
        await scene.pass_time(timedelta(days=1))
        await scene.daemon.clock._look_around()
        await scene.settle()


def heard(scene: Scene, words: str) -> int:
    """How often the operators read that."""
    return sum(words in " ".join(mail.text.split()) for mail in scene.all("notice", OPS))


def heard_daily(scene: Scene, words: str, times: int) -> bool:
    """Once a day; the daemon's own clock may have looked on the first day as well."""
    return times <= heard(scene, words) <= times + 1


async def test_a_damaged_book_silenced_every_alarm_and_every_reminder(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await spoil(scene, f"book {ALIAS}")
        await scene.report("Somebody hit me.")
        assert heard(scene, "A message came in that cocmail failed on") == 1
        await look(scene, 3)
        # At once, and on the days after the first.
        assert heard_daily(scene, "A message came in that cocmail failed on", 3)
        assert heard_daily(scene, "that of who is a member of a committee", 3)
        assert not heard(scene, "Mail was kept back as spam"), "nothing was"


async def test_spam_that_a_damaged_book_kept_from_every_list_was_nobodys_trouble(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody hit me.", headers=SPAM)
        await spoil(scene, f"book {ALIAS}")
        await look(scene)
        assert heard_daily(scene, "Mail was kept back as spam", 1)


async def test_a_bug_in_one_reminder_took_all_the_others_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bool:
        raise RuntimeError("a bug of ours")

    async with Scene(tmp_path) as scene:
        await scene.report()
        await spoil(scene, f"book {ALIAS}")
        await scene.report("Somebody hit me.")
        monkeypatch.setitem(reminders._LOOKS, "delayed", fails)
        monkeypatch.setitem(reminders._LOOKS, "damaged", fails)
        await look(scene, 2)
        assert heard_daily(scene, "A message came in that cocmail failed on", 2)


async def test_the_record_of_when_they_were_told_was_damaged_and_they_were_told_nothing_more(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await spoil(scene, f"book {ALIAS}")
        await scene.report("Somebody hit me.")
        await look(scene)
        for alarm in ("shunted", "damaged"):
            await spoil(scene, f"reminded {alarm}")
        await look(scene)
        assert heard_daily(scene, "A message came in that cocmail failed on", 2)
        assert heard_daily(scene, "that of who is a member of a committee", 2)


async def test_no_report_was_stored_while_every_case_was_opened_to_remind_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, bool]] = []

    def watched(tx: Tx, case_id: str) -> Case | None:
        opened.append((case_id, tx.writing))
        return case_that_opens(tx, case_id)

    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.report("They all did: " + ", ".join(NAMES.values()), subject="Another")
        await scene.pass_time(timedelta(days=1))
        monkeypatch.setattr(reminders, "case_that_opens", watched)
        await look(scene, 2)
        assert heard(scene, "There is a report that nobody may read") >= 2
        first, unread = await scene.cases()
        # In the way of those who write: once a day, and that one alone.
        assert {case_id for case_id, _ in opened} == {first, unread}
        assert {case_id for case_id, writing in opened if writing} == {unread}


async def test_what_was_erased_since_it_was_looked_for_is_no_damage(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        roster, now = scene.daemon.roster, scene.now()
        await scene.store.write(lambda tx: reminders.remind(tx, "damaged", roster, now, ["gone-by-now"]))
        await scene.settle()
        assert not scene.all("notice", OPS)


async def test_an_alarm_was_never_sent_as_the_committee_that_it_came_from_was_taken_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.daemon.change(two(scene, committee_file(), ELSEWHERE))
        await scene.smarthost.stop()
        await scene.report()
        await spoil(scene, f"book {ALIAS}")
        await scene.report("Somebody hit me.")
        await scene.reload(OTHERS.replace(ALIAS, "third@example.org"))
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=13))
        assert heard(scene, "A message came in that cocmail failed on") == 1
