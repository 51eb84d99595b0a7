"""Who is asked whether they go on serving: part of the oracle of `test_a_year`. It imports nothing of the program."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from year.days import DAY
from year.matters import Figures

ANSWER_WITHIN = 14 * DAY


class Service:
    """Each member is asked every so often; who does not answer in time is named to the chair, once each time."""

    def __init__(self, figures: Figures, members: Collection[str], chair: str, now: datetime) -> None:
        self._every, self._chair = figures.renewal_days * DAY, chair
        self._since = dict.fromkeys(members, now)
        self._asked: dict[str, datetime] = {}
        self._named: set[tuple[str, datetime]] = set()

    def stays(self, handle: str, now: datetime) -> None:
        self._since[handle] = now
        self._asked.pop(handle, None)

    def come_due(self, now: datetime) -> list[tuple[str, str]]:
        found = []
        for handle in self._since if self._every else ():
            asked = self._asked.get(handle)
            if now >= (asked or self._since[handle]) + self._every:
                self._asked[handle] = now
                found.append(("renewal", handle))
            elif asked is not None and now >= asked + ANSWER_WITHIN and (handle, asked) not in self._named:
                self._named.add((handle, asked))
                found.append(("no_answer", self._chair))
        return found
