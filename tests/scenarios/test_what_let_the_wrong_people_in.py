"""Mistakes that showed something to somebody who must not have it, each named after what it did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from people import all_vote_yes, checked, name_of, say_yes, words, write
from scene import ALIAS, HANDLES, Scene, committee_file, nothing_more

OPS = "ops@example.com"
SECOND, THIRD, FOURTH = (f"jun@{number}.example" for number in ("second", "third", "fourth"))
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
LEE = "- {handle: lee, name: Lee Wong, email: lee@example.net}"
ALTERNATE = LEE.replace("}", ", role: alternate}")
MISSPELT = ALTERNATE.replace("Lee Wong", "Leigh Wong")
FRIEND_OF_KIT = ALTERNATE.replace("role:", "known_conflicts: [{with: Kit Larsen, kind: hard}], role:")
KUBERNETES = committee_file(policy="kubernetes", more_members=RUTH)
CNCF = committee_file(
    policy="cncf",
    transfer_targets="{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}",
)
PAUSED = "Two members say that you have a conflict of interest with a case that you have, and the others vote on it."
PUT_OUT = "The others decided that you have a conflict of interest with one of your cases."
BUT_JUN = ("amara", "noor", "ivo", "sam")
BUT_IVO = ("amara", "jun", "noor", "sam")


def numfocus(more: str = "") -> str:
    triage = "{size: 2, order: [amara, jun]}"
    return committee_file(policy="numfocus", triage=triage, more_members=f"{RUTH}\n{more}")


def jun_at(address: str, text: str = "") -> str:
    return (text or committee_file()).replace("jun@example.net", address)


async def reported(scene: Scene, name: str = "Kit Larsen") -> None:
    await scene.answer(scene.last("forward", "amara"), tag=f'#party reported "{name}"')


async def answered_from_home(scene: Scene, text: str) -> None:
    """The reporter answers the acknowledgement, from an address that it did not go to: that makes a new report."""
    await scene.answer(scene.last("ack", "robin@visitors.example"), text, sender="Robin Vale <robin@home.example>")


async def challenged_by(scene: Scene, *handles: str) -> None:
    for handle in handles:
        await scene.answer(scene.last("forward", handle), "He is the ex.", tag="#challenge @jun")


# Addresses that nobody confirmed


async def test_a_mailbox_that_nobody_ever_confirmed_moved_an_open_case_to_a_third_one(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        for address in (SECOND, THIRD):
            await scene.change_committee(jun_at(address))
        await say_yes(scene, scene.last("confirm", SECOND))
        await scene.answer(scene.last("forward", "amara"), "SECRET talk.")
        assert (await scene.case()).members["jun"].address == "jun@example.net"
        for address in (SECOND, THIRD):
            assert {mail.kind for mail in scene.all(to=address)} <= {"notice", "confirm"}
            assert "SECRET" not in words(scene, address) and await name_of(scene) not in words(scene, address)


async def test_who_had_the_case_was_not_asked_whether_it_goes_to_a_third_mailbox(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        await scene.change_committee(jun_at(SECOND))
        since = scene.mark()
        await scene.change_committee(jun_at(THIRD))
        assert scene.recipients("confirm", since) == {"jun", SECOND}
        asked = scene.last("confirm", "jun")
        assert f"was changed to {THIRD}." in asked.text
        await scene.answer(scene.last("forward", "amara"), "SECRET talk.")
        await say_yes(scene, asked)
        assert (await scene.case()).members["jun"].address == THIRD
        assert [mail.text.count("SECRET talk.") for mail in scene.all("forward", THIRD)] == [1]
        assert not scene.all("forward", SECOND)
        # The first mailbox has said yes and holds nothing any more: the next change is none of its business.
        since = scene.mark()
        await scene.change_committee(jun_at(FOURTH))
        assert scene.recipients("confirm", since) == {SECOND, THIRD}


async def test_an_address_that_nobody_confirmed_was_told_which_case_its_owner_was_put_out_of(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await scene.report("The words.")
        await challenged_by(scene, "amara", "ivo")
        assert await name_of(scene) in scene.last("notice", "jun").text
        await scene.change_committee(jun_at(SECOND, KUBERNETES))
        await all_vote_yes(scene, BUT_JUN)
        assert (await scene.case()).members["jun"].why == "forced"
        assert await name_of(scene) not in words(scene, SECOND)
        assert PUT_OUT in scene.last("notice", SECOND).text.replace("\n", " ")


async def test_an_address_that_nobody_confirmed_was_told_which_case_its_owner_had_to_wait_for(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await scene.report("The words.")
        await scene.change_committee(jun_at(f"{SECOND}, also: [jun@example.net]", KUBERNETES))
        await challenged_by(scene, "amara", "ivo")
        assert await name_of(scene) not in words(scene, SECOND)
        assert PAUSED in scene.last("notice", SECOND).text.replace("\n", " ")
        await all_vote_yes(scene, BUT_JUN)
        assert await name_of(scene) not in words(scene, SECOND)
        assert PUT_OUT in scene.last("notice", SECOND).text.replace("\n", " ")


# Newcomers, and the list of who has been reported


async def test_a_reminder_told_a_newcomer_the_cases_name_beside_who_was_reported(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("Kit threatened me.")
        await checked(scene)
        await scene.change_committee(numfocus(LEE))
        assert sum("1. Kit Larsen" in mail.text for mail in scene.all("notice", "lee")) == 1
        with nothing_more(scene, "lee"):
            for _ in range(8):
                await scene.pass_time(timedelta(hours=12))
        assert scene.recipients("reminder") >= {"noor", "ivo", "sam"}
        assert await name_of(scene) not in words(scene, "lee")


async def test_a_question_that_moved_with_a_newcomer_told_them_the_name_of_the_case(tmp_path: Path) -> None:
    new = "lee@second.example"
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET: Kit threatened me.")
        await checked(scene)
        await scene.change_committee(numfocus(LEE))
        await scene.change_committee(numfocus(LEE.replace("lee@example.net", new)))
        await say_yes(scene, scene.last("confirm", "lee"))
        assert not scene.all("check", new) and await name_of(scene) not in words(scene, new)
        await write(scene, new, "#clear 1")
        assert "SECRET" in scene.last("forward", new).text


async def test_who_had_to_confirm_a_withdrawal_was_asked_about_the_case_again_meanwhile(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET: Kit threatened me.")
        await checked(scene)
        await scene.answer(scene.last("check", "ivo"), tag="#recuse", proven=False)
        asked = len(scene.all("check", "ivo"))
        await scene.answer(scene.last("forward", "amara"), tag="#check")
        assert len(scene.all("check", "noor")) == 2 and len(scene.all("check", "ivo")) == asked
        await scene.pass_time(timedelta(hours=25))
        assert len(scene.all("check", "ivo")) == asked + 1


@pytest.mark.parametrize("again", ["in an answer from another address", "in a new mail"])
async def test_a_newcomer_got_the_second_report_of_somebody_whose_first_one_names_them(
    tmp_path: Path, again: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET: Lee Wong shouted.")
        await scene.change_committee(committee_file(more_members=LEE))
        since = scene.mark()
        if again == "in a new mail":
            await scene.report("CANARY: they did it again.", subject="Again")
        else:
            await answered_from_home(scene, "CANARY: they did it again.")
        assert len(await scene.cases()) == 2
        assert scene.recipients("forward", since) == set(HANDLES)
        assert "CANARY" not in words(scene, "lee") and await name_of(scene) not in words(scene, "lee")
        # Somebody else's report is theirs to read.
        since = scene.mark()
        await scene.report("Somebody shouted.", sender="Ruth Adler <ruth@visitors.example>")
        assert scene.recipients("forward", since) == {*HANDLES, "lee"}


async def test_who_withdrew_from_one_of_two_cases_could_be_voted_into_what_answers_both(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET: somebody shouted.")
        await scene.change_committee(committee_file(more_members=LEE))
        await scene.report("SECRET: another one shouted.", sender="Kim <kim@visitors.example>")
        await scene.answer(scene.last("forward", "lee"), tag="#recuse")
        first, second = (scene.last("ack", f"{who}@visitors.example") for who in ("robin", "kim"))
        both = scene.write("Ruth <ruth@visitors.example>", ALIAS, "Re: both", "CANARY", answers=second)
        both.replace_header("References", f"{first.message['Message-ID']} {second.message['Message-ID']}")
        both.replace_header("In-Reply-To", str(first.message["Message-ID"]))
        await scene.send(both)
        assert (await scene.case()).members["lee"].why == "inherited"


async def test_a_newcomer_got_a_second_report_before_the_others_had_let_them_in(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET: somebody shouted.")
        await scene.change_committee(committee_file(more_members=LEE))
        with nothing_more(scene, "lee"):
            await answered_from_home(scene, "CANARY: they did it again.")
            await reported(scene)
            await scene.answer(scene.last("forward", "amara"), "Member: @lee\nAccess: full", tag="#motion conflict")
        await all_vote_yes(scene, HANDLES)
        assert "CANARY" not in words(scene, "lee")
        await scene.answer(scene.last("check", "lee"), tag="#clear")
        assert "CANARY" in scene.last("forward", "lee").text
        assert "SECRET" not in words(scene, "lee") and await name_of(scene, 0) not in words(scene, "lee")


async def test_a_witness_who_answered_from_a_second_address_told_it_to_a_newcomer(tmp_path: Path) -> None:
    both = committee_file().replace("email: ivo@example.net,", "email: ivo@example.net, also: [ivo@work.example],")
    async with Scene(tmp_path, committee=both) as scene:
        await scene.report("Ivo Petrov shouted.")
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), "Were you at the lunch?", tag="#ask @ivo")
        await scene.change_committee(f"{both}{LEE}\n")
        asked, since = scene.last("outreach", "ivo"), scene.mark()
        with nothing_more(scene, "lee"):
            await scene.answer(asked, "I SAW it.\n\n> Were you at the lunch?", sender="ivo@work.example")
        assert scene.recipients("forward", since) == set(BUT_IVO)
        assert "I SAW it." in scene.last("forward", "noor").text
        assert len(await scene.cases()) == 1


async def test_a_witness_put_a_member_out_by_a_second_copy_of_the_answer(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo Petrov shouted.")
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), "Were you at the lunch?", tag="#ask @ivo")
        answer = await scene.answer(scene.last("outreach", "ivo"), "I was.")
        await scene.send(answer, "conduct+not-sam@example.org")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "Thank you.")
        assert scene.recipients("forward", since) == {"jun", "noor", "sam"}


# What was put right in the file


@pytest.mark.parametrize(
    ("before", "after", "report", "party"),
    [
        pytest.param(ALTERNATE, FRIEND_OF_KIT, "SECRET: Kit Larsen shouted.", "", id="a tie, named in the report"),
        pytest.param(ALTERNATE, FRIEND_OF_KIT, "SECRET: they shouted.", "Kit Larsen", id="a tie, named by a member"),
        pytest.param(MISSPELT, ALTERNATE, "SECRET: Lee Wong shouted.", "", id="a name, named in the report"),
        pytest.param(MISSPELT, ALTERNATE, "SECRET: they shouted.", "Lee Wong", id="a name, named by a member"),
    ],
)
async def test_what_was_put_right_in_the_file_did_not_keep_an_alternate_from_the_report_when_everybody_withdrew(
    tmp_path: Path, before: str, after: str, report: str, party: str
) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=before)) as scene:
        await scene.report(report)
        if party:
            await reported(scene, party)
        await scene.change_committee(committee_file(more_members=after))
        for handle in HANDLES:
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        assert {mail.kind for mail in scene.all(to="lee")} == {"notice"}
        assert "SECRET" not in words(scene, "lee") and await name_of(scene) not in words(scene, "lee")
        [alarm] = scene.all(to=OPS)
        assert "There is a report that nobody may read" in alarm.text


# Handles


async def test_who_was_voted_out_was_back_under_another_handle(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#motion remove", "Member: @ivo\nHe shouted.")
        await all_vote_yes(scene, BUT_IVO)
        await scene.change_committee(committee_file().replace("handle: ivo", "handle: ivop"))
        with nothing_more(scene, "ivo"):
            since = scene.mark()
            await scene.report("SECRET words.")
        assert scene.recipients("forward", since) == set(BUT_IVO)
        assert set((await scene.case()).members) & {"ivo", "ivop"} == set()


async def test_whom_the_reporter_kept_out_was_voted_in_under_another_handle(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET: it is about somebody.", to="conduct+not-ivo@example.org")
        await scene.change_committee(committee_file().replace("handle: ivo", "handle: ivop"))
        await reported(scene)
        with nothing_more(scene, "ivo", "jun", "noor", "sam"):
            await scene.answer(scene.last("forward", "amara"), "Member: @ivop\nAccess: full", tag="#motion conflict")
        assert not (await scene.case()).proceedings.motions
        with nothing_more(scene, "ivo"):
            await scene.answer(scene.last("forward", "amara"), tag="#check")
        assert "SECRET" not in words(scene, "ivo") and await name_of(scene) not in words(scene, "ivo")


# Conflicts that grew less


async def test_who_had_withdrawn_for_good_got_the_talk_when_somebody_they_know_a_little_was_named(
    tmp_path: Path,
) -> None:
    soft = CNCF.replace("email: jun@", "known_conflicts: [{with: Kit Larsen, kind: soft}], email: jun@")
    async with Scene(tmp_path, committee=soft) as scene:
        await scene.report("SECRET words.")
        await scene.answer(scene.last("forward", "jun"), "I am the spouse.", tag="#recuse hard")
        await all_vote_yes(scene, BUT_JUN)
        for party in ("", "Kit Larsen"):
            if party:
                await reported(scene, party)
            with nothing_more(scene, *HANDLES[1:]):
                await scene.answer(scene.last("forward", "amara"), tag="#limit @jun discuss")
            assert not (await scene.case()).proceedings.open_motions
        with nothing_more(scene, "jun"):
            await scene.answer(scene.last("forward", "amara"), "TALK of ours.")
        assert "TALK" in scene.last("forward", "sam").text
