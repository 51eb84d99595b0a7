"""Mail that goes round: through too many servers, or as a program's answers to our answers in a member's name.

The rule: nobody is silenced for good, and no report is lost by it; it only ends what no person does.
"""

from __future__ import annotations

from dataclasses import replace

from cocmail.core import subjects
from cocmail.core.classify import is_looping
from cocmail.core.effects import Decision
from cocmail.core.model import Committee
from cocmail.core.setting import Message, Setting

# Counters of a day: looping mail; the same words of a member. No person writes them so often, and no case needs it.
LOOPS, SAID = "loops", "said"
SAID_A_DAY = 10


def own_words_of_member(message: Message, setting: Setting) -> str:
    """Whose words they are and which, where they come from a member's address and use no tag; else ""."""
    mail, authors = message.mail, message.mail.from_addresses
    if len(authors) != 1 or setting.committee.member_at(authors[0]) is None or setting.known.confirmed is not None:
        return ""
    if message.wanted.confirm or subjects.tag_names(mail.subject) or not mail.text.strip():
        return ""
    return said_by(setting.committee, authors[0], mail.body_digest)


def said_by(committee: Committee, address: str, digest: str) -> str:
    """What is counted of the same words from the same address."""
    return f"{committee.id} {address} {digest}"


def is_said_too_often(setting: Setting) -> bool:
    """Whether these words of a member came so often today that no person can have sent them."""
    return setting.known.counts.get(SAID, 0) >= SAID_A_DAY


def counted_and_alarmed(decision: Decision, message: Message, setting: Setting, words: str) -> Decision:
    """Counts a member's words; and once a day the admins hear that mail goes round in a circle."""
    if words:
        decision = replace(decision, counted=(*decision.counted, (SAID, words)))
    if not is_looping(message.mail) or setting.known.counts.get(LOOPS, 0):
        return decision
    return replace(decision, alarms=(*decision.alarms, "loop"), counted=(*decision.counted, (LOOPS, "")))
