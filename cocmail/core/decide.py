"""The decision on one message: pure, from top to bottom.

decide -> a test mail of `cocmail doctor`? filed, for it to look at
       -> automatic? filed
       -> the same message again? filed
       -> to a confirm address? the held message is released
       -> to a reply address? the person it was given to, or nobody
       -> from a member? discussion or command
       -> else a report
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cocmail.core import checks, clocks, digests, erasing, questions, sealed, subjects
from cocmail.core.addresses import confirm_address, is_about_address
from cocmail.core.asking import hold, send_receipt
from cocmail.core.automatic import kind_of_automatic
from cocmail.core.case import Case
from cocmail.core.classify import FROM_REPORTERS, LISTED, Reason, is_for_return_path
from cocmail.core.commands import two_people
from cocmail.core.commands.conflict import LAPSE, lapse
from cocmail.core.commands.matters import TALK_ENDS, talk_is_over
from cocmail.core.conflicts import readers
from cocmail.core.conversation import follow_up
from cocmail.core.effects import Decision, Note
from cocmail.core.grave import forget
from cocmail.core.lifecycle import LIVE, State
from cocmail.core.loops import counted_and_alarmed, filed, is_said_too_often, own_words_of_member
from cocmail.core.members import decide_for_member
from cocmail.core.membership import end_access
from cocmail.core.model import REPORTER, Member, Person
from cocmail.core.opening import exclude, open_case
from cocmail.core.places import pass_on_reserved
from cocmail.core.plan import Plan
from cocmail.core.returned import decide_returned
from cocmail.core.setting import Grant, Message, Setting, Twin, author_of, is_trusted
from cocmail.core.steps import is_members_step, may_have_taken_down, speaks
from cocmail.core.vacancies import check_is_over, complete


def decide(message: Message, setting: Setting) -> Decision:
    """What becomes of one stored message (contract, section 3).

    In: the message as understood and everything the store knew of it. Out: a `Decision` with a reason of the closed
    list. Never raises on purpose; whatever it raises is a bug and shunts the message.
    """
    words = own_words_of_member(message, setting)
    if words and is_said_too_often(setting):
        # A responder that marks nothing answers our answer: by now everybody has read it often enough.
        return filed(message, setting, words)
    kept = digests.as_kept_out(message, setting)
    decision = forget(digests.keep_out_of_asides(_decided(kept, setting), message, setting), message, setting)
    return counted_and_alarmed(decision, message, setting, words)


def _decided(message: Message, setting: Setting) -> Decision:
    known = setting.known
    if known.confirmed is None:
        if known.test:
            return Decision(Reason.TEST_MAIL, notes=(Note("test-came", known.test, {"entry": message.id}),))
        if known.own_mail:
            return Decision(Reason.OWN_MAIL)
        if known.returned is not None and is_for_return_path(message.mail, message.envelope, message.wanted):
            return decide_returned(message, setting, known.returned)
        automatic = kind_of_automatic(message, setting)
        # What the border takes for spam proves itself, if a member sent it, or is asked about; so is what may be a
        # program's.
        if automatic is not None and not is_members_step(message, setting, automatic):
            return _aside(message, setting, automatic) if automatic in LISTED else Decision(automatic)
        if known.twin is not None:
            return _again(message, setting, known.twin)
        if message.wanted.confirm and known.question is not None:
            return _confirm(message, setting)
    elif digests.is_listed(known.confirmed):
        # A member opened what a digest listed: a report like any other, from whoever sent it.
        return _again(message, setting, known.twin) if known.twin is not None else _opened(message, setting)
    if known.foreign_token:
        return Decision(Reason.DEAD_TOKEN)
    if known.grant is not None:
        return _to_token(message, setting, known.grant)
    member = _author(message, setting)
    if known.confirmed is not None and member is None:
        return Decision(Reason.DEAD_CONFIRM)
    # What was held as a member's and confirmed stays that: if its case is gone for them by now, it is no report either.
    if member is not None and (known.confirmed is not None or speaks(message, setting, member)):
        return decide_for_member(message, setting, member, grant=None)
    taker = may_have_taken_down(message, setting)
    if taker is not None:
        return hold(message, setting, taker, None, None, subjects.read(message.mail.subject))
    return _unless_flooded(message, setting)


def _aside(message: Message, setting: Setting, reason: Reason) -> Decision:
    """What a digest lists. What was to be sealed stays so, unread by anybody; what came before by another way is not
    listed again.
    """
    if setting.known.twin is not None:
        return _again(message, setting, setting.known.twin)
    would = _from_outside(message, setting)
    return would if message.wanted.escrow else digests.put_aside(message, setting, reason, would)


def _opened(message: Message, setting: Setting) -> Decision:
    kept = digests.as_opened(message, setting, _from_outside(message, setting))
    return _from_outside(kept, setting)


def _unless_flooded(message: Message, setting: Setting) -> Decision:
    """A report; of too many at once, those that nobody vouches for are listed instead."""
    would = _from_outside(message, setting)
    if not any(change.opens for change in would.changes):
        return would
    if digests.is_held_back(message, setting):
        return digests.put_aside(message, setting, Reason.FLOOD, would)
    return replace(would, counted=(*would.counted, *digests.flood_count(setting)))


def review(case: Case, setting: Setting) -> Decision | None:
    """After the roster changed: a case that nobody has any more gets stand-ins, or an alarm, and open questions are
    counted over those who are left. None: nothing to do.
    """
    plan = Plan(setting)
    left = end_access(plan, case)
    unread = not (case.audience == "escrow" or case.target is not None or readers(setting.committee, case))
    if unread or (left and case.proceedings.state in LIVE):
        complete(plan, case.id)
    elif left:
        pass_on_reserved(plan, case.id)
    # The procedure, or the calendar, may have changed as well.
    clocks.arm(plan, case.id)
    erasing.arm(plan, case.id)
    if not (left or unread or case.proceedings.open_motions or plan.timers):
        return None
    questions.settle(plan, case.id)
    return plan.finish(Reason.NO_MESSAGE, case_id=case.id)


def decide_timer(case: Case, kind: str, about: str, setting: Setting) -> Decision:
    """What becomes of a case when one of its timers is due. Raises ValueError for a kind that there is none of."""
    plan = Plan(setting)
    if kind not in TIMERS:
        raise ValueError("a timer of a later release")
    TIMERS[kind](plan, case.id, about)
    return plan.finish(Reason.NO_MESSAGE, case_id=case.id)


def _end_question(plan: Plan, case_id: str, about: str) -> None:
    questions.end(plan, case_id, int(about))


def _end_talk(plan: Plan, case_id: str, about: str) -> None:
    talk_is_over(plan, case_id)


TIMERS: Mapping[str, Callable[[Plan, str, str], None]] = {
    questions.END: _end_question,
    checks.REMIND: checks.remind,
    checks.END: check_is_over,
    checks.WATCH: checks.watch,
    LAPSE: lapse,
    two_people.LAPSE: two_people.lapse,
    TALK_ENDS: _end_talk,
    clocks.LOOK: clocks.look,
    sealed.ASK_NEXT: sealed.nobody_answered,
    erasing.LOOK: erasing.look,
    erasing.ASKED: erasing.ask,
}


def _author(message: Message, setting: Setting) -> Member | None:
    """The member whom the one From address belongs to, proven or not; after a confirm round, who confirmed."""
    confirmed = setting.known.confirmed
    if confirmed is not None:
        return setting.committee.member(confirmed.handle)
    return author_of(message, setting.committee)


def _again(message: Message, setting: Setting, twin: Twin) -> Decision:
    """The same message by another way runs nothing, but whom it excludes stays excluded: copies may name others.

    Only a report or what its reporter added has a say in that; a copy of anybody else's mail, be it as a witness,
    changes nobody's access.
    """
    plan = Plan(setting)
    case = plan.cases.get(twin.case_id)
    entry = case.entry(twin.entry) if case is not None else None
    if entry is not None and entry.author == REPORTER and twin.reason in FROM_REPORTERS:
        exclude(plan, message, twin.case_id, trusted=is_trusted(message))
    return plan.finish(Reason.DUPLICATE, case_id=twin.case_id if twin.case_id in plan.cases else "")


def _confirm(message: Message, setting: Setting) -> Decision:
    """Mail to a confirm address, which only the member's registered address was told: once, within its time."""
    question = setting.known.question
    member = setting.committee.member(question.handle) if question is not None else None
    if question is None or member is None or question.spent:
        return Decision(Reason.DEAD_CONFIRM)
    plan = Plan(setting)
    plan.answered_at = message.came(setting.now)
    in_time = plan.answered_at < question.expires
    if digests.is_listed(question) and question.address in member.addresses:
        return digests.open_listed(plan, message, question, member, in_time=in_time)
    if is_about_address(question):
        return confirm_address(plan, message, question) if in_time else Decision(Reason.DEAD_CONFIRM)
    if question.address not in member.addresses:
        # Whoever was asked is not who has the handle now.
        return Decision(Reason.DEAD_CONFIRM)
    if not in_time:
        send_receipt(plan, message, member, None, [{"outcome": "too-late"}])
        plan.spent.append(question.token)
        return plan.finish(Reason.DEAD_CONFIRM)
    plan.release = (question.entry, question.token)
    # A pause is not lifted here: until the released `#recuse` has run, its member's mail must go on waiting.
    plan.spent.append(question.token)
    return plan.finish(Reason.CONFIRMED, case_id=question.case_id if question.case_id in plan.cases else "")


