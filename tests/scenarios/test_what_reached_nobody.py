"""Mistakes that lost mail, or what somebody had a right to, each named after what it did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.access import Level, Standing
from cocmail.core.lifecycle import State
from cocmail.store import outbox
from people import all_vote_yes, say_yes, vouch, write
from scene import HANDLES, NAMES, Scene, committee_file, nothing_more

OPS = "ops@example.com"
ROBIN = "robin@visitors.example"
TARGET = "conduct@foundation.example"
NEW = "jun@second.example"
MOVED = committee_file().replace("jun@example.net", NEW)
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
NUMFOCUS = committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)
CNCF = committee_file(
    policy="cncf", transfer_targets=f"{{foundation: {{email: {TARGET}, confidentiality_agreed: 2026-01-10}}}}"
)
BUT_JUN = ("amara", "noor", "ivo", "sam")
BUT_IVO = ("amara", "jun", "noor", "sam")
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"


async def limited(scene: Scene, handle: str, others: tuple[str, ...]) -> None:
    """A member with a soft conflict, whom the others let talk."""
    await scene.answer(scene.last("forward", handle), "My flatmate.", tag="#recuse soft")
    await all_vote_yes(scene, others)
    await scene.answer(scene.last("forward", "noor"), tag=f"#limit @{handle} discuss")
    await all_vote_yes(scene, others)
    place = (await scene.case()).members[handle]
    assert (place.standing, place.limit) == (Standing.LIMITED, Level.DISCUSS)


async def moved_and_back(scene: Scene) -> None:
    """Jun's open cases went to a new address, and to the first one again; each mailbox said yes."""
    await scene.report("The words.")
    await scene.change_committee(MOVED)
    await say_yes(scene, scene.last("confirm", "jun"))
    await scene.answer(scene.last("forward", "amara"), "TALK at the second address.")
    assert "TALK at the second" in scene.last("forward", NEW).text
    await scene.change_committee(committee_file())
    await say_yes(scene, scene.last("confirm", NEW))
    await scene.answer(scene.last("forward", "amara"), "TALK at the first address.")
    assert "TALK at the first" in scene.last("forward", "jun").text


# Members


