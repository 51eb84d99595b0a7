"""`#new`: a member takes down a report that came another way, or the committee begins a case of its own (domain R3, R5,
R27, R65, R68).

The rule: of an anonymous reporter nothing is kept that this member knows; where somebody is to be found now is told,
and kept nowhere. What is not sure to be meant runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cocmail.core import anonymity, namesakes, readers, sealed
from cocmail.core.anonymity import Named, Redacted
from cocmail.core.checks import begin_watch
from cocmail.core.commands.call import Call, Line, done, refuse
from cocmail.core.commands.views import belongs_to_a_case
from cocmail.core.effects import Note
from cocmail.core.events import CaseOpened, ReporterKnown
from cocmail.core.grave import GRAVE, meant
from cocmail.core.model import REPORTER
from cocmail.core.opening import file_entry
from cocmail.core.places import admit, forward_entry, tell, withhold
from cocmail.core.screening import screen, screen_name
from cocmail.core.setting import Message
from cocmail.core.subjects import free_words
from cocmail.core.vacancies import complete


def new(call: Call) -> Line:
    """Opens a case from the mail's text; the member who took it down has it, unless it is about somebody close."""
    words = set(call.tag.arguments)
    stopped = _cannot_be_taken(call, words)
    if stopped is not None:
        return stopped
    anonymous, sealed, channel = "anonymous" in words, "escrow" in words or call.message.wanted.escrow, _channel(call)
    text = call.message.mail.text.strip()
    # Nobody reported what the committee begins by itself: a mail that it quotes is somebody else's.
    reporter = Named() if channel == "self" else anonymity.reporter_in(text)
    clean = anonymity.without_reporter(text, _ours(call)) if anonymous else Redacted(text)
    if clean.trouble:
        return refuse("new-names", trouble=clean.trouble)
    text, places = anonymity.without_place(clean.text) if channel == "inperson" else (clean.text, [])
    if not text:
        return refuse("no-text", tag=str(call.tag))
    case_id = _open(call, channel, anonymous=anonymous, sealed=sealed)
    # Otherwise the mail stays as it was written: a link in it may be all the evidence that there is.
    call.plan.rewritten = text if (anonymous or places) and not call.message.mail.attachments else ""
    _note_reporter(call, case_id, Named() if anonymous else reporter)
    _fill(call, case_id, reporter, clean.said if anonymous else f"{reporter.name} {reporter.address}", text)
    words_ = {"text": "\n".join(places), "name": call.member.name}
    told = tell(call.plan, case_id, call.message.id, "whereabouts", words_) if places else 0
    out = call.plan.cases[case_id].barred
    return done(
        "new",
        case_name=call.plan.cases[case_id].code_name,
        channel=channel,
        anonymous=anonymous,
        relay=call.committee.policy.get("reporter.anonymous") == "via_member",
        removed=clean.removed,
        sealed=sealed,
        places=bool(places),
        told=told,
        known=bool(reporter.name or reporter.address),
        address=bool(reporter.address) and not anonymous,
        out=call.member.handle in out,
    )


def _channel(call: Call) -> str:
    return next(word for word in call.tag.arguments if word not in GRAVE)


def _cannot_be_taken(call: Call, words: set[str]) -> Line | None:
    """Why nothing is opened, or None."""
    if call.case_id or belongs_to_a_case(call):
        # What stands below the text would be passed on with it, to other people than have that case.
        return refuse("new-in-a-case", tag=str(call.tag))
    if call.message.wanted.only:
        return refuse("new-to-one", tag=str(call.tag))
    if call.message.wanted.unknown:
        return refuse("new-to-nobody", tag=str(call.tag))
    known = words | ({"escrow"} if call.message.wanted.escrow else set())
    doubtful = [grave for word in free_words(call.message.mail.subject, "new") if (grave := meant(word, known))]
    if doubtful:
        return refuse("new-unclear", meant=doubtful[0])
    places = "inperson" in words and bool(anonymity.without_place(call.message.mail.text)[1])
    if call.message.mail.attachments and ("anonymous" in words or places):
        return refuse("new-files", anonymous="anonymous" in words)
    return None


