"""The status sheet: what the whole committee and the operator may know of all cases, and no more.

Deliberately vague (NumFOCUS procedures, "Status Spreadsheet"; domain R57, R58). Escrowed cases and cases of one member
alone are in nobody's sheet. What stands in a cell was written by people: no form of the sheet runs it as anything.
"""

from __future__ import annotations

import csv
import re
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from io import BytesIO, StringIO

from cocmail.core.case import Case
from cocmail.core.conflicts import is_listed, may_be_listed
from cocmail.core.lifecycle import State
from cocmail.core.model import Member
from cocmail.core.tombstones import Tombstone, may_see_row
from cocmail.mail.decode import one_line
from cocmail.reports.passages import minute

HEADS = ("Safety risk?", "Risk of repeating?", "Status", "Code Name", "Date & Time", "Actions needed", "Resolution")
EMPTY = "There is no case to list."
NOTHING = "-"

_WIDTHS = (12, 18, 10, 20, 34, 44, 44)
_MAIL_COLUMNS = 72
_CREATED = datetime(2000, 1, 1)
# The end of a cell's beginning, or of a separator that spreadsheet programs of other countries split at, before what
# they take for a formula (the full-width signs too). A "-" alone is our own sign for nothing.
_FORMULA = re.compile('(^|[;\t\r\n]"*)(?=[=+@\t\r\uff1d\uff0b\uff20\uff0d]|-.)')


@dataclass(frozen=True, slots=True)
class Row:
    """One case as everybody may see it. Times are UTC; "-" stands for nothing."""

    code_name: str
    status: str
    safety_risk: str
    repeat_risk: str
    dates: str
    actions: str
    resolution: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The values in the order of `HEADS`."""
        risks = (self.safety_risk, self.repeat_risk)
        return (*risks, self.status, self.code_name, self.dates, self.actions, self.resolution)


def rows(cases: Iterable[Case], erased: Iterable[Tombstone] = ()) -> list[Row]:
    """The rows of the cases that may be listed, and of those that were erased, oldest first."""
    listed = [(_sorted_by(case.opened_at), row(case)) for case in cases if is_listed(case)]
    listed += [(each.opened_at, row_of_erased(each)) for each in erased if each.listed]
    return [found for _, found in sorted(listed, key=lambda pair: pair[0] or "~")]


def _sorted_by(opened_at: datetime | None) -> str:
    return opened_at.isoformat() if opened_at is not None else ""


_OVER = {
    State.DISMISSED: "Not a report",
    State.MERGED: "Part of another case",
    State.TRANSFERRED: "Handed to another body",
}


def rows_for(member: Member, cases: Iterable[Case], erased: Iterable[Tombstone] = (), address: str = "") -> list[Row]:
    """The rows of the sheet that this member may have at that address (contract, section 5, rule 9), oldest first."""
    seen = (each for each in erased if may_see_row(member, address, each))
    return rows((case for case in cases if may_be_listed(member, case)), seen)


def row(case: Case) -> Row:
    """What stands in the sheet of a case: one line a cell, no control characters. A risk not judged is `Maybe`."""
    now = case.proceedings
    dates = [minute(at) for at in (case.opened_at,) if at is not None]
    unresolved = _OVER.get(now.state, NOTHING)
    resolved = now.state in _OVER or now.state is State.RESOLVED
    return Row(
        code_name=case.code_name,
        status="Resolved" if resolved else "Ongoing",
        safety_risk=now.safety.capitalize(),
        repeat_risk=now.repeat.capitalize(),
        dates=" and ".join(dates) or NOTHING,
        actions=one_line(now.actions) or NOTHING,
        resolution=one_line(now.resolution) or unresolved,
    )


def row_of_erased(tombstone: Tombstone) -> Row:
    """What stays in the sheet of a case that was erased: what stood there before, and since when it is gone."""
    opened = [minute(datetime.fromisoformat(tombstone.opened_at))] if tombstone.opened_at else []
    unresolved = "Not a report" if tombstone.dismissed else NOTHING
    return Row(
        code_name=tombstone.code_name,
        status="Resolved" if tombstone.over else "Ongoing",
        safety_risk=tombstone.safety.capitalize(),
        repeat_risk=tombstone.repeat.capitalize(),
        dates=" and ".join(opened) or NOTHING,
        actions=f"Erased {minute(datetime.fromisoformat(tombstone.erased_at))}",
        resolution=one_line(tombstone.resolution) or unresolved,
    )


def as_json(listed: Iterable[Row]) -> list[dict[str, str]]:
    """The rows under the names of the contract (section 1, `cases --json`)."""
    return [asdict(each) for each in listed]


def as_text(listed: list[Row]) -> str:
    """The rows as a table for a terminal, headed as in the procedures, as wide as the longest cells."""
    if not listed:
        return EMPTY
    cells = [HEADS, *(each.cells for each in listed)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def as_mail(listed: list[Row]) -> str:
    """The rows for the text of a mail: a paragraph for each case, its name first, 72 columns wide."""
    return "\n\n".join(_paragraph(each) for each in listed) if listed else EMPTY


def _paragraph(row: Row) -> str:
    labelled = sorted(zip(HEADS, row.cells, strict=True), key=lambda pair: pair[0] != "Code Name")
    return "\n".join(
        textwrap.fill(
            f"{head if head.endswith('?') else f'{head}:'} {cell}",
            _MAIL_COLUMNS,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        for head, cell in labelled
    )


def as_csv(listed: Iterable[Row]) -> bytes:
    """The rows as CSV (RFC 4180), UTF-8 with the mark that tells spreadsheet programs so.

    These run what looks like a formula; an apostrophe before it makes them show it as text.
    """
    written = StringIO()
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow(HEADS)
    sheet.writerows([_FORMULA.sub(r"\1'", cell) for cell in each.cells] for each in listed)
    return written.getvalue().encode("utf-8-sig", "replace")


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.45 sans-serif; margin: 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.3rem; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #888; padding: .4em .6em; text-align: left; vertical-align: top; }}
@media (max-width: 48rem) {{
  thead {{ display: none; }}
  table, tbody, tr, td {{ display: block; border: 0; }}
  tr {{ border: 1px solid #888; margin: 0 0 1rem; }}
  td::before {{ content: attr(data-head); display: block; font-weight: bold; }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
{content}
</body>
</html>
"""


