"""From how many new reports in what time on it is a flood (contract, section 2, `flood`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

COUNTER = "report"
# The time is counted in so many slices and the one that is not over: no stretch of it, wherever it begins, holds more.
SLICES = 6
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Flood:
    """From how many new reports in what time on they reach members as a digest."""

    reports: int
    per: timedelta


def slices(committee_id: str, flood: Flood, now: datetime) -> tuple[str, ...]:
    """The counted values of the last stretch of time, that of this moment first; each ends with when it began."""
    step = flood.per / SLICES
    begun = (now - _START) // step
    return tuple(f"{committee_id} {(_START + (begun - back) * step).isoformat()}" for back in range(SLICES + 1))
