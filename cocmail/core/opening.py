"""A message opens a case: it gets a name, it is screened before anybody reads, it is forwarded and acknowledged."""

from __future__ import annotations

from collections.abc import Collection

from cocmail.core import acknowledging, losses, readers, sealed, tombstones
from cocmail.core.access import Standing
from cocmail.core.automatic import is_out_of_office
from cocmail.core.case import Case
from cocmail.core.checks import begin_watch, open_if_answered
from cocmail.core.classify import Reason, looks_automatic
from cocmail.core.conflicts import is_new_to, was_ever
from cocmail.core.conflicts import readers as having
from cocmail.core.effects import Decision, Note
from cocmail.core.events import CaseOpened, EntryFiled, ReporterKnown, TokenIssued
from cocmail.core.model import REPORTER, Committee, Person
from cocmail.core.places import admit, forward_entry, holders, keep_out_unproven, tell_of_loss, withhold
from cocmail.core.plan import Plan
from cocmail.core.screening import looked_for_as
from cocmail.core.setting import Message, Setting, author_of, is_trusted
from cocmail.core.vacancies import complete


def open_case(message: Message, setting: Setting, *, related: str = "", by_token: bool = False) -> Decision:
    """The decision on a message that is nobody's reply: rules 3 to 8 and 10 of the contract's section 3.

    `related` is a case that the message seems to belong to without proof: whom it is kept from holds here too, and with
    that case's token (`by_token`) also whom it was meant for.
    """
    plan = Plan(setting)
    by_contact = _answers_as_contact(message, setting, by_token)
    reason, audience, only = _kind_of(message, setting, related, as_part=by_token or by_contact)
    case_id = plan.open(
        CaseOpened(
            code_name=setting.draw.code_name(),
            committee=setting.committee.id,
            entry=message.id,
            audience=audience,
            at=setting.now.isoformat(),
            marks=_marks(message, setting, by_contact),
            related=related,
            check_first=audience == "committee" and readers.is_check_first(setting.committee),
        )
    )
    # Whoever answers for somebody outside reported nothing: nobody writes to them as to the reporter by mistake.
    address = "" if by_contact else acknowledging.answer_address(message, setting.committee)
    proven = bool(address) and message.proof.address == address
    plan.add(case_id, ReporterKnown(address, message.mail.from_name, proven))
    file_entry(plan, message, case_id, REPORTER, "report")
    if address and not looks_automatic(message.mail):
        # A form or a group writes for many people from one address: it is no party.
        plan.notes.append(Note("party", address, {}, case_id))
    for handle, why in _withheld(message, setting, only, related).items():
        withhold(plan, case_id, handle, why, "soft" if why == "screened" and handle in message.screening.soft else "")
    exclude_elsewhere(plan, message, but=case_id)
    _admit_first(plan, case_id, audience, only)
    complete(plan, case_id)
    begin_watch(plan, case_id)
    sealed.compare(plan, case_id, message)
    forward_entry(plan, case_id, message.id)
    acknowledge(plan, message, case_id, chosen=holders(plan.cases[case_id]) <= set(only))
    return plan.finish(reason, case_id=case_id)


def _admit_first(plan: Plan, case_id: str, audience: str, only: Collection[str]) -> None:
    committee, barred = plan.setting.committee, plan.cases[case_id].barred
    for member in readers.first_readers(committee, audience, only, barred, plan.setting.now.date()):
        admit(plan, case_id, member, "policy")


def _answers_as_contact(message: Message, setting: Setting, by_token: bool) -> bool:
    """Whether it answers a letter that went to somebody outside who is not the reporter, from wherever."""
    known = setting.known
    if by_token:
        return known.grant is not None and known.grant.person.kind == "contact"
    # The reporter may have been handed that letter, and passes it on.
    answered = [each for each in known.references if each.case_id not in known.party_cases]
    return any(Person.parse(each.person).kind == "contact" for each in answered)


