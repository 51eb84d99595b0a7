"""The words of a Subject: its text made plain, quotations, and what stands behind a tag (contract, section 5).

The rule: arguments follow the tag's signature, the first word that does not fit ends them (rule 1), and where two
readings are possible there is none (rule 2). Every function takes time linear in the text, however it was made.
It must not know of cases, senders or of what a tag does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cocmail.core.folding import composed
from cocmail.core.signature import Argument, TagRow

TRAILING = ".,;!"
TAG = re.compile(r"(?:(?<=^)|(?<=[\s\]]))([#\uff03\ufe5f])([^\s#\uff03\ufe5f\[\]:]*)")

_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_SPACE = re.compile(r"\s+")

_SEPARATOR = re.compile(r"[\s:]*+")
_WORD = re.compile(r"[^\s:\[]++")
_CASE = re.compile(r"\[\s?([A-Za-z]+)[ -]([A-Za-z]+)\s?\]")
_PAIR = re.compile(r"([^\s:=\[]++)\s?[:=]\s?([^\s:=\[]++)")

# What one of a family opens, one of the same family closes: German, Swedish and English differ in which is which.
_FAMILIES = ('"\u201c\u201d\u201e\u201f\u2033\uff02', "\u00ab\u00bb", "\u2039\u203a")
_FAMILY = {mark: family for family in _FAMILIES for mark in family}
_QUOTATION = re.compile(f"[{''.join(_FAMILIES)}]")


@dataclass(frozen=True, slots=True)
class Wording:
    """A Subject's text as it was written, made plain, and where its quotation marks stand, by family.

    `closing` are those that can end a quotation: no letter or digit comes right behind them.
    """

    text: str
    marks: Mapping[str, list[int]] = field(default_factory=dict)
    closing: Mapping[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands behind a tag. `trouble`: "", missing, ambiguous or quotes; `end`: where the free text begins.

    `arguments` are folded and in the order of the signature; `text` is the quoted text, in its own spelling, and
    `quoted` where it stands, marks included.
    """

    arguments: tuple[str, ...]
    text: str
    trouble: str
    end: int
    quoted: tuple[tuple[int, int], ...]


def plain(subject: str) -> str:
    """The text in NFC, without zero-width characters, in single spaces; its spelling stays."""
    visible = subject.translate(_INVISIBLE)
    return _SPACE.sub(" ", composed(visible)).strip()


def fold(text: str) -> str:
    """Case folded. The Turkish capital İ folds into two characters; its users mean an i."""
    return text.casefold().replace("i\u0307", "i")


def wording(subject: str) -> Wording:
    """A Subject, decoded once (RFC 2047), ready to be read."""
    text = plain(subject)
    marks: dict[str, list[int]] = {family: [] for family in _FAMILIES}
    closing: dict[str, list[int]] = {family: [] for family in _FAMILIES}
    for match in _QUOTATION.finditer(text):
        family = _FAMILY[match[0]]
        marks[family].append(match.start())
        if not text[match.end() : match.end() + 1].isalnum():
            closing[family].append(match.start())
    return Wording(text, marks, closing)


def _quotation(said: Wording, at: int) -> tuple[str, int] | None:
    """The quoted text that opens at a mark, and where it ends. None: it does not close, or not surely there.

    Not surely: the marks behind it do not come out even, as in `"tell him "no" again"`.
    """
    family = _FAMILY[said.text[at]]
    closing, marks = said.closing[family], said.marks[family]
    index = bisect_right(closing, at)
    if index == len(closing):
        return None
    close = closing[index]
    if (len(marks) - bisect_right(marks, close)) % 2:
        return None
    return said.text[at + 1 : close].strip(), close + 1