def as_html(listed: list[Row], title: str) -> bytes:
    """The rows as a page of its own, UTF-8: it runs and fetches nothing; on a phone each case is a block."""
    content = f"<p>{EMPTY}</p>"
    if listed:
        head = "".join(f'<th scope="col">{escape(each)}</th>' for each in HEADS)
        body = "\n".join(_html_row(each) for each in listed)
        content = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return _PAGE.format(title=escape(one_line(title)), content=content).encode("utf-8", "replace")


def _html_row(row: Row) -> str:
    cells = (f'<td data-head="{escape(head)}">{escape(cell)}</td>' for head, cell in zip(HEADS, row.cells, strict=True))
    return f"<tr>{''.join(cells)}</tr>"


def as_xlsx(listed: Iterable[Row]) -> bytes:
    """The rows as a workbook (Office Open XML) of strings alone. It names no author, and always the same date.

    Made in memory: what people wrote stands in no temporary file.
    """
    # A tenth of a second to load, and most commands never write a workbook.
    from xlsxwriter import Workbook

    octets = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(octets, options)
    book.set_properties({"created": _CREATED})
    sheet = book.add_worksheet("Cases")
    bold = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    # The text format: what looks like a formula stays text when somebody edits the cell.
    plain = book.add_format({"valign": "top", "text_wrap": True, "num_format": "@"})
    for column, (head, width) in enumerate(zip(HEADS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, bold)
    for line, each in enumerate(listed, start=1):
        for column, cell in enumerate(each.cells):
            sheet.write_string(line, column, _as_string(cell), plain)
    sheet.freeze_panes(1, 0)
    book.close()
    return octets.getvalue()


def _as_string(cell: str) -> str:
    """The library puts `<r>...</r>` into the file as it stands, for text in several fonts; a space more is text."""
    text = one_line(cell)
    return f"{text} " if text.startswith("<r>") else text
