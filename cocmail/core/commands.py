"""What tags do. One function a tag; each adds to the plan and returns its line of the receipt.

A line of a receipt is (what happened, the words that the sentence needs); the sentences stand in the receipt's
template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cocmail.core.conflicts import readers
from cocmail.core.events import ConflictDenied, MemberRecused
from cocmail.core.letters import notice
from cocmail.core.model import Member
from cocmail.core.places import complete
from cocmail.core.plan import Plan
from cocmail.core.setting import Message
from cocmail.core.tags import TABLE, Tag

Line = Mapping[str, object]
Command = Callable[[Plan, Message, str, Member, Tag], Line]


def recuse(plan: Plan, message: Message, case_id: str, member: Member, tag: Tag) -> Line:
    """Access ends now: queued mail is cancelled in the same transaction, the others are told, places are filled."""
    committee = plan.setting.committee
    kinds = committee.policy["conflict.kinds"]
    kind = tag.arguments[0] if tag.arguments else ""
    distinguished = isinstance(kinds, tuple) and kind in kinds
    plan.add(case_id, MemberRecused(member.handle, kind if distinguished else ""))
    plan.bar(case_id, member.handle)
    complete(plan, case_id)
    for reader in readers(committee, plan.cases[case_id]):
        plan.letters.append(
            notice(committee, plan.cases[case_id], reader, f"recused {member.handle}", "recused", {"name": member.name})
        )
    asked_back = _who_can_undo(plan, member)
    return {
        "outcome": "recused",
        "case_name": plan.cases[case_id].code_name,
        "others": bool(readers(committee, plan.cases[case_id])),
        "kind": kind,
        "distinguished": distinguished or not kind,
        "discarded": discards_reason(plan),
        "undo_name": asked_back.name if asked_back else "",
        "undo_address": asked_back.email if asked_back else "",
    }


def discards_reason(plan: Plan) -> bool:
    """Whether what stands beside `#recuse` must not be kept (contract, section 5; domain R20)."""
    return plan.setting.committee.policy["conflict.reason"] != "required"


def _who_can_undo(plan: Plan, member: Member) -> Member | None:
    """The chair; where the chair is the one who withdrew, the first other member."""
    committee = plan.setting.committee
    chair = committee.member(committee.chair) if committee.chair else None
    if chair is not None and chair.handle != member.handle:
        return chair
    return next((other for other in committee.members if other.handle != member.handle), None)


def clear(plan: Plan, message: Message, case_id: str, member: Member, tag: Tag) -> Line:
    """States that there is no conflict. Saying it again changes nothing."""
    before = plan.cases[case_id].members[member.handle]
    if before.stated_clear:
        return {"outcome": "clear-again"}
    plan.add(case_id, ConflictDenied(member.handle))
    return {"outcome": "clear"}


def help_(plan: Plan, message: Message, case_id: str, member: Member, tag: Tag) -> Line:
    """The table of tags, as it is."""
    rows = [{"form": row.form, "help": row.help, "name": row.name, "needs_case": row.needs_case} for row in TABLE]
    return {"outcome": "help", "rows": rows}


COMMANDS: dict[str, Command] = {"recuse": recuse, "clear": clear, "help": help_}
