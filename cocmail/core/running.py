"""Running a proven member's tags: all of a mail or nothing, and one receipt (contract, section 5).

Who may and when is read off the tag table; what a tag does stands in `commands`. `#recuse` alone takes effect whatever
else is wrong: to withdraw is the safe direction.
"""

from __future__ import annotations

from cocmail.core import subjects
from cocmail.core.access import Level
from cocmail.core.asking import ask, asked_question, send_receipt
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.commands import COMMANDS
from cocmail.core.commands.access import discards_reason
from cocmail.core.commands.call import Call, Line, refuse
from cocmail.core.commands.procedure import never
from cocmail.core.commands.record import LONGEST
from cocmail.core.conflicts import is_asked, is_challenged, level_of, voters
from cocmail.core.copied import warn_of_copies
from cocmail.core.effects import Decision, Note
from cocmail.core.lifecycle import EARLY, MOVES, Move, State
from cocmail.core.measures import lets_anybody
from cocmail.core.model import Member, member_person
from cocmail.core.opening import file_entry
from cocmail.core.ownwords import own_words
from cocmail.core.places import watchers
from cocmail.core.plan import Plan
from cocmail.core.setting import Message, Setting
from cocmail.core.signature import TagRow
from cocmail.core.subjects import Subject
from cocmail.core.tags import ROWS, TABLE, Tag
from cocmail.core.unread import heard_of
from cocmail.core.vacancies import complete

_RECUSALS = frozenset({"recused", "recused-unread", "recused-again", "stated"})


def run(
    message: Message, setting: Setting, member: Member, case: Case | None, subject: Subject, visible: dict[str, Case]
) -> Decision:
    """Run what was understood, or nothing (rule 2); one receipt for it all (rule 8).

    `case` is the one that the mail belongs to, `visible` are those at hand that exist for this member.
    """
    plan = Plan(setting)
    if subject.problems:
        return _refuse_unclear(plan, message, member, case, subject, visible)
    if case is None and any(tag.needs_case for tag in subject.tags):
        send_receipt(plan, message, member, None, [{"outcome": "no-such-case"}])
        return plan.finish(Reason.NO_SUCH_CASE)
    text = own_words(message.mail.text)
    case_id = case.id if case is not None else ""
    lines = [_perform(_call(plan, message, case_id, member, tag, subject, text)) for tag in subject.tags]
    refused = [line for line in lines if line.get("refused")]
    if refused:
        return _refuse(message, setting, member, case, refused)
    asked = [line for line in lines if line.get("confirm")]
    if asked:
        final = not all(line.get("undo") for line in asked)
        return ask(message, setting, member, case, Reason.HELD_FINAL, subject, proven=True, final=final)
    _remember(plan, message, case_id, member, tuple(map(str, subject.tags)))
    if case_id:
        heard_of(plan, case_id, member)
    home = plan.opened or case_id
    recorded = bool(text) and any(tag.is_recorded for tag in subject.tags)
    if home and recorded and all(entry.id != message.id for entry in plan.cases[home].entries):
        # Part of the case like any other text: who is named in it is let in by nothing, and who steps in later gets it.
        nobody_to_wait_for = file_entry(plan, message, home, member_person(member.handle), "record")
        if nobody_to_wait_for:
            complete(plan, home)
    beside = bool(text) and not any(ROWS[tag.name].takes_text for tag in subject.tags)
    return _finish(plan, message, member, case, lines, beside=beside)


def _call(plan: Plan, message: Message, case_id: str, member: Member, tag: Tag, subject: Subject, text: str) -> Call:
    answered = next((reference.label for reference in plan.setting.known.references if reference.label), "")
    confirmed = plan.setting.known.confirmed
    # What was asked about is what runs, whatever has been opened or closed since.
    asked = asked_question(confirmed.command) if confirmed is not None else ""
    question = asked or answered.lower() or subject.question
    came = confirmed.answered_at if confirmed is not None else message.came(plan.setting.now)
    return Call(plan, message, case_id, member, tag, text, question, confirmed is not None, came or plan.setting.now)


def _perform(call: Call) -> Line:
    """One tag: what the table says of it first, then what it does."""
    row = ROWS[call.tag.name]
    barred = _not_allowed(row, call) if call.tag.needs_case else None
    if barred is not None:
        return barred
    if row.takes_text and not row.optional_text and not call.text:
        return refuse("no-text", tag=str(call.tag))
    if row.takes_text and not row.any_length and len(call.text) > LONGEST:
        return refuse("too-long", limit=LONGEST)
    line = {"tag": str(call.tag), **COMMANDS[row.name](call)}
    settled = call.confirmed or any(line.get(word) for word in ("refused", "unchanged", "taken_back"))
    return {**line, "confirm": True} if row.irreversible and not settled else line


