"""Our own mail that comes back makes no case and no answer; what a person wrote is heard, whatever is around it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from cocmail.mail.parse import read
from scene import ALIAS, HANDLES, Delivered, Scene, nothing_more

ROBIN = "robin@visitors.example"
LIST = {"List-Id": "<friends.lists.example>", "Precedence": "list"}


def passed_on(letter: Delivered, *, footer: str = "", subject: str = "", **more: str) -> bytes:
    """The letter as a forwarder or a list sends it on, with other header fields, perhaps a footer or a new Subject."""
    message = message_from_bytes(letter.content, policy=policy.compat32)
    if footer:
        message.set_payload(f"{message.get_payload()}\r\n{footer}\r\n")
    for name, value in {"Subject": subject, **more}.items():
        if value:
            del message[name.replace("_", "-")]
            message[name.replace("_", "-")] = value
    return b"Received: from a.example by b.example; Sat, 21 Nov 2026 11:00:00 +0000\n" + message.as_bytes()


def copied(scene: Scene, letter: Delivered, sender: str, text: str) -> EmailMessage:
    """What a person writes whose program copies the header fields of the mail that it answers."""
    mark = str(letter.message["Cocmail-Loop"])
    return scene.write(sender, ALIAS, "About it", text, proven=True, headers={"Cocmail-Loop": mark})


async def test_38_mail_of_ours_that_comes_back_is_filed_and_answered_by_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), "Thank you.", tag="#reporter")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        forward, letter, ack = scene.last("forward", "jun"), scene.last("outreach", ROBIN), scene.all("ack")[0]
        tell_nothing(scene.smarthost.delivered)
        since, cases = scene.mark(), await scene.cases()
        back = [
            passed_on(forward),
            passed_on(forward, Message_ID="<other@relay.example>"),
            passed_on(forward, Message_ID="<other@relay.example>", From="Jun via friends <friends@lists.example>"),
            passed_on(forward, footer="-- \r\nfriends mailing list", subject="[friends] A mail", **LIST),
            passed_on(forward, footer="-- \r\nfriends", From="Jun <friends@lists.example>", Message_ID="<x@y>", **LIST),
            passed_on(letter, Resent_From=ROBIN),
            passed_on(letter, Message_ID="<moved@relay.example>"),
            passed_on(ack, Message_ID="<ack@relay.example>"),
        ]
        for message in back:
            await scene.send(message, ALIAS, sender="jun@example.net")
        assert scene.mark() == since and await scene.cases() == cases
        assert (await scene.reasons())["own-mail"] == len(back)


def tell_nothing(letters: list[Delivered]) -> None:
    """Each has a loop header, of words that no other has, and that stand nowhere else."""
    words = [word for mail in letters for word in str(mail.message["Cocmail-Loop"]).split(".")]
    assert len(letters) > 8 and len(set(words)) == len(words) == 3 * len(letters)
    ids = {str(mail.message["Message-ID"])[1:27] for mail in letters}
    paths = {mail.sender.partition("bounce-")[2][:26] for mail in letters}
    assert not (ids | paths) & set(words)


async def test_a_person_is_heard_whatever_of_ours_stands_around_their_words(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack, forward = scene.all("ack")[0], scene.last("forward", "jun")
        # A program that copies header fields, of a member and of somebody else.
        await scene.send(copied(scene, ack, "Kim <kim@visitors.example>", "Copied one."))
        await scene.send(copied(scene, forward, "Lou <lou@visitors.example>", "Copied two."))
        # Forwarded as an attachment: what is within counts for nothing.
        outer = scene.write("Mo <mo@visitors.example>", ALIAS, "Fwd", "They wrote me this.", proven=True)
        outer.add_attachment(ack.message)
        await scene.send(outer)
        # Forged, of other keys, or of another letter.
        other = scene.write("No <no@visitors.example>", ALIAS, "Hm", "Forged.", headers={"Cocmail-Loop": "a.b.c"})
        await scene.send(other)
        heard = " ".join(mail.text for mail in scene.all("forward", "amara"))
        for words in ("Copied one.", "Copied two.", "They wrote me this.", "Forged."):
            assert words in heard
        assert len(await scene.cases()) == 5 and "own-mail" not in await scene.reasons()


async def test_a_letter_that_its_reader_sends_back_with_words_of_theirs_is_heard_by_who_has_the_case(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), "Thank you.", tag="#reporter")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        letter = scene.last("outreach", ROBIN)
        with nothing_more(scene, "noor", ROBIN):
            await scene.send(passed_on(letter, footer="It happened again.", Resent_From=ROBIN), ALIAS, sender=ROBIN)
        for who in ("amara", "jun", "ivo", "sam"):
            assert "It happened again." in scene.last("forward", who).text
        assert (await scene.reasons())["report-possibly-related"] == 1
        # No acknowledgement goes to our own address.
        assert not [mail for mail in scene.smarthost.delivered if mail.recipient.endswith("@example.org")]


async def test_mail_that_went_through_more_than_fifty_servers_is_kept_and_not_answered(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for number in range(2):
            report = scene.write(f"Robin <robin{number}@visitors.example>", ALIAS, "Help", f"Shouted at {number}.")
            trace = b"Received: from a.example by b.example; Sat, 21 Nov 2026 11:00:00 +0000\r\n" * 51
            await scene.send(trace + report.as_bytes(policy=policy.SMTP), sender="robin@visitors.example")
            assert f"Shouted at {number}." in scene.last("forward", "amara").text
        assert not scene.all("ack") and (await scene.reasons())["report-looks-automatic"] == 2
        (notice,) = scene.all("notice", "ops@example.com")
        assert "goes round" in " ".join(notice.text.split())
        few = scene.write("Robin <robin@visitors.example>", ALIAS, "Help", "Through fifty.")
        await scene.send(b"Received: from a by b; x\r\n" * 50 + few.as_bytes(policy=policy.SMTP))
        assert scene.recipients("ack") == {ROBIN}


async def test_35_two_responders_and_a_forwarder_come_to_an_end(tmp_path: Path) -> None:
    """Everything that a member, the reporter and the admins get is answered, to both addresses, and sent on to us."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        answered, rounds = 0, []
        while answered < len(scene.smarthost.delivered):
            fresh, answered = scene.smarthost.delivered[answered:], len(scene.smarthost.delivered)
            rounds.append(len(fresh))
            assert len(rounds) < 8, rounds
            for mail in fresh:
                if mail.recipient in ("jun@example.net", "noor@example.net", ROBIN, "ops@example.com"):
                    await answer_by_itself(scene, mail)
        # What came of the report, and at most two messages more.
        assert sum(rounds[1:]) <= 2, rounds
        assert scene.recipients("ack") == {ROBIN} and len(await scene.cases()) == 1


