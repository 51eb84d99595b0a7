"""A committee from its file, what it sends, and draws that are the same each time; for `committees`."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cocmail.config.preset import read_preset
from cocmail.core.effects import Letter
from cocmail.core.model import Committee, KnownConflict, Member, Policy, Role, TransferTarget
from cocmail.mail import codenames
from cocmail.mail.draw import SystemDraw
from property.procedures import A_FRIEND, EVERYBODY, FOUNDATION, WHOSE, Seat

ALIAS = "c@example.org"
TARGET = TransferTarget("foundation", "foundation@target.example", date(2026, 1, 1))


def committee_of(preset: str, seats: Mapping[str, Seat], override: Mapping[str, object]) -> Committee:
    """The committee of a file that names this preset and these members."""
    members = tuple(_member(handle, seats[handle]) for handle in EVERYBODY if handle in seats)
    policy = Policy(preset, {**read_preset(preset), **override})  # type: ignore[dict-item]
    return Committee(ALIAS, "C", ALIAS, policy, members, chair="amara", transfer_targets=(TARGET,))


def _member(handle: str, seat: Seat) -> Member:
    close_to = (KnownConflict(A_FRIEND, (), "hard"),) if handle == WHOSE else ()
    name = f"{handle.title()} Zzyx{handle}"
    return Member(handle, name, seat.email, role=Role(seat.role), known_conflicts=close_to)


@dataclass(frozen=True)
class Delivered:
    """A letter as it left; `text` is everything in it that people may have written."""

    letter: Letter
    text: str

    @property
    def to(self) -> str:
        """Who gets it: a member by handle; everybody else as the oracle calls them."""
        match self.letter.to.kind:
            case "witness":
                return f"the witness {self.letter.to.handle}"
            case "third":
                return FOUNDATION
            case "reporter":
                return "the reporter"
        return self.letter.to.handle or self.letter.to.kind


class Dice(SystemDraw):
    """The same draws in every run, so that what was found is found again."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._random = random.Random(7)

    def token(self, *about: str) -> str:
        return base64.b32encode(next(self._numbers).to_bytes(16, "big"))[:26].decode().lower()

    def code_name(self) -> str:
        return codenames.draw(self._random.choice)
