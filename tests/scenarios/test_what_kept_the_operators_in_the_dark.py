"""What went wrong, and nobody who runs the machine was told. Each is named after what it did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cocmail.core.case import Case
from cocmail.doors import reminders
from cocmail.records import case_that_opens
from cocmail.store import outbox
from cocmail.store.tables import NOTES
from cocmail.store.transaction import Tx
from scenarios.test_digests import SPAM
from scenarios.test_what_stopped_the_daemon import ELSEWHERE, OTHERS, two
from scene import ALIAS, HANDLES, NAMES, Scene, committee_file

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


REFUSED, NO_SUCH = "was refused for good", "550 5.1.1 no such user"


async def tried_again(scene: Scene) -> None:
    """`cocmail queue retry all`"""
    now, rows = scene.now(), await scene.store.read(outbox.listing)
    for row in rows:
        if row.state == outbox.PARKED:
            await scene.store.write(lambda tx, row=row: outbox.retry(tx, row.id, now))
    await scene.settle()


async def parked(scene: Scene) -> list[str]:
    """The kinds of what is parked."""
    return sorted(row.kind for row in await scene.store.read(outbox.listing) if row.state == outbox.PARKED)


async def test_every_letter_of_a_report_that_was_refused_was_a_mail_of_its_own_and_so_at_each_try(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers = {f"{who}@example.net": NO_SUCH for who in HANDLES}
        await scene.report()
        assert await parked(scene) == ["forward"] * 5
        assert heard(scene, REFUSED) == 1
        # Tried again soon, and twice: heard of when the hour is over.
        for _ in range(2):
            await scene.pass_time(timedelta(minutes=10))
            await tried_again(scene)
        assert heard(scene, REFUSED) == 1
        await scene.pass_time(timedelta(minutes=41))
        assert heard(scene, REFUSED) == 2
        # What is refused after that is not kept back for long either, and never for good.
        await scene.report("Another.", subject="Another")
        await scene.pass_time(timedelta(minutes=61))
        await scene.report("A third.", subject="A third")
        await scene.pass_time(timedelta(hours=2))
        assert 3 <= heard(scene, REFUSED) <= 4
        before = heard(scene, REFUSED)
        await look(scene, 2)
        # Daily, besides what is said of that day's reminders to these members, which are refused as well.
        assert before + 2 <= heard(scene, REFUSED) <= before + 4


@pytest.mark.parametrize("spoiled", [False, True])
async def test_a_clock_or_a_disk_that_was_wrong_silenced_what_was_refused(tmp_path: Path, spoiled: bool) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = NO_SUCH
        await scene.report()
        if spoiled:
            await spoil(scene, "told parked")
        else:
            await scene.jump(timedelta(days=-400))
        await scene.report("Another.", subject="Another")
        assert heard(scene, REFUSED) == 2


async def test_an_answer_to_a_mailbox_that_is_not_there_was_an_alarm_on_every_day_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["robin@visitors.example"] = NO_SUCH
        await scene.report()
        assert await parked(scene) == ["ack"]
        assert heard(scene, REFUSED) == 1
        before = heard(scene, REFUSED)
        await look(scene, 3)
        # What else the daemon says to Robin is another matter, and there is nothing of it yet.
        assert await parked(scene) == ["ack"] and heard(scene, REFUSED) == before
        # A letter to a member is a report that nobody reads.
        scene.smarthost.answers["jun@example.net"] = NO_SUCH
        await scene.report("Another.", subject="Another", sender="kit@visitors.example")
        assert heard(scene, REFUSED) == before + 1
        await look(scene, 3)
        assert heard(scene, REFUSED) >= before + 3


@pytest.mark.parametrize("answer", ["451 4.7.1 not now", "550 5.7.1 a rule against you", "550 no"])
async def test_answers_that_a_server_refuses_for_what_we_are_are_the_operators_to_mend(
    tmp_path: Path, answer: str
) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["robin@visitors.example"] = answer
        await scene.report()
        for _ in range(6):
            await scene.pass_time(timedelta(hours=13))
        assert "ack" in await parked(scene)
        before = heard(scene, REFUSED)
        await look(scene, 3)
        assert heard(scene, REFUSED) >= before + 2
