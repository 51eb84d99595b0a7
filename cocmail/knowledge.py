"""What the store knows of the things that a message points at: tokens, references, code names, parties.

Reads only. Whatever belongs to another committee is as good as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cocmail import counting
from cocmail.core import flood, subjects
from cocmail.core.addresses import is_about_address
from cocmail.core.book import in_force
from cocmail.core.case import Case, Entry
from cocmail.core.conflicts import exists_for, is_asked, is_new_to
from cocmail.core.fingerprint import fingerprint
from cocmail.core.model import REPORTER, Committee, Mail, Member, Person, Wanted
from cocmail.core.namesakes import normal
from cocmail.core.sealed import REPORTED, SEALED, TOLD
from cocmail.core.setting import Grant, Known, Message, Question, Reference, Twin
from cocmail.core.tombstones import Tombstone, decode_tombstone
from cocmail.records import case_that_opens, cases_of, circle_of, linked_cases, load_book, load_case
from cocmail.store import asides, lookups, shredding
from cocmail.store.transaction import Tx

REFERENCES_LOOKED_UP = 30
# Case ids, by a name.
Found = dict[str, tuple[str, ...]]


def _asks_for_all(question: Question | None, subject: str) -> bool:
    """Whether what is asked for can concern any case of the committee."""
    return subjects.is_numbered_clear(subject) or (question is not None and is_about_address(question))


class Gatherer:
    """Collects `Known` for one message within one transaction. `committee` is as the configuration has it."""

    def __init__(self, tx: Tx, committee: Committee, now: datetime) -> None:
        self._tx, self._now = tx, now
        self._book = load_book(tx, committee)
        self._committee = in_force(committee, self._book)
        self._cases: dict[str, Case | None] = {}

    def gather(self, message: Message, confirmed_by: str | None) -> Known:
        """Everything known. `confirmed_by` is the confirm token that released the message, or None."""
        mail, wanted = message.mail, message.wanted
        grant = self._grant(wanted.token)
        question = self._question(wanted.confirm)
        confirmed = self._question(confirmed_by or "")
        referred = self._references(mail)
        names = self._names(mail.subject)
        party = self._parties(mail)
        twin = self._twin(message)
        for case_id in (grant, question, confirmed, twin):
            self._case(case_id.case_id if case_id is not None else "")
        member = self._member(message, grant)
        if _asks_for_all(question, mail.subject if member else ""):
            self._cases.update(cases_of(self._tx, self._committee))
        sealed, told, reported = self._namesakes(message)
        for case in [case for case in self._cases.values() if case is not None]:
            # Who is out of the one report is asked nothing about the other.
            self._cases.update(linked_cases(self._tx, case))
        found = Known(
            cases={case_id: case for case_id, case in self._cases.items() if case is not None},
            names=names,
            grant=grant,
            question=question,
            references=referred,
            party_cases=party,
            twin=twin,
            own_mail=self._is_ours(mail),
            foreign_token=grant is None and self._is_foreign(wanted.token),
            questions=self._open_questions(member) if member else (),
            counts=self._counts(member),
            confirmed=confirmed,
            ran=bool(self._find("ran", fingerprint(mail))),
            book=self._book,
            sealed=sealed,
            told=told,
            reported=reported,
            erased=next(iter(self._erased("token", wanted.token)), None),
        )
        return self._with_asides(found, message)

    @property
    def committee(self) -> Committee:
        """The committee as it is now."""
        return self._committee

    def entries_at_hand(self, message: Message) -> tuple[Entry, ...]:
        """The entries of the cases that a member's mail points at.

        Only of cases that exist for who it is from, or whose reply address it carries.
        """
        grant = self._grant(message.wanted.token)
        self._case(grant.case_id if grant is not None else "")
        self._references(message.mail)
        self._names(message.mail.subject)
        member = self._committee.member(self._member(message, grant))
        numbered = member is not None and subjects.is_numbered_clear(message.mail.subject)
        every = cases_of(self._tx, self._committee) if numbered else self._cases
        found = [case for case in every.values() if case is not None]
        # What goes on as one is talked about, and must not leave, as one.
        found += [other for case in found for other in circle_of(self._tx, case).values() if other.id not in every]
        has = is_asked if numbered else exists_for
        theirs = (case for case in found if member is not None and has(member, case))
        return tuple(entry for case in theirs for entry in case.entries)

    def letters_at_hand(self, message: Message) -> tuple[str, ...]:
        """The entries of the drafts with files that a member's Subject names, in the cases that it points at."""
        self.entries_at_hand(message)
        named = subjects.draft_labels(message.mail.subject)
        drafts = [draft for case in self._cases.values() if case is not None for draft in case.proceedings.drafts]
        return tuple(draft.entry for draft in drafts if draft.entry and draft.sent_at is None and draft.label in named)

    def never_searched(self, mail: Mail) -> tuple[tuple[Member, ...], dict[str, str]]:
        """Members who came after a case that the sender of a mail is a party to, and what people outside wrote in it:
        entries, with what was said of each when it came in.
        """
        new: dict[str, Member] = {}
        entries: dict[str, str] = {}
        for case_id in self._parties(mail):
            case = self._case(case_id)
            came_later = [member for member in self._committee.members if case and is_new_to(member, case)]
            new |= {member.handle: member for member in came_later}
            if case is not None and came_later:
                outside = (entry for entry in case.entries if entry.author.kind != "member")
                entries |= {entry.id: entry.unreadable for entry in outside}
        return tuple(new.values()), entries

    def sent_before(self, wanted: Wanted, mail: Mail) -> tuple[str, ...]:
        """The letters that went to the reporter whose own reply address a mail carries; none for anybody else."""
        grant = self._grant(wanted.token)
        if grant is None or grant.person != REPORTER or mail.from_addresses != (grant.address,):
            return ()
        case = self._case(grant.case_id)
        drafts = case.proceedings.drafts if case is not None else ()
        return tuple(draft.text for draft in drafts if draft.sent_at is not None)

    def _find(self, kind: str, value: str) -> list[tuple[str, dict[str, Any]]]:
        """(case id or "", note) of everything remembered by this committee under a value."""
        if not value:
            return []
        found = [(hit.case_id or "", json.loads(hit.note or b"{}")) for hit in lookups.find(self._tx, kind, value)]
        return [(case_id, note) for case_id, note in found if note.get("committee") in self._committee.addresses]

    def _case(self, case_id: str) -> Case | None:
        if case_id and case_id not in self._cases:
            case = load_case(self._tx, case_id)
            self._cases[case_id] = case if case.committee in self._committee.addresses else None
        return self._cases.get(case_id)

    def _grant(self, token: str) -> Grant | None:
        for case_id, note in self._find("token", token):
            return Grant(Person.parse(note["person"]), note["address"], case_id)
        return None

    def _with_asides(self, known: Known, message: Message) -> Known:
        senders, asked = message.mail.from_addresses[:5], known.question
        given = self._find("acknowledged", message.id)
        return replace(
            known,
            acknowledge_at=counting.acknowledge_at(self._tx, self._committee, "".join(senders[:1]), self._now),
            acknowledged=next((str(note["token"]) for _, note in given), ""),
            asides_of_sender=tuple(str(note["entry"]) for _, note in self._find("aside-of", "".join(senders[:1]))),
            kept_out={str(note["handle"]): note["sure"] for _, note in self._find("kept-out", "".join(senders[:1]))},
            asides=frozenset((asked.entry,) if asked and asides.holds(self._tx, asked.entry) else ()),
            erased_before=tuple(each for sender in senders for each in self._erased("party", sender)),
        )

    def _erased(self, kind: str, value: str) -> list[Tombstone]:
        """What is left of the erased cases that a reply address belonged to, or a reporter."""
        names = (str(note["erased"]) for _, note in self._find(kind, value) if "erased" in note)
        found = (shredding.tombstone(self._tx, name) for name in names)
        return [decode_tombstone(data) for data in found if data is not None]

    def _is_foreign(self, token: str) -> bool:
        """Whether a token was issued, but by another committee or by one that is no more."""
        return bool(token) and bool(lookups.find(self._tx, "token", token))

    def _question(self, token: str) -> Question | None:
        for case_id, note in self._find("confirm", token):
            expires = datetime.fromisoformat(note["expires"])
            answered = note.get("answered_at")
            return Question(
                token,
                note["entry"],
                note["handle"],
                note["command"],
                expires,
                case_id,
                note["spent"],
                note.get("address", ""),
                datetime.fromisoformat(answered) if answered else None,
            )
        return None

    def _open_questions(self, handle: str) -> tuple[Question, ...]:
        notes_of = self._find("question", f"{self._committee.id} {handle}")
        found = (self._question(note["token"]) for _, note in notes_of)
        return tuple(question for question in found if question is not None and not question.spent)

    def _references(self, mail: Mail) -> tuple[Reference, ...]:
        wanted: Iterable[str] = dict.fromkeys((*mail.in_reply_to, *reversed(mail.references)))
        found = []
        for message_id in list(wanted)[:REFERENCES_LOOKED_UP]:
            for case_id, note in self._find("message-id", message_id):
                if case_id and self._case(case_id) is None:
                    continue
                found.append(
                    Reference(
                        case_id=case_id,
                        kind=note["kind"],
                        person=note["person"],
                        # Only the mail that is answered can be a question; further up the thread it is history.
                        question=note.get("question", "") if message_id in mail.in_reply_to else "",
                        # Nor does a tag further up stand in the way of the same tag now (section 5, rule 3).
                        tags=tuple(note.get("tags", ())) if message_id in mail.in_reply_to else (),
                        label=note.get("label", "") if message_id in mail.in_reply_to else "",
                    )
                )
        return tuple(found)

    def _names(self, subject: str) -> dict[str, str]:
        named = {}
        for name in subjects.names_in(subject)[:5]:
            for hit in lookups.find(self._tx, lookups.CODE_NAME, name):
                case = self._case(hit.case_id or "")
                if case is not None:
                    named[name] = case.id
        return named

    def _namesakes(self, message: Message) -> tuple[Found, Found, Found]:
        """Cases by name: the sealed ones that have a name of the message, the others, and those whose reported person
        is called so.
        """
        said = {normal(each) for each in subjects.quoted_in(message.mail.subject)[:5]}
        sealed = self._named(SEALED, {*message.names, *said} if lookups.has(self._tx, SEALED) else set())
        reported = self._named(REPORTED, {*said, *(message.names if message.wanted.escrow else ())})
        told = self._named(TOLD, set(message.names) if message.wanted.escrow else set())
        every = {name: (*told.get(name, ()), *reported.get(name, ())) for name in {*told, *reported}}
        return sealed, every, {name: ids for name, ids in reported.items() if name in said}

    def _named(self, kind: str, names: Iterable[str]) -> Found:
        """A case that does not open is none here: a stranger's report must not wait for it."""
        found = {name: [hit for hit in lookups.cases_of(self._tx, kind, name) if self._opens(hit)] for name in names}
        return {name: tuple(ids) for name, ids in found.items() if ids}

    def _opens(self, case_id: str) -> bool:
        if case_id not in self._cases:
            case = case_that_opens(self._tx, case_id)
            self._cases[case_id] = case if case is not None and case.committee in self._committee.addresses else None
        return self._cases[case_id] is not None

    def _parties(self, mail: Mail) -> tuple[str, ...]:
        found = [case_id for address in mail.from_addresses[:5] for case_id, _ in self._find("party", address)]
        return tuple(case_id for case_id in dict.fromkeys(found) if self._case(case_id) is not None)

    def _twin(self, message: Message) -> Twin | None:
        for case_id, note in self._find("fingerprint", fingerprint(message.mail, message.wanted)):
            if not case_id and shredding.is_discarded(self._tx, note.get("entry", "")):
                # Nothing is left of that one: this is the only copy.
                continue
            return Twin(case_id, note.get("reason", ""), note.get("entry", ""))
        return None

    def _is_ours(self, mail: Mail) -> bool:
        """A letter of ours that came back: known by Message-ID, from the alias, with our header."""
        ours = {self._committee.address, *self._committee.aliases}
        if not (set(mail.from_addresses) & ours and mail.value("cocmail-kind")):
            return False
        return any(note.get("ours") for _, note in self._find("message-id", mail.message_id))

    def _member(self, message: Message, grant: Grant | None) -> str:
        """The handle whose confirm rounds matter: the token's owner, else the owner of the From address."""
        if grant is not None and grant.person.kind == "member":
            return grant.person.handle
        authors = message.mail.from_addresses
        member = self._committee.member_at(authors[0]) if len(authors) == 1 else None
        return member.handle if member else ""

    def _counts(self, handle: str) -> dict[str, int]:
        kinds = ("confirm", "confirm-token", "confirm-proven") if handle else ()
        who = f"{self._committee.id} {handle}"
        asked = {kind: counting.counted(self._tx, kind, who, self._now) for kind in kinds}
        return {**asked, flood.COUNTER: counting.reports(self._tx, self._committee, self._now)}
