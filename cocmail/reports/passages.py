"""A passage that somebody wrote, as it stands in a document or a thread: who, when, the text, what was attached.

People's texts are set in by four columns, line by line, whatever they write: so nobody can write a heading, a name or a
date that looks like ours. Nothing here fails on odd content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cocmail.core.case import Case, Entry
from cocmail.core.conflicts import is_same_person
from cocmail.core.model import Attachment, Committee, Mail
from cocmail.mail.decode import file_name, one_line

FORMER = "a former member"
_MARGIN = "    "
_LONGEST_DATE = 200
_LONGEST_TYPE = 100
_UNREADABLE = {
    "encrypted": "(encrypted: it could not be read)",
    "attachments-only": "(attachments and no text)",
    "too-long": "(too long to be read as a whole; some of its text is missing here)",
    "empty": "(no text)",
}


def minute(at: datetime) -> str:
    """A time in UTC to the minute, as ISO 8601 writes it but for the T."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes")


def moment(at: datetime | None) -> str:
    """A time as it stands in a sentence."""
    return f"{minute(at)} UTC" if at is not None else "an unknown time"


def member_name(handle: str, committee: Committee, case: Case) -> str:
    """The name of the member who did something in the case under that handle; `FORMER` where that person is gone.

    A handle may belong to somebody else by now: the name goes with the address that had the access.
    """
    member = committee.member(handle)
    return member.name if member is not None and is_same_person(member, case) else FORMER


def indented(text: str) -> str:
    """A text as it is, each line set in. Everything that some program shows as a line break counts as one."""
    lines = text.splitlines()
    return "\n".join(f"{_MARGIN}{line}" if line.strip() else "" for line in lines).strip("\n")


def dated(entry: Entry, case: Case, mail: Mail | None) -> str:
    """When an entry came in or, where only its sender says so, was written."""
    if entry.kind == "report" and case.opened_at is not None:
        return f"received {moment(case.opened_at)}"
    if mail is None:
        return "its date is no longer kept"
    at = _date_of(mail)
    return f"dated {moment(at)} by its sender" if at is not None else "not dated by its sender"


def _date_of(mail: Mail) -> datetime | None:
    """The Date field (RFC 5322, section 3.6.1), or None where it is no date."""
    try:
        found = parsedate_to_datetime(mail.date[:_LONGEST_DATE])
        # Section 3.3: -0000 is UTC, of a sender who does not say where they are.
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def contents(entry: Entry, mails: Mapping[str, Mail]) -> str:
    """What an entry holds: its text and what is attached. `mails` are the messages that are still kept, by entry id.

    With the Subject, where somebody from outside wrote it: some write everything there.
    """
    mail = mails.get(entry.id)
    if mail is None:
        return "(no longer kept)"
    unread = _UNREADABLE.get(mail.unreadable, "(not all of it could be read)") if mail.unreadable else ""
    subject = one_line(mail.subject) if entry.author.kind != "member" else ""
    text = indented(mail.text)
    parts = [
        unread,
        indented(f"Subject: {subject}") if subject else "",
        text or ("" if unread else "(no text)"),
        _attached(mail.attachments),
    ]
    return "\n\n".join(part for part in parts if part)


def _attached(parts: Iterable[Attachment]) -> str:
    lines = [
        f"- {file_name(part.filename) or 'no name'} ({one_line(part.content_type)[:_LONGEST_TYPE]}, {part.size} bytes)"
        for part in parts
    ]
    return "\n".join(["Attached:", *lines]) if lines else ""
