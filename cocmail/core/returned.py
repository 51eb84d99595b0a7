"""A delivery report at the return path of a letter: it came back, after a mail server had taken it.

The rule: which letter it was, the signed address alone tells, never the report. Who has a case hears of a letter to
somebody outside, as of one that no server took. Of mail to a member the chair hears once it comes back again and again,
and the admins that there is such a member; nobody hears whose case it was about, nor a word of the report. That nobody
at all got a report, the admins hear at once (`unread`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from cocmail.core import undelivered, unread
from cocmail.core.classify import Reason
from cocmail.core.conflicts import exists_for, may_be_listed
from cocmail.core.effects import Decision, Letter, Note
from cocmail.core.model import Member
from cocmail.core.plan import Plan
from cocmail.core.setting import CameBack, Message, Returned, Setting

# Look-ups: letters that left; reports of a member's mail, by member, and by case and member.
LEFT, OF_MEMBER, OF_CASE = "left", "came-back", "came-back-of-case"
ALARM = "mail-comes-back"

# A mail server gives up after five days at most (RFC 5321, section 4.5.4.1); some wait longer.
REMEMBERED = timedelta(weeks=5)
# One letter may come back for what is in it, three on one day because of one bad hour.
TOLD_FROM = 3
TOLD_AFTER = timedelta(days=1)
COUNTED = timedelta(days=14)
TOLD_AGAIN = timedelta(days=7)
_CODE = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}")


def decide_returned(message: Message, setting: Setting, returned: Returned) -> Decision:
    """What becomes of mail to the return path of a letter that is remembered. It is filed with the letter's case."""
    case = setting.known.cases.get(returned.case_id)
    filed = Decision(Reason.BOUNCE_ADDRESS, case_id=returned.case_id if case is not None else "")
    # The child that read it has read hostile mail: a code goes into the log and into a letter.
    if not _CODE.fullmatch(message.mail.failed):
        return filed
    if returned.person.kind == "member":
        member = setting.committee.member(returned.person.handle)
        # Another mailbox by now, or another person of that handle: it says nothing of that one.
        if member is None or returned.address not in member.addresses:
            return filed
        return _of_member(message.mail.failed, setting, returned, member, filed.case_id)
    letter = Letter(returned.letter, returned.kind, returned.person, "", returned.address, returned.case_id)
    told = undelivered.refused(case, letter, setting, back=True) if case is not None else None
    return _came_back(told, message.mail.failed, returned) if told is not None else filed


def _came_back(told: Decision, code: str, returned: Returned) -> Decision:
    return replace(told, reason=Reason.CAME_BACK, returned=returned.token, code=code)


def _of_member(code: str, setting: Setting, returned: Returned, member: Member, case_id: str) -> Decision:
    plan, now = Plan(setting), setting.now
    own = [each for each in returned.earlier if each.address == returned.address and now - each.at <= COUNTED]
    since = min((each.at for each in own), default=now)
    told = any(each.told and now - each.at <= TOLD_AGAIN for each in own)
    tells = len(own) + 1 >= TOLD_FROM and now - since >= TOLD_AFTER and not told
    note = {"address": returned.address, "at": now.isoformat()}
    about = f"{setting.committee.id} {member.handle}"
    plan.notes.append(Note(OF_MEMBER, about, {**note, "told": tells, "case": returned.case_id}))
    if case_id:
        plan.notes.append(Note(OF_CASE, f"{case_id} {member.handle}", note, case_id))
        unread.came_back(plan, case_id, returned.letter, returned.person, returned.address)
    if tells:
        _tell(plan, member, [*own, CameBack(returned.address, now, case_id=returned.case_id)], code)
        plan.alarms.append(ALARM)
    return _came_back(plan.finish(Reason.CAME_BACK, case_id=case_id), code, returned)


def _tell(plan: Plan, member: Member, every: Sequence[CameBack], code: str) -> None:
    """Who sees to such a thing, or else the others; each of them of that alone which they may know of.

    How many letters there are, and since when, would tell somebody of a case that is kept from them.
    """
    committee = plan.setting.committee
    others = [each for each in committee.members if each != member]
    known = {each.handle: [letter for letter in every if _may_know(plan, each, letter.case_id)] for each in others}
    able = [each for each in others if len(known[each.handle]) >= TOLD_FROM]
    for other in [each for each in able if committee.sees_to(each.handle, member.handle)] or able:
        theirs = known[other.handle]
        words = {"name": member.name, "handle": member.handle, "count": len(theirs), "code": code}
        words["day"] = min(letter.at for letter in theirs).date().isoformat()
        plan.write(other, "comes_back", f"comes-back {member.handle} {plan.setting.now.isoformat()}", words)


def _may_know(plan: Plan, member: Member, case_id: str) -> bool:
    case = plan.cases.get(case_id)
    return not case_id or (case is not None and (may_be_listed(member, case) or exists_for(member, case)))
