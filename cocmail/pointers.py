"""What a message points at, found in the store: reply addresses, questions, earlier mail, code names, people.

Reads only. Whatever belongs to another committee is as good as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cocmail import returns
from cocmail.core import subjects, tombstones
from cocmail.core.asides import Aside
from cocmail.core.book import Book, in_force
from cocmail.core.case import Case
from cocmail.core.lists import kept_from
from cocmail.core.model import Committee, Mail, Person, Wanted
from cocmail.core.setting import Grant, Question, Reference, Returned
from cocmail.core.tombstones import Tombstone, decode_tombstone
from cocmail.mail.address import TOKEN
from cocmail.records import DAMAGED, case_that_opens, load_book, load_case
from cocmail.store import lookups, shredding
from cocmail.store.transaction import Tx

REFERENCES_LOOKED_UP = 30


def _ids_in(mail: Mail) -> tuple[str, ...]:
    """Its own Message-ID, and the latest of those that it answers."""
    answered = dict.fromkeys((*mail.in_reply_to, *reversed(mail.references)))
    return (mail.message_id, *list(answered)[:REFERENCES_LOOKED_UP])


class Pointers:
    """Finds within one transaction. `committee` is as the configuration has it; each case is loaded once."""

    def __init__(self, tx: Tx, committee: Committee, now: datetime) -> None:
        self._tx, self._now = tx, now
        # First of all, and with its lock: two daemons decide for a committee one after the other.
        self._book = load_book(tx, committee)
        self._committee = in_force(committee, self._book)
        self._cases: dict[str, Case | None] = {}
        self._search = lookups.Search(tx, ())

    @property
    def committee(self) -> Committee:
        """The committee as it is now."""
        return self._committee

    @property
    def book(self) -> Book:
        """What the committee keeps of its membership."""
        return self._book

    def _look_ahead(self, every: Iterable[tuple[str, str]]) -> None:
        """Looks for all of these (kinds and values) by one statement; asked for, they are at hand.

        What was written between that and a question would be missed: nobody writes, who decides for this committee
        holds the lock of its book.
        """
        self._search = lookups.Search(self._tx, [(kind, value) for kind, value in every if value])

    def _pointed_at(self, mail: Mail, wanted: Wanted) -> list[tuple[str, str]]:
        """What every message is looked up by: addresses, Message-IDs, senders."""
        return [
            ("token", wanted.token),
            ("confirm", wanted.confirm),
            *(("message-id", message_id) for message_id in _ids_in(mail)),
            *(("party", address) for address in mail.from_addresses[:5]),
        ]

    def _find(self, kind: str, value: str) -> list[tuple[str, dict[str, Any]]]:
        """(case id or "", note) of everything remembered by this committee under a value."""
        if not value:
            return []
        ahead = self._search
        search = ahead if ahead.knows(kind, value) else lookups.Search(self._tx, [(kind, value)])
        found = [(hit.case_id or "", json.loads(hit.note or b"{}")) for hit in search.found(kind, value)]
        return [(case_id, note) for case_id, note in found if note.get("committee") in self._committee.addresses]

    def _case(self, case_id: str) -> Case | None:
        if case_id and case_id not in self._cases:
            case = load_case(self._tx, case_id)
            self._cases[case_id] = case if case.committee in self._committee.addresses else None
        return self._cases.get(case_id)

    def _opens(self, case_id: str) -> bool:
        if case_id not in self._cases:
            case = case_that_opens(self._tx, case_id)
            self._cases[case_id] = case if case is not None and case.committee in self._committee.addresses else None
        return self._cases[case_id] is not None

    def _grant(self, token: str) -> Grant | None:
        for case_id, note in self._find("token", token):
            return Grant(Person.parse(note["person"]), note["address"], case_id)
        return None

    def _erased(self, kind: str, value: str) -> list[Tombstone]:
        """What is left of the erased cases that a reply address belonged to, or a reporter."""
        names = (str(note["erased"]) for _, note in self._find(kind, value) if "erased" in note)
        found = (shredding.tombstone(self._tx, name) for name in names)
        return [decode_tombstone(data) for data in found if data is not None]

    def _is_foreign(self, token: str) -> bool:
        """Whether a token was issued, but by another committee or by one that is no more."""
        return bool(token) and bool(lookups.find(self._tx, "token", token))

    def _test(self, mail: Mail) -> str:
        """The token of a test mail for which `cocmail doctor` waits: good once, and by its header alone."""
        token = next(iter(TOKEN.findall(mail.value("cocmail-test")[:40])), "")
        waiting = [] if self._find("test-came", token) else self._find("test-mail", token)
        return next((token for _, note in waiting if datetime.fromisoformat(note["expires"]) > self._now), "")

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

    def _returned(self, token: str) -> Returned | None:
        found = returns.returned(self._tx, self._committee, token, self._now)
        for earlier in found.earlier if found is not None else ():
            if earlier.case_id and shredding.exists(self._tx, earlier.case_id):
                self._opens(earlier.case_id)
        return found if found is None or not found.case_id or self._opens(found.case_id) else None

    def _references(self, mail: Mail) -> tuple[Reference, ...]:
        found = []
        for message_id in _ids_in(mail):
            for case_id, note in self._find("message-id", message_id):
                # Its own id is one of ours where somebody sent a letter on with words of theirs: that is of its case.
                is_copy = message_id == mail.message_id and not note.get("ours")
                if is_copy or (case_id and self._case(case_id) is None):
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

    def _parties(self, mail: Mail) -> tuple[str, ...]:
        found = [case_id for address in mail.from_addresses[:5] for case_id, _ in self._find("party", address)]
        return tuple(case_id for case_id in dict.fromkeys(found) if self._case(case_id) is not None)

    def kept_from(self, aside: Aside) -> frozenset[str]:
        """Whom a message that was put aside is kept from by now.

        Everybody, where one of its cases does not open, or what is remembered of its sender: the others are listed.
        """
        try:
            return self._kept_from(aside)
        except DAMAGED:
            return self._everybody()

    def _everybody(self) -> frozenset[str]:
        return frozenset(member.handle for member in self._committee.members)

    def _kept_from(self, aside: Aside) -> frozenset[str]:
        committee = self._committee
        of_sender = [case_id for author in aside.authors for case_id, _ in self._find("party", author)]
        every = dict.fromkeys((*aside.cases, *filter(None, of_sender)))
        there = [case_id for case_id in every if shredding.exists(self._tx, case_id)]
        if not all(map(self._opens, there)):
            return self._everybody()
        found = {case_id: case for case_id in there if (case := self._cases[case_id]) is not None}
        answered = [found.pop(case_id) for case_id in aside.cases if case_id in found]
        erased = [each for author in aside.authors for each in self._erased("party", author)]
        gone = (tombstones.kept_from(each, committee, goes_on=False) for each in erased)
        return kept_from(committee, answered, found.values()).union(*gone)
