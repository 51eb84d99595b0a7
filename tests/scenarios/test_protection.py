"""Danger, and what is done at once to keep people safe: nobody is blocked, and everybody looks at it afterwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from people import checked, words
from questions import tally, vote
from scene import Scene, committee_file

HOUR = timedelta(hours=1)
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
KUBERNETES = committee_file(policy="kubernetes", more_members=RUTH)
CHAOSS = committee_file(policy="chaoss", triage="{size: 1, order: [amara, jun]}", more_members=RUTH)
NUMFOCUS = committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)
BAN = "Kit is not let into the venue."


async def test_who_acts_in_danger_asks_nobody_and_the_others_vote_on_it_within_a_day(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), "Kit is at the door.", tag="#danger")
        assert "Kit is at the door." in scene.last("notice", "noor").text
        assert "emergency number" in scene.last("notice", "noor").text
        assert "emergency number" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("forward", "jun"), "I had Kit led out.", tag="#act")
        assert "I had Kit led out." in scene.last("notice", "sam").text
        # It stands, and the vote of the others on it is open already.
        assert "I had Kit led out." in scene.last("vote", "sam").text
        done = (await scene.case()).proceedings
        assert done.state.value == "open" and done.danger and done.urgent and done.safety == "yes"
        assert not scene.all("vote", "jun")
        for handle in ("amara", "noor", "ivo"):
            await vote(scene, handle, "yes")
        await scene.pass_time(25 * HOUR)
        assert tally(scene.last("tally", "sam")).startswith("Q1 passed")
        assert "What was done stands" in scene.last("tally", "sam").text


async def test_only_a_majority_ends_what_was_done_alone_and_silence_does_not(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), BAN, tag="#interim until:2027-03-01")
        await scene.pass_time(25 * HOUR)
        assert tally(scene.last("tally", "sam")).startswith("Q1 failed")
        assert "What was done stands" in scene.last("tally", "sam").text
        await scene.answer(scene.last("forward", "jun"), "No wristband for Kit.", tag="#interim until:2027-03-01")
        for handle in ("amara", "noor", "ivo"):
            await vote(scene, handle, "no")
        await scene.pass_time(25 * HOUR)
        assert "is over from now on" in scene.last("tally", "sam").text
        # What is over is not brought to mind; what stands is, before it ends and when it has.
        await scene.pass_time(timedelta(days=80))
        await scene.pass_time(timedelta(days=20))
        reminded = [mail.text for mail in scene.all("reminder", "sam") if "measure to protect" in mail.text]
        assert len(reminded) == 2 and all(BAN in text and "wristband" not in text for text in reminded)
        assert "Over since" in reminded[1]


async def test_who_was_asked_and_has_not_read_it_may_act_and_reads_nothing_by_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report("WORDS about Kit.")
        # The one watcher is alone with it: nobody could look at it yet, and somebody is reminded that they have to.
        await scene.answer(scene.last("forward", "amara"), "I closed the room.", tag="#act")
        assert not scene.all("vote") and "As soon as somebody else" in scene.last("receipt", "amara").text
        await checked(scene)
        await scene.answer(scene.last("check", "sam"), "I took Kit's badge.", tag="#act")
        assert "On record as M2" in scene.last("receipt", "sam").text
        assert "I took Kit's badge." in scene.last("notice", "amara").text
        assert "WORDS" not in words(scene, "sam") and not scene.all("vote", "sam")
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        # Now somebody else has it: what Amara did is voted on, by Noor; and what Sam did, by both.
        asked = "".join(mail.text for mail in scene.all("vote", "noor"))
        assert "I closed the room." in asked and "I took Kit's badge." in asked


async def test_where_the_committee_decides_a_measure_waits_for_the_vote_but_an_act_never(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report("About Kit.")
        await checked(scene)
        for handle in ("noor", "ivo", "sam"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        await scene.answer(scene.last("forward", "jun"), BAN, tag="#interim until:2027-03-01")
        assert "decide on it: Q1" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("forward", "amara"), f"Until: 2027-02-01\n{BAN}", tag="#motion interim")
        await scene.answer(scene.last("forward", "amara"), BAN, tag="#motion interim")
        refused = scene.last("receipt", "amara").text
        assert "Until:" in refused and "Nothing was run" in refused
        for handle in ("amara", "jun", "noor", "ivo", "sam"):
            await scene.answer(scene.last("vote", handle), tag="#vote q1 yes")
        assert "in force, to the end of 2027-03-01" in scene.last("tally", "sam").text
        await scene.answer(scene.last("forward", "sam"), tag="#act")
        assert "On record as M3" in scene.last("receipt", "sam").text
        await scene.answer(scene.last("forward", "jun"), tag="#doc")
        document = scene.last("document", "jun").text
        assert "M1" in document and "in force" in document and "M3" in document


async def test_a_measure_of_yesterday_is_refused(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), BAN, tag="#interim until:2020-01-01")
        assert "2020-01-01" in scene.last("receipt", "jun").text and not (await scene.case()).proceedings.measures
