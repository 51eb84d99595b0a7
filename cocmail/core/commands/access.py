"""`#clear`, `#recuse` and `#unrecuse`: a member's own access to a case."""

from __future__ import annotations

from cocmail.core import checks, losses, sealed
from cocmail.core.access import STEPPED_BACK, Access, Level, Standing
from cocmail.core.case import Case
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.conflicts import is_asked, level_of, readers
from cocmail.core.deadlines import minute
from cocmail.core.events import ConflictDenied, ConflictStated, MemberRecused, PartiesShown
from cocmail.core.letters import to_reader
from cocmail.core.lifecycle import State
from cocmail.core.model import Committee, Member
from cocmail.core.motions import CONFLICT
from cocmail.core.places import bring_in, tell
from cocmail.core.questions import close, open_question
from cocmail.core.screening import is_named
from cocmail.core.vacancies import complete

FROM_OUTSIDE = frozenset({"report", "follow-up"})


def clear(call: Call) -> Line:
    """States that there is no conflict. Who was asked gets access by it; said again it changes nothing."""
    if call.tag.argument("number"):
        return _clear_numbered(call)
    if call.case.proceedings.state is State.ESCROWED:
        return refuse("still-sealed", tag=str(call.tag))
    if is_asked(call.member, call.case):
        return _let_in(call)
    if level_of(call.member, call.case) < Level.FULL:
        return refuse("limited", tag=str(call.tag))
    if call.case.members[call.member.handle].stated_clear:
        return unchanged("clear-again", undo="#recuse")
    call.plan.add(call.case_id, ConflictDenied(call.member.handle))
    return done("clear", undo="#recuse")


def _clear_numbered(call: Call) -> Line:
    """One case of the list of names that a new member was sent: that one alone is opened."""
    number = int(call.tag.argument("number"))
    for case_id, case in call.plan.cases.items():
        if is_asked(call.member, case) and case.members[call.member.handle].number == number:
            chosen = Call(call.plan, call.message, case_id, call.member, call.tag)
            if not call.message.unread.isdisjoint(entry.id for entry in case.entries):
                return refuse("thread-unread")
            return _let_in(chosen) if _is_not_in_it(chosen) else refuse("no-such-number", number=number)
    return refuse("no-such-number", number=number)


def _is_not_in_it(call: Call) -> bool:
    """Whether nothing that was written in the case names the new member, for whom nobody could look before."""
    thread = call.message.thread
    texts = [thread.get(entry.id) for entry in call.case.entries]
    return all(text is not None and not is_named(call.member, text) for text in texts)


def _let_in(call: Call) -> Line:
    plan, member, case_id = call.plan, call.member, call.case_id
    if checks.has_second_step(call.case, member.handle):
        plan.add(case_id, PartiesShown(member.handle))
        checks.send(plan, case_id, member)
        return done("clear-first")
    plan.add(case_id, ConflictDenied(member.handle))
    # A new member reads what was reported, and the document; not the others' talk from before their time.
    new = call.case.members[member.handle].number > 0
    why, only = ("onboarding", FROM_OUTSIDE) if new else ("clear", frozenset[str]())
    bring_in(plan, case_id, member, why, only=only)
    if new:
        plan.letters.append(to_reader(call.committee, call.case, member, "document", call.message.id, {}))
    call.tell_others("cleared")
    complete(plan, case_id)
    return done("cleared", case_name=call.case.code_name, undo="#recuse")


def recuse(call: Call) -> Line:
    """Access ends now: queued mail is cancelled in the same transaction, the others are told, places are filled.

    An open ballot goes with it, and open questions are counted without this member. Where the procedure wants the
    conflict in writing, the others are asked to confirm it (CNCF, "Procedures to disclose and confirm conflicts").
    """
    plan, committee, member = call.plan, call.committee, call.member
    before = call.case.members[member.handle]
    kind, distinguished = _kind(call, before)
    if before.standing is Standing.RECUSED and not _says_more(call, kind, before):
        return unchanged("recused-again", wanted=wants_statement(committee) and not _has_stated(call.case, member))
    voting = [motion.label for motion in call.case.proceedings.open_motions if motion.about != member.handle]
    fresh = before.standing is not Standing.RECUSED
    plan.add(call.case_id, MemberRecused(member.handle, kind))
    if fresh:
        plan.bar(call.case_id, member.handle)
    stated = _state(call, kind)
    complete(plan, call.case_id)
    sealed.ask_next(plan, call.case_id)
    if fresh:
        _tell_others(call, before, voting=voting, stated=kind if stated else "")
    elif stated:
        return done("stated", kind=kind, question=stated)
    return done(
        "recused" if before.had else "recused-unread",
        case_name=call.case.code_name,
        others=bool(readers(committee, call.case)),
        voting=voting,
        distinguished=distinguished,
        discarded=discards_reason(committee) and bool(call.text),
        kind=kind,
        question=stated,
        wanted=wants_statement(committee) and not _has_stated(call.case, member),
        undo="#unrecuse" if before.had and not wants_statement(committee) else "",
    )


