"""Asking a member at their registered address: the confirm round, and receipts (contract, section 5, rules 5 and 8).

What a question is about stays held and is passed to nobody. Mail to the one-use address of the question releases it; a
plain reply to the question means "not me".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cocmail.core import subjects
from cocmail.core.automatic import may_be_a_programs
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.commands.call import Line
from cocmail.core.conflicts import exists_for
from cocmail.core.deadlines import minute
from cocmail.core.effects import Decision, Note
from cocmail.core.events import MemberPaused, MemberResumed
from cocmail.core.letters import to_member
from cocmail.core.model import Member, Person, member_person
from cocmail.core.ownwords import own_words
from cocmail.core.plan import Plan
from cocmail.core.setting import Grant, Message, Setting
from cocmail.core.subjects import Subject
from cocmail.core.tags import ROWS, Tag

CONFIRM_FOR = timedelta(hours=24)
CONFIRMS_A_DAY = 5
# What the receipt asks of every line.
_LINE: Line = {"tag": "", "undo": "", "refused": False}


def hold(
    message: Message, setting: Setting, member: Member, case: Case | None, grant: Grant | None, subject: Subject
) -> Decision:
    """Not proven, or maybe a program's: nothing runs, nothing is passed on, the registered address is asked.

    An unproven `#recuse` that carries the member's live token delays that member's mail of the case meanwhile.
    """
    authors = message.mail.from_addresses
    other = len(authors) != 1 or authors[0] not in member.addresses
    if case is None and grant is not None:
        case = setting.known.cases.get(grant.case_id)
    reason = Reason.HELD_OTHER_ADDRESS if other else Reason.HELD_UNPROVEN
    pause = grant is not None and case is not None and subjects.wants_recusal(message.mail.subject)
    return ask(message, setting, member, case, reason, subject, pause=pause)


def ask(
    message: Message,
    setting: Setting,
    member: Member,
    case: Case | None,
    reason: Reason,
    subject: Subject,
    *,
    pause: bool = False,
    proven: bool = False,
    final: bool = False,
) -> Decision:
    """Hold the message and open a confirm round, `final` where no tag undoes it: one a member and command, five a day.

    Beyond that it is held in silence, since the sender may be anybody; who is `proven` is told.
    """
    plan = Plan(setting)
    case_id = case.id if case else ""
    command = _command(message, setting, case, subject)
    # Once, until it is answered: else forged mail could keep a member from a case for ever.
    access = case.members.get(member.handle) if case is not None else None
    pause = pause and access is not None and access.paused_until is None
    if pause:
        plan.add(case_id, MemberPaused(member.handle, (setting.now + CONFIRM_FOR).isoformat()))
    known = setting.known
    alike = (other for other in known.questions if (other.command, other.case_id) == (command, case_id))
    open_already = any(not other.spent and setting.now < other.expires for other in alike)
    counter = budget(known.grant is not None, proven)
    counted = known.counts.get(counter, 0)
    spent = counted >= CONFIRMS_A_DAY
    if proven and (open_already or spent):
        outcome = "asked-already" if open_already else "asked-enough"
        send_receipt(plan, message, member, case, [{"outcome": outcome, "refused": True}])
        return plan.finish(Reason.REFUSED, case_id=case_id)
    if not open_already and not spent:
        words = {"reason": reason.value, "paused": pause, "last": counted + 1 == CONFIRMS_A_DAY, "final": final}
        _put_question(plan, message, member, case, command, words, subject)
        plan.counted.append((counter, f"{setting.committee.id} {member.handle}"))
    return plan.finish(reason, state="held", case_id=case_id)


def budget(has_token: bool, proven: bool) -> str:
    """The counter of a question: who can only write a member's address must not use up what that member needs."""
    if proven:
        return "confirm-proven"
    return "confirm-token" if has_token else "confirm"


def _command(message: Message, setting: Setting, case: Case | None, subject: Subject) -> str:
    """What tells one question from another: the tags, with the text where it is the matter itself."""
    if not subject.commands:
        return f"mail {message.id}"
    if not subject.tags:
        return "unclear"
    with_text = any(ROWS[tag.name].takes_text and tag.name != "recuse" for tag in subject.tags)
    shown = written(setting, case, subject)
    return f"{shown} {message.mail.body_digest}" if with_text else shown


def written(setting: Setting, case: Case | None, subject: Subject) -> str:
    """The tags as they would run: a ballot with the question that it is meant for."""
    return " ".join(_with_question(setting, case, subject, tag) for tag in subject.tags)


