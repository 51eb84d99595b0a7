"""What a letter to somebody outside must not carry (contract, section 5, `#reporter` and `#send`; domain R47 and R62).

No member's address, no reply address, no code name, no quoted committee mail, no passage of the committee's thread. A
draft in which any of these stands is stopped and its words are shown to whoever wrote it.

It compares folded text, as people write an address or a name in many ways. It does not understand: a paraphrase of what
a member said passes. Time grows with the length of the texts, not with their product.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from cocmail.core.model import Committee
from cocmail.core.ownwords import quoted_lines

FINDINGS = 10
WORDS_SHOWN = 120
# Shorter runs are everyday language: "thank you for getting in touch" stands in every letter.
RUN = 7

_AT = r"(?:[\s>]{0,4}(?:@|%40|&#64;|[(\[{<]\s{0,3}(?:at|@)\s{0,3}[)\]}>])[\s>]{0,4}|\s{1,3}at\s{1,3})"
_DOT = r"(?:[\s>]{0,4}(?:[.。]|[(\[{<]\s{0,3}(?:dot|\.)\s{0,3}[)\]}>])[\s>]{0,4}|\s{1,3}dot\s{1,3})"
_SUBADDRESS = r"(?:\s?(?:\+|%2b)[\s>]{0,3}[\w.+=-]{1,100}+)"
_BETWEEN = r"(?:[\s>_*~/+|‐‑‒–—-]|%20){0,8}+"
# Scripts without spaces between words: there each character is a word, and half of one when words are counted.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*")
_SINGLE = re.compile(rf"[{_UNSPACED}]")

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """One place of a draft. `kind` is member-address, reply-address, code-name, quoted or thread.

    `words` are at most 120 characters of the draft, as they stand in it: a person's text, so never for a log line.
    """

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the draft: characters `start` up to `end`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft with its folded form; `at` gives for each folded character where in the draft it came from."""

    text: str
    folded: str
    at: Sequence[int]

    def place(self, kind: str, start: int, end: int) -> _Place:
        return _Place(self.at[start], self.at[end - 1] + 1, kind)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of the draft, folded, and where each begins and ends in it."""

    said: list[str]
    starts: list[int]
    ends: list[int]


def find_leaks(
    draft: str, committee: Committee, code_name: str, *, theirs: Iterable[str], ours: Iterable[str]
) -> tuple[Leak, ...]:
    """The first ten places in a draft that must not leave, in the order in which they stand there.

    `theirs` is what the recipient wrote or was already sent: to quote it is allowed. `ours` is what the committee said
    among itself; the draft's own text and earlier forms of it do not belong there. `code_name` is "" where there is
    none. A place that is found word for word a second time is reported once.
    """
    read = _read(draft)
    words = _words_of(read)
    places = [
        *_addresses(read, committee),
        *_code_names(read, code_name),
        *_passages(read, words, committee, theirs, ours),
    ]
    found: dict[Leak, None] = {}
    for place in sorted(places, key=lambda each: (each.start, each.end)):
        found[Leak(place.kind, _shown(read.text[place.start : place.end]))] = None
        if len(found) == FINDINGS:
            break
    return tuple(found)


def fold(text: str) -> str:
    """Text as it is compared: full-width and other forms made plain, no case, accents or invisible characters."""
    return text.casefold() if text.isascii() else text.translate(_Folding())


class _Folding(dict[int, str]):
    """A table for `str.translate` that works out each character once."""

    def __missing__(self, code: int) -> str:
        spread = unicodedata.normalize("NFKD", chr(code))
        self[code] = "".join(char for char in spread if unicodedata.category(char) not in ("Cf", "Mn", "Me")).casefold()
        return self[code]


def _read(draft: str) -> _Draft:
    text = draft.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return _Draft(text, text.casefold(), range(len(text)))
    folding, pieces, at = _Folding(), [], []
    for place, char in enumerate(text):
        piece = folding[ord(char)]
        pieces.append(piece)
        at.extend([place] * len(piece))
    return _Draft(text, "".join(pieces), at)


def _shown(words: str) -> str:
    """The beginning, cut between two words where there is a space."""
    if len(words) <= WORDS_SHOWN:
        return words
    head = words[: WORDS_SHOWN + 1]
    return (head.rsplit(None, 1)[0] if len(head.split()) > 1 else head)[:WORDS_SHOWN]


# Addresses and the code name


def _addresses(draft: _Draft, committee: Committee) -> Iterator[_Place]:
    for address in sorted({address for member in committee.members for address in member.addresses}):
        yield from _spellings(draft, "member-address", address, _SUBADDRESS + "?")
    for address in sorted(committee.addresses):
        yield from _spellings(draft, "reply-address", address, _SUBADDRESS)


def _spellings(draft: _Draft, kind: str, address: str, extension: str) -> Iterator[_Place]:
    local, _, domain = address.rpartition("@")
    for host in {domain, _readable(domain)}:
        name, labels = _pattern(local), _pattern(host)
        for match in re.finditer(name + extension + _AT + labels, draft.folded):
            start, end = match.span()
            if _begins_address(draft.folded, start) and not draft.folded[end : end + 1].isalnum():
                start -= 7 * draft.folded.endswith("mailto:", 0, start)
                yield draft.place(kind, start, end)


def _readable(domain: str) -> str:
    """A domain as people write it: A-labels (RFC 5890) decoded where they can be."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _pattern(part: str) -> str:
    return _DOT.join(re.escape(piece) for piece in fold(part).split("."))