def _kind_of(message: Message, setting: Setting, related: str, *, as_part: bool) -> tuple[Reason, str, Collection[str]]:
    """Why it is a case, for whom, and the handles of those whom it is for alone.

    `as_part`: it came by a letter of the earlier case; a new report of that one's reporter may be for more people.
    """
    wanted = message.wanted
    if wanted.escrow:
        return Reason.REPORT_ESCROWED, "escrow", ()
    if wanted.only and not wanted.alias:
        return Reason.REPORT_FOR_ONE, "one", wanted.only
    erased = setting.known.erased
    if erased is not None and as_part and erased.audience != "committee":
        return Reason.REPORT, erased.audience, tombstones.had_it(erased, setting.committee)
    earlier = setting.known.cases.get(related)
    if earlier is not None and as_part and earlier.audience != "committee":
        present = [member.handle for member in having(setting.committee, earlier)]
        return Reason.REPORT_RELATED, earlier.audience, present
    if wanted.unknown:
        return Reason.REPORT_UNKNOWN_EXTENSION, "triage", ()
    if message.mail.unreadable:
        return Reason.REPORT_UNREADABLE, "triage", ()
    if looks_automatic(message.mail):
        return Reason.REPORT_AUTOMATIC, "committee", ()
    return (Reason.REPORT_RELATED if related else Reason.REPORT), "committee", ()


def _marks(message: Message, setting: Setting, by_contact: bool) -> tuple[str, ...]:
    marks = ["by-contact"] if by_contact else []
    if looks_automatic(message.mail):
        marks.append("automatic")
    if message.mail.unreadable:
        marks.append(message.mail.unreadable)
    if message.proof.is_forged:
        marks.append("forged")
    if author_of(message, setting.committee) is not None:
        marks.append("from-member")
    return tuple(marks)


def _withheld(message: Message, setting: Setting, only: Collection[str], related: str) -> dict[str, str]:
    """Everybody who must not see it, with why; the first reason found stays. `only` are chosen readers."""
    found = dict.fromkeys(sorted(message.wanted.kept_from), "excluded")
    chosen = set(only) - message.screening.conflicted
    for handle, why in message.screening.found.items():
        # A reporter who writes to one member has chosen that reader, and will call them by name.
        if not (why == "screened" and handle in chosen):
            found.setdefault(handle, why)
    known = setting.known
    named = known.names.values() if author_of(message, setting.committee) is not None else ()
    # A name in brackets counts from the roster's addresses only: from outside it would tell whether a case exists.
    referred = [reference.case_id for reference in known.references]
    as_party = () if looks_automatic(message.mail) else known.party_cases
    belongs = dict.fromkeys((related, *referred, *named))
    kept = dict.fromkeys(sorted(message.named_before - chosen), "screened")
    for case_id in dict.fromkeys((*as_party, *belongs)):
        earlier = known.cases.get(case_id)
        if earlier is not None:
            theirs = kept_from_case(earlier, setting.committee, goes_on=case_id in belongs)
            # Of several cases the reason that no vote lifts stays.
            kept |= {handle: why for handle, why in theirs.items() if kept.get(handle) != "inherited"}
    for erased in () if looks_automatic(message.mail) else known.erased_before:
        kept |= tombstones.kept_from(erased, setting.committee, goes_on=False)
    if known.erased is not None:
        kept |= tombstones.kept_from(known.erased, setting.committee, goes_on=True)
    return found | {handle: why for handle, why in kept.items() if handle not in found}


def kept_from_case(case: Case, committee: Committee, *, goes_on: bool) -> dict[str, str]:
    """Who must not see what has to do with a case, by the handles of today: a new handle takes nobody's conflict away.

    `goes_on`: it answers mail of that case. Who came later and was never looked for in it may be the one whom it is
    about, whom an answer need not name again: a vote of the others lets them in.
    """
    kept = dict.fromkeys(sorted(case.barred), "inherited")
    for member in committee.members:
        theirs = {handle: place for handle, place in case.members.items() if was_ever(member, place)}
        if not case.barred.isdisjoint(theirs):
            kept.setdefault(member.handle, "inherited")
        elif goes_on and is_new_to(member, case):
            kept.setdefault(member.handle, "screened")
    return kept


def file_entry(
    plan: Plan, message: Message, case_id: str, author: Person, kind: str, *, kept_from: str = "", label: str = ""
) -> bool:
    """The message becomes part of the case, findable by its Message-ID, with whom of the roster it was searched for.

    Says whether it put out somebody who is asked about a conflict: nobody is left to wait for, perhaps (`complete`).
    """
    message_id = message.mail.message_id
    looked_for = tuple(looked_for_as(member) for member in plan.setting.committee.members)
    named = tuple(message.screening.found)
    unreadable = message.mail.unreadable
    forged, employers = message.proof.is_forged, message.screening.employers
    how = (looked_for, named, unreadable, forged, employers, kept_from, label, plan.setting.now.isoformat())
    automatic = kind == "follow-up" and is_out_of_office(message.mail.subject)
    doubt = (automatic, author == REPORTER and message.wanted.unknown)
    plan.add(case_id, EntryFiled(message.id, str(author), kind, message_id, *how, *doubt))
    case = plan.cases[case_id]
    asked = case.with_standing(Standing.ASKED) & set(named) if _may_choose_readers(case, author) else ()
    for handle in sorted(asked):
        # Who is named before they have answered must not read it by answering.
        withhold(plan, case_id, handle, "screened")
    if message_id and kind != "record":
        plan.notes.append(Note("message-id", message_id, {"kind": kind, "person": str(author), "tags": []}, case_id))
    return bool(asked)


