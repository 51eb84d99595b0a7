"""What once was shown, or done, by means of what a mail quotes or of a line that somebody added to it."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from scene import HANDLES, Delivered, Scene

ROBIN = "robin@visitors.example"


def quoted(mail: Delivered) -> str:
    return "".join(f"> {line}\n" for line in mail.text.splitlines())


def everything_in(message: Message) -> bytes:
    """Each part as it stands and decoded; of an attached message the same."""
    found = [message.as_bytes()]
    for part in message.walk():
        content = bytes(part.get_payload(decode=True) or b"")
        found.append(content)
        if str(part.get_filename()).endswith(".eml"):
            found.append(everything_in(message_from_bytes(content)))
    return b"\n".join(found)


async def test_a_quotation_gave_every_member_the_address_that_removes_the_others(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack, jun = scene.last("ack", ROBIN), scene.last("forward", "jun")
        address = str(ack.message["Reply-To"])
        quoting = f"It was loud — très.\n\nOn Saturday at 10:00, Example Committee <{address}> wrote:\n> Thank you.\n"
        for encoding in ("8bit", "base64", "quoted-printable"):
            reply = scene.write(ROBIN, address, "Re: it", "", proven=True, answers=ack)
            reply.set_content(quoting, cte=encoding)
            reply.add_attachment(ack.message)
            await scene.send(reply, address)
        await scene.answer(jun, f"Indeed.\n\nThe committee <{jun.message['Reply-To']}> wrote:\n> Words.\n")
        for tag in ("#show", "#show original", "#doc"):
            await scene.answer(scene.last("forward", "ivo"), tag=tag)
        assert len(scene.all("document", "ivo")) == 3
        told = b"\n".join(everything_in(mail.message) for mail in scene.all(to="ivo"))
        assert b"It was loud" in told and b"Indeed." in told
        for whose in (address, str(jun.message["Reply-To"])):
            assert re.findall("[a-z2-7]{26}", whose)[0].encode() not in told


async def test_the_last_line_of_a_quoted_letter_let_in_the_member_whom_it_names(tmp_path: Path) -> None:
    letter = "Dear Robin,\n\nthank you. On Saturday, at the door,\nIvo Petrov will meet you.\n\nAmara Obi\n"
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), letter, tag="#reporter")
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        [sent] = scene.all("outreach")
        since = scene.mark()
        await scene.answer(sent, f"Please not: he did it.\n\n{quoted(sent)}")
        assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}


async def test_a_line_added_to_a_members_mail_to_somebody_else_made_it_one_to_the_committee(tmp_path: Path) -> None:
    """Most signatures (RFC 6376) do not keep a Cc, or a second To, from being added on the way."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        case = str(scene.last("forward", "amara").message["Cocmail-Case"]).replace("-", " ")
        for line in (b"Cc: conduct@example.org", b"To: conduct@example.org"):
            subject = f"Re: [{case}] #recuse"
            private = scene.write("amara@example.net", "mallory@evil.example", subject, "What is this?", proven=True)
            await scene.send(line + b"\r\n" + private.as_bytes(), sender="mallory@evil.example")
            assert not scene.all("receipt", "amara")
