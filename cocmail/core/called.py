"""A name as a committee's file has it, as what people call somebody: without titles, degrees, initials and pronouns.

The rule: what may be the name itself is never left out, and a name that can be read in two ways is read in both. Where
nothing but titles and initials stands, they are all that there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from cocmail.core.everyday import LITTLE, is_also_a_word
from cocmail.core.folding import RUN_ON, fold
from cocmail.core.titles import PARTICLES, is_title

_DEGREES = frozenset("phd dphil msc bsc msci mba meng beng llm llb dds cpa jr ii iii dipling esq".split())
# Names as well ("Yo-Yo Ma", "Amartya Kumar Sen", "Vance, JD"): behind a whole name, in capitals or with a full stop.
_SHORT_DEGREES = frozenset("ma ba md jd rn sr iv jun sen ret mag ing".split())

_ASIDE = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]|(?<!\S)[\"'“”„«‘]([^\"“”„«»‘]+)[\"'”“»’](?=[\s,]|\Z)")
_OTHERWISE = re.compile(r"\s/\s|[;|]")
_COMMA = re.compile("[,\uff0c]")
_HYPHEN = re.compile("[-\u2010-\u2015]")
_STOP_WITHOUT_SPACE = re.compile(r"\.(?=[^\W\d_])")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """`given`: the words that somebody may be called by alone; `whole`: their names, given name first, word by word;
    `parts`: all words of these that tell who it is, the surnames among them.
    """

    given: Words = ()
    whole: tuple[Words, ...] = ()
    parts: Words = ()


def called(name: str) -> Called:
    """What somebody is called whose name a file gives like this: "Dr. Larsen, Kit M. (she/her)" is Kit Larsen."""
    readings = list(dict.fromkeys(each for words in _readings(name) for each in _scripts(words)))
    as_it_stands = tuple(name.split())
    if not readings:
        return Called(as_it_stands[:1], (as_it_stands,) if as_it_stands else (), as_it_stands[-1:])
    given = dict.fromkeys((*(each for words in readings for each in _given(words)), *_initials(name)))
    whole: dict[Words, None] = {}
    for words in readings:
        # "A. Long": what is left stands in every letter.
        common = len(words) == 1 and len(as_it_stands) > 1 and is_also_a_word(fold(words[0]))
        whole |= dict.fromkeys([_without_stops(as_it_stands)] if common else _with_fewer(words))
    if len(as_it_stands) > 1:
        whole[as_it_stands] = None
    parts = dict.fromkeys(each for words in readings for each in _parts(words))
    return Called(tuple(given), tuple(whole), tuple(parts))


def surname_alone(name: str) -> bool:
    """Whether nothing stands in a name beside one word but titles, and initials that nobody is called by."""
    return len(name.split()) > 1 and all(len(words) == 1 for words in _readings(name)) and not [*_initials(name)]


def says_who(name: str) -> bool:
    """Whether anything stands in a name but titles and initials."""
    return next(_readings(name), None) is not None


def _scripts(words: Words) -> Iterator[Words]:
    """A name, and each half of one in two scripts: "Li Wei 李伟" is Li Wei to some and 李伟 to others."""
    yield words
    run_on = tuple(word for word in words if RUN_ON.search(word))
    spaced = tuple(word for word in words if not RUN_ON.search(word))
    if run_on and spaced:
        yield spaced
        # One sign alone stands in many words.
        if len("".join(run_on)) > 1:
            yield run_on


def _given(words: Words) -> Iterator[str]:
    """The first word, unless it is a particle; and the first one with a capital, which may be what comes behind one."""
    if fold(words[0]) not in PARTICLES or all(word.islower() for word in words):
        yield words[0]
    yield from [word for word in words if not word.islower()][:1]


def _parts(words: Words) -> Iterator[str]:
    """The words of a name but for particles in front of others, and what hyphens stand between in them."""
    for number, word in enumerate(words):
        if number + 1 == len(words) or fold(word) not in PARTICLES:
            pieces = [piece for piece in _HYPHEN.split(word) if len(piece) > 1 and fold(piece) not in PARTICLES]
            yield from dict.fromkeys((word, *pieces))


def _initials(name: str) -> Iterator[str]:
    """What somebody is called by who goes by initials: "A.J. Liu" by A.J. and AJ, "Q Larsen" by Q; "A. Liu" by none."""
    before, *behind = [part.split() for part in _COMMA.split(_ASIDE.sub(" ", name))]
    for words in (before, *(each for each in behind if not all(is_degree(word, before) for word in each))):
        words = list(dropwhile(is_title, words))
        first = list(takewhile(is_initial, words))
        letters = [piece for word in first for piece in re.split(r"[.-]", word) if piece]
        together = "".join(letters)
        if len(letters) > 1:
            yield from [".".join(letters)] if is_also_a_word(fold(together)) else [".".join(letters), " ".join(letters)]
        elif letters and len(words) > 1 and first == letters and not is_also_a_word(fold(together)):
            yield together


def _readings(name: str) -> Iterator[Words]:
    for each in _OTHERWISE.split(name):
        asides = [match[1] or match[2] or "" for match in _ASIDE.finditer(each)]
        outside = list(_orders(_ASIDE.sub(" ", each)))
        if asides and not any(len(words) > 1 for words in outside):
            # "(Ivo) Petrov": together they are the name.
            kept = _ASIDE.sub(lambda match: f" {match[0][1:-1]} " if _is_a_name(match[0][1:-1]) else " ", each)
            outside = list(_orders(kept))
            asides = []
        yield from outside
        for aside in filter(_is_a_name, asides):
            words = _bare(aside.split())
            yield from [words] if len(words) > 1 else [(*words, *first[-1:]) for first in outside[:1]]


def _is_a_name(aside: str) -> bool:
    """Whether what stands in brackets, or quotation marks, is another name, and no pronoun, office or employer."""
    words = _bare(aside.split())
    plain = not aside.isupper() and not re.search(r"[/\d@]", aside)
    return bool(words) and plain and not any(word.islower() or is_also_a_word(fold(word)) for word in words)


def _orders(name: str) -> Iterator[Words]:
    """The words of a name, given name first: Larsen, Kit is turned round."""
    first, *rest = [part.split() for part in _COMMA.split(name) if part.strip()] or [[]]
    behind = [word for part in rest if not all(is_degree(each, first) for each in part) for word in _bare(part)]
    words = _bare(first)
    if not behind:
        yield from [words] if words else []
        # "LARSEN Kit" is the surname first, in much of the world.
        if len(words) > 1 and len(words[0]) > 2 and words[0].isupper() and not words[1].isupper():
            yield (*words[1:], words[0])
        return
    yield _bare((*behind, *words))
    # "Kit Larsen, Treasurer" is none of that; "de la Cruz, Ana" is.
    if len(words) > 1 and not words[0].islower():
        yield words


def _bare(words: Sequence[str]) -> Words:
    """Words of a name without titles and initials in front, degrees behind, initials between."""
    kept = list(words)
    while len(kept) > 2 and is_degree(kept[-1], kept[:-1]):
        kept.pop()
    kept = _STOP_WITHOUT_SPACE.sub(". ", " ".join(kept)).split()
    while kept and (is_title(kept[0]) or is_initial(kept[0]) or not _said(kept[0])):
        kept.pop(0)
    between = (word for word in kept[1:-1] if not is_initial(word))
    return tuple(said for word in (*kept[:1], *between, *kept[1:][-1:]) if (said := _said(word)))


def _with_fewer(words: Words) -> list[Words]:
    """A whole name, and without the names between the first and the last."""
    first, last = fold(words[0]), fold(words[-1])
    if len(words) < 3 or first in LITTLE or last in LITTLE or (is_also_a_word(first) and is_also_a_word(last)):
        return [words]
    return [words, (words[0], words[-1])]


def _without_stops(words: Words) -> Words:
    """Mr Young, for Mr. Young; but no "a long", which stands in every letter too."""
    return tuple(_said(word) if is_title(word) else word for word in words)


def is_degree(word: str, before: Sequence[str]) -> bool:
    """Whether a word behind these words of a name is a degree, or a "junior"."""
    flat = fold(word).replace(".", "").replace("-", "")
    marked = word.endswith(".") or (word.isupper() and not all(each.isupper() for each in before))
    return flat in _DEGREES or (flat in _SHORT_DEGREES and marked and len(before) > 1)


def is_initial(word: str) -> bool:
    """One letter, or some with hyphens or full stops between; of a script without capitals one is a name."""
    pieces = [piece for piece in re.split(r"[.-]", word) if piece]
    return bool(pieces) and all(len(piece) == 1 and piece.lower() != piece.upper() for piece in pieces)


def _said(word: str) -> str:
    """A word without what stands around it; "" where nothing is left."""
    word = word.strip(".,:;")
    return word if any(char.isalnum() for char in word) else ""
