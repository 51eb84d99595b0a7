"""What a draft to somebody outside says that may not be meant: who writes it, and who is to send it, is told and asked.

It stops nothing: a letter is signed, and may have to name somebody. Whom it names is found by the screening itself, as
that puts the member out of the case when the reporter answers and quotes the letter.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import readers
from cocmail.core.model import Committee
from cocmail.core.places import chosen
from cocmail.core.screening import is_known_again, named_when_quoted


def questions_about(letter: str, committee: Committee, case: Case, *, is_quoted: bool) -> Mapping[str, object]:
    """The words of `meant.j2`. `is_quoted`: it goes to the reporter, who answers from where names count.

    `loses` are the names of those who would lose the case by it, `named` those of other members, `signed` whether the
    letter is long enough for its signature to be known as one.
    """
    named = named_when_quoted(committee, letter)
    having = {member.handle for member in readers(committee, case, Level.SUMMARY)} - chosen(case)
    losing = named & having if is_quoted else frozenset()
    return {
        "loses": [member.name for member in committee.members if member.handle in losing],
        "named": [member.name for member in committee.members if member.handle in named - losing],
        "signed": is_known_again(letter),
    }
