"""What is attached to a letter: everybody sees it before it goes out, and it goes out as they saw it, or not at all."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from files import File, jpeg, pdf, png, text
from scene import HANDLES, Delivered, Scene, nothing_more

KIT = "kit@acme.example"
ROBIN = "robin@visitors.example"
REPORT = "Kit Larsen pushed me off the stage stairs on Friday evening while Dana Cole was watching us."
# Made here, as the library tells the log about what it writes.
PHOTOGRAPH = jpeg(Artist="Robin Vale's phone", place=True)
LETTER = "Dear Kit,\n\nplease look at what is attached. An answer to this mail reaches the two of us who work on it."


async def judged(scene: Scene) -> None:
    await scene.report(REPORT)
    await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen" #scope in')
    await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:maybe")


async def draft(scene: Scene, *files: File, tag: str = "#reported", words: str = f"To: {KIT}\n\n{LETTER}") -> None:
    """Amara drafts a letter in a mail program that adds the same text as HTML, with a logo, and a signature."""
    mail = scene.last("forward", "amara")
    token, subject = str(mail.message["Reply-To"]), f"Re: {mail.message['Subject']} {tag}"
    message = scene.write("Amara Obi <amara@example.net>", token, subject, words, proven=True)
    message.add_alternative(f"<p>{words}</p><img src='cid:logo'>", subtype="html")
    html = message.get_payload(1)
    html.add_related(png(Author="Acme").content, "image", "png", cid="<logo>", filename="logo.png")  # type: ignore[union-attr]
    for file in files:
        main, _, sub = file.kind.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    message.add_attachment(b"-----BEGIN", maintype="application", subtype="pgp-signature", filename="amara.asc")
    await scene.send(message, token)


def files_of(mail: Delivered) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.message.iter_attachments()}  # type: ignore[misc]


def told(mail: Delivered) -> str:
    return " ".join(mail.text.split())


async def test_a_letter_arrives_with_its_files_byte_for_byte_as_everybody_saw_them(tmp_path: Path) -> None:
    rules, screen = pdf(words="Be kind.", Title="Our rules"), png(Software="gnome-screenshot")
    table = text("days.csv", "day,room\r\nFriday,2\r\n", "text/csv")
    sent = {file.name: file.content for file in (rules, screen, table)}
    async with Scene(tmp_path) as scene:
        await judged(scene)
        with nothing_more(scene, KIT, ROBIN):
            await draft(scene, rules, screen, table)
        receipt = told(scene.last("receipt", "amara"))
        assert "With it go rules.pdf, screen.png, days.csv, as they are." in receipt
        assert "What your mail program added stays behind: logo.png, amara.asc" in receipt
        for who in HANDLES:
            assert files_of(scene.last("draft", who)) == sent
        shown = told(scene.last("draft", "jun"))
        assert "and nothing else: rules.pdf, screen.png, days.csv" in shown
        assert "I cannot read what is in a picture" in shown
        assert "I see nothing in it of: what it did to other people" in shown
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        (letter,) = scene.all(to=KIT)
        assert files_of(letter) == sent and letter.text.strip() == LETTER
        assert b"amara" not in letter.content.lower() and b"logo" not in letter.content


async def test_what_a_file_tells_of_somebody_is_shown_to_who_attached_it_and_to_nobody_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Scene(tmp_path) as scene:
        await judged(scene)
        with nothing_more(scene, KIT, ROBIN, "jun", "noor", "ivo", "sam"):
            await draft(scene, PHOTOGRAPH, text("notes_dana.txt", "Be kind."))
        receipt = told(scene.last("receipt", "amara"))
        assert "in stage.jpg, what a program wrote into it: Artist: Robin Vale's phone" in receipt
        assert "in stage.jpg, what a program wrote into it: GPS position" in receipt
        assert "save it as PNG" in receipt
        with nothing_more(scene, KIT, ROBIN, "jun", "noor", "ivo", "sam"):
            await draft(scene, pdf(password="x"))
        assert "in rules.pdf, it is encrypted" in told(scene.last("receipt", "amara"))
        await scene.answer(scene.last("forward", "amara"), tag='#party harmed "Zee"')
        await scene.answer(scene.last("forward", "amara"), "Dear Robin, Zee told us the same.", tag="#reporter")
        assert "somebody whom the reporter did not name: Zee" in told(scene.last("receipt", "amara"))
        assert not scene.all("draft")
    assert "Robin Vale's phone" not in caplog.text and "stage.jpg" not in caplog.text


async def test_a_server_that_takes_no_large_mail_does_not_get_half_a_letter(tmp_path: Path) -> None:
    file = text("long.txt", "Be kind.\n" * 2_000)
    async with Scene(tmp_path) as scene:
        await judged(scene)
        scene.smarthost.largest = 15_000
        await draft(scene, file)
        shown = scene.last("draft", "jun")
        assert files_of(shown) == {} and "With it would go long.txt: too large to be sent to you here" in told(shown)
        with nothing_more(scene, KIT):
            await scene.answer(shown, tag="#send D1")
        assert scene.all("notice", "ops@example.com")
        scene.smarthost.largest = 60_000_000
