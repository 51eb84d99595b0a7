"""A question, its ballots and its end, by mail alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import postgres
from questions import MOTION, ask, tally, vote
from scene import HANDLES, Scene, committee_file, nothing_more


async def test_five_vote_and_everybody_is_told_how_it_ended(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        assert scene.recipients("vote") == set(HANDLES)
        question, report = scene.last("vote", "jun"), scene.last("forward", "jun")
        assert question.message["Subject"] == str(report.message["Subject"]).replace("] ", "] Q1 ")
        assert "no hosting of meetups" in question.text and "Amara Obi" in question.text
        assert "Q1 is open until" in scene.last("receipt", "amara").text
        for handle, ballot in zip(HANDLES, ("yes", "yes", "no", "abstain"), strict=False):
            await vote(scene, handle, ballot)
        assert not scene.all("tally")
        await vote(scene, "sam", "yes")
        assert scene.recipients("tally") == set(HANDLES)
        assert {tally(mail) for mail in scene.all("tally")} == {"Q1 passed majority 3 1 1 0 5"}
        await vote(scene, "sam", "no")
        assert "Q1 is closed" in scene.last("receipt", "sam").text
        assert len(scene.all("tally", "sam")) == 1


async def everything_that_happens_in_a_vote(scene: Scene, *, settle: bool) -> str:
    """Recusal, abstention, a changed mind, a forger, a quoted tag and mail that comes twice: the tally of the others.

    Yes by Amara and Jun (who had said no), an abstention by Noor, no by Ivo; Sam votes yes and withdraws.
    """
    await scene.report()
    await ask(scene)
    sams = scene.last("vote", "sam")
    await vote(scene, "amara", "yes", settle=settle)
    await vote(scene, "jun", "no", settle=settle)
    await vote(scene, "noor", "abstain", settle=settle)
    twice = await scene.answer(sams, tag="#vote yes", settle=settle)
    await scene.send(twice, str(twice["To"]), sender="sam@example.net", settle=settle)
    await scene.answer(scene.last("vote", "ivo"), tag="#vote yes", proven=False, settle=settle)
    await scene.answer(sams, tag="#recuse", settle=settle)
    # Nobody's tag is taken up by who answers a mail that has one in its Subject.
    quoted = scene.write(
        "noor@example.net", str(scene.last("vote", "noor").message["Reply-To"]),
        f"Re: {twice['Subject']}", "I do not think so.", proven=True,
    )  # fmt: skip
    quoted["In-Reply-To"] = str(twice["Message-ID"])
    await scene.send(quoted, str(quoted["To"]), settle=settle)
    await vote(scene, "jun", "yes", settle=settle)
    await vote(scene, "ivo", "no", settle=True)
    return tally(scene.last("tally", "amara"))


@pytest.mark.parametrize("settle", [True, False], ids=["one after the other", "all at once"])
async def test_everything_that_happens_in_a_vote_ends_in_the_right_count(tmp_path: Path, settle: bool) -> None:
    async with Scene(tmp_path) as scene:
        assert await everything_that_happens_in_a_vote(scene, settle=settle) == "Q1 failed majority 2 1 1 0 4"
        assert scene.recipients("tally") == {"amara", "jun", "noor", "ivo"}
        assert len(scene.all("tally")) == 4
        assert "On Q1 you are not counted any more" in scene.last("receipt", "sam").text
        assert "On Q1 Sam Reyes is not counted any more" in scene.last("notice", "ivo").text
        assert [mail.recipient for mail in scene.all("confirm")] == ["ivo@example.net"]
        assert "I do not think so." in scene.last("forward", "jun").text


async def test_52_a_vote_over_postgresql_with_all_mail_at_once(tmp_path: Path, postgresql: postgres.Server) -> None:
    async with Scene(tmp_path, store_url=postgresql.new_database()) as scene:
        assert await everything_that_happens_in_a_vote(scene, settle=False) == "Q1 failed majority 2 1 1 0 4"
        assert len(scene.all("tally")) == 4


async def test_time_closes_a_question_and_silence_counts_against_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        await vote(scene, "amara", "yes")
        await vote(scene, "jun", "yes")
        await scene.pass_time(timedelta(hours=71))
        assert not scene.all("tally")
        await scene.pass_time(timedelta(hours=2))
        last = scene.last("tally", "sam")
        assert tally(last) == "Q1 failed majority 2 0 0 3 5"
        assert "3 members did not vote" in last.text and "its time was over" in last.text
        await scene.stop()
        await scene.start()
        await scene.pass_time(timedelta(days=30))
        assert len(scene.all("tally")) == 5
        await vote(scene, "noor", "yes")
        assert "Q1 is closed" in scene.last("receipt", "noor").text


async def test_a_ballot_that_came_in_time_counts_though_the_daemon_looks_at_it_later(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("amara", "jun"):
            await vote(scene, handle, "yes")
        scene.daemon.pipeline.stop()
        await vote(scene, "noor", "yes", settle=False)
        scene.offset += timedelta(hours=73)
        scene.daemon.clock.wake.set()
        await scene.stop()
        await scene.start()
        await scene.settle()
        assert tally(scene.last("tally", "sam")) == "Q1 passed majority 3 0 0 2 5"


async def test_whoever_is_last_to_vote_may_also_close_it_by_withdrawing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("amara", "jun", "noor"):
            await vote(scene, handle, "yes")
        await vote(scene, "ivo", "no")
        with nothing_more(scene, "nobody"):
            await scene.answer(scene.last("vote", "sam"), tag="#recuse")
        assert tally(scene.last("tally", "amara")) == "Q1 passed majority 3 1 0 0 4"
        assert not scene.all("tally", "sam")


async def test_a_yes_that_withdraws_turns_the_result(tmp_path: Path) -> None:
    two_thirds = committee_file(override="{votes.outcome.rule: two_thirds}")
    async with Scene(tmp_path, committee=two_thirds) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("amara", "jun", "noor"):
            await vote(scene, handle, "yes")
        await vote(scene, "ivo", "no")
        await scene.answer(scene.last("vote", "noor"), tag="#recuse")
        await vote(scene, "sam", "abstain")
        assert tally(scene.last("tally", "amara")) == "Q1 failed two_thirds 2 1 1 0 4"


async def test_consensus_ends_in_a_deadlock_by_one_voice_and_the_mail_says_so(tmp_path: Path) -> None:
    ruth = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
    async with Scene(tmp_path, committee=committee_file(policy="kubernetes", more_members=ruth)) as scene:
        await scene.report()
        await ask(scene)
        for handle in HANDLES[:4]:
            await vote(scene, handle, "yes")
        await vote(scene, "sam", "abstain")
        assert tally(scene.last("tally", "amara")) == "Q1 passed consensus 4 0 1 0 5"
        await ask(scene, "jun")
        for handle in HANDLES[:4]:
            await vote(scene, handle, "yes")
        await vote(scene, "sam", "no")
        assert tally(scene.last("tally", "amara")) == "Q2 failed consensus 4 1 0 0 5"
        assert "This is a deadlock" in scene.last("tally", "amara").text
        await ask(scene, "jun")
        for handle in HANDLES[:2]:
            await vote(scene, handle, "yes")
        await scene.pass_time(timedelta(hours=73))
        assert tally(scene.last("tally", "amara")) == "Q3 failed consensus 2 0 0 3 5"
        assert "Too few took part" in scene.last("tally", "amara").text


async def test_two_questions_are_told_apart_by_the_mail_that_is_answered_or_by_their_name(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        first = scene.last("vote", "jun")
        await ask(scene, "noor", "finding: f plan: p CONSEQUENCE: c if refused: r")
        await scene.answer(scene.last("forward", "jun"), tag="#vote yes")
        assert "Q1, Q2. Which one?" in scene.last("receipt", "jun").text
        await scene.answer(first, tag="#vote no")
        assert "Your ballot on Q1: no" in scene.last("receipt", "jun").text
        # Outlook leaves the references away; the Subject tells.
        await scene.answer(scene.last("vote", "jun"), tag="#vote no", threaded=False)
        assert "Your ballot on Q2: no" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("vote", "jun"), tag="#vote q1 abstain")
        assert "Your ballot on Q1: abstain (before: no)" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("vote", "jun"), tag="#vote q7 yes")
        assert "There is no Q7" in scene.last("receipt", "jun").text
        await scene.answer(first, tag="#withdraw q1")
        assert "can be taken back by who opened it" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("vote", "amara"), tag="#withdraw q1")
        assert tally(scene.last("tally", "jun")) == "Q1 cancelled majority 0 0 0 5 5"
        await scene.answer(scene.last("forward", "sam"), tag="#vote yes")
        assert "Your ballot on Q2: yes" in scene.last("receipt", "sam").text


async def test_a_yes_in_the_text_is_no_ballot_and_is_shown_to_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        with nothing_more(scene, "amara", "noor", "ivo", "sam"):
            await scene.answer(scene.last("vote", "jun"), "Yes.\n\nOn Saturday at 10:00, the committee wrote:\n> Q1\n")
        receipt = scene.last("receipt", "jun")
        assert "Was that your ballot on Q1?" in receipt.text
        address, subject = receipt.link("#vote Q1 yes")
        await scene.answer(receipt, subject=subject, to=address)
        assert "Your ballot on Q1: yes" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("vote", "jun"), "Yes, but what about the venue?")
        assert "what about the venue?" in scene.last("forward", "sam").text


async def test_who_steps_in_during_a_vote_gets_the_question_and_the_record_but_not_who_is_named_in_it(
    tmp_path: Path,
) -> None:
    more = """\
