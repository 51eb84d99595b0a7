"""Mistakes with ballots and with the question "was it you?", each named after what it would have done to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cocmail.core.case import Standing
from questions import ask, tally, vote
from scene import ALIAS, HANDLES, Delivered, Scene, nothing_more

MALLORY = "mallory@evil.example"


def name_in(mail: Delivered) -> str:
    """The code name of the case that a mail of ours belongs to."""
    return str(mail.message["Cocmail-Case"]).replace("-", " ")


async def ballots(scene: Scene) -> list[dict[str, str]]:
    return [dict(motion.ballots) for motion in (await scene.case()).proceedings.motions]


async def say_yes(scene: Scene, asked: Delivered) -> None:
    address, _ = asked.link("confirm-")
    await scene.send(scene.write(asked.recipient, address, "Yes", ""), address)


async def test_an_old_mail_or_one_to_somebody_else_was_enough_to_change_a_members_ballot(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        old = await scene.answer(scene.last("vote", "noor"), tag="#vote yes")
        await vote(scene, "noor", "no")
        with nothing_more(scene, *HANDLES):
            for again in (str(old["To"]), ALIAS, "conduct+amara@example.org", "conduct+not-sam@example.org"):
                await scene.send(old, again, sender=MALLORY)
        assert await ballots(scene) == [{"noor": "no"}]
        # A stranger asks about a tag, is answered, and hands the answer in.
        await vote(scene, "amara", "no")
        case = name_in(scene.last("forward", "amara"))
        for tag in ("#recuse", "#vote yes"):
            private = scene.write("amara@example.net", MALLORY, f"Re: [{case}] {tag}", "What is this?", proven=True)
            await scene.send(private, sender=MALLORY)
            assert f"It would run: {tag.replace('#vote', '#vote q1')}" in scene.last("confirm", "amara").text
        assert await ballots(scene) == [{"noor": "no", "amara": "no"}]
        assert (await scene.case()).members["amara"].standing is Standing.CLEARED


async def test_a_yes_to_was_it_you_went_to_the_wrong_question_or_was_lost(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for mover in ("amara", "jun"):
            await ask(scene, mover)
        first, second = scene.all("vote", "noor")
        # The same word on two questions, not proven: two ballots, and none may vanish.
        for question in (first, second):
            await scene.answer(question, tag="#vote no", proven=False)
        for asked, label in zip(scene.all("confirm", "noor"), ("q1", "q2"), strict=True):
            assert f"It would run: #vote {label} no" in asked.text
            await say_yes(scene, asked)
        assert await ballots(scene) == [{"noor": "no"}, {"noor": "no"}]
        # A stranger votes on the one question in Sam's name, then Sam on the other.
        forged = scene.write("sam@example.net", ALIAS, f"[{name_in(first)}] Q2 #vote yes", "")
        await scene.send(forged, sender=MALLORY)
        await scene.answer(scene.all("vote", "sam")[0], tag="#vote yes", proven=False)
        theirs, own = scene.all("confirm", "sam")
        assert "#vote q2 yes" in theirs.text and "#vote q1 yes" in own.text
        await say_yes(scene, own)
        assert await ballots(scene) == [{"noor": "no", "sam": "yes"}, {"noor": "no"}]


async def test_an_answer_that_was_there_in_time_did_not_count(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("amara", "jun"):
            await vote(scene, handle, "yes")
        # Who was asked whether it was they who withdrew, and withdrew once more, was taken for not having done it.
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse", proven=False)
        await scene.answer(scene.last("confirm", "ivo"), tag="#recuse")
        assert "You have withdrawn" in scene.last("receipt", "ivo").text
        with nothing_more(scene, "ivo"):
            await scene.answer(scene.last("forward", "amara"), "He is my friend, but...")
        # A ballot that was confirmed before the end, while nobody looked.
        await scene.pass_time(timedelta(hours=60))
        await scene.answer(scene.last("vote", "noor"), tag="#vote yes", proven=False)
        address, _ = scene.last("confirm", "noor").link("confirm-")
        scene.daemon.pipeline.stop()
        await scene.send(scene.write("noor@example.net", address, "Yes", ""), address, settle=False)
        scene.offset += timedelta(hours=13)
        scene.daemon.clock.wake.set()
        await scene.stop()
        await scene.start()
        await scene.settle()
        assert "Your ballot on Q1: yes" in scene.last("receipt", "noor").text
        assert tally(scene.last("tally", "sam")) == "Q1 passed majority 3 0 0 1 4"


async def test_sealed_ballots_were_read_by_everybody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for words in ("I vote no", "No, thank you.", "yes!!", "My vote: *abstain*"):
            with nothing_more(scene, "amara", "noor", "ivo", "sam"):
                await scene.answer(scene.last("vote", "jun"), words)
            assert "Was that your ballot on Q1?" in scene.last("receipt", "jun").text
        # Where one had voted, taking the question back told the mover what.
        await vote(scene, "jun", "no")
        await scene.answer(scene.last("vote", "amara"), tag="#withdraw q1")
        for handle in HANDLES:
            assert tally(scene.last("tally", handle)) == "Q1 cancelled majority 0 0 0 5 5"


async def test_who_was_given_the_handle_of_somebody_else_spoke_and_voted_as_they_had(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("jun", "noor", "sam"):
            await vote(scene, handle, "yes")
        await scene.send(scene.write("sam@example.net", ALIAS, "#committee", "I am Sam."))
        asked = scene.last("confirm", "sam")
        renamed = scene.committee_text.replace("Sam Reyes", "Tess Newman")
        await scene.change_committee(renamed.replace("sam@example.net", "tess@new.example"))
        with nothing_more(scene, *HANDLES, "tess@new.example"):
            await say_yes(scene, asked)
        await scene.pass_time(timedelta(hours=73))
        assert tally(scene.last("tally", "amara")) == "Q1 failed majority 2 0 0 2 4"
        assert not scene.all("tally", "tess@new.example")
