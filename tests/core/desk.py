"""A committee at its desk: who is on it, cases as they stand, mail that is decided on and carried out.

For tests of decisions: nothing is stored or sent. Every letter that a decision wants is written out once, so that a
sentence that lacks a word is found here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce

from cocmail.config.preset import read_preset
from cocmail.core import events, questions
from cocmail.core.book import NEW_BOOK, Book
from cocmail.core.case import Case, apply, fold
from cocmail.core.classify import Reason
from cocmail.core.decide import decide, decide_timer
from cocmail.core.effects import Decision, Letter
from cocmail.core.files import FileRead
from cocmail.core.model import (
    Attachment,
    Committee,
    Door,
    Envelope,
    Knob,
    Mail,
    Member,
    Person,
    Policy,
    Role,
    TransferTarget,
    Wanted,
    member_person,
)
from cocmail.core.plan import Plan
from cocmail.core.setting import Grant, Known, Message, Setting
from cocmail.core.trust import Proof, Verdict
from cocmail.mail.compose import compose
from cocmail.mail.lookinto import look

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = NOW.isoformat()
DAY = timedelta(days=1)
CASE, CODE, ALIAS = "c1", "home shelf", "conduct@example.org"
PRESETS = ("basic", "kubernetes", "cncf", "chaoss", "numfocus")

NAMES = {
    "amara": "Amara Obi",
    "jun": "Jun Sato",
    "sam": "Sam Reyes",
    "noor": "Noor Haddad",
    "ivo": "Ivo Petrov",
    "lee": "Lee Wong",
    "kim": "Kim Adeyemi",
    "mika": "Mika Laine",
    "pat": "Pat Quinn",
    "ruth": "Ruth Adler",
}
ADDRESS = {handle: f"{handle}@example.net" for handle in NAMES}
EVERYBODY = tuple(
    Member(handle, name, ADDRESS[handle], role=Role.MEDIATOR if handle == "ruth" else Role.PRIMARY)
    for handle, name in NAMES.items()
)
# The report, and what is read of it where words are compared.
REPORT = "Somebody shouted."


def members(*handles: str) -> tuple[Member, ...]:
    return tuple(member for member in EVERYBODY if member.handle in handles)


def committee(
    policy: str = "basic", people: tuple[Member, ...] = EVERYBODY, knobs: Mapping[str, Knob] | None = None
) -> Committee:
    """These people under a preset, with single knobs changed."""
    every = {**read_preset(policy), **(knobs or {})}
    target = TransferTarget("foundation", "conduct@foundation.example", date(2026, 1, 10))
    return Committee(
        ALIAS, "Example Committee", ALIAS, Policy(policy, every), people, chair="amara", transfer_targets=(target,)
    )


def opened(
    *handles: str, audience: str = "committee", check_first: bool = False, people: tuple[Member, ...] = EVERYBODY
) -> list[events.Event]:
    """A report came in, in which nobody of `people` was found; these members have it."""
    looked_for = tuple(f"{member.handle} {member.email}" for member in people)
    told: list[events.Event] = [
        events.CaseOpened(CODE, ALIAS, "m1", audience, AT, check_first=check_first),
        events.ReporterKnown("robin@visitors.example", "Robin", True),
        events.EntryFiled("m1", "reporter", "report", "<m1@visitors.example>", looked_for),
        events.TokenIssued("reporter", "rt", "robin@visitors.example"),
    ]
    for handle in handles:
        told += [events.MemberAdmitted(handle, ADDRESS[handle], name=NAMES[handle]), reply_address(handle)]
    return told


def reply_address(handle: str) -> events.TokenIssued:
    return events.TokenIssued(f"member:{handle}", f"t-{handle}", ADDRESS[handle])


class CountingDraw:
    """Values that are all different."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def id(self) -> str:
        return f"id{next(self._numbers)}"

    def token(self, *about: str) -> str:
        return f"token{next(self._numbers)}"

    def code_name(self) -> str:
        return "plain table"


