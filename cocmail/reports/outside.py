"""What people outside wrote in a case, and what the members wrote to them, for the case's document."""

from __future__ import annotations

from collections.abc import Set

from cocmail.core.case import Entry
from cocmail.core.model import contact_person
from cocmail.core.record import Draft
from cocmail.mail.decode import one_line
from cocmail.reports.passages import contents, dated, moment
from cocmail.reports.record import Record, passage, wrapped


def report(record: Record) -> str:
    entries = [entry for entry in record.case.entries if entry.author.kind == "reporter"]
    return "\n\n".join(_entry(entry, record) for entry in entries)


def _entry(entry: Entry, record: Record) -> str:
    what = "The report" if entry.kind == "report" else "The reporter added"
    heading = f"{what} ({dated(entry, record.case, record.mails.get(entry.id))}):"
    return f"{wrapped(heading)}\n\n{contents(entry, record.mails)}"


def sent(record: Record) -> str:
    letters = [draft for draft in record.case.proceedings.drafts if draft.sent_at and draft.to.kind == "reporter"]
    return "\n\n".join(_letter(draft, record) for draft in letters)


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
    carried = f", with {len(draft.files)} attached" if draft.files else ""
    return passage(f"{draft.label}, {names}, {moment(draft.sent_at)}{carried}:", draft.text)
