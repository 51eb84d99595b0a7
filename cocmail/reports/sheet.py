"""The status sheet: what the whole committee and the operator may know of all cases, and no more.

Deliberately vague (NumFOCUS procedures, "Status Spreadsheet"; domain R57, R58). Escrowed cases and cases of one member
alone are in nobody's sheet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from cocmail.core.case import Case


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


def rows(cases: Iterable[Case]) -> list[Row]:
    """The rows of the cases that may be listed, oldest first."""
    listed = [case for case in cases if case.audience not in ("one", "escrow")]
    return [row(case) for case in sorted(listed, key=lambda case: (case.opened_at is None, case.opened_at))]


def row(case: Case) -> Row:
    """What stands in the sheet of a case. Nobody has judged the risks yet, so they are `Maybe`."""
    dates = case.opened_at.strftime("%Y-%m-%d %H:%M") if case.opened_at else "-"
    return Row(case.code_name, "Ongoing", "Maybe", "Maybe", dates, "-", "-")


def as_json(listed: Iterable[Row]) -> list[dict[str, str]]:
    """The rows under the names of the contract (section 1, `cases --json`)."""
    return [asdict(each) for each in listed]


def as_text(listed: list[Row]) -> str:
    """The rows as a table, headed as in the procedures."""
    heads = ("Safety risk?", "Risk of repeating?", "Status", "Code Name", "Date & Time", "Actions needed", "Resolution")
    cells = [heads] + [
        (each.safety_risk, each.repeat_risk, each.status, each.code_name, each.dates, each.actions, each.resolution)
        for each in listed
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
