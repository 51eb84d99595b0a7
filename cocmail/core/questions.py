"""Questions that members vote on: who may, when one closes, who is told (contract, section 4; domain B).

Ballots are sealed until the close: nobody is told how many there are, nor whose. A question closes when everybody who
may vote has voted, else at its end. Who loses access loses the ballot with it, and the base is counted anew. What
follows from a result stands in `verdicts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from cocmail.core import acts, letters, readers, votes
from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import is_still, level_of, voters, was_there
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.model import Committee, Policy, Role
from cocmail.core.motions import BUT_MOVER, CONFLICT, Motion

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

END = "question-end"
OPEN_FOR = timedelta(hours=72)
A_MOMENT = timedelta(minutes=1)
# What counts where a procedure says nothing of that kind of question.
_RULE, _BASES = "majority", {CONFLICT: "others", "remove": "all_members", "policy": "all_members"}


def rules_of(committee: Committee, kind: str) -> tuple[str, str]:
    """(rule, base) of a kind of question under the policy of today."""
    policy = committee.policy
    base = policy.get(f"votes.{kind}.base", _BASES.get(kind, "cleared"))
    return str(policy.get(f"votes.{kind}.rule", _RULE)), str(base)


def base_of(committee: Committee, case: Case, base: str, about: str = "") -> frozenset[str]:
    """The handles that a question is counted over: today's members with that place in the case.

    Who is away, or cannot be reached, is one of them. A changed address takes nobody out: the ballot was theirs. A
    handle that went to another person does. `about` is whom the question is about: one of `all_members`, without a
    ballot, and of nothing else.
    """
    cleared, soft = _having(committee, case), {member.handle for member in voters(committee, case)}
    primary = [member for member in committee.members if member.role is Role.PRIMARY]
    voting = frozenset(member.handle for member in primary)
    if case.audience == "matter":
        # Alternates take part in the talk about the committee's own matters; its members decide them.
        return voting if base == "all_members" else voting - {about}
    match base:
        case "all_members":
            return voting | cleared
        case "non_conflicted":
            # Who came later has no part in a case of before, as long as nobody lets them in.
            of_then = frozenset(member.handle for member in primary if was_there(member, case))
            return (of_then | cleared) - (case.barred - soft) - {about}
        case _:
            return cleared - {about}


def _eligible(committee: Committee, case: Case, motion: Motion) -> frozenset[str]:
    """Who of the base can vote: those who have the case."""
    return (base_of_motion(committee, case, motion) & _having(committee, case)) - {motion.about}


def can_vote(committee: Committee, case: Case, kind: str) -> frozenset[str]:
    """Who could vote on a question of that kind, if it were opened now."""
    return base_of(committee, case, rules_of(committee, kind)[1]) & _having(committee, case)


def _having(committee: Committee, case: Case) -> frozenset[str]:
    """Who has a say in the case, be it that the address has changed: the ballot is theirs."""
    still = {member.handle for member in committee.members if is_still(member, case)}
    return frozenset(still | {member.handle for member in voters(committee, case)})


def open_question(
    plan: Plan,
    case_id: str,
    mover: str,
    kind: str,
    said: Mapping[str, str],
    *,
    rule: str = "",
    base: str = "",
    lasts: timedelta | None = None,
) -> Motion:
    """A new question under the policy's rules of today; everybody who may vote is asked, the mover too.

    `said` are its parts: those of an outcome, or `about`, `asks` and `text`. `rule`, `base` and `lasts` stand in the
    place of the policy's.
    """
    policy, now = plan.setting.committee.policy, plan.setting.now
    ends = plan.setting.committee.calendar.after(now, lasts or policy.get(f"votes.{kind}.open_for"), OPEN_FOR)
    quorum, floor = _quorum(policy, kind)
    number = len(plan.cases[case_id].proceedings.motions) + 1
    usual, over = rules_of(plan.setting.committee, kind)
    opened = acts.QuestionOpened(
        number=number,
        kind=kind,
        mover=mover,
        at=now.isoformat(),
        ends=ends.isoformat(),
        rule=rule or usual,
        base=base or over,
        quorum=quorum,
        floor=floor,
        fallback=str(policy.get(f"votes.{kind}.fallback") or ""),
        objections=_objections(plan, case_id, kind),
        **said,
    )
    plan.add(case_id, opened)
    plan.timers.append(Timer(case_id, END, str(number), ends))
    motion = _motion(plan, case_id, number)
    ask(plan, case_id, motion)
    return motion


def _quorum(policy: Policy, kind: str) -> tuple[str, int]:
    """How many have to take part: none or majority, and a number besides."""
    majority = policy.get(f"votes.{kind}.quorum") == "majority" or policy.get(f"votes.{kind}.quorum.majority") is True
    floor = policy.get(f"votes.{kind}.quorum.floor", 0)
    return "majority" if majority else "none", floor if isinstance(floor, int) else 0


def _objections(plan: Plan, case_id: str, kind: str) -> str:
    """Until when a decision in writing can be objected to. Once that was done, the next one has been talked about."""
    window = plan.setting.committee.policy.get(f"votes.{kind}.written_consent.objection_window")
    objected = any(motion.why == "objected" for motion in plan.cases[case_id].proceedings.motions)
    if window is None or objected:
        return ""
    return plan.setting.committee.calendar.after(plan.setting.now, window, OPEN_FOR).isoformat()


def ask(plan: Plan, case_id: str, motion: Motion, handles: frozenset[str] | None = None) -> None:
    """The question itself to everybody who may vote, or to these of them."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    mover = committee.member(motion.mover)
    until = minute(motion.objections) if motion.objections is not None else ""
    words = {
        "motion": _words(committee, motion),
        "mover": mover.name if mover else "",
        "ends": minute(motion.ends),
        "objections": until,
    }
    eligible = _eligible(committee, case, motion)
    for member in voters(committee, case):
        if member.handle in eligible and (handles is None or member.handle in handles):
            plan.letters.append(
                letters.to_reader(committee, case, member, "vote", motion.label, words, label=motion.label)
            )


