"""Mistakes with who is a member, under which name and at which address, each named after what it would have done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.access import Standing
from people import checked, name_of, say_yes, vouch, words, write
from questions import vote
from scene import ALIAS, HANDLES, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
EVIL = "jun@evil.example"
MOVED = committee_file().replace("jun@example.net", EVIL)
FRIENDS = "\n".join(f"- {{handle: friend{n}, name: Friend Number{n}, email: friend{n}@evil.example}}" for n in (1, 2))
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
LEE = "- {handle: lee, name: Lee Wong, email: lee@example.net}"
OUTCOME = "Finding: shouting.\nPlan: a talk.\nConsequence: no stand next year.\nIf refused: none for two years."
KIM = "- {handle: kim, name: Kim Adeyemi, email: kim@example.net}"


def numfocus(*more: str) -> str:
    people = "\n".join((RUTH, *more))
    return committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=people)


def without(text: str, handle: str) -> str:
    return "\n".join(line for line in text.splitlines() if f"handle: {handle}," not in line)


# Names, handles


@pytest.mark.parametrize(("how", "change"), [("named", "name"), ("excluded", "name"), ("excluded", "gone and back")])
async def test_a_new_name_in_the_file_gave_the_accused_the_next_report(tmp_path: Path, how: str, change: str) -> None:
    async with Scene(tmp_path) as scene:
        if how == "excluded":
            await scene.report("It is about somebody.", to="conduct+not-ivo@example.org")
        else:
            await scene.report("Ivo Petrov shouted at me.")
        if change == "name":
            await scene.change_committee(committee_file().replace("name: Ivo Petrov", "name: Dr. Ivo Petrov-Smith"))
        else:
            await scene.change_committee(without(committee_file(), "ivo"))
            await scene.change_committee(committee_file())
        assert (await scene.case()).members["ivo"].standing is Standing.WITHHELD
        since = scene.mark()
        await scene.report("The same person again, at the lift. CANARY", subject="Again")
        assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}
        for tag in ("#sheet", "#cases"):
            await write(scene, "ivo@example.net", tag)
        told = words(scene, "ivo")
        assert "CANARY" not in told and not any([await name_of(scene, n) in told for n in (0, 1)])


async def test_under_a_new_handle_who_was_kept_out_was_welcomed_into_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET words about Kit.", to="conduct+not-ivo@example.org")
        await checked(scene)
        await scene.answer(scene.last("check", "sam"), tag="#recuse")
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        renamed = numfocus().replace("handle: ivo", "handle: ivop").replace("handle: sam", "handle: samr")
        await scene.change_committee(renamed)
        for handle in ("ivo", "sam"):
            since = scene.mark()
            await write(scene, f"{handle}@example.net", "#clear 1")
            await write(scene, f"{handle}@example.net", f"[{await name_of(scene)}] #clear")
            assert scene.recipients("receipt", since) == {handle}
            assert "%23clear%201" not in words(scene, handle) and "SECRET" not in words(scene, handle)
        await scene.report("SECRET, the second.", subject="More")
        assert "SECRET" in scene.last("forward", "amara").text
        assert "SECRET" not in words(scene, "ivo")


async def test_under_a_new_handle_the_accused_got_the_report_that_belongs_to_the_first(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("It is about somebody.", to="conduct+not-ivo@example.org")
        await scene.change_committee(committee_file().replace("handle: ivo", "handle: ivop"))
        since = scene.mark()
        await scene.report("CANARY, the same.", subject="Again")
        assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}


async def test_who_was_removed_came_back_when_the_committees_address_was_changed_back(tmp_path: Path) -> None:
    help_desk = "help@example.org"
    async with Scene(tmp_path) as scene:
        await scene.change_committee(committee_file(address=help_desk, aliases=f"[{ALIAS}]"))
        await write(scene, "amara@example.net", "#motion remove", "Member: @ivo\nHe shouted.", to=help_desk)
        for handle in ("amara", "jun", "noor", "sam"):
            await vote(scene, handle, "yes")
        for number, text in enumerate((committee_file(aliases=f"[{help_desk}]"), committee_file())):
            await scene.change_committee(text)
            since = scene.mark()
            await scene.report(f"Report {number}.", sender=f"Kim <kim{number}@visitors.example>")
            assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}


async def test_who_got_a_handle_next_was_let_into_the_case_by_a_vote_on_who_had_it_before(tmp_path: Path) -> None:
    target = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
    async with Scene(tmp_path, committee=committee_file(policy="cncf", transfer_targets=target)) as scene:
        await scene.report("SECRET words.")
        await scene.answer(scene.last("forward", "ivo"), "I am their manager.", tag="#recuse hard")
        ida = scene.committee_text.replace("Ivo Petrov, email: ivo@", "Ida Novak, email: ida@")
        await scene.change_committee(ida)
        assert not (await scene.case()).proceedings.open_motions
        for handle in ("amara", "jun", "noor", "sam"):
            await vote(scene, handle, "no")
        await scene.answer(scene.last("forward", "amara"), "SECRET talk.")
        assert "ida@example.net" in {mail.recipient for mail in scene.all("notice")}
        assert "SECRET" not in words(scene, "ida") and await name_of(scene) not in words(scene, "ida")


# Addresses


async def test_friends_who_were_put_into_the_file_one_day_vouched_for_an_address_the_next(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        await scene.change_committee(committee_file(more_members=FRIENDS))
        await scene.change_committee(committee_file(more_members=FRIENDS).replace("jun@example.net", EVIL))
        for number in (1, 2):
            await vouch(scene, f"friend{number}@evil.example")
        await scene.answer(scene.last("forward", "amara"), "SECRET talk.")
        assert "SECRET" not in words(scene, EVIL) and await name_of(scene) not in words(scene, EVIL)
        assert (await scene.case()).members["jun"].address == "jun@example.net"
        # One who has the case beside a friend is not enough; two who have it are.
        await vouch(scene, "noor")
        assert "SECRET" not in words(scene, EVIL)
        await vouch(scene, "sam")
        assert (await scene.case()).members["jun"].address == EVIL
        assert "SECRET talk." in words(scene, EVIL)


async def test_who_was_voted_out_by_an_edit_of_the_file_kept_the_cases_that_were_looked_at_before(
    tmp_path: Path,
) -> None:
    """The removal counts three yes of four at last when one of five becomes a mediator, after other cases were seen."""
    async with Scene(tmp_path) as scene:
        for number in range(3):
            await scene.report(f"Report {number}.", sender=f"Kim <kim{number}@visitors.example>")
        await write(scene, "amara@example.net", "#motion remove", "Member: @ivo\nHe shouted.")
        for handle in ("amara", "jun"):
            await vote(scene, handle, "yes")
        two = without(without(committee_file(), "noor"), "sam")
        await scene.change_committee(two)
        assert [(await scene.case(number)).members["ivo"].standing for number in range(3)] == [Standing.LEFT] * 3


async def test_a_question_that_was_open_never_reached_a_member_whose_address_had_changed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        await scene.change_committee(MOVED)
        await scene.answer(scene.last("forward", "amara"), OUTCOME, tag="#motion outcome")
        assert scene.all("vote", "noor") and not scene.all("vote", EVIL)
        for handle in ("noor", "sam"):
            await vouch(scene, handle)
        assert scene.last("vote", EVIL).recipient == EVIL


async def test_a_voice_for_an_address_counted_half_a_year_later(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        await scene.change_committee(MOVED)
        await vouch(scene, "noor")
        await scene.change_committee(without(committee_file(), "noor"))
        await scene.pass_time(timedelta(days=200))
        await scene.change_committee(without(MOVED, "noor"))
        await vouch(scene, "sam")
        assert "One more member has to say so." in scene.last("receipt", "sam").text
        assert (await scene.case()).members["jun"].address == "jun@example.net"
        assert "SECRET" not in words(scene, EVIL)


async def test_who_was_voted_back_got_the_case_at_an_address_that_nobody_had_confirmed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("SECRET words.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        await scene.answer(scene.last("receipt", "jun"), tag="#unrecuse")
        await scene.answer(scene.last("forward", "amara"), "SECRET talk.")
        await scene.change_committee(MOVED)
        for handle in ("amara", "noor", "ivo", "sam"):
            await vote(scene, handle, "yes")
        place = (await scene.case()).members["jun"]
        assert (place.standing, place.address) == (Standing.CLEARED, "jun@example.net")
        assert "SECRET" not in words(scene, EVIL) and await name_of(scene) not in words(scene, EVIL)


async def test_who_was_asked_opened_the_case_from_an_address_that_nobody_had_confirmed(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET words.")
        await checked(scene)
        both = "email: sam@evil.example, also: [sam@example.net]"
        await scene.change_committee(numfocus().replace("email: sam@example.net", both))
        await write(scene, "sam@evil.example", f"[{await name_of(scene)}] #clear")
        await scene.answer(scene.last("check", "sam"), tag="#clear", sender="sam@evil.example")
        assert "SECRET" not in words(scene, "sam@evil.example")


# New members, and mail that is sent again


async def test_a_new_member_who_was_refused_a_number_got_in_by_the_cases_name(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("SECRET: Kit threatened me.")
        await checked(scene)
        for handle in ("noor", "sam", "ivo"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        await scene.answer(scene.last("forward", "jun"), "OLDTALK of ours.")
        await scene.answer(scene.last("forward", "jun"), "LEAK: Lee Wong is Kit's partner.", tag="#note")
        await scene.change_committee(numfocus(LEE, KIM))
        lee, kim = ([m for m in scene.all("notice", who) if "%23clear" in m.text][-1] for who in ("lee", "kim"))
        address, _ = lee.link("#clear 1")
        await write(scene, "lee@example.net", "#clear 1", to=address)
        for tag in ("#clear", "#show", "#doc"):
            await write(scene, "lee@example.net", f"[{await name_of(scene)}] {tag}")
        assert "lee" not in (await scene.case()).members or not (await scene.case()).members["lee"].level
        assert not [word for word in ("SECRET", "OLDTALK", "LEAK") if word in words(scene, "lee")]
        # Kim, whom nobody named, reads what was reported, and no talk from before their time.
        address, _ = kim.link("#clear 1")
        await write(scene, "kim@example.net", "#clear 1", to=address)
        await scene.answer(scene.last("forward", "kim"), tag="#show")
        await scene.answer(scene.last("forward", "jun"), "NEWTALK of ours.")
        told = words(scene, "kim")
        assert "SECRET" in told and "NEWTALK" in told and "OLDTALK" not in told


async def test_a_refused_answer_that_was_delivered_again_later_let_its_author_in(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=numfocus()) as scene:
        await scene.report("Kit threatened me.")
        await checked(scene)
        await scene.answer(scene.last("ack", ROBIN), "CANARY: Ivo Petrov was there, too.")
        asked = scene.last("check", "ivo")
        old = await scene.answer(asked, tag="#clear")
        assert "No such case for you" in scene.last("receipt", "ivo").text
        await scene.answer(scene.last("forward", "amara"), "Member: @ivo\nAccess: full", tag="#motion conflict")
        for handle in ("amara", "jun"):
            await vote(scene, handle, "yes")
        assert (await scene.case()).members["ivo"].standing is Standing.ASKED
        with nothing_more(scene, *HANDLES):
            for sender in ("ivo@example.net", "mallory@evil.example"):
                await scene.send(old, str(asked.message["Reply-To"]), sender=sender)
        assert (await scene.case()).members["ivo"].standing is Standing.ASKED
        assert "CANARY" not in words(scene, "ivo")


async def test_a_report_for_one_who_had_left_reached_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "sam@example.net", "#leave")
        await say_yes(scene, scene.last("confirm", "sam"))
        await scene.report(to="conduct+sam@example.org")
        assert scene.recipients("forward") == {"amara", "jun"}
        ack = scene.last("ack", ROBIN).text
        assert "Only the member" not in ack and "Sam" not in ack