async def answer_by_itself(scene: Scene, mail: Delivered) -> None:
    """A responder after RFC 3834, and a redirect to the committee, at one mailbox."""
    for to in {str(mail.message["Reply-To"] or ALIAS), ALIAS}:
        reply = scene.write(mail.recipient, to, f"Out of office: {mail.message['Subject']}", "Away.", proven=True)
        reply["Auto-Submitted"] = "auto-replied"
        await scene.send(reply, to, sender="", settle=False)
    await scene.send(passed_on(mail), ALIAS, sender=mail.recipient)


async def test_a_responder_that_marks_nothing_comes_to_an_end(tmp_path: Path) -> None:
    """Jun has withdrawn, and a program there answers each receipt, in words that nobody could tell from a person's."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        answered = 1
        while answered < len(scene.all(to="jun")):
            answered += 1
            assert answered < 20
            await scene.answer(scene.last("receipt", "jun"), "I am away.")
        assert (await scene.reasons())["automatic-reply"] == 2
        assert "The same words came from you 10 times today" in scene.last("receipt", "jun").text
        # Other words, and tags, are taken as before.
        await scene.answer(scene.last("receipt", "jun"), "I am away.", subject="#cases")
        assert (await scene.reasons())["automatic-reply"] == 2 and len(scene.all(to="jun")) == answered + 1


async def test_ten_forged_copies_silenced_a_members_own_words(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for _ in range(11):
            await scene.send(scene.write("sam@example.net", ALIAS, "Hello", "I agree.", proven="fail"))
        since = scene.mark()
        await scene.answer(scene.all("forward", "sam")[0], "I agree.")
        assert scene.recipients("forward", since) == set(HANDLES) - {"sam"}


def test_the_mark_is_read_at_the_top_of_a_message_alone() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nCocmail-Loop: inner\r\n\r\nwords\r\n"
    assert read(b"From: a@b.example\r\n" + inner).values("cocmail-loop") == ()
