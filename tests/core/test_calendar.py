"""Business days: what a committee is promised to have, by the week, the holidays and the clock of its chair."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cocmail.core.calendar import EVERY_WEEKDAY, Calendar

DAY = timedelta(days=1)
# Thursday before Easter 2027, which has a holiday on the Friday and one on the Monday.
EASTER = Calendar(holidays=frozenset({date(2027, 3, 26), date(2027, 3, 29)}))


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-23 10:00", "1bd", "2026-11-24 10:00"),
        ("2026-11-27 10:00", "1bd", "2026-11-30 10:00"),
        ("2026-11-28 10:00", "1bd", "2026-11-30 10:00"),
        ("2026-11-26 10:00", "3bd", "2026-12-01 10:00"),
        ("2026-11-26 10:00", timedelta(days=3), "2026-11-29 10:00"),
        ("2026-11-26 10:00", "on_resolution", "2026-11-27 10:00"),
        ("2026-11-26 10:00", None, "2026-11-27 10:00"),
    ],
)
def test_a_business_day_is_over_at_the_same_time_of_the_next_working_day(start: str, span: object, end: str) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert EVERY_WEEKDAY.after(begin, span, DAY) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_holidays_are_no_business_days() -> None:
    assert EASTER.after(datetime(2027, 3, 25, 9, tzinfo=UTC), "1bd", DAY) == datetime(2027, 3, 30, 9, tzinfo=UTC)
    assert EVERY_WEEKDAY.after(datetime(2027, 3, 25, 9, tzinfo=UTC), "1bd", DAY) == datetime(2027, 3, 26, 9, tzinfo=UTC)


def test_where_the_week_ends_on_a_friday_sunday_is_a_business_day() -> None:
    israel = Calendar(weekend=frozenset({4, 5}))
    assert israel.after(datetime(2026, 11, 26, 9, tzinfo=UTC), "1bd", DAY) == datetime(2026, 11, 29, 9, tzinfo=UTC)


def test_a_day_begins_where_the_chair_lives() -> None:
    # Late on Friday in London it is Saturday in Auckland: Monday there is over by Monday evening, not by Tuesday.
    late_on_friday = datetime(2026, 11, 27, 20, tzinfo=UTC)
    assert EVERY_WEEKDAY.after(late_on_friday, "1bd", DAY) == datetime(2026, 11, 30, 20, tzinfo=UTC)
    assert Calendar("Pacific/Auckland").after(late_on_friday, "1bd", DAY) == datetime(2026, 11, 29, 20, tzinfo=UTC)


def test_a_day_on_which_summer_time_begins_ends_at_the_same_time_on_the_wall() -> None:
    paris = Calendar("Europe/Paris")
    friday = datetime(2027, 3, 26, 8, tzinfo=UTC)
    assert paris.after(friday, "1bd", DAY) == datetime(2027, 3, 29, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("percent", "end"), [(50, "2026-11-30 22:00"), (80, "2026-12-01 19:36"), (100, "2026-12-02 10:00")]
)
def test_part_of_business_days_is_never_on_a_day_off(percent: int, end: str) -> None:
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert EVERY_WEEKDAY.after(friday, "3bd", DAY, percent=percent) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_part_of_a_span_of_hours_is_that_part() -> None:
    start = datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert EVERY_WEEKDAY.after(start, timedelta(hours=24), DAY, percent=50) == start + timedelta(hours=12)
