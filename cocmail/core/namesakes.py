"""Names that stand in a report, as they are compared with those of other reports (contract, `+escrow`; R11, R67).

Of a sealed report nobody reads a word; its names are kept as keyed hashes alone, and whether two reports name the same
person is asked of a member. It finds full names, addresses and accounts, and no nickname: the guides say so. Word by
word, in linear time: whoever can write to us chooses the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cocmail.core.everyday import NAMES, is_also_a_word
from cocmail.core.folding import fold
from cocmail.core.model import Committee, Mail

# Of one report; a text of nothing but names must not keep everybody waiting.
MOST, LONGEST = 200, 200_000
_LONGEST_WORD, _LONGEST_NAME = 60, 3
_REPORTED = re.compile(r"[ \t>*_|-]{0,20}(?:reported|about|against)[ \t*_]{0,5}[:\uff1a](.{1,120})", re.IGNORECASE)
_AROUND = "\"'“”‘’„«»()[]{}<>*_|"
_ENDS = ".,;:!?…"
# What is written with a capital without being anybody, in reports of every project.
_PLACES = frozenset(
    "main hall room street road square hotel building centre center college university park station city north south"
    " east west new old open source free software foundation project program office board slack discord github gitlab"
    " zoom twitter mastodon matrix irc linux python javascript django rust hi hello best kind warm sincerely".split()
)
_CALLED = re.compile(
    r"\b(?:my name is|i am|i'm|this is|ich bin|ich hei(?:ß|ss)e) ((?:[^\W\d_][\w.'-]{0,40} ?){1,3})", re.IGNORECASE
)
_CLOSING, _LAST_LINES = 400, 3
_WORDS = re.compile(r"[^\W_]+")


def normal(name: str) -> str:
    """A name as it is compared: no case, accents, punctuation or word order."""
    return " ".join(sorted(_WORDS.findall(fold(name))))


def names_in(mail: Mail, committee: Committee) -> dict[str, str]:
    """The names that stand in a message, as they are compared -> as they are written; not the sender's, nor our own."""
    own = {*_of_sender(mail), *map(normal, committee.addresses)}
    ours = set(normal(committee.name).split())
    found: dict[str, str] = {}
    for said in _said(f"{mail.subject}\n{mail.text[:LONGEST]}\n{mail.hidden_text[:LONGEST]}"):
        name = normal(said)
        if len(name) > 2 and name not in own and not set(name.split()) <= ours:
            found.setdefault(name, " ".join(said.split()))
        if len(found) == MOST:
            break
    return found


def _of_sender(mail: Mail) -> set[str]:
    """As what the sender is known: in the header, and by the name that a text ends with, or that it says is theirs.

    Nobody is to be asked about a sealed report by the name of who wrote it.
    """
    local = (address.partition("@")[0].partition("+")[0] for address in mail.from_addresses)
    last = [line for line in mail.text[-_CLOSING:].splitlines() if line.strip()][-_LAST_LINES:]
    signed = (line.strip(" \t-*_,.!") for line in last if len(line.split()) <= _LONGEST_NAME)
    called = (match[1] for match in _CALLED.finditer(mail.text[:LONGEST]))
    known = {normal(mail.from_name), *map(normal, (*mail.from_addresses, *local, *signed))}
    for name in called:
        words = name.split()
        known |= {normal(" ".join(words[:number])) for number in range(1, len(words) + 1)}
    return known - {""}


def _said(text: str) -> Iterator[str]:
    """What is surely a name first: were there too many, the others would be left out."""
    # What is screened in several readings says most lines again.
    lines = list(dict.fromkeys(text.splitlines()))
    for line in lines:
        marked = _REPORTED.match(line)
        if marked is not None:
            yield marked[1].strip(f" \t{_AROUND}{_ENDS}")
    words = [[word for word in line.split() if len(word) <= _LONGEST_WORD] for line in lines]
    for line_words in words:
        bare = (word.strip(_AROUND + _ENDS) for word in line_words if "@" in word)
        yield from filter(_is_account, bare)
    for line_words in words:
        yield from _full_names(line_words)


def _is_account(word: str) -> bool:
    """An address, or an account's name behind an @."""
    local, at, host = word.partition("@")
    return bool(at) and "@" not in host and (bool(local and "." in host) or (not local and len(host) > 2))


def _full_names(words: Sequence[str]) -> Iterator[str]:
    """Two or three words in a row that are written as names are: Kit Larsen, Larsen, Kit, J. R. Larsen."""
    run: list[str] = []
    for word in (*words, ""):
        bare = word.strip(_AROUND).removesuffix("'s").removesuffix("’s")
        if not _is_proper(bare.rstrip(_ENDS)):
            yield from _parts_of(run)
            run = []
            continue
        run.append(bare)
        ends = bare[-1:] in _ENDS and not (len(bare) == 2 and bare.endswith("."))
        if ends and not (bare.endswith(",") and len(run) == 1):
            yield from _parts_of(run)
            run = []
    yield from _parts_of(run)


def _parts_of(run: Sequence[str]) -> Iterator[str]:
    # "Yesterday Kit Larsen": which of them are the name, nobody can tell here.
    for length in range(2, _LONGEST_NAME + 1):
        for first in range(len(run) - length + 1):
            yield " ".join(run[first : first + length]).rstrip(_ENDS)


def _is_proper(word: str) -> bool:
    """Written with a capital, and no word that stands in every letter: "Dear Committee" is nobody."""
    if not word[:1].isupper():
        return False
    folded = fold(word)
    return folded not in _PLACES and (folded in NAMES or not is_also_a_word(folded))
