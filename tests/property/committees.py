"""A committee with a real store, for `test_who_sees_what`: mail goes in, decisions are carried out, letters come out.

Decisions run against the store as the pipeline runs them; letters are taken from the real queue, with the second look
at `may_have` and the reports written at that moment, as the outbox worker does. The clock is ours.
"""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial, reduce

from sqlalchemy import select

from cocmail.commit import commit
from cocmail.core import events, subjects
from cocmail.core.calendar import EVERY_WEEKDAY, Calendar
from cocmail.core.case import Case, apply
from cocmail.core.commands.texts import said
from cocmail.core.conflicts import Sight, may_have
from cocmail.core.decide import decide
from cocmail.core.effects import Decision, Letter, decode_letter
from cocmail.core.letters import as_addressed
from cocmail.core.model import REPORTER, Committee, Door, Envelope, Mail, Person, Wanted
from cocmail.core.namesakes import names_in
from cocmail.core.screening import screen, searched
from cocmail.core.setting import Message, Setting
from cocmail.core.tags import ROWS
from cocmail.core.trust import Proof
from cocmail.doors.clock import Clock
from cocmail.doors.contents import Contents
from cocmail.knowledge import Gatherer
from cocmail.mail.compose import compose
from cocmail.mail.reader import Reader
from cocmail.pipeline import Pipeline
from cocmail.records import committee_now, load_case
from cocmail.reports.document import document
from cocmail.reports.thread import thread
from cocmail.roster import Roster
from cocmail.store import cases, outbox, spool, timers
from cocmail.store.tables import CASES, OUTBOX
from cocmail.store.transaction import Tx
from property.founding import ALIAS, Delivered, Dice, committee_of
from property.procedures import Seat, seats_at_first
from property.quick import QuickStore, at_once

LEASE = timedelta(minutes=15)
RETRY = timedelta(minutes=10)
# The mail server takes what it is given, refuses half of it for now, or does not answer.
UP, PICKY, AWAY = "up", "picky", "away"


