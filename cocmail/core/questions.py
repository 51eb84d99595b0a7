"""Questions that a case's members vote on: who may, when one closes, who is told (contract, section 4; domain B).

Ballots are sealed until the close: nobody is told how many there are, nor whose. A question closes when everybody whom
it is counted over has voted, else at its end. Who loses access loses the ballot with it, and the base is counted anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cocmail.core import acts, deadlines, letters, readers, votes
from cocmail.core.case import Case
from cocmail.core.conflicts import exists_for, is_still
from cocmail.core.conflicts import readers as having
from cocmail.core.effects import Timer
from cocmail.core.model import Committee, Role
from cocmail.core.proceedings import Motion

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

END = "question-end"
OPEN_FOR = timedelta(hours=72)


def base_of(committee: Committee, case: Case, base: str) -> frozenset[str]:
    """The handles that a question is counted over: today's members with that place in the case.

    Who is away, or cannot be reached, is one of them. A changed address takes nobody out: the ballot was theirs. A
    handle that went to another person does.
    """
    cleared = frozenset(member.handle for member in committee.members if is_still(member, case))
    voting = frozenset(member.handle for member in committee.members if member.role is Role.PRIMARY)
    match base:
        case "all_members":
            return voting | cleared
        case "non_conflicted":
            return (voting | cleared) - case.barred
        case _:
            return cleared


def open_question(plan: Plan, case_id: str, mover: str, kind: str, parts: dict[str, str]) -> Motion:
    """A new question under the policy's rules of today; everybody who may vote is asked, the mover too."""
    policy, now = plan.setting.committee.policy, plan.setting.now
    ends = deadlines.after(now, policy.get(f"votes.{kind}.open_for"), OPEN_FOR)
    majority = policy.get(f"votes.{kind}.quorum") == "majority" or policy.get(f"votes.{kind}.quorum.majority") is True
    floor = policy.get(f"votes.{kind}.quorum.floor", 0)
    number = len(plan.cases[case_id].proceedings.motions) + 1
    plan.add(
        case_id,
        acts.QuestionOpened(
            number=number,
            kind=kind,
            mover=mover,
            at=now.isoformat(),
            ends=ends.isoformat(),
            rule=str(policy[f"votes.{kind}.rule"]),
            base=str(policy[f"votes.{kind}.base"]),
            quorum="majority" if majority else "none",
            floor=floor if isinstance(floor, int) else 0,
            **parts,
        ),
    )
    plan.timers.append(Timer(case_id, END, str(number), ends))
    motion = _motion(plan, case_id, number)
    ask(plan, case_id, motion)
    return motion


def ask(plan: Plan, case_id: str, motion: Motion, handles: frozenset[str] | None = None) -> None:
    """The question itself to everybody who may vote, or to these of them."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    mover = committee.member(motion.mover)
    words = {"motion": _words(motion), "mover": mover.name if mover else "", "ends": _minute(motion)}
    for member in having(committee, case):
        if handles is None or member.handle in handles:
            plan.letters.append(
                letters.to_reader(committee, case, member, "vote", motion.label, words, label=motion.label)
            )


def settle(plan: Plan, case_id: str) -> None:
    """Close what is complete: everybody has voted, or too few are left to vote at all."""
    for motion in plan.cases[case_id].proceedings.open_motions:
        base = base_of(plan.setting.committee, plan.cases[case_id], motion.base)
        if len(base) < readers.minimum(plan.setting.committee, plan.cases[case_id].audience):
            close(plan, case_id, motion.number, why="too-few", cancelled=True)
        elif base <= motion.ballots.keys():
            close(plan, case_id, motion.number, why="all-voted")


def end(plan: Plan, case_id: str, number: int) -> None:
    """Time is over. Nothing happens to a question that closed before."""
    motion = plan.cases[case_id].proceedings.motion(number)
    if motion is not None and motion.is_open:
        close(plan, case_id, number, why="time")


def close(plan: Plan, case_id: str, number: int, *, why: str, cancelled: bool = False) -> None:
    """Count, and tell everybody who may vote. `why` is all-voted, time, withdrawn or too-few."""
    committee, now = plan.setting.committee, plan.setting.now
    motion = _motion(plan, case_id, number)
    # Of what is cancelled nobody learns the ballots: they are void.
    ballots = {} if cancelled else motion.ballots
    tally = votes.count(base_of(committee, plan.cases[case_id], motion.base), ballots)
    passed = votes.passes(motion.rule, motion.quorum, motion.floor, tally)
    result = "cancelled" if cancelled else "passed" if passed else "failed"
    plan.add(
        case_id,
        acts.QuestionClosed(
            number, result, why, now.isoformat(), tally.yes, tally.no, tally.abstain, tally.not_voted, tally.base
        ),
    )
    _tell(plan, case_id, _motion(plan, case_id, number), tally)


def _tell(plan: Plan, case_id: str, motion: Motion, tally: votes.Tally) -> None:
    committee, case = plan.setting.committee, plan.cases[case_id]
    words = {
        "motion": _words(motion),
        "tally": {"yes": tally.yes, "no": tally.no, "abstain": tally.abstain, "not_voted": tally.not_voted},
        "base": tally.base,
        "quorate": votes.has_quorum(motion.quorum, motion.floor, tally),
        "deadlock": motion.rule == "consensus" and motion.result == "failed" and tally.no > 0,
        "decided": case.proceedings.decision.label if case.proceedings.decision else "",
        "owned": bool(case.proceedings.owners),
    }
    for member in having(committee, case):
        asked = letters.letter_id(case.id, motion.label, "vote", f"member:{member.handle}")
        plan.letters.append(
            letters.to_reader(
                committee, case, member, "tally", motion.label, words,
                label=motion.label, answers=letters.message_id(committee, asked),
            )
        )  # fmt: skip


def _words(motion: Motion) -> dict[str, str]:
    return {
        "label": motion.label,
        "rule": motion.rule,
        "base": motion.base,
        "result": motion.result,
        "why": motion.why,
        "finding": motion.finding,
        "plan": motion.plan,
        "consequence": motion.consequence,
        "if_refused": motion.if_refused,
    }


def _minute(motion: Motion) -> str:
    return motion.ends.strftime("%Y-%m-%d %H:%M UTC")


def _motion(plan: Plan, case_id: str, number: int) -> Motion:
    motion = plan.cases[case_id].proceedings.motion(number)
    if motion is None:
        raise LookupError("no such question")
    return motion


def may_vote(plan: Plan, case_id: str, handle: str, motion: Motion) -> bool:
    """Whether a member's ballot on that question counts."""
    member = plan.setting.committee.member(handle)
    case = plan.cases[case_id]
    if member is None or not exists_for(member, case):
        return False
    return handle in base_of(plan.setting.committee, case, motion.base)
