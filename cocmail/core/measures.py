"""Protective measures: which are in force, and that the others look at what one member decided alone (domain R71, R73).

    #act, #interim by one ──> in force at once ──> the others vote on it, within a day ──> a majority says no: over
    #interim, #motion interim elsewhere ──> a vote ──> passed: in force ──> the last day is over

The rule: nothing stands in the way of who protects somebody now, and silence takes no protection away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import questions
from cocmail.core.case import Case
from cocmail.core.lifecycle import KEPT
from cocmail.core.model import Committee
from cocmail.core.motions import BUT_MOVER, INTERIM, OVERTURNED, REVIEW
from cocmail.core.proceedings import Proceedings
from cocmail.core.protective import Measure, MeasureLookedAt, MeasureTaken

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

LOOK_WITHIN = timedelta(hours=24)


def is_in_force(done: Proceedings, measure: Measure) -> bool:
    """Whether it was decided and the others have not ended it; its last day is another matter."""
    proposal, review = done.motion(measure.proposal), done.motion(measure.review)
    if measure.proposal:
        return proposal is not None and proposal.result == "passed"
    return review is None or review.meaning != OVERTURNED


def since(done: Proceedings, measure: Measure) -> datetime:
    """Since when it holds: since the vote where it needed one."""
    proposal = done.motion(measure.proposal)
    return proposal.closed_at or measure.at if proposal is not None else measure.at


def ends(committee: Committee, measure: Measure) -> datetime | None:
    """When its last day is over where the committee is; None for what was done once."""
    return committee.calendar.begins(measure.until + timedelta(days=1)) if measure.until is not None else None


def lets_anybody(committee: Committee, case: Case, tag: str) -> bool:
    """Whether any member who knows of the case may use `#act` or `#interim` in it, be it that they do not have it."""
    policy = committee.policy
    alone = policy.get("interim.who") == "individual" or policy.get("interim.individual_in_emergency") is True
    return (
        alone
        and tag in ("act", "interim")
        and case.proceedings.state in KEPT
        and (tag == "act" or may_act_alone(committee, case))
    )


def may_act_alone(committee: Committee, case: Case) -> bool:
    """Whether one member may put a measure into force here and now (domain B, `interim`)."""
    policy, done = committee.policy, case.proceedings
    unsafe = done.danger or done.safety == "yes"
    if policy.get("interim.who") == "individual":
        return unsafe or policy.get("interim.only_if") is None
    return unsafe and policy.get("interim.individual_in_emergency") is True


def take(plan: Plan, case_id: str, by: str, text: str, until: str = "", question: int = 0) -> Measure:
    """Puts a measure on record: in force at once, or once that question passes."""
    number = len(plan.cases[case_id].proceedings.measures) + 1
    plan.add(case_id, MeasureTaken(number, by, plan.setting.now.isoformat(), text, until, question))
    return plan.cases[case_id].proceedings.measures[-1]


def propose(plan: Plan, case_id: str, mover: str, text: str, until: str) -> tuple[Measure, str]:
    """A vote on a measure; (the measure, the question's label)."""
    opened = questions.open_question(plan, case_id, mover, INTERIM, {"text": text, "plan": until})
    return take(plan, case_id, mover, text, until, opened.number), opened.label


def unreviewed(committee: Committee, case: Case) -> list[Measure]:
    """What one member decided alone and nobody else has looked at, where the procedure wants that."""
    done = case.proceedings
    if committee.policy.get("interim.review") is False:
        return []
    alone = [measure for measure in done.measures if not measure.proposal]
    reviews = {measure.number: done.motion(measure.review) for measure in alone}
    return [each for each in alone if (review := reviews[each.number]) is None or review.result == "cancelled"]


def have_reviewed(plan: Plan, case_id: str) -> None:
    """As soon as somebody else has the case the vote on what one member decided alone is opened."""
    committee, case, now = plan.setting.committee, plan.cases[case_id], plan.setting.now
    if case.proceedings.state not in KEPT:
        return
    lasts = committee.calendar.after(now, committee.policy.get("deadlines.unilateral_review"), LOOK_WITHIN) - now
    for measure in unreviewed(committee, case):
        if not questions.base_of(committee, case, "cleared") - {measure.by}:
            continue
        said = {"text": measure.text, "asks": REVIEW, "plan": measure.until.isoformat() if measure.until else ""}
        opened = questions.open_question(plan, case_id, measure.by, INTERIM, said, base=BUT_MOVER, lasts=lasts)
        plan.add(case_id, MeasureLookedAt(measure.number, opened.number))
