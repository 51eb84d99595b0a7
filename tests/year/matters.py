"""A case, and what a procedure says about its times, as the oracle of `test_a_year` knows them.

It imports nothing of the program: the figures are those of annex 2 of the domain analysis, written down by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

MEMBERS = ("amara", "jun", "noor", "ivo")
ALTERNATE, MEDIATOR = "lee", "ruth"


@dataclass(frozen=True)
class Figures:
    """A preset's spans (h, d, bd business days), and who has to be told what.

    `follow_up` is "" for on resolution: within two days of it. `owners`: how many take care of a case.
    `tells_reported`: the reported person hears of the report once something was decided; `tells_outcome`: then of how
    it ended, too.
    `alone`: who may put a measure into force without the others: anyone, in danger, nobody. `search`: how often the
    reporter hears something while somebody is looked for.
    """

    name: str
    ack: str
    conflict_answer: str
    follow_up: str
    status_every: str
    ours_counts: bool = False
    check_first: bool = False
    watchers: int = 2
    fewest: int = 1
    renewal_days: int = 0
    asks_first: tuple[str, ...] = ()
    alternates_too: bool = False
    owners: int = 1
    tells_reported: bool = False
    tells_outcome: bool = False
    alone: str = "anyone"
    search: str = ""


ANNEX_2 = (
    Figures("basic", "24h", "48h", "7d", "7d"),
    Figures(
        "cncf", "3bd", "2bd", "", "14d",
        asks_first=("scope in",), tells_reported=True, tells_outcome=True, alone="in danger",
    ),
    Figures("kubernetes", "3bd", "2bd", "", "14d", fewest=2, alternates_too=True),
    Figures(
        "chaoss", "24h", "24h", "7d", "7d",
        ours_counts=True, check_first=True, watchers=1, fewest=2, renewal_days=180,
        owners=2, tells_reported=True, alone="in danger", search="1d",
    ),
    Figures(
        "numfocus", "24h", "24h", "7d", "7d",
        ours_counts=True, check_first=True, fewest=2, asks_first=("risk safety:no", "scope in"),
        tells_reported=True, alone="",
    ),
)  # fmt: skip


@dataclass
class Asked:
    """A conflict question that was put: over at `until`, reminded of at `half`, which is None once that was done."""

    until: datetime
    half: datetime | None
    waiting: set[str]


@dataclass
class Question:
    """What is voted on, until when, and who has voted."""

    number: int
    ends: datetime
    voted: set[str] = field(default_factory=set)
    # Who is not asked: it is about what they did alone.
    but: str = ""


@dataclass
class Measure:
    """What protects somebody: `by` whom alone, until which day (None: it was done once), in force since `at`.

    `review` is the question about it that the others have; 0 while nobody else has the case.
    """

    by: str
    at: datetime
    until: date | None
    review: int = 0


@dataclass
class Matter:
    """A case, as far as it matters for what is owed in it.

    `has` are those who have it, `watching` those of them who have it without having been asked; `kept_out` those who
    never get it, `excluded` those of them whom the reporter did not want. `stage`: triage (the watchers read), checking
    (the others are asked), open. `letters` is when the reporter was written to by people; `again` when a case that was
    over was taken up again.
    """

    case_id: str
    opened: datetime
    reachable: bool
    has: set[str]
    watching: set[str]
    kept_out: set[str]
    excluded: frozenset[str] = frozenset()
    stage: str = "open"
    party: str = ""
    stated: set[str] = field(default_factory=set)
    asked: Asked | None = None
    ever_asked: set[str] = field(default_factory=set)
    watch_at: datetime | None = None
    watched: int = 0
    checked: datetime | None = None
    owner: str = ""
    second_owner: str = ""
    letters: list[datetime] = field(default_factory=list)
    letters_to_reported: list[datetime] = field(default_factory=list)
    searched: datetime | None = None
    measures: list[Measure] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)
    paused: bool = False
    opted_out: bool = False
    dismissed: bool = False
    question: Question | None = None
    questions: int = 0
    drafts: int = 0
    decided: datetime | None = None
    resolved: datetime | None = None
    finding: str = ""
    again: datetime | None = None
    laid_down: int = 0
    obligations: dict[int, tuple[datetime, date]] = field(default_factory=dict)
    meeting: tuple[datetime, date] | None = None
    told: dict[str, int] = field(default_factory=dict)

    @property
    def outcome_told(self) -> bool:
        return self.decided is not None and any(at >= self.decided for at in self.letters)

    @property
    def owners(self) -> set[str]:
        return {self.owner, self.second_owner} - {""}