def _with_question(setting: Setting, case: Case | None, subject: Subject, tag: Tag) -> str:
    if tag.name != "vote" or tag.argument("question"):
        return str(tag)
    answered = next((reference.label for reference in setting.known.references if reference.label), "")
    question = answered.lower() or subject.question
    open_now = case.proceedings.open_motions if case is not None else ()
    if not question and len(open_now) == 1:
        question = open_now[0].label.lower()
    return " ".join(filter(None, ("#vote", question, *tag.arguments)))


def asked_question(command: str) -> str:
    """The question (q1) that a confirmed ballot was asked about, or ""."""
    words = command.split()
    return words[1] if words[:1] == ["#vote"] and len(words) > 2 and re.fullmatch(r"q[0-9]+", words[1]) else ""


def _has_matter(message: Message, subject: Subject) -> bool:
    """Whether the mail's text is what would run or be passed on. What stands beside `#recuse` is not looked at."""
    if subjects.wants_recusal(message.mail.subject):
        return False
    return not subject.commands or any(ROWS[tag.name].takes_text for tag in subject.tags)


def _put_question(
    plan: Plan, message: Message, member: Member, case: Case | None, command: str, words: Line, subject: Subject
) -> None:
    setting = plan.setting
    who = f"{setting.committee.id} {member.handle}"
    address = case.members[member.handle].address or member.email if case is not None else member.email
    expires, case_id = setting.now + CONFIRM_FOR, case.id if case else ""
    token = setting.draw.token("confirm", case_id, command, member.handle, address)
    plan.notes.append(confirm_note(token, message.id, member.handle, command, expires, address, case_id))
    plan.notes.append(Note("question", who, {"token": token}))
    said = {
        "command": written(setting, case, subject),
        "unclear": bool(subject.problems),
        "program": may_be_a_programs(message, steers=subject.commands),
        # Not its text, which may be a stranger's; but two questions must not look alike.
        "came": minute(message.came(setting.now)),
        "length": len(own_words(message.mail.text).split()) if _has_matter(message, subject) else 0,
        **words,
    }
    reply = case.token_of(member_person(member.handle)) if case else plan.issue_unbound(member)
    plan.letters.append(
        to_member(
            setting.committee, member, "confirm", message.id, message.mail,
            case=case, token=reply, words=said, question=token,
        )
    )  # fmt: skip


def confirm_note(
    token: str, entry: str, handle: str, command: str, expires: datetime, address: str, case_id: str = ""
) -> Note:
    """What the store keeps of a one-use address: who was told it, where, and what mail to it does."""
    note = {
        "entry": entry,
        "handle": handle,
        "command": command,
        "expires": expires.isoformat(),
        "spent": False,
        "address": address,
    }
    return Note("confirm", token, note, case_id)


def says_not_me(message: Message, setting: Setting, member: Member) -> Decision | None:
    """A plain reply to a confirm mail runs nothing and counts as "not me": its question is spent, a pause ends."""
    asked = next((ref.question for ref in setting.known.references if ref.question), "")
    authors = message.mail.from_addresses
    if not asked or len(authors) != 1 or authors[0] not in member.addresses or message.proof.is_forged:
        return None
    plan = Plan(setting)
    plan.spent.append(asked)
    question = next((open_ for open_ in setting.known.questions if open_.token == asked), None)
    case = plan.cases.get(question.case_id) if question else None
    if case is not None and member.handle in case.members:
        plan.add(case.id, MemberResumed(member.handle))
        plan.unbar(case.id, member.handle)
    has_case = case is not None and exists_for(member, case)
    send_receipt(plan, message, member, case if has_case else None, [{"outcome": "not-me", "late": question is None}])
    return plan.finish(Reason.NOT_ME)


def send_receipt(
    plan: Plan,
    message: Message,
    member: Member,
    case: Case | None,
    lines: Sequence[Line],
    *,
    possible: Sequence[str] = (),
    beside: bool = False,
) -> None:
    """One receipt to the registered address, also to somebody whose access has just ended.

    `possible` are the tags that could be used instead; `beside`: the mail held a text that no tag asked for.
    """
    words = {"lines": [{**_LINE, **line} for line in lines], "possible": list(possible), "beside": beside}
    known = case is not None and case.id in plan.cases
    token = case.token_of(member_person(member.handle)) if case is not None and known else plan.issue_unbound(member)
    receipt = to_member(
        plan.setting.committee, member, "receipt", message.id, message.mail,
        case=case, token=token, words=words,
    )  # fmt: skip
    # Who has just left is no member any more when this is sent, and is told all the same.
    left = plan.book.has_departed(member)
    plan.letters.append(replace(receipt, to=Person("seat", member.handle)) if left else receipt)
