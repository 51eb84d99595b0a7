"""Writing, sending and showing mail, for the demo: what a person's mail program does.

Only loopback, only the demo's own mailboxes.
"""

from __future__ import annotations

import asyncio
import smtplib
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.utils import make_msgid
from pathlib import Path

PATIENCE = 15.0


class Mailboxes:
    """What has arrived where; each mail is handed out once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Path] = set()

    async def expect(self, *recipients: str, kind: str) -> dict[str, Message]:
        """The next mail of a kind to each of these people. Raises TimeoutError."""
        found: dict[str, Message] = {}
        async with asyncio.timeout(PATIENCE):
            while len(found) < len(recipients):
                for recipient, mail in self._fresh(kind):
                    if recipient in recipients and recipient not in found:
                        found[recipient] = mail
                await asyncio.sleep(0.02)
        return {recipient: found[recipient] for recipient in recipients}

    def _fresh(self, kind: str) -> Iterator[tuple[str, Message]]:
        for path in sorted(self._folder.glob("*/new/*")):
            if path in self._seen:
                continue
            mail = message_from_bytes(path.read_bytes())
            if mail["Cocmail-Kind"] == kind:
                self._seen.add(path)
                yield path.parent.parent.name, mail

    def count(self, recipient: str) -> int:
        """How many mails somebody has got in all."""
        return len(list(self._folder.glob(f"{recipient}/new/*")))


def write(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    mail.set_content(text)
    return mail


def reply(to: Message, sender: str, subject: str, text: str) -> EmailMessage:
    mail = write(sender, str(to["Reply-To"]), subject, text)
    mail["In-Reply-To"] = str(to["Message-ID"])
    mail["References"] = f"{to['References'] or ''} {to['Message-ID']}".strip()
    return mail


async def send(port: int, mail: EmailMessage) -> None:
    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(mail)

    await asyncio.to_thread(work)


def say(text: str) -> None:
    print(textwrap.fill(f"* {text}", 88, subsequent_indent="  ") + "\n", flush=True)


def show_sent(mail: EmailMessage) -> None:
    print(f"    From: {mail['From']}\n    To: {mail['To']}\n    Subject: {mail['Subject']}\n")
    print(textwrap.indent(mail.get_content(), "    "), flush=True)


def show(mail: Message) -> None:
    print(f"    | To: {mail['To']}\n    | Subject: {mail['Subject']}\n    |")
    print(textwrap.indent(text_of(mail).rstrip(), "    | ", lambda line: True) + "\n", flush=True)


def text_of(mail: Message) -> str:
    payload = mail.get_payload(decode=True)
    return payload.decode().replace("\r\n", "\n") if isinstance(payload, bytes) else ""


def same_to(recipients: list[str]) -> None:
    print(f"    The same, each with a reply address of their own, to {', '.join(recipients)}.", flush=True)