def arguments_behind(row: TagRow, said: Wording, start: int) -> Reading:
    """What stands behind a tag whose name ends at `start`, read by its row's signature."""
    found: dict[tuple[int, str], str] = {}
    quoted: list[tuple[int, int]] = []
    trouble, end = "", start
    while not trouble:
        begin = _begin(said, end)
        slot, word, after = next(_fitting(row, said, begin, found), (None, "", begin))
        if slot is None:
            trouble, end = _trouble_at(row, said, begin, found)
            break
        if word[0] in '"[':
            quoted.append((begin, after))
        if found.setdefault(slot, word) != word:
            trouble = "ambiguous"
        end = after
    in_order = [found[slot] for slot in sorted(found, key=lambda slot: _rank(row, slot))]
    words = tuple(word for word in in_order if word[0] != '"')
    texts = [word[1:] for word in in_order if word[0] == '"']
    return Reading(words, texts[0] if texts else "", trouble, end, tuple(quoted))


def _begin(said: Wording, at: int) -> int:
    """Where the next word begins: behind spaces and colons."""
    separator = _SEPARATOR.match(said.text, at)
    return separator.end() if separator is not None else at


def _rank(row: TagRow, slot: tuple[int, str]) -> tuple[int, int]:
    """A slot's place in the signature; pairs of one place stand in the order in which its keys do."""
    index, key = slot
    keys = [_key(row.signature[index], word) for word in row.signature[index].words]
    return index, keys.index(key) if key else 0


def _key(place: Argument, word: str) -> str:
    return word.partition(":")[0] if place.kind == "pair" else ""


def _candidates(row: TagRow, said: Wording, begin: int) -> Iterator[tuple[str, int]]:
    """What the next word can be taken for, and where it ends: a quotation, a pair, a word. A text keeps its mark."""
    if said.text[begin : begin + 1] in _FAMILY:
        quotation = _quotation(said, begin)
        if quotation is not None and quotation[0]:
            yield f'"{quotation[0]}', quotation[1]
        return
    if said.text[begin : begin + 1] == "[":
        named = _CASE.match(said.text, begin) if any(place.kind == "case" for place in row.signature) else None
        if named is not None:
            yield f"[{fold(named[1])} {fold(named[2])}]", named.end()
        return
    if any(place.kind in ("pair", "day") for place in row.signature):
        pair = _PAIR.match(said.text, begin)
        if pair is not None:
            yield f"{fold(pair[1])}:{fold(pair[2]).rstrip(TRAILING)}", pair.end()
    word = _WORD.match(said.text, begin)
    if word is not None:
        yield fold(word[0]).rstrip(TRAILING), word.end()


def _fitting(
    row: TagRow, said: Wording, begin: int, found: Mapping[tuple[int, str], str]
) -> Iterator[tuple[tuple[int, str], str, int]]:
    """The slot that the next word takes, the word, and where it ends; nothing where it fits nowhere.

    A free place goes before a filled one. An optional place that was passed over can be filled later (`#vote yes q2`);
    a required one cannot be passed over.
    """
    for word, end in _candidates(row, said, begin):
        slots = [(index, _key(place, word)) for index, place in enumerate(row.signature) if place.fits(word)]
        # Behind a name come the sender's own words: any of them would fit.
        slots = [slot for slot in slots if row.signature[slot[0]].kind != "name" or slot not in found]
        free = [slot for slot in slots if slot not in found]
        if free and _missing(row, found, free[0][0]):
            continue
        for slot in (free or slots)[:1]:
            yield slot, word, end


def _missing(row: TagRow, found: Mapping[tuple[int, str], str], before: int | None = None) -> bool:
    """Whether a required place (`before` that one) is still free."""
    filled = {index for index, _ in found}
    return any(place.required and index not in filled for index, place in enumerate(row.signature[:before]))


def _trouble_at(row: TagRow, said: Wording, begin: int, found: Mapping[tuple[int, str], str]) -> tuple[str, int]:
    """What is wrong where the arguments end, and where to read on: behind a quotation that is no argument."""
    trouble = "missing" if _missing(row, found) else ""
    if said.text[begin : begin + 1] not in _FAMILY:
        return trouble, begin
    quotation = _quotation(said, begin)
    if quotation is None:
        open_text = trouble and any(place.kind == "text" for place in row.signature)
        return ("quotes" if open_text else trouble), begin + 1
    if TAG.search(said.text, begin, quotation[1]):
        # Whether the tags in there are meant cannot be known: so none runs, and none is passed over in silence.
        return trouble or "quotes", quotation[1]
    return trouble, quotation[1]
