"""Cases that were merged, acts of one member, counts: each test is named after what it did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cocmail.core.access import Standing
from cocmail.core.lifecycle import State
from people import checked, name_of, words
from questions import vote
from scene import ALIAS, HANDLES, Delivered, Scene, committee_file

DANA, ROBIN = "dana@visitors.example", "robin@visitors.example"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
CHAOSS = committee_file(policy="chaoss", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)
KUBERNETES = committee_file(policy="kubernetes", more_members=RUTH)


def name(mail: Delivered) -> str:
    return mail.recipient.partition("@")[0]


async def tell(scene: Scene, text: str, sender: str = ROBIN, to: str = ALIAS) -> tuple[str, Delivered]:
    await scene.send(scene.write(sender, to, "x", text), to)
    return await name_of(scene), scene.all("forward")[-1]


async def two(scene: Scene, text: str = "SECOND.", to: str = ALIAS) -> tuple[Delivered, str]:
    """(Amara's mail of the first case, the name of the second)."""
    await tell(scene, "FIRST.")
    first = scene.last("forward", "amara")
    return first, (await tell(scene, text, DANA, to))[0]


async def test_a_report_to_one_member_alone_went_to_everybody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        first, second = await two(scene, "SECOND for Amara.", "conduct+amara@example.org")
        await scene.answer(first, tag=f"#merge [{second}]")
        assert "not for the whole committee" in scene.last("receipt", "amara").text
        assert {name(mail) for mail in scene.all("forward") if "SECOND" in mail.text} == {"amara"}


async def test_who_had_never_answered_the_question_was_let_in_by_silence(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await tell(scene, "FIRST about Kit.")
        await checked(scene)
        for handle in ("noor", "ivo", "sam"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        first = scene.last("forward", "amara")
        second, _ = await tell(scene, "SECOND about Kit.", DANA)
        await checked(scene)
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        await scene.pass_time(timedelta(hours=25))
        await scene.answer(first, tag=f"#merge [{second}]")
        assert "goes on in this case" in scene.last("receipt", "amara").text
        assert not {"ivo", "sam"} & {name(mail) for mail in scene.all("forward") if "SECOND" in mail.text}


async def test_whom_the_others_doubted_got_the_other_case_in_full(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await tell(scene, "FIRST.")
        first, noors = scene.last("forward", "amara"), scene.last("forward", "noor")
        second, _ = await tell(scene, "SECOND.", DANA, "conduct+not-jun@example.org")
        await scene.answer(first, "They share a flat.", tag="#challenge @sam")
        await scene.answer(noors, "They do.", tag="#challenge @sam")
        await scene.answer(first, tag=f"#merge [{second}]")
        merged = [case for case in [await scene.case(0), await scene.case(1)] if case.proceedings.state is State.MERGED]
        assert len(merged) == 1 and "jun" in (await scene.case(0)).barred & (await scene.case(1)).barred


async def test_who_withdrew_after_the_merge_went_on_reading_the_other_half(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        first, second = await two(scene)
        await scene.answer(first, tag=f"#merge [{second}]")
        await scene.answer(scene.last("notice", "noor"), tag="#recuse")
        await scene.answer(scene.all("ack", ROBIN)[0], "Ivo Petrov was there, too.")
        mark = scene.mark()
        await scene.answer(scene.last("ack", DANA), "There is a video.")
        told = {name(mail) for mail in scene.smarthost.delivered[mark:] if "a video" in mail.text}
        assert told == set(HANDLES) - {"noor", "ivo"}


async def test_the_reporter_of_the_merged_case_was_never_answered(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        first, second = await two(scene)
        await scene.answer(first, tag=f"#merge [{second}]")
        for _ in range(9):
            await scene.pass_time(timedelta(days=1))
        reminded = [mail for mail in scene.all("reminder", "sam") if f"[{second}]" in str(mail.message["Subject"])]
        assert any("written to the reporter" in mail.text for mail in reminded)


async def test_who_was_asked_put_the_others_out_by_telling_what_they_did(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await tell(scene, "About Kit.")
        await checked(scene)
        await scene.answer(scene.last("check", "noor"), "I closed the door. Ask Ivo Petrov.", tag="#act")
        places = (await scene.case()).members
        assert places["ivo"].standing is Standing.ASKED and places["noor"].standing is Standing.ASKED


async def test_who_acted_alone_took_back_the_vote_on_it_again_and_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "About Kit.")
        await scene.answer(scene.last("forward", "jun"), "I banned Kit.", tag="#act")
        await scene.answer(scene.last("forward", "jun"), tag="#withdraw Q1")
        assert "nobody takes it back" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("forward", "jun"), tag="#vote q1 yes")
        assert (
            "no-vote" not in scene.last("receipt", "jun").text
            and "Nothing was run" in scene.last("receipt", "jun").text
        )


async def test_in_a_committee_of_two_what_one_did_alone_could_never_be_ended(tmp_path: Path) -> None:
    small = "\n".join(
        line for line in committee_file().splitlines() if not any(f"handle: {each}," in line for each in HANDLES[2:])
    )
    async with Scene(tmp_path, committee=small) as scene:
        await tell(scene, "About Kit.")
        await scene.answer(scene.last("forward", "jun"), "I banned Kit.", tag="#act")
        await vote(scene, "amara", "no")
        assert "is over from now on" in scene.last("tally", "amara").text


async def test_a_count_told_of_a_case_that_a_member_is_kept_from(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "A red hat.", to="conduct+not-jun@example.org")
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
        await tell(scene, "A red hat again.", DANA)
        mark = scene.mark()
        await scene.answer(scene.last("forward", "jun"), tag='#party reported "Kit Larsen"')
        assert "earlier case" not in scene.last("receipt", "jun").text
        told = {name(mail) for mail in scene.smarthost.delivered[mark:] if "one earlier case" in mail.text}
        assert told == set(HANDLES) - {"jun"} and "earlier" not in words(scene, "jun@example.net")
