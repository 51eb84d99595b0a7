"""The committees in force. Swapped as a whole at a reload; everybody who decides or sends asks it anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocmail.core.model import Committee
from cocmail.mail.address import extension


class Roster:
    """Committees by id and by address, and the admins."""

    def __init__(self, committees: Sequence[Committee], admins: Sequence[str]) -> None:
        self._committees = {committee.id: committee for committee in committees}
        self.admins: tuple[str, ...] = tuple(admins)

    def put(self, committees: Sequence[Committee], admins: Sequence[str]) -> None:
        """What was decided before stays; what is asked from now on goes by these."""
        self._committees = {committee.id: committee for committee in committees}
        self.admins = tuple(admins)

    def committee(self, committee_id: str) -> Committee | None:
        """The committee of that id, or the one that has the id as an alias: a renamed committee keeps its cases."""
        found = self._committees.get(committee_id)
        if found is not None:
            return found
        return next((each for each in self._committees.values() if committee_id in each.addresses), None)

    @property
    def first(self) -> Committee:
        """The committee from whose address the admins are written to."""
        return next(iter(self._committees.values()))

    def committee_of(self, address: str) -> str | None:
        """The id of the committee that an address belongs to, whatever its extension, or None."""
        for committee in self._committees.values():
            if extension(address, committee.addresses) is not None:
                return committee.id
        return None

    def __iter__(self) -> Iterator[Committee]:
        return iter(tuple(self._committees.values()))

    def __len__(self) -> int:
        return len(self._committees)
