"""Who may see a case. The only answer to that question in the program.

Asked when a letter is decided on and asked again just before it is sent; nothing else compares members with cases.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from cocmail.core.case import Case, Standing
from cocmail.core.model import Committee, Member, Person


class Sight(Enum):
    """YES: send. LATER: the mail waits, nothing is lost. NO: it is never sent."""

    YES = "yes"
    LATER = "later"
    NO = "no"


def may_see(member: Member | None, case: Case, now: datetime) -> Sight:
    """Whether a member, as the roster has them today, may see a case now.

    In: the roster's entry (None for somebody who left), the case, the time. Out: a `Sight`.
    LATER while an unproven `#recuse` is being asked about, and when the address that the access was given to is no
    longer registered for that member: a roster file alone must not move an open case to a new mailbox.
    """
    if member is None:
        return Sight.NO
    access = case.members.get(member.handle)
    if access is None or access.standing is not Standing.CLEARED:
        return Sight.NO
    if access.paused_until is not None and now < access.paused_until:
        return Sight.LATER
    if access.address not in member.addresses:
        return Sight.LATER
    return Sight.YES


def readers(committee: Committee, case: Case, now: datetime) -> tuple[Member, ...]:
    """The members whose mail about the case goes out now or waits, in the roster's order."""
    return tuple(member for member in committee.members if may_see(member, case, now) is not Sight.NO)


def may_have(person: Person, committee: Committee, case: Case, now: datetime) -> Sight:
    """`may_see` for whoever a letter of the case goes to: a reporter and a target see what is written to them."""
    if person.kind == "member":
        return may_see(committee.member(person.handle), case, now)
    return Sight.YES


def withheld_count(committee: Committee, case: Case) -> int:
    """How many of today's members are withheld: a number is all that the others learn of them."""
    handles = case.with_standing(Standing.WITHHELD)
    return sum(1 for member in committee.members if member.handle in handles)