class House:
    """The daemon's work on one store. `whole`: letters are composed to the last byte, which takes its time.

    `steps` counts what happens here: mail that is handed in, looks at the clock, restarts, further tries to send.
    """

    def __init__(
        self,
        preset: str,
        store: QuickStore,
        steps: Counter[str],
        *,
        whole: bool,
        now: datetime = datetime(2026, 11, 21, tzinfo=UTC),
        calendar: Calendar = EVERY_WEEKDAY,
        chair: str = "amara",
    ) -> None:
        self.preset, self.store, self.whole = preset, store, whole
        self.now = now
        self.mail_server = UP
        self.fresh: list[Delivered] = []
        self.steps = steps
        self._numbers = itertools.count()
        self._dice, self._chance = Dice(), random.Random(7)
        self._unseen = 0
        self._messages: dict[str, Message] = {}
        self._events: dict[str, list[events.Event]] = {}
        self._cases: dict[str, Case] = {}
        store.empty()
        self.committee = replace(committee_of(preset, seats_at_first(), {}), calendar=calendar, chair=chair)
        self._roster, self._reader = Roster([self.committee], []), Reader()
        contents = Contents(store, self._reader)
        self._pipeline = Pipeline(store, self._reader, self._roster, contents, lambda: self.now)
        self._pipeline._draw = self._pipeline.changes._draw = self._dice
        self._go_on()

    @property
    def in_force(self) -> Committee:
        """Without who has left by their own word or by a vote."""
        return self.store.read_now(lambda tx: committee_now(tx, self.committee))

    def restart(self) -> None:
        """The daemon dies while it sends and counts, and starts again."""
        self.steps["restarts"] += 1
        self.store.write_now(self._die)
        self._go_on()

    def edit(self, seats: Mapping[str, Seat], override: Mapping[str, object]) -> None:
        """The committee's file is changed, and read again."""
        self.steps["config edits"] += 1
        # What waits for an address is looked at again every five minutes.
        self.now += timedelta(minutes=6)
        self.committee = committee_of(self.preset, seats, override)
        self._go_on()

    def _go_on(self) -> None:
        at_once(self._pipeline.changes.apply([self.committee], []))
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
        self._messages[row.id] = Message(row.id, mail, envelope, wanted, proof)
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
            decision = self._decide(
                Tx(tx.connection, tx.keyring, recent=tx.recent), self._messages[waiting.id], waiting.confirmed_handle
            )
            self._unseen += (decision.release is not None) - 1
            for case_id in cases.ids(tx, None) if decision.left else ():
                self._pipeline.changes._review(case_id, Tx(tx.connection, tx.keyring, recent=tx.recent))
        self._send(Tx(tx.connection, tx.keyring, recent=tx.recent))
        return self._look(tx)

    def _decide(self, tx: Tx, message: Message, confirmed_by: str | None) -> Decision:
        gatherer = Gatherer(tx, self.committee, self.now)
        names = names_in(message.mail, gatherer.committee)
        message = replace(message, screening=screen(gatherer.committee, message.mail), names=names)
        subject = message.mail.subject
        numbered = subjects.is_numbered_clear(subject)
        if numbered or any(ROWS[name].reads_thread for name in subjects.tag_names(subject)):
            mails = [(entry, self._messages[entry.id].mail) for entry in gatherer.entries_at_hand(message)]
            thread = {entry.id: searched(mail) if numbered else said(entry, mail) for entry, mail in mails}
            message = replace(message, thread=thread)
        known = gatherer.gather(message, confirmed_by)
        decision = decide(message, Setting(gatherer.committee, known, self.now, self._dice))
        commit(tx, decision, message, self.committee, (), self.now)
        if decision.rewritten:
            # What the daemon reads from then on.
            self._messages[message.id] = replace(message, mail=replace(message.mail, text=self._stored(tx, message.id)))
        return decision

    def _stored(self, tx: Tx, message_id: str) -> str:
        stored = spool.open_mail(tx, message_id)
        assert stored is not None
        return str(message_from_bytes(stored[1], policy=policy.default).get_content())

    def look_at_the_clock(self) -> None:
        """The timers that are due, by the daemon's own clock; while mail waits from before, it does nothing."""
        self.steps["looks at the clock"] += 1
        while self.look_at_one_timer():
            pass

    def look_at_one_timer(self) -> bool:
        """The oldest that is due; whether there was one."""
        return at_once(self._clock().do_one())

    def look_at_the_members_service(self) -> None:
        """What is no timer: it is looked at every ten minutes, by the daemon's own clock."""
        self.store.write_now(self._clock().pull_back)
        self.store.write_now(partial(self._clock().serve, self.committee))

    def next_timer(self) -> datetime | None:
        """When the daemon would look at the clock next."""
        return self.store.read_now(timers.next_due)

    def _clock(self) -> Clock:
        clock = Clock(self.store, self._roster, lambda: self.now, self._pipeline.changes.review)
        clock._draw = self._dice
        return clock

    # Letters that go out

    def send(self) -> None:
        """Everything that is due, as far as the mail server takes it."""
        self.steps["tries to send"] += 1
        self.store.write_now(self._send)

    def _send(self, tx: Tx) -> None:
        if self.mail_server == AWAY or not outbox.count(tx):
            return
        at_hand: dict[str, Case] = {}
        committee = committee_now(tx, self.committee)
        while rows := outbox.claim(tx, self.now, 50, LEASE):
            for row in rows:
                _, letter = decode_letter(row.payload)
                if letter.case_id and letter.case_id not in at_hand:
                    at_hand[letter.case_id] = load_case(tx, letter.case_id)
                case = at_hand.get(letter.case_id)
                letter = as_addressed(letter, case)
                sight = may_have(letter, committee, case, self.now)
                if sight is Sight.LATER:
                    outbox.wait(tx, row.id, self.now + timedelta(minutes=5))
                    continue
                if sight is Sight.YES and self.mail_server == PICKY and self._chance.random() < 0.5:
                    again = self.now + RETRY
                    outbox.defer(tx, row.id, code="451 4.3.0", next_attempt=again, refused_since=self.now)
                    continue
                if sight is Sight.YES:
                    self.fresh.append(Delivered(letter, self._text(letter, committee, case)))
                outbox.sent(tx, row.id)

    def queued(self) -> list[Letter]:
        """What waits: since the mail server is away, or its recipient may not have it yet."""

        def work(tx: Tx) -> list[Letter]:
            if not outbox.count(tx):
                return []
            rows = tx.run(select(OUTBOX)).all()
            found = (outbox._opened(tx, row) for row in rows)
            return [decode_letter(row.payload)[1] for row in found if row is not None]

        return self.store.read_now(work)

    def _text(self, letter: Letter, committee: Committee, case: Case | None) -> str:
        content = self._enclosed(letter, committee, case)
        if self.whole:
            made = compose(letter, committee, case, content, return_path="", now=self.now)
            body = message_from_bytes(made.content, policy=policy.default).get_body(("plain",))
            return str(body.get_content()) if body is not None else ""
        return json.dumps(dict(letter.words)) + (content.text if content is not None else "")

    def _enclosed(self, letter: Letter, committee: Committee, case: Case | None) -> Mail | None:
        if letter.entry:
            return self._messages[letter.entry].mail
        if case is None or letter.template not in ("thread", "document"):
            return None
        every = [entry for entry in case.entries if letter.template == "thread" or entry.author == REPORTER]
        mails = {entry.id: self._messages[entry.id].mail for entry in every}
        if letter.template == "thread":
            return Mail(text=thread(case, committee, mails, letter.to.handle))
        return Mail(text=document(case, committee, mails, self.now))

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
        """A case's name, and the reply token that a person was given in it last, or ""."""
        case = self.case(case_id)
        return case.code_name, case.token_of(Person.parse(person))
