"""A text as it is looked through for people's names: in every way in which it may have been written.

A long text is looked at in pieces, each together with the end of the one before, so that what is held of it is small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cocmail.core.folding import Folding, spelled_out

# Characters at a time: folding a long text in one call would also keep all other threads from running.
_PIECE = 1 << 16
# What stands between the words of a name, or around them: spaces, marks of quotations and emphasis, hyphens,
# apostrophes, a blank of Braille. Programs write each of them in several ways, and people leave them out.
_GAP = re.compile(
    "[\\s\"'`*_~|>\u00ab\u00b7\u00bb\u02b9-\u02bf\u02c8\u055a\u05f3\u05f4\u2018-\u201f\u2032-\u2037\u2039\u203a"
    "\u2800\u300c-\u300f\u301d-\u301f\ua78b\ua78c\\-\u058a\u05be\u2010-\u2015\u2212\u30a0\u30fb]+"
)
_ASCII_GAPS = {code: " " for code in range(128) if _GAP.fullmatch(chr(code))}
# Scripts that have letters which look like Latin ones, and a word of them that has Latin letters as well.
_ALIKE = re.compile("[\u0370-\u058f\u0251\u0261\u1f00-\u1fff]")
_MIXED = re.compile("[a-zA-Z][\u0370-\u058f\u0251\u0261]|[\u0370-\u058f\u0251\u0261][a-zA-Z]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-zA-Z]")
# What stands in a committee's file is wanted with each message, and is the same.
_ASKED = 4_096


@dataclass(frozen=True, slots=True)
class Look:
    """A piece of a text in all its spellings: in small letters, and with its capitals but without salutations."""

    folded: tuple[str, ...]
    named: tuple[str, ...]


@lru_cache(maxsize=_ASKED)
def as_typed(text: str) -> frozenset[str]:
    """A word, an address, a handle or an employer in small letters, in all its spellings."""
    both = {form for each in as_written(text) for form in (each, _TABLES.alike(each))}
    return frozenset(each.casefold() for each in both)


def looks(text: str, longest: int, shown: Callable[[str, bool, bool], str]) -> Iterator[Look]:
    """A text in pieces. What is at most `longest` characters long, as it is compared, stands whole in one of them.

    `shown` gives a piece without its salutations; it is told whether the piece begins, and ends, with a whole line.
    """
    kept = 2 * longest + 2
    tails = [""] * 6
    for piece, begins, ends in _pieces(text):
        views: list[str] = []
        for spelled in (piece, piece if piece.isascii() else spelled_out(piece)):
            # What was just worked out for one spelling is that of the other, where the piece has but one.
            if views and spelled == piece:
                views += views
                continue
            plain = _TABLES.plain(spelled)
            views += [plain.casefold(), _TABLES.alike(plain).casefold(), shown(plain, begins, ends)]
        pairs = list(zip(tails, views, strict=True))
        joined = {pair: _without_gaps("".join(pair)) for pair in dict.fromkeys(pairs)}
        seen = [joined[pair] for pair in pairs]
        tails = [_tail(each, kept) for each in seen]
        folded = dict.fromkeys(each for number, each in enumerate(seen) if number % 3 < 2)
        yield Look(tuple(folded), tuple(dict.fromkeys(seen[2::3])))


def _pieces(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Pieces of a text that end at line ends, or between words where a line is that long, and how they were cut."""
    start, begins = 0, True
    while start < len(text):
        end = start + _PIECE
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or text.rfind(" ", start, end) + 1 or end
        piece = text[start:end]
        ends = end >= len(text) or piece.endswith("\n")
        yield piece, begins, ends
        start, begins = end, ends


def _tail(text: str, kept: int) -> str:
    """The end of a piece, so many characters or from the word before: half a word would be taken for a whole one."""
    start = max(0, len(text) - kept)
    gap = text.rfind(" ", max(0, start - kept), start)
    return text[gap if gap >= 0 else start :]


class _Tables:
    """Makes letters plain: José and Jose are one name, and Ivo with a Cyrillic o is Ivo."""

    def __init__(self) -> None:
        self._plain, self._alike = Folding(cased=True, lookalikes=False), Folding(cased=True)

    def plain(self, text: str) -> str:
        """With its capitals, without accents. Words in the letters of two scripts are taken to be Latin ones.

        Others are left: Но and Και are words of every Russian and Greek text, and no Ho or Kai.
        """
        if text.isascii():
            return text
        plain = text.translate(self._plain)
        return _WORD.sub(self._latin, plain) if _MIXED.search(plain) else plain

    def alike(self, text: str) -> str:
        """All of it read as if it were Latin."""
        if text.isascii():
            return text
        return text.translate(self._alike) if _ALIKE.search(text) else text

    def _latin(self, word: re.Match[str]) -> str:
        return self.alike(word[0]) if _LATIN.search(word[0]) else word[0]


def _without_gaps(text: str) -> str:
    """With one space for each gap, at the ends as well: a piece goes on in the next one."""
    if not text.isascii():
        return _GAP.sub(" ", text).replace(" ,", ",")
    # The same, in a tenth of the time.
    spaced = text.translate(_ASCII_GAPS)
    start, end = spaced[:1].isspace(), spaced[-1:].isspace()
    words = " ".join(spaced.split())
    return (f"{' ' * start}{words}{' ' * end}" if words else " " * start).replace(" ,", ",")


_TABLES = _Tables()


def as_written(text: str) -> frozenset[str]:
    """A word with its capitals, in both ways in which letters with marks are written without them."""
    ways = (text,) if text.isascii() else (text, spelled_out(text))
    both = (_without_gaps(_TABLES.plain(each)).strip() for each in ways)
    return frozenset(each for each in both if each)
