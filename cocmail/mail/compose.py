"""Every message that leaves: built anew from an allow-list of headers, one to one recipient (contract, section 4).

Nothing of a sender's header is carried over but checked Message-IDs; what members may know of it stands in the body,
where it can be encrypted. The same letter gives the same Message-ID at every try. The fields are written as they stand
here, because `email` decodes encoded words in what it is given; at the end the finished header is read once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from urllib.parse import quote

from cocmail.core.access import Level
from cocmail.core.case import Case, Entry
from cocmail.core.conflicts import is_challenged, is_same_person, readers, withheld_count
from cocmail.core.effects import Letter
from cocmail.core.letters import message_id
from cocmail.core.model import Attachment, Committee, Mail
from cocmail.core.ownmail import HEADER, Sign, loop_mark
from cocmail.core.signed import is_sentence, without_block
from cocmail.mail import fields
from cocmail.mail.bulk import Bulk
from cocmail.mail.decode import file_name
from cocmail.mail.earlier import words_of
from cocmail.mail.headers import digest, is_message_id
from cocmail.mail.templates import render

# One phrase for every mail of every case: mail readers thread by it, and it says nothing.
PHRASE = "Committee case"
# What a party is called among the members.
ROLES = {
    "reported": "the reported person",
    "reporter": "the reporter",
    "harmed": "harmed by it",
    "witness": "a witness",
}
SUPPRESS = "OOF, AutoReply, RN, NRN"
_SUBJECTS_OUTSIDE = {
    "ack": "Your message has arrived",
    "transfer": "A report for you",
    "outreach": "About your message",
    "status": "About your message",
    "receipt": "Your mail to the committee",
    "confirm": "Your address in the committee",
    "notice": "About the committee",
}
_SUBJECTS_WITHOUT_CASE = {
    "sheet": "Status sheet",
    "digest": "Mail that waits",
    "committee": "Committee talk",
    **dict.fromkeys(
        ("left", "welcome", "renewal", "no_answer", "term", "restored", "comes_back"), "About the committee"
    ),
    **dict.fromkeys(("paused", "forced_out", "erased"), "About a case"),
}
_HUMAN_KINDS = frozenset({"outreach", "transfer"})
_REPLIED_KINDS = frozenset({"ack", "receipt"})
_NEVER_INSIDE = frozenset({"message", "multipart"})
_CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
_SIGNATURE_WORDS = 6
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]+")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A finished message. `sender` is the envelope sender, "" for the null sender."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool


def compose(
    letter: Letter,
    committee: Committee,
    case: Case | None,
    content: Mail | None,
    *,
    return_path: str,
    now: datetime,
    sign: Sign | None = None,
) -> Outgoing:
    """A letter as bytes. `content` is the stored message that it carries, with its attachments, or None.

    `return_path` is the envelope sender to use; `sign` makes the loop header. What a stranger wrote is only ever put in
    a body or, sanitised, in a file name. Raises RuntimeError if the finished message has other header fields than it
    was given: a defect of ours, and the letter waits rather than being sent.
    """
    if content is not None and case is not None and case.told_by and letter.kind == "transfer":
        content = _as_noted(content)
    utf8 = not (letter.address.isascii() and committee.address.isascii())
    message = EmailMessage(policy=(SMTPUTF8 if utf8 else SMTP).clone(refold_source="none"))
    headers = _headers(letter, committee, case, now)
    for name, value in headers:
        message.set_raw(name, value)
    bulk = Bulk()
    text, encoding = bulk.text(_clean(_text(letter, committee, case, content, now)))
    message.set_content(text, charset="utf-8", cte=encoding)
    for part in content.attachments if content is not None else ():
        _attach(message, part, bulk)
    octets = message.as_bytes()
    fields.guard(message, octets, [name for name, _ in headers])
    finished = bulk.fill(octets)
    return Outgoing(
        return_path, letter.address, finished if sign is None else _marked(finished, letter, case, sign), utf8
    )


def _marked(finished: bytes, letter: Letter, case: Case | None, sign: Sign) -> bytes:
    """The message under its loop header, which can only be made of the whole."""
    body = finished.partition(b"\r\n\r\n")[2]
    inside = letter.to.kind in ("member", "admin")
    mark = loop_mark(sign, letter.id, inside=inside, subject=_subject(letter, case), digest=digest(body))
    return b"".join((f"{HEADER}: {mark}\r\n".encode("ascii"), finished))


def _as_noted(content: Mail) -> Mail:
    """What a member took down, for somebody outside: without that member's signature and card."""
    above, block = without_block(content.text, loose=False)
    if not block:
        # Without the space that belongs there: of HTML it is lost, and people leave it out. Of what may be words of the
        # report none is lost.
        above, block = without_block(content.text)
        said = any(is_sentence(line) or len(line.split()) > _SIGNATURE_WORDS for line in block.splitlines())
        above = content.text if said else above
    text = above if above.strip() else content.text
    parts = (part for part in content.attachments if not part.role and part.content_type not in _CARDS)
    return replace(content, text=text, attachments=tuple(parts))


def _headers(letter: Letter, committee: Committee, case: Case | None, now: datetime) -> list[tuple[str, str]]:
    local, _, domain = committee.address.rpartition("@")
    headers = [
        ("From", fields.mailbox(committee.name, committee.address)),
        ("To", letter.address),
        ("Date", format_datetime(now)),
        ("Message-ID", message_id(committee, letter.id)),
        ("Subject", _subject(letter, case)),
    ]
    headers += _thread("In-Reply-To", [letter.in_reply_to]) + _thread("References", letter.references)
    if letter.token:
        headers.append(("Reply-To", f"{local}+{letter.token}@{domain}"))
    if letter.kind not in _HUMAN_KINDS:
        headers.append(("Auto-Submitted", "auto-replied" if letter.kind in _REPLIED_KINDS else "auto-generated"))
    headers += [("X-Auto-Response-Suppress", SUPPRESS), ("Cocmail-Kind", letter.kind)]
    if case is not None and letter.to.kind == "member":
        headers.append(("Cocmail-Case", case.code_name.replace(" ", "-")))
    return headers


