"""What people outside wrote in a case, and what the members wrote to them, for the case's document."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from cocmail.core.case import Entry
from cocmail.core.letters import letter_id
from cocmail.core.lifecycle import State
from cocmail.core.model import contact_person
from cocmail.core.outward import ApologyAnswered, Disclosed, Request, told_about
from cocmail.core.reaching import can_reach
from cocmail.core.record import Draft
from cocmail.mail.decode import one_line
from cocmail.reports.passages import contents, dated, moment
from cocmail.reports.record import Record, item, passage, wrapped

_TOLD = {
    "told": "the reporter was told",
    "again": "the reporter had been told before",
    "no-contact": "the reporter was not told: no contact",
    "opted-out": "the reporter was not told: wants no mail",
    "not-wanted": "the reporter was not told, by the procedure",
    "forbidden": "the reporter was not told",
    "untaken": "the reporter was written to, and it did not arrive",
}


def report(record: Record) -> str:
    entries = [entry for entry in record.case.entries if entry.author.kind == "reporter"]
    return "\n\n".join(_entry(entry, record) for entry in entries)


def _entry(entry: Entry, record: Record) -> str:
    what = "The report" if entry.kind == "report" else "The reporter added"
    heading = f"{what} ({dated(entry, record.case, record.mails.get(entry.id))}{_taken(entry, record)}):"
    return f"{wrapped(heading)}\n\n{contents(entry, record.mails)}"


def _taken(entry: Entry, record: Record) -> str:
    case = record.case
    if entry.kind != "report" or not case.told_by:
        return ""
    way = "begun for the committee itself" if case.channel == "self" else f"taken down ({case.channel})"
    return f", {way} by {record.name(case.told_by)}"


def sent(record: Record) -> str:
    letters = [draft for draft in record.case.proceedings.drafts if draft.sent_at and draft.to.kind == "reporter"]
    return "\n\n".join([*_no_contact(record), *(_letter(draft, record) for draft in letters)])


def _no_contact(record: Record) -> list[str]:
    """That nothing is owed to a reporter who left no way back (domain R66)."""
    done = record.case.proceedings
    if record.case.reporter is None or can_reach(record.committee, record.case):
        return []
    if done.state is State.ESCROWED or record.case.channel == "self":
        return []
    owed = ("an answer by a person", "a word in between", "the outcome")
    return ["The reporter left no way back:", "\n".join(item(f"{what}: No contact.") for what in owed)]


def talked(record: Record, roles: Set[str]) -> str:
    """What was written to people outside in those roles, and what they answered."""
    case = record.case
    wanted = {contact_person(each.number): each for each in case.proceedings.contacts}
    if "third" in roles:
        roles = {"third", "harmed", "witness", "reporter"}
    there = {person: each for person, each in wanted.items() if each.role in roles}
    letters = [draft for draft in case.proceedings.drafts if draft.sent_at and draft.to in there]
    answers = [entry for entry in case.entries if entry.author in there]
    told = [f"To {one_line(there[draft.to].name)}. {_letter(draft, record)}" for draft in letters]
    told += [_answer(entry, one_line(there[entry.author].name), record) for entry in answers]
    return "\n\n".join(told)


def _answer(entry: Entry, name: str, record: Record) -> str:
    heading = f"{name} answered ({dated(entry, record.case, record.mails.get(entry.id))}):"
    return f"{wrapped(heading)}\n\n{contents(entry, record.mails)}"


def _letter(draft: Draft, record: Record) -> str:
    names = f"written by {record.name(draft.author)}, sent by {record.name(draft.sent_by)}"
    refused = [each for each in record.case.proceedings.outward.refused if each.draft == draft.number]
    more = "; it came back" if any(each.back for each in refused) else "; no mail server took it" if refused else ""
    carried = f", with {len(draft.files)} attached" if draft.files else ""
    return passage(f"{draft.label}, {names}, {moment(draft.sent_at)}{carried}{more}:", draft.text)


def apologies(record: Record) -> str:
    """What became of apologies of the reported person."""
    return "\n\n".join(_apology(each, record) for each in record.case.proceedings.outward.apologies)


def _apology(answer: ApologyAnswered, record: Record) -> str:
    letter = record.case.proceedings.draft(answer.draft)
    if answer.how == "relay":
        sent = letter is not None and letter.sent_at is not None
        what = f"passed on to the reporter, by D{answer.draft}{'' if sent else ' (not sent)'}"
    else:
        what = "accepted in the reporter's place" if answer.how == "accept" else "not passed on"
    heading = f"An apology was offered; {what}. {record.name(answer.by)}, {moment(datetime.fromisoformat(answer.at))}"
    return passage(f"{heading}:", answer.text) if answer.text else wrapped(f"{heading}.")


def given(record: Record) -> str:
    """What was handed to another body, or given away because the law obliges to; and what waits for a second voice."""
    outward = record.case.proceedings.outward
    told = [_disclosed(each, number, record) for number, each in enumerate(outward.disclosed)]
    return "\n\n".join([*told, *(_asked(each, record) for each in outward.requests)])


def _disclosed(each: Disclosed, number: int, record: Record) -> str:
    at = moment(datetime.fromisoformat(each.at))
    who = " and ".join(record.name(handle) for handle in each.by)
    alone = " (nobody else had the case)" if each.alone else ""
    became = "untaken" if each.told == "told" and _is_untaken(each, number, record) else each.told
    told = f"{_TOLD[became]}{': ' if each.why else ''}{one_line(each.why)}"
    if each.kind == "transfer":
        count = f"{len(each.entries)} of the reporter's messages"
        heading = f"Handed to {one_line(each.to)}, {at}, by {who}{alone}: {count}; {told}. The reason:"
        return passage(heading, each.text)
    heading = f"Given to {one_line(each.to)}, {at}, by {who}{alone}, because the law obliges to; {told}. The ground:"
    return "\n\n".join([passage(heading, each.ground), passage("What:", each.text)])


def _is_untaken(each: Disclosed, number: int, record: Record) -> bool:
    about = told_about(each.kind, each.address, number)
    letter = letter_id(record.case.id, about, "status")
    return any(refused.letter == letter for refused in record.case.proceedings.outward.refused)


def _asked(request: Request, record: Record) -> str:
    tag = f"#transfer {request.to}" if request.kind == "transfer" else "#disclose legal"
    names = ", ".join(record.name(voice.by) for voice in request.voices)
    return item(f"{tag} is asked for by {names}; it waits for a second voice until {moment(request.until)}")
