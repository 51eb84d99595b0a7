"""A committee with a real store, for `test_who_sees_what`: mail goes in, decisions are carried out, letters come out.

Decisions run against the store as the pipeline runs them; letters are taken from the real queue, with the second look
at `may_have` and the reports written at that moment, as the outbox worker does. The clock is ours.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import select

from cocmail.commit import commit
from cocmail.core import events, subjects
from cocmail.core.case import Case, fold
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
from cocmail.store.engine import Store
from cocmail.store.tables import CASES
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring, new_key_file
from property.expected import ALTERNATES, MEDIATORS, PRIMARY, Procedure
from property.oracle import OPEN_FOR

ALIAS = "c@example.org"
ROLES = {Role.PRIMARY: PRIMARY, Role.ALTERNATE: ALTERNATES, Role.MEDIATOR: MEDIATORS}
MEMBERS = tuple(
    Member(handle, f"{handle.title()} Zzyx{handle}", f"{handle}@example.net", role=role)
    for role, handles in ROLES.items()
    for handle in handles
)
LEASE = timedelta(minutes=15)


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
        "votes.outcome.open_for": OPEN_FOR,
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
    """The daemon's work on one store. `whole`: letters are composed to the last byte, which takes its time."""

    def __init__(self, procedure: Procedure, *, whole: bool) -> None:
        self.committee, self.whole = committee_of(procedure), whole
        self._folder = tempfile.TemporaryDirectory()
        key = Path(self._folder.name) / "k"
        new_key_file(key)
        self._keyring = Keyring.load(key)
        self.store = self._open()
        self.now = datetime(2026, 11, 21, tzinfo=UTC)
        self.away = False
        self.fresh: list[Delivered] = []
        self._numbers = itertools.count()
        self._dice = Dice()
        self._messages: dict[str, Message] = {}

    def _open(self) -> Store:
        return Store.open(f"sqlite:///{self._folder.name}/s.db", self._keyring)

    def close(self) -> None:
        self.store.close()
        self._folder.cleanup()

    def restart(self) -> None:
        """The daemon dies while it sends and counts, and starts again."""
        self.store.write_now(lambda tx: outbox.claim(tx, self.now, 50, LEASE))
        self.store.write_now(lambda tx: timers.claim(tx, self.now, 50, LEASE))
        self.store.close()
        self.store = self._open()
        self.store.write_now(outbox.release_leases)
        self.store.write_now(timers.release_leases)
        reader, roster = Reader(), Roster([self.committee], [])
        pipeline = Pipeline(self.store, reader, roster, Contents(self.store, reader), lambda: self.now)
        asyncio.run(pipeline.review())

    # Mail that comes in

    def accept(self, sender: str, subject: str, text: str, wanted: Wanted, proof: Proof, to: str = ALIAS) -> str:
        """Stored, not looked at yet. `to` is what its header says. Returns the Message-ID."""
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
        return mail.message_id

    def work_off(self) -> None:
        """Everything that was accepted, what a confirmation lets run among it."""
        while (waiting := self.store.read_now(lambda tx: spool.next_new(tx, self.now))) is not None:
            message, confirmed_by = self._messages[waiting.id], waiting.confirmed_handle
            self.store.write_now(lambda tx, m=message, c=confirmed_by: self._decide(tx, m, c))

    def _decide(self, tx: Tx, message: Message, confirmed_by: str | None) -> None:
        gatherer = Gatherer(tx, self.committee, self.now)
        if any(ROWS[name].reads_thread for name in subjects.tag_names(message.mail.subject)):
            said = {entry: self._messages[entry].mail.text for entry in gatherer.entries_at_hand(message)}
            message = replace(message, thread=said)
        known = gatherer.gather(message, confirmed_by)
        decision = decide(message, Setting(self.committee, known, self.now, self._dice))
        commit(tx, decision, message, self.committee, (), self.now)

    def look_at_the_clock(self) -> None:
        """The timers that are due, by the daemon's own clock; while mail waits from before, it does nothing."""

        async def work() -> None:
            clock = Clock(self.store, Roster([self.committee], []), lambda: self.now)
            while await clock.do_one():
                pass

        asyncio.run(work())

    # Letters that go out

    def send(self) -> None:
        """Everything that is due, unless the mail server is away."""
        if not self.away:
            self.store.write_now(self._send)

    def _send(self, tx: Tx) -> None:
        at_hand: dict[str, Case] = {}
        while rows := outbox.claim(tx, self.now, 50, LEASE):
            for row in rows:
                _, letter = decode_letter(row.payload)
                if letter.case_id and letter.case_id not in at_hand:
                    at_hand[letter.case_id] = load_case(tx, letter.case_id)
                case = at_hand.get(letter.case_id)
                sight = may_have(letter, self.committee, case, self.now)
                if sight is Sight.LATER:
                    outbox.wait(tx, row.id, self.now + timedelta(minutes=5))
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

    def lengths(self) -> Mapping[str, int]:
        """How many events each case has."""
        counts = select(CASES.c.id, CASES.c.events)
        return {row.id: row.events for row in self.store.read_now(lambda tx: tx.run(counts).all())}

    def events(self, case_id: str) -> list[events.Event]:
        return [events.decode(data) for data in self.store.read_now(lambda tx: cases.load(tx, case_id))]

    def case(self, case_id: str) -> Case:
        return fold(case_id, self.events(case_id))

    def address(self, case_id: str, person: str) -> tuple[str, str]:
        """A case's name, and the reply token that a person was given in it, or ""."""
        case = self.case(case_id)
        return case.code_name, next((token for token, owner in case.tokens.items() if str(owner) == person), "")
