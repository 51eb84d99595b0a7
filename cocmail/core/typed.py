"""Whom a name means that somebody typed to say who is involved: `#party reported "Mrs. Haddad"` (domain R28).

The rule: any word of somebody's name means them, surnames too, unless it stands beside another name: Kit Haddad is not
Noor Haddad, whatever the two are to each other. In doubt it means them. Only for what is typed as a name: a text that
is searched says "May" and "Long" in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from cocmail.core.called import called, is_degree, is_initial
from cocmail.core.everyday import is_also_a_word
from cocmail.core.folding import LETTER, RUN_ON, composed, spellings
from cocmail.core.titles import PARTICLES, is_before_a_surname, is_suffix, without_suffix
from cocmail.core.vague import OFFICES

# Words, with full stops and hyphens between: "Dr.-Ing.", "Haddad-san"; and "@", for what is an address and no name.
_CHUNK = re.compile(r"[^\s,;:/|&+()\[\]{}<>\"“”„«»、。]+|[;:/|&+()\[\]{}<>]")
_HYPHEN = re.compile("[-_*\u2010-\u2015・]")
_STOP = re.compile(r"\.+")
# Words of one script: Jun and さん, 佐々木 and さん.
_KANA, _HAN = r"\u3041-\u3096\u309b-\u30fc", r"\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"{LETTER}+(?:['’]{LETTER}+)*|[{_KANA}]+|[{_HAN}]+|[^\W\d_]+")
_JOINING = frozenset("and or und oder et ou y e o og och en i и или the of to".split())
_BESIDE_NAMES = PARTICLES - _JOINING
# Sam is what some Samantha is called, Jo what too many are.
_SHORT_FORM = 3
# A name of more words than these, all in small letters, describes somebody: "a person at the door".
_NAMED_SMALL = 3
# No more than a few committees have, so that who left is not kept for long.
_ASKED = 64

_MINE, _ANOTHERS, _NEITHER = "mine", "another's", "neither"


def means(typed: str, name: str, handle: str = "") -> bool:
    """Whether what was typed as a name means whom a committee's file calls `name`, or who has that handle."""
    own = _own(name) | spellings(handle) - {""}
    groups = list(_groups(typed))
    words = [word for group in groups for word in group]
    described = len(words) > _NAMED_SMALL and not any(map(_has_capital, words))
    return any(_is_meant(group, own, described=described) for group in groups)


def _is_meant(group: Collection[str], own: Collection[str], *, described: bool) -> bool:
    said = {_of_whom(word, own, described=described) for word in group}
    return _MINE in said and _ANOTHERS not in said


def _of_whom(word: str, own: Collection[str], *, described: bool) -> str:
    """Whose name a word is: theirs, another's, or neither: a title, an initial, a short form of theirs."""
    forms = spellings(word)
    if not forms.isdisjoint(own) or _begins_one(word, own):
        return _NEITHER if described and any(map(is_also_a_word, forms)) else _MINE
    if is_before_a_surname(word) or is_suffix(word) or is_initial(word) or is_degree(word, ("", "")):
        return _NEITHER
    if any(form in _BESIDE_NAMES or form in OFFICES or _is_short(form, own) for form in forms):
        return _NEITHER
    return _ANOTHERS


def _begins_one(word: str, own: Collection[str]) -> bool:
    """In signs a name may have no spaces: 佐藤 of 佐藤純, 철수 of 김철수; with or without what stands behind it."""
    if not RUN_ON.search(word):
        return False
    for plain in {form for each in (word, without_suffix(word)) for form in spellings(each)}:
        if any(each.startswith(plain) or each.endswith(plain) for each in own):
            return True
    return False


def _is_short(form: str, own: Collection[str]) -> bool:
    return len(form) >= _SHORT_FORM and any(
        len(each) >= _SHORT_FORM and (each.startswith(form) or form.startswith(each)) for each in own
    )


@lru_cache(maxsize=_ASKED)
def _own(name: str) -> frozenset[str]:
    """The words of a name in the file that tell who it is, and these without hyphens and apostrophes."""
    known = called(name)
    found: set[str] = set()
    for part in (*known.parts, *(each for each in known.given if not spellings(each) & PARTICLES)):
        words = _words(part)
        found.update(form for word in (*words, "".join(words), *re.split("['’]", part)) for form in spellings(word))
    return frozenset(each for each in found if len(each) > 1 or RUN_ON.search(each))


def _groups(typed: str) -> Iterator[list[str]]:
    """The words of what was typed, those together that are one name: brackets and joining words stand between two.

    So do small words beside capitals ("treasurer Haddad"), and among small ones those of everyday language.
    """
    capitals = any(map(_has_capital, _words(typed)))
    group: list[str] = []
    for chunk in _CHUNK.findall(composed(typed)):
        for word in _words(chunk) or [""]:
            small = word.islower() and word not in _BESIDE_NAMES and not is_suffix(word)
            if (
                not word
                or word.casefold() in _JOINING
                or "@" in chunk[1:]
                or (small and (capitals or is_also_a_word(word)))
            ):
                yield group
                # A word that breaks a name can be one: "noor Haddad", "long".
                yield [word] if word and "@" not in chunk[1:] else []
                group = []
            else:
                group.append(word)
    yield group


def _words(chunk: str) -> list[str]:
    """The words of something between spaces; titles and degrees as they stand, with their full stops."""
    whole = chunk.strip("'’‘`*_-")
    if is_before_a_surname(whole) or is_degree(whole, ("", "")) or is_initial(whole):
        return [whole]
    pieces = (piece for part in _HYPHEN.split(whole) for piece in _STOP.split(part))
    return [_plain(word) for piece in pieces for word in _WORD.findall(piece)]


def _has_capital(word: str) -> bool:
    return len(word) > 1 and word != word.lower()


def _plain(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s").replace("'", "").replace("’", "")
