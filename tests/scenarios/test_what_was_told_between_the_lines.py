"""What a signature, a thread, a second name or a merged half told; each is named after what it did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.model import Mail
from cocmail.core.namesakes import names_in
from cocmail.core.naming import PLACE, labelled
from core.desk import committee
from people import checked, name_of, say_yes, words, write
from scene import ALIAS, Scene, committee_file

ESCROW, DANA, EVE = "conduct+escrow@example.org", "dana@visitors.example", "eve@visitors.example"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
CHECKED = committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)
TARGETS = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"


async def tell(scene: Scene, text: str, sender: str, to: str = ALIAS) -> str:
    await scene.send(scene.write(sender, to, "x", text, proven=True), to)
    return await name_of(scene)


async def hand_over(scene: Scene) -> None:
    await scene.answer(scene.last("forward", "jun"), tag="#own")
    for who in ("jun", "sam"):
        await scene.answer(scene.last("forward", who), "It is theirs.", tag="#transfer foundation")
        await say_yes(scene, scene.last("confirm", who))


async def test_the_signature_and_the_card_of_who_took_it_down_went_to_another_body(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(transfer_targets=TARGETS)) as scene:
        text = "From: Robin Vale <robin@visitors.example>\n\nKit pushed me.\n\n-- \nAmara Obi, Acme\n+44 20 7946 0000"
        message = scene.write("amara@example.net", ALIAS, "#new phone", text, proven=True)
        message.add_attachment(b"BEGIN:VCARD\nFN:Amara Obi\nEND:VCARD\n", "text", "vcard", filename="amara.vcf")
        await scene.send(message, ALIAS)
        await hand_over(scene)
        (handed,) = scene.all("transfer")
        assert "Kit pushed me." in handed.text
        said = handed.content.decode().casefold() + handed.text.casefold()
        assert not [each for each in ("amara", "acme", "7946", "vcard") if each in said]


async def test_whoever_was_noted_as_a_contact_was_told_by_the_daemon_that_there_is_a_case(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(transfer_targets=TARGETS)) as scene:
        text = "From: Robin Vale <robin@visitors.example>\n\nKit pushed me."
        await write(scene, "amara@example.net", "#new phone", text)
        await hand_over(scene)
        assert scene.all("transfer") and not scene.all(to="robin@visitors.example")


async def test_a_letter_to_the_reporter_answered_the_mail_of_the_member_who_took_it_down(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        text = "From: Robin Vale <robin@visitors.example>\n\nKit pushed me."
        message = scene.write("amara@example.net", ALIAS, "#new phone", text, proven=True)
        await scene.send(message, ALIAS)
        await scene.answer(scene.last("forward", "amara"), "We talk to everybody.", tag="#reporter")
        await scene.answer(scene.last("draft", "sam"), tag="#send D1")
        (letter,) = scene.all("outreach", "robin@visitors.example")
        assert str(message["Message-ID"]).strip("<>") not in letter.content.decode()


async def test_what_somebody_had_told_a_member_went_to_a_dead_address_and_nobody_was_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.")
        address = str(scene.last("forward", "noor").message["Reply-To"])
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        unproven = scene.write("noor@example.net", address, "#new phone anonymous", "Reporter: unknown\nKit fell.")
        await scene.send(unproven, address)
        await say_yes(scene, scene.last("confirm", "noor"))
        assert "write a new mail" in scene.last("receipt", "noor").text


def test_a_place_that_ends_in_a_comma_took_the_account_with_it() -> None:
    (line,) = [each for each in labelled(["Where: in hall 2,", "Kit Larsen pushed me."]) if each.kind == PLACE]
    assert "Kit" not in line.value


@pytest.mark.parametrize("text", ["{} pushed me.\n\n-- \nRobin Vale", "My name is Robin Vale. {} pushed me.\n"])
def test_who_signed_a_sealed_report_was_the_name_by_which_it_was_found(text: str) -> None:
    found = names_in(Mail(text=text.format("Kit Larsen"), from_addresses=("x@visitors.example",)), committee("basic"))
    assert "Kit Larsen" in found.values() and "Robin Vale" not in found.values()


async def test_two_reports_named_the_same_two_people_and_only_the_witness_was_asked_about(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "SECRET: Max Mustermann saw that Kit Larsen pushed me.", "robin@visitors.example", ESCROW)
        await tell(scene, "Max Mustermann told me of Kit Larsen.", DANA)
        asked = scene.last("check", "amara").text
        assert "Max Mustermann" in asked and "Kit Larsen" in asked


async def test_a_sealed_report_that_nobody_opened_for_three_months_was_never_asked_about_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "SECRET: Kit Larsen pushed me.", "robin@visitors.example", ESCROW)
        await tell(scene, "Kit Larsen sang badly.", DANA)
        for _ in range(16):
            await scene.pass_time(timedelta(days=8))
        before = len(scene.all("check"))
        for _ in range(5):
            await scene.pass_time(timedelta(days=8))
        assert len(scene.all("check")) > before


async def three(scene: Scene) -> None:
    """Three reports of three people that go on as one, merged two by two."""
    await tell(scene, "FIRST: he pushed me near the blue door.", "robin@visitors.example")
    first = scene.last("forward", "amara")
    second = await tell(scene, "SECOND: he followed me to the tram at midnight.", DANA)
    other = scene.last("forward", "amara")
    third = await tell(scene, "THIRD: he took pictures of the swimmers behind the hotel.", EVE)
    await scene.answer(other, tag=f"#merge [{third}]")
    await scene.answer(first, tag=f"#merge [{second}]")
    assert len(scene.all("receipt", "amara")) == 2


async def test_who_withdrew_from_the_first_of_three_merged_cases_went_on_reading_the_third(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await three(scene)
        await scene.answer(scene.all("forward", "noor")[0], tag="#recuse")
        for number in range(3):
            assert "noor" in (await scene.case(number)).barred
        mark = scene.mark()
        await scene.answer(scene.last("ack", EVE), "There is a video.")
        assert not [mail for mail in scene.smarthost.delivered[mark:] if "noor" in mail.recipient]


async def test_a_letter_told_one_reporter_what_another_had_written_whose_case_goes_on_with_theirs(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await three(scene)
        told = "We know that he took pictures of the swimmers behind the hotel."
        await scene.answer(scene.all("forward", "amara")[0], told, tag="#reporter")
        assert "swimmers behind the hotel" in scene.last("receipt", "amara").text or scene.all("draft", "sam")
        if scene.all("draft", "sam"):
            await scene.answer(scene.last("draft", "sam"), tag="#send D1")
        assert not scene.all("outreach")


async def test_how_often_somebody_was_reported_told_of_a_case_that_a_member_is_only_asked_about(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHECKED) as scene:
        await tell(scene, "Kit Larsen sang.", "robin@visitors.example")
        await checked(scene)
        assert scene.last("check", "noor")
        await tell(scene, "The person in the red hat.", DANA)
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Max Mustermann"')
        await scene.answer(scene.last("forward", "amara"), tag="#check")
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        assert "red hat" in scene.last("forward", "noor").text
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
        assert "one earlier case" in scene.last("receipt", "amara").text
        assert "earlier case" not in words(scene, "noor@example.net")
