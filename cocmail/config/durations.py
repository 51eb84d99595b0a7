"""Durations as the configuration writes them: `30s 5m 2h 3d 2bd 1w 6mo 1y` (contract, section 2).

A month is 30 days and a year is 365: every use is a deadline or a term, where a fixed length is easier to predict
than a calendar's. Business days have no length before a calendar gives them one, so they are a type of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

ALLOWED = "30s, 5m, 2h, 3d, 1w, 6mo or 1y"
ALLOWED_WITH_BUSINESS_DAYS = "30s, 5m, 2h, 3d, 2bd, 1w, 6mo or 1y"

# A century: longer than anything meant, short enough that adding it to a date never overflows.
LONGEST = timedelta(days=36500)

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d|bd|w|mo|y)")


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """A number of working days, to be counted on a committee's calendar."""

    days: int

    def __str__(self) -> str:
        return f"{self.days}bd"


def parse_duration(text: object) -> timedelta | BusinessDays:
    """One duration. Raises ValueError, with what is allowed, for anything else, for zero and beyond a century."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"must be a duration such as {ALLOWED_WITH_BUSINESS_DAYS}")
    number, unit = int(match[1]), match[2]
    if number == 0:
        raise ValueError("must be longer than nothing")
    # Compared by division: the multiplication itself may overflow.
    if number > LONGEST // _UNITS.get(unit, _UNITS["d"]):
        raise ValueError("must be at most 100y")
    return BusinessDays(number) if unit == "bd" else number * _UNITS[unit]


def parse_length(text: object) -> timedelta:
    """A duration of fixed length: as `parse_duration`, without business days. Raises ValueError."""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise ValueError(str(error).replace(ALLOWED_WITH_BUSINESS_DAYS, ALLOWED)) from None
    if isinstance(duration, BusinessDays):
        raise ValueError(f"must be a duration such as {ALLOWED}; business days have no meaning here")
    return duration
