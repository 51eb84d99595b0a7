"""The public holidays of a committee's country (contract, section 2, `calendar`), by the `holidays` library."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from cocmail.core.calendar import Calendar

if TYPE_CHECKING:
    from holidays import HolidayBase

# Long enough for any daemon to be restarted, or to read its files again.
_YEARS_BACK, _YEARS_AHEAD = 1, 20
_CODE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")


def known_calendar(code: str) -> str:
    """The code as it stands. Raises ValueError for what is none, or one whose holidays are not known."""
    if not _CODE.fullmatch(code):
        raise ValueError("must be a country code such as DE, or with its region such as DE-BY")
    try:
        _days(code, 2026, 2026)
    except NotImplementedError:
        raise ValueError("is no country or region whose holidays are known here: give another one, or none") from None
    return code


def make_calendar(code: str | None, zone: str, today: date) -> Calendar:
    """The calendar of a country, or of one without holidays. `zone` says when a day begins."""
    if code is None:
        return Calendar(zone)
    found = _days(code, today.year - _YEARS_BACK, today.year + _YEARS_AHEAD)
    return Calendar(zone, frozenset(found.weekend), frozenset(found))


def _days(code: str, first: int, last: int) -> HolidayBase:
    # A tenth of the time in which a command starts, and most committees give no country.
    from holidays import country_holidays

    country, region = _CODE.fullmatch(code).groups()  # type: ignore[union-attr]
    return country_holidays(country, subdiv=region, years=range(first, last + 1))
