"""Matters of the committee itself, outside of any case: `#motion remove` and `#motion policy` (domain R41 to R43).

A matter is kept like a case: it has a name, a thread and votes of its own, but no row in the status sheet. Every
primary member and alternate has it, but for whom it is about.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cocmail.core import acts, letters, questions
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.commands.conflict import fields_of
from cocmail.core.commands.views import belongs_to_a_case
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.events import CaseOpened, MemberWithheld
from cocmail.core.lifecycle import Move, may
from cocmail.core.model import Member, Role, member_person
from cocmail.core.motions import Motion
from cocmail.core.opening import file_entry
from cocmail.core.places import admit
from cocmail.core.plan import Plan

TALK_ENDS = "discussion-end"
_NO_TALK = timedelta()


def remove(call: Call) -> Line:
    """Asks the others to end somebody's membership. Whom it is about never hears of it here."""
    chosen = call.committee.member(fields_of(call.text).get("member", ""))
    if belongs_to_a_case(call):
        return refuse("matter-in-a-case")
    if chosen is None:
        handles = [member.handle for member in call.committee.members]
        return refuse("no-such-member", handles=handles)
    if chosen.handle == call.member.handle:
        return refuse("leave-instead")
    matter = _open(call, chosen)
    said = {"about": chosen.handle, "text": call.text}
    opened = questions.open_question(call.plan, matter, call.member.handle, "remove", said)
    return done("matter", case_name=call.plan.cases[matter].code_name, label=opened.label, ends=minute(opened.ends))


def policy(call: Call) -> Line:
    """Proposes a change of the procedure: talked about first, where the procedure says so, and then voted on."""
    if call.case_id and call.case.audience == "matter":
        return _put_to_the_vote(call)
    if belongs_to_a_case(call):
        return refuse("matter-in-a-case")
    plan, matter = call.plan, _open(call, None)
    plan.add(matter, acts.ProposalMade(call.member.handle, call.at, call.text))
    name = plan.cases[matter].code_name
    first, last = discussion(plan, plan.setting.now)
    if last is None or first is None:
        opened = _open_vote(plan, matter)
        return done("matter", case_name=name, label=opened.label, ends=minute(opened.ends))
    plan.timers.append(Timer(matter, TALK_ENDS, call.message.id, last))
    return done("matter-talk", case_name=name, first=minute(first), last=minute(last))


def discussion(plan: Plan, begin: datetime) -> tuple[datetime | None, datetime | None]:
    """When a proposal can be voted on at the earliest, and when it is at the latest; None: at once."""
    knobs = plan.setting.committee.policy
    spans = (knobs.get("votes.policy.discuss.min"), knobs.get("votes.policy.discuss.max"))
    if spans[1] is None:
        return None, None
    days = plan.setting.committee.calendar
    return days.after(begin, spans[0], _NO_TALK), days.after(begin, spans[1], _NO_TALK)


def _put_to_the_vote(call: Call) -> Line:
    """The mover has heard the others: the vote is opened on the words as they are now."""
    plan, case = call.plan, call.case
    proposal = case.proceedings.proposal
    if proposal is None or proposal.by != call.member.handle:
        return refuse("not-mover", label="This proposal")
    if not may(case.proceedings.state, Move.MOTION):
        return refuse("wrong-state", tag=str(call.tag), state=case.proceedings.state.value)
    if any(motion.kind == "policy" for motion in case.proceedings.open_motions):
        return unchanged("voting-already")
    first, _ = discussion(plan, case.opened_at or plan.setting.now)
    if first is not None and plan.setting.now < first:
        return refuse("talk-first", first=minute(first))
    plan.add(case.id, acts.ProposalMade(call.member.handle, call.at, call.text))
    opened = _open_vote(plan, case.id)
    return done("motion", label=opened.label, ends=minute(opened.ends), undo=f"#withdraw {opened.label}")


def _open_vote(plan: Plan, matter: str) -> Motion:
    proposal = plan.cases[matter].proceedings.proposal
    by, text = (proposal.by, proposal.text) if proposal is not None else ("", "")
    return questions.open_question(plan, matter, by, "policy", {"text": text})


def talk_is_over(plan: Plan, matter: str) -> None:
    """The time for talk is over: the vote opens by itself, unless it was opened before."""
    done = plan.cases[matter].proceedings
    if not any(motion.kind == "policy" for motion in done.motions) and may(done.state, Move.MOTION):
        _open_vote(plan, matter)


def _open(call: Call, about: Member | None) -> str:
    plan, committee = call.plan, call.committee
    matter = plan.open(CaseOpened(plan.setting.draw.code_name(), committee.id, call.message.id, "matter", call.at))
    if about is not None:
        plan.add(matter, MemberWithheld(about.handle, "concerned", "", about.name, about.email))
    file_entry(plan, call.message, matter, member_person(call.member.handle), "record")
    for member in committee.members:
        if member.handle == call.member.handle or (member.role is not Role.MEDIATOR and member != about):
            admit(plan, matter, member, "matter")
            if member.handle != call.member.handle:
                plan.letters.append(letters.forward(committee, plan.cases[matter], call.message.id, member))
    return matter
