"""Cases that have to do with each other: sealed ones, earlier ones, retaliation, two that are one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cocmail.core.lifecycle import State
from people import name_of, say_yes, words, write
from questions import ask
from scene import ALIAS, HANDLES, Delivered, Scene

SEALED = "conduct+escrow@example.org"
DANA = "Dana <dana@visitors.example>"
ROBIN = "robin@visitors.example"


def name(mail: Delivered) -> str:
    return mail.recipient.partition("@")[0]


async def seal(scene: Scene, text: str, sender: str = f"Robin <{ROBIN}>") -> None:
    await scene.send(scene.write(sender, SEALED, "x", text), SEALED)


async def tell(scene: Scene, text: str, sender: str = DANA) -> None:
    await scene.send(scene.write(sender, ALIAS, "x", text), ALIAS)


async def test_two_sealed_reports_on_one_person_are_found_without_anybody_reading_them(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET one. Kit Larsen pushed me.")
        # The same sender again is no second voice.
        await seal(scene, "SECRET again. Kit Larsen pushed me a second time.")
        assert not scene.all("check")
        await seal(scene, "SECRET two. kit Larsen, that is KIT LARSEN, shouted.", DANA)
        assert {name(mail) for mail in scene.all("check")} == {"amara", "jun"}
        assert not any("SECRET" in words(scene, f"{handle}@example.net") for handle in HANDLES)
        first = scene.all("check", "amara")[0]
        await scene.answer(first, tag="#release")
        await say_yes(scene, scene.last("confirm", "amara"))
        assert sum("SECRET" in mail.text for mail in scene.all("forward", "sam")) == 1
        states = [(await scene.case(number)).proceedings.state for number in range(3)]
        assert sorted(state.name for state in states) == ["ESCROWED", "ESCROWED", "OPEN"]


async def test_a_name_that_a_member_notes_finds_the_sealed_report_and_counts_the_earlier_ones(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "It was Kit Larsen, as always.")
        for text in ("the first", "the second"):
            await tell(scene, f"A man with a red hat, {text}.")
            await scene.answer(scene.last("forward", "jun"), tag='#party reported "Larsen, Kit"')
        assert "one earlier case" in scene.last("receipt", "jun").text
        assert "one earlier case" in scene.last("notice", "sam").text
        # Asked is somebody else than who noted the name.
        assert "Larsen, Kit" in scene.last("check", "amara").text and not scene.all("check", "jun")
        # Who is out of a case learns nothing of it.
        await tell(scene, "Ivo Petrov and the man with the red hat.", "Eve <eve@visitors.example>")
        with_ivo = scene.mark()
        await scene.answer(scene.last("forward", "jun"), tag='#party reported "Kit Larsen"')
        assert "2 earlier cases" in scene.last("receipt", "jun").text
        assert "ivo" not in {name(mail) for mail in scene.smarthost.delivered[with_ivo:]}


async def test_what_follows_on_a_case_is_kept_apart_and_asked_about_after_a_month_and_three(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "Kit shouted at me.")
        first = await name_of(scene)
        await tell(scene, "Kit had me put off the list for having reported it. So did Ivo Petrov.", DANA)
        second = await name_of(scene)
        await scene.answer(scene.last("forward", "jun"), tag=f"#related [{first}] retaliation")
        assert "Retaliation is a violation" in scene.last("receipt", "jun").text
        # Ivo has the first one alone, and hears of no other.
        assert f"[{first}]" in scene.last("notice", "sam").text
        assert second not in words(scene, "ivo@example.net")
        await scene.answer(scene.last("forward", "ivo"), tag=f"#related [{second}]")
        assert "no such case for you" in scene.last("receipt", "ivo").text
        await scene.answer(scene.last("forward", "jun"), tag="#doc")
        assert first not in scene.last("document", "jun").text.replace(f"# {second}", "")
        for days in (31, 60):
            before = scene.mark()
            await scene.pass_time(timedelta(days=days))
            asked = [mail for mail in scene.smarthost.delivered[before:] if "how they are" in mail.text]
            assert {name(mail) for mail in asked} >= {"amara", "sam"}


async def test_two_cases_that_are_one_have_one_circle_and_nobody_comes_in_by_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "FIRST: Kit shouted, and Ivo Petrov laughed.", f"Robin <{ROBIN}>")
        first = await name_of(scene)
        in_first = scene.last("forward", "jun")
        await tell(scene, "SECOND: Kit shouted at the desk.")
        second = await name_of(scene)
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        await scene.answer(in_first, tag=f"#merge [{second.replace(' ', '-')}]")
        assert f"[{second}] goes on in this case" in scene.last("receipt", "jun").text
        cases = {case.code_name: case for case in [await scene.case(0), await scene.case(1)]}
        assert cases[second].proceedings.state is State.MERGED
        # Ivo had the second one and is in the first; Noor is close to somebody in the second: both are out of both.
        for case in cases.values():
            assert {"noor", "ivo"} <= case.barred
        mark = scene.mark()
        await scene.answer(scene.last("ack", "dana@visitors.example"), "There is a video.")
        told = {name(mail) for mail in scene.smarthost.delivered[mark:] if "There is a video." in mail.text}
        assert told == {"amara", "jun", "sam"}
        assert first not in words(scene, "ivo@example.net")
        await scene.answer(scene.last("forward", "sam"), tag="#reopen")
        assert (await scene.case(1)).proceedings.state is State.OPEN


async def test_an_open_question_is_not_lost_by_merging(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "One.", f"Robin <{ROBIN}>")
        first = scene.last("forward", "jun")
        await tell(scene, "Two.")
        second = await name_of(scene)
        await ask(scene, "amara")
        await scene.answer(first, tag=f"#merge [{second}]")
        assert "Q1 is open" in scene.last("receipt", "jun").text
        await write(scene, "jun@example.net", "#merge [tea pot]")
        assert (await scene.case(1)).proceedings.state is State.VOTING
