"""How often something happened lately, as decisions ask for it: acknowledgements, questions, reports.

The rule: a counted value that ends with a time is counted in that time's stretch, everything else by the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from cocmail.core import caps, flood
from cocmail.core.model import Committee
from cocmail.store import notes
from cocmail.store.transaction import Tx

_WITH_A_TIME = frozenset({caps.SENDER, caps.HOUR, flood.COUNTER})
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# So far ahead is looked for room: twenty years of hours.
_FAR = 1 << 18


def window(kind: str, value: str, now: datetime) -> str:
    """The stretch of time that a value is counted in. It begins with a date, so that old ones can be forgotten."""
    return value.rpartition(" ")[2] if kind in _WITH_A_TIME else now.strftime("%Y-%m-%d")


def counted(tx: Tx, every: Iterable[tuple[str, str]], now: datetime) -> dict[str, int]:
    """How often values were counted in their stretches of time, by their kind: all of one kind together."""
    asked = [notes.Counted(kind, value, window(kind, value, now)) for kind, value in every]
    found = dict.fromkeys((each.kind for each in asked), 0)
    for each, count in zip(asked, notes.counted(tx, asked), strict=True):
        found[each.kind] += count
    return found


def reports(committee: Committee, now: datetime) -> list[tuple[str, str]]:
    """What is to be counted to know how many new reports a committee had lately, by the flood limit in force."""
    values = flood.slices(committee.id, committee.flood, now) if committee.flood is not None else ()
    return [(flood.COUNTER, value) for value in values]


def acknowledge_at(tx: Tx, committee: Committee, sender: str, proven: bool, now: datetime) -> datetime:
    """When an acknowledgement to that sender can leave: at once, or at the first hour of the first day with room."""

    def day(ahead: int) -> datetime:
        return now if not ahead else (now + ahead * _DAY).replace(hour=0, minute=0, second=0, microsecond=0)

    def day_is_full(ahead: int) -> bool:
        value = caps.of_sender(committee.id, sender, day(ahead), proven=proven)
        return counted(tx, [(caps.SENDER, value)], now)[caps.SENDER] >= caps.A_SENDER_AND_DAY

    begin = day(_first_with_room(day_is_full))

    def hour_is_full(ahead: int) -> bool:
        value = caps.of_hour(begin + ahead * _HOUR)
        return counted(tx, [(caps.HOUR, value)], now)[caps.HOUR] >= caps.an_hour(proven=proven)

    return begin + _first_with_room(hour_is_full) * _HOUR


def _first_with_room(is_full: Callable[[int], bool]) -> int:
    """The first stretch that is not full. They fill up in their order, so that halving finds it."""
    if not is_full(0):
        return 0
    high = 1
    while high < _FAR and is_full(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_full(middle) else (low, middle)
    return high
