"""Copies of a member's mail that its mail program sent by itself, past us, to others in To or Cc.

They cannot be stopped. Their author alone is told, at the registered address, what kind of people they may have
reached, and what to do about it; no address is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cocmail.core.access import Level
from cocmail.core.conflicts import is_challenged, level_of
from cocmail.core.letters import notice
from cocmail.core.model import REPORTER, Member

if TYPE_CHECKING:
    from cocmail.core.case import Case
    from cocmail.core.plan import Plan
    from cocmail.core.setting import Message


def warn_of_copies(plan: Plan, message: Message, case_id: str, author: Member, *, kept_from: str = "") -> None:
    """A notice to the author of a proven mail in a case that was also addressed to somebody who must not have it.

    `kept_from` is the member whom its words are about. By the case as it was before the mail: what a tag did to
    somebody's access is told by nothing. Who has not got report and talk learns nothing of who else is in the case.
    """
    case = plan.setting.known.cases.get(case_id)
    # Nor does who has just withdrawn: nothing of a case may wait for them.
    if case is None or min(level_of(author, each) for each in (case, plan.cases[case_id])) < Level.DISCUSS:
        return
    words = _reached(plan, message, case, author, kept_from)
    if any(words.values()):
        letter = notice(plan.setting.committee, case, author, message.id, "copied", words, Level.DISCUSS)
        plan.letters.append(letter)


def _reached(plan: Plan, message: Message, case: Case, author: Member, kept_from: str) -> Mapping[str, int]:
    """How many of each kind stand beside us: `reporter`, `count` of members who must not see it now, `outside`.

    Whose unproven `#recuse` is being asked about counts as before: nobody else may learn of that.
    """
    committee = plan.setting.committee
    # Of an anonymous report one member knows who it was: to the others, and to a guess, that is anybody outside.
    reporters = frozenset[str]() if case.anonymous else case.given.get(str(REPORTER), frozenset())
    if case.reporter is not None and not case.anonymous:
        reporters |= {case.reporter.address}
    reached: dict[str, set[str]] = {"reporter": set(), "count": set(), "outside": set()}
    for address in set(message.mail.to) - author.addresses:
        member = committee.member_at(address)
        if committee.owns(address):
            continue
        if member is None:
            reached["reporter" if address in reporters else "outside"].add(address)
        elif member.handle == kept_from or is_challenged(case, member.handle) or level_of(member, case) < Level.DISCUSS:
            reached["count"].add(member.handle)
    return {kind: len(found) for kind, found in reached.items()}
