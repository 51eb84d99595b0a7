"""Votes of up to five members, with every ballot and every withdrawal in every order, through the real decisions.

All orders are walked as one graph: what has been decided before is not decided again, since a decision depends on
nothing but the case. Several questions with different rules stand open at once. The oracle counts with fractions and
knows nothing of events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce

import pytest

from cocmail.config.preset import read_preset
from cocmail.core import acts, events
from cocmail.core.case import Case, apply, fold
from cocmail.core.classify import Reason
from cocmail.core.decide import decide, decide_timer
from cocmail.core.effects import Decision
from cocmail.core.model import Committee, Door, Envelope, Mail, Member, Policy, Wanted, member_person
from cocmail.core.plan import Plan
from cocmail.core.questions import END
from cocmail.core.setting import Grant, Known, Message, Setting
from cocmail.core.trust import Proof, Verdict

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENDS = NOW + timedelta(hours=72)
CASE, CODE, ALIAS = "c1", "home shelf", "conduct@example.org"
CHOICES = ("yes", "no", "abstain")
# Rule, base, whether more than half of the base must take part, and how many at least. Nobody is in the base who has
# never had the case, so that both bases are the same people here.
QUESTIONS = (
    ("majority", "cleared", False, 3),
    ("two_thirds", "non_conflicted", False, 0),
    ("unanimous", "cleared", False, 0),
    ("consensus", "cleared", True, 2),
)

Counts = tuple[int, int, int, int]
Outcome = tuple[str, Counts]
Act = Callable[["Room", Case, str, str], Case]


# The oracle


@dataclass(frozen=True)
class Expected:
    """Who is left, what was cast and not taken back, and what came of each question: "" while it is open."""

    left: frozenset[str]
    ballots: frozenset[tuple[str, str]] = frozenset()
    outcomes: tuple[Outcome, ...] = (("", (0, 0, 0, 0)),) * len(QUESTIONS)

    @property
    def is_open(self) -> bool:
        return self.outcomes[0][0] == ""

    def voted(self, who: str, choice: str, fewest: int) -> Expected:
        return replace(self, ballots=self.ballots | {(who, choice)}).settled(fewest)

    def without(self, who: str, fewest: int) -> Expected:
        kept = frozenset((voter, choice) for voter, choice in self.ballots if voter != who or not self.is_open)
        return replace(self, left=self.left - {who}, ballots=kept).settled(fewest)

    def settled(self, fewest: int) -> Expected:
        if not self.is_open:
            return self
        if len(self.left) < fewest:
            return replace(self, outcomes=(("cancelled", (0, 0, 0, len(self.left))),) * len(QUESTIONS))
        return self.counted() if len(self.ballots) == len(self.left) else self

    def counted(self) -> Expected:
        cast = [choice for _, choice in self.ballots]
        yes, no, abstain = (cast.count(choice) for choice in CHOICES)
        counts = (yes, no, abstain, len(self.left) - len(cast))
        return replace(self, outcomes=tuple((_result(question, counts), counts) for question in QUESTIONS))


def _result(question: tuple[str, str, bool, int], counts: Counts) -> str:
    rule, _, more_than_half, floor = question
    share, part = (Fraction(number, sum(counts)) for number in (counts[0], sum(counts[:3])))
    agreed = {
        "majority": share > Fraction(1, 2),
        "two_thirds": share >= Fraction(2, 3),
        "unanimous": share == 1,
        "consensus": counts[1] == 0 and share > Fraction(1, 2),
    }[rule]
    enough = sum(counts[:3]) >= floor and (part > Fraction(1, 2) or not more_than_half)
    return "passed" if agreed and enough else "failed"


# The case


@dataclass(frozen=True)
class Room:
    """A committee of that many, at least `fewest` of whom must have a case for a vote."""

    committee: Committee
    fewest: int
    start: Case

    @property
    def handles(self) -> list[str]:
        return [member.handle for member in self.committee.members]


class NoDraw:
    """Nothing is drawn here but what a receipt needs."""

    def id(self) -> str:
        raise AssertionError("a new case")

    def code_name(self) -> str:
        raise AssertionError("a new case")

    def token(self, *about: str) -> str:
        return "drawn"


def room(size: int, fewest: int) -> Room:
    knobs = {**read_preset("basic"), "conflict.minimum.cleared": fewest}
    members = tuple(Member(f"m{number}", f"Member {number}", f"m{number}@example.net") for number in range(size))
    told: list[events.Event] = [
        events.CaseOpened(CODE, ALIAS, "e1", "committee", NOW.isoformat()),
        events.EntryFiled("e1", "reporter", "report", "<e1@visitors.example>"),
    ]
    for member in members:
        told.append(events.MemberAdmitted(member.handle, member.email, "policy", member.name))
        told.append(events.TokenIssued(f"member:{member.handle}", f"t-{member.handle}", member.email))
    for number, (rule, base, more_than_half, floor) in enumerate(QUESTIONS, start=1):
        quorum = "majority" if more_than_half else "none"
        when, parts = (NOW.isoformat(), ENDS.isoformat()), ("f", "p", "c", "r")
        told.append(acts.QuestionOpened(number, "outcome", "m0", *when, rule, base, quorum, floor, *parts))
    committee = Committee(ALIAS, "Example", ALIAS, Policy("basic", knobs), members, chair="m0")
    return Room(committee, fewest, fold(CASE, told))


RECUSE = "#recuse"
VOTE = {choice: " ".join(f"#vote q{number} {choice}" for number in range(1, len(QUESTIONS) + 1)) for choice in CHOICES}


def hear(room: Room, case: Case, who: str, choice: str) -> Case:
    """The case after a member's mail: a ballot on every question, or "" for a withdrawal."""
    tags = VOTE[choice] if choice else RECUSE
    address = f"{who}@example.net"
    mail = Mail(
        to=(ALIAS,),
        subject=f"Re: [{CODE}] Committee case {tags}",
        from_addresses=(address,),
        message_id="<m1@example.net>",
        body_digest=tags,
    )
    known = Known(cases={CASE: case}, names={CODE: CASE}, grant=Grant(member_person(who), address, CASE))
    envelope = Envelope(Door.SMTP, ALIAS, address, (ALIAS,))
    message = Message("m1", mail, envelope, Wanted(token=f"t-{who}"), Proof(address, "dmarc", Verdict.PASS))
    return carried_out(case, decide(message, Setting(room.committee, known, NOW, NoDraw())))