def _thread(name: str, ids: Iterable[str]) -> list[tuple[str, str]]:
    """The field with those of the ids that are safe, each whole on its line; none where none is."""
    kept = [each for each in ids if is_message_id(each)]
    return [(name, fields.folded(name, kept))] if kept else []


def _subject(letter: Letter, case: Case | None) -> str:
    if letter.to.kind == "witness":
        return "A question for you"
    if letter.to.kind == "contact":
        return "A message for you"
    if letter.to.kind != "member":
        return "cocmail needs you" if letter.to.kind == "admin" else _SUBJECTS_OUTSIDE[letter.kind]
    if case is None:
        return _SUBJECTS_WITHOUT_CASE.get(letter.template, "Your mail to the committee")
    return f"[{case.code_name}] {letter.label} {PHRASE}" if letter.label else f"[{case.code_name}] {PHRASE}"


def _text(letter: Letter, committee: Committee, case: Case | None, content: Mail | None, now: datetime) -> str:
    words: dict[str, object] = {
        "committee": committee,
        "policy": committee.policy,
        "case": case,
        "mail": content,
        "to": letter.to,
        "roles": ROLES,
        **_links(letter, committee, case),
        "deadline": deadline,
    }
    if case is not None:
        having = readers(committee, case, Level.DISCUSS)
        # Whose access is paused gets nothing now, and must not be thought to have it.
        there = [member for member in having if not is_challenged(case, member.handle)]
        others = [member for member in there if member.handle != letter.to.handle]
        filed = case.entry(letter.entry)
        got = [member.name for member in others if filed is None or not filed.is_kept_from(member.handle)]
        words |= {"others": got, "alone": not others, "withheld": withheld_count(committee, case)}
        words |= {"names_of": _taker(committee, case), **_entry_words(committee, case, letter.entry)}
    return render(letter.template, committee.language, {**words, **words_of(letter)})


def _taker(committee: Committee, case: Case) -> Mapping[str, str]:
    """The name of who took the report down, by handle; "" for somebody who is gone."""
    member = committee.member(case.told_by)
    return {case.told_by: member.name if member is not None and is_same_person(member, case) else ""}


def _entry_words(committee: Committee, case: Case, entry_id: str) -> Mapping[str, object]:
    """Who wrote the entry, as the readers know them."""
    entry: Entry | None = next((found for found in case.entries if found.id == entry_id), None)
    if entry is None:
        return {"entry": None, "author": "", "employed": [], "contact": None}
    author = committee.member(entry.author.handle) if entry.author.kind in ("member", "witness") else None
    # The name goes with the address that had the access: a handle may belong to somebody else by now.
    same = author is not None and (entry.author.kind == "witness" or is_same_person(author, case))
    members = (committee.member(handle) for handle in entry.employers)
    employed = [member.name for member in members if member is not None and entry.kind == "report"]
    contact = case.proceedings.contact(entry.author)
    who = {"name": contact.name, "role": ROLES.get(contact.role, "")} if contact is not None else None
    name = author.name if author is not None and same else ""
    return {"entry": entry, "author": name, "employed": employed, "contact": who}


def _links(letter: Letter, committee: Committee, case: Case | None) -> Mapping[str, object]:
    """`mailto:` links with the Subject filled in (RFC 6068): `link("#vote Q1 yes")`; `confirm` runs a held command.

    `text` is what stands in the mail already, for who sends it to change.
    """
    local, _, domain = committee.address.rpartition("@")
    reply = f"{local}+{letter.token}@{domain}" if letter.token else committee.address
    prefix = f"[{case.code_name}] " if case is not None else ""

    def link(tag: str, *, outside: bool = False, text: str = "") -> str:
        # Lines end as RFC 6068, section 5, wants them.
        body = "&body=" + quote(text.replace("\n", "\r\n")) if text else ""
        return f"mailto:{reply}?subject={quote(tag if outside else f'{prefix}{tag}')}{body}"

    confirm = f"mailto:{local}+confirm-{letter.question}@{domain}?subject={quote('Yes')}" if letter.question else ""

    def opens(token: str) -> str:
        return f"mailto:{local}+confirm-{token}@{domain}?subject={quote('Open')}"

    return {"link": link, "confirm": confirm, "opens": opens}


def deadline(value: object) -> str:
    """A policy's deadline in words: `24 hours`, `3 business days`, or "" where it is no span of time."""
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        if minutes % 60:
            return _counted(minutes, "minute")
        hours = minutes // 60
        return _counted(hours // 24, "day") if hours % 24 == 0 and hours > 48 else _counted(hours, "hour")
    if isinstance(value, str) and value.endswith("bd"):
        return _counted(int(value.removesuffix("bd")), "business day")
    return ""


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _clean(text: str) -> str:
    """Text that every mail reader shows as it is: no control characters but tab and line end."""
    # One pass in C: a letter may be megabytes long, and what runs here takes its time from the event loop.
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _attach(message: EmailMessage, part: Attachment, bulk: Bulk) -> None:
    main, _, sub = part.content_type.partition("/")
    if main in _NEVER_INSIDE or not fields.is_media_type(part.content_type):
        main, sub = "application", "octet-stream"
    name = file_name(part.filename) or "attachment.bin"
    message.add_attachment(bulk.content(part.content), maintype=main, subtype=sub, filename=name)
