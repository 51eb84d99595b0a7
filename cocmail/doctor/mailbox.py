"""The mailbox that mail is fetched from: does its server let us in, and is each folder there?

Looks as the daemon does, by its own hands, and takes nothing out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from cocmail.config.settings import Mailbox
from cocmail.doctor.findings import Finding, away, fine, wrong
from cocmail.doors.imap_wire import open_session
from cocmail.errors import MailboxError

ABOUT = "mailbox"
SECONDS = 15.0
# Of the troubles of `doors/imap_wire.py`, what somebody has to put right; all others are of a server that is away.
_TO_DO = {
    "certificate": "its certificate is not vouched for, or another host's: see SSL_CERT_FILE, and the name in `host:`",
    "tls": "it speaks no TLS there: the port for `tls: implicit` is 993 most often",
    "log-in": "it refuses the log-in: look at `user:` and at the file with the password or the token",
    "secret": "the file with the password or the token cannot be read, or holds no single line of text",
    "folder": "there is no such folder, or its messages have no lasting numbers: make it, or take it out of `folders:`",
    "read-only": "nothing may be removed from it, so nothing is fetched: give `user:` the right to delete there",
}


def look_at_mailbox(mailbox: Mailbox | None) -> Iterator[Finding]:
    """One line a folder, named by its place in `folders:`. Nothing where no mailbox is configured."""
    if mailbox is None:
        return
    for number, folder in enumerate(mailbox.folders, start=1):
        name = f"{mailbox.host}:{mailbox.port}, folder {number}"
        trouble = asyncio.run(_trouble_with(mailbox, folder))
        if not trouble:
            yield fine(ABOUT, f"{name}: open, and can be fetched from")
        elif trouble in _TO_DO:
            yield wrong(ABOUT, f"{name}: {_TO_DO[trouble]}")
        else:
            yield away(ABOUT, f"{name}: no answer that is of use ({trouble}); mail stays there until there is one")


async def _trouble_with(mailbox: Mailbox, folder: str) -> str:
    try:
        session = await open_session(mailbox, SECONDS)
        try:
            await session.select(folder)
        finally:
            await session.close()
    except MailboxError as error:
        return error.trouble
    return ""