- {handle: lee, name: Lee Wong, email: lee@example.net, role: alternate, confidentiality_agreed: 2026-01-01}
- {handle: kim, name: Kim Adeyemi, email: kim@example.net, role: alternate, confidentiality_agreed: 2026-01-01}
"""
    committee = committee_file(override="{conflict.minimum.cleared: 5}", more_members=more)
    async with Scene(tmp_path, committee=committee) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), "Lee was there and saw it.", tag="#note")
        await ask(scene)
        since = scene.mark()
        await scene.answer(scene.last("vote", "sam"), tag="#recuse")
        assert "kim" in scene.recipients("vote", since)
        assert any("Lee was there" in mail.text for mail in scene.all("forward", "kim"))
        assert not scene.all(to="lee")
        for handle in (*HANDLES[:4], "kim"):
            await vote(scene, handle, "yes")
        assert tally(scene.last("tally", "kim")) == "Q1 passed majority 5 0 0 0 5"


async def test_a_motion_that_lacks_a_part_opens_nothing_and_says_which(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene, text="Finding: yes\nPlan: a talk\nConsequence:\n")
        refused = scene.last("receipt", "amara").text
        assert "Missing: Consequence: If refused:" in refused and "Nothing was run" in refused
        assert not scene.all("vote")
        quoting = "Please see below.\n\n" + "".join(f"> {line}\n" for line in MOTION.splitlines())
        await ask(scene, text=quoting)
        assert "Missing: Finding:" in scene.last("receipt", "amara").text
        assert not scene.all("vote")


async def test_ballots_of_somebody_who_left_the_committee_are_void(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in HANDLES[1:]:
            await vote(scene, handle, "yes")
        await scene.change_committee("\n".join(
            line for line in scene.committee_text.splitlines() if "handle: sam" not in line
        ))  # fmt: skip
        await vote(scene, "amara", "no")
        assert tally(scene.last("tally", "jun")) == "Q1 passed majority 3 1 0 0 4"


async def test_too_few_left_cancels_the_vote(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(override="{conflict.minimum.cleared: 4}")) as scene:
        await scene.report()
        await ask(scene)
        for handle in ("jun", "noor"):
            await scene.answer(scene.last("vote", handle), tag="#recuse")
        assert tally(scene.last("tally", "amara")) == "Q1 cancelled majority 0 0 0 3 3"
        assert "too few members are left" in scene.last("tally", "amara").text
        await ask(scene)
        assert "Too few members have this case" in scene.last("receipt", "amara").text


async def test_a_reply_that_quotes_the_links_below_does_not_hand_its_authors_reply_address_to_the_others(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "jun")
        quoted = "".join(f"> {line}\n" for line in forward.text.splitlines())
        token = str(forward.message["Reply-To"])
        assert token in quoted
        await scene.answer(forward, f"Shall we call her?\n\n{quoted}")
        assert "Shall we call her?" in scene.last("forward", "sam").text
        await scene.answer(scene.last("forward", "sam"), tag="#show")
        for handle in ("amara", "noor", "ivo", "sam"):
            assert not any(token in mail.content.decode() for mail in scene.all(to=handle))
            assert not any(token in mail.text for mail in scene.all(to=handle))
