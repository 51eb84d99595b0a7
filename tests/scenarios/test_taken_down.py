"""Reports that a member takes down for somebody (`#new`): who reads them, and what is kept of who reported."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from canaries import TOLD, has_canary, kept
from people import checked, say_yes, words, write
from scene import ALIAS, HANDLES, Scene, committee_file

RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
CHAOSS = committee_file(policy="chaoss", triage="{size: 1, order: [amara, jun]}", more_members=RUTH)


@pytest.mark.parametrize("way", ["proven", "confirmed"])
async def test_of_an_anonymous_reporter_nobody_but_the_taker_ever_has_a_trace(
    tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("amara@example.net", ALIAS, "#new dm anonymous", TOLD, proven=way == "proven")
        await scene.send(mail, ALIAS)
        if way == "confirmed":
            await say_yes(scene, scene.last("confirm", "amara"))
        assert scene.recipients("forward") == set(HANDLES)
        assert (
            "[the reporter]" in scene.last("forward", "sam").text and "Kit Larsen" in scene.last("forward", "sam").text
        )
        for tag in ("#show", "#doc", "#sheet", "#show original"):
            await scene.answer(scene.last("forward", "jun"), tag=tag)
        await scene.answer(scene.last("forward", "jun"), "Thank you.", tag="#reporter")
        await scene.answer(scene.last("forward", "noor"), tag="#send D1")
        await scene.pass_time(timedelta(days=9))
        assert "Thank you." in scene.last("outreach", "amara").text
        everything = "\n".join(words(scene, f"{handle}@example.net") for handle in HANDLES)
        assert not has_canary(everything + capsys.readouterr().out)
        case = await scene.case()
        assert not has_canary(str(case)) and case.reporter is not None and not case.reporter.address
        # Nor is there anything left that a key could open.
        everything = await kept(scene)
        assert "Kit Larsen pushed" in everything and not has_canary(everything)


async def test_a_slip_of_the_pen_gives_nobody_away(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for subject in (
            "#new phone anonymus",
            "#new phone anonymously please",
            "#new phone Anon",
            "#new phone escrowed",
        ):
            await write(scene, "amara@example.net", subject, TOLD)
            assert "I cannot tell whether you mean" in scene.last("receipt", "amara").text
        assert not scene.all("forward") and not await scene.cases()


async def test_a_number_that_the_line_on_the_reporter_lacked_went_to_everybody(tmp_path: Path) -> None:
    named = "Reporter: Wilhelmina Quast <mina.quast@hidden.example>"
    told = "\n\nKit Larsen pushed her. Call Ms Quast at 0170 555 1234."
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#new phone anonymous", named + told)
        assert "Please add it to that line, or take it out" in scene.last("receipt", "amara").text
        assert not scene.all("forward") and not await scene.cases()
        await write(scene, "amara@example.net", "#new phone anonymous", f"{named}, 0170 555 1234{told}")
        assert "Call Ms [the reporter] at [the reporter]." in scene.last("forward", "jun").text


async def test_files_that_could_tell_who_made_them_and_quotes_of_another_case_are_not_taken(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("amara@example.net", ALIAS, "#new phone anonymous", TOLD, proven=True)
        mail.add_attachment(b"x", maintype="image", subtype="png", filename="quast.png")
        await scene.send(mail, ALIAS)
        assert "without\nfiles" in scene.last("receipt", "amara").text
        await scene.report("SECRET of another case.")
        await scene.answer(scene.last("forward", "jun"), TOLD, tag="#new phone")
        assert "belongs to no other case" in scene.last("receipt", "jun").text
        assert len(await scene.cases()) == 1


async def test_who_took_it_down_has_it_and_writes_to_the_reporter_as_always(tmp_path: Path) -> None:
    told = "From: Robin Vale <robin@visitors.example>\nKit Larsen pushed me."
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await write(scene, "noor@example.net", "#new phone", told)
        # The watcher, and who took it down; the others are asked, as about any report. Nobody acknowledges it.
        assert scene.recipients("forward") == {"amara", "noor"} and not scene.all("ack")
        assert "Noor Haddad took this report down" in scene.last("forward", "amara").text
        await checked(scene)
        assert scene.recipients("check") == {"jun", "ivo", "sam"}
        await scene.answer(scene.last("forward", "amara"), "We are on it.", tag="#reporter")
        await scene.answer(scene.last("forward", "noor"), tag="#send D1")
        assert "We are on it." in scene.last("outreach", "robin@visitors.example").text
        # What the reporter answers comes into the case.
        await scene.answer(scene.last("outreach", "robin@visitors.example"), "It was on video.")
        assert "It was on video." in scene.last("forward", "amara").text


async def test_a_taker_with_a_tie_to_the_reported_person_hands_it_on_by_taking_it_down(tmp_path: Path) -> None:
    close = committee_file().replace(
        "email: noor@example.net", "email: noor@example.net, known_conflicts: [{with: Kit Larsen}]"
    )
    async with Scene(tmp_path, committee=close) as scene:
        await write(scene, "noor@example.net", "#new self", "Kit Larsen keeps the key to the booth.")
        assert scene.recipients("forward") == set(HANDLES) - {"noor"}
        assert "do not have it yourself" in scene.last("receipt", "noor").text
        # A member who is named as the reporter does not read it either.
        await write(scene, "amara@example.net", "#new inperson", "Reporter: Jun Sato\nI was pushed.")
        assert (await scene.case()).members["jun"].why == "reporter"


async def test_kept_sealed_it_is_read_by_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#new phone anonymous escrow", TOLD)
        assert "kept sealed" in scene.last("receipt", "amara").text
        assert not scene.all("forward") and not has_canary(await kept(scene))
