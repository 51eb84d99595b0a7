"""A member's step: mail that steers something, or says something in a case, and may yet be a program's.

A program's answer at a member's mailbox comes from that member's address, proven, and may hold a tag that somebody else
wrote into the Subject that it answers. The rule: what only looks like one, by its Subject or for want of an envelope
sender, runs nothing by itself and is not swallowed either; the member is asked. It is never listed to others: its
Subject alone may tell what its member did.
"""

from __future__ import annotations

from cocmail.core.automatic import answers_question
from cocmail.core.classify import LISTED, Reason, looks_automatic
from cocmail.core.grave import may_be_secret
from cocmail.core.members import has_member_business, has_tag
from cocmail.core.model import Member
from cocmail.core.setting import Message, Setting, author_of


def is_members_step(message: Message, setting: Setting, automatic: Reason) -> bool:
    """Whether what is neither run nor passed on for that reason is a member's all the same, who is to be asked."""
    if automatic in LISTED:
        member = author_of(message, setting.committee)
        return speaks(message, setting, member) or may_have_taken_down(message, setting) is not None
    return automatic is Reason.AUTOMATIC_TO_TOKEN and _steers(message, setting)


def speaks(message: Message, setting: Setting, member: Member | None) -> bool:
    """Nothing automatic runs anything or speaks for a member (contract, section 5, rule 7): to the alias it is a
    report.
    """
    return member is not None and not looks_automatic(message.mail) and has_member_business(message, setting, member)


def may_have_taken_down(message: Message, setting: Setting) -> Member | None:
    """Which member may have written down what somebody told who wants to stay unknown, in a mail that nobody can be
    taken to have written: through a list, or with two senders. As a report it would tell everybody who that was.
    """
    if not may_be_secret(message.mail.subject):
        return None
    authors = map(setting.committee.member_at, message.mail.from_addresses)
    return next((member for member in authors if member is not None), None)


def _steers(message: Message, setting: Setting) -> bool:
    """Whether it holds a tag, and no header says that a program sent it. Not what answers a question of ours: whoever
    is asked about an answer to a question is asked for ever.
    """
    grant, wanted = setting.known.grant, message.wanted
    if wanted.confirm or looks_automatic(message.mail) or answers_question(setting):
        return False
    if grant is None:
        member = author_of(message, setting.committee) if not wanted.token else None
    else:
        member = setting.committee.member(grant.person.handle) if grant.person.kind == "member" else None
    return member is not None and has_tag(message, setting, member)
