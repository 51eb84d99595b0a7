"""What ties cases together: `#release` of a sealed one, `#related` and `#merge` (domain R11, R67, R74).

The rule: nobody learns of a case by another one. Who is out of either is out of both once they are one.
"""

from __future__ import annotations

from cocmail.core import checks, circles, letters, sealed
from cocmail.core.access import Level, Standing
from cocmail.core.case import Case
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.conflicts import is_challenged, level_of, may_be_listed, readers
from cocmail.core.events import ConflictDenied
from cocmail.core.lifecycle import EARLY, State
from cocmail.core.links import CaseAbsorbed, CaseMerged, CaseRelated
from cocmail.core.model import Member
from cocmail.core.namesakes import normal
from cocmail.core.places import bring_in, present, unfit
from cocmail.core.plan import Plan
from cocmail.core.readers import is_check_first
from cocmail.core.vacancies import complete

_OVER = frozenset({State.DISMISSED, State.ESCROWED, State.MERGED})


def release(call: Call) -> Line:
    """Who was asked says that it is the same person, and that they have no conflict: the sealed report is opened."""
    if not sealed.may_open(call.plan, call.case, call.member):
        return refuse("not-sealed", tag=str(call.tag))
    if not call.confirmed:
        # Nothing is done before it is confirmed; a receipt of something that was undone would tell what is in it.
        return {"outcome": "release", "confirm": True}
    sealed.open_up(call.plan, call.case_id, call.member)
    call.plan.add(call.case_id, ConflictDenied(call.member.handle))
    return done("released", case_name=call.case.code_name)


def related(call: Call) -> Line:
    """Two cases belong together; each goes on by itself. Retaliation is a matter of its own (CNCF, Kubernetes)."""
    other = _other(call)
    if other is None:
        return refuse("no-other-case", tag=str(call.tag))
    how = call.tag.argument("word") or "related"
    if (other.id, how) in call.case.links.related:
        return unchanged("related-again")
    by, at = call.member.handle, call.at
    call.plan.add(call.case_id, CaseRelated(other.id, how, by, at))
    call.plan.add(other.id, CaseRelated(call.case_id, how, by, at))
    _tell_of_both(call, other.id, "related", how=how)
    return done("related", name=other.code_name, how=how)


def merge(call: Call) -> Line:
    """The other case goes on in this one: one circle of people, the smaller of the two plus who may have both."""
    other = _other(call)
    if other is None:
        return refuse("no-other-case", tag=str(call.tag))
    stopped = _cannot_merge(call, other)
    if stopped is not None:
        return stopped
    by, at = call.member.handle, call.at
    call.plan.add(other.id, CaseMerged(call.case_id, by, at))
    call.plan.add(call.case_id, CaseAbsorbed(other.id, by, at))
    _one_circle(call, other.id)
    _tell_of_both(call, other.id, "merged")
    return done("merged", name=other.code_name)


def _other(call: Call) -> Case | None:
    """The case that the tag names, where this member has all of it; to everybody else there is none."""
    name = call.tag.argument("case").strip("[]").replace("-", " ")
    having = (case for case in call.plan.cases.values() if level_of(call.member, case) is Level.FULL)
    return next((case for case in having if case.code_name == name and case.id != call.case_id), None)


def _cannot_merge(call: Call, other: Case) -> Line | None:
    for case in (call.case, other):
        if case.proceedings.state in _OVER | EARLY or case.target is not None:
            return refuse("merge-state", name=case.code_name, state=case.proceedings.state.value)
        if case.audience != "committee":
            # Whom it is for was the reporter's choice, or nobody could look for names in it.
            return refuse("merge-audience", name=case.code_name, audience=case.audience)
    waiting = [motion.label for motion in other.proceedings.open_motions]
    return refuse("merge-questions", name=other.code_name, labels=waiting) if waiting else None


def _one_circle(call: Call, other_id: str) -> None:
    """Who is out of one is out of both; who has one gets the other, or is asked, where nothing is against it."""
    plan, here = call.plan, call.case_id
    circles.keep(plan, here)
    circles.keep(plan, other_id)
    for first, second in ((here, other_id), (other_id, here)):
        new = [member for member in present(plan, first) if _may_come_in(plan, member, first, second)]
        if new and is_check_first(call.committee):
            checks.put(plan, second, new)
        for member in new if not is_check_first(call.committee) else ():
            bring_in(plan, second, member, "merged")
    for case_id in (here, other_id):
        complete(plan, case_id)


def _may_come_in(plan: Plan, member: Member, first: str, second: str) -> bool:
    """Nobody by silence, nobody whose own part is in doubt."""
    case = plan.cases[second]
    out = unfit(plan, second) | case.with_standing(Standing.ASKED) | {each.handle for each in present(plan, second)}
    doubted = is_challenged(plan.cases[first], member.handle) or is_challenged(case, member.handle)
    return member.handle not in out and not doubted and level_of(member, plan.cases[first]) is Level.FULL


def _tell_of_both(call: Call, other_id: str, what: str, *, how: str = "") -> None:
    """A notice to whoever has both cases: to nobody else there is another one."""
    plan, committee = call.plan, call.committee
    case, other = plan.cases[call.case_id], plan.cases[other_id]
    both = [member for member in readers(committee, case) if level_of(member, other) is Level.FULL]
    words = {"what": what, "name": call.member.name, "other": other.code_name, "how": how}
    about = f"{call.message.id} {call.tag}"
    told = [member for member in both if member.handle != call.member.handle]
    plan.letters += [letters.notice(committee, case, member, about, "changed", words) for member in told]


def earlier(call: Call, name: str) -> int:
    """Tells who has the case in how many others somebody of that name was reported; gives this member's number (R11).

    Each is told of those that may stand in their status sheet and that they are neither out of nor asked about: whom
    such a case is about is not for them to know.
    """
    plan, committee = call.plan, call.committee
    found = set(plan.setting.known.reported.get(normal(name), ())) - {call.case_id}
    cases = [case for case_id in sorted(found) if (case := plan.cases.get(case_id)) is not None]
    counts = {member.handle: sum(_counts(case, member) for case in cases) for member in (call.member, *call.others)}
    for member in call.others:
        if counts[member.handle]:
            words = {"what": "earlier", "name": name, "before": counts[member.handle]}
            about = f"{call.message.id} earlier {name}"
            plan.letters.append(letters.notice(committee, call.case, member, about, "changed", words))
    return counts[call.member.handle]


def _counts(case: Case, member: Member) -> bool:
    out = case.barred | case.with_standing(Standing.ASKED)
    return case.proceedings.state not in _OVER and member.handle not in out and may_be_listed(member, case)
