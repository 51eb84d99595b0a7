"""Mail of members: which case, which proof, discussion or command (contract, section 3 rule 5 and section 5).

Asks rather than guesses: what is not proven or not clear is held, and only the member's registered address is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cocmail.core import subjects
from cocmail.core.access import Level
from cocmail.core.asking import ask, hold, says_not_me, send_receipt, written
from cocmail.core.automatic import may_be_a_programs
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.conflicts import is_asked, is_challenged, level_of
from cocmail.core.conversation import discuss, visible_cases
from cocmail.core.copied import warn_of_copies
from cocmail.core.effects import Decision
from cocmail.core.grave import may_be_secret
from cocmail.core.model import Member
from cocmail.core.motions import CONFLICT, Motion
from cocmail.core.opening import open_case
from cocmail.core.ownwords import own_words
from cocmail.core.plan import Plan
from cocmail.core.running import run
from cocmail.core.setting import Grant, Message, Setting
from cocmail.core.subjects import Subject

_BALLOT_WORDS = frozenset("yes no abstain yep nope aye nay ok +1 -1 0 ja nein oui non si sí no nee да нет はい".split())

_SHORT = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Which case a member's mail belongs to. `clash` is set where token, name and references do not say the same."""

    case: Case | None = None
    clash: bool = False


def has_member_business(message: Message, setting: Setting, member: Member) -> bool:
    """Whether mail without a token from a member's address is more than a report: a tag, or a case of theirs."""
    visible = _visible(message, setting, member)
    subject = _subject(message, setting, visible)
    answers_question = any(reference.question for reference in setting.known.references)
    return subject.commands or bool(subject.names) or bool(_referred(setting, visible)) or answers_question


def has_tag(message: Message, setting: Setting, member: Member) -> bool:
    """Whether the Subject of a member's mail holds a tag, or what looks like one, that the mail answered did not."""
    return _subject(message, setting, _visible(message, setting, member)).commands


def decide_for_member(message: Message, setting: Setting, member: Member, *, grant: Grant | None) -> Decision:
    """A member's mail, with (`grant`) or without a live reply address."""
    visible = _visible(message, setting, member)
    subject = _subject(message, setting, visible)
    confirmed = setting.known.confirmed
    dead = grant is not None and _is_dead(grant, member, visible)
    theirs = _is_proven(message, setting, member, grant)
    proven = theirs and (confirmed is not None or not may_be_a_programs(message, steers=subject.commands))
    # A plain reply to a question says "not me"; one with a tag says something else.
    steers = subject.commands and (proven or subjects.wants_recusal(message.mail.subject))
    if confirmed is None and not dead and not steers:
        refuted = says_not_me(message, setting, member)
        if refuted is not None:
            return refuted
    if confirmed is None and setting.known.ran:
        return Decision(Reason.DUPLICATE)
    if dead:
        return _to_a_dead_token(message, setting, member, grant, subject, visible, theirs=theirs, proven=proven)
    place = _place(setting, subject, visible, grant)
    if confirmed is not None and confirmed.case_id:
        place = Place(visible.get(confirmed.case_id))
    if not proven:
        return hold(message, setting, member, place.case, grant, subject)
    bound = visible.get(grant.case_id) if grant is not None else None
    unsure = place.case is None and (place.clash or bound is not None)
    if unsure and not _leaves(message, subject, place) and not _needs_no_case(subject):
        if bound is not None:
            return ask(message, setting, member, bound, Reason.HELD_DISAGREES, subject, proven=True)
        return _refuse_outcome(message, setting, member, "two-cases")
    if place.case is None:
        place = Place(bound)
    if subject.commands:
        return run(message, setting, member, place.case, subject, visible)
    if place.case is None and grant is None and confirmed is None:
        return open_case(message, setting)
    return _talk(message, setting, member, place.case, subject)


