"""What is looked for of somebody, by what a line says of them: names, addresses, accounts, numbers.

The rule: a word of everyday language counts only where it is written as a name; a text that is torn apart tells nobody
anything. All else counts in any case and dress, and in parts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from cocmail.core.everyday import LITTLE, is_also_a_word
from cocmail.core.folding import RUN_ON, fold, spellings
from cocmail.core.folding import composed as as_seen
from cocmail.core.names import APOSTROPHES, NO_NAME
from cocmail.core.vague import OFFICES

# Addresses, accounts or numbers: each is searched for, and so many belong to more than one person.
MOST = 200
_NAMES_JOINED = 8
_LONG = 5
_ANY = 1000
_LAST_DIGITS, _SOME_DIGITS = 6, 3

NOBODY = frozenset(
    "anonymous unknown nobody none unnamed nameless anonym unbekannt niemand anonyme inconnu inconnue personne anonimo"
    " anonima desconocido desconocida nadie sconosciuto sconosciuta anoniem onbekend".split()
)
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_CHUNKS = re.compile(r"[^\s,;<>()\[\]{}\"“”„«»|]+")
_WORDS = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
NUMBER = re.compile(r"\d(?:[ \u00a0()/.-]{0,3}\d)*")
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")


@dataclass(slots=True)
class Sought:
    """What is looked for, folded. `words` -> how many letters may follow; `capital` only where written as names;
    `beside` where they stand next to one that was found, `pairs` side by side; `within` anywhere; `literals`:
    addresses and accounts as a whole.
    """

    words: dict[str, int] = field(default_factory=dict)
    capital: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)
    initials: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    within: set[str] = field(default_factory=set)
    literals: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    short_numbers: set[str] = field(default_factory=set)
    too_many: bool = False

    @property
    def names_somebody(self) -> bool:
        found = (self.words, self.capital, self.within, self.literals, self.numbers, self.short_numbers)
        return any(found)


def composed(text: str) -> str:
    """Text as everything here takes it: composed, with one kind of apostrophe and of hyphen."""
    return as_seen(text).translate(APOSTROPHES).translate(_HYPHENS)


def says_nobody(value: str) -> bool:
    """Whether a line says that nobody is to be named: a dash, "unknown"."""
    words = [fold(word) for word in _WORDS.findall(composed(value))]
    if not words:
        return bool(value.strip()) and not value.strip(" -–—?._*/")
    nobody = any(word in NOBODY for word in words) or value.strip().casefold() in ("n/a", "na", "n.a.")
    return nobody and all(word in NOBODY or is_also_a_word(word) or len(word) == 1 for word in words)


def only_describes(value: str) -> bool:
    """Whether a line in small letters describes somebody, rather than names them: "a person who sat at the door"."""
    words = _WORDS.findall(composed(value))
    little = any(word in LITTLE for word in words)
    return little and all(word.islower() for word in words) and not re.search(r"[@\d_]|://", value)


def accounts_in(text: str) -> Iterator[str]:
    """Addresses, and names of accounts with an @ in front, that stand in a text."""
    for match in _CHUNKS.finditer(text):
        if "@" in match[0] and len(match[0].strip("@.:'!?*")) > 1:
            yield match[0].strip(".:'!?*")


def numbers_in(text: str, least: int) -> Iterator[str]:
    """The digits of numbers of so many digits that are no dates."""
    for match in NUMBER.finditer(text):
        number = digits(match[0])
        if len(number) >= least and not _DATE.match(match[0]):
            yield number


def sought_in(values: Iterable[str]) -> Sought:
    """What is to be looked for by what naming lines say."""
    sought = Sought()
    names: list[str] = []
    for value in map(composed, values):
        rest = value
        for match in _CHUNKS.finditer(value):
            chunk = match[0].strip(".:'!?*")
            if "@" in chunk or "://" in chunk or "_" in chunk or re.search(r"[^\W\d_]\d|\d[^\W\d_]|\w[/#]\w", chunk):
                _account(sought, chunk, names)
                rest = rest.replace(match[0], " ")
        for match in NUMBER.finditer(rest):
            number = digits(match[0])
            if len(number) >= _LAST_DIGITS:
                sought.numbers.add(number[-_LAST_DIGITS:])
            elif len(number) >= _SOME_DIGITS:
                sought.short_numbers.add(number)
        for word in _WORDS.findall(rest):
            _name(sought, word, names)
    _joined(sought, list(dict.fromkeys(names)))
    sought.too_many = max(len(sought.literals), len(sought.within), len(sought.numbers)) > MOST
    return sought


def _account(sought: Sought, chunk: str, names: list[str]) -> None:
    """An address, an account or a link: as a whole, and the words of what stands before the @, or at the end."""
    chunk = chunk.removeprefix("mailto:").rstrip("/")
    local = chunk.rpartition("@")[0] if "://" not in chunk else ""
    whole = local or chunk.rpartition("/")[2]
    for literal in (chunk.strip("@"), whole.strip("@")):
        folded = fold(literal).replace("'", "")
        if len(folded) >= _SOME_DIGITS and folded not in OFFICES and not is_also_a_word(folded):
            sought.literals.add(folded)
    for word in _WORDS.findall(whole.partition("+")[0]):
        if len(word) > _SOME_DIGITS and not is_also_a_word(fold(word)) and fold(word) not in OFFICES:
            _name(sought, word, names)


def _name(sought: Sought, word: str, names: list[str]) -> None:
    pieces = [word, *re.split(r"[-]", word)] if "-" in word else [word]
    for piece in dict.fromkeys(pieces):
        forms = [piece, *(part for part in piece.split("'") if len(part) > _SOME_DIGITS)] if "'" in piece else [piece]
        for form in forms:
            if RUN_ON.search(form) or form.lower() == form.upper():
                _within(sought, form)
                names.append(fold(form))
                continue
            for folded in _variants(form):
                _word(sought, form, folded, names)


def _variants(word: str) -> list[str]:
    """A word as it is compared: both spellings of letters with marks, also where it came spelled out."""
    forms = {each.replace("'", "").replace("-", "") for each in spellings(word)}
    return sorted(forms | {re.sub(r"(?<=[aou])e", "", each) for each in forms if len(each) > _LONG})


def _word(sought: Sought, word: str, folded: str, names: list[str]) -> None:
    if not folded or folded in NOBODY or folded in NO_NAME:
        return
    sought.initials.add(folded[0])
    if len(folded) == 1:
        return
    if folded not in LITTLE and len(folded) > 2:
        sought.beside.add(folded)
    if is_also_a_word(folded) or folded in OFFICES:
        # "at the front desk": in small letters it describes; with a capital it may be called so.
        if not word[:1].islower():
            sought.capital |= {folded, f"{folded}s"}
            names.append(folded)
        return
    names.append(folded)
    if _CYRILLIC.search(word) and len(folded) > _SOME_DIGITS:
        sought.words[folded[:-1]] = 3
    ends = _ANY if len(folded) >= _LONG else 1 if len(folded) > _SOME_DIGITS else 0
    sought.words[folded] = max(ends, sought.words.get(folded, 0))
    if not ends:
        sought.words.setdefault(f"{folded}s", 0)


def _within(sought: Sought, word: str) -> None:
    """A name of a script without spaces or capitals: anywhere, and each half of it."""
    if len(word) > 1:
        sought.within.add(fold(word))
    if RUN_ON.search(word):
        parts = (part for size in range(2, len(word)) for part in (word[:size], word[-size:]))
        sought.within.update(fold(part) for part in parts)


def _joined(sought: Sought, names: list[str]) -> None:
    """As accounts are called: robinvale, valerobin, rvale, robinv."""
    names = names[:_NAMES_JOINED]
    sought.pairs = {pair for one, other in pairwise(names) for pair in ((one, other), (other, one))}
    for one in names:
        for other in names:
            if one == other:
                continue
            if RUN_ON.search(as_seen(one + other)):
                sought.within.add(one + other)
                continue
            sought.words[one + other] = _ANY
            for account in (one[0] + other, one + other[0]):
                if len(account) >= _LONG and not is_also_a_word(account):
                    sought.words.setdefault(account, 0)


def digits(number: str) -> str:
    """The digits of a number, in whatever script."""
    return "".join(str(unicodedata.decimal(char)) for char in number if char.isdecimal())
