"""A store that was lost and put back: nothing is sent by itself, and whoever withdrew meanwhile can say it again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from cocmail.store import backup, outbox, restored
from cocmail.store.restore import put_back
from cocmail.vault.keyring import Keyring
from scenarios.test_metrics import MAIN, ask
from scene import HANDLES, Scene, nothing_more

DAY = timedelta(days=1)


async def backed_up(scene: Scene) -> None:
    """`cocmail backup`, beside the running daemon."""
    await asyncio.to_thread(backup.write, scene.store, scene.folder / "backups", scene.now(), "0.1.0")


@asynccontextmanager
async def put_back_from(lost: Scene, *, after: timedelta = timedelta(0), main: str = "") -> AsyncIterator[Scene]:
    """The daemon that starts on what was restored, on another machine, after some time."""
    await lost.stop()
    scene = Scene(lost.folder / "again", main=main)
    scene.folder.mkdir()
    shutil.copy(lost.folder / "master.key", scene.folder)
    scene.offset = lost.offset + after
    keyring = Keyring.load(scene.folder / "master.key")
    await asyncio.to_thread(
        put_back, lost.folder / "backups", f"sqlite:///{scene.folder}/store.db", keyring, scene.now()
    )
    async with scene:
        await scene.settle()
        yield scene
    await lost.start()


async def release(scene: Scene, *, at_once: bool = False, drop: bool = False) -> int:
    """`cocmail queue release`."""
    count = await scene.store.write(lambda tx: restored.release(tx, scene.now(), at_once=at_once, drop=drop))
    await scene.settle()
    return count


async def states(scene: Scene) -> list[str]:
    return sorted(row.state for row in await scene.store.read(outbox.listing))


async def test_who_withdrew_after_the_backup_says_it_again_before_there_is_news(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await lost.report("Kit shouted at me.")
        to_jun, to_sam, to_amara = (lost.last("forward", handle) for handle in ("jun", "sam", "amara"))
        await backed_up(lost)
        await lost.answer(to_jun, tag="#recuse")
        await lost.answer(to_sam, tag="#recuse")
        async with put_back_from(lost) as scene:
            # It takes mail and carries out what is said, and nobody hears a thing.
            await scene.answer(to_sam, tag="#recuse")
            await scene.answer(to_amara, "Let us talk about it.")
            assert scene.all() == []
            assert set(await states(scene)) == {"held"}
            # The receipt, the others' notices, and the talk to noor, ivo and jun: not to sam.
            assert await release(scene) == len(await states(scene)) + len(scene.all()) - len(HANDLES)
            for handle in HANDLES:
                first = scene.all(to=handle)[0]
                assert first.kind == "notice" and "send #recuse again" in first.text
                assert str(first.message["Subject"]) == "About the committee"
            assert {mail.kind for mail in scene.all(to="sam")} == {"notice", "receipt"}
            assert scene.recipients("forward") == set(), "jun has not said it again yet"
            # The reply address of before the loss is good, and so is what was in the file.
            await scene.answer(to_jun, tag="#recuse")
            assert scene.all("receipt", "jun")
            with nothing_more(scene, "jun", "sam"):
                await scene.pass_time(DAY)
                assert scene.recipients("forward") == {"noor", "ivo"}
                await scene.answer(scene.last("forward", "noor"), "Yes, let us.")
            assert "Yes, let us." in scene.last("forward", "amara").text


async def test_what_waited_when_the_backup_was_made_leaves_once_and_is_known_as_the_same_mail(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        lost.smarthost.answers[""] = "450 4.3.2 not now"
        await lost.report("Kit shouted at me.")
        await backed_up(lost)
        lost.smarthost.answers.clear()
        await lost.store.write(lambda tx: [outbox.retry(tx, row.id, lost.now()) for row in outbox.listing(tx)])
        await lost.settle()
        assert len(lost.all("forward")) == len(HANDLES)
        async with put_back_from(lost) as scene:
            assert scene.all() == [] and set(await states(scene)) == {"held"}
            assert await release(scene) == len(HANDLES) + 1
            assert len(await scene.cases()) == 1
            for handle in HANDLES:
                (again,) = scene.all("forward", handle)
                assert again.content == lost.last("forward", handle).content
            assert len(scene.all("ack")) == 1
            assert await states(scene) == []


async def test_what_waited_can_be_thrown_away_instead(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        lost.smarthost.answers[""] = "450 4.3.2 not now"
        await lost.report("Kit shouted at me.")
        await backed_up(lost)
        async with put_back_from(lost) as scene:
            await scene.report("And Kim saw it.", sender="Kim <kim@visitors.example>")
            # Of the new report five and one; the notices to the members are not held.
            assert await release(scene, drop=True) == len(HANDLES) + 1
            assert [mail.text.count("Kit shouted") for mail in scene.all("forward")] == [0] * len(HANDLES)
            assert len(await scene.cases()) == 2, "nothing is lost but the letters"


async def test_a_report_that_comes_in_after_the_release_is_not_kept_waiting(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await lost.report("Kit shouted at me.")
        reply = lost.all("ack")[0]
        await backed_up(lost)
        async with put_back_from(lost) as scene:
            await release(scene)
            await scene.report("Something else.", sender="Kim <kim@visitors.example>")
            assert scene.recipients("forward") == set(HANDLES)
            await scene.answer(reply, "It was at nine.")
            assert not [mail for mail in scene.all("forward") if "at nine" in mail.text]
            # All members have answered the operator: the day is over.
            await release(scene, at_once=True)
            assert len([mail for mail in scene.all("forward") if "at nine" in mail.text]) == len(HANDLES)


async def test_nothing_ends_by_time_before_members_could_vote_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await lost.report("Kit shouted at me.")
        text = "Finding: it happened\nPlan: we talk\nConsequence: a warning\nIf refused: a ban"
        await lost.answer(lost.last("forward", "amara"), text, tag="#motion outcome")
        question = lost.last("vote", "jun")
        await backed_up(lost)
        await lost.answer(question, tag="#vote yes")
        async with put_back_from(lost, after=timedelta(hours=71)) as scene:
            await scene.pass_time(timedelta(hours=2))
            (motion,) = (await scene.case()).proceedings.motions
            assert motion.is_open, "its time is over, and nobody could say anything"
            await release(scene)
            await scene.pass_time(timedelta(hours=23))
            assert (await scene.case()).proceedings.motions[0].is_open
            await scene.pass_time(timedelta(hours=2))
            assert not (await scene.case()).proceedings.motions[0].is_open
            assert scene.recipients("tally") == set(HANDLES)


async def test_a_clock_that_ran_ahead_at_the_release_makes_no_year_of_the_day(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await lost.report("Kit shouted at me.")
        to_amara = lost.last("forward", "amara")
        await backed_up(lost)
        async with put_back_from(lost, after=timedelta(days=365)) as scene:
            await release(scene)
            await scene.jump(-timedelta(days=365))
            await scene.answer(to_amara, "Let us talk about it.")
            assert scene.recipients("forward") == set()
            await scene.pass_time(timedelta(hours=25))
            assert scene.recipients("forward") == set(HANDLES) - {"amara"}


async def test_a_monitor_sees_that_nothing_is_sent(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await backed_up(lost)
        async with put_back_from(lost, main=MAIN) as scene:
            status, text = await ask(scene, "/health")
            assert status == 200 and "nothing is sent until `cocmail queue release`" in text
            assert "cocmail_sends 0.0" in (await ask(scene, "/metrics"))[1]
            await release(scene)
            assert await ask(scene, "/health") == (200, "ok\n")
            assert "cocmail_sends 1.0" in (await ask(scene, "/metrics"))[1]
