"""What ties a case to others: the events, and how they add up. Code names of other cases stand in none of them.

Who may know of the other case is asked when somebody is told; the record of a case is for all who have it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SealMatched:
    """Another report (`case`, an id) may be about the same person as this sealed one: it has the same name.

    `by` is the member who noted that name, or took that report down; "" where it came from outside. For whom that one
    is says `audience`.
    """

    case: str
    name: str
    at: str
    by: str = ""
    audience: str = "committee"


@dataclass(frozen=True, slots=True)
class SealBroken:
    """A member without a conflict had the sealed report opened. `check_first`: the watchers read it first."""

    by: str
    at: str
    check_first: bool = False


@dataclass(frozen=True, slots=True)
class CaseRelated:
    """A member says that another case (an id) belongs to this one. `how` is related or retaliation."""

    case: str
    how: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseMerged:
    """This case goes on in another one (an id)."""

    case: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class CaseAbsorbed:
    """Another case (an id) goes on in this one."""

    case: str
    by: str
    at: str


LinkEvent = SealMatched | SealBroken | CaseRelated | CaseMerged | CaseAbsorbed


@dataclass(frozen=True, slots=True)
class Match:
    """Another report that may be about the same person as a sealed one."""

    case: str
    name: str
    by: str
    audience: str


@dataclass(frozen=True, slots=True)
class Links:
    """How a case is tied to others. `matched` are what a sealed one was found to have a name in common with.

    `related` are (case id, how) with since when it is a matter of retaliation, if it is.
    """

    matched: tuple[Match, ...] = ()
    opened_by: str = ""
    related: tuple[tuple[str, str], ...] = ()
    retaliation_since: datetime | None = None
    goes_on_in: str = ""
    merged_at: datetime | None = None
    absorbed: tuple[str, ...] = ()

    @property
    def one_circle(self) -> tuple[str, ...]:
        """The cases (ids) that are one with this."""
        return (*((self.goes_on_in,) if self.goes_on_in else ()), *self.absorbed)


def after(links: Links, event: LinkEvent) -> Links:
    """The ties of a case after one more event."""
    match event:
        case SealMatched():
            return replace(links, matched=(*links.matched, Match(event.case, event.name, event.by, event.audience)))
        case SealBroken():
            return replace(links, opened_by=event.by)
        case CaseRelated():
            others = tuple(each for each in links.related if each[0] != event.case)
            since = datetime.fromisoformat(event.at) if event.how == "retaliation" else None
            known = links.retaliation_since or since
            return replace(links, related=(*others, (event.case, event.how)), retaliation_since=known)
        case CaseMerged():
            return replace(links, goes_on_in=event.case, merged_at=datetime.fromisoformat(event.at))
        case CaseAbsorbed():
            return replace(links, absorbed=(*links.absorbed, event.case))
