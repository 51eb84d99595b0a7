"""What digests that left late, or while the clock was wrong, once did to people: a report stayed unread for ever."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from cocmail.core.deadlines import minute
from cocmail.store import outbox
from cocmail.store.tables import LOOKUPS
from scenarios.test_digests import DAY, SPAM, digests, morning, opens, told
from scenarios.test_floods import REAL
from scenarios.test_restored import backed_up, put_back_from, release
from scene import ALIAS, HANDLES, Delivered, Scene, nothing_more

OPS = "ops@example.com"


def shown(scene: Scene, handle: str) -> list[list[str]]:
    """The Subjects in each digest of a member."""
    return [re.findall("Subject: (.*)", mail.text) for mail in digests(scene, handle)]


async def mika_is_filtered(scene: Scene) -> None:
    """A real report is taken for spam."""
    await scene.send(scene.write(REAL, ALIAS, "What happened", "Somebody shouted at me.", headers=SPAM))
    assert (await scene.reasons())["spam"] == 1


async def is_opened(scene: Scene, mail: Delivered) -> None:
    """By that digest, once."""
    before = len(await scene.cases())
    await opens(scene, mail)
    assert "opened as a report" in scene.last("receipt", mail.recipient.partition("@")[0]).text
    assert len(await scene.cases()) == before + 1


async def looks(scene: Scene) -> None:
    """What the clock worker does every ten minutes."""
    await scene.daemon.clock._look_around()
    await scene.daemon.clock.list_asides()
    await scene.settle()


async def days_pass(scene: Scene, *spans: int) -> None:
    """The clock worker looks after each of these spans."""
    for span in spans:
        await scene.pass_time(span * DAY)
        await looks(scene)


# Letters that leave late


async def test_after_nine_days_without_a_server_the_links_were_dead_and_a_report_was_lost(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await mika_is_filtered(scene)
        await scene.smarthost.stop()
        await morning(scene)
        await days_pass(scene, 1, 8)
        assert not told(scene)
        await scene.smarthost.start()
        await scene.pass_time(DAY)
        assert told(scene) == set(HANDLES)
        [mail] = digests(scene, "amara")
        # It left within these two minutes.
        ends = (scene.now() + timedelta(days=7) - timedelta(minutes=ago) for ago in range(3))
        assert any(f"until {minute(end)}" in mail.text for end in ends)
        # They are good for days from then on.
        await days_pass(scene, 6)
        assert shown(scene, "amara") == [["What happened"]]
        await is_opened(scene, mail)
        await opens(scene, digests(scene, "jun")[0])
        assert "Somebody has opened it already" in scene.last("receipt", "jun").text


async def test_a_server_that_was_down_for_nine_days_undid_whom_a_reporter_had_kept_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Not for Amara.", to="conduct+not-amara@example.org", headers=SPAM, subject="One")
        await scene.report("More of it.", headers=SPAM, subject="Two")
        await scene.smarthost.stop()
        await morning(scene)
        await days_pass(scene, 1, 8, 1)
        await scene.smarthost.start()
        await days_pass(scene, 1, 5)
        assert shown(scene, "jun") == [["One", "Two"]] and not digests(scene, "amara")
        await opens(scene, digests(scene, "jun")[0], number=1)
        assert scene.recipients("forward") == set(HANDLES) - {"amara"}


async def test_what_a_server_refused_for_a_month_and_the_operator_sent_again_was_dead_or_read_by_the_wrong_one(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Not for Amara.", to="conduct+not-amara@example.org", headers=SPAM, subject="One")
        await scene.report("More of it.", headers=SPAM, subject="Two")
        scene.smarthost.answers[""] = "554 5.7.1 looks like spam"
        await morning(scene)
        await days_pass(scene, 3, 27, 1)
        scene.smarthost.answers.clear()
        await scene.store.write(lambda tx: [outbox.retry(tx, row.id, scene.now()) for row in outbox.listing(tx)])
        await scene.pass_time(timedelta(minutes=1))
        assert shown(scene, "jun") == [["One", "Two"]] and not digests(scene, "amara")
        await opens(scene, digests(scene, "jun")[0], number=1)
        assert scene.recipients("forward") == set(HANDLES) - {"amara"}


async def test_a_restored_store_listed_before_it_sent_and_forgot_what_it_had_listed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await mika_is_filtered(lost)
        await backed_up(lost)
        async with put_back_from(lost) as scene:
            await days_pass(scene, 1, 8)
            assert await release(scene, at_once=True) == 0
            await morning(scene)
            [mail] = digests(scene, "amara")
            await is_opened(scene, mail)


async def test_what_was_listed_when_the_backup_was_made_could_not_be_opened_after_nine_days_of_holding(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as lost:
        await mika_is_filtered(lost)
        await lost.smarthost.stop()
        await morning(lost)
        await backed_up(lost)
        async with put_back_from(lost) as scene:
            await days_pass(scene, 1, 8)
            await release(scene, at_once=True)
            [mail] = digests(scene, "amara")
            await is_opened(scene, mail)


async def test_who_got_a_digest_late_was_offered_what_had_been_opened_meanwhile(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", headers=SPAM, subject="One")
        await scene.report("Buy this.", sender="kai@visitors.example", headers=SPAM, subject="Two")
        scene.smarthost.answers["sam@example.net"] = scene.smarthost.answers["ivo@example.net"] = "451 4.3.0 later"
        await morning(scene)
        await is_opened(scene, digests(scene, "amara")[0])
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(hours=2))
        await morning(scene)
        assert shown(scene, "sam") == shown(scene, "ivo") == [["Two"]]
        assert shown(scene, "amara") == [["One", "Two"]], "nobody reads it twice because of that"


async def test_what_nobody_might_be_told_of_when_it_left_was_told_to_nobody_at_all(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", subject="One")
        await scene.report("For you alone, Jun.", to="conduct+jun@example.org", headers=SPAM, subject="Two")
        scene.smarthost.answers[""] = "451 4.3.0 later"
        await morning(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(hours=2))
        await scene.pass_time(DAY)
        await looks(scene)
        assert not told(scene)
        assert any("no member may be told" in mail.text for mail in scene.all("notice", OPS))


# A clock that is wrong


async def test_a_clock_that_was_wrong_for_a_moment_had_a_member_told_that_somebody_opened_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await mika_is_filtered(scene)
        await morning(scene)
        [mail] = digests(scene, "amara")
        await scene.jump(timedelta(days=400))
        await looks(scene)
        await scene.jump(-timedelta(days=400))
        await is_opened(scene, mail)


async def test_a_clock_that_was_wrong_for_a_moment_undid_whom_a_reporter_had_kept_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Not for Amara.", to="conduct+not-amara@example.org", headers=SPAM, subject="One")
        await scene.report("More of it.", headers=SPAM, subject="Two")
        await morning(scene)
        assert shown(scene, "jun") == [["One", "Two"]] and not digests(scene, "amara")
        await scene.jump(timedelta(days=400))
        await looks(scene)
        await scene.jump(-timedelta(days=400))
        await opens(scene, digests(scene, "jun")[0], number=1)
        assert scene.recipients("forward") == set(HANDLES) - {"amara"}


async def test_a_link_within_its_time_was_dead_because_what_was_known_of_the_mail_had_gone(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", headers=SPAM)
        await morning(scene)
        # By an earlier release, say, whose clock was wrong.
        await scene.store.write(lambda tx: tx.run(LOOKUPS.delete().where(LOOKUPS.c.kind == "aside")))
        [mail] = digests(scene, "amara")
        await is_opened(scene, mail)
        with nothing_more(scene, "amara", "sam"):
            await opens(scene, mail)


async def test_a_digest_of_an_earlier_release_that_waited_told_who_had_withdrawn_and_lost_it_to_the_others(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", subject="One")
        await scene.report("More of it.", headers=SPAM, subject="Two")
        scene.smarthost.answers[""] = "451 4.3.0 later"
        await morning(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        await scene.store.write(lambda tx: tx.run(LOOKUPS.delete().where(LOOKUPS.c.kind == "aside")))
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(hours=2))
        await morning(scene)
        assert told(scene) == set(HANDLES) - {"jun"}, "whom it is kept from was looked for anew"
        assert shown(scene, "amara") == [["Two"]]
        await opens(scene, digests(scene, "amara")[0])
        assert (await scene.reasons())["report"] == 2


async def test_what_came_while_the_clock_ran_ahead_was_not_listed_for_a_year(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.jump(timedelta(days=400))
        await scene.report("Somebody shouted at me.", headers=SPAM)
        await scene.jump(-timedelta(days=400))
        await morning(scene)
        assert told(scene) == set(HANDLES)
