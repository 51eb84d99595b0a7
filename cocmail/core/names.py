"""People's names in a text that goes out: whole or in part, with or without accents, as accounts are called.

The rule: a part of a name counts, because a given name or a surname alone tells as much. Parts that are words as well
("Will", "May", "Park") count where they are written as names. It finds no initials, and no nickname that nobody gave.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from cocmail.core.everyday import LITTLE, is_also_a_word
from cocmail.core.folding import edges, fold, spellings
from cocmail.core.titles import COMMON_TITLES
from cocmail.core.vague import OFFICES

# Up to so many letters a name must stand alone; a whole name of so many counts within a longer word.
SHORT_NAME, WHOLE_NAME = 3, 6
# A name of more words than these, all in small letters, describes somebody: "a person at the door".
_NAMED_SMALL = 3
_ACCOUNT = 5
# Not even as the first word of a name: "The venue".
NO_NAME = COMMON_TITLES | frozenset(("the", "der", "die", "das", "les", "los", "las"))

APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")
_PART = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_AFTER_A_SENTENCE = re.compile(r"(?:^|[\n.!?:;…•*>-])[\s\"'“”„«»()\[\]*_>-]*\Z")


def names_in(text: str, names: Iterable[str], *, known: Collection[str] = (), theirs: str = "") -> list[str]:
    """The names, or parts of names, that stand in a text, each once.

    `known` are names that the text may have, with their parts; `theirs` is what its recipient wrote: what they named
    themselves is no secret from them.
    """
    text, theirs = text.translate(APOSTROPHES), theirs.translate(APOSTROPHES)
    haystacks, read = spellings(text), spellings(theirs)
    spared = {fold(part) for name in known for part in (name, *_PART.findall(name))}
    found: dict[str, None] = {}
    for name in names:
        whole = " ".join(name.translate(APOSTROPHES).split())
        parts = _parts(whole)
        # What describes somebody ("The venue") is no name; the same words stand in any letter.
        for word in (whole, *parts) if parts or " " not in whole else ():
            if not word or fold(word) in spared or not _stands(word, text, haystacks):
                continue
            if not theirs or not _stands(word, theirs, read):
                found[word] = None
        for account in _accounts(whole):
            if any(_alone(account, each) for each in haystacks) and not any(_alone(account, each) for each in read):
                found[account] = None
    return list(found)


def _parts(name: str) -> list[str]:
    """The words of a name by which somebody can be known; of a description in small letters none."""
    words = [word for word in _PART.findall(name) if len(word) > 1]
    written = [word for word in words if not word.islower()]
    if not written and len(words) <= _NAMED_SMALL and not any(fold(word) in LITTLE for word in words):
        written = words
    return [word for word in written if fold(word) not in NO_NAME | OFFICES]


def _accounts(name: str) -> list[str]:
    """As accounts are called: rvale."""
    parts = [fold(part) for part in _PART.findall(name)]
    made = [parts[0][0] + parts[-1]] if len(parts) > 1 else []
    return [account for account in made if len(account) >= _ACCOUNT and not is_also_a_word(account)]


def _stands(word: str, text: str, haystacks: Iterable[str]) -> bool:
    if is_also_a_word(fold(word)) or len(fold(word)) < SHORT_NAME:
        return _stands_as_a_name(word, text)
    return any(_stands_in(each, haystack) for each in spellings(word) for haystack in haystacks)


def _stands_as_a_name(word: str, text: str) -> bool:
    """With a capital where no sentence begins, or in an account's name: "Dear Will", "will_s", "@will"."""
    forms = "|".join(map(re.escape, dict.fromkeys((word[:1].upper() + word[1:], word.upper()))))
    begins, ends = edges((word,))
    for match in re.finditer(f"{begins}(?:{forms}){ends}", text):
        before = text[max(0, match.start() - 40) : match.start()]
        if not _AFTER_A_SENTENCE.search(before):
            return True
    small = re.escape(word.casefold())
    return re.search(rf"(?i:@{small}{ends}|{begins}{small}_\w|\w_{small}{ends})", text) is not None


def _stands_in(word: str, text: str) -> bool:
    """Whether a name stands in a text by itself: "Ann" does not in "planning", "Robin" does in "robin_v" and "Robins".

    The whole name also without its spaces, as accounts are called. Of other scripts anywhere.
    """
    if word in text and not word.isascii():
        return True
    joined = "".join(word.split())
    if joined != word and len(joined) >= WHOLE_NAME and joined in text:
        return True
    pattern = r"[\s.,_-]+".join(map(re.escape, word.split()))
    begins, ends = edges((word,))
    return re.search(begins + pattern + ("" if len(word) > SHORT_NAME else ends), text) is not None


def _alone(word: str, text: str) -> bool:
    return re.search(re.escape(word).join(edges((word,))), text) is not None
