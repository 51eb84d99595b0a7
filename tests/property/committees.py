"""A committee with a real store, for `test_who_sees_what`: mail goes in, decisions are carried out, letters come out.

Decisions run against the store as the pipeline runs them; letters are taken from the real queue, with the second look
at `may_have` and the reports written at that moment, as the outbox worker does. The clock is ours.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import reduce

from sqlalchemy import select

from cocmail.commit import commit
from cocmail.core import events, subjects
from cocmail.core.case import Case, apply
from cocmail.core.conflicts import Sight, may_have
from cocmail.core.decide import decide
from cocmail.core.effects import Letter, decode_letter
from cocmail.core.model import REPORTER, Committee, Door, Envelope, Mail, Member, Policy, Proof, Role, Wanted
from cocmail.core.screening import screen
from cocmail.core.setting import Message, Setting
from cocmail.core.tags import ROWS
from cocmail.doors.clock import Clock
from cocmail.doors.contents import Contents
from cocmail.knowledge import Gatherer, load_case
from cocmail.mail import codenames
from cocmail.mail.compose import compose
from cocmail.mail.draw import SystemDraw
from cocmail.mail.reader import Reader
from cocmail.pipeline import Pipeline
from cocmail.reports.document import document
from cocmail.reports.thread import thread
from cocmail.roster import Roster
from cocmail.store import cases, outbox, spool, timers
from cocmail.store.tables import CASES
from cocmail.store.transaction import Tx
from property.expected import ALTERNATES, MEDIATORS, PRIMARY, Procedure
from property.quick import QuickStore, at_once

ALIAS = "c@example.org"
ROLES = {Role.PRIMARY: PRIMARY, Role.ALTERNATE: ALTERNATES, Role.MEDIATOR: MEDIATORS}
MEMBERS = tuple(
    Member(handle, f"{handle.title()} Zzyx{handle}", f"{handle}@example.net", role=role)
    for role, handles in ROLES.items()
    for handle in handles
)
LEASE = timedelta(minutes=15)
RETRY = timedelta(minutes=10)
# The mail server takes what it is given, refuses half of it for now, or does not answer.
UP, PICKY, AWAY = "up", "picky", "away"


def committee_of(procedure: Procedure) -> Committee:
    """The committee whose policy says what that procedure says."""
    knobs = {
        "intake.first_recipients": "primary_all",
        "intake.triage_watchers": 2,
        "conflict.minimum.cleared": procedure.fewest,
        "conflict.kinds": ("recused",),
        "conflict.reason": "forbidden",
        "votes.outcome.rule": procedure.rule,
        "votes.outcome.base": "cleared",
        "votes.outcome.quorum.majority": procedure.more_than_half_take_part,
        "votes.outcome.quorum.floor": procedure.take_part,
        "votes.outcome.open_for": procedure.open_for,
        "votes.outcome.asks_first": (),
        "outreach.second_reader": procedure.second_reader,
    }
    return Committee(ALIAS, "C", ALIAS, Policy("basic", knobs), MEMBERS, chair="amara")


@dataclass(frozen=True)
class Delivered:
    """A letter as it left; `text` is everything in it that people may have written."""

    letter: Letter
    text: str

    @property
    def to(self) -> str:
        return self.letter.to.handle or self.letter.to.kind


class Dice(SystemDraw):
    """The same draws in every run, so that what was found is found again."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._random = random.Random(7)

    def token(self) -> str:
        return base64.b32encode(next(self._numbers).to_bytes(16, "big"))[:26].decode().lower()

    def code_name(self) -> str:
        return codenames.draw(self._random.choice)


