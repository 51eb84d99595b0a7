"""Names that stand in a report, as they are compared with those of other reports (contract, `+escrow`; R11, R67).

Of a sealed report nobody reads a word; its names are kept as keyed hashes alone, and whether two reports name the same
person is asked of a member. It finds full names, addresses and accounts, and no nickname: the guides say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cocmail.core.folding import fold
from cocmail.core.model import Committee, Mail

# Of one report; a text of nothing but names must not keep everybody waiting.
MOST, LONGEST = 200, 200_000
_LONGEST_NAME = 4
_REPORTED = re.compile(r"(?im)^[ \t>*_|-]*(?:reported|about|against)[ \t*_]*[:\uff1a][ \t*_]*(\S.{0,118}?)[ \t*_.]*$")
_PROPER = r"[^\W\d_a-z][^\W\d_]*(?:[-'’][^\W\d_]+)*\.?"
_CAPITAL = re.compile(rf"{_PROPER}(?:[ \t]+{_PROPER})+")
_LAST_FIRST = re.compile(rf"{_PROPER},[ \t]+{_PROPER}")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,190}")
_ACCOUNT = re.compile(r"(?<!\w)@([\w.-]{3,40})")


def normal(name: str) -> str:
    """A name as it is compared: no case, accents, punctuation or word order."""
    return " ".join(sorted(re.findall(r"[^\W_]+", fold(name))))


def names_in(mail: Mail, committee: Committee) -> dict[str, str]:
    """The names that stand in a message, as they are compared -> as they are written; not the sender's, nor our own."""
    own = {normal(mail.from_name), *map(normal, mail.from_addresses), *map(normal, committee.addresses)}
    ours = set(normal(committee.name).split())
    found: dict[str, str] = {}
    for said in _said(f"{mail.subject}\n{mail.text[:LONGEST]}"):
        name = normal(said)
        if len(name) > 2 and name not in own and not set(name.split()) <= ours:
            found.setdefault(name, " ".join(said.split()))
        if len(found) == MOST:
            break
    return found


def _said(text: str) -> Iterator[str]:
    yield from (match[1] for match in _REPORTED.finditer(text))
    yield from (match[0] for match in _ADDRESS.finditer(text))
    yield from (match[1] for match in _ACCOUNT.finditer(text))
    yield from (match[0] for match in _LAST_FIRST.finditer(text))
    for run in _CAPITAL.finditer(text):
        words = run[0].split()
        # "Yesterday Kit Larsen": which of them are the name, nobody can tell here.
        for length in range(2, _LONGEST_NAME):
            for first in range(len(words) - length + 1):
                yield " ".join(words[first : first + length])
