"""What ought to stand in a committee's cases, kept by hand: the memory of the oracle of `test_who_sees_what`.

It imports nothing of the program and knows nothing of events, tokens or tables. It keeps who is kept out of which case,
what was written there, every ballot, and what everybody should have got; it counts with fractions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

PRIMARY = ("amara", "jun", "noor")
ALTERNATES = ("lee", "kim")
MEDIATORS = ("ruth",)
EVERYBODY = (*PRIMARY, *ALTERNATES, *MEDIATORS)
REPORTER = "the reporter"


@dataclass(frozen=True)
class Procedure:
    """What a committee has settled on: how votes are counted, how few may have a case, who sends letters.

    A question stays open for less than a day, or for more.
    """

    rule: str
    more_than_half_take_part: bool = False
    take_part: int = 0
    fewest: int = 1
    second_reader: bool = True
    open_for: timedelta = timedelta(hours=20)

    def passes(self, yes: int, no: int, abstain: int, silent: int) -> bool:
        base, part = yes + no + abstain + silent, yes + no + abstain
        if not base or part < self.take_part:
            return False
        if self.more_than_half_take_part and Fraction(part, base) <= Fraction(1, 2):
            return False
        share = Fraction(yes, base)
        return {
            "majority": share > Fraction(1, 2),
            "two_thirds": share >= Fraction(2, 3),
            "unanimous": share == 1,
            "consensus": not no and share > Fraction(1, 2),
        }[self.rule]


PROCEDURES = (
    Procedure("majority"),
    Procedure("two_thirds", fewest=2, open_for=timedelta(hours=40)),
    Procedure("consensus", more_than_half_take_part=True, take_part=2, fewest=2),
    Procedure("majority", more_than_half_take_part=True, second_reader=False, open_for=timedelta(hours=40)),
    Procedure("unanimous"),
)


@dataclass(frozen=True)
class Said:
    """What a member wrote to a case: talk, or a tag with a number (of a question, of a draft) and a ballot.

    `canary` is the word in its text that nothing else holds, `named` whom the text names; `by_token`: it came to the
    member's reply address, not to the alias.
    """

    case: str
    author: str
    tag: str = ""
    number: int = 0
    ballot: str = ""
    canary: str = ""
    named: frozenset[str] = frozenset()
    by_token: bool = True


@dataclass
class Question:
    mover: str
    canary: str
    ends: datetime
    ballots: dict[str, str] = field(default_factory=dict)
    result: str = ""
    counts: tuple[int, ...] = ()


@dataclass
class Draft:
    author: str
    canary: str
    sent: bool = False


@dataclass
class Expected:
    """What the oracle thinks of one case. `wanted` counts what each person should have got by now."""

    reporter: str
    barred: set[str]
    readers: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)
    record: set[str] = field(default_factory=set)
    talked_about: set[str] = field(default_factory=set)
    paused: dict[str, datetime] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    owner: str = ""
    ended: str = ""
    ended_at: datetime | None = None
    counted_from: int = 0
    opted_out: bool = False
    stopped: set[str] = field(default_factory=set)
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def state(self) -> str:
        if self.ended:
            return self.ended
        if self.unfinished:
            return "voting"
        passed = any(question.result == "passed" for question in self.questions[self.counted_from :])
        return "decided" if passed else "open"

    @property
    def unfinished(self) -> list[int]:
        """The numbers of the questions that are open."""
        return [number for number, question in enumerate(self.questions, start=1) if not question.result]

    def want(self, handles: Collection[str], what: str) -> None:
        for handle in handles:
            self.wanted[handle, what] = 1

    def bar(self, handles: Collection[str]) -> None:
        """Out of the case for good, and out of every vote that is not over."""
        self.barred |= set(handles)
        self.readers -= set(handles)
        self.owner = "" if self.owner in handles else self.owner
        for question in self.questions:
            if not question.result:
                question.ballots = {who: cast for who, cast in question.ballots.items() if who not in handles}

    def fill(self, fewest: int, *, is_new: bool = False) -> None:
        """Enough must have it: alternates step in, mediators only where nobody is left; never who is talked about.

        The reporter of a case that went on for a while is told, once, when it goes to somebody from outside.
        """
        while len(self.readers) < fewest:
            groups = (ALTERNATES,) if self.readers else (ALTERNATES, MEDIATORS)
            able = (set(group) - self.barred - self.talked_about - self.readers for group in groups)
            more = next((group for group in able if group), set())
            if not more:
                return
            if more & set(MEDIATORS) and not is_new and not self.opted_out:
                self.want({REPORTER}, "status mediated")
            self.readers |= more
            for canary in self.entries:
                self.want(more, f"forward {canary}")
            for question in self.questions:
                if not question.result:
                    self.want(more, f"vote {question.canary}")