@dataclass
class Desk:
    """One case before a committee. `look` decides and forgets; `does`, `adds`, `passes` and `ends` carry it out."""

    committee: Committee
    case: Case
    now: datetime = NOW
    book: Book = NEW_BOOK
    letters: list[Letter] = field(default_factory=list)
    draw: CountingDraw = field(default_factory=CountingDraw)
    texts: dict[str, str] = field(default_factory=lambda: {"m1": REPORT})
    files: dict[str, tuple[FileRead, ...]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(2))

    @staticmethod
    def at(place: Committee, *told: events.Event) -> Desk:
        return Desk(place, fold(CASE, told))

    # Mail

    def look(
        self,
        sender: str,
        tags: str,
        text: str = "",
        *,
        proven: bool = True,
        named: bool = True,
        number: int = 2,
        attached: tuple[Attachment, ...] = (),
    ) -> Decision:
        """The decision on one mail. `sender`: a handle, reporter, or stranger.

        Whoever was given a reply address of the case writes to that, else to the alias. `named`: the case's name
        stands in the Subject. What is `attached` is looked into as it is when it comes by mail.
        """
        address = ADDRESS.get(sender, "robin@visitors.example" if sender == "reporter" else "someone@else.example")
        person = member_person(sender) if sender in ADDRESS else Person("reporter")
        token = "" if sender == "stranger" else self.case.token_of(person)
        mail = Mail(
            to=(ALIAS,),
            subject=f"Re: [{CODE}] Committee case {tags}" if named else f"Re: About the committee {tags}",
            from_addresses=(address,),
            text=text,
            message_id=f"<m{number}@somewhere.example>",
            body_digest=f"{tags} {text}",
            attachments=attached,
        )
        known = Known(
            cases={CASE: self.case},
            names={CODE: CASE} if named else {},
            grant=Grant(person, address, CASE) if token else None,
            book=self.book,
        )
        wanted = Wanted(token=token) if token else Wanted(alias=True)
        proof = Proof(address, "dmarc", Verdict.PASS) if proven else Proof()
        envelope = Envelope(Door.SMTP, ALIAS, address, (ALIAS,))
        files = {**self.files, f"m{number}": tuple(map(look, attached))}
        message = Message(f"m{number}", mail, envelope, wanted, proof, thread=self.texts, files=files)
        return decide(message, self._setting(known))

    def does(
        self,
        sender: str,
        tags: str,
        text: str = "",
        *,
        runs: bool = True,
        named: bool = True,
        attached: tuple[Attachment, ...] = (),
    ) -> Decision:
        """A mail, carried out. It must run, unless it is said that it must not."""
        number = next(self._numbers)
        decision = self.look(sender, tags, text, named=named, number=number, attached=attached)
        self.files = {**self.files, f"m{number}": tuple(map(look, attached))}
        refused = [line["outcome"] for line in lines(decision) if line.get("refused") or is_nothing(line)]
        assert bool(refused) is not runs, f"{tags} by {sender}: {refused}"
        self._carry_out(decision)
        self.texts = {**self.texts, f"m{number}": text}
        return decision

    def says(self, sender: str, text: str) -> Decision:
        """A mail without a tag, carried out."""
        number = next(self._numbers)
        decision = self.look(sender, "", text, number=number)
        self._carry_out(decision)
        self.texts = {**self.texts, f"m{number}": text}
        return decision

    # What happens without a mail

    def adds(self, *told: events.Event) -> Decision:
        """These events, with what follows from them."""
        plan = self.plan()
        plan.add(CASE, *told)
        return self.passes(plan)

    def cancels(self, number: int) -> Decision:
        """The question is taken back."""
        plan = self.plan()
        questions.close(plan, CASE, number, why="withdrawn", cancelled=True)
        return self.passes(plan)

    def ends(self, kind: str, about: str) -> Decision:
        """A timer of the case is due."""
        decision = decide_timer(self.case, kind, about, self._setting(Known(cases={CASE: self.case}, book=self.book)))
        self._carry_out(decision)
        return decision

    def plan(self) -> Plan:
        return Plan(self._setting(Known(cases={CASE: self.case}, book=self.book)))

    def passes(self, plan: Plan) -> Decision:
        decision = plan.finish(Reason.NO_MESSAGE, case_id=CASE)
        self._carry_out(decision)
        return decision

    # What came of it

    def standing(self, handle: str) -> str:
        """cleared, recused, ... with the level where it is limited; "" for none."""
        place = self.case.members.get(handle)
        if place is None:
            return ""
        limit = f" {place.limit.name.lower()}" if place.standing.value == "limited" else ""
        return place.standing.value + limit

    def got(self, handle: str, kind: str = "") -> list[Letter]:
        """The letters to somebody since the start, of one kind or all."""
        return [letter for letter in self.letters if letter.to.handle == handle and kind in ("", letter.kind)]

    def entries_for(self, handle: str) -> list[str]:
        """Which messages of the case were passed on to somebody, in order."""
        return [letter.entry for letter in self.got(handle, "forward")]

    def _setting(self, known: Known) -> Setting:
        return Setting(self.committee, known, self.now, self.draw)

    def _carry_out(self, decision: Decision) -> None:
        can_be_written(decision, self)
        self.case = reduce(apply, changed(decision), self.case)
        self.book = decision.book or self.book
        gone = {person for case_id, person, _ in decision.cancel if case_id == CASE}
        self.letters = [each for each in self.letters if each.to not in gone or not each.needs_access]
        self.letters += decision.letters


def changed(decision: Decision, case_id: str = CASE) -> list[events.Event]:
    """What happened to a case, the one at hand unless told."""
    return [event for change in decision.changes if change.case_id == case_id for event in change.events]


def names(told: Iterable[events.Event]) -> list[str]:
    """Which events these are."""
    return [type(event).__name__ for event in told]


def lines(decision: Decision) -> list[dict[str, object]]:
    """What the one receipt of a decision says."""
    [receipt] = [letter for letter in decision.letters if letter.kind == "receipt"]
    found = receipt.words["lines"]
    assert isinstance(found, list)
    return found


def is_nothing(line: Mapping[str, object]) -> bool:
    """Whether a line of a receipt says that there is no such case, which is no refusal of a tag."""
    return line["outcome"] in ("no-such-case", "no-case")


_WRITTEN: set[str] = set()


def can_be_written(decision: Decision, desk: Desk) -> None:
    """Write out every letter whose like was not seen before: a word that its text lacks raises.

    Before it is carried out: `desk` has the case as the decision found it.
    """
    told = dict.fromkeys(change.case_id for change in decision.changes)
    after = {each: reduce(apply, changed(decision, each), desk.case if each == CASE else Case(each)) for each in told}
    for letter in decision.letters:
        said = letter.words.get("lines", ())
        assert isinstance(said, (list, tuple))
        outcomes = [line["outcome"] for line in said]
        shape = [[name for name, value in words.items() if value] for words in (letter.words, *said)]
        key = f"{letter.template} {letter.words.get('what')} {outcomes} {shape} {bool(letter.case_id)} {letter.to.kind}"
        if key in _WRITTEN:
            continue
        case = after.get(letter.case_id, desk.case) if letter.case_id else None
        carries = letter.entry or letter.kind in ("document", "sheet") or "cases" in outcomes
        content = Mail(subject="s", text="What it carries.", from_addresses=("a@b.example",)) if carries else None
        assert compose(letter, desk.committee, case, content, return_path="", now=desk.now).content
        _WRITTEN.add(key)
