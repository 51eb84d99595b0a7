"""`#new`: a member takes down a report that came another way, or the committee begins a case of its own (domain R3, R5,
R27, R65, R68).

The rule: of an anonymous reporter nothing is kept that this member knows; where somebody is to be found now is told,
and kept nowhere. What is not sure to be meant runs nothing.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

from cocmail.core import anonymity, readers, sealed
from cocmail.core.anonymity import Named
from cocmail.core.checks import begin_watch
from cocmail.core.commands.call import Call, Line, done, refuse
from cocmail.core.commands.views import belongs_to_a_case
from cocmail.core.effects import Note
from cocmail.core.events import CaseOpened, ReporterKnown
from cocmail.core.model import REPORTER
from cocmail.core.opening import file_entry
from cocmail.core.places import admit, forward_entry, tell, withhold
from cocmail.core.screening import screen_name
from cocmail.core.setting import Message
from cocmail.core.subjects import free_words
from cocmail.core.vacancies import complete

# What a slip of the pen in these would cost cannot be taken back.
_GRAVE = ("anonymous", "escrow")
_ALIKE = 0.6
_BEGINS = 4


def new(call: Call) -> Line:
    """Opens a case from the mail's text; the member who took it down has it, unless it is about somebody close."""
    words = set(call.tag.arguments)
    stopped = _cannot_be_taken(call, words)
    if stopped is not None:
        return stopped
    anonymous, sealed, channel = "anonymous" in words, "escrow" in words or call.message.wanted.escrow, _channel(call)
    text = call.message.mail.text.strip()
    reporter = anonymity.reporter_in(text)
    text, places = anonymity.without_place(text) if channel == "inperson" else (text, [])
    text, removed = anonymity.without_reporter(text) if anonymous else (text, 0)
    if not text:
        return refuse("no-text", tag=str(call.tag))
    case_id = _open(call, channel, anonymous=anonymous, sealed=sealed)
    call.plan.rewritten = "" if call.message.mail.attachments else text
    _note_reporter(call, case_id, Named() if anonymous else reporter)
    _fill(call, case_id, reporter)
    words_ = {"text": "\n".join(places), "name": call.member.name}
    told = tell(call.plan, case_id, call.message.id, "whereabouts", words_) if places else 0
    out = call.plan.cases[case_id].barred
    return done(
        "new",
        case_name=call.plan.cases[case_id].code_name,
        channel=channel,
        anonymous=anonymous,
        relay=call.committee.policy.get("reporter.anonymous") == "via_member",
        removed=removed,
        sealed=sealed,
        places=bool(places),
        told=told,
        known=bool(reporter.name or reporter.address),
        address=bool(reporter.address) and not anonymous,
        out=call.member.handle in out,
    )


def _channel(call: Call) -> str:
    return next(word for word in call.tag.arguments if word not in _GRAVE)


def _cannot_be_taken(call: Call, words: set[str]) -> Line | None:
    """Why nothing is opened, or None."""
    if call.case_id or belongs_to_a_case(call):
        # What stands below the text would be passed on with it, to other people than have that case.
        return refuse("new-in-a-case", tag=str(call.tag))
    if call.message.wanted.only:
        return refuse("new-to-one", tag=str(call.tag))
    doubtful = [meant for word in free_words(call.message.mail.subject, "new") if (meant := _meant(word, words))]
    if doubtful:
        return refuse("new-unclear", meant=doubtful[0])
    places = "inperson" in words and bool(anonymity.without_place(call.message.mail.text)[1])
    if call.message.mail.attachments and ("anonymous" in words or places):
        return refuse("new-files", anonymous="anonymous" in words)
    return None


def _meant(word: str, words: set[str]) -> str:
    """Which of the grave words may be meant by another one; "" for none, or where it stands there as well."""
    close = difflib.get_close_matches(word[:24], _GRAVE, 1, _ALIKE)
    begun = [grave for grave in _GRAVE if word.startswith(grave[:_BEGINS])]
    found = (close or begun or [""])[0]
    return "" if found in words else found


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


def _fill(call: Call, case_id: str, reporter: Named) -> None:
    """Screened like any report, but for whoever took it down; then its readers, and that member."""
    plan, committee, taker = call.plan, call.committee, call.member
    message = _as_told(call)
    file_entry(plan, message, case_id, REPORTER, "report")
    for handle, why in message.screening.found.items():
        withhold(plan, case_id, handle, why)
    for handle, kinds in screen_name(committee, f"{reporter.name} {reporter.address}").items():
        if not kinds and handle != taker.handle:
            withhold(plan, case_id, handle, "reporter")
    for handle in sorted(message.wanted.excluded):
        withhold(plan, case_id, handle, "excluded")
    sealed.compare(plan, case_id, message)
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
