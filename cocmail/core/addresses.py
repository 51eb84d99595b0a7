"""A member's changed address: who says that it is theirs, and what moves then (contract, section 2).

    the file names another address ──> the old mailbox is asked, and every other member can vouch
                                          │ the old mailbox says yes, or two members do
                                          v
                                       open cases go to the new address, under new reply addresses

The rule: a file alone moves no open case to another mailbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from cocmail.core import checks, questions
from cocmail.core.access import STEPPED_BACK, Level, Standing
from cocmail.core.asking import confirm_note, send_receipt
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.conflicts import level_of
from cocmail.core.effects import Decision
from cocmail.core.events import MemberMoved
from cocmail.core.model import Member, member_person
from cocmail.core.plan import Plan
from cocmail.core.setting import Message, Question

CONFIRM_FOR = timedelta(days=7)
VOICES = 2
MOVE, VOUCH = "move", "vouch"
# A place keeps its address also where its member is out for now: what is given back goes there.
_HAS_ADDRESS = STEPPED_BACK | {Standing.CLEARED, Standing.ASKED}


def ask(plan: Plan, handle: str, address: str, member: Member, what: str) -> str:
    """A one-use address by which the changed address is confirmed; returns the address itself."""
    command = f"{what} {member.handle} {member.email}"
    token = plan.setting.draw.token("confirm", command, handle, address)
    expires = plan.setting.now + CONFIRM_FOR
    plan.notes.append(confirm_note(token, "", handle, command, expires, address))
    local, _, domain = plan.setting.committee.address.rpartition("@")
    return f"{local}+confirm-{token}@{domain}"


def is_about_address(question: Question) -> bool:
    """Whether a one-use address confirms a changed address, and no message that was held."""
    return question.command.split(" ")[0] in (MOVE, VOUCH)


def confirm_address(plan: Plan, message: Message, question: Question) -> Decision:
    """Mail to such an address: from the old mailbox it moves the open cases; so do two other members together."""
    what, handle, address = question.command.split(" ")
    member = plan.setting.committee.member(handle)
    asked = plan.setting.committee.member(question.handle)
    theirs = what == MOVE or (asked is not None and question.address in asked.addresses)
    if member is None or member.email != address or asked is None or not theirs:
        return Decision(Reason.DEAD_CONFIRM)
    plan.spent.append(question.token)
    if what == VOUCH:
        key = f"{handle} {address}"
        voices = tuple(dict.fromkeys((*plan.book.vouched.get(key, ()), question.handle)))
        plan.book = replace(plan.book, vouched={**plan.book.vouched, key: voices})
        enough = len(voices) >= VOICES
        send_receipt(plan, message, asked, None, [{"outcome": "vouched", "name": member.name, "enough": enough}])
        if not enough:
            return plan.finish(Reason.CONFIRMED)
        moved = move(plan, member, voices=voices)
    else:
        moved = move(plan, member, at=question.address)
        plan.book = plan.book.without_former(member.handle, question.address)
    if moved:
        send_receipt(plan, message, member, None, [{"outcome": "moved"}])
    return plan.finish(Reason.CONFIRMED)


def move(plan: Plan, member: Member, *, at: str = "", voices: Sequence[str] = ()) -> int:
    """The open cases of a member go to their new address: new reply addresses; what is asked and waits is asked again.

    `at`: only those that are at this mailbox, which has said yes. With `voices`, a case moves where two of them have
    it, at addresses of their own that were confirmed: members who were put into the file to vouch have none. Gives how
    many moved.
    """
    moved = 0
    for case_id, case in list(plan.cases.items()):
        place = case.members.get(member.handle)
        if place is None or place.standing not in _HAS_ADDRESS or place.address == member.email:
            continue
        if place.name != member.name or (at and place.address != at):
            continue
        if voices and _have_it(plan, case, voices) < VOICES:
            continue
        moved += 1
        plan.add(case_id, MemberMoved(member.handle, member.email))
        plan.issue(case_id, member_person(member.handle), member.email)
        plan.resend(case_id, member.handle)
        if place.standing is Standing.ASKED and not place.number:
            checks.send(plan, case_id, member)
        for motion in plan.cases[case_id].proceedings.open_motions:
            questions.ask(plan, case_id, motion, frozenset({member.handle}))
    return moved


def _have_it(plan: Plan, case: Case, voices: Sequence[str]) -> int:
    known = (plan.setting.committee.member(voice) for voice in voices)
    return sum(1 for voice in known if voice is not None and level_of(voice, case) is Level.FULL)
