"""What the store knows of the things that a message points at: tokens, references, code names, parties.

Reads only. Whatever belongs to another committee is as good as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cocmail import counting, returns
from cocmail.core import flood, subjects
from cocmail.core.addresses import is_about_address
from cocmail.core.case import Entry
from cocmail.core.classify import Reason
from cocmail.core.conflicts import exists_for, is_asked, is_new_to
from cocmail.core.digests import ASIDE_OF, KEPT_OUT
from cocmail.core.fingerprint import fingerprint
from cocmail.core.loops import LOOPS, SAID, said_by
from cocmail.core.model import REPORTER, Mail, Member, Wanted, Wish
from cocmail.core.namesakes import normal
from cocmail.core.sealed import REPORTED, SEALED, TOLD
from cocmail.core.setting import Grant, Known, Message, Question, Twin, author_of, is_trusted
from cocmail.pointers import Pointers
from cocmail.records import cases_of, circle_of, linked_cases
from cocmail.store import asides, lookups, shredding

# Case ids, by a name.
Found = dict[str, tuple[str, ...]]


def _asks_for_all(question: Question | None, subject: str) -> bool:
    """Whether what is asked for can concern any case of the committee."""
    return subjects.is_numbered_clear(subject) or (question is not None and is_about_address(question))


def _sender(message: Message) -> str:
    return "".join(message.mail.from_addresses[:1])


def _fingerprints(message: Message) -> tuple[str, ...]:
    """What its copies are known by: its own and, of what is to be sealed, that of the same to be read."""
    mail, wanted = message.mail, message.wanted
    own = fingerprint(mail, wanted)
    return (own, fingerprint(mail, replace(wanted, escrow=False))) if wanted.escrow else (own,)


def _known_by(message: Message, confirmed_by: str | None) -> list[tuple[str, str]]:
    """What a message itself is looked up by, beside what it points at."""
    return [
        ("confirm", confirmed_by or ""),
        ("acknowledged", message.id),
        (ASIDE_OF, _sender(message)),
        ("ran", fingerprint(message.mail)),
        *(("fingerprint", each) for each in _fingerprints(message)),
    ]


class Gatherer(Pointers):
    """Collects `Known` for one message within one transaction. `committee` is as the configuration has it."""

    def gather(self, message: Message, confirmed_by: str | None) -> Known:
        """Everything known. `confirmed_by` is the confirm token that released the message, or None."""
        mail, wanted = message.mail, message.wanted
        self._look_ahead([*self._pointed_at(mail, wanted), *_known_by(message, confirmed_by)])
        grant = self._grant(wanted.token)
        question, confirmed = self._question(wanted.confirm), self._question(confirmed_by or "")
        returned = self._returned(wanted.bounce)
        referred = self._references(mail)
        names = self._names(mail.subject)
        party = self._parties(mail)
        twin = self._twin(message)
        self._load(grant, question, confirmed, twin)
        member = self._member(message, grant)
        if _asks_for_all(question, mail.subject if member else ""):
            self._cases.update(cases_of(self._tx, self._committee))
        sealed, told, reported = self._namesakes(message)
        self._add_linked()
        found = Known(
            cases={case_id: case for case_id, case in self._cases.items() if case is not None},
            names=names,
            grant=grant,
            question=question,
            references=referred,
            party_cases=party,
            twin=twin,
            own_mail=returns.is_ours(self._tx, self._committee, mail),
            foreign_token=grant is None and self._is_foreign(wanted.token),
            questions=self._open_questions(member) if member else (),
            counts=self._counts(message, grant, member),
            confirmed=confirmed,
            ran=bool(self._find("ran", fingerprint(mail))),
            book=self._book,
            sealed=sealed,
            told=told,
            reported=reported,
            erased=next(iter(self._erased("token", wanted.token)), None),
            test=self._test(mail),
            returned=returned,
        )
        return self._with_asides(found, message)

    def _load(self, *pointed: Grant | Question | Twin | None) -> None:
        for each in pointed:
            self._case(each.case_id if each is not None else "")

    def _add_linked(self) -> None:
        """Who is out of the one report is asked nothing about the other."""
        for case in [case for case in self._cases.values() if case is not None]:
            self._cases.update(linked_cases(self._tx, case))

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

    def _with_asides(self, known: Known, message: Message) -> Known:
        senders, asked, sender = message.mail.from_addresses[:5], known.question, _sender(message)
        own = tuple(str(note["entry"]) for _, note in self._find(ASIDE_OF, sender))
        given = self._find("acknowledged", message.id)
        return replace(
            known,
            acknowledge_at=counting.acknowledge_at(self._tx, self._committee, sender, is_trusted(message), self._now),
            acknowledged=next((str(note["token"]) for _, note in given), ""),
            asides_of_sender=own,
            # As long as one of them waits: what is open has exclusions of its own, what is over has none.
            kept_out=self._kept_out(sender) if message.id in own or self._waits(own) else {},
            asides=asides.waiting(self._tx, (asked.entry,)) if asked else frozenset(),
            erased_before=tuple(each for sender in senders for each in self._erased("party", sender)),
        )

    def _waits(self, entries: Iterable[str]) -> bool:
        """Whether one of these can still be opened: what is open has exclusions of its own, what is over has none."""
        return any(asides.holds(self._tx, entry) for entry in entries)

    def _kept_out(self, sender: str) -> dict[str, Wish]:
        """Whom a sender excluded in what waits to be opened, with how certain that is."""
        found: dict[str, Wish] = {}
        for _, note in self._find(KEPT_OUT, sender):
            # Notes of before have no wish, and no guesses.
            handle, wish = str(note["handle"]), Wish(note.get("wish") or (Wish.SURE if note["sure"] else Wish.SAID))
            found[handle] = max(wish, found.get(handle, wish))
        return found

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
        search = lookups.Search(self._tx, [(kind, name) for name in names])
        found = {name: [hit for hit in search.cases(kind, name) if self._opens(hit)] for name in names}
        return {name: tuple(ids) for name, ids in found.items() if ids}

    def _twin(self, message: Message) -> Twin | None:
        for case_id, note in self._copies(message):
            if not case_id and shredding.is_discarded(self._tx, note.get("entry", "")):
                # Nothing is left of that one: this is the only copy.
                continue
            return Twin(case_id, note.get("reason", ""), note.get("entry", ""))
        return None

    def _copies(self, message: Message) -> list[tuple[str, dict[str, Any]]]:
        """What came before and was the same. What people have read is not sealed afterwards; what was sealed is no
        reason not to read a copy. Stores of before wrote both down alike.
        """
        own, *open_ = _fingerprints(message)
        found = self._find("fingerprint", own)
        if open_:
            return [*found, *self._find("fingerprint", *open_)]
        sealed = {case_id for case_id, note in found if note.get("reason") == Reason.REPORT_ESCROWED.value}
        return [(case_id, note) for case_id, note in found if case_id not in sealed]

    def _member(self, message: Message, grant: Grant | None) -> str:
        """The handle whose confirm rounds matter: the token's owner, else the owner of the From address."""
        if grant is not None and grant.person.kind == "member":
            return grant.person.handle
        member = author_of(message, self._committee)
        return member.handle if member else ""

    def _counts(self, message: Message, grant: Grant | None, handle: str) -> dict[str, int]:
        asked = {LOOPS: "", SAID: said_by(message, self._committee, grant)}
        if handle:
            asked |= dict.fromkeys(("confirm", "confirm-token", "confirm-proven"), f"{self._committee.id} {handle}")
        every = [*asked.items(), *counting.reports(self._committee, self._now)]
        return {flood.COUNTER: 0, **counting.counted(self._tx, every, self._now)}
