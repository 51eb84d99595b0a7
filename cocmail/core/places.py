"""The places of a case: who is let in, who is kept out, who steps in when too few are left, who gets what was said.

Keeping out is immediate and for good; letting in without being asked is only for members who were on the roster, under
the same address, and looked for in vain in every text of the case.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cocmail.core import letters, questions, readers
from cocmail.core.case import Case, Standing
from cocmail.core.conflicts import exists_for, may_see, was_looked_for
from cocmail.core.effects import Letter
from cocmail.core.events import MemberAdmitted, MemberWithheld, NobodyReached, TargetAsked
from cocmail.core.model import Member, Person, member_person
from cocmail.core.plan import Plan

LEFT_AT_LEAST = 2


def admit(plan: Plan, case_id: str, member: Member, why: str) -> None:
    """Give a member access at their address of today, with a reply address."""
    plan.add(case_id, MemberAdmitted(member.handle, member.email, why, member.name))
    plan.issue(case_id, member_person(member.handle), member.email)


def withhold(plan: Plan, case_id: str, handle: str, why: str) -> None:
    """Keep a case from a member from now on; what is queued for them goes in the same transaction."""
    if handle not in plan.cases[case_id].barred:
        plan.add(case_id, MemberWithheld(handle, why))
        plan.bar(case_id, handle)


def withhold_unless_last(plan: Plan, case_id: str, handles: Collection[str]) -> None:
    """Keep a case from members at the word of somebody unproven: never so that fewer than two are left; those are told.

    It lets nobody in either: whoever can forge an address must not choose the readers of a case.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    having = [member for member in committee.members if exists_for(member, case)]
    left = [member for member in having if member.handle not in handles]
    fresh = sorted(set(handles) - case.barred)
    if not fresh or (having and len(left) < LEFT_AT_LEAST):
        return
    for handle in fresh:
        withhold(plan, case_id, handle, "excluded")
    for member in left:
        about = f"excluded {' '.join(fresh)}"
        words = {"count": len(fresh)}
        plan.letters.append(letters.notice(committee, plan.cases[case_id], member, about, "excluded", words))


def complete(plan: Plan, case_id: str) -> None:
    """Fill the places of a case that too few may see: stand-ins, then a transfer target, else alarm the admins.

    Who steps in gets the report and the thread so far. A case for one member is filled only when that one may not see
    it, an escrowed case never.
    """
    committee = plan.setting.committee
    if plan.cases[case_id].audience == "escrow":
        return
    needed = readers.minimum(committee, plan.cases[case_id].audience)
    while len(present := _present(plan, case_id)) < needed:
        more = _stand_ins(plan, case_id, [member.handle for member in present])
        if not more:
            break
        for member in more:
            admit(plan, case_id, member, "stand-in")
            for entry in plan.cases[case_id].entries:
                plan.letters.append(letters.forward(committee, plan.cases[case_id], entry.id, member))
        for motion in plan.cases[case_id].proceedings.open_motions:
            questions.ask(plan, case_id, motion, frozenset(member.handle for member in more))
    if not _present(plan, case_id):
        _hand_over(plan, case_id)
    elif not any(exists_for(member, plan.cases[case_id]) for member in committee.members):
        # All who are left wait for a changed address: somebody must hear of it before the next mail comes.
        plan.alarms.append("waiting-address")


def _present(plan: Plan, case_id: str) -> list[Member]:
    case, now = plan.cases[case_id], plan.setting.now
    return [member for member in plan.setting.committee.members if may_see(member, case, now).value != "no"]


def _stand_ins(plan: Plan, case_id: str, present: Collection[str]) -> list[Member]:
    """The next watchers where the triage has the case, else alternates, else mediators."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    out = case.barred | {member.handle for member in committee.members if not was_looked_for(member, case)}
    if case.audience == "triage" or committee.policy["intake.first_recipients"] == "triage":
        watchers = readers.triage(committee, out | set(present))
        if watchers:
            return watchers
    return readers.stand_ins(committee, out, present)


def _hand_over(plan: Plan, case_id: str) -> None:
    """Nobody of the committee may see it. What no member ever read goes to a transfer target (section 3, rule 8)."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    if case.target is not None:
        return
    earlier = plan.cases.get(case.related)
    handed_before = earlier is not None and earlier.target is not None
    # A target's own answer from another address must not come back to it as a report, and again.
    target = None if case.was_read or handed_before else readers.transfer_target(committee)
    if target is not None:
        plan.add(case_id, TargetAsked(target.name, target.email))
        plan.issue(case_id, Person("third", target.name), target.email)
        for entry in case.entries:
            _to_target(plan, case_id, entry.id)
        return
    plan.alarms.append("nobody-reached")
    if not case.unreached:
        plan.add(case_id, NobodyReached())


def _to_target(plan: Plan, case_id: str, entry: str) -> None:
    target = plan.cases[case_id].target
    if target is None:
        return
    person = Person("third", target.target)
    plan.letters.append(
        Letter(
            id=letters.letter_id(case_id, entry, "transfer", target.target),
            kind="transfer",
            to=person,
            template="transfer",
            address=target.address,
            case_id=case_id,
            entry=entry,
            token=plan.cases[case_id].token_of(person),
        )
    )


def forward_entry(
    plan: Plan, case_id: str, entry: str, *, but: Person | None = None, watchers_only: bool = False
) -> None:
    """A message of the case to everybody who may see it, except its author `but`.

    `watchers_only`: to the triage among them, or to the first of them. A target that the report was handed to gets what
    the reporter adds. Nobody at all: `complete` has raised the alarm.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    present = _present(plan, case_id)
    if watchers_only:
        absent = {member.handle for member in committee.members if member not in present}
        present = readers.triage(committee, absent) or present[: readers.DEFAULT_TRIAGE]
    names = [member.name for member in present if exists_for(member, case)]
    for member in present:
        if but is None or member.handle != but.handle:
            others = {"others": [name for name in names if name != member.name]} if watchers_only else {}
            plan.letters.append(replace(letters.forward(committee, case, entry, member), words=others))
    if not present and (but is None or but.kind != "third"):
        _to_target(plan, case_id, entry)


def holders(case: Case) -> frozenset[str]:
    """Handles of the members who were let in and are not out."""
    return case.with_standing(Standing.CLEARED)
