"""Any sequence of reports, additions, talk and withdrawals: each message reaches exactly those who may have it.

The oracle below knows nothing of events, tokens or tables: it keeps, by hand, who is kept out of which case and who
should have got what. The decisions run against a real store; letters are taken from the real queue, with the second
look at `may_have` that the outbox worker takes.
"""

from __future__ import annotations

import base64
import itertools
import random
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cocmail.commit import commit
from cocmail.core.conflicts import Sight, may_have
from cocmail.core.decide import decide
from cocmail.core.effects import decode_letter
from cocmail.core.model import Committee, Door, Envelope, Mail, Member, Policy, Proof, Role, Wanted
from cocmail.core.screening import screen
from cocmail.core.setting import Message, Setting
from cocmail.knowledge import Gatherer, load_case
from cocmail.mail import codenames
from cocmail.pipeline import SystemDraw
from cocmail.store import cases, outbox, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring, new_key_file

PRIMARY = ("amara", "jun", "noor")
ALTERNATES = ("lee", "kim")
MEDIATORS = ("ruth",)
EVERYBODY = (*PRIMARY, *ALTERNATES, *MEDIATORS)
REPORTERS = ("robin@visitors.example", "alex@visitors.example")
ROLES = {Role.PRIMARY: PRIMARY, Role.ALTERNATE: ALTERNATES, Role.MEDIATOR: MEDIATORS}
MEMBERS = tuple(
    Member(handle, f"{handle.title()} Zzyx{handle}", f"{handle}@example.net", role=role)
    for role, handles in ROLES.items()
    for handle in handles
)
KNOBS = {
    "intake.first_recipients": "primary_all",
    "intake.triage_watchers": 2,
    "conflict.minimum.cleared": 1,
    "conflict.kinds": ("recused",),
    "conflict.reason": "forbidden",
}
COMMITTEE = Committee("c@example.org", "C", "c@example.org", Policy("basic", KNOBS), MEMBERS, chair="amara")
NO_TOKEN = "z" * 26
SOME = st.sets(st.sampled_from(EVERYBODY), max_size=3)


@dataclass
class Expected:
    """What the oracle thinks of one case."""

    reporter: str
    barred: set[str]
    readers: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)
    talked_about: set[str] = field(default_factory=set)
    got: set[tuple[str, str]] = field(default_factory=set)

    def fill(self) -> None:
        """Somebody must read it: primary members at the start, later whoever of the next group is left."""
        self.readers -= self.barred
        for group in (ALTERNATES, MEDIATORS):
            if not self.readers:
                self.readers = set(group) - self.barred - self.talked_about
                self.got |= {(handle, entry) for handle in self.readers for entry in self.entries}


