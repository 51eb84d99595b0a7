"""When a span is over, reckoned by hand: days off written down from calendars on the wall; for `promises`.

It imports nothing of the program. Business days are looked up in a list of them, not counted along.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Place:
    """Where a chair lives: the time zone, and the public holidays from new year 2026 to the next."""

    country: str
    zone: str
    off: frozenset[date]

    def works_on(self, day: date) -> bool:
        return day.isoweekday() <= 5 and day not in self.off

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def is_over(self, start: datetime, span: str, percent: int = 100) -> datetime:
        """When that part of a span such as 24h, 7d or 3bd is over, in UTC."""
        return _is_over(self, start, span, percent)

    def _reckoned(self, start: datetime, span: str, percent: int) -> datetime:
        number = int(span.rstrip("hbd"))
        if not span.endswith("bd"):
            return start + number * (HOUR if span.endswith("h") else DAY) * percent / 100
        here = start.astimezone(ZoneInfo(self.zone))
        whole, rest = divmod(number * percent, 100)
        ahead = (here.date() + DAY * n for n in range(1, 40))
        days = [here.date(), *(day for day in ahead if self.works_on(day))]
        wall = datetime.combine(days[whole], here.time()) + DAY * rest / 100
        while rest and not self.works_on(wall.date()):
            wall += DAY
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


# Asked again at every look, for every promise that runs.
_is_over = cache(Place._reckoned)


def _days(text: str) -> frozenset[date]:
    """Days of 2026, as `4-6` for the sixth of April; and the new year's day after it."""
    found = (each.split("-") for each in text.split())
    return frozenset({date(2027, 1, 1)} | {date(2026, int(month), int(day)) for month, day in found})


PARIS = Place("FR", "Europe/Paris", _days("1-1 4-6 5-1 5-8 5-14 5-25 7-14 8-15 11-1 11-11 12-25"))
TOKYO = Place(
    "JP", "Asia/Tokyo", _days("1-1 1-12 2-11 2-23 3-20 4-29 5-3 5-4 5-5 5-6 7-20 8-11 9-21 9-22 9-23 10-12 11-3 11-23")
)
LIMA = Place(
    "PE", "America/Lima", _days("1-1 4-2 4-3 4-5 5-1 6-7 6-29 7-23 7-28 7-29 8-6 8-30 10-8 11-1 12-8 12-9 12-25")
)
# Its committee names no country: weekends alone.
LAGOS = Place("", "Africa/Lagos", frozenset())
NEW_YORK = Place("US", "America/New_York", _days("1-1 1-19 2-16 5-25 6-19 7-3 7-4 9-7 10-12 11-11 11-26 12-25"))
