"""Mail that goes round: through too many servers, or as a program's answers to our answers in a member's name.

The rule: nobody is silenced for good, and no report is lost by it; it only ends what no person does.
"""

from __future__ import annotations

from dataclasses import replace

from cocmail.core import subjects
from cocmail.core.asking import send_receipt
from cocmail.core.classify import Reason, is_looping
from cocmail.core.effects import Decision
from cocmail.core.model import Committee, member_person
from cocmail.core.plan import Plan
from cocmail.core.setting import Grant, Message, Setting, author_of

# Counters of a day: looping mail; the same words of a member. No person writes them so often, and no case needs it.
LOOPS, SAID = "loops", "said"
SAID_A_DAY = 10


def own_words_of_member(message: Message, setting: Setting) -> str:
    """Whose words they are and which, where they come from a member's address and use no tag; else ""."""
    mail, known = message.mail, setting.known
    if author_of(message, setting.committee) is None or known.confirmed is not None:
        return ""
    if message.wanted.confirm or subjects.tag_names(mail.subject) or not mail.text.strip():
        return ""
    return said_by(message, setting.committee, known.grant)


def said_by(message: Message, committee: Committee, grant: Grant | None) -> str:
    """What is counted of the same words from the same address; "" where it is nobody's.

    What anybody could have written in a member's name is counted on its own: it must not use up what they may say.
    """
    mail, member = message.mail, author_of(message, committee)
    if member is None:
        return ""
    authors = mail.from_addresses
    own = message.proof.address == authors[0] or (grant is not None and grant.person == member_person(member.handle))
    return f"{committee.id} {authors[0]} {mail.body_digest}" + ("" if own else " unproven")


def is_said_too_often(setting: Setting) -> bool:
    """Whether these words of a member came so often today that no person can have sent them."""
    return setting.known.counts.get(SAID, 0) >= SAID_A_DAY


def filed(message: Message, setting: Setting, words: str) -> Decision:
    """They are kept and passed to nobody. The member is told so once a day, if it may have been the member."""
    plan, member = Plan(setting), author_of(message, setting.committee)
    if setting.known.counts.get(SAID, 0) == SAID_A_DAY and member is not None and not words.endswith(" unproven"):
        send_receipt(plan, message, member, None, [{"outcome": "said-too-often", "often": SAID_A_DAY}])
    plan.counted += ((SAID, words),)
    return plan.finish(Reason.AUTO_REPLY)


def counted_and_alarmed(decision: Decision, message: Message, setting: Setting, words: str) -> Decision:
    """Counts a member's words; and once a day the admins hear that mail goes round in a circle."""
    if words:
        decision = replace(decision, counted=(*decision.counted, (SAID, words)))
    if not is_looping(message.mail) or setting.known.counts.get(LOOPS, 0):
        return decision
    return replace(decision, alarms=(*decision.alarms, "loop"), counted=(*decision.counted, (LOOPS, "")))
