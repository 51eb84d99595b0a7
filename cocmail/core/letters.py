"""Letters that several decisions write: who gets one, under which id, in which thread.

Ids are derived, not drawn: the same letter about the same message to the same person has one Message-ID however often
it is decided on or tried (RFC 5322, section 3.6.4). Case ids are secret, so nobody outside can compute or link them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.effects import Letter
from cocmail.core.model import REPORTER, Committee, Mail, Member, Person, member_person


def letter_id(*parts: str) -> str:
    """26 characters that stand for a letter: of a case, about an entry, of a kind, to a person."""
    digest = hashlib.sha256("\n".join(("letter", *parts)).encode()).digest()
    return base64.b32encode(digest)[:26].decode().lower()


def message_id(committee: Committee, letter: str) -> str:
    """The Message-ID of a letter: `<id@domain of the alias>`."""
    return f"<{letter}@{committee.address.rpartition('@')[2]}>"


def forward_id(case: Case, entry: str, person: Person) -> str:
    return letter_id(case.id, entry, "forward", str(person))


def root_id(committee: Committee, case: Case, person: Person) -> str:
    """The Message-ID under which a person's whole thread of a case hangs, whether or not that one was ever sent."""
    first = case.entries[0].id if case.entries else case.id
    return message_id(committee, forward_id(case, first, person))


def forward(committee: Committee, case: Case, entry: str, member: Member) -> Letter:
    """A message of the case for one member: report, follow-up or discussion; all hang under the first one's id."""
    person = member_person(member.handle)
    root = root_id(committee, case, person)
    own = forward_id(case, entry, person)
    above = "" if own == root[1:27] else root
    return Letter(
        id=own,
        kind="forward",
        to=person,
        template="forward",
        address=case.members[member.handle].address,
        case_id=case.id,
        entry=entry,
        token=case.token_of(person),
        in_reply_to=above,
        references=(above,) if above else (),
        label=_label_of(case, entry),
        need=Level.DISCUSS,
    )


def _label_of(case: Case, entry: str) -> str:
    """The question under which the members talk about somebody's conflict: an answer to it stays there, too."""
    filed = case.entry(entry)
    return filed.label if filed is not None else ""


def to_reader(
    committee: Committee,
    case: Case,
    member: Member,
    kind: str,
    about: str,
    words: Mapping[str, object],
    *,
    template: str = "",
    label: str = "",
    answers: str = "",
    need: Level = Level.FULL,
) -> Letter:
    """Mail about a case to one of its members. `about` makes it one of its kind; `answers` is a Message-ID above it.

    `template` is the text's name, the kind itself unless told; `label` the question that it is about; `need` how much
    of the case its reader must have.
    """
    person = member_person(member.handle)
    template = template or kind
    root = root_id(committee, case, person)
    return Letter(
        id=letter_id(case.id, about, template, str(person)),
        kind=kind,
        to=person,
        template=template,
        address=case.members[member.handle].address,
        case_id=case.id,
        token=case.token_of(person),
        in_reply_to=answers or root,
        references=(root, answers) if answers else (root,),
        words=words,
        label=label,
        need=need,
    )


def notice(
    committee: Committee,
    case: Case,
    member: Member,
    about: str,
    template: str,
    words: Mapping[str, object],
    need: Level = Level.FULL,
) -> Letter:
    """The daemon's own word about a case to one of its members. `about` makes it one of its kind."""
    return to_reader(committee, case, member, "notice", about, words, template=template, need=need)


def to_member(
    committee: Committee,
    member: Member,
    kind: str,
    entry: str,
    mail: Mail,
    *,
    case: Case | None,
    token: str,
    words: Mapping[str, object],
    question: str = "",
) -> Letter:
    """A receipt or a confirm mail, threaded under the member's own message."""
    person = member_person(member.handle)
    own = [mail.message_id] if mail.message_id else []
    root = [root_id(committee, case, person)] if case is not None else []
    return Letter(
        id=letter_id(case.id if case else "", entry, kind, str(person)),
        kind=kind,
        to=person,
        template=kind,
        address=case.members[member.handle].address or member.email if case is not None else member.email,
        case_id=case.id if case else "",
        token=token,
        in_reply_to=(own or root or [""])[0],
        references=tuple(root + own),
        words=words,
        question=question,
    )


def to_outside(
    case: Case,
    person: Person,
    address: str,
    about: str,
    kind: str,
    template: str,
    token: str,
    words: Mapping[str, object],
) -> Letter:
    """A letter to the reporter or a contact, under what they wrote last, which they have (RFC 5322, 3.6.4)."""
    mails = (entry for entry in case.entries if not (case.told_by and entry.kind == "report"))
    # The mail by which a member took a report down is not the reporter's, and says where that member writes from.
    wrote = [entry.message_id for entry in mails if entry.author == person and entry.message_id]
    others = () if person == REPORTER else (str(person),)
    return Letter(
        id=letter_id(case.id, about, kind, *others),
        kind=kind,
        to=person,
        template=template,
        address=address,
        case_id=case.id,
        token=token,
        in_reply_to=wrote[-1] if wrote else "",
        references=tuple(dict.fromkeys((*wrote[:1], *wrote[-20:]))),
        words=words,
    )


def as_addressed(letter: Letter, case: Case | None) -> Letter:
    """A letter of a case at the address, and with the reply address, that its reader has in it by now.

    A member whose changed address was confirmed gets what was queued before at the new one.
    """
    place = case.members.get(letter.to.handle) if case is not None and letter.to.kind == "member" else None
    if case is None or place is None or not letter.needs_access or place.address in ("", letter.address):
        return letter
    return replace(letter, address=place.address, token=case.token_of(letter.to))


def to_listed(case: Case, member: Member, about: str, template: str, token: str) -> Letter:
    """A word to a member who may see the case's row in the status sheet, and need not have it: its name, no more."""
    person = member_person(member.handle)
    return Letter(
        id=letter_id(case.id, about, template, str(person)),
        kind="reminder",
        to=person,
        template=template,
        address=member.email,
        case_id=case.id,
        token=token,
        words={"case_name": case.code_name},
        listed=True,
    )


def outside(
    member: Member, template: str, about: str, token: str, words: Mapping[str, object], kind: str = "notice"
) -> Letter:
    """The daemon's own word to a member outside of any case: it needs no access, only that they are a member."""
    person = member_person(member.handle)
    return Letter(
        id=letter_id("", about, template, str(person)),
        kind=kind,
        to=person,
        template=template,
        address=member.email,
        token=token,
        words=words,
    )


def to_admins(addresses: Iterable[str], alarm: str, about: str, lines: Sequence[str] = ()) -> list[Letter]:
    """One content-free notice to each admin. `alarm` is a word of a closed list, `about` an id or a date.

    `lines` are problems of the configuration: file, line and key, never a value.
    """
    return [
        Letter(
            id=letter_id("admin", alarm, about, address),
            kind="notice",
            to=Person("admin"),
            template="alarm",
            address=address,
            words={"alarm": alarm, "lines": list(lines)},
        )
        for address in addresses
    ]