def _open(call: Call, channel: str, *, anonymous: bool, sealed: bool) -> str:
    audience = "escrow" if sealed else "committee"
    return call.plan.open(
        CaseOpened(
            code_name=call.plan.setting.draw.code_name(),
            committee=call.committee.id,
            entry=call.message.id,
            audience=audience,
            at=call.at,
            check_first=not sealed and readers.is_check_first(call.committee),
            told_by=call.member.handle,
            channel=channel,
            anonymous=anonymous,
        )
    )


def _note_reporter(call: Call, case_id: str, reporter: Named) -> None:
    """Who reported it, as far as anybody may know; what they write later is kept from the same people (rule 6)."""
    taken = "" if call.committee.owns(reporter.address) else reporter.address
    call.plan.add(case_id, ReporterKnown(taken, reporter.name))
    if taken and call.committee.member_at(taken) is None:
        call.plan.notes.append(Note("party", taken, {}, case_id))


def _as_told(call: Call) -> Message:
    """The message, screened: whoever took it down is no reporter by that, and out only by a tie to who is named."""
    screening, taker = call.message.screening, call.member.handle
    found = {handle: why for handle, why in screening.found.items() if handle != taker}
    if taker in screening.conflicted:
        found[taker] = "screened"
    return replace(call.message, screening=replace(screening, found=found))


def _of_others(names: Mapping[str, str], reporter: Named, said: str) -> dict[str, str]:
    """The names of a report but for who reported it: nobody is asked about a report by its reporter's name."""
    own = set(namesakes.normal(reporter.name or said).split())
    address = namesakes.normal(reporter.address)
    found = {name: written for name, written in names.items() if name != address}
    return {name: written for name, written in found.items() if not own or not _is_named(set(name.split()), own)}


def _is_named(words: set[str], own: set[str]) -> bool:
    return words <= own or own <= words


def _ours(call: Call) -> tuple[str, ...]:
    """What a mail program's lines say of whoever takes a report down, and of the committee."""
    member, committee = call.member, call.committee
    return (member.name, *member.addresses, committee.name, *committee.addresses)


def _fill(call: Call, case_id: str, reporter: Named, said: str, text: str) -> None:
    """Screened like any report, but for whoever took it down; then its readers, and that member.

    `said` is all that names the reporter, `text` what is kept.
    """
    plan, committee, taker = call.plan, call.committee, call.member
    message, anonymous = _as_told(call), plan.cases[case_id].anonymous
    kept = replace(message.mail, subject="", text=text, hidden_text="")
    # Whom nothing but the reporter's name keeps out must not be counted, nor an employer of the reporter's be told: it
    # would say whose that is.
    visible = screen(committee, kept) if anonymous else message.screening
    shown = visible.found
    screening = replace(message.screening, employers=visible.employers)
    file_entry(plan, replace(message, screening=screening), case_id, REPORTER, "report")
    for handle, why in message.screening.found.items():
        withhold(plan, case_id, handle, why if handle in shown else "reporter")
    for handle, kinds in screen_name(committee, said).items():
        if not kinds and handle != taker.handle:
            withhold(plan, case_id, handle, "reporter")
    for handle in sorted(message.wanted.excluded):
        withhold(plan, case_id, handle, "excluded")
    names = namesakes.names_in(kept, committee)
    sealed.compare(plan, case_id, replace(message, names=_of_others(names, reporter, said)))
    case = plan.cases[case_id]
    if case.audience == "escrow":
        return
    for member in readers.first_readers(committee, case.audience, (), case.barred, plan.setting.now.date()):
        admit(plan, case_id, member, "policy")
    if taker.handle not in case.barred:
        admit(plan, case_id, taker, "took")
    complete(plan, case_id)
    begin_watch(plan, case_id)
    forward_entry(plan, case_id, message.id)
