"""A report that a member took down for somebody: who that is, and how nobody else learns it (contract, `#new`; R65).

The rule: what names the reporter goes before anything is stored; nobody can pass on what is not there. It knows no
nicknames and no descriptions: what the words themselves tell, they tell, and the receipt says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cocmail.core.folding import fold

IN_PLACE = "[the reporter]"
_LEAD = r"(?im)^[ \t>*_|-]*"
_NAMING = re.compile(_LEAD + r"(from|reporter)[ \t*_]*[:\uff1a][ \t*_]*(.*?)[ \t*_]*$\n?")
_WHERE = re.compile(_LEAD + r"(where|wearing)[ \t*_]*[:\uff1a][ \t*_]*(\S.*?)[ \t*_]*$\n?")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")
_WORD = re.compile(r"[^\W\d_][^\W_'’]*(?:[-'’][^\W_'’]+)*")
_TELEPHONE = re.compile(r"\+?\d[\d ()/.-]{5,}\d")
_NOBODY = frozenset({"anonymous", "unknown", "nobody", "none", "n/a"})
# A line of more words without a capital is a description: "somebody who stood at the door".
_NAME_WORDS = 4
# Up to so many letters a word must stand as it was written: "Al" is no part of "al dente".
_SHORT = 3
_JOINED = r"[\W_]{0,3}"
_LAST_DIGITS = 6
_AROUND = " \t<>\"'(),;+"


@dataclass(frozen=True, slots=True)
class Named:
    """Who a text says that the reporter is: "" for what it does not say."""

    name: str = ""
    address: str = ""


def reporter_in(text: str) -> Named:
    """The reporter by the first `Reporter:` line of a text, or the first `From:` line."""
    lines = sorted(_NAMING.findall(text), key=lambda line: line[0].casefold() != "reporter")
    for _, said in lines:
        address = _ADDRESS.search(said)
        name = _TELEPHONE.sub("", _ADDRESS.sub("", said)).replace("<>", "")
        name = " ".join(name.split()).strip(_AROUND)
        if address is not None or (name and name.casefold() not in _NOBODY):
            return Named("" if name.casefold() in _NOBODY else name[:120], address[0].casefold() if address else "")
    return Named()


def without_reporter(text: str) -> tuple[str, int]:
    """(the text without the lines that name the reporter and without every recurrence of what they name, how many)."""
    said = [line for _, line in _NAMING.findall(text)]
    bare, lines = _NAMING.subn("", text)
    folded, at = _folded(bare)
    spans = sorted(set(_spans(said, bare, folded, at)))
    parts, end = [], 0
    for start, stop in spans:
        if start >= end:
            parts += [bare[end:start], IN_PLACE]
        end = max(end, stop)
    return "".join([*parts, bare[end:]]).strip(), lines + len(parts) // 2


def without_place(text: str) -> tuple[str, list[str]]:
    """(the text without its `Where:` and `Wearing:` lines, what they say): where somebody is to be found now."""
    told = [f"{what.capitalize()}: {said}" for what, said in _WHERE.findall(text)]
    return _WHERE.sub("", text).strip(), told


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and where in it each character of that stands."""
    pieces = [fold(char) for char in text]
    at = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), [*at, len(text)]


def _spans(said: Iterable[str], bare: str, folded: str, at: list[int]) -> Iterator[tuple[int, int]]:
    for line in said:
        for pattern in _patterns(line):
            for match in re.finditer(pattern, folded):
                yield at[match.start()], at[match.end()]
        for word in _short_words(line):
            yield from (match.span() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", bare))


def _patterns(line: str) -> Iterator[str]:
    """What recurs of a naming line: addresses and their names, telephone numbers, the name, each word of it."""
    for address in _ADDRESS.findall(line):
        local = fold(address.rpartition("@")[0])
        yield re.escape(fold(address))
        if len(local) > _SHORT:
            yield rf"(?<![^\W_]){re.escape(local)}(?![^\W_])"
    for number in _TELEPHONE.findall(line):
        # Its last digits, with or without the country's and the town's.
        last = _JOINED.join(re.sub(r"\D", "", number)[-_LAST_DIGITS:])
        yield rf"(?:\+?\d{_JOINED}){{0,9}}{last}"
    words = [fold(word) for word in _names_in(line)]
    if len(words) > 1:
        # As accounts are called: robinvale, robin_vale, vale-robin.
        yield _JOINED.join(map(re.escape, words))
        yield _JOINED.join(map(re.escape, reversed(words)))
    for word in words:
        if len(word) > _SHORT:
            yield rf"(?<![^\W_]){re.escape(word)}(?:['’]?s)?(?![^\W_])"


def _short_words(line: str) -> list[str]:
    return [word for word in _names_in(line) if len(word) <= _SHORT]


def _names_in(line: str) -> list[str]:
    words = [word for word in _WORD.findall(_ADDRESS.sub(" ", line)) if word.casefold() not in _NOBODY]
    capital = [word for word in words if not word[:1].islower()]
    return capital or (words if len(words) <= _NAME_WORDS else [])
