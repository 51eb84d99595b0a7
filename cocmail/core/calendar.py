"""When a committee works, and when a span of its policy is over (contract, section 2: durations, `calendar`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which a committee does not work, of the week (Monday is 0) and by date. `zone`: where they begin."""

    zone: str = "UTC"
    weekend: frozenset[int] = frozenset({_SATURDAY, _SUNDAY})
    holidays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays

    def begins(self, day: date) -> datetime:
        """The first moment of a day, in UTC."""
        return datetime.combine(day, time.min, _zone(self.zone)).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        """Which day that moment belongs to there."""
        return moment.astimezone(_zone(self.zone)).date()

    def after(self, start: datetime, span: object, default: timedelta, *, percent: int = 100) -> datetime:
        """The moment when that part of a span is over, in UTC.

        In: a moment, a timedelta or business days as `3bd` (`default` for anything else). A business day is over at the
        same time of the committee's next working day; half of one is twelve hours, none of them on a day off.
        """
        if isinstance(span, str) and span.endswith("bd"):
            return self._working_days_after(start, int(span.removesuffix("bd")), percent)
        length = span if isinstance(span, timedelta) else default
        return start + length * percent / 100

    def _working_days_after(self, start: datetime, days: int, percent: int) -> datetime:
        zone = _zone(self.zone)
        whole, rest = divmod(days * percent, 100)
        # By the clock on the wall: where summer time begins meanwhile, the day is as long as people's day.
        end = start.astimezone(zone).replace(tzinfo=None)
        for _ in range(whole):
            end = self._next_working(end + _DAY)
        if rest:
            end = self._next_working(end + _DAY * rest / 100)
        return end.replace(tzinfo=zone).astimezone(start.tzinfo)

    def _next_working(self, moment: datetime) -> datetime:
        while not self.works_on(moment.date()):
            moment += _DAY
        return moment


EVERY_WEEKDAY = Calendar()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
