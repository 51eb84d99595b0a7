"""Titles and forms of address, in the languages in which people write to us: the one list for all who look at names.

The rule: what is a title wherever it stands is told apart from what is a name, or a word, as well ("Sig Olsen", "Phil
Ray"): that is one with a full stop behind it, or right before a surname.
"""

from __future__ import annotations

import re
from itertools import islice

from cocmail.core.folding import LETTER, edges, fold
from cocmail.core.looking import as_written


def _set(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


# These tell of nobody who they are, wherever they stand; a "Prof." may well.
COMMON_TITLES = _set("dr mr mrs ms")
# These say a gender, in any case; the second ones are ordinary words in small letters ("miss", milliseconds).
GENDERED = _set(
    "mr mrs mister sir madam herr herrn frau fräulein frl monsieur madame mme mlle mademoiselle señor señora señorita"
    " sra srta signor signore signora signorina senhor senhora mevrouw meneer господин госпожа"
)
GENDERED_WITH_A_CAPITAL = _set("miss ms")
TITLES = (
    COMMON_TITLES
    | GENDERED
    | GENDERED_WITH_A_CAPITAL
    | _set("prof professor professora doctor doktor doctora mx dra dott dottssa dottore dottoressa dipl mgr др проф")
)
# Names as well, where no full stop stands behind them.
_SHORTENED = _set(
    "hr fr st sr sig m mag ing rev hon ir drs doc bc sc med rer nat phil jur iur habil univ em dhr mevr avv г"
)
# Names or words as well, but not right before a surname, where most people write them without the full stop.
_RIGHT_BEFORE = TITLES | _set("m hr fr sr sig ra rev dhr mw mevr heer pan pani lady lord fru ssa г жа")
# Behind a name, in the letters that the name has, or not: Haddad-san, Haddadさん, 김철수 씨.
_SUFFIXES = _set("san sama kun chan sensei senpai ssi nim")
RUN_ON_SUFFIXES = tuple("さん さま ちゃん くん せんせい 様 氏 殿 君 先生 女士 小姐 老师 씨 님 군 양".split())
_RUN_ON_SUFFIXES_AS_READ = tuple(sorted({form for each in RUN_ON_SUFFIXES for form in as_written(each)}))

# Of a surname, where they stand first in small letters; "ivo Petrov" is called Ivo by others all the same.
PARTICLES = frozenset(
    "af al ap bar ben bin bint d da das de degli dei del della den der des di do dos du el ibn la las le les li lo los"
    " o of op t te ten ter the to tot um uit van vom von y zu zum zur".split()
)

# What can stand between a title and the surname: "Prof. Dr. J. R. von der Larsen".
_BETWEEN = 6
BESIDE = 60
_STARTS = re.compile(rf"{LETTER}+\.?\Z")
_WORD_BEHIND = re.compile(rf" ({LETTER}{{2,8}}){edges('a')[1]}")


def is_title(word: str) -> bool:
    """Whether a word is nothing but a title, or several ("Prof.Dr.")."""
    pieces = [piece for piece in re.split(r"[.-]", fold(word)) if piece]
    sure = TITLES | _SHORTENED if "." in word else TITLES
    return bool(pieces) and all(piece in sure for piece in pieces)


def is_before_a_surname(word: str) -> bool:
    """Whether a word is a title where it stands in a name before others, with the full stop or without."""
    return is_title(word) or fold(word).removesuffix(".") in _RIGHT_BEFORE


def is_suffix(word: str) -> bool:
    """Whether a word is what stands behind a name as a title does elsewhere: san, さん."""
    return fold(word) in _SUFFIXES or word in RUN_ON_SUFFIXES


def without_suffix(name: str) -> str:
    """A name in signs without such a word, if something is left: 佐藤 of 佐藤様."""
    endings = (each for each in sorted(RUN_ON_SUFFIXES, key=len, reverse=True) if name.endswith(each))
    ending = next(endings, "")
    return name.removesuffix(ending) or name


def stands_by_a_title(text: str, start: int, end: int) -> bool:
    """Whether what stands there in a text, as `looking` gives it, has a title in front of it or a suffix behind."""
    if text.startswith(_RUN_ON_SUFFIXES_AS_READ, end + text.startswith(" ", end)):
        return True
    behind = _WORD_BEHIND.match(text, end)
    return (behind is not None and behind[1].casefold() in _SUFFIXES) or _stands_behind_a_title(text, start)


def _stands_behind_a_title(text: str, start: int) -> bool:
    """Word by word from there to the left, over what is part of titles and surnames."""
    for word in islice(reversed(text[max(0, start - BESIDE) : start].replace(".", ". ").split()), _BETWEEN):
        if not (word.isascii() and word.isalpha()):
            # "(Mrs", "Mr/Mrs", "昨日Mrs"; what something else stands behind is no title of what follows.
            found = _STARTS.search(word)
            if found is None:
                return False
            word = found[0]
        plain = fold(word.rstrip("."))
        if plain in _RIGHT_BEFORE or (word.endswith(".") and plain in _SHORTENED):
            return True
        if len(plain) > 1 and plain not in PARTICLES:
            return False
    return False