async def test_who_got_a_handle_next_was_removed_by_a_vote_on_who_had_it_before(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#motion remove", "Member: @ivo\nHe shouted.")
        ballots = [scene.last("vote", handle) for handle in BUT_IVO]
        await scene.change_committee(committee_file().replace("Ivo Petrov, email: ivo@", "Lee Wong, email: lee@"))
        for ballot in ballots:
            await scene.answer(ballot, tag="#vote yes")
        assert [motion.result for motion in (await scene.case()).proceedings.motions] == ["cancelled"]
        since = scene.mark()
        await scene.report("A new report.")
        assert scene.recipients("forward", since) == {*BUT_IVO, "lee"}
        assert (await scene.case()).members["ivo"].name == "Lee Wong"


async def test_what_a_member_said_after_moving_away_and_back_was_lost(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await moved_and_back(scene)
        since = scene.mark()
        await scene.answer(scene.last("forward", "jun"), "ANSWER of mine.")
        assert scene.recipients("forward", since) == set(BUT_JUN)
        assert all("ANSWER of mine." in scene.last("forward", handle).text for handle in BUT_JUN)


async def test_who_had_moved_away_and_back_could_not_withdraw(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await moved_and_back(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert (await scene.case()).members["jun"].standing is Standing.RECUSED
        with nothing_more(scene, "jun", NEW):
            await scene.answer(scene.last("forward", "amara"), "TALK without Jun.")
        assert "TALK without Jun." in scene.last("forward", "sam").text


@pytest.mark.parametrize(
    ("answer", "state"), [("451 4.2.2 later", "queued"), ("550 5.1.1 no such user", "parked")], ids=["later", "never"]
)
async def test_what_a_dead_mailbox_had_refused_was_not_sent_to_the_one_that_took_its_place(
    tmp_path: Path, answer: str, state: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The words.")
        scene.smarthost.answers["jun@example.net"] = answer
        await scene.answer(scene.last("ack", ROBIN), "IMPORTANT: it was on video.")
        assert [row.state for row in await scene.store.read(outbox.listing)] == [state]
        await scene.change_committee(MOVED)
        await vouch(scene, "noor")
        assert not scene.all("forward", NEW)
        await vouch(scene, "sam")
        assert "IMPORTANT" in scene.last("forward", NEW).text
        assert len(scene.all("forward", NEW)) == 1


async def test_who_joined_meanwhile_undid_what_the_others_had_said_of_a_changed_address(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The words.")
        await scene.change_committee(MOVED)
        await vouch(scene, "noor")
        await scene.change_committee(committee_file(more_members=RUTH).replace("jun@example.net", NEW))
        await vouch(scene, "sam")
        await scene.answer(scene.last("ack", ROBIN), "It was on video.")
        assert "on video" in scene.last("forward", NEW).text


# Time


async def test_after_a_case_was_taken_up_again_nobody_was_ever_reminded_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report("Words about Kit.")
        await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        await scene.pass_time(timedelta(hours=13))
        await scene.answer(scene.last("forward", "amara"), tag="#reopen")
        assert (await scene.case()).proceedings.state is State.TRIAGE
        assert not scene.all("reminder")
        await scene.pass_time(timedelta(hours=13))
        assert scene.recipients("reminder") == {"amara", "jun"}
        for _ in range(3):
            since = scene.mark()
            await scene.pass_time(timedelta(days=1))
            assert scene.recipients("reminder", since) >= {"amara", "jun"}


async def test_after_a_case_was_taken_up_again_its_watchers_were_reminded_twice_as_often(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report("Words about Kit.")
        await scene.pass_time(timedelta(hours=13))
        await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        await scene.answer(scene.last("forward", "amara"), tag="#reopen")
        await scene.pass_time(timedelta(hours=1))
        since = scene.mark()
        for _ in range(8):
            await scene.pass_time(timedelta(hours=12))
        told = [mail.text for mail in scene.smarthost.delivered[since:] if mail.recipient == "amara@example.net"]
        assert sum("You watch over this case" in text for text in told) == 5


# What the reporter, the target and a witness say later


async def test_who_came_back_got_their_own_answer_as_a_witness_for_somebody_elses_word(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The words.")
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        await scene.answer(scene.last("forward", "amara"), "Were you at the venue?", tag="#ask @ivo")
        await scene.answer(scene.last("outreach", "ivo"), "MINE: I was.")
        await scene.answer(scene.last("receipt", "ivo"), tag="#unrecuse")
        since = scene.mark()
        await all_vote_yes(scene, BUT_IVO)
        again = [mail.text for mail in scene.smarthost.delivered[since:] if mail.recipient == "ivo@example.net"]
        assert any("The words." in text for text in again) and not any("MINE" in text for text in again)


async def test_after_the_hand_over_only_a_member_with_limits_got_what_the_reporter_added(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await scene.report("The words.")
        await limited(scene, "jun", BUT_JUN)
        for handle in BUT_JUN:
            await scene.answer(scene.last("forward", handle), "A relative.", tag="#recuse hard")
        assert len(scene.all("transfer", TARGET)) == 1
        with nothing_more(scene, *BUT_JUN, OPS):
            await scene.answer(scene.last("ack", ROBIN), "ADDED: he threatens me now.")
        assert [mail.text.count("ADDED") for mail in scene.all("transfer", TARGET)] == [0, 1]
        assert "ADDED" in scene.last("forward", "jun").text


async def test_what_nobody_could_search_for_names_went_only_to_a_member_with_limits(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await scene.report("The words.")
        await limited(scene, "amara", ("jun", "noor", "ivo", "sam"))
        await limited(scene, "jun", ("noor", "ivo", "sam"))
        ack, since = scene.last("ack", ROBIN), scene.mark()
        await scene.answer(ack, ENCRYPTED, sender=f"Robin Vale <{ROBIN}>")
        assert (await scene.case()).entries[-1].unreadable
        assert scene.recipients("forward", since) == {"noor", "ivo"}


async def test_what_the_target_answered_waited_unread_while_nobody_had_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await scene.report(f"{', '.join(NAMES.values())} did it, all of them.")
        assert scene.recipients("transfer") == {TARGET} and not scene.all(to=OPS)
        with nothing_more(scene, *HANDLES):
            await scene.answer(scene.last("transfer", TARGET), "SECRET: we cannot take this, somebody else must.")
        [alarm] = scene.all(to=OPS)
        assert "There is a report that nobody may read" in alarm.text
        assert "SECRET" not in alarm.content.decode()
