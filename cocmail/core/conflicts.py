"""Who may see a case, and how much of it. The only answer to that question in the program.

Asked when a letter is decided on and asked again just before it is sent; nothing else compares members with cases.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from cocmail.core.access import STEPPED_BACK, Access, Level, Standing
from cocmail.core.case import Case
from cocmail.core.effects import Letter
from cocmail.core.model import REPORTER, Committee, Member
from cocmail.core.screening import looked_for_as


class Sight(Enum):
    """YES: send. LATER: the mail waits, nothing is lost. NO: it is never sent."""

    YES = "yes"
    LATER = "later"
    NO = "no"


def may_see(member: Member | None, case: Case, now: datetime, need: Level = Level.FULL) -> Sight:
    """Whether a member, as the roster has them today, may see what needs that level of a case now.

    In: the roster's entry (None for somebody who left), the case, the time. Out: a `Sight`.
    LATER while an unproven `#recuse` is being asked about or the others decide on a challenge, and when the address
    that the access was given to is no longer registered for that member: a roster file alone must not move an open
    case to a new mailbox.
    """
    if member is None:
        return Sight.NO
    place = case.members.get(member.handle)
    if place is None or place.level < need:
        return Sight.NO
    return Sight.LATER if is_challenged(case, member.handle) else _now_or_later(member, place, now)


def _now_or_later(member: Member, place: Access, now: datetime) -> Sight:
    if place.paused_until is not None and now < place.paused_until:
        return Sight.LATER
    return Sight.YES if place.address in member.addresses else Sight.LATER


def level_of(member: Member, case: Case) -> Level:
    """How much of a case this person has, at an address that is still theirs.

    A pause does not take that away. A handle that went to somebody else, or an address that only a file changed, does:
    to them it is "no such case".
    """
    place = _own_place(member, case)
    return place.level if place is not None else Level.NONE


def _own_place(member: Member, case: Case) -> Access | None:
    """The place of who has the handle today, where its address is theirs."""
    place = case.members.get(member.handle)
    return place if place is not None and place.address in member.addresses else None


def exists_for(member: Member, case: Case) -> bool:
    """Whether a case is a case at all for this person: let in, be it with limits, at an address of theirs."""
    return level_of(member, case) > Level.NONE


def is_asked(member: Member, case: Case) -> bool:
    """Whether the conflict question was put to this person, and nothing was answered that decides it."""
    return _stands(member, case, Standing.ASKED)


def is_asked_by_name(member: Member, case: Case) -> bool:
    """Whether the question told the case's name; one of a list of names, to somebody new, does not."""
    return is_asked(member, case) and not case.members[member.handle].number


def is_challenged(case: Case, handle: str) -> bool:
    """Whether the others are deciding whether this member has to withdraw: until then access is paused both ways."""
    return any(motion.asks == "force" for motion in case.proceedings.asked_about(handle))


def has_stepped_back(member: Member, case: Case) -> bool:
    """Whether this person is out by their own word, so that they know of the case, and can say more of the conflict.

    Who has been left with a part of it is one of them.
    """
    return _stands(member, case, *STEPPED_BACK)


def _stands(member: Member, case: Case, *standings: Standing) -> bool:
    place = _own_place(member, case)
    return place is not None and place.standing in standings


def is_person(member: Member | None, place: Access) -> bool:
    """Whether who has the handle today is whom that place of a case is about: by the address or by the name."""
    return member is not None and (not place.name or was_ever(member, place))


def was_ever(member: Member, place: Access) -> bool:
    """Whether a place of a case was this person's, under whatever handle: by the name or by an address."""
    return member.is_whom(place.name, place.address)


def is_same_person(member: Member, case: Case) -> bool:
    """Whether who has the handle today is who had access to the case, then or now: the address says so."""
    place = _own_place(member, case)
    return place is not None and place.had


def is_still(member: Member, case: Case) -> bool:
    """Whether who has the handle today is who has the case: the name they had then, or the address, says so."""
    place = case.members.get(member.handle)
    return place is not None and place.standing is Standing.CLEARED and was_ever(member, place)


def was_looked_for(member: Member, case: Case) -> bool:
    """Whether every text of the case was searched for this person, as the roster has them today, in vain."""
    # Earlier releases wrote down the handle and the address alone.
    written = {looked_for_as(member), f"{member.handle} {member.email}"}
    return all(written & entry.screened and member.handle not in entry.named for entry in case.entries)


def is_new_to(member: Member, case: Case) -> bool:
    """Whether this person came after the case and nobody looked whether it is about them."""
    is_known = member.handle in case.members or any(was_ever(member, place) for place in case.members.values())
    return not is_known and not was_looked_for(member, case)


def was_there(member: Member, case: Case) -> bool:
    """Whether a member was on the roster when the case was opened, and has not left since."""
    place = case.members.get(member.handle)
    if place is not None:
        return place.standing is not Standing.LEFT
    first = case.entries[0].screened if case.entries else frozenset()
    return not first or any(each.split(" ")[0] == member.handle for each in first)


