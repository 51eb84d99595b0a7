"""That a case is to be erased: what was told, and what stopped it. Events of the case, and their fold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ErasureTold:
    """Who has the case was told that it is to be erased, `until` (ISO 8601) at the earliest, unless one says `#keep`.

    `why` is retention (its time is over), asked (`cocmail erase`) or nobody (its time is over, and nobody has it).
    `told` are all who have been told so far: handles, or the admins' addresses where nobody has it.
    """

    why: str
    at: str
    until: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErasureWaited:
    """One more day that somebody could have said `#keep` on. `running`: the seconds that daemons had run by then."""

    at: str
    running: int


@dataclass(frozen=True, slots=True)
class ErasureStopped:
    """It is not erased: `by` a member's `#keep`, or by nobody (""), where the reason for it is gone."""

    by: str
    at: str


Erasing = ErasureTold | ErasureWaited | ErasureStopped


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was announced. `days` are those that were waited since everybody's notice had left, counted from
    `running` on; it is None before that.
    """

    why: str
    at: datetime
    until: datetime
    told: frozenset[str]
    days: int = 0
    running: int | None = None
    waited_at: datetime | None = None


def after(erasure: Erasure | None, event: ErasureTold | ErasureWaited) -> Erasure | None:
    """The erasure after one more of its events. Telling somebody more begins the waiting anew."""
    at = datetime.fromisoformat(event.at)
    if isinstance(event, ErasureTold):
        return Erasure(event.why, at, datetime.fromisoformat(event.until), frozenset(event.told))
    if erasure is None:
        return None
    days = erasure.days + (erasure.running is not None)
    return replace(erasure, days=days, running=event.running, waited_at=at)