class House:
    """The daemon's work on one store. `whole`: letters are composed to the last byte, which takes its time.

    `steps` counts what happens here: mail that is handed in, looks at the clock, restarts, further tries to send.
    """

    def __init__(self, procedure: Procedure, store: QuickStore, steps: Counter[str], *, whole: bool) -> None:
        self.committee, self.store, self.whole = committee_of(procedure), store, whole
        self.now = datetime(2026, 11, 21, tzinfo=UTC)
        self.mail_server = UP
        self.fresh: list[Delivered] = []
        self.steps = steps
        self._numbers = itertools.count()
        self._dice, self._chance = Dice(), random.Random(7)
        self._unseen = 0
        self._messages: dict[str, Message] = {}
        self._events: dict[str, list[events.Event]] = {}
        self._cases: dict[str, Case] = {}
        self._roster, self._reader = Roster([self.committee], []), Reader()
        store.empty()

    def restart(self) -> None:
        """The daemon dies while it sends and counts, and starts again."""
        self.steps["restarts"] += 1
        self.store.write_now(self._die)
        contents = Contents(self.store, self._reader)
        at_once(Pipeline(self.store, self._reader, self._roster, contents, lambda: self.now).review())
        self.store.write_now(self._send)

    def _die(self, tx: Tx) -> None:
        outbox.claim(tx, self.now, 50, LEASE)
        timers.claim(tx, self.now, 50, LEASE)
        outbox.release_leases(tx)
        timers.release_leases(tx)

    # Mail that comes in

    def accept(self, sender: str, subject: str, text: str, wanted: Wanted, proof: Proof, to: str = ALIAS) -> str:
        """Stored, not looked at yet. `to` is what its header says. Returns the Message-ID."""
        self.steps["mails"] += 1
        number = next(self._numbers)
        mail = Mail(
            subject=subject,
            from_addresses=(sender,),
            to=(to,),
            message_id=f"<{number}@x>",
            text=text,
            body_digest=str(number),
        )
        self.now += timedelta(seconds=1)
        envelope = Envelope(Door.SMTP, ALIAS, sender, (ALIAS,), received_at=self.now)
        row = spool.prepare(self.store.keyring, envelope, text.encode())
        self.store.write_now(lambda tx: spool.add(tx, row))
        self._messages[row.id] = Message(row.id, mail, envelope, wanted, proof, screen(self.committee, mail))
        self._unseen += 1
        return mail.message_id

    def work_off(self) -> set[str]:
        """Everything that was accepted, what a confirmation lets run among it; then letters leave.

        Gives the ids of the cases in which something happened since somebody asked last.
        """
        return self.store.write_now(self._work_off)

    def _work_off(self, tx: Tx) -> set[str]:
        while self._unseen:
            waiting = spool.next_new(tx, self.now)
            assert waiting is not None, "what was accepted was lost"
            # As in a transaction of its own: no key is known from before.
            released = self._decide(Tx(tx.session, tx.keyring), self._messages[waiting.id], waiting.confirmed_handle)
            self._unseen += released - 1
        self._send(Tx(tx.session, tx.keyring))
        return self._look(tx)

    def _decide(self, tx: Tx, message: Message, confirmed_by: str | None) -> bool:
        """True when it lets a message run that was held."""
        gatherer = Gatherer(tx, self.committee, self.now)
        if any(ROWS[name].reads_thread for name in subjects.tag_names(message.mail.subject)):
            said = {entry: self._messages[entry].mail.text for entry in gatherer.entries_at_hand(message)}
            message = replace(message, thread=said)
        known = gatherer.gather(message, confirmed_by)
        decision = decide(message, Setting(self.committee, known, self.now, self._dice))
        commit(tx, decision, message, self.committee, (), self.now)
        return decision.release is not None

    def look_at_the_clock(self) -> None:
        """The timers that are due, by the daemon's own clock; while mail waits from before, it does nothing."""
        self.steps["looks at the clock"] += 1
        clock = Clock(self.store, self._roster, lambda: self.now)
        while at_once(clock.do_one()):
            pass

    # Letters that go out

    def send(self) -> None:
        """Everything that is due, as far as the mail server takes it."""
        self.steps["tries to send"] += 1
        self.store.write_now(self._send)

    def _send(self, tx: Tx) -> None:
        at_hand: dict[str, Case] = {}
        while self.mail_server != AWAY and outbox.count(tx) and (rows := outbox.claim(tx, self.now, 50, LEASE)):
            for row in rows:
                _, letter = decode_letter(row.payload)
                if letter.case_id and letter.case_id not in at_hand:
                    at_hand[letter.case_id] = load_case(tx, letter.case_id)
                case = at_hand.get(letter.case_id)
                sight = may_have(letter, self.committee, case, self.now)
                if sight is Sight.LATER:
                    outbox.wait(tx, row.id, self.now + timedelta(minutes=5))
                    continue
                if sight is Sight.YES and self.mail_server == PICKY and self._chance.random() < 0.5:
                    again = self.now + RETRY
                    outbox.defer(tx, row.id, code="451 4.3.0", next_attempt=again, refused_since=self.now)
                    continue
                if sight is Sight.YES:
                    self.fresh.append(Delivered(letter, self._text(letter, case)))
                outbox.sent(tx, row.id)

    def _text(self, letter: Letter, case: Case | None) -> str:
        content = self._enclosed(letter, case)
        if self.whole:
            made = compose(letter, self.committee, case, content, return_path="", now=self.now)
            body = message_from_bytes(made.content, policy=policy.default).get_body(("plain",))
            return str(body.get_content()) if body is not None else ""
        return json.dumps(dict(letter.words)) + (content.text if content is not None else "")

    def _enclosed(self, letter: Letter, case: Case | None) -> Mail | None:
        if letter.entry:
            return self._messages[letter.entry].mail
        if case is None or letter.template not in ("thread", "document"):
            return None
        every = [entry for entry in case.entries if letter.template == "thread" or entry.author == REPORTER]
        mails = {entry.id: self._messages[entry.id].mail for entry in every}
        if letter.template == "thread":
            return Mail(text=thread(case, self.committee, mails))
        return Mail(text=document(case, self.committee, mails, self.now))

    # What the store knows

    def changes(self) -> set[str]:
        """The ids of the cases in which something happened since somebody asked last."""
        return self.store.read_now(self._look)

    def _look(self, tx: Tx) -> set[str]:
        changed = set()
        for row in tx.run(select(CASES.c.id, CASES.c.events)).all():
            told = self._events.setdefault(row.id, [])
            if row.events != len(told):
                fresh = [events.decode(data) for data in cases.load(tx, row.id)[len(told) :]]
                told += fresh
                self._cases[row.id] = reduce(apply, fresh, self._cases.get(row.id, Case(row.id)))
                changed.add(row.id)
        return changed

    def events(self, case_id: str) -> list[events.Event]:
        return self._events[case_id]

    def case(self, case_id: str) -> Case:
        return self._cases[case_id]

    def address(self, case_id: str, person: str) -> tuple[str, str]:
        """A case's name, and the reply token that a person was given in it, or ""."""
        case = self.case(case_id)
        return case.code_name, next((token for token, owner in case.tokens.items() if str(owner) == person), "")