def _to_token(message: Message, setting: Setting, grant: Grant) -> Decision:
    """Mail to a reply address (rule 5): dead ones are filed, live ones belong to one person of one case."""
    if grant.person.kind == "member":
        member = setting.committee.member(grant.person.handle)
        if member is None:
            return Decision(Reason.DEAD_TOKEN)
        return decide_for_member(message, setting, member, grant=grant)
    case, theirs = setting.known.cases.get(grant.case_id), _addresses_of(grant, setting)
    if grant.person == REPORTER and not grant.case_id and grant.address:
        # What this is about is put aside; what comes on top of it is not.
        return _unless_flooded(message, setting)
    if setting.known.erased is not None and grant.person.kind != "witness":
        # Whoever writes again has something to say, and nobody else has kept it.
        return open_case(message, setting, by_token=True)
    if case is None or grant.address not in theirs:
        return Decision(Reason.DEAD_TOKEN)
    if len(message.mail.from_addresses) == 1 and message.mail.from_addresses[0] in theirs:
        return follow_up(message, setting, case.id, grant.person)
    return open_case(message, setting, related=case.id, by_token=True)


def _addresses_of(grant: Grant, setting: Setting) -> frozenset[str]:
    """From where somebody outside can answer. A witness is a member: from any address of theirs, and from none once
    they are no member, or have another mailbox.
    """
    if grant.person.kind != "witness":
        return frozenset((grant.address,))
    member = setting.committee.member(grant.person.handle)
    return member.addresses if member is not None else frozenset()