def _begins_address(text: str, start: int) -> bool:
    """Whether no longer local part reaches in from the left: "misconduct@" is another address than "conduct@"."""
    before = text[max(start - 2, 0) : start]
    joined = before[-1:] in (".", "-", "+") and before[:-1].isalnum()
    return not before[-1:].isalnum() and not joined


def _code_names(draft: _Draft, code_name: str) -> Iterator[_Place]:
    words = [re.escape(word) for word in re.split(r"[\s_-]+", fold(code_name)) if word]
    if not words:
        return
    for match in re.finditer(_BETWEEN.join(words), draft.folded):
        start, end = match.span()
        if not draft.folded[max(start - 1, 0) : start].isalnum() and not draft.folded[end : end + 1].isalnum():
            yield draft.place("code-name", start, end)


# Quotes and passages


def _words_of(draft: _Draft) -> _Words:
    spans = [match.span() for match in _WORD.finditer(draft.folded)]
    said = [_bare(draft.folded[start:end]) for start, end in spans]
    return _Words(said, [draft.at[start] for start, _ in spans], [draft.at[end - 1] + 1 for _, end in spans])


def _bare(word: str) -> str:
    return word.replace("'", "").replace("’", "")


def _passages(
    draft: _Draft, words: _Words, committee: Committee, theirs: Iterable[str], ours: Iterable[str]
) -> Iterator[_Place]:
    lines = _quoted_lines(draft, words)
    wanted: dict[int, set[Gram]] = {RUN: set(_grams(words.said, RUN))}
    for _, first, last in lines:
        size = min(last - first, RUN) or 1
        wanted.setdefault(size, set()).update(_grams(words.said[first:last], size))
    allowed = _met(theirs, wanted)
    covered: set[int] = set()
    for first, last in _foreign(lines, words, allowed):
        covered.update(range(first, last))
        yield _Place(words.starts[first], words.ends[last - 1], "quoted")
    told = _met(ours, {RUN: wanted[RUN]}) - allowed
    weights = _weights(words, committee)
    for first, last in _runs(words, told):
        if sum(weights[first:last]) >= RUN and covered.isdisjoint(range(first, last)):
            yield _Place(words.starts[first], words.ends[last - 1], "thread")


def _grams(said: Sequence[str], size: int) -> Iterator[Gram]:
    """Every run of `size` words."""
    return zip(*(islice(said, start, None) for start in range(size)), strict=False)


def _met(texts: Iterable[str], wanted: Mapping[int, set[Gram]]) -> set[Gram]:
    """Those of the wanted runs, by length, that stand in one of the texts. Holds no more than the draft has."""
    met: set[Gram] = set()
    for text in texts:
        said = [_bare(word) for word in _WORD.findall(fold(text))]
        for size, grams in wanted.items():
            met |= grams.intersection(_grams(said, size))
    return met


def _quoted_lines(draft: _Draft, words: _Words) -> list[tuple[int, int, int]]:
    """(number of the line, its first word, the word after its last) of every quoted line; some have no words."""
    ends = list(accumulate(len(line) + 1 for line in draft.text.split("\n")))
    begins = [0, *ends]
    return [
        (number, bisect_left(words.starts, begins[number]), bisect_left(words.starts, ends[number]))
        for number in quoted_lines(draft.text)
    ]


def _foreign(lines: Iterable[tuple[int, int, int]], words: _Words, allowed: set[Gram]) -> Iterator[tuple[int, int]]:
    """Passages of quoted lines that hold more than what is allowed; a line that is allowed, or not quoted, ends one."""
    passage: tuple[int, int] | None = None
    before = -1
    for number, first, last in lines:
        foreign = not allowed.issuperset(_grams(words.said[first:last], min(last - first, RUN) or 1))
        if passage is not None and (number != before + 1 or (last > first and not foreign)):
            yield passage
            passage = None
        if foreign:
            passage = (passage[0] if passage is not None else first, last)
        before = number
    if passage is not None:
        yield passage


def _runs(words: _Words, told: set[Gram]) -> Iterator[tuple[int, int]]:
    """Maximal passages (first word, word after the last) that are made of these runs."""
    passage: tuple[int, int] | None = None
    for start, gram in enumerate(_grams(words.said, RUN)):
        if gram in told:
            if passage is not None and start >= passage[1]:
                yield passage
                passage = None
            passage = (passage[0] if passage is not None else start, start + RUN)
    if passage is not None:
        yield passage


def _weights(words: _Words, committee: Committee) -> list[float]:
    """How much each word counts: the committee's own name, with which every letter is signed, not at all."""
    weights = [0.5 if _SINGLE.match(word) else 1.0 for word in words.said]
    name = tuple(_bare(word) for word in _WORD.findall(fold(committee.name)))
    for start, gram in enumerate(_grams(words.said, len(name))) if name else ():
        if gram == name:
            weights[start : start + len(name)] = [0.0] * len(name)
    return weights
