"""What a committee owes, by when, and who is to be reminded of it: the oracle of `test_a_year`.

It hears what people did and says which reminders have to come of it. It imports nothing of the program: the figures are
those of annex 2 of the domain analysis, written down by hand, as is the table of promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from year.days import DAY, Place

WEEK = 7 * DAY
OVER, TIMES = 100, 8
MEMBERS = ("amara", "jun", "noor", "ivo")
ALTERNATE, MEDIATOR = "lee", "ruth"


@dataclass(frozen=True)
class Figures:
    """A preset's spans (h, d, bd business days). `follow_up` is "" for on resolution: within two days of it."""

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


ANNEX_2 = (
    Figures("basic", "24h", "48h", "7d", "7d"),
    Figures("cncf", "3bd", "2bd", "", "14d", asks_first=("scope in",)),
    Figures("kubernetes", "3bd", "2bd", "", "14d", fewest=2, alternates_too=True),
    Figures(
        "chaoss", "24h", "24h", "7d", "7d", ours_counts=True, check_first=True, watchers=1, fewest=2, renewal_days=180
    ),
    Figures(
        "numfocus", "24h", "24h", "7d", "7d",
        ours_counts=True, check_first=True, fewest=2, asks_first=("risk safety:no", "scope in"),
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
    party: bool = False
    stated: set[str] = field(default_factory=set)
    asked: Asked | None = None
    ever_asked: set[str] = field(default_factory=set)
    watch_at: datetime | None = None
    watched: int = 0
    owner: str = ""
    letters: list[datetime] = field(default_factory=list)
    paused: bool = False
    opted_out: bool = False
    dismissed: bool = False
    question: Question | None = None
    questions: int = 0
    drafts: int = 0
    decided: datetime | None = None
    resolved: datetime | None = None
    again: datetime | None = None
    laid_down: int = 0
    obligations: dict[int, tuple[datetime, date]] = field(default_factory=dict)
    meeting: tuple[datetime, date] | None = None
    told: dict[str, int] = field(default_factory=dict)

    @property
    def outcome_told(self) -> bool:
        return self.decided is not None and any(at >= self.decided for at in self.letters)


@dataclass(frozen=True)
class Owed:
    """Something that is owed in a case: since when and until when, and when which part of that time is over."""

    key: str
    begun: datetime
    ends: datetime
    parts: tuple[tuple[int, datetime], ...]
    says: str = ""


@dataclass(frozen=True)
class Promise:
    """`parts`: of its time, in percent, when somebody is reminded. From `all_from` on it is everybody who has the case;
    before, the owner, or the watchers where there is none. `to_reporter`: not where they cannot be written to, and the
    chair hears when it is late. `again`: as often as that, once it is over.
    """

    name: str
    finds: Callable[[Figures, Place, Promise, Matter], Iterator[Owed]]
    parts: tuple[int, ...]
    all_from: int
    to_reporter: bool = True
    again: int = TIMES

    def spanned(self, place: Place, begun: datetime, span: str, about: str = "") -> Owed:
        parts = [(part, place.is_over(begun, span, part)) for part in self.parts]
        return self.owed(begun, parts, about)

    def owed(self, begun: datetime, parts: list[tuple[int, datetime]], about: str = "", says: str = "") -> Owed:
        ends = parts[-1][1]
        step = max(ends - begun, WEEK)
        late = [(OVER + n, ends + n * step) for n in range(1, self.again + 1)]
        return Owed(f"{self.name} {about or begun.isoformat()}", begun, ends, (*parts, *late), says)


def _answer(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if not case.letters and not figures.ours_counts:
        yield promise.spanned(place, case.opened, figures.ack)


def _word(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.resolved is None and not case.paused and not case.outcome_told:
        yield promise.spanned(place, max((case.again or case.opened, *case.letters)), figures.status_every)


def _outcome(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.paused or case.outcome_told:
        return
    if figures.follow_up:
        yield promise.spanned(place, case.again or case.opened, figures.follow_up)
    elif case.resolved is not None:
        yield promise.spanned(place, case.resolved, "48h")


def _obligations(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    for number, (at, due) in case.obligations.items():
        ends = place.midnight(due + DAY)
        parts = [(80, at + (ends - at) * 0.8), (OVER, ends)]
        yield promise.owed(at, parts, str(number), due.isoformat())


def _meeting(figures: Figures, place: Place, promise: Promise, case: Matter) -> Iterator[Owed]:
    if case.meeting is not None:
        at, day = case.meeting
        before = place.midnight(day - DAY)
        if before > at:
            yield promise.owed(at, [(OVER, before)], day.isoformat(), day.isoformat())


# One row for each kind of thing that is owed. A new one is a row, and a function that finds it.
PROMISES = (
    Promise("ack", _answer, (50, 80, OVER), 80),
    Promise("status", _word, (71, OVER), OVER),
    Promise("follow-up", _outcome, (50, 80, OVER), 80),
    Promise("obligation", _obligations, (80, OVER), OVER, to_reporter=False),
    Promise("meeting", _meeting, (OVER,), OVER, to_reporter=False, again=0),
)


@dataclass(frozen=True)
class Due:
    """A reminder that has become due: what, which part of its time is over, and to whom it goes."""

    promise: Promise
    owed: Owed
    part: int
    to: frozenset[str]

    @property
    def line(self) -> tuple[str, str, bool]:
        """What it says: of what, until when, and whether that is over."""
        until = self.owed.says or self.owed.ends.strftime("%Y-%m-%d %H:%M UTC")
        return self.promise.name, until, self.part >= OVER


@dataclass
class Promises:
    """What one committee owes, over all cases. `watchers` says who watches where nobody takes care of a case."""

    figures: Figures
    place: Place
    watchers: Callable[[Matter, datetime], set[str]]

    def running(self, case: Matter) -> list[tuple[Promise, Owed]]:
        if case.dismissed:
            return []
        reachable = case.reachable and not case.opted_out
        promises = [each for each in PROMISES if reachable or not each.to_reporter]
        return [(each, owed) for each in promises for owed in each.finds(self.figures, self.place, each, case)]

    def next_due(self, case: Matter, now: datetime) -> datetime | None:
        return min((at for _, owed in self.running(case) for _, at in owed.parts if at > now), default=None)

    def come_due(self, case: Matter, now: datetime) -> list[Due]:
        """What has become due and was not told; of what was missed meanwhile, the last. It counts as told from now."""
        found = []
        for promise, owed in self.running(case):
            part = max((part for part, at in owed.parts if at <= now), default=0)
            if part <= case.told.get(owed.key, 0):
                continue
            case.told[owed.key] = part
            if not self._is_past(case, promise, owed, now):
                found.append(Due(promise, owed, part, frozenset(self._reminded(case, promise, part, now))))
        return found

    def _reminded(self, case: Matter, promise: Promise, part: int, now: datetime) -> set[str]:
        if part >= promise.all_from:
            return case.has
        return ({case.owner} if case.owner else self.watchers(case, now)) & case.has

    def _is_past(self, case: Matter, promise: Promise, owed: Owed, now: datetime) -> bool:
        """A meeting that has been, or a letter about a case that has been over for two months."""
        if not promise.again:
            return now >= owed.ends + DAY
        return promise.to_reporter and case.resolved is not None and now > case.resolved + TIMES * WEEK