def _to_a_dead_token(
    message: Message,
    setting: Setting,
    member: Member,
    grant: Grant | None,
    subject: Subject,
    visible: dict[str, Case],
    *,
    theirs: bool,
    proven: bool,
) -> Decision:
    """What needs no case works from there: a report that somebody told this member is no dead letter."""
    if not proven and (theirs or may_be_secret(message.mail.subject)):
        return hold(message, setting, member, None, None, subject)
    if not proven:
        return Decision(Reason.DEAD_TOKEN)
    if _needs_no_case(subject):
        return run(message, setting, member, None, subject, visible)
    return _no_access(message, setting, member, grant, subject)


def _talk(message: Message, setting: Setting, member: Member, case: Case | None, subject: Subject) -> Decision:
    """Words to the others; a bare "yes" to a question is asked about instead.

    A tag that stood in the Subject of the mail that is answered does not run again, and its author is told.
    """
    if case is None:
        return _refuse_outcome(message, setting, member, "no-case")
    if level_of(member, case) < Level.DISCUSS:
        return _refuse_outcome(message, setting, member, "no-talk")
    if is_challenged(case, member.handle):
        return _refuse_outcome(message, setting, member, "paused-now", case)
    if _is_bare_ballot(message, setting):
        return _not_a_ballot(message, setting, member, case)
    if subject.repeated and not own_words(message.mail.text) and not message.mail.attachments:
        return _refuse_outcome(message, setting, member, "not-repeated", case, _as_meant(setting, case, subject))
    repeated, about = _as_meant(setting, case, subject), _talked_about(setting, case, subject)
    return discuss(message, setting, case.id, member, repeated=repeated, about=about)


def _talked_about(setting: Setting, case: Case, subject: Subject) -> Motion | None:
    """The question on a member's conflict that is answered in words, itself or in talk about it."""
    answered = next((reference.label for reference in setting.known.references if reference.label), "")
    motion = case.proceedings.labelled(answered or subject.question)
    return motion if motion is not None and motion.kind == CONFLICT else None


def _as_meant(setting: Setting, case: Case, subject: Subject) -> list[str]:
    """The tags that did not run again, as their author would have to write them."""
    return [written(setting, case, replace(subject, tags=(tag,))) for tag in subject.repeated]


def _is_bare_ballot(message: Message, setting: Setting) -> bool:
    """Whether somebody answered a question with a word in the text: passed on, it would tell everybody their ballot."""
    answers_question = any(reference.label for reference in setting.known.references)
    lines = [line for line in own_words(message.mail.text).casefold().splitlines() if line.strip()]
    # A phone puts a line of its own below: "Sent from my iPhone". It must not make a ballot a piece of talk.
    said = [lines, lines[:1]] if len(lines) == 2 else [lines]
    words = [[word.strip(".,;:!*_") for word in " ".join(each).split()] for each in said]
    return answers_question and any(len(each) <= _SHORT and not _BALLOT_WORDS.isdisjoint(each) for each in words)


def _not_a_ballot(message: Message, setting: Setting, member: Member, case: Case) -> Decision:
    label = next(reference.label for reference in setting.known.references if reference.label)
    plan = Plan(setting)
    send_receipt(plan, message, member, case, [{"outcome": "ballot-in-text", "refused": True, "label": label}])
    warn_of_copies(plan, message, case.id, member)
    return plan.finish(Reason.REFUSED, case_id=case.id)


def _leaves(message: Message, subject: Subject, place: Place) -> bool:
    """A proven `#recuse` that names no case, or two: it takes effect in all that it can mean (rule 2)."""
    if not subjects.wants_recusal(message.mail.subject):
        return False
    return not place.clash or any(problem.kind == "two-cases" for problem in subject.problems)


def _is_dead(grant: Grant, member: Member, visible: dict[str, Case]) -> bool:
    """A reply address is dead when its case is none for this member any more, or when it was given to somebody else who
    had the handle before."""
    return grant.address not in member.addresses or bool(grant.case_id and grant.case_id not in visible)


