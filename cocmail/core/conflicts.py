"""Who may see a case. The only answer to that question in the program.

Asked when a letter is decided on and asked again just before it is sent; nothing else compares members with cases.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from cocmail.core.case import Case, Standing
from cocmail.core.effects import Letter
from cocmail.core.model import Committee, Member


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


def exists_for(member: Member, case: Case) -> bool:
    """Whether a case is a case at all for this person: admitted, at an address that is still theirs.

    A pause does not take that away. A handle that went to somebody else, or an address that only a file changed, does:
    to them it is "no such case".
    """
    access = case.members.get(member.handle)
    return access is not None and access.standing is Standing.CLEARED and access.address in member.addresses


def is_same_person(member: Member, case: Case) -> bool:
    """Whether who has the handle today is who had access to the case, then or now: the address says so."""
    access = case.members.get(member.handle)
    return access is not None and access.address in member.addresses


def is_still(member: Member, case: Case) -> bool:
    """Whether who has the handle today is who has the case: the name they had then, or the address, says so."""
    access = case.members.get(member.handle)
    if access is None or access.standing is not Standing.CLEARED:
        return False
    return access.address in member.addresses or access.name == member.name


def was_looked_for(member: Member, case: Case) -> bool:
    """Whether every text of the case was searched for this person, as the roster has them today, in vain."""
    return all(
        f"{member.handle} {member.email}" in entry.screened and member.handle not in entry.named
        for entry in case.entries
    )


def may_be_listed(member: Member, case: Case) -> bool:
    """Whether the vague row of a case may stand in the sheet that this member gets (contract, section 5).

    Not where the member is screened or excluded, nor where nobody looked whether they should be: who joined later sees
    nothing of the past unasked. Who withdrew may see it; it is vague for them. Sealed cases and those of one member
    alone are in nobody's sheet.
    """
    if case.audience in ("one", "escrow"):
        return False
    access = case.members.get(member.handle)
    if access is not None and access.standing is Standing.WITHHELD:
        return False
    if any(entry.unreadable for entry in case.entries) and not is_same_person(member, case):
        # Nobody could look for anybody in what cannot be read.
        return False
    return is_same_person(member, case) or was_looked_for(member, case)


def readers(committee: Committee, case: Case) -> tuple[Member, ...]:
    """The members who have the case, in the roster's order; a paused one still has it."""
    return tuple(member for member in committee.members if exists_for(member, case))


def may_have(letter: Letter, committee: Committee, case: Case | None, now: datetime) -> Sight:
    """Whether a letter may go to whom it is addressed to, as things are now.

    What tells of a case is asked of `may_see`. A receipt or a question tells a member about their own command: it needs
    only that they are still a member, at that address. A reporter and a target get what was written to them.
    """
    if letter.to.kind != "member":
        return Sight.YES
    member = committee.member(letter.to.handle)
    if member is None or (not letter.needs_access and letter.address not in member.addresses):
        return Sight.NO
    if not letter.needs_access:
        return Sight.YES
    return Sight.NO if case is None else may_see(member, case, now)


def withheld_count(committee: Committee, case: Case) -> int:
    """How many of today's members are withheld: a number is all that the others learn of them."""
    handles = case.with_standing(Standing.WITHHELD)
    return sum(1 for member in committee.members if member.handle in handles)
