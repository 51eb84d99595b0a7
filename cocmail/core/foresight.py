"""What a committee's file will do to people once it is loaded, said before it is.

The rule: nothing is reckoned here. What would be announced is asked of `membership.announce`, and thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

from cocmail.core.membership import announce
from cocmail.core.setting import Setting


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Handles of who goes, who comes and whose address changes; `told` is how many mailboxes are written to of it."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    moved: tuple[str, ...]
    told: int


def foresee(setting: Setting) -> Foreseen | None:
    """What the committee of the setting will bring about when it is put into force; None where nobody hears of it."""
    announced, before = announce(setting), setting.known.book
    if announced is None or announced.book is None or not announced.letters:
        return None
    after = announced.book
    gone = tuple(seat.handle for seat in after.leaving[len(before.leaving) :])
    new = after.joining[len(before.joining) :]
    was = {seat.handle: seat.email for seat in before.seats if seat.handle not in gone}
    moved = tuple(seat.handle for seat in after.seats if was.get(seat.handle, seat.email) != seat.email)
    told = {letter.address for letter in announced.letters if letter.template == "roster"}
    return Foreseen(gone, new, moved, len(told))
