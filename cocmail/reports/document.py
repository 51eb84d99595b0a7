"""A case's document: the seven parts of the NumFOCUS procedures ("Report Documentation"; domain R59, R60), all dated.

Plain text that reads as Markdown. The record of what was said and decided, for members who may see the case; whether
somebody may is asked elsewhere. It must not tell who voted what, nor count the ballots of an open question.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cocmail.core.access import Standing
from cocmail.core.case import Case
from cocmail.core.conflicts import withheld_count
from cocmail.core.model import Committee, Mail
from cocmail.core.motions import CONFLICT, Motion
from cocmail.core.record import Fact, Obligation, Remark
from cocmail.mail.decode import one_line
from cocmail.reports import outside
from cocmail.reports.asked import to_ask
from cocmail.reports.passages import moment
from cocmail.reports.protection import measures
from cocmail.reports.record import Record, item, passage, wrapped

NOTHING = "Nothing recorded."
PARTS = (
    "The report, and what the reporter added",
    "Summary of the committee's discussion, and whether it is in scope",
    "Proposed change of behaviour",
    "Proposed consequences",
    "Discussions with moderators, administrators and organisers",
    "Discussions with the reported person",
    "What was sent to the reporter",
)

_ASKED = {
    "confirm-hard": "is it confirmed as a hard one",
    "confirm-soft": "is it confirmed as a soft one",
    "restore": "does the member come back",
    "force": "does the member have to withdraw",
    "lift": "is the member asked to take part",
    "limit-none": "the member gets nothing",
    "limit-summary": "the member gets notes",
    "limit-discuss": "the member gets report and talk",
}
_SCOPES = {"in": "in scope", "out": "out of scope", "unsure": "unsure whether it is in scope"}
_RISKS = {"safety": "safety risk", "repeat": "risk of repeating"}
_PLACES = {"primary": "first", "secondary": "second"}
_SAID = {
    "urgent": "it is urgent",
    "danger": "somebody is in danger",
    "paused": "the case rests",
    "ongoing": "the case goes on",
    "optout": "the reporter wants no more mail",
    "optin": "the reporter wants to hear from the committee",
    "reopened": "the case is taken up again",
    "kept": "it is not erased, but kept",
}
_WHY = {
    "all-voted": "everybody had voted",
    "time": "the time was over",
    "withdrawn": "it was taken back by who opened it",
    "objected": "it was objected to in time",
    "replaced": "it was overtaken by another one",
    "left": "the member whom it was about left the committee",
    "too-few": "too few were left to vote",
    "transferred": "the case was handed to another body",
}


def document(case: Case, committee: Committee, mails: Mapping[str, Mail], now: datetime) -> str:
    """The document of a case as things are at `now`. `mails` are the messages still kept, by the id of their entry.

    Our own lines have 78 columns at most; what people wrote stands as they wrote it, set in by four.
    """
    record = Record(case, committee, mails)
    written = (
        outside.report(record),
        _discussion(record),
        _plan(record),
        _consequence(record),
        outside.talked(record, {"third"}),
        "\n\n".join(filter(None, (outside.talked(record, {"reported"}), outside.apologies(record)))),
        outside.sent(record),
    )
    parts = [
        "\n\n".join(filter(None, (f"## {number}. {title}", text or NOTHING, to_ask(number, case))))
        for number, (title, text) in enumerate(zip(PARTS, written, strict=True), start=1)
    ]
    head = f"# {case.code_name}\n\n{wrapped(f'Document of this case, as of {moment(now)}.')}"
    return "\n\n".join([head, *parts]) + "\n"


def _discussion(record: Record) -> str:
    done = record.case.proceedings
    facts = [_fact(fact, record) for fact in done.facts]
    notes = [_remark(remark, "Note", record) for remark in done.remarks if remark.part == "note"]
    questions = [_question(motion, record) for motion in done.motions]
    chapters = (
        ("Who is involved", "\n".join(item(f"{one_line(each.name)}: {each.role}") for each in record.case.parties)),
        ("Conflicts of interest", _conflicts(record)),
        ("Judgements and steps", "\n".join(facts)),
        ("Notes", "\n\n".join(notes)),
        ("Measures to protect people", measures(record)),
        ("Questions", "\n\n".join(questions)),
        ("Given to others", outside.given(record)),
    )
    told = [f"### {title}\n\n{text}" for title, text in chapters if text]
    return "\n\n".join([_standing(record), *(told or [NOTHING])])


def _conflicts(record: Record) -> str:
    """What members stated of their conflicts, where the procedure wants it in the first notes (CNCF, "Procedures to
    disclose and confirm conflicts").
    """
    if record.committee.policy.get("record.conflict_in_first_notes") is not True:
        return ""
    told = []
    for each in record.case.statements:
        at = moment(datetime.fromisoformat(each.at))
        told.append(passage(f"{record.concerned(each.handle)}, {at}: a {each.conflict} conflict.", each.area))
    return "\n\n".join(told)


def _standing(record: Record) -> str:
    """Where the case stands. Of those who do not have it, only how many they are."""
    case, done = record.case, record.case.proceedings
    more = [word for word, holds in (("urgent", done.urgent), ("paused", done.paused)) if holds]
    owners = [f"{record.name(done.owners[place])} ({_PLACES[place]})" for place in _PLACES if place in done.owners]
    recused = case.with_standing(Standing.RECUSED)
    withdrawn = sum(1 for member in record.committee.members if member.handle in recused)
    lines = [
        f"Status: {', '.join([done.state.value, *more])}",
        f"Scope: {_SCOPES.get(done.scope, 'not judged yet')}",
        f"Safety risk: {done.safety}; risk of repeating: {done.repeat}",
        f"Owners: {', '.join(owners) or 'nobody'}",
        f"Members who do not have this case: {withdrawn} withdrawn, {withheld_count(record.committee, case)} withheld",
    ]
    if done.resolution:
        lines.append(f"Resolution in the status sheet: {one_line(done.resolution)}")
    return "\n".join(item(line) for line in lines)


def _fact(fact: Fact, record: Record) -> str:
    return item(f"{moment(fact.at)}, {record.name(fact.by)}: {_said(fact, record)}")


def _said(fact: Fact, record: Record) -> str:
    match fact.what:
        case "owner-primary" | "owner-secondary":
            place = _PLACES[fact.what.removeprefix("owner-")]
            return f"the {place} owner is {record.name(fact.value)}"
        case "risk":
            judged = (word.partition(":") for word in fact.value.split())
            return ", ".join(f"{_RISKS.get(key, key)} {value}" for key, _, value in judged)
        case "scope":
            return _SCOPES.get(fact.value, one_line(fact.value))
        case "meeting":
            return f"the members meet on {one_line(fact.value)}"
        case "actions":
            return f"actions needed: {one_line(fact.value) or '-'}"
        case "resolved":
            return f"resolved as {one_line(fact.value)}"
        case "dismissed":
            return f"closed as no report ({one_line(fact.value)})"
    return _SAID.get(fact.what) or one_line(f"{fact.what} {fact.value}")


def _remark(remark: Remark, what: str, record: Record) -> str:
    heading = f"{what} of {one_line(remark.day)}, written by {record.name(remark.by)}, {moment(remark.at)}:"
    return passage(heading, remark.text)


def _question(motion: Motion, record: Record) -> str:
    """A question with its parts and its end. Ballots are sealed: of an open one nothing but its end is told."""
    rule = f"Rule: {motion.rule}, counted over: {motion.base}"
    quorum = [
        words
        for words, holds in (
            ("more than half must take part", motion.quorum == "majority"),
            (f"{motion.floor} must take part at least", motion.floor > 0),
        )
        if holds
    ]
    if motion.kind == CONFLICT:
        # Who asked and how many said what is not told: whom it is about may read this.
        end = "Open." if motion.is_open else f"Result: {motion.result}, {moment(motion.closed_at)}."
        return "\n\n".join([f"#### {motion.label}", *_asked(motion, record), end])
    return "\n\n".join(
        [
            f"#### {motion.label}",
            wrapped(f"Opened by {record.name(motion.mover)}, {moment(motion.opened_at)}."),
            *_asked(motion, record),
            wrapped(f"{'; '.join([rule, *quorum])}."),
            _end(motion),
        ]
    )


def _asked(motion: Motion, record: Record) -> list[str]:
    """What is asked. Why somebody is thought to have a conflict is not told: they may read this document."""
    if motion.kind == CONFLICT:
        about = record.concerned(motion.about)
        return [wrapped(f"On a conflict of interest of {about}: {_ASKED[motion.asks]}.")]
    parts = (
        ("Finding", motion.finding),
        ("Plan", motion.plan),
        ("Consequence", motion.consequence),
        ("If refused", motion.if_refused),
        ("Text", motion.text),
    )
    wanted = parts[:4] if motion.kind == "outcome" else parts[4:]
    return [passage(f"{title}:", text) for title, text in wanted]


def _end(motion: Motion) -> str:
    if motion.is_open:
        return f"Open until {moment(motion.ends)}, or until everybody has voted."
    why = _WHY.get(motion.why, one_line(motion.why))
    lines = [wrapped(f"Result: {motion.result}, {moment(motion.closed_at)} ({why}).")]
    if motion.tally is not None:
        tally = motion.tally
        counts = (("Yes", tally.yes), ("No", tally.no), ("Abstain", tally.abstain), ("Not voted", tally.not_voted))
        lines.append(", ".join(f"{head}: {number}" for head, number in (*counts, ("Base", tally.base))))
    return "\n".join(lines)


def _plan(record: Record) -> str:
    decided = record.case.proceedings.decision
    return _proposed("plan", decided, decided.plan if decided else "", record)


def _consequence(record: Record) -> str:
    decided = record.case.proceedings.decision
    proposed = _proposed("consequence", decided, decided.consequence if decided else "", record)
    owed = [item(_obligation(each, record)) for each in record.case.proceedings.obligations]
    return "\n\n".join(filter(None, (proposed, "\n".join(["To be done:", "", *owed]) if owed else "")))


def _obligation(owed: Obligation, record: Record) -> str:
    met = f"; done, {moment(owed.met_at)}" if owed.met_at is not None else ""
    return f"{owed.number}, by the end of {owed.due}: {one_line(owed.text)} (noted by {record.name(owed.by)}{met})"


def _proposed(part: str, decided: Motion | None, text: str, record: Record) -> str:
    """What was proposed, the last one marked as current, then what the question in force decided."""
    remarks = [remark for remark in record.case.proceedings.remarks if remark.part == part]
    heads = ["Proposal", *(["Current proposal"] if remarks else [])]
    written = [_remark(each, heads[each is remarks[-1]], record) for each in remarks]
    if decided is not None:
        written.append(passage(f"Decided by {decided.label}, {moment(decided.closed_at)}:", text))
    return "\n\n".join(written)
