"""Text as it is compared: what people, or their programs, write in several ways is made one.

Full-width and other forms are made plain; case, accents and invisible characters are dropped; letters that look like
Latin ones, and those of other alphabets that have no accent to drop, become the letters that one reads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Unicode, "confusables": Cyrillic, Greek and Armenian letters that are drawn like Latin ones. Both sides of a
# comparison are folded, so words of those scripts are still found in themselves.
_LOOKALIKES = dict(zip("авекмнорстухіјѕһԁԛԝѵοανρικυτօսհոɑɡ", "abekmhopctyxijshdqwvoavpikutouhnag", strict=True))
# Capitals that are drawn like other letters than their small ones.
_CAPITALS = dict(zip("ΒΕΖΗΜΝΥΧ", "BEZHMNYX", strict=True))
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
# As people write these where a keyboard, or an account, has no such letter.
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)
# Those of them that came as a letter and a mark, or as the sign for ångström.
_APART = re.compile("[aouAOU]\u0308|[aA]\u030a|\u212b")
# Unicode, Default_Ignorable_Code_Point: those that are no marks and no format characters.
_IGNORED = re.compile("[\u115f\u1160\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
# One character can stand for a sentence of 18: a text of nothing else would be six times as long as it came.
_LONGEST = 4
# No language has more marks on a letter (UAX #15, section 13), and to put them in order takes their square.
_MARKS_ON_A_LETTER = 30
_HEAP = re.compile(rf"[^\w\s\x00-\x7f]{{{_MARKS_ON_A_LETTER + 1},}}+")
# For a pattern's brackets: scripts written without spaces between words (Thai, Lao, Burmese, Khmer, Kana, Han).
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A name in one of these has no edge that a pattern could see; Korean has spaces, but what follows a name clings to it.
RUN_ON = re.compile(rf"[{UNSPACED}\u1100-\u11ff\uac00-\ud7af]")
# All but the alphabets whose letters look alike: Latin, Greek, Cyrillic, Armenian.
_OTHERS = r"\u0590-\u1dff\u2e80-\uffff\U00010000-\U0010ffff"
_ALPHABETS = r"A-Za-z\u00aa-\u058f\u1e00-\u1fff"
# A letter of those alphabets, for patterns.
LETTER = rf"[^\W\d_{_OTHERS}]"
# A word in them, or in other scripts: of "Junさん" the first three letters.
WORD = rf"(?:{LETTER}+|[^\W\d_{_ALPHABETS}]+)"
# What glues itself to a word of one of those alphabets; to one of another script that has spaces; to either.
_GLUE, _GLUE_OF_OTHERS, _ANY_GLUE = rf"[^\W_{_OTHERS}]", rf"[^\W_{_ALPHABETS}{RUN_ON.pattern[1:-1]}]", r"[^\W_]"
_OTHER = re.compile(f"[{_OTHERS}]")
# Characters that a table keeps: more than any text of people has, and a few megabytes.
_KEPT = 1 << 16


def edges(forms: Iterable[str]) -> tuple[str, str]:
    """What a pattern has before and behind words that stand by themselves, spelled in one of these ways.

    Another script is another word: Jun stands by itself in "Junさん". But Ivo with a Cyrillic o is one word.
    """
    others = {_OTHER.match(char) is not None for form in forms for char in (form[:1], form[-1:])}
    glue = _ANY_GLUE if len(others) != 1 else _GLUE_OF_OTHERS if others.pop() else _GLUE
    return f"(?<!{glue})", f"(?!{glue})"


class Folding(dict[int, str]):
    """A table for `str.translate` that works out each character once.

    `cased` keeps capitals; without `lookalikes` letters that are drawn like Latin ones stay what they are.
    """

    def __init__(self, *, cased: bool = False, lookalikes: bool = True) -> None:
        super().__init__()
        self._cased, self._lookalikes = cased, lookalikes

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = char
        # No characters, or private ones, are nothing but themselves: there are eight times as many as others.
        if unicodedata.category(char) not in ("Cn", "Co") or _IGNORED.match(char):
            spread = unicodedata.normalize("NFKD", char)
            plain = "".join(each for each in spread if not _is_unseen(each))
            folded = self._letters(plain if len(plain) <= _LONGEST else char)
        if len(self) >= _KEPT:
            self.clear()
        self[code] = folded
        return folded

    def _letters(self, plain: str) -> str:
        if self._cased and self._lookalikes and plain in _CAPITALS:
            return _CAPITALS[plain]
        lookalikes = _LOOKALIKES if self._lookalikes else {}
        folded = "".join(_LETTERS.get(char) or lookalikes.get(char) or char for char in plain.casefold())
        return folded[:1].upper() + folded[1:] if self._cased and plain[:1] != plain[:1].lower() else folded


def _is_unseen(char: str) -> bool:
    """Accents, format characters (zero-width, soft hyphen, direction marks), variation selectors, fillers."""
    return (
        unicodedata.category(char) in ("Cf", "Mn", "Me")
        or unicodedata.combining(char) != 0
        or _IGNORED.match(char) is not None
    )


def without_heaps(text: str) -> str:
    """At most 30 marks on a letter: before a whole text is composed, as a heap of a million stops everything."""
    return text if text.isascii() else _HEAP.sub(_lowered, text)


def _lowered(heap: re.Match[str]) -> str:
    kept: list[str] = []
    height = 0
    for char in heap[0]:
        height = height + 1 if unicodedata.category(char)[0] == "M" else 0
        if height <= _MARKS_ON_A_LETTER:
            kept.append(char)
    return "".join(kept)


def composed(text: str) -> str:
    """Text in NFC, as people see it."""
    return text if text.isascii() else unicodedata.normalize("NFC", without_heaps(text))


_FOLDING = Folding()


def fold(text: str) -> str:
    """Text as it is compared."""
    return text.casefold() if text.isascii() else text.translate(_FOLDING)


def spelled_out(text: str) -> str:
    """Text with ue for ü and the like, else as it was. Piece by piece: to compose a long text can take hours."""
    composed = _APART.sub(lambda apart: unicodedata.normalize("NFC", apart[0]), text)
    return composed.translate(_SPELLED_OUT)


def spellings(text: str) -> frozenset[str]:
    """Text as it is compared, in both ways in which letters with marks are written without them: Muller, Mueller."""
    if text.isascii():
        return frozenset((text.casefold(),))
    return frozenset((fold(text), fold(spelled_out(text))))