def may_be_listed(member: Member, case: Case) -> bool:
    """Whether the vague row of a case may stand in the sheet that this member gets (contract, section 5).

    Not where the member is screened or excluded, nor where nobody looked whether they should be: who joined later sees
    nothing of the past unasked. Who withdrew may see it; it is vague for them. Sealed cases, those of one member alone
    and matters of the committee itself are in nobody's sheet.
    """
    if not is_listed(case):
        return False
    place = case.members.get(member.handle)
    if place is not None and place.standing is Standing.WITHHELD:
        return False
    if any(entry.may_concern_anybody for entry in case.entries) and not is_same_person(member, case):
        return False
    return is_same_person(member, case) or was_looked_for(member, case)


def is_listed(case: Case) -> bool:
    """Whether a case has a row in the status sheet at all."""
    return case.audience in ("committee", "triage")


def is_told_at(address: str, handle: str, case: Case) -> bool:
    """Whether mail at that address may tell a member of the case: a file alone tells a new one of nothing."""
    place = case.members.get(handle)
    return place is None or place.address in ("", address)


def readers(committee: Committee, case: Case, need: Level = Level.FULL) -> tuple[Member, ...]:
    """The members who have so much of the case, in the roster's order; a paused one still has it."""
    return tuple(member for member in committee.members if level_of(member, case) >= need)


def voters(committee: Committee, case: Case) -> tuple[Member, ...]:
    """The members who have the case and a say in its questions, in the roster's order."""
    soft = committee.policy.get("conflict.soft_may_vote") is True
    return readers(committee, case, Level.DISCUSS if soft else Level.FULL)


def may_have(letter: Letter, committee: Committee, case: Case | None, now: datetime) -> Sight:
    """Whether a letter may go to whom it is addressed to, as things are now.

    What tells of a case is asked of `may_see`. A receipt or a question tells a member about their own command: it needs
    only that they are still a member, at that address. A reporter and a target get what was written to them; but
    nothing who wants no more mail, whatever was queued when they said so.
    """
    if letter.to.kind == "witness":
        member = committee.member(letter.to.handle)
        return Sight.YES if member is not None and letter.address in member.addresses else Sight.NO
    if letter.to.kind != "member":
        unwanted = letter.to == REPORTER and case is not None and case.proceedings.opted_out
        return Sight.NO if unwanted else Sight.YES
    member = committee.member(letter.to.handle)
    if member is None or (not letter.needs_access and letter.address not in member.addresses):
        return Sight.NO
    if not letter.needs_access:
        # It lists what was searched for this person as they were on the roster then.
        told = letter.template == "digest" and letter.words.get("searched") != looked_for_as(member)
        return Sight.NO if told else Sight.YES
    return Sight.NO if case is None else _may_have_of(member, letter, case, committee, now)


def _may_have_of(member: Member, letter: Letter, case: Case, committee: Committee, now: datetime) -> Sight:
    if letter.listed:
        return Sight.YES if may_be_listed(member, case) and letter.address in member.addresses else Sight.NO
    place = case.members.get(member.handle)
    if letter.kind == "check" or letter.template == "check_reminder":
        # It tells a name to somebody who has nothing of the case yet; once that is answered it is needless.
        asked = place is not None and place.standing is Standing.ASKED
        unstated = place is not None and place.standing is Standing.CLEARED and not place.stated_clear
        return _now_or_later(member, place, now) if place is not None and (asked or unstated) else Sight.NO
    motion = case.proceedings.labelled(letter.label)
    if motion is not None and motion.about == member.handle:
        # Nobody sees what the others ask about them, nor what they say of it.
        return Sight.NO
    entry = case.entry(letter.entry) if letter.entry else None
    # Nobody is written down: its letters were decided on before that was done.
    if entry is not None and (entry.only or entry.kept_from) and entry.is_kept_from(member.handle):
        return Sight.NO
    need = Level(letter.need)
    if letter.kind in ("vote", "tally") and committee.policy.get("conflict.soft_may_vote") is True:
        need = Level.DISCUSS
    return may_see(member, case, now, need)


def withheld_count(committee: Committee, case: Case) -> int:
    """How many of today's members are withheld: a number is all that the others learn of them.

    Who must not see an anonymous report for who reported it is not counted: in a text that names no member, the number
    would say who that is, or is close to.
    """
    return counted(committee, case, case.with_standing(Standing.WITHHELD))


def counted(committee: Committee, case: Case, handles: frozenset[str]) -> int:
    """How many of these the others may be told as a number: those who are members today; see `withheld_count`."""
    if case.anonymous:
        handles -= {handle for handle, place in case.members.items() if place.why == "reporter"}
    return sum(1 for member in committee.members if member.handle in handles)