def _not_allowed(row: TagRow, call: Call) -> Line | None:
    """Why this member cannot use a tag in this case now, or None."""
    done = call.case.proceedings
    if row.who == "acting" and lets_anybody(call.committee, call.case, row.name):
        # Nothing stands in the way of who protects somebody, not the doubt of the others either.
        return None
    if row.who == "asked" and is_asked(call.member, call.case) and done.state in row.states:
        # Whoever was asked about it has nothing of the case, and what they can say is their own.
        return None
    if row.who != "member" and is_challenged(call.case, call.member.handle):
        return refuse("paused-now", tag=str(call.tag))
    votes = row.who == "eligible" and call.member in voters(call.committee, call.case)
    if row.who != "member" and not votes and level_of(call.member, call.case) < Level.FULL:
        return refuse("limited", tag=str(call.tag))
    if done.state not in row.states:
        return refuse("wrong-state", tag=str(call.tag), state=done.state.value)
    owns = done.is_owner(call.member.handle)
    if row.who == "owner" and not owns:
        names = [member.name for member in call.others if done.is_owner(member.handle)]
        return refuse("not-owner", tag=str(call.tag), names=names)
    watching = watchers(call.plan, call.case_id) if row.who == "triage" else []
    if row.who == "triage" and not owns and call.member not in watching:
        return refuse("not-triage", tag=str(call.tag), names=[member.name for member in watching])
    barred = never(call.committee, call.case, row.name)
    return {"tag": str(call.tag), **barred} if barred is not None else None


def possible(plan: Plan, message: Message, case: Case, member: Member) -> list[str]:
    """The tags that this member can use in that case now: none that would be refused whatever stands behind it."""
    if level_of(member, case) < Level.FULL:
        return ["#clear", "#recuse"] if is_asked(member, case) else ["#recuse", "#unrecuse"]
    fitting = (row for row in TABLE if row.needs_case and _fits(row, case, member))
    calls = {row: Call(plan, message, case.id, member, Tag(row.name)) for row in fitting}
    return [f"#{row.name}" for row, call in calls.items() if _not_allowed(row, call) is None]


def _fits(row: TagRow, case: Case, member: Member) -> bool:
    """Whether a tag that is allowed is of any use."""
    done = case.proceedings
    needs = {
        "vote": bool(done.open_motions),
        "withdraw": any(motion.mover == member.handle for motion in done.open_motions),
        "send": any(draft.sent_at is None for draft in done.drafts),
        "optout": not done.opted_out,
        "optin": done.opted_out,
        "reopen": (done.state, Move.REOPEN) in MOVES,
        "resolve": done.state is State.DECIDED,
        "notreport": done.state is State.OPEN or done.state in EARLY,
        "unrecuse": False,
        "keep": done.erasure is not None,
        "object": any(motion.objections is not None for motion in done.open_motions),
    }
    return needs.get(row.name, True)


def _refuse(message: Message, setting: Setting, member: Member, case: Case | None, lines: list[Line]) -> Decision:
    """One tag that cannot run stops all of them; nothing of the mail is passed on."""
    plan = Plan(setting)
    fitting = possible(plan, message, case, member) if case is not None else []
    send_receipt(plan, message, member, case, lines, possible=fitting)
    warn_of_copies(plan, message, case.id if case is not None else "", member)
    return plan.finish(Reason.REFUSED, case_id=case.id if case is not None else "")


def _refuse_unclear(
    plan: Plan, message: Message, member: Member, case: Case | None, subject: Subject, visible: dict[str, Case]
) -> Decision:
    """Nothing runs and nothing is passed on, but for `#recuse`."""
    lines: list[Line] = [
        {
            "outcome": problem.kind,
            "refused": True,
            "about": problem.about,
            "nearest": problem.nearest,
            "form": problem.form,
        }
        for problem in subject.problems
    ]
    named = [found.id for found in visible.values() if found.code_name in subject.names]
    leaving = dict.fromkeys([*([case.id] if case else []), *named])
    if not leaving or not subjects.wants_recusal(message.mail.subject):
        return _refuse(message, plan.setting, member, case, lines)
    tag = next((found for found in subject.tags if found.name == "recuse"), Tag("recuse"))
    for case_id in leaving:
        _remember(plan, message, case_id, member, ("#recuse",))
        call = Call(plan, message, case_id, member, tag, own_words(message.mail.text), came=plan.setting.now)
        lines.append({"tag": str(tag), **COMMANDS["recuse"](call)})
    return _finish(plan, message, member, case or plan.cases[next(iter(leaving))], lines)


def _remember(plan: Plan, message: Message, case_id: str, member: Member, written: tuple[str, ...]) -> None:
    """Remember which tags stood in this message's Subject, so that an answer to it does not repeat them (rule 3)."""
    if message.mail.message_id and case_id:
        note = {"kind": "command", "person": str(member_person(member.handle)), "tags": list(written)}
        plan.notes.append(Note("message-id", message.mail.message_id, note, case_id))


def _finish(
    plan: Plan, message: Message, member: Member, case: Case | None, lines: list[Line], *, beside: bool = False
) -> Decision:
    outcomes = {line.get("outcome") for line in lines}
    send_receipt(plan, message, member, case, lines, beside=beside and "recused" not in outcomes)
    warn_of_copies(plan, message, case.id if case is not None else "", member)
    recused = _RECUSALS & outcomes and discards_reason(plan.setting.committee)
    # What is said outside of any case is not kept either (contract, section 5, `#committee`).
    state = "discarded" if recused or "committee" in outcomes else "filed"
    return plan.finish(Reason.COMMAND, state=state, case_id=plan.opened or (case.id if case is not None else ""))
