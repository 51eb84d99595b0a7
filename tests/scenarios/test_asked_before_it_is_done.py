"""The confirm round of what cannot be taken back, and its limits."""

from __future__ import annotations

from pathlib import Path

from questions import ask, vote
from scene import ALIAS, HANDLES, Scene, nothing_more


async def test_what_cannot_be_taken_back_is_asked_about_once_and_five_times_a_day_at_most(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        jun = scene.last("forward", "jun")
        await scene.answer(jun, tag="#own")
        await ask(scene)
        for handle in HANDLES:
            await vote(scene, handle, "yes")
        resolve = '#resolve violation "Warning number {}"'
        await scene.answer(jun, tag=resolve.format(1))
        await scene.answer(jun, tag=resolve.format(1))
        assert len(scene.all("confirm", "jun")) == 1
        assert "You were asked about just that before" in scene.last("receipt", "jun").text
        for number in range(2, 7):
            await scene.answer(jun, tag=resolve.format(number))
        assert len(scene.all("confirm", "jun")) == 5
        assert "asked you five times today" in scene.last("receipt", "jun").text
        # A plain reply is no yes: it stands for "not me".
        first = scene.all("confirm", "jun")[0]
        await scene.answer(first, "Yes, do it.")
        assert "it was not you" in scene.last("receipt", "jun").text
        await scene.answer(first, to=first.link("confirm-")[0], subject="Yes")
        assert (await scene.case()).proceedings.state.value == "decided"
        second = scene.all("confirm", "jun")[1]
        await scene.answer(second, to=second.link("confirm-")[0], subject="Yes")
        assert (await scene.case()).proceedings.resolution == "Warning number 2"
        # The third question is still open, but what it asks for is done.
        third = scene.all("confirm", "jun")[2]
        await scene.answer(third, to=third.link("confirm-")[0], subject="Yes")
        assert "resolved already" in scene.last("receipt", "jun").text
        assert (await scene.case()).proceedings.resolution == "Warning number 2"


async def test_a_forger_without_a_reply_address_cannot_use_up_the_questions_that_a_member_needs(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        code = (await scene.case()).code_name
        for number in range(7):
            forged = scene.write("jun@example.net", ALIAS, f"[{code}] #vote no", f"{number}", proven=False)
            await scene.send(forged)
            await scene.send(scene.write("jun@example.net", ALIAS, f"[{code}] #note", f"{number}", proven=False))
        assert len(scene.all("confirm", "jun")) == 5
        await scene.answer(scene.last("vote", "jun"), tag="#vote yes", proven=False)
        asked = scene.last("confirm", "jun")
        assert "#vote q1 yes" in asked.text
        await scene.answer(asked, to=asked.link("confirm-")[0], subject="Yes")
        assert "Your ballot on Q1: yes" in scene.last("receipt", "jun").text


async def test_two_notes_that_nobody_proved_are_two_questions_and_none_is_lost(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        with nothing_more(scene, "amara", "noor", "ivo", "sam"):
            for text in ("The first.", "The second."):
                await scene.answer(scene.last("forward", "jun"), text, tag="#note", proven=False)
        first, second = scene.all("confirm", "jun")
        for asked in (second, first):
            await scene.answer(asked, to=asked.link("confirm-")[0], subject="Yes")
        assert [remark.text for remark in (await scene.case()).proceedings.remarks] == ["The second.", "The first."]