def happens(room: Room, case: Case, who: str, choice: str) -> Case:
    """The same without a mail: what it comes to, and what follows from that."""
    plan = Plan(Setting(room.committee, Known(cases={CASE: case}), NOW, NoDraw()))
    if not choice:
        plan.add(CASE, events.MemberRecused(who))
        plan.bar(CASE, who)
    for motion in case.proceedings.open_motions if choice else ():
        plan.add(CASE, acts.BallotCast(motion.number, who, choice, NOW.isoformat()))
    only_readers_are_told(plan.finish(Reason.COMMAND))
    return plan.cases[CASE]


def carried_out(case: Case, decision: Decision) -> Case:
    """The case with what was decided."""
    for change in decision.changes:
        case = reduce(apply, change.events, case)
    only_readers_are_told(decision)
    return case


def only_readers_are_told(decision: Decision) -> None:
    """Every result goes once to each, and to nobody who has just lost the case."""
    out = {person.handle for _, person, _ in decision.cancel}
    told = [letter.to.handle for letter in decision.letters if letter.kind == "tally"]
    assert not out & set(told) and len(told) == len(set(told)) * len(QUESTIONS)


def agree(case: Case, expected: Expected) -> None:
    found: list[Outcome] = []
    for motion in case.proceedings.motions:
        tally = motion.tally
        counts = (tally.yes, tally.no, tally.abstain, tally.not_voted) if tally is not None else (0, 0, 0, 0)
        found.append((motion.result, counts))
        if motion.is_open:
            assert frozenset(motion.ballots.items()) == expected.ballots
    assert tuple(found) == expected.outcomes
    passed = any(result == "passed" for result, _ in expected.outcomes)
    state = "voting" if expected.is_open else "decided" if passed else "open"
    assert case.proceedings.state.name.lower() == state


# Every order


def steps(room: Room, case: Case, expected: Expected, alike: bool, act: Act) -> Iterator[tuple[Case, Expected]]:
    """Everything that can happen next. `alike`: of ballots that differ only by who cast which, one."""
    cast = dict(expected.ballots)
    for who in sorted(expected.left):
        yield act(room, case, who, ""), expected.without(who, room.fewest)
        for choice in CHOICES if expected.is_open and who not in cast else ():
            together = {**cast, who: choice}
            order = [CHOICES.index(together[each]) for each in room.handles if each in together]
            if not alike or order == sorted(order):
                yield act(room, case, who, choice), expected.voted(who, choice, room.fewest)


def walk(room: Room, *, alike: bool = False, to_the_end: bool = False, act: Act = hear) -> int:
    """From the opened questions through all orders; how many different standings there were.

    `to_the_end`: until nobody is left. Else one withdrawal after a close is enough, which must not change anything.
    """
    first = Expected(frozenset(room.handles)).settled(room.fewest)
    seen: dict[Expected, list[Case]] = {first: [room.start]}
    waiting = [(room.start, first)]
    while waiting:
        before, told = waiting.pop()
        for case, expected in steps(room, before, told, alike, act):
            known = seen.setdefault(expected, [])
            if case in known:
                continue
            agree(case, expected)
            known.append(case)
            if expected.is_open and to_the_end:
                agree(time_over(room, case), expected.counted())
            if told.is_open or to_the_end:
                waiting.append((case, expected))
    return sum(map(len, seen.values()))


def time_over(room: Room, case: Case) -> Case:
    """The case when the questions were closed by the clock."""
    for motion in case.proceedings.open_motions:
        setting = Setting(room.committee, Known(cases={CASE: case}), ENDS, NoDraw())
        for change in decide_timer(case, END, str(motion.number), setting).changes:
            case = reduce(apply, change.events, case)
    return case


@pytest.mark.parametrize(("size", "fewest"), [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2)])
def test_every_ballot_and_every_withdrawal_in_every_order(size: int, fewest: int) -> None:
    assert walk(room(size, fewest), to_the_end=True) > size


@pytest.mark.parametrize("fewest", [1, 2])
def test_every_mixture_of_four_and_every_withdrawal_in_every_order(fewest: int) -> None:
    assert walk(room(4, fewest), alike=True) > 500


@pytest.mark.parametrize("fewest", [1, 2])
def test_every_mixture_of_five_and_every_withdrawal_in_every_order(fewest: int) -> None:
    assert walk(room(5, fewest), alike=True, act=happens) > 1000
