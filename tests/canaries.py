"""A reporter who wants to stay unknown, as a member takes the report down, and where a trace of them is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, cast

from cocmail.store import spool
from cocmail.store.transaction import Tx

if TYPE_CHECKING:
    from scene import Delivered, Scene

TOLD = """\
Reporter: Wilhelmina Quast <mina.quast@hidden.example>, +49 170 5551234

Mina.quast wrote to me. Quast, Wilhelmina says that Kit Larsen pushed her at the bar;
WILHELMINA's phone (0170/555 1234) has a picture.
"""
# What names the reporter, in whatever dress. In all tests nobody else has any of these: no letter of any scene may say
# them, to whomever it goes.
CANARIES = ("wilhelmina", "quast", "hidden.example", "5551234", "555 1234")


# Addresses to reply to, and what is attached in base64: random letters, among which any short word turns up one day.
_RANDOM = re.compile(r"(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])|^[a-z0-9+/]{60,}=*\r?$", re.MULTILINE)


def has_canary(text: str) -> list[str]:
    said = _RANDOM.sub("", text.casefold())
    return [each for each in CANARIES if each in said]


def in_no_letter(delivered: Iterable[Delivered]) -> None:
    """Fails where a letter, its headers or what is attached to it says who reported."""
    for letter in delivered:
        found = has_canary("\n".join([letter.content.decode("utf-8", "replace"), *_texts_in(letter.content)]))
        assert not found, f"a {letter.kind} to {letter.recipient} says who reported: {found}"


def _texts_in(raw: bytes) -> Iterator[str]:
    """The text parts, decoded. All letters of all scenes are looked at, so without understanding their fields."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            yield content.decode(part.get_content_charset("utf-8"), "replace")


async def mails(scene: Scene) -> list[EmailMessage]:
    """All mail that the store holds, opened."""

    def every(tx: Tx) -> list[bytes]:
        ids = [str(row[0]) for row in tx.connection.exec_driver_sql("SELECT id FROM spool")]
        return [found[1] for row in ids if (found := spool.open_mail(tx, row)) is not None]

    return [cast(EmailMessage, message_from_bytes(raw, policy=policy.SMTP)) for raw in await scene.store.read(every)]


async def kept(scene: Scene, *, empty: bool = False) -> str:
    """What the mail of the store says, all its parts; there is some, unless it may be `empty`."""
    found = await mails(scene)
    assert found or empty
    parts = (part for mail in found for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join([*(mail.as_string() for mail in found), *(str(part.get_content()) for part in parts)])
