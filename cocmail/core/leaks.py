"""What a letter to somebody outside must not carry (contract, section 5, `#reporter` and `#send`; domain R47 and R62).

No member's address, no reply address, no address of somebody else outside, no code name, no quoted committee mail, no
passage of the committee's thread, no telling phrase of what people outside wrote. A draft in which any of these stands
is stopped and its words are shown to whoever wrote it.

It compares folded text, as people write an address or a name in many ways. It does not understand: a paraphrase of what
a member said passes. Time grows with the length of the texts, not with their product.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from cocmail.core.everyday import WHEN_AND_WHERE, is_everyday
from cocmail.core.folding import fold as fold
from cocmail.core.model import Committee
from cocmail.core.ownwords import quoted_lines
from cocmail.core.wording import SINGLE, WORD, Draft, Gram, Words, bare, grams, met, read, runs, words_of
from cocmail.core.written_addresses import SUBADDRESS, hosts, pattern

FINDINGS = 10
WORDS_SHOWN = 120
# Shorter runs are everyday language: "thank you for getting in touch" stands in every letter.
RUN = 7
# Unless three of the words tell something: "a greasy little gremlin with crumbs" is nobody's everyday language.
PHRASE, TELLING = 4, 3

_BETWEEN = r"(?:[\s>_*~/+|‐‑‒–—-]|%20){0,8}+"
# What somebody is said to have said, in a report: it has to be told to who said it.
# Without another opening mark within: a line of nothing but such marks would be looked through from each of them.
_IN_MARKS = r"""[“"«„][^”"»“«„\n]{1,300}+[”"»“]"""
_SAID = re.compile(f"({_IN_MARKS})")
_SPOKEN = re.compile(rf"{_IN_MARKS}|(?m:^[ \t]*>.*$)")


@dataclass(frozen=True, slots=True)
class Leak:
    """One place of a draft. `kind` is member-address, reply-address, private-address, code-name, quoted, thread or
    phrase.

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


def _place(draft: Draft, kind: str, start: int, end: int) -> _Place:
    return _Place(*draft.span(start, end), kind)


def find_leaks(
    draft: str,
    committee: Committee,
    code_name: str,
    *,
    theirs: Iterable[str],
    ours: Iterable[str],
    told: Collection[str] = (),
    private: Collection[str] = (),
    said: Collection[str] = (),
) -> tuple[Leak, ...]:
    """The first ten places in a draft that must not leave, in the order in which they stand there.

    `theirs` is what the recipient wrote or was already sent: to quote it is allowed. `ours` is what the committee said
    among itself; the draft's own text and earlier forms of it do not belong there. `told` is what others outside wrote,
    of which shorter phrases count; `private` are addresses of others outside; `said` are names that the recipient
    knows, and so no telling words. `code_name` is "" where there is none. A place that is found word for word a second
    time is reported once.
    """
    text = read(draft)
    words = words_of(text)
    theirs = list(theirs)
    passages = _passages(text, words, committee, theirs, ours)
    places = [
        *_addresses(text, committee, private),
        *_code_names(text, code_name),
        *passages,
        *_phrases(words, committee, theirs, told, said, passages),
    ]
    found: dict[Leak, None] = {}
    for place in sorted(places, key=lambda each: (each.start, each.end)):
        found[Leak(place.kind, _shown(text.text[place.start : place.end]))] = None
        if len(found) == FINDINGS:
            break
    return tuple(found)


def pieces_of(text: str) -> list[str]:
    """A report, cut where something stands in quotation marks: what was said is not one with what is told of it."""
    return [piece for piece in _SAID.split(text) if piece.strip()]


def _shown(words: str) -> str:
    """The beginning, cut between two words where there is a space."""
    if len(words) <= WORDS_SHOWN:
        return words
    head = words[: WORDS_SHOWN + 1]
    return (head.rsplit(None, 1)[0] if len(head.split()) > 1 else head)[:WORDS_SHOWN]


# Addresses and the code name


def _addresses(draft: Draft, committee: Committee, private: Iterable[str]) -> Iterator[_Place]:
    for address in sorted({address for member in committee.members for address in member.addresses}):
        yield from _spellings(draft, "member-address", address, SUBADDRESS + "?")
    for address in sorted(committee.addresses):
        yield from _spellings(draft, "reply-address", address, SUBADDRESS)
    for address in sorted(private):
        yield from _spellings(draft, "private-address", address, SUBADDRESS + "?")


def _spellings(draft: Draft, kind: str, address: str, extension: str) -> Iterator[_Place]:
    local, _, domain = address.rpartition("@")
    for match in re.finditer(pattern((fold(local),), map(fold, hosts(domain)), extension), draft.folded):
        start, end = match.span()
        if _begins_address(draft.folded, start) and not draft.folded[end : end + 1].isalnum():
            start -= 7 * draft.folded.endswith("mailto:", 0, start)
            yield _place(draft, kind, start, end)


def _begins_address(text: str, start: int) -> bool:
    """Whether no longer local part reaches in from the left: "misconduct@" is another address than "conduct@"."""
    before = text[max(start - 2, 0) : start]
    joined = before[-1:] in (".", "-", "+") and before[:-1].isalnum()
    return not before[-1:].isalnum() and not joined


def _code_names(draft: Draft, code_name: str) -> Iterator[_Place]:
    words = [re.escape(word) for word in re.split(r"[\s_-]+", fold(code_name)) if word]
    if not words:
        return
    for match in re.finditer(_BETWEEN.join(words), draft.folded):
        start, end = match.span()
        if not draft.folded[max(start - 1, 0) : start].isalnum() and not draft.folded[end : end + 1].isalnum():
            yield _place(draft, "code-name", start, end)


# Quotes and passages


def _passages(
    draft: Draft, words: Words, committee: Committee, theirs: Iterable[str], ours: Iterable[str]
) -> list[_Place]:
    found: list[_Place] = []
    lines = _quoted_lines(draft, words)
    wanted: dict[int, set[Gram]] = {RUN: set(grams(words.said, RUN))}
    for _, first, last in lines:
        size = min(last - first, RUN) or 1
        wanted.setdefault(size, set()).update(grams(words.said[first:last], size))
    allowed = met(theirs, wanted)
    covered: set[int] = set()
    for first, last in _foreign(lines, words, allowed):
        covered.update(range(first, last))
        found.append(_Place(words.starts[first], words.ends[last - 1], "quoted"))
    told = met(ours, {RUN: wanted[RUN]}) - allowed
    weights = _weights(words, committee)
    for first, last in runs(words, told, RUN):
        if sum(weights[first:last]) >= RUN and covered.isdisjoint(range(first, last)):
            found.append(_Place(words.starts[first], words.ends[last - 1], "thread"))
    return found


def _phrases(
    words: Words,
    committee: Committee,
    theirs: Iterable[str],
    told: Iterable[str],
    said: Iterable[str],
    passages: Sequence[_Place],
) -> Iterator[_Place]:
    """Runs of four words and more with three among them that are neither everyday words nor names they know.

    Without a list of how often words are used, this is what "rare" can mean: a letter that describes the same evening
    shares its places and days, seldom three such words in a row. What is reported as spoken may be told in short.
    """
    wanted = {PHRASE: set(grams(words.said, PHRASE))}
    shared = met((piece for text in told for piece in _SPOKEN.split(text)), wanted) - met(theirs, wanted)
    known = {bare(word) for name in (*said, committee.name) for word in WORD.findall(fold(name))}
    for first, last in runs(words, shared, PHRASE):
        telling = {word for word in words.said[first:last] if not is_everyday(word) and word not in known}
        start, end = words.starts[first], words.ends[last - 1]
        if len(telling) >= TELLING and not any(each.start < end and start < each.end for each in passages):
            yield _Place(start, end, "phrase")


def _quoted_lines(draft: Draft, words: Words) -> list[tuple[int, int, int]]:
    """(number of the line, its first word, the word after its last) of every quoted line; some have no words."""
    ends = list(accumulate(len(line) + 1 for line in draft.text.split("\n")))
    begins = [0, *ends]
    return [
        (number, bisect_left(words.starts, begins[number]), bisect_left(words.starts, ends[number]))
        for number in quoted_lines(draft.text)
    ]


def _foreign(lines: Iterable[tuple[int, int, int]], words: Words, allowed: set[Gram]) -> Iterator[tuple[int, int]]:
    """Passages of quoted lines that hold more than what is allowed; a line that is allowed, or not quoted, ends one."""
    passage: tuple[int, int] | None = None
    before = -1
    for number, first, last in lines:
        foreign = not allowed.issuperset(grams(words.said[first:last], min(last - first, RUN) or 1))
        if passage is not None and (number != before + 1 or (last > first and not foreign)):
            yield passage
            passage = None
        if foreign:
            passage = (passage[0] if passage is not None else first, last)
        before = number
    if passage is not None:
        yield passage


def _weights(words: Words, committee: Committee) -> list[float]:
    """How much each word counts: a day or a place, and the name with which every letter is signed, not at all."""
    weights = [
        0.0 if word in WHEN_AND_WHERE or word.isdigit() else 0.5 if SINGLE.match(word) else 1.0 for word in words.said
    ]
    name = tuple(bare(word) for word in WORD.findall(fold(committee.name)))
    for start, gram in enumerate(grams(words.said, len(name))) if name else ():
        if gram == name:
            weights[start : start + len(name)] = [0.0] * len(name)
    return weights
