"""What the reporter adds and may concern anybody: it is for two watchers, and what that did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bounces import come_back
from questions import vote
from scenarios.test_a_short_name_that_was_wrong import NOTE, OPS, add, keep_out, said
from scenarios.test_digests import SPAM, digests, morning, opens
from scenarios.test_handed_on import WHY, file, owned, say
from scenarios.test_what_broke_a_seal import release, seal, tell
from scenarios.test_what_got_stuck import NUMFOCUS, checked, without
from scene import ALIAS, HANDLES, Scene, nothing_more

TALL = "It was the tall woman."


async def added(scene: Scene) -> None:
    await scene.report("Somebody shouted at me.")
    await add(scene, TALL, keep_out("nora"))


def have(scene: Scene) -> set[str]:
    """Who was sent it."""
    return {who for who in HANDLES if any(TALL in mail.text for mail in scene.all("forward", who))}


async def test_what_only_the_watchers_got_was_sent_to_anybody_who_asked_for_the_thread(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        for tag, template in (("#show", "thread"), ("#show original", "original"), ("#doc", "document")):
            for handle, has in (("amara", True), ("noor", False)):
                await scene.answer(scene.last("forward", handle), tag=tag)
                told = scene.last("document", handle)
                files = [bytes(part.get_payload(decode=True) or b"") for part in told.message.walk()]
                assert (b"tall woman" in b" ".join(files)) == has, f"{template} for {handle}"
        await scene.answer(scene.last("forward", "amara"), "A friend of mine.", tag="#recuse")
        await scene.answer(scene.last("forward", "noor"), tag="#show")
        assert "tall woman" not in scene.last("document", "noor").text


async def test_what_only_the_watchers_got_was_read_by_nobody_once_both_had_withdrawn(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        since = scene.mark()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.recipients("forward", since)
        await scene.answer(scene.last("forward", "amara"), tag="#recuse")
        assert scene.recipients("forward", since) == {"noor", "ivo"}
        assert "tall woman" in said(scene, "noor") and NOTE in said(scene, "ivo")


async def test_whoever_forges_an_address_opened_what_only_the_watchers_had_to_all(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        await scene.report("More.", to=[ALIAS, keep_out("amara"), keep_out("jun")], proven="none", subject="New")
        [first, *_] = scene.all("forward", "sam")
        await scene.answer(first, tag="#show")
        assert "tall woman" not in scene.last("document", "sam").text
        assert not any("tall woman" in mail.text for mail in scene.all("forward", "noor"))
        # One of the two can be kept out by such a mail.
        await scene.report("More.", to=[ALIAS, keep_out("amara")], proven="none", subject="Newer")
        assert (await scene.case(0)).barred == {"amara"}


async def test_what_came_back_from_both_watchers_alarmed_nobody_as_the_others_had_not_got_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        with nothing_more(scene, OPS):
            await come_back(scene, scene.last("forward", "amara"))
        await come_back(scene, scene.last("forward", "jun"))
        assert "came back from everybody who was to get it" in " ".join(scene.last("notice", OPS).text.split())


async def test_who_stepped_in_for_watchers_that_did_nothing_never_got_what_the_reporter_had_added(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await added(scene)
        assert have(scene) == {"amara", "jun"}
        for _ in range(6):
            await scene.pass_time(timedelta(hours=12))
        assert have(scene) == set(HANDLES)


async def test_after_the_hand_over_nobody_got_it_once_both_watchers_had_withdrawn(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        await say(scene, "amara", text=WHY)
        await say(scene, "jun")
        await add(scene, TALL, keep_out("nora"))
        assert have(scene) == {"amara", "jun"}
        for handle in ("amara", "jun"):
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        assert have(scene) == {"amara", "jun", "noor", "ivo"}


async def test_nobody_got_what_came_after_the_end_of_a_case_once_both_watchers_had_left(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#notreport spam")
        await add(scene, TALL, keep_out("nora"))
        left = without(without(scene.committee_text, "amara"), "jun").replace("chair: amara", "chair: noor")
        await scene.reload(left)
        await scene.settle()
        assert have(scene) == {"amara", "jun", "noor", "ivo"}


async def test_what_came_while_nobody_had_the_case_was_sent_to_all_who_came_in(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report()
        await checked(scene)
        for handle in ("amara", "jun"):
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        await add(scene, TALL, keep_out("nora"))
        assert not have(scene)
        for handle in ("ivo", "noor", "sam"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        assert have(scene) == {"ivo"}
        assert "This went to you alone" in said(scene, "ivo")


async def test_what_was_added_to_a_sealed_report_went_to_all_once_that_was_opened(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        await add(scene, TALL, keep_out("nora"))
        await tell(scene, "Kit Larsen shouted at me.")
        assert await release(scene, "amara") == set(HANDLES)
        assert have(scene) == {"amara", "jun"}
        [told] = [" ".join(mail.text.split()) for mail in scene.all("forward", "jun") if TALL in mail.text]
        assert "This went to you and to Amara Obi." in told


async def test_a_watcher_who_came_back_was_told_that_everybody_had_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await added(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        await scene.answer(scene.last("forward", "jun"), tag="#unrecuse")
        for handle in ("amara", "noor", "ivo", "sam"):
            await vote(scene, handle, "q1 yes")
        [_, again] = [mail.text for mail in scene.all("forward", "jun") if TALL in mail.text]
        assert "This went to you and to Amara Obi." in " ".join(again.split())


async def test_what_was_for_two_who_wait_for_a_changed_address_was_read_by_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        moved = scene.committee_text
        for handle in ("amara", "jun"):
            moved = moved.replace(f"{handle}@example.net", f"{handle}@new.example")
        await scene.reload(moved)
        await scene.settle()
        await add(scene, TALL, keep_out("nora"))
        assert have(scene) == {"noor", "ivo"}


@pytest.mark.parametrize("guess", [True, False])
async def test_a_guess_in_what_was_put_aside_let_in_whom_the_opened_mail_had_spelled_right(
    tmp_path: Path, guess: bool
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("First.", proven="none", to=keep_out("nora"))
        aside = {"headers": SPAM, "proven": "none"}
        await scene.report("She shouted.", to=[ALIAS, keep_out("sam")], subject="The hall", **aside)
        if guess:
            await scene.report("The tall woman.", to=[ALIAS, keep_out("obi")], subject="More", **aside)
        await morning(scene)
        [listed] = digests(scene, "jun")
        later = guess and listed.text.index("The hall") > listed.text.index("More")
        await opens(scene, listed, number=int(later))
        assert (await scene.case(0)).barred == {"sam"}