def _needs_no_case(subject: Subject) -> bool:
    """Whether the mail asks for nothing but what any member may have: the help, the sheet, their own cases."""
    return bool(subject.tags) and not subject.problems and not any(tag.needs_case for tag in subject.tags)


def _visible(message: Message, setting: Setting, member: Member) -> dict[str, Case]:
    return visible_cases(setting, member, subjects.tag_names(message.mail.subject))


def _refuse_outcome(
    message: Message,
    setting: Setting,
    member: Member,
    outcome: str,
    case: Case | None = None,
    tags: Sequence[str] = (),
) -> Decision:
    """Two cases in one mail, or none where one is needed: nothing runs and nothing is passed on."""
    plan = Plan(setting)
    refused = outcome in ("two-cases", "no-talk", "not-repeated", "paused-now")
    send_receipt(plan, message, member, case, [{"outcome": outcome, "refused": refused, "tags": list(tags)}])
    warn_of_copies(plan, message, case.id if case is not None else "", member)
    return plan.finish(Reason.REFUSED, case_id=case.id if case is not None else "")


def _subject(message: Message, setting: Setting, visible: dict[str, Case]) -> Subject:
    own = [case.code_name for case in visible.values()]
    earlier = [tag for reference in setting.known.references for tag in reference.tags]
    return subjects.read(message.mail.subject, own_names=own, parent_tags=earlier)


def _referred(setting: Setting, visible: dict[str, Case]) -> set[str]:
    return {reference.case_id for reference in setting.known.references} & visible.keys()


def _is_proven(message: Message, setting: Setting, member: Member, grant: Grant | None) -> bool:
    """Rule 5 of section 5: exactly one From address of this member, and proof for that very address.

    And written to us, to the member's own reply address or by its To: a mail to somebody else, passed on to us as
    it is, proves who wrote it but not that it was meant for this committee.
    """
    if setting.known.confirmed is not None:
        return True
    authors = message.mail.from_addresses
    if len(authors) != 1 or authors[0] not in member.addresses:
        return False
    addressed = set(message.mail.to).difference(message.mail.copied)
    if grant is None and not any(map(setting.committee.owns, addressed)):
        return False
    if message.proof.address == authors[0]:
        return True
    return setting.committee.trust.level == "token" and grant is not None and not message.proof.is_forged


def _place(setting: Setting, subject: Subject, visible: dict[str, Case], grant: Grant | None) -> Place:
    """The case that token, `[case]` and references agree on (section 5, rule 4)."""
    named = {case.id for case in visible.values() if case.code_name in subject.names}
    referred = _referred(setting, visible)
    if grant is not None and grant.case_id:
        if named - {grant.case_id} or (not named and referred - {grant.case_id}):
            return Place(clash=True)
        return Place(visible[grant.case_id] if grant.case_id in named | referred else None)
    if len(named) > 1 or (named and referred - named) or len(referred) > 1:
        return Place(clash=True)
    chosen = named or referred
    return Place(visible[next(iter(chosen))]) if chosen else Place()


def _no_access(message: Message, setting: Setting, member: Member, grant: Grant | None, subject: Subject) -> Decision:
    """To somebody without access every case is no case: one sentence, whatever was asked, and no name of any.

    Who was asked about a conflict and answers in words is told that only a tag counts.
    """
    plan = Plan(setting)
    case = setting.known.cases.get(grant.case_id) if grant is not None else None
    if case is not None and is_asked(member, case) and not subject.commands:
        send_receipt(plan, message, member, case, [{"outcome": "answer-by-tag", "refused": True}])
        return plan.finish(Reason.REFUSED)
    send_receipt(plan, message, member, None, [{"outcome": "no-such-case"}])
    # A member's mail that was answered: sent again later, when things have changed, it must not run.
    return plan.finish(Reason.NO_SUCH_CASE)