def _tell_others(call: Call, before: Access, *, voting: list[str], stated: str) -> None:
    words = {"name": call.member.name, "voting": voting, "read": before.had, "stated": stated}
    words |= losses.of_owners(call.plan, call.case_id)
    about = f"recused {call.member.handle} {len(call.case.proceedings.motions)}"
    tell(call.plan, call.case_id, about, "recused", words)


def _kind(call: Call, before: Access) -> tuple[str, bool]:
    """(the kind of conflict that counts, whether what was said could be told apart).

    A second soft conflict in one case is a hard one, where the procedure says so (CNCF, "Conflicts of Interest").
    """
    kinds = call.committee.policy["conflict.kinds"]
    said = call.tag.argument("word")
    known = isinstance(kinds, tuple) and said in kinds
    if known and before.standing is Standing.RECUSED and before.conflict == "hard":
        return "hard", True
    if not known:
        return before.conflict if before.standing is Standing.RECUSED else "", not said
    twice = said == "soft" and any(
        each.handle == call.member.handle and each.conflict == "soft" for each in call.case.statements
    )
    if twice and call.committee.policy.get("conflict.multiple_soft_is_hard") is True:
        return "hard", True
    return said, True


def _says_more(call: Call, kind: str, before: Access) -> bool:
    """Whether somebody who is out already says something that the procedure still wants, or a second conflict."""
    if not (wants_statement(call.committee) and call.tag.argument("word") and call.text):
        return False
    said = {each.conflict for each in call.case.statements if each.handle == call.member.handle}
    return kind not in said and before.conflict != "forced"


def _state(call: Call, kind: str) -> str:
    """Puts the statement on record and asks the others to confirm it; the question's label, or ""."""
    plan, committee, case_id, handle = call.plan, call.committee, call.case_id, call.member.handle
    if not (wants_statement(committee) and kind and call.text):
        return ""
    plan.add(case_id, ConflictStated(handle, kind, call.text, call.at))
    for motion in call.case.proceedings.asked_about(handle):
        close(plan, case_id, motion.number, why="replaced", cancelled=True)
    if committee.policy.get("conflict.confirm") != "majority" or not readers(committee, call.case):
        return ""
    said = {"about": handle, "asks": f"confirm-{kind}", "text": call.text}
    return open_question(plan, case_id, handle, CONFLICT, said).label


def wants_statement(committee: Committee) -> bool:
    """Whether a conflict has to be stated with its kind and area."""
    return committee.policy["conflict.reason"] == "required"


def _has_stated(case: Case, member: Member) -> bool:
    return any(each.handle == member.handle for each in case.statements)


def discards_reason(committee: Committee) -> bool:
    """Whether what stands beside `#recuse` must not be kept (contract, section 5; domain R20)."""
    return not wants_statement(committee)


def unrecuse(call: Call) -> Line:
    """Asks the others to let this member back in. Who still has the case has nothing to ask for."""
    plan, case, handle = call.plan, call.case, call.member.handle
    place = case.members[handle]
    if place.standing not in STEPPED_BACK:
        return unchanged("not-out")
    if place.conflict == "forced":
        return refuse("was-forced")
    if case.proceedings.asked_about(handle):
        return unchanged("asked-back-already")
    if not readers(call.committee, case):
        return refuse("nobody-to-ask")
    before = [motion for motion in case.proceedings.motions if motion.asks == "restore" and motion.about == handle]
    if any(motion.result == "failed" for motion in before):
        return refuse("asked-back-before")
    said = {"about": handle, "asks": "restore"}
    opened = open_question(plan, call.case_id, handle, CONFLICT, said)
    return done("asked-back", ends=minute(opened.ends))
