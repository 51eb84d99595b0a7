"""What stays of a case whose content was destroyed: its name, its vague row, and who may see that row.

The rule: nothing that was reported, nobody who was named. It outlives the case's key, under the master's. Whom the case
was kept from is in it, so that what its reporter writes later is kept from them, too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from cocmail.core.case import Case
from cocmail.core.conflicts import is_listed, is_still, may_be_listed, was_looked_for
from cocmail.core.lifecycle import State
from cocmail.core.model import Committee, Member
from cocmail.core.screening import looked_for_as


@dataclass(frozen=True, slots=True)
class Seat:
    """A member as they stood to the case when it was erased.

    `address`: where mail of the case went ("" for who never had any). `looked`: as who they were looked for in it, in
    vain. `listed`: the row was in their sheet. `had`: they had the case. `barred`: it was kept from them, or they
    withdrew.
    """

    handle: str
    name: str = ""
    address: str = ""
    looked: str = ""
    listed: bool = False
    had: bool = False
    barred: bool = False


@dataclass(frozen=True, slots=True)
class Tombstone:
    """`listed`: it has a row in the status sheet. `over`: it was resolved, or closed as no report (`dismissed`)."""

    code_name: str
    committee: str
    erased_at: str
    opened_at: str = ""
    audience: str = "committee"
    listed: bool = False
    over: bool = False
    dismissed: bool = False
    safety: str = "maybe"
    repeat: str = "maybe"
    resolution: str = ""
    seats: tuple[Seat, ...] = ()


def tombstone_of(case: Case, committee: Committee, *, is_over: bool, now: datetime) -> Tombstone:
    """What stays of a case that is erased now; `is_over`: it was resolved, or closed as no report."""
    listed = is_listed(case)
    done = case.proceedings
    return Tombstone(
        code_name=case.code_name,
        committee=committee.id,
        erased_at=now.isoformat(),
        opened_at=case.opened_at.isoformat() if case.opened_at is not None else "",
        audience=case.audience,
        listed=listed,
        dismissed=listed and done.state is State.DISMISSED,
        over=is_over,
        safety=done.safety if listed else "maybe",
        repeat=done.repeat if listed else "maybe",
        resolution=done.resolution if listed else "",
        seats=_seats(case, committee),
    )


def _seats(case: Case, committee: Committee) -> tuple[Seat, ...]:
    found = []
    for handle, place in case.members.items():
        member = committee.member(handle)
        name = place.name or (member.name if member is not None and place.address in member.addresses else "")
        shown = member is not None and may_be_listed(member, case)
        had = member is not None and is_still(member, case)
        looked = looked_for_as(member) if member is not None and was_looked_for(member, case) else ""
        found.append(Seat(handle, name, place.address, looked, shown, had, handle in case.barred))
    for member in committee.members:
        if member.handle not in case.members and was_looked_for(member, case):
            shown = may_be_listed(member, case)
            found.append(Seat(member.handle, member.name, "", looked_for_as(member), shown))
    return tuple(found)


def may_see_row(member: Member, address: str, tombstone: Tombstone) -> bool:
    """Whether the row stands in the sheet that goes to that address of a member: only where it stood before."""
    return tombstone.listed and any(
        seat.listed and seat.handle == member.handle and _is_at(seat, member, address) for seat in tombstone.seats
    )


def _is_at(seat: Seat, member: Member, address: str) -> bool:
    return seat.address == address if seat.address else seat.looked == looked_for_as(member)


def kept_from(tombstone: Tombstone, committee: Committee, *, goes_on: bool) -> dict[str, str]:
    """Who must not see what a person outside whose case it was writes, by the handles of today.

    `goes_on`: to a reply address of the case. Then who came later may be the one whom it was about: nobody was ever
    looked for in it any more.
    """
    kept = {seat.handle: "inherited" for seat in tombstone.seats if seat.barred}
    for member in committee.members:
        theirs = [seat for seat in tombstone.seats if _is_whom(seat, member)]
        if any(seat.barred for seat in theirs):
            kept.setdefault(member.handle, "inherited")
        elif goes_on and not theirs:
            kept.setdefault(member.handle, "screened")
    return kept


def had_it(tombstone: Tombstone, committee: Committee) -> list[str]:
    """The handles of today's members who had the case when it was erased."""
    had = [seat for seat in tombstone.seats if seat.had]
    return [member.handle for member in committee.members if any(_is_whom(seat, member) for seat in had)]


def _is_whom(seat: Seat, member: Member) -> bool:
    if not seat.name and not seat.address:
        return seat.handle == member.handle
    return member.is_whom(seat.name, *([seat.address] if seat.address else []))


def encode_tombstone(tombstone: Tombstone) -> bytes:
    """A tombstone as JSON."""
    return json.dumps(asdict(tombstone), ensure_ascii=False).encode()


def decode_tombstone(data: bytes) -> Tombstone:
    """The tombstone that `encode_tombstone` wrote."""
    values = json.loads(data)
    return Tombstone(**{**values, "seats": tuple(Seat(**seat) for seat in values["seats"])})
