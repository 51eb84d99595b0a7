"""A text as words that can be compared: folded, with where each stood, and the runs of them that two texts share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cocmail.core.folding import UNSPACED, Folding, fold

# Where no spaces stand between words each character is a word, and half of one when words are counted.
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['’][^\W_{UNSPACED}]+)*")
SINGLE = re.compile(rf"[{UNSPACED}]")

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text with its folded form; `at` gives for each folded character where in the text it came from."""

    text: str
    folded: str
    at: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text these folded characters stand."""
        return self.at[start], self.at[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, folded, and where each begins and ends in it."""

    said: list[str]
    starts: list[int]
    ends: list[int]


def read(text: str) -> Draft:
    """A text, its lines ended as here."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return Draft(text, text.casefold(), range(len(text)))
    folding, pieces, at = Folding(), [], []
    for place, char in enumerate(text):
        piece = folding[ord(char)]
        pieces.append(piece)
        at.extend([place] * len(piece))
    return Draft(text, "".join(pieces), at)


def words_of(draft: Draft) -> Words:
    """Its words."""
    spans = [match.span() for match in WORD.finditer(draft.folded)]
    said = [bare(draft.folded[start:end]) for start, end in spans]
    return Words(said, [draft.at[start] for start, _ in spans], [draft.at[end - 1] + 1 for _, end in spans])


def bare(word: str) -> str:
    """A word without its apostrophes."""
    return word.replace("'", "").replace("’", "")


def grams(said: Sequence[str], size: int) -> Iterator[Gram]:
    """Every run of `size` words."""
    return zip(*(islice(said, start, None) for start in range(size)), strict=False)


def met(texts: Iterable[str], wanted: Mapping[int, set[Gram]]) -> set[Gram]:
    """Those of the wanted runs, by length, that stand in one of the texts. Holds no more than the draft has."""
    found: set[Gram] = set()
    for text in texts:
        said = [bare(word) for word in WORD.findall(fold(text))]
        for size, each in wanted.items():
            found |= each.intersection(grams(said, size))
    return found


def runs(words: Words, told: set[Gram], size: int) -> Iterator[tuple[int, int]]:
    """Maximal passages (first word, word after the last) that are made of these runs of so many words."""
    passage: tuple[int, int] | None = None
    for start, gram in enumerate(grams(words.said, size)):
        if gram in told:
            if passage is not None and start >= passage[1]:
                yield passage
                passage = None
            passage = (passage[0] if passage is not None else start, start + size)
    if passage is not None:
        yield passage