def _from_outside(message: Message, setting: Setting) -> Decision:
    """Mail without a token of ours (rules 4 to 6): a follow-up by a proven party, or by somebody written to, that
    answers a known message, else a case.
    """
    known = setting.known
    referred = [reference.case_id for reference in known.references if reference.case_id in known.cases]
    theirs = [case_id for case_id in referred if case_id in known.party_cases]
    authors = message.mail.from_addresses
    proven = len(authors) == 1 and message.proof.address == authors[0] and not message.proof.is_forged
    if proven and not message.wanted.only and not message.wanted.escrow:
        if len(set(theirs)) == 1 and known.cases[theirs[0]].proceedings.state is not State.ESCROWED:
            return follow_up(message, setting, theirs[0])
        if theirs:
            # What answers a sealed report, but comes to the committee itself, is to be read.
            referred = [case_id for case_id in referred if known.cases[case_id].audience != "escrow"]
        contacts = _contacts_at(authors[0], setting)
        if not theirs and len(contacts) == 1:
            return follow_up(message, setting, *contacts.pop())
    return open_case(message, setting, related=referred[0] if referred else "")


def _contacts_at(address: str, setting: Setting) -> set[tuple[str, Person]]:
    """(case id, somebody outside) of the letters that are answered, as far as they go to this address."""
    known = setting.known
    answered = {(each.case_id, Person.parse(each.person)) for each in known.references if each.case_id in known.cases}
    found = {(case_id, person, known.cases[case_id].proceedings.contact(person)) for case_id, person in answered}
    return {(case_id, person) for case_id, person, there in found if there is not None and there.address == address}
