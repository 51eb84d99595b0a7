"""Mail of people that was taken for a program's, or for a copy: each named after what it would have done to them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from cocmail import commit, knowledge
from cocmail.core.model import Mail, Wanted
from scenarios.test_digests import digests, morning
from scene import ALIAS, Delivered, Scene, nothing_more

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


# A member's Subject that begins like an out-of-office answer


async def say_yes(scene: Scene, mail: Delivered) -> None:
    address, subject = mail.link("Yes")
    await scene.send(scene.write(mail.recipient, address, subject, ""), address)


async def test_a_withdrawal_behind_out_of_office_was_swallowed_without_a_word(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), subject="OOO until January, so #recuse")
        asked = scene.last("confirm", "jun")
        assert "It would run: #recuse" in asked.text and "out-of-office" in asked.text
        assert "mail of this case to you waits" in asked.text and "without proof" not in asked.text
        with nothing_more(scene, "jun"):
            await scene.answer(scene.last("forward", "amara"), "Words that are not for Jun any more.")
        await say_yes(scene, asked)
        assert scene.last("receipt", "jun") and not [mail for mail in scene.all(to="jun") if "any more." in mail.text]
        assert await scene.reasons() == {"report": 1, "command": 1, "discussion": 1, "confirmed": 1}


async def test_an_absence_told_in_so_many_words_was_swallowed_without_a_word(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "jun")
        away = "Out of office #away 2026-12-20 2027-01-04"
        await scene.answer(forward, subject=away)
        await say_yes(scene, scene.last("confirm", "jun"))
        assert scene.last("receipt", "jun") and (await scene.reasons())["command"] == 1
        # From a reply address that is dead as well; the header of a program is believed as before.
        await scene.answer(forward, tag="#recuse")
        await scene.answer(forward, subject="Out of office #away 2027-02-20 2027-03-04")
        assert "2027-02-20" in scene.last("confirm", "jun").text
        with nothing_more(scene, "jun", "amara"):
            to = str(forward.message["Reply-To"])
            says_so = {"Auto-Submitted": "auto-replied"}
            marked = scene.write("jun@example.net", to, away, "", proven=True, answers=forward, headers=says_so)
            await scene.send(marked, to)
            await scene.answer(forward, "I am away.", subject=f"Out of office: {forward.message['Subject']}")
        assert {"automatic-reply": 1, "automatic-to-token": 1}.items() <= (await scene.reasons()).items()


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize("sender", ["jun@example.net", ""])
async def test_a_program_that_marks_nothing_voted_or_was_asked_for_ever(
    tmp_path: Path, threaded: bool, sender: str
) -> None:
    """Somebody wrote Jun a Subject with a tag; what answers there puts it into all that it sends, to both addresses."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        answered = rounds = 0
        while answered < len(scene.all(to="jun")):
            fresh, answered = scene.all(to="jun")[answered:], len(scene.all(to="jun"))
            rounds += 1
            assert rounds < 8
            for mail in fresh:
                subject = f"Automatic reply: {mail.message['Subject']} #challenge @amara"
                for to in {str(mail.message["Reply-To"]), ALIAS}:
                    heard = mail if threaded else None
                    reply = scene.write("jun@example.net", to, subject, "Away.", proven=True, answers=heard)
                    await scene.send(reply, to, sender=sender)
        assert len(scene.all("confirm", "jun")) <= 2 and not scene.all("receipt", "jun")
        found = await scene.reasons()
        assert found["command"] == 1, "Amara's own"
        assert found.keys() <= {"report", "command", "held-unproven", "automatic-to-token", "automatic-reply"}


# A member's mail without an envelope sender


async def test_a_members_mail_without_an_envelope_sender_was_filed_and_nobody_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward, since = scene.last("forward", "jun"), scene.mark()
        name = str(forward.message["Subject"]).partition("]")[0] + "]"
        seen, secret = "I have seen it with my own eyes.", "From: Kim Doe\n\nKim told me that X hit her."
        mails = [
            scene.write("jun@example.net", ALIAS, f"{name} Re", seen, proven=True, answers=forward),
            scene.write("jun@example.net", ALIAS, "#new inperson anonymous", secret, proven=True),
            scene.write("jun@example.net", ALIAS, f"{name} #recuse", "", proven=True),
        ]
        for mail in mails:
            await scene.send(mail, sender="")
            # The same again is the same.
            await scene.send(mail, sender="")
        assert [(mail.kind, mail.recipient) for mail in scene.smarthost.delivered[since:]] == [
            ("confirm", "jun@example.net")
        ] * 3
        for asked in scene.all("confirm", "jun"):
            assert "no envelope sender" in " ".join(asked.text.split())
            await say_yes(scene, asked)
        assert any(seen in mail.text for mail in scene.all("forward", "sam"))
        found = await scene.reasons()
        assert found == {"report": 1, "duplicate": 3, "discussion": 1, "command": 2, "confirmed": 3}
        await morning(scene)
        assert not digests(scene, "amara")


async def test_a_members_tag_at_a_reply_address_without_an_envelope_sender_was_swallowed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "jun")
        to = str(forward.message["Reply-To"])
        for tag in (" #recuse", ""):
            subject = f"Re: {forward.message['Subject']}{tag}"
            await scene.send(
                scene.write("jun@example.net", to, subject, "Hm.", proven=True, answers=forward), to, sender=""
            )
        assert await scene.reasons() == {"report": 1, "held-unproven": 1, "automatic-to-token": 1}
        await say_yes(scene, scene.last("confirm", "jun"))
        assert (await scene.reasons())["command"] == 1


async def test_a_members_steps_without_an_envelope_sender_were_told_to_the_others(tmp_path: Path) -> None:
    """Beyond what is asked in a day they wait, as all that waits for a yes, and no digest shows a ballot."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        name = str(scene.last("forward", "jun").message["Subject"]).partition("]")[0] + "]"
        for number in range(8):
            subject = f"{name} #vote Q{number + 1} no"
            await scene.send(scene.write("jun@example.net", ALIAS, subject, "", proven=True), sender="")
        assert len(scene.all("confirm", "jun")) == 5
        assert "More mail of this kind will be kept" in scene.last("confirm", "jun").text
        await morning(scene)
        assert not any(digests(scene, handle) for handle in ("amara", "noor", "ivo", "sam"))
        assert await scene.reasons() == {"report": 1, "held-unproven": 8}
