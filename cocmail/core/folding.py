"""Text as it is compared: what people, or their programs, write in several ways is made one.

Full-width and other forms are made plain; case, accents and invisible characters are dropped; letters that look like
Latin ones, and those of other alphabets that have no accent to drop, become the letters that one reads.
"""

from __future__ import annotations

import unicodedata

# Unicode, "confusables": Cyrillic, Greek and Armenian letters that are drawn like Latin ones. Both sides of a
# comparison are folded, so words of those scripts are still found in themselves.
_LOOKALIKES = dict(zip("авекмнорстухіјѕһԁԛԝѵοανρικυτօսհոɑɡ", "abekmhopctyxijshdqwvoavpikutouhnag", strict=True))
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
# As people write these where a keyboard, or an account, has no such letter.
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)


class Folding(dict[int, str]):
    """A table for `str.translate` that works out each character once."""

    def __missing__(self, code: int) -> str:
        spread = unicodedata.normalize("NFKD", chr(code))
        plain = "".join(char for char in spread if unicodedata.category(char) not in ("Cf", "Mn", "Me")).casefold()
        self[code] = "".join(_LETTERS.get(char) or _LOOKALIKES.get(char) or char for char in plain)
        return self[code]


def fold(text: str) -> str:
    """Text as it is compared."""
    return text.casefold() if text.isascii() else text.translate(Folding())


def spellings(text: str) -> frozenset[str]:
    """Text as it is compared, in both ways in which letters with marks are written without them: Muller, Mueller."""
    if text.isascii():
        return frozenset((text.casefold(),))
    composed = unicodedata.normalize("NFC", text)
    return frozenset((fold(text), fold(composed.translate(_SPELLED_OUT))))
