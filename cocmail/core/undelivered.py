"""A letter to somebody outside that no mail server took, or took after all, or that came back: who has the case must
know of it.

The rule: such a letter has not been written, as far as any deadline goes. What the server said of it is the operator's
to read, and never passed on.
"""

from __future__ import annotations

from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.effects import Decision, Letter
from cocmail.core.letters import letter_id
from cocmail.core.outward import LetterRefused, LetterTaken
from cocmail.core.places import tell
from cocmail.core.plan import Plan
from cocmail.core.record import Draft
from cocmail.core.setting import Setting
from cocmail.core.unread import alarm_if_from_all

# What people outside are sent of a case. An acknowledgement is our own answer, and may go to a forged address.
_TOLD = {"outreach": "letter", "status": "status", "transfer": "transfer"}


def is_told_of(letter: Letter) -> bool:
    """Whether members have to know when that letter does not arrive."""
    return letter.kind in _TOLD


def refused(case: Case, letter: Letter, setting: Setting, *, back: bool = False) -> Decision | None:
    """The letter is given up, or came `back`. None where it is none of those that members have to know of, or they know
    already.
    """
    what = _TOLD.get(letter.kind, "")
    if not what or is_refused(case, letter):
        return None
    plan, draft = Plan(setting), _draft(case, letter)
    number = draft.number if draft is not None else 0
    plan.add(case.id, LetterRefused(letter.id, what, str(letter.to), setting.now.isoformat(), number, back))
    alarm_if_from_all(plan, case)
    contact = case.proceedings.contact(letter.to)
    member = setting.committee.member(letter.to.handle) if letter.to.kind == "witness" else None
    who = contact.name if contact is not None else member.name if member is not None else ""
    words = {
        "letter": what,
        "back": back,
        "label": f"D{number}" if number else "",
        "who": who or (letter.to.handle if letter.to.kind == "third" else ""),
        "role": contact.role if contact is not None else letter.to.kind,
    }
    tell(plan, case.id, f"untaken {letter.id} {setting.now.isoformat()}", "untaken", words)
    return plan.finish(Reason.NO_MESSAGE, case_id=case.id)


def taken(case: Case, letter: Letter, setting: Setting) -> Decision | None:
    """It was taken after all, when somebody had it tried again. None where it had not been refused."""
    if not any(each.letter == letter.id and not each.back for each in case.proceedings.outward.refused):
        # One that came back before it was noted that it had been taken has come back.
        return None
    plan = Plan(setting)
    plan.add(case.id, LetterTaken(letter.id, setting.now.isoformat()))
    return plan.finish(Reason.NO_MESSAGE, case_id=case.id)


def is_refused(case: Case, letter: Letter) -> bool:
    """Whether the case knows of that letter that nobody took it."""
    return any(each.letter == letter.id for each in case.proceedings.outward.refused)


def _draft(case: Case, letter: Letter) -> Draft | None:
    """The draft that a letter was made from: its id is made from the draft's label (`letters.to_outside`)."""
    others = () if letter.to.kind == "reporter" else (str(letter.to),)
    sent = (draft for draft in case.proceedings.drafts if draft.to == letter.to and draft.sent_at is not None)
    return next((each for each in sent if letter_id(case.id, each.label, letter.kind, *others) == letter.id), None)
