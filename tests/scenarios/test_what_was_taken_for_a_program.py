"""Mail of people that was taken for a program's, or for a copy: each named after what it would have done to them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from cocmail import commit, knowledge
from cocmail.core.model import Mail, Wanted
from scene import ALIAS, Scene

ESCROW = "conduct+escrow@example.org"
NO_PATH = "conduct+bounce-abcdefgh@example.org"
ROBIN = "robin@visitors.example"
EVIL = "evil@evil.example"
FORM = {"X-Mailer": "AcmeForms AutoResponder 2.1"}
REDIRECTED = {"X-MS-Exchange-Inbox-Rules-Loop": "conduct@example.org"}


# Headers that say nothing of who wrote


async def test_what_a_mailbox_on_exchange_redirected_was_answered_to_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(headers=REDIRECTED)
        assert scene.recipients("ack") == {ROBIN}
        forward, ack = scene.last("forward", "jun"), scene.last("ack", ROBIN)
        for mail, words, tag in ((forward, "", " #recuse"), (ack, "It happened again.", "")):
            to = str(mail.message["Reply-To"])
            subject = f"Re: {mail.message['Subject']}{tag}"
            reply = scene.write(mail.recipient, to, subject, words, proven=True, answers=mail, headers=REDIRECTED)
            await scene.send(reply, to)
        assert "It happened again." in scene.last("forward", "amara").text
        assert await scene.reasons() == {"report": 1, "command": 1, "follow-up": 1}


async def test_a_report_by_a_web_form_was_filed_for_the_name_of_its_program(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("A form: somebody hit me.", headers=FORM, sender="form@project.example")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"} and not scene.all("ack")
        assert "automatic" in scene.last("forward", "amara").text
        # What answers something, or comes to a reply address, is a program's answer as before.
        await scene.report("Again.", proven=True)
        mail = scene.last("ack", ROBIN)
        for to in (ALIAS, str(mail.message["Reply-To"])):
            await scene.send(scene.write(ROBIN, to, "Away", "I am away.", answers=mail, headers=FORM), to)
        fresh = scene.write(ROBIN, to, "Away", "I am away, still.", headers=FORM)
        await scene.send(fresh, to)
        found = await scene.reasons()
        assert found == {"report-looks-automatic": 1, "report": 1, "automatic-reply": 2, "automatic-to-token": 1}


# Addresses beside the alias


async def test_a_return_path_beside_the_alias_swallowed_a_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Kit hit me.", to=[ALIAS, NO_PATH])
        await scene.report("Kit hit me, Sam.", to=["conduct+sam@example.org", NO_PATH])
        await scene.report("Kit hit me, seal it.", to=[ESCROW, NO_PATH])
        await scene.report("Kit hit me, not for Ivo.", to=["conduct+not-ivo@example.org", NO_PATH])
        await scene.report("To a return path alone.", to=NO_PATH)
        found = await scene.reasons()
        assert found == {"report": 2, "report-for-one": 1, "report-escrowed": 1, "to-bounce-address": 1}
        assert "Kit hit me." in scene.all("forward", "ivo")[0].text
        assert not [mail for mail in scene.all("forward", "ivo") if "not for Ivo" in mail.text]


async def test_a_persons_mail_to_the_alias_and_to_a_letters_return_path_swallowed_their_words(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        path = scene.last("forward", "jun").sender
        await scene.report("Kit hit me as well.", to=[ALIAS, path], sender="Kim <kim@visitors.example>")
        assert "Kit hit me as well." in scene.last("forward", "amara").text
        # A program's is about the letter, whatever stands beside it: mailboxes without an envelope know no better.
        await scene.report("Undelivered.", to=[ALIAS, path], sender="MAILER-DAEMON@relay.example", proven=False)
        assert await scene.reasons() == {"report": 2, "to-bounce-address": 1}


# Copies that were handed in first


def copy_of(scene: Scene, message: EmailMessage) -> EmailMessage:
    """The same message from somebody who has a copy, without the proof."""
    copied = scene.write(str(message["From"]), ALIAS, str(message["Subject"]), str(message.get_content()))
    for name in ("Date", "Message-ID"):
        copied.replace_header(name, str(message[name]))
    return copied


async def test_a_copy_handed_in_to_be_sealed_swallowed_the_report_itself(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = scene.write(f"Robin Vale <{ROBIN}>", ALIAS, "Help", "Somebody hit me.", proven=True)
        await scene.send(copy_of(scene, report), ESCROW, sender=EVIL)
        assert not scene.all("forward")
        for _ in range(2):
            await scene.send(report)
        assert "Somebody hit me." in scene.last("forward", "amara").text
        # Each once, and read by everybody is not sealed again.
        await scene.send(copy_of(scene, report), ESCROW)
        assert await scene.reasons() == {"report-escrowed": 1, "report": 1, "duplicate": 2}


async def test_what_everybody_had_read_was_sealed_as_another_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = await scene.report()
        await scene.send(copy_of(scene, report), ESCROW)
        assert await scene.reasons() == {"report": 1, "duplicate": 1} and len(await scene.cases()) == 1


async def test_an_upgrade_made_twins_of_what_was_sealed_before_or_kept_its_copy_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release before this one wrote down what was sealed as what is read."""
    kept = commit.fingerprint

    def before(mail: Mail, wanted: Wanted | None = None) -> str:
        return kept(mail)

    monkeypatch.setattr(commit, "fingerprint", before)
    monkeypatch.setattr(knowledge, "fingerprint", before)
    async with Scene(tmp_path) as scene:
        report = scene.write(f"Robin Vale <{ROBIN}>", ALIAS, "Help", "Somebody hit me.", proven=True)
        await scene.send(copy_of(scene, report), ESCROW)
        monkeypatch.undo()
        await scene.send(copy_of(scene, report), ESCROW)
        assert await scene.reasons() == {"report-escrowed": 1, "duplicate": 1}
        await scene.send(report)
        assert await scene.reasons() == {"report-escrowed": 1, "duplicate": 1, "report": 1}
