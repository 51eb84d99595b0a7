"""The five procedures that committees choose from, and who sits on them: written down by hand from the contract.

Nothing here is read from the program's own files: `committees` builds the committee under test from those, and what it
does is held against this.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

A_PRIMARY, AN_ALTERNATE, A_MEDIATOR = "primary", "alternate", "mediator"
ROLES = {
    **dict.fromkeys(("amara", "jun", "noor", "ivo"), A_PRIMARY),
    "lee": AN_ALTERNATE,
    "ruth": A_MEDIATOR,
}
# They are no members at first; texts may name them all the same.
MAY_JOIN = {"sam": A_PRIMARY, "kim": AN_ALTERNATE}
EVERYBODY = (*ROLES, *MAY_JOIN)
# Somebody outside, whom this member is close to: some texts name that one instead.
A_FRIEND, WHOSE = "Kit Zzyxkit", "ivo"
REPORTER, FOUNDATION = "the reporter", "the foundation"
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)


@dataclass(frozen=True)
class Procedure:
    """What a committee has settled on.

    `check_first`: watchers read, the others are asked before. `conflicts_of`: the roles in which a party who is a
    member, or close to one, is a conflict. `states`: a conflict has a kind and a text, and the others confirm it.
    `base` is counted over: the cleared, or everybody without a conflict. `answer_within`: hours, or business days.
    `passes_on`: who took an anonymous report down passes letters on.
    """

    name: str
    check_first: bool = False
    all_at_once: bool = False
    watchers: int = 2
    conflicts_of: frozenset[str] = frozenset(("reported", "reporter", "harmed", "witness"))
    states: bool = False
    forced: bool = False
    fewest: int = 1
    fewest_without_hard: int = 0
    fewest_without_any: int = 0
    to_the_foundation: bool = False
    answer_hours: int = 48
    answer_business_days: int = 0
    rule: str = "majority"
    base: str = "cleared"
    more_than_half_take_part: bool = False
    take_part: int = 0
    open_for: timedelta = 72 * HOURS
    asks_first: tuple[str, ...] = ()
    objections: timedelta | None = None
    remove_rule: str = "majority"
    remove_counts_concerned: bool = True
    second_reader: bool = True
    new_ones_get_names: bool = False
    passes_on: bool = True

    def answer_until(self, start: datetime) -> datetime:
        days, end = self.answer_business_days, start
        if not days:
            return start + self.answer_hours * HOURS
        while days:
            end += DAYS
            days -= end.isoweekday() <= 5
        return end


PRESETS = (
    Procedure("basic"),
    Procedure(
        "cncf",
        conflicts_of=frozenset(("reported", "harmed")),
        states=True,
        fewest_without_hard=3,
        fewest_without_any=1,
        to_the_foundation=True,
        answer_business_days=2,
        base="non_conflicted",
        more_than_half_take_part=True,
        asks_first=("scope",),
        objections=24 * HOURS,
        remove_counts_concerned=False,
    ),
    Procedure(
        "kubernetes",
        all_at_once=True,
        forced=True,
        fewest=2,
        answer_business_days=2,
        rule="consensus",
        more_than_half_take_part=True,
        take_part=2,
        remove_rule="unanimous",
        remove_counts_concerned=False,
    ),
    Procedure(
        "chaoss",
        check_first=True,
        watchers=1,
        conflicts_of=frozenset(("reported", "reporter")),
        fewest=2,
        answer_hours=24,
        passes_on=False,
    ),
    Procedure(
        "numfocus",
        check_first=True,
        conflicts_of=frozenset(("reported", "reporter", "witness")),
        fewest=2,
        answer_hours=24,
        rule="two_thirds",
        base="non_conflicted",
        asks_first=("risk", "scope"),
        remove_rule="two_thirds",
        new_ones_get_names=True,
    ),
)

# What a chair may change in the file: the knob, its value, and what that means here.
OVERRIDES: tuple[tuple[str, object, dict[str, object]], ...] = (
    ("votes.outcome.rule", "majority", {"rule": "majority"}),
    ("votes.outcome.rule", "unanimous", {"rule": "unanimous"}),
    ("votes.outcome.rule", "two_thirds", {"rule": "two_thirds"}),
    ("votes.outcome.open_for", 20 * HOURS, {"open_for": 20 * HOURS}),
    ("conflict.minimum.cleared", 2, {"fewest": 2}),
    ("outreach.second_reader", False, {"second_reader": False}),
    ("votes.outcome.asks_first", (), {"asks_first": ()}),
)


def passes(
    rule: str, yes: int, no: int, abstain: int, silent: int, *, more_than_half: bool = False, at_least: int = 0
) -> bool:
    base, part = yes + no + abstain + silent, yes + no + abstain
    if not base or part < at_least or (more_than_half and Fraction(part, base) <= Fraction(1, 2)):
        return False
    share = Fraction(yes, base)
    return {
        "majority": share > Fraction(1, 2),
        "two_thirds": share >= Fraction(2, 3),
        "unanimous": share == 1,
        "consensus": not no and share > Fraction(1, 2),
    }[rule]


@dataclass(frozen=True)
class Seat:
    role: str
    email: str


@dataclass
class Body:
    """The committee as it is now: how it works, who sits on it (and who the file names), what time it is."""

    procedure: Procedure
    now: datetime
    seats: dict[str, Seat] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def holding(self, *roles: str) -> list[str]:
        """Who sits with one of these roles, in the order of the file."""
        return [handle for handle in EVERYBODY if handle in self.seats and self.seats[handle].role in roles]

    def is_at(self, handle: str, address: str) -> bool:
        return handle in self.seats and self.seats[handle].email == address

    def changed(self, **values: object) -> None:
        self.procedure = replace(self.procedure, **values)  # type: ignore[arg-type]


def by_friend(canary: str, handle: str) -> bool:
    """Whether the text with this word in it names not this member, but the one they are close to."""
    return handle == WHOSE and canary.endswith(("cqcanary", "eqcanary", "gqcanary"))


def address_of(handle: str) -> str:
    return f"{handle}@example.net"


def seats_at_first() -> dict[str, Seat]:
    return {handle: Seat(role, address_of(handle)) for handle, role in ROLES.items()}
