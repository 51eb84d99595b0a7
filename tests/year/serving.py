"""What members do outside of any case in a year: they are away, and say that they go on; stories for `living`."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from year.days import DAY
from year.matters import ALTERNATE, MEMBERS
from year.stories import Story, a_while

if TYPE_CHECKING:
    from year.living import Year


def serving(year: Year, chance: Random) -> Iterator[Story]:
    for handle in (*MEMBERS, ALTERNATE):
        yield _absences(year, chance, handle)
        yield _stays(year, chance, handle)


def _absences(year: Year, chance: Random, handle: str) -> Story:
    for _ in range(2):
        yield a_while(chance, 2200)
        first = (year.house.now + chance.random() * 20 * DAY).date()
        last = first + chance.choice((3, 14)) * DAY
        known = year.away.setdefault(handle, [])
        if (first, last) not in known:
            year.says(None, handle, f"away {first} {last}")
            known.append((first, last))


def _stays(year: Year, chance: Random, handle: str) -> Story:
    if year.figures.renewal_days and chance.random() < 0.6:
        yield year.figures.renewal_days * DAY + chance.random() * 25 * DAY
        year.says(None, handle, "stay")
        year.service.stays(handle, year.house.now)
