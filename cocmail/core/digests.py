"""Mail that is put aside, to be listed by the digests (contract, section 3, rule 3, and section 2, `flood`).

What has no envelope sender, what the mail server in front takes for spam, and what a flood of reports brings is kept
and opens no case; members get its date, sender and Subject, with a one-use address that opens it.

The rule: an entry is listed to whom the case would go, as the very decision on that case says it, and to nobody else;
nobody learns how many others there are. Nothing of its text is shown, and nothing in it can be clicked.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace

from cocmail.core import flood
from cocmail.core.acknowledging import acknowledge_aside
from cocmail.core.asides import Aside
from cocmail.core.asking import send_receipt
from cocmail.core.classify import LISTED, Reason, looks_automatic
from cocmail.core.effects import Decision, Note
from cocmail.core.model import Committee, Member, Wish
from cocmail.core.opening import exclude_elsewhere
from cocmail.core.places import LEFT_AT_LEAST
from cocmail.core.plan import Plan
from cocmail.core.screening import looked_for_as
from cocmail.core.setting import Message, Question, Setting, is_trusted
from cocmail.core.trust import Verdict

OPENS = "#listed"
# Look-ups by sender: what is put aside, and whom that sender keeps out of it.
ASIDE_OF, KEPT_OUT = "aside-of", "kept-out"
SHOWN = 120
AUTHORS = 5


def is_listed(question: Question) -> bool:
    """Whether a one-use address opens what a digest listed."""
    return question.command == OPENS


def is_held_back(message: Message, setting: Setting) -> bool:
    """Whether a new report is one too many.

    Never one whose sender the mail server in front vouches for, a proven member's, one that answers our own
    acknowledgement from where that went, one that nobody reads anyway, or one that a member opens.
    """
    limit, known = setting.committee.flood, setting.known
    if limit is None or known.confirmed is not None or message.wanted.escrow:
        return False
    if message.proof.dmarc is Verdict.PASS or known.counts.get(flood.COUNTER, 0) < limit.reports:
        return False
    authors = message.mail.from_addresses
    answers = known.grant is not None and authors == (known.grant.address,) and not message.proof.is_forged
    proven = len(authors) == 1 and message.proof.address == authors[0]
    return not answers and not (proven and setting.committee.member_at(authors[0]) is not None)


def put_aside(message: Message, setting: Setting, reason: Reason, would: Decision) -> Decision:
    """Kept, to be listed. `would` is what would become of it otherwise: who would get it then is who is told of it.

    A report that nobody could be told of is not held back by a flood.
    """
    known, got = setting.known, _told(would)
    members = [member for member in setting.committee.members if member.handle in got - _doubtful(setting, got)]
    if reason is Reason.FLOOD and not members:
        return would
    plan = Plan(setting)
    if reason is Reason.FLOOD:
        plan.counted += flood_count(setting)
        acknowledge_aside(plan, message)
        # Whom its sender keeps out of earlier cases is out of them now, not when somebody opens this.
        exclude_elsewhere(plan, message, but="")
    answered = dict.fromkeys((would.case_id, *(each.case_id for each in known.references)))
    aside = Aside(
        entry=message.id,
        reason=reason.value,
        came=message.came(setting.now).isoformat(),
        sender=defused(", ".join(message.mail.from_addresses[:3])),
        subject=defused(message.mail.subject),
        readers={member.handle: looked_for_as(member) for member in members},
        roster=roster_of(setting.committee),
        authors=message.mail.from_addresses[:AUTHORS],
        cases=tuple(case_id for case_id in answered if case_id in known.cases),
    )
    return replace(plan.finish(reason), asides=(aside,))


def _told(would: Decision) -> frozenset[str]:
    forwards = (each.to for each in would.letters if each.kind == "forward" and each.to.kind == "member")
    return frozenset(person.handle for person in forwards)


def _doubtful(setting: Setting, got: Collection[str]) -> frozenset[str]:
    """Whom an unproven mail in the same sender's name, put aside as well, keeps from one that is put aside.

    Nobody, unless two are left of those who would get it: nobody must be able to choose who is left.
    """
    doubtful = frozenset[str]()
    # Those who were named first: no guess uses up who is to be left.
    for wish in (Wish.SAID, Wish.GUESSED):
        more = doubtful | _wished(setting, wish)
        doubtful = more if len(set(got) - more) >= LEFT_AT_LEAST else doubtful
    return doubtful


def _wished(setting: Setting, wish: Wish) -> frozenset[str]:
    return frozenset(handle for handle, how in setting.known.kept_out.items() if how is wish)


def as_kept_out(message: Message, setting: Setting) -> Message:
    """The message, kept also from whom its sender, for sure, excluded in another one that waits to be opened.

    A member whom this one is for, and nobody else, was chosen by it.
    """
    wanted = message.wanted
    chosen = wanted.only if not wanted.alias else ()
    sure = _wished(setting, Wish.SURE).difference(chosen)
    return _kept_from(message, sure) if sure else message


def as_opened(message: Message, setting: Setting, would: Decision) -> Message:
    """What a member opens is kept from whom it was not listed to. `would` is what becomes of it as it is."""
    doubtful, guessed = _doubtful(setting, _told(would)), _wished(setting, Wish.GUESSED)
    return _kept_from(message, doubtful - guessed, doubtful & guessed) if doubtful else message


def _kept_from(message: Message, said: frozenset[str], guessed: frozenset[str] = frozenset()) -> Message:
    wanted = message.wanted
    more = replace(wanted, excluded=wanted.excluded | said, guessed=wanted.guessed | guessed)
    return replace(message, wanted=more)


def keep_out_of_asides(decision: Decision, message: Message, setting: Setting) -> Decision:
    """Whom a sender excludes does not get, nor hear of, what the same sender wrote and what is put aside."""
    known, authors = setting.known, message.mail.from_addresses
    concerned = bool(known.asides_of_sender) or decision.reason in (*LISTED, Reason.FLOOD)
    wishes = sorted(message.wanted.wishes(sure=is_trusted(message)).items())
    fresh = [(handle, wish) for handle, wish in wishes if wish > known.kept_out.get(handle, 0)]
    if not concerned or len(authors) != 1 or message.proof.is_forged or looks_automatic(message.mail):
        return decision
    own = [Note(ASIDE_OF, authors[0], {"entry": each.entry}) for each in decision.asides]
    kept = [Note(KEPT_OUT, authors[0], {"handle": handle, "wish": int(wish)}) for handle, wish in fresh]
    others = tuple(entry for entry in known.asides_of_sender if entry != message.id) if kept else ()
    return replace(decision, notes=(*decision.notes, *own, *kept), again=(*decision.again, *others))


def flood_count(setting: Setting) -> tuple[tuple[str, str], ...]:
    """What one more report adds to the count."""
    limit, committee = setting.committee.flood, setting.committee
    return ((flood.COUNTER, flood.slices(committee.id, limit, setting.now)[0]),) if limit is not None else ()


def roster_of(committee: Committee) -> str:
    """Everybody whom a text was searched for, as a digest: another name, member or tie gives another one."""
    return hashlib.sha256("\n".join(map(looked_for_as, committee.members)).encode()).hexdigest()[:16]


def open_listed(plan: Plan, message: Message, question: Question, member: Member, *, in_time: bool) -> Decision:
    """Mail to the one-use address of an entry: what it lists is understood again, as a report like any other."""
    waits = question.entry in plan.setting.known.asides
    outcome = "opened-late" if not in_time else "opened" if waits else "opened-already"
    plan.spent.append(question.token)
    send_receipt(plan, message, member, None, [{"outcome": outcome}])
    if outcome != "opened":
        return plan.finish(Reason.DEAD_CONFIRM)
    plan.release = (question.entry, question.token)
    return plan.finish(Reason.CONFIRMED)


_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me"))


def defused(text: str, limit: int = SHOWN) -> str:
    """What a stranger wrote, as one short line in which no mail program finds a link, or anything to hide behind."""
    kept = "".join(" " if char.isspace() else char for char in text[: 8 * limit])
    kept = "".join(char for char in kept if unicodedata.category(char) not in _UNSEEN)
    line = re.sub(r"(?<=[^\s.])[.。．｡](?=[^\s.])", "[.]", " ".join(kept.split()))
    line = re.sub(r"[:：](?=\S)", ": ", re.sub(r"\s*[@＠]\s*", " at ", line))
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."
