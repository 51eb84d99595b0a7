"""Delivery reports as mail servers write them (RFC 3464), about letters of ours."""

from __future__ import annotations

from scene import Delivered, Scene

TEMPLATE = """\
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {path}
Subject: Undelivered Mail Returned to Sender
Date: Sat, 21 Nov 2026 11:00:00 +0000
Message-ID: <{id}@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: {kind}; boundary="=_b"

This is a MIME-encapsulated message.

--=_b
Content-Type: text/plain; charset=us-ascii

The mail system. <{recipient}>: user unknown, canary-of-the-server
{words}

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
{first}
Final-Recipient: rfc822; {recipient}
{fields}
Diagnostic-Code: smtp; 550 {status} <{recipient}> user unknown

--=_b
Content-Type: message/rfc822

{returned}
--=_b--
"""
FAILED = "Action: failed\nStatus: {status}"


def report_on(
    letter: Delivered,
    *,
    fields: str = FAILED,
    status: str = "5.1.1",
    kind: str = "multipart/report; report-type=delivery-status",
    words: str = "",
    number: int = 1,
) -> bytes:
    """A report on a letter as the smarthost got it, with the letter in it."""
    text = TEMPLATE.format(
        path=letter.sender,
        id=f"b{number}",
        kind=kind,
        recipient=letter.recipient,
        words=words,
        first="",
        fields=fields.format(status=status),
        status=status,
        returned=letter.content.decode("ascii").replace("\r\n", "\n"),
    )
    return text.replace("\n", "\r\n").encode("ascii")


async def come_back(scene: Scene, letter: Delivered, report: bytes | None = None, *, path: str | None = None) -> None:
    """A mail server sends that letter back, to its return path, from the null sender."""
    await scene.send(report if report is not None else report_on(letter), path or letter.sender, sender="")