class Dice(SystemDraw):
    """The same draws in every run, so that what was found is found again."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._random = random.Random(7)

    def token(self) -> str:
        return base64.b32encode(next(self._numbers).to_bytes(16, "big"))[:26].decode().lower()

    def code_name(self) -> str:
        return codenames.draw(self._random.choice)


class Committees(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        key = Path(self.folder.name) / "k"
        new_key_file(key)
        self.store = Store.open(f"sqlite:///{self.folder.name}/s.db", Keyring.load(key))
        self.now = datetime(2026, 11, 21, tzinfo=UTC)
        self.numbers = itertools.count()
        self.dice = Dice()
        self.expected: dict[str, Expected] = {}
        self.delivered: set[tuple[str, str, str]] = set()
        self.paused: dict[tuple[str, str], datetime] = {}
        self.too_early: list[str] = []

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    # What happens

    @rule(reporter=st.sampled_from(REPORTERS), named=SOME, excluded=SOME, proven=st.booleans())
    def a_report(self, reporter: str, named: set[str], excluded: set[str], proven: bool) -> None:
        earlier = [case for case in self.expected.values() if case.reporter == reporter]
        inherited = set().union(*(case.barred for case in earlier))
        before = set(self.expected)
        proof = Proof(reporter, "dmarc") if proven else Proof()
        entry = self.arrives(reporter, "hello", named, Wanted(alias=True, excluded=frozenset(excluded)), proof=proof)
        (new,) = set(self.ids()) - before
        for case in earlier:
            if proven:
                case.barred |= excluded
                case.fill()
            elif not case.readers or len(case.readers - excluded) >= 2:
                # Unproven words leave two readers at least, and let nobody in.
                case.barred |= excluded
                case.readers -= excluded
        opened = Expected(reporter, set(named) | excluded | inherited, set(PRIMARY), [entry])
        opened.readers -= opened.barred
        opened.fill()
        opened.got |= {(handle, entry) for handle in opened.readers}
        self.expected[new] = opened

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), named=SOME, excluded=SOME)
    def the_reporter_adds(self, data: st.DataObject, named: set[str], excluded: set[str]) -> None:
        case_id, case = self.pick(data)
        token = self.token(case_id, "reporter")
        if token == NO_TOKEN:
            # Beyond five acknowledgements a day the reporter was given no reply address.
            return
        entry = self.arrives(case.reporter, "more", named, Wanted(token=token, excluded=frozenset(excluded)))
        case.entries.append(entry)
        for other in self.expected.values():
            if excluded and other.reporter == case.reporter and other is not case:
                other.barred |= excluded
                other.fill()
        case.barred |= excluded | named
        case.fill()
        case.got |= {(handle, entry) for handle in case.readers}

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), named=SOME, proven=st.booleans())
    def a_member_writes(self, data: st.DataObject, named: set[str], proven: bool) -> None:
        case_id, case = self.pick(data)
        author = data.draw(st.sampled_from(EVERYBODY))
        entry = self.says(case_id, author, "talk", named, proven)
        if proven and author in case.readers:
            case.entries.append(entry)
            case.talked_about |= named
            case.got |= {(handle, entry) for handle in case.readers - {author}}

    @precondition(lambda self: self.expected)
    @rule(data=st.data(), proven=st.booleans())
    def a_member_withdraws(self, data: st.DataObject, proven: bool) -> None:
        case_id, case = self.pick(data)
        author = data.draw(st.sampled_from(EVERYBODY))
        had_access = author in case.readers
        self.says(case_id, author, "#recuse", set(), proven)
        if had_access and not proven:
            self.paused[case_id, author] = self.now + timedelta(hours=24)
        if proven and had_access:
            case.barred.add(author)
            case.fill()

    @rule()
    def a_day_passes(self) -> None:
        """Pauses of unproven recusals end."""
        self.now += timedelta(hours=25)
        self.send_everything()

    # What must hold

    @invariant()
    def nobody_has_what_they_must_not_and_nothing_is_missing(self) -> None:
        wanted = {(case_id, *pair) for case_id, case in self.expected.items() for pair in case.got}
        assert self.delivered <= wanted, "a leak"
        assert not self.too_early, "a pause was not kept"
        paused = {pair for pair, until in self.paused.items() if self.now < until}
        late = {missing for missing in wanted - self.delivered if missing[:2] not in paused}
        # Who was barred before a letter could leave does not get it; nothing else may be missing.
        late = {missing for missing in late if missing[1] in self.expected[missing[0]].readers}
        assert not late, "a loss"

    # How

    def pick(self, data: st.DataObject) -> tuple[str, Expected]:
        return data.draw(st.sampled_from(sorted(self.expected.items(), key=lambda item: item[0])))

    def ids(self) -> list[str]:
        return self.store.read_now(lambda tx: cases.ids(tx, None))

    def load(self, case_id: str):  # type: ignore[no-untyped-def]
        return self.store.read_now(lambda tx: load_case(tx, case_id))

    def token(self, case_id: str, person: str) -> str:
        tokens = self.load(case_id).tokens
        return next((token for token, owner in tokens.items() if str(owner) == person), NO_TOKEN)

    def says(self, case_id: str, author: str, text: str, named: set[str], proven: bool) -> str:
        subject = f"Re: [{self.load(case_id).code_name}] Committee case"
        token = self.token(case_id, f"member:{author}")
        wanted = Wanted(token=token) if token != NO_TOKEN else Wanted(alias=True)
        if not wanted.token and text == "talk":
            # Without a reply address this would be a report of its own; the other rules make those.
            return ""
        proof = Proof(f"{author}@example.net", "dmarc") if proven else Proof()
        subject += " #recuse" if text == "#recuse" else ""
        return self.arrives(f"{author}@example.net", text, named, wanted, subject, proof)

    def arrives(
        self,
        sender: str,
        text: str,
        named: set[str],
        wanted: Wanted,
        subject: str = "About it",
        proof: Proof = Proof(),  # noqa: B008 - frozen
    ) -> str:
        number = next(self.numbers)
        body = " ".join((text, *(f"Zzyx{handle} {handle.title()}, {handle}@example.net" for handle in sorted(named))))
        mail = Mail(
            subject=subject,
            from_addresses=(sender,),
            message_id=f"<{number}@x>",
            text=body,
            body_digest=str(number),
        )
        self.now += timedelta(seconds=1)
        envelope = Envelope(Door.SMTP, COMMITTEE.id, sender, (COMMITTEE.address,), received_at=self.now)
        row = spool.prepare(self.store.keyring, envelope, b"raw")
        self.store.write_now(lambda tx: spool.add(tx, row))
        message = Message(row.id, mail, envelope, wanted, proof, screen(COMMITTEE, mail))
        self.store.write_now(lambda tx: self.decide(tx, message))
        self.send_everything()
        return row.id

    def decide(self, tx: Tx, message: Message) -> None:
        known = Gatherer(tx, COMMITTEE, self.now).gather(message, None)
        # Replies to letters are known by their token and the code name; no Message-ID is quoted here.
        decision = decide(message, Setting(COMMITTEE, replace(known, references=()), self.now, self.dice))
        commit(tx, decision, message, COMMITTEE, (), self.now)

    def send_everything(self) -> None:
        def work(tx: Tx) -> int:
            rows = outbox.claim(tx, self.now, 50, timedelta(minutes=1))
            for row in rows:
                _, letter = decode_letter(row.payload)
                case = load_case(tx, letter.case_id) if letter.case_id else None
                sight = may_have(letter, COMMITTEE, case, self.now)
                if sight is Sight.LATER:
                    outbox.wait(tx, row.id, self.now + timedelta(minutes=5))
                    continue
                if sight is Sight.YES and letter.needs_access:
                    until = self.paused.get((letter.case_id, letter.to.handle), self.now)
                    self.too_early += [letter.kind] if self.now < until else []
                if sight is Sight.YES and letter.kind == "forward":
                    self.delivered.add((letter.case_id, letter.to.handle, letter.entry))
                outbox.sent(tx, row.id)
            return len(rows)

        while self.store.write_now(work):
            pass


TestWhoSeesWhat = Committees.TestCase
TestWhoSeesWhat.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A failure is short enough as it is found, and finding a shorter one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
