"""The thread of a case: every message that belongs to it, in order, as its readers know the authors (`#show`).

Made for members who may see the case; whether somebody may is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocmail.core.case import Case, Entry
from cocmail.core.model import Committee, Mail
from cocmail.mail.decode import one_line
from cocmail.reports.passages import FORMER, contents, dated, member_name


def thread(case: Case, committee: Committee, mails: Mapping[str, Mail], reader: str = "") -> str:
    """The thread as plain text. `mails` are the messages that are still kept, by the id of their entry.

    `reader` is the handle of who gets it: what the others said about that member's conflict is left out, and what only
    the watchers may have.
    """
    place = case.members.get(reader)
    since = place.since if place is not None else 0
    theirs = [
        entry
        for number, entry in enumerate(case.entries)
        # Who was new when they came has none of the talk from before (domain R63).
        if not entry.is_kept_from(reader) and not (entry.kind == "discussion" and number < since)
    ]
    passages = [
        f"{number}. {_author(entry, case, committee)} wrote ({dated(entry, case, mails.get(entry.id))}):\n\n"
        f"{contents(entry, mails)}"
        for number, entry in enumerate(theirs, start=1)
    ]
    return "\n\n".join(passages) or "Nothing was written yet."


def _author(entry: Entry, case: Case, committee: Committee) -> str:
    match entry.author.kind:
        case "reporter":
            return "The reporter"
        case "member":
            name = member_name(entry.author.handle, committee, case)
            return name if name != FORMER else FORMER.capitalize()
        case "contact":
            found = case.proceedings.contact(entry.author)
            return one_line(found.name) if found is not None else "Somebody else"
    return entry.author.handle or "Somebody else"
