"""Code names: what a case is called before everybody who may speak of it.

The rule (contract, section 4): two everyday words of the letters a to z, "home shelf", drawn at random and never taken
from content. The words are those of EFF's long list (as xkcdpass ships it) of three to eight letters, less
`code_words_excluded.txt`: what could describe, judge or offend a person.

It must not decide whether a name is free: the caller draws again where the store knows the name already. A name is a
label, never a secret and never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

_EVERYDAY = re.compile(r"[a-z]{3,8}")


def published() -> tuple[str, ...]:
    """EFF's long word list as xkcdpass ships it, in its order, every word of it."""
    listing = files("xkcdpass").joinpath("static", "eff-long").read_text(encoding="utf-8")
    return tuple(listing.split())


def excluded() -> frozenset[str]:
    """The words that no case is named with; the reasons stand at the head of the file."""
    listing = files("cocmail.mail").joinpath("code_words_excluded.txt").read_text(encoding="utf-8")
    return frozenset(word for line in listing.splitlines() if not line.startswith("#") for word in line.split())


@cache
def words() -> tuple[str, ...]:
    """The words that code names are made of, in order, each once."""
    left_out = excluded()
    return tuple(sorted({word for word in published() if _EVERYDAY.fullmatch(word) and word not in left_out}))


def draw(choose: Callable[[Sequence[str]], str]) -> str:
    """A code name such as "home shelf": two different words, each drawn by `choose` (in the daemon `secrets.choice`).

    Each ordered pair of different words is as likely as any other, more than a million of them.
    """
    first = choose(words())
    second = choose([word for word in words() if word != first])
    return f"{first} {second}"
