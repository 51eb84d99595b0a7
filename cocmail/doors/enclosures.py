"""What a letter carries, put together when it is sent: a stored message, the thread, the document, the sheet.

Made at the last moment, so that it holds what its recipient may see then. Nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from cocmail.core.case import Case, Entry
from cocmail.core.conflicts import is_told_at
from cocmail.core.effects import Letter
from cocmail.core.model import REPORTER, Attachment, Committee, Mail
from cocmail.doors.contents import TRIES, Contents, ReadAgainFailed
from cocmail.records import cases_of, tombstones_of
from cocmail.reports import sheet
from cocmail.reports.document import document
from cocmail.reports.own_cases import own_cases
from cocmail.reports.thread import thread
from cocmail.store import spool
from cocmail.store.engine import Store

MADE = frozenset({"sheet", "thread", "original", "document"})


class Enclosures:
    """Puts together what letters carry."""

    def __init__(self, store: Store, contents: Contents, now: Callable[[], datetime]) -> None:
        self._store, self._contents, self._now = store, contents, now

    async def of(self, letter: Letter, committee: Committee, case: Case | None, attempts: int) -> Mail | None:
        """What the letter carries; None where it carries nothing, or what it should carry has been destroyed.

        `attempts`: how often that failed already. To members a message that cannot be read any more goes as it came, in
        the end: a report must reach somebody. To somebody outside it goes as it was read, or not at all.

        Raises ReadAgainFailed where a stored message could not be read just now.
        """
        if letter.files:
            return await self._files(letter, case)
        if letter.entry:
            said = [entry.unreadable for entry in case.entries if entry.id == letter.entry] if case is not None else []
            in_the_end = attempts >= TRIES and letter.kind == "forward"
            return await self._contents.of(letter.entry, said[0] if said else "", in_the_end=in_the_end)
        if letter.template == "sheet":
            return await self._sheet(letter, committee)
        if letter.kind == "receipt":
            return await self._own_cases(letter, committee)
        if letter.template not in MADE or case is None:
            return None
        reader = letter.to.handle
        theirs = tuple(entry for entry in case.entries if not entry.is_kept_from(reader))
        if letter.template == "original":
            return await self._original(case, theirs)
        if letter.template == "thread":
            return Mail(text=await asyncio.to_thread(thread, case, committee, await self._mails(theirs), reader))
        mails = await self._mails(entry for entry in theirs if entry.author.kind in ("reporter", "contact"))
        written = replace(case, entries=theirs)
        return Mail(text=await asyncio.to_thread(document, written, committee, mails, self._now()))

    async def _files(self, letter: Letter, case: Case | None) -> Mail | None:
        """Just the files of a letter that a member drafted, by their bytes; not the mail that it was drafted in."""
        entry = case.entry(letter.entry) if case is not None else None
        mail = await self._contents.of(letter.entry, entry.unreadable if entry is not None else "")
        if mail is None:
            return None
        parts = await asyncio.to_thread(_by_digest, mail.attachments)
        if not parts.keys() >= set(letter.files):
            # Without what everybody saw with it the letter does not go.
            raise ReadAgainFailed
        return Mail(attachments=tuple(parts[digest] for digest in dict.fromkeys(letter.files)))

    async def _mails(self, entries: Iterable[Entry]) -> dict[str, Mail]:
        read = {entry.id: await self._contents.of(entry.id, entry.unreadable) for entry in entries}
        return {entry: mail for entry, mail in read.items() if mail is not None}

    async def _original(self, case: Case, entries: Iterable[Entry]) -> Mail:
        """The reporter's messages as they came in, each as a file; but for the reporter's own reply address."""
        parts: list[Attachment] = []
        for entry in entries:
            if entry.author != REPORTER or (case.told_by and entry.kind == "report"):
                # What a member took down did not come from the reporter.
                continue
            stored = await self._store.read(lambda tx, id_=entry.id: spool.open_mail(tx, id_))  # type: ignore[misc]
            if stored is not None:
                name = f"{case.code_name.replace(' ', '-')}-{len(parts) + 1}.eml"
                raw = await self._contents.whole(stored[1])
                parts.append(Attachment(name, "application/octet-stream", len(raw), raw))
        return Mail(attachments=tuple(parts))

    async def _cases_told(self, letter: Letter, committee: Committee) -> list[Case]:
        """What the lists of that letter are made from."""
        every = await self._store.read(lambda tx: list(cases_of(tx, committee).values()))
        return [case for case in every if is_told_at(letter.address, letter.to.handle, case)]

    async def _own_cases(self, letter: Letter, committee: Committee) -> Mail | None:
        """The list of the member's cases, where the receipt is for `#cases`."""
        lines, member = letter.words["lines"], committee.member(letter.to.handle)
        if member is None or not isinstance(lines, list) or all(line["outcome"] != "cases" for line in lines):
            return None
        return Mail(text=own_cases(member, await self._cases_told(letter, committee)))

    async def _sheet(self, letter: Letter, committee: Committee) -> Mail | None:
        member = committee.member(letter.to.handle)
        if member is None:
            return None

        erased = await self._store.read(lambda tx: tombstones_of(tx, committee))
        rows = sheet.rows_for(member, await self._cases_told(letter, committee), erased, letter.address)
        return await asyncio.to_thread(_sheet_of, rows, committee.name)


def _by_digest(attachments: Iterable[Attachment]) -> dict[str, Attachment]:
    """What a person attached, by the SHA-256 of its bytes, in hex."""
    return {hashlib.sha256(part.content).hexdigest(): part for part in attachments if not part.role}


def _sheet_of(rows: list[sheet.Row], title: str) -> Mail:
    """The rows as text, and attached in the three forms that people open."""
    files = (
        ("status.csv", "text/csv", sheet.as_csv(rows)),
        ("status.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet.as_xlsx(rows)),
        ("status.html", "text/html", sheet.as_html(rows, title)),
    )
    attached = tuple(Attachment(name, kind, len(content), content) for name, kind, content in files)
    return Mail(text=sheet.as_mail(rows), attachments=attached)
