"""The acknowledgement: whoever reports is told that it came, and nobody who may be somebody else (contract, section 3,
rule 10; RFC 3834, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cocmail.core import caps, letters
from cocmail.core.automatic import is_bare_answer
from cocmail.core.classify import is_from_robot, is_null_sender, looks_automatic, wants_no_answer
from cocmail.core.effects import Letter, Note
from cocmail.core.model import REPORTER, Committee
from cocmail.core.setting import Message, Setting, author_of, is_trusted

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def answer_address(message: Message, committee: Committee) -> str:
    """Where the reporter can be answered, or "": one From address of a person, not ours."""
    authors = message.mail.from_addresses
    if len(authors) != 1 or is_from_robot(message.mail):
        return ""
    return "" if committee.owns(authors[0]) else authors[0]


def acknowledge_aside(plan: Plan, message: Message) -> None:
    """The sender of a report that is put aside is told that it came, and given a reply address: what they answer to it
    is held back by nothing.
    """
    address = answer_address(message, plan.setting.committee)
    if not address or plan.setting.known.acknowledged or not may_be_answered(message, plan.setting):
        return
    token = plan.setting.draw.token("", str(REPORTER), address)
    plan.notes.append(Note("token", token, {"person": str(REPORTER), "address": address}))
    plan.notes.append(Note("acknowledged", message.id, {"token": token}))
    write(plan, message, address, "", token, {"waiting": True})


def may_be_answered(message: Message, setting: Setting) -> bool:
    """Not a program, nor who may be somebody else; and spam only once a member has opened it."""
    mail, opened = message.mail, setting.known.confirmed is not None
    suspect = is_null_sender(mail, message.envelope) or (message.proof.spam and not opened)
    return not (
        suspect or looks_automatic(mail) or is_bare_answer(mail) or wants_no_answer(mail) or message.proof.is_forged
    )


def write(plan: Plan, message: Message, address: str, case_id: str, token: str, words: Mapping[str, object]) -> None:
    """The letter itself, to leave when there is room for it."""
    committee, mail = plan.setting.committee, message.mail
    due = plan.setting.known.acknowledge_at or plan.setting.now
    sender = caps.of_sender(committee.id, address, due, proven=is_trusted(message))
    plan.counted += [(caps.SENDER, sender), (caps.HOUR, caps.of_hour(due))]
    usual = dict.fromkeys(("escrowed", "unreached", "handed", "one", "waiting"), False)
    known = {
        "may_be_sealed": committee.policy.get("reporter.escrow") is True,
        # Who meant to talk to the others learns that they have reported.
        "as_member": author_of(message, committee) is not None,
    }
    plan.letters.append(
        Letter(
            id=letters.letter_id(case_id, message.id, "ack"),
            kind="ack",
            to=REPORTER,
            template="ack",
            address=address,
            case_id=case_id,
            token=token,
            in_reply_to=mail.message_id,
            references=(*mail.references[-20:], mail.message_id) if mail.message_id else (),
            words={**usual, **known, **words},
            due=due if due > plan.setting.now else None,
        )
    )