def _may_choose_readers(case: Case, author: Person) -> bool:
    """Not the reported person, or whom they answer for; nor a member who has nothing of the case themselves."""
    place = case.members.get(author.handle) if author.kind == "member" else None
    return author.kind != "contact" and (place is None or place.standing is not Standing.ASKED)


def exclude_elsewhere(plan: Plan, message: Message, *, but: str) -> None:
    """`+not-X` from a party applies at once to that party's open cases (rule 6).

    Fully for a proven sender or a reporter's own reply address; at an unproven sender's word as far as it does no harm;
    not at all where the sender is known to be forged.
    """
    known = plan.setting.known
    if looks_automatic(message.mail):
        return
    grant, authors = known.grant, message.mail.from_addresses
    by_reporter = grant is not None and grant.person == REPORTER and authors == (grant.address,)
    trusted = is_trusted(message) or by_reporter
    told, case = _may_be_known(plan, message, but), plan.cases.get(but)
    # Who is kept from the mail itself must not learn by another case that there is one.
    unseen = set(message.screening.found) | (case.barred if case is not None else set())
    for case_id in known.party_cases:
        if case_id != but:
            exclude(plan, message, case_id, trusted=trusted, told=told, but=unseen)


def _may_be_known(plan: Plan, message: Message, case_id: str) -> bool:
    """Whether others may learn that there is such a report; not of one that is sealed, for one member, or kept for the
    watchers because it may be about anybody. `case_id`: the case that it opens or adds to, "" where it is put aside.
    """
    case, wanted = plan.cases.get(case_id), message.wanted
    is_for_all = (case is None or case.audience == "committee") and (wanted.alias or not wanted.only)
    return is_for_all and not (wanted.escrow or wanted.unknown or message.mail.unreadable)


def exclude(
    plan: Plan, message: Message, case_id: str, *, trusted: bool, told: bool = True, but: Collection[str] = ()
) -> None:
    """What a message's exclusions do to a case that exists. `told`: who is left there hears that a mail did it, except
    `but`; without it, that the case has no owner any more.
    """
    if message.proof.is_forged or not message.wanted.kept_from:
        return
    if trusted:
        before, barred = losses.kept_out(plan, case_id), plan.cases[case_id].barred
        for handle in sorted(message.wanted.kept_from):
            withhold(plan, case_id, handle, "excluded")
        if plan.cases[case_id].barred != barred:
            complete(plan, case_id)
        fresh = losses.kept_out(plan, case_id) - before
    else:
        fresh = keep_out_unproven(plan, case_id, message.wanted)
        if fresh:
            open_if_answered(plan, case_id)
    if fresh:
        tell_of_loss(plan, case_id, f"excluded {message.id}", fresh if told else 0, proven=trusted, but=but)


def acknowledge(plan: Plan, message: Message, case_id: str, *, chosen: bool) -> None:
    """One acknowledgement a case, or none (rule 10; RFC 3834, section 2).

    `chosen`: only members whom the reporter chose have it, so that the text may say so.
    """
    case, before = plan.cases[case_id], plan.setting.known.acknowledged
    if case.reporter is None or not case.reporter.address or not acknowledging.may_be_answered(message, plan.setting):
        return
    address = case.reporter.address
    if before:
        # They were answered when it came in, and go on with that reply address.
        plan.add(case_id, TokenIssued(str(REPORTER), before, address))
        plan.notes.append(Note("token", before, {"person": str(REPORTER), "address": address}, case_id))
        return
    words = {
        "escrowed": case.audience == "escrow",
        "unreached": case.unreached,
        "handed": case.target is not None,
        "one": case.audience == "one" and chosen,
    }
    acknowledging.write(plan, message, address, case_id, plan.issue(case_id, REPORTER, address), words)
