"""Takes somebody out of a text: what a line names of them, whole or in part, however it is written again.

Words are compared folded, in both spellings of letters with marks, without apostrophes, joined where a line breaks
them. The rule: rather a word too many than one too few; but a word of everyday language goes only where it is written
as a name, since a text that is torn apart tells nobody anything. In linear time: words are looked up, never searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from cocmail.core.folding import Folding, spellings
from cocmail.core.folding import composed as as_seen
from cocmail.core.sought import NUMBER, Sought, composed, digits

IN_PLACE = "[the reporter]"
_AROUND, _CHUNK, _GAP = 100, 200, 3
_RUN = re.compile(r"[^\W_]+")
_BROKEN = re.compile(r"(?<=\w)[-\u2010\u00ad][ \t]{0,8}\r?\n[ \t>]{0,40}(?=\w)")


def without(text: str, sought: Sought) -> tuple[str, int]:
    """(a text without everything that is sought, in how many places something went)."""
    shown = as_seen(text)
    text = composed(shown)
    spans: list[tuple[int, int]] = []
    for spelled in (False, True) if not text.isascii() else (False,):
        folded, at = _stream(text, spelled)
        spans += _found(text, folded, at, sought)
    for match in NUMBER.finditer(text):
        seen = digits(match[0])
        if any(number in seen for number in sought.numbers) or seen in sought.short_numbers:
            spans.append((match.start() - (text[match.start() - 1 : match.start()] == "+"), match.end()))
    whole: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if not whole or end > whole[-1][1]:
            whole.append(_whole(text, start, end))
    merged = _merged(text, sorted(whole))
    parts, end = [], 0
    for start, stop in merged:
        parts += [shown[end:start], IN_PLACE]
        end = stop
    return "".join([*parts, shown[end:]]), len(merged)


def _stream(text: str, spelled: bool) -> tuple[str, list[int]]:
    """The text as it is compared, and where in it each character of that stands. No apostrophes, no broken lines."""
    table: dict[int, str] = _SpelledOut() if spelled else Folding()
    table[ord("'")] = ""
    gone = {place for match in _BROKEN.finditer(text) for place in range(*match.span())}
    pieces = ["" if gone and place in gone else table[ord(char)] for place, char in enumerate(text)]
    at = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), at


class _SpelledOut(dict[int, str]):
    """A table that folds each character with marks as people spell it out: ue for ü."""

    def __missing__(self, code: int) -> str:
        self[code] = max(spellings(chr(code)), key=len)
        return self[code]


def _found(text: str, folded: str, at: list[int], sought: Sought) -> Iterator[tuple[int, int]]:
    for literal in sought.literals | sought.within:
        start = folded.find(literal)
        while start >= 0:
            end = start + len(literal)
            alone = not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum())
            if literal in sought.within or alone:
                yield at[start], at[end - 1] + 1
            start = folded.find(literal, end)
    words = [(match.start(), match.end()) for match in _RUN.finditer(folded)]
    lengths = sorted({len(word) for word in sought.words})
    hits = [
        _is_sought(folded[start:end], _as_name(text, at[start], at[end - 1]), sought, lengths) for start, end in words
    ]
    said = [folded[start:end] for start, end in words]
    for number, pair in enumerate(pairwise(said)):
        if pair in sought.pairs and at[words[number + 1][0]] - at[words[number][1] - 1] <= _GAP + 1:
            hits[number] = hits[number + 1] = True
    for number, hit in enumerate(hits):
        if hit:
            first, last = _with_neighbours(text, folded, at, words, number, sought)
            yield at[words[first][0]], at[words[last][1] - 1] + 1


def _as_name(text: str, first: int, last: int) -> bool:
    """Whether a word is written as a name: with a capital, or in an account's."""
    return not text[first].islower() or text[max(0, first - 1)] in "@_" or text[last + 1 : last + 2] == "_"


def _is_sought(word: str, as_name: bool, sought: Sought, lengths: list[int]) -> bool:
    if as_name and word in sought.capital:
        return True
    for length in lengths:
        if length > len(word):
            return False
        ends = sought.words.get(word[:length])
        if ends is not None and (len(word) - length <= ends or not word[length].isalpha()):
            return True
    return False


def _with_neighbours(
    text: str, folded: str, at: list[int], words: list[tuple[int, int]], number: int, sought: Sought
) -> tuple[int, int]:
    """From which word to which: an initial, or another word of the name, beside one that was found goes with it."""
    first = last = number
    while first > 0 and _belongs(text, folded, at, words[first - 1], words[first], words[first - 1], sought):
        first -= 1
        if number - first > 2:
            break
    while last + 1 < len(words) and _belongs(text, folded, at, words[last], words[last + 1], words[last + 1], sought):
        last += 1
        if last - number > 2:
            break
    return first, last


def _belongs(
    text: str,
    folded: str,
    at: list[int],
    left: tuple[int, int],
    right: tuple[int, int],
    which: tuple[int, int],
    sought: Sought,
) -> bool:
    gap = text[at[left[1] - 1] + 1 : at[right[0]]]
    word = folded[which[0] : which[1]]
    if len(gap) > _GAP or gap.strip(" \t\n.'_-"):
        return False
    if len(word) == 1:
        return word in sought.initials and text[at[which[0]]].isupper()
    return word in sought.beside and "." not in gap


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """With the rest of the address, the link or the account that it stands in."""
    around = text[max(0, start - _AROUND) : end + _AROUND]
    if "@" in around or "://" in around or "_" in around:
        first, last = start, end
        while first > max(0, start - _CHUNK) and not _ends_chunk(text[first - 1]):
            first -= 1
        while last < min(len(text), end + _CHUNK) and not _ends_chunk(text[last]):
            last += 1
        chunk = text[first:last]
        if "@" in chunk or "://" in chunk or "_" in chunk:
            last -= len(chunk) - len(chunk.rstrip(".:!?*'"))
            return first, max(last, end)
    return start, end


def _ends_chunk(char: str) -> bool:
    return char.isspace() or char in '<>()[],;"'


def _merged(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and (start <= merged[-1][1] or not text[merged[-1][1] : start].strip(" \t'_/-")):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