def settle(plan: Plan, case_id: str) -> None:
    """Close what is complete: everybody has voted, or too few are left to vote at all."""
    for motion in plan.cases[case_id].proceedings.open_motions:
        committee, case = plan.setting.committee, plan.cases[case_id]
        eligible = _eligible(committee, case, motion)
        if not eligible or not readers.suffice(committee, case, motion.kind, eligible):
            close(plan, case_id, motion.number, why="too-few", cancelled=True)
        elif is_complete(plan, case_id, motion.number):
            close(plan, case_id, motion.number, why="all-voted")


def is_complete(plan: Plan, case_id: str, number: int) -> bool:
    """Whether everybody who may vote on a question has, so that the last ballot closes it."""
    case, motion = plan.cases[case_id], _motion(plan, case_id, number)
    eligible = _eligible(plan.setting.committee, case, motion)
    return eligible <= motion.ballots.keys() and not _has_to_wait(case, motion)


def base_of_motion(committee: Committee, case: Case, motion: Motion) -> frozenset[str]:
    """The handles that an open question is counted over now."""
    if motion.base == BUT_MOVER:
        return base_of(committee, case, "cleared") - {motion.mover}
    return base_of(committee, case, motion.base, motion.about)


def end(plan: Plan, case_id: str, number: int) -> None:
    """Time is over. Nothing happens to a question that closed before."""
    case = plan.cases[case_id]
    motion = case.proceedings.motion(number)
    if motion is None or not motion.is_open:
        return
    if _has_to_wait(case, motion):
        last = max(each.ends for each in case.proceedings.unsettled)
        plan.timers.append(Timer(case_id, END, str(number), max(last, plan.setting.now) + A_MOMENT))
        return
    close(plan, case_id, number, why="time")


def _has_to_wait(case: Case, motion: Motion) -> bool:
    """Whether a conflict has to be settled first: until then nothing is decided (domain R21)."""
    return motion.kind == "outcome" and bool(case.proceedings.unsettled)


def close(plan: Plan, case_id: str, number: int, *, why: str, cancelled: bool = False) -> None:
    """Count, and tell everybody who may vote. `why` is all-voted, time, withdrawn, objected, replaced, left,
    transferred or too-few.
    """
    committee, now = plan.setting.committee, plan.setting.now
    motion = _motion(plan, case_id, number)
    # Of what is cancelled nobody learns the ballots: they are void.
    ballots = {} if cancelled else motion.ballots
    tally = votes.count(base_of_motion(committee, plan.cases[case_id], motion), ballots)
    passed = votes.passes(motion.rule, motion.quorum, motion.floor, tally, motion.fallback)
    result = "cancelled" if cancelled else "passed" if passed else "failed"
    plan.add(
        case_id,
        acts.QuestionClosed(
            number, result, why, now.isoformat(), tally.yes, tally.no, tally.abstain, tally.not_voted, tally.base
        ),
    )
    plan.closed.append((case_id, number))
    _tell(plan, case_id, _motion(plan, case_id, number), tally)


def _tell(plan: Plan, case_id: str, motion: Motion, tally: votes.Tally) -> None:
    committee, case = plan.setting.committee, plan.cases[case_id]
    words = {
        "motion": _words(committee, motion),
        "tally": {"yes": tally.yes, "no": tally.no, "abstain": tally.abstain, "not_voted": tally.not_voted},
        "base": tally.base,
        "quorate": votes.has_quorum(motion.quorum, motion.floor, tally),
        "deadlock": motion.rule == "consensus" and motion.result == "failed" and tally.no > 0,
        "decided": case.proceedings.decision.label if case.proceedings.decision else "",
        "owned": bool(case.proceedings.owners),
        "then": str(committee.policy.get("votes.policy.then") or ""),
    }
    for member in voters(committee, case):
        if member.handle == motion.about:
            continue
        asked = letters.letter_id(case.id, motion.label, "vote", f"member:{member.handle}")
        plan.letters.append(
            letters.to_reader(
                committee, case, member, "tally", motion.label, words,
                label=motion.label, answers=letters.message_id(committee, asked),
            )
        )  # fmt: skip


def _words(committee: Committee, motion: Motion) -> dict[str, str]:
    concerned = committee.member(motion.about)
    names = ("label", "kind", "rule", "base", "result", "why", "finding", "plan", "consequence", "if_refused")
    said = {name: str(getattr(motion, name)) for name in (*names, "asks", "text", "fallback", "meaning")}
    return {**said, "about": concerned.name if concerned is not None else motion.about}


def _motion(plan: Plan, case_id: str, number: int) -> Motion:
    motion = plan.cases[case_id].proceedings.motion(number)
    if motion is None:
        raise LookupError("no such question")
    return motion


def may_vote(plan: Plan, case_id: str, handle: str, motion: Motion) -> bool:
    """Whether a member's ballot on that question counts."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    member = committee.member(handle)
    if member is None or level_of(member, case) is Level.NONE:
        return False
    return handle in _eligible(committee, case, motion)
