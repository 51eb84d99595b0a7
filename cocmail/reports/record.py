"""What a case's document is written from, and how lines stand in it: ours in 78 columns, people's set in by four."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from cocmail.core.case import Case
from cocmail.core.model import Committee, Mail
from cocmail.reports.passages import FORMER, indented, member_name

_COLUMNS = 78


@dataclass(frozen=True, slots=True)
class Record:
    """What the parts are written from."""

    case: Case
    committee: Committee
    mails: Mapping[str, Mail]

    def name(self, handle: str) -> str:
        return member_name(handle, self.committee, self.case)

    def concerned(self, handle: str) -> str:
        """The name of a member whom a question is about, who may never have had the case."""
        member = self.committee.member(handle)
        return member.name if member is not None else FORMER


def wrapped(text: str, hanging: str = "") -> str:
    return textwrap.fill(text, _COLUMNS, subsequent_indent=hanging, break_on_hyphens=False)


def item(text: str) -> str:
    return wrapped(f"- {text}", "  ")


def passage(heading: str, text: str) -> str:
    return f"{wrapped(heading)}\n\n{indented(text) or '(no text)'}"
