"""What a draft to somebody outside says that may not be meant: who writes it, and who is to send it, is told and asked.

It stops nothing: a letter is signed, and may have to name somebody. Whom it names is found by the screening itself, as
that puts the member out of the case when the reporter answers and quotes the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import readers
from cocmail.core.model import Committee
from cocmail.core.places import chosen
from cocmail.core.screening import is_known_again, named_when_quoted
from cocmail.core.vague import addresses_in

# Where a web address ends, and the machine's name in it begins.
_BEHIND_HOST = re.compile(r"[/:?#\s]")


def questions_about(
    letter: str, committee: Committee, case: Case, theirs: Sequence[str], *, is_quoted: bool
) -> Mapping[str, object]:
    """The words of `meant.j2`. `theirs` its recipient wrote; `is_quoted`: they are the reporter, and answer by mail.

    `loses` are the names of those who would lose the case by it, `named` those of other members, `signed` whether the
    letter is long enough for its signature to be known as one, `leads` what leads to somebody: telephone numbers, mail
    and web addresses outside the committee's own that the recipient has not written themselves.
    """
    named = named_when_quoted(committee, letter)
    having = {member.handle for member in readers(committee, case, Level.SUMMARY)} - chosen(case)
    losing = named & having if is_quoted else frozenset()
    return {
        "loses": [member.name for member in committee.members if member.handle in losing],
        "named": [member.name for member in committee.members if member.handle in named - losing],
        "signed": is_known_again(letter),
        "leads": list(_leading(letter, committee, theirs)),
    }


def _leading(letter: str, committee: Committee, theirs: Sequence[str]) -> Iterator[str]:
    found: list[str] = []
    for word in dict.fromkeys(addresses_in(letter)):
        # The digits of a web address are no telephone number of their own.
        if not (_is_ours(word, committee) or any(word in each for each in (*theirs, *found))):
            found.append(word)
            yield word


def _is_ours(word: str, committee: Committee) -> bool:
    """Whether a mail or web address is on the committee's own domain, or on a part of it or around it."""
    rest = word.casefold().rpartition("://")[2]
    host = _BEHIND_HOST.split(rest, maxsplit=1)[0].rpartition("@")[2].removeprefix("www.")
    domains = {address.rpartition("@")[2] for address in committee.addresses}
    around = {domain.partition(".")[2] for domain in domains if domain.count(".") > 1}
    return any(host == each or host.endswith(f".{each}") for each in domains) or host in around
