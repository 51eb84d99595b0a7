"""A decision while it is being made: events applied as they are added, so that what follows sees what went before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cocmail.core import acts, circles, clocks, counts, erasing, letters, measures, questions, verdicts
from cocmail.core import case as cases
from cocmail.core.access import Standing
from cocmail.core.book import Book
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.effects import Change, Decision, Letter, Note, Timer
from cocmail.core.events import CaseOpened, EntryFiled, Event, TokenIssued
from cocmail.core.model import Member, Person, member_person
from cocmail.core.setting import Setting
from cocmail.core.tombstones import Tombstone

_OUT = (Standing.WITHHELD, Standing.RECUSED, Standing.LEFT)
_ENDS = (acts.CaseResolved, acts.CaseDismissed, acts.CaseReopened)


class Plan:
    """Collects what one message brings about. Touches nothing outside itself."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.cases: dict[str, Case] = dict(setting.known.cases)
        self.letters: list[Letter] = []
        self.notes: list[Note] = []
        self.cancelled: list[tuple[str, Person, str]] = []
        self.hastened: list[tuple[str, Person]] = []
        self.resent: list[tuple[str, Person]] = []
        self.spent: list[str] = []
        self.counted: list[tuple[str, str]] = []
        self.alarms: list[str] = []
        self.timers: list[Timer] = []
        self.closed: list[tuple[str, int]] = []
        self.book: Book = setting.known.book
        self.counts: dict[str, counts.Count | None] = {}
        self.erased: dict[str, Tombstone] = {}
        self.answered_at: datetime | None = None
        self.rewritten = ""
        self.release: tuple[str, str] | None = None
        self._events: dict[str, list[Event]] = {}
        self._opens: dict[str, str] = {}

    def open(self, event: CaseOpened) -> str:
        """A new case; returns its id."""
        case_id = self.setting.draw.id()
        self._opens[case_id] = event.code_name
        self.cases[case_id] = Case(case_id)
        self.add(case_id, event)
        return case_id

    def is_new(self, case_id: str) -> bool:
        """Whether this very decision opens the case."""
        return case_id in self._opens

    @property
    def opened(self) -> str:
        """The case that this decision opened last, or ""."""
        return next(reversed(self._opens), "")

    def add(self, case_id: str, *events: Event) -> None:
        for event in events:
            self.cases[case_id] = cases.apply(self.cases[case_id], event)
            self._events.setdefault(case_id, []).append(event)

    def filed(self, case_id: str) -> frozenset[str]:
        """The messages that this decision made part of a case."""
        return frozenset(each.entry for each in self._events.get(case_id, ()) if isinstance(each, EntryFiled))

    def issue(self, case_id: str, person: Person, address: str) -> str:
        """A reply token for a person of a case; the one that they have already, if it was given to that address.

        It is the person's last one from now on: who is back at an earlier address goes on with the token of that.
        """
        case = self.cases[case_id]
        known = case.token_at(person, address)
        if known and known == case.token_of(person):
            return known
        token = known or self.setting.draw.token(case_id, str(person), address)
        self.add(case_id, TokenIssued(str(person), token, address))
        if not known:
            self.notes.append(Note("token", token, {"person": str(person), "address": address}, case_id))
        return token

    def issue_unbound(self, member: Member) -> str:
        """A reply token for a member that belongs to no case."""
        token = self.setting.draw.token("", str(member_person(member.handle)), member.email)
        note = {"person": str(member_person(member.handle)), "address": member.email}
        self.notes.append(Note("token", token, note))
        return token

    def write(
        self, member: Member, template: str, about: str, words: Mapping[str, object], kind: str = "notice"
    ) -> None:
        """The daemon's own word to a member, outside of any case; `about` tells it from others of that template."""
        self.letters.append(letters.outside(member, template, about, self.issue_unbound(member), words, kind))

    def bar(self, case_id: str, handle: str) -> None:
        """What is queued for a member who lost access goes in the same transaction."""
        self.cancelled.append((case_id, member_person(handle), ""))

    def unbar(self, case_id: str, handle: str) -> None:
        """What waited for a member goes on at once."""
        self.hastened.append((case_id, member_person(handle)))

    def resend(self, case_id: str, handle: str) -> None:
        """What waited for a member, or was refused, is tried at once: it goes to another mailbox than before."""
        self.resent.append((case_id, member_person(handle)))

    def finish(self, reason: Reason, *, state: str = "filed", case_id: str = "") -> Decision:
        """The decision. `case_id` is the case that the message itself belongs to.

        Whatever was decided may have changed who votes: questions that are complete by now close with it, and what
        follows from their results may close others.
        """
        self._settle()
        for changed in self._events:
            clocks.arm(self, changed)
            erasing.arm(self, changed)
            self._count(changed)
        changes = tuple(
            Change(changed, tuple(events), self._opens.get(changed, "")) for changed, events in self._events.items()
        )
        return Decision(
            reason=reason,
            state=state,
            case_id=case_id,
            changes=changes,
            # The same letter asked for twice is one letter: its id is made from what it is.
            letters=tuple({letter.id: letter for letter in self.letters if not self._is_for_nobody(letter)}.values()),
            notes=tuple(self.notes),
            cancel=tuple(self.cancelled),
            hasten=tuple(self.hastened),
            resend=tuple(self.resent),
            release=self.release,
            spent=tuple(self.spent),
            counted=tuple(self.counted),
            alarms=tuple(self.alarms),
            timers=tuple(dict.fromkeys(self.timers)),
            answered_at=self.answered_at,
            book=self.book if self.book != self.setting.known.book else None,
            left=len(self.book.departed) > len(self.setting.known.book.departed),
            rewritten=self.rewritten,
            counts=tuple(self.counts.items()),
            erased=tuple(self.erased.items()),
        )

    def _is_for_nobody(self, letter: Letter) -> bool:
        """Whether it was decided on before the same decision took the case from whom it is for."""
        lost = letter.needs_access and (letter.case_id, letter.to, "") in self.cancelled
        return lost and letter.to.handle in self.cases[letter.case_id].with_standing(*_OUT)

    def _count(self, case_id: str) -> None:
        """Counts are taken when a case is over: its content may be gone when somebody asks for them (domain R75)."""
        ended = [event for event in self._events[case_id] if isinstance(event, _ENDS)]
        if ended:
            over = not isinstance(ended[-1], acts.CaseReopened)
            month = self.setting.now.strftime("%Y-%m")
            self.counts[case_id] = counts.count_of(self.cases[case_id], month) if over else None

    def circle(self, case_id: str) -> list[Case]:
        """The cases that are one with a case, over however many merges, itself among them, as far as they are here."""
        found, left = {case_id: self.cases[case_id]}, [case_id]
        while left:
            for other in self.cases[left.pop()].links.one_circle:
                if other in self.cases and other not in found:
                    found[other] = self.cases[other]
                    left.append(other)
        return list(found.values())

    def _settle(self) -> None:
        while True:
            for changed in list(self._events):
                circles.keep(self, changed)
                measures.have_reviewed(self, changed)
                questions.settle(self, changed)
            if not self.closed:
                return
            while self.closed:
                verdicts.follow(self, *self.closed.pop(0))
