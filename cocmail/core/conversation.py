"""Mail of a case that exists: what the reporter adds, what members say to each other."""

from __future__ import annotations

from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.conflicts import may_see
from cocmail.core.effects import Decision, Note
from cocmail.core.events import EntryFiled, MemberWithheld
from cocmail.core.letters import notice
from cocmail.core.model import REPORTER, Member, Person, member_person
from cocmail.core.opening import complete, exclude, exclude_elsewhere, forward_entry
from cocmail.core.plan import Plan
from cocmail.core.screening import screen
from cocmail.core.setting import Message, Setting


def follow_up(message: Message, setting: Setting, case_id: str, author: Person = REPORTER) -> Decision:
    """The reporter, or a third party who was written to, adds something: to everybody who may see the case.

    What the new text names is screened before anybody reads it; quoted lines are the committee's own and left aside.
    """
    plan = Plan(setting)
    file_entry(plan, message, case_id, author, "follow-up", ())
    case = plan.cases[case_id]
    for handle, why in screen(setting.committee, message.mail, quoted=False).items():
        if handle not in case.barred:
            plan.add(case_id, MemberWithheld(handle, why))
            plan.bar(case_id, handle)
    exclude(plan, case_id, message.wanted.excluded)
    exclude_elsewhere(plan, message, setting)
    if case.audience != "escrow":
        complete(plan, case_id)
    forward_entry(plan, case_id, message.id)
    return plan.finish(Reason.FOLLOW_UP, case_id=case_id)


def discuss(message: Message, setting: Setting, case_id: str, author: Member) -> Decision:
    """A member's words to the other members of a case."""
    plan = Plan(setting)
    person = member_person(author.handle)
    file_entry(plan, message, case_id, person, "discussion", ())
    forward_entry(plan, case_id, message.id, but=author.handle)
    _warn_of_copies(plan, message, case_id, author)
    return plan.finish(Reason.DISCUSSION, case_id=case_id)


def file_entry(plan: Plan, message: Message, case_id: str, author: Person, kind: str, tags: tuple[str, ...]) -> None:
    """The message becomes part of the case, findable by its Message-ID."""
    message_id = message.mail.message_id
    plan.add(case_id, EntryFiled(message.id, str(author), kind, message_id, tags))
    if message_id:
        note = {"kind": kind, "person": str(author), "tags": list(tags)}
        plan.notes.append(Note("message-id", message_id, note, case_id))


def _warn_of_copies(plan: Plan, message: Message, case_id: str, author: Member) -> None:
    """Reply-all may have carried the mail past us to somebody who must not see the case: its author is told."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    reached = [
        member
        for member in committee.members
        if member.addresses & set(message.mail.to)
        and member.handle != author.handle
        and may_see(member, case, plan.setting.now).value == "no"
    ]
    if reached:
        words = {"count": len(reached)}
        plan.letters.append(notice(committee, case, author, message.id, "copied", words))


def visible_cases(setting: Setting, member: Member) -> dict[str, Case]:
    """The cases at hand that exist for this member; to everybody else they are no cases at all."""
    return {
        case_id: case
        for case_id, case in setting.known.cases.items()
        if may_see(member, case, setting.now).value != "no"
    }
