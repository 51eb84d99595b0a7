"""A case that nobody of the committee may see, or too few: the mediator, a transfer target, else an alarm.

The rule: what the reporter wrote can go to a body that has agreed to confidentiality; what the committee said among
itself never does. Where somebody of the committee is left, it only proposes: people decide (domain R10, R12, R26).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cocmail.core import letters, places, readers
from cocmail.core.case import Case
from cocmail.core.conflicts import readers as having
from cocmail.core.handing import NobodyReached, ReporterTold, TargetAsked, TransferProposed
from cocmail.core.lifecycle import EARLY, LIVE
from cocmail.core.model import REPORTER, Member, Person, Role, TransferTarget

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def hand_over(plan: Plan, case_id: str) -> None:
    """Nobody of the committee may see it: what the procedure says comes first, then whoever else there is.

    A target that the procedure names gets it though members have read it; another one gets only what nobody has read
    (contract, section 3, rule 8).
    """
    case = plan.cases[case_id]
    if case.target is not None:
        return
    named = None if _came_from_target(plan, case) else readers.named_target(plan.setting.committee)
    mediators = _mediators(plan, case_id)
    if named is None and mediators:
        call_mediators(plan, case_id, mediators)
        return
    target = named or _unread_target(plan, case)
    if target is not None:
        _give(plan, case_id, target)
        return
    plan.alarms.append("nobody-reached")
    if not case.unreached:
        plan.add(case_id, NobodyReached())


def _mediators(plan: Plan, case_id: str) -> list[Member]:
    there = [member.handle for member in places.present(plan, case_id)]
    return readers.stand_ins(plan.setting.committee, Role.MEDIATOR, places.unfit(plan, case_id), there)


def call_mediators(plan: Plan, case_id: str, mediators: list[Member] | None = None) -> bool:
    """The third party steps in, and gets the thread. False: there is none who could."""
    found = _mediators(plan, case_id) if mediators is None else mediators
    for member in found:
        places.bring_in(plan, case_id, member, "mediator")
    if found:
        words = {"what": "mediator", "name": ", ".join(member.name for member in found)}
        places.tell(plan, case_id, "mediator", "changed", words, but={member.handle for member in found})
    return bool(found)


def tell_of_mediation(plan: Plan, case_id: str) -> None:
    """Nobody of the committee has the case any more, and the third party does: the reporter is told so."""
    there = places.present(plan, case_id)
    if there and all(member.role is Role.MEDIATOR for member in there):
        tell_reporter(plan, case_id, "mediated")


def _came_from_target(plan: Plan, case: Case) -> bool:
    """A target's own answer from another address must not come back to it as a report, and again."""
    earlier = plan.cases.get(case.related)
    return earlier is not None and earlier.target is not None


def _unread_target(plan: Plan, case: Case) -> TransferTarget | None:
    if case.was_read or _came_from_target(plan, case):
        return None
    return readers.transfer_target(plan.setting.committee)


def _give(plan: Plan, case_id: str, target: TransferTarget) -> None:
    plan.add(case_id, TargetAsked(target.name, target.email))
    plan.issue(case_id, Person("third", target.name), target.email)
    for entry in plan.cases[case_id].entries:
        if entry.author == REPORTER:
            places.to_target(plan, case_id, entry.id)
    if plan.setting.committee.policy.get("reporter.tell_on_transfer", True) is True:
        tell_reporter(plan, case_id, "handed_over")


def tell_reporter(plan: Plan, case_id: str, template: str) -> None:
    """The daemon's own word to the reporter of a case that went on for a while: who takes care of it now.

    Not in the moment in which the case is opened: then the acknowledgement says so.
    """
    if not plan.is_new(case_id):
        told(plan, case_id, template, template, {})


def told(plan: Plan, case_id: str, template: str, about: str, words: Mapping[str, object]) -> str:
    """The daemon's own word to the reporter, once for each `about`; says what became of it, as in `Disclosed.told`.

    None to somebody who wants no mail, or who is no person, or is forged; nor where a member took the report down: what
    was noted as an address may be somebody else's, and whether it is safe only that member knows.
    """
    case = plan.cases[case_id]
    if about in case.told:
        return "again"
    if case.proceedings.opted_out:
        return "opted-out"
    if case.told_by or {"automatic", "forged"} & set(case.marks) or case.reporter is None or not case.reporter.address:
        return "no-contact"
    plan.add(case_id, ReporterTold(about))
    token = plan.issue(case_id, REPORTER, case.reporter.address)
    plan.letters.append(
        letters.to_outside(case, REPORTER, case.reporter.address, about, "status", template, token, words)
    )
    return "told"


def propose(plan: Plan, case_id: str) -> None:
    """Too few are without a conflict for this procedure, but not nobody: each of those is told once what it wants."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    if case.target is not None or case.proceedings.state not in LIVE or not _is_too_few(plan, case_id):
        return
    left = [member for member in having(committee, case) if member.handle not in case.proposed]
    if not left:
        return
    target = readers.transfer_target(committee)
    name, address = (target.name, target.email) if target is not None else ("", "")
    plan.add(case_id, TransferProposed(name, tuple(member.handle for member in left)))
    for member in left:
        about = f"below-quota {member.handle}"
        words = {"target": name, "address": address}
        plan.letters.append(letters.notice(committee, plan.cases[case_id], member, about, "below_quota", words))


def _is_too_few(plan: Plan, case_id: str) -> bool:
    """Whether those who are left cannot decide it, and nobody steps in beside them."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    if case.proceedings.state in EARLY or case.audience != "committee":
        return False
    there = {member.handle for member in places.present(plan, case_id)}
    return not readers.suffice(committee, case, "outcome", there)
