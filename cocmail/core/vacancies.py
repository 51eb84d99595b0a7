"""Empty places of a case: who steps in when too few may see it, in the order that the procedure says.

    the next watchers (while only they have it) or the alternates ──> mediator or transfer target ──> an alarm

Where the procedure asks first, alternates are asked like everybody else (`checks`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cocmail.core import checks, handover, readers
from cocmail.core.conflicts import exists_for
from cocmail.core.lifecycle import State
from cocmail.core.model import Member, Role
from cocmail.core.places import bring_in, pass_on_reserved, present, unfit

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def complete(plan: Plan, case_id: str) -> None:
    """Fill the places of a case that too few may see: stand-ins, then a transfer target, else alarm the admins.

    Who steps in gets the report and the thread so far; where the procedure asks first, they are asked first. A case for
    one member is filled only when that one may not see it; an escrowed case, a matter of the committee, and one that
    members handed to another body never: nobody else has to read what is not ours.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    if case.audience in ("escrow", "matter") or case.proceedings.state is State.TRANSFERRED:
        pass_on_reserved(plan, case_id)
        return
    # By what the case is in, not by today's policy alone: a check that has begun is brought to its end.
    asked = readers.is_check_first(committee) or case.proceedings.state is State.CHECKING
    if asked and case.audience == "committee" and case.proceedings.state is not State.TRIAGE:
        checks.advance(plan, case_id)
    else:
        _fill(plan, case_id)
    _hand_over_or_wait(plan, case_id)
    pass_on_reserved(plan, case_id)
    handover.tell_of_mediation(plan, case_id)
    handover.propose(plan, case_id)


def _hand_over_or_wait(plan: Plan, case_id: str) -> None:
    committee = plan.setting.committee
    if not present(plan, case_id):
        # Who is asked can still answer; what comes after their time follows then.
        if not checks.is_waiting(plan, case_id):
            handover.hand_over(plan, case_id)
    elif not any(exists_for(member, plan.cases[case_id]) for member in committee.members):
        # All who are left wait for a changed address: somebody must hear of it before the next mail comes.
        plan.alarms.append("waiting-address")


def check_is_over(plan: Plan, case_id: str, about: str) -> None:
    """The time of a conflict question is over; nothing happens where it was put again meanwhile."""
    case = plan.cases[case_id]
    if case.checking_until is not None and case.checking_until.isoformat() == about:
        complete(plan, case_id)


def _fill(plan: Plan, case_id: str) -> None:
    committee = plan.setting.committee
    triage = plan.cases[case_id].proceedings.state is State.TRIAGE
    needed = 1 if triage else readers.minimum(committee, plan.cases[case_id].audience)
    while len(there := present(plan, case_id)) < needed:
        more = _stand_ins(plan, case_id, [member.handle for member in there])
        if not more:
            if there and not triage and readers.named_target(committee) is None:
                # Too few by the procedure's own number: the third party decides with them.
                handover.call_mediators(plan, case_id)
            return
        for member in more:
            bring_in(plan, case_id, member, "stand-in")


def _stand_ins(plan: Plan, case_id: str, there: Collection[str]) -> list[Member]:
    """The next watchers where the triage has the case, else alternates."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    out = unfit(plan, case_id)
    first = committee.policy["intake.first_recipients"] == "triage" or readers.is_check_first(committee)
    if case.audience == "triage" or first:
        watchers = readers.triage(committee, out | set(there), plan.setting.now.date())
        if watchers:
            return watchers
    return readers.stand_ins(committee, Role.ALTERNATE, out, there)
