"""What a member's service brings by time: whether they go on, and when their term ends (domain R79; CHAOSS,
"Off-boarding").

The rule: people are asked, nobody is dropped by a date. What was told once is not told again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cocmail.core.classify import Reason
from cocmail.core.effects import Decision
from cocmail.core.model import Member
from cocmail.core.plan import Plan
from cocmail.core.setting import Setting

ANSWER_WITHIN = timedelta(days=14)
BEFORE_THE_END = timedelta(days=30)
NEVER = timedelta(days=3650)


def duties(setting: Setting) -> Decision | None:
    """What is due today; None where nothing is."""
    plan = Plan(setting)
    for member in setting.committee.members:
        _renew(plan, member)
        _look_at_term(plan, member)
    return plan.finish(Reason.NO_MESSAGE) if plan.book != setting.known.book else None


def _renew(plan: Plan, member: Member) -> None:
    """Every so often each member is asked; who does not answer is named to the chair, and stays a member."""
    every = plan.setting.committee.policy.get("service.renewal_every")
    now, book = plan.setting.now, plan.book
    since = book.since.get(member.handle)
    if every is None or since is None:
        return
    asked = book.asked.get(member.handle)
    begun = datetime.fromisoformat(asked or since)
    if now >= plan.setting.committee.calendar.after(begun, every, NEVER):
        plan.book = replace(book, asked={**book.asked, member.handle: now.isoformat()})
        plan.write(member, "renewal", f"renewal {now.date()}", {}, "reminder")
    elif asked is not None and now >= datetime.fromisoformat(asked) + ANSWER_WITHIN:
        _tell_once(plan, f"no answer {member.handle} {asked}", member, "no_answer")


def _look_at_term(plan: Plan, member: Member) -> None:
    last = member.term[1]
    if last is None:
        return
    today = plan.setting.now.date()
    if today > last:
        _tell_once(plan, f"term over {member.handle} {last}", member, "term", over=True, last=last.isoformat())
    elif today >= last - BEFORE_THE_END:
        _tell_once(plan, f"term ends {member.handle} {last}", member, "term", over=False, last=last.isoformat())


def _tell_once(plan: Plan, what: str, member: Member, template: str, **words: object) -> None:
    """Tells the chair; of a term the member, too."""
    if what in plan.book.told:
        return
    plan.book = replace(plan.book, told=(*plan.book.told, what))
    committee = plan.setting.committee
    chair = committee.member(committee.chair or "")
    told = [member] if template == "term" else []
    for reader in (*told, *([chair] if chair is not None and chair not in told else [])):
        plan.write(reader, template, what, {"name": member.name, "own": reader.handle == member.handle, **words})
