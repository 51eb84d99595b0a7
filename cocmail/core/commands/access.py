"""`#clear` and `#recuse`: a member's own access to a case."""

from __future__ import annotations

from cocmail.core.commands.call import Call, Line, done, unchanged
from cocmail.core.conflicts import readers
from cocmail.core.events import ConflictDenied, MemberRecused
from cocmail.core.letters import notice
from cocmail.core.model import Committee, Member
from cocmail.core.places import complete


def recuse(call: Call) -> Line:
    """Access ends now: queued mail is cancelled in the same transaction, the others are told, places are filled.

    An open ballot goes with it, and open questions are counted without this member.
    """
    plan, committee, member = call.plan, call.committee, call.member
    kinds = committee.policy["conflict.kinds"]
    kind = call.tag.argument("word")
    distinguished = isinstance(kinds, tuple) and kind in kinds
    owned = call.case.proceedings.is_owner(member.handle)
    voting = [motion.label for motion in call.case.proceedings.open_motions]
    plan.add(call.case_id, MemberRecused(member.handle, kind if distinguished else ""))
    plan.bar(call.case_id, member.handle)
    complete(plan, call.case_id)
    words = {"name": member.name, "owned": owned, "voting": voting}
    for reader in readers(committee, call.case):
        plan.letters.append(notice(committee, call.case, reader, f"recused {member.handle}", "recused", words))
    asked_back = _who_can_undo(call)
    return done(
        "recused",
        case_name=call.case.code_name,
        others=bool(readers(committee, call.case)),
        voting=voting,
        distinguished=distinguished or not kind,
        discarded=discards_reason(committee),
        undo_name=asked_back.name if asked_back else "",
        undo_address=asked_back.email if asked_back else "",
    )


def discards_reason(committee: Committee) -> bool:
    """Whether what stands beside `#recuse` must not be kept (contract, section 5; domain R20)."""
    return committee.policy["conflict.reason"] != "required"


def _who_can_undo(call: Call) -> Member | None:
    """The chair if the chair has the case, else the first member who has it: nobody else may hear that there is one."""
    having = readers(call.committee, call.case)
    chair = next((member for member in having if member.handle == call.committee.chair), None)
    return chair or next(iter(having), None)


def clear(call: Call) -> Line:
    """States that there is no conflict. Saying it again changes nothing."""
    if call.case.members[call.member.handle].stated_clear:
        return unchanged("clear-again", undo="#recuse")
    call.plan.add(call.case_id, ConflictDenied(call.member.handle))
    return done("clear", undo="#recuse")
