"""Subject tags: one table, and the parser that reads a Subject by it (contract, section 5).

Parser, help mail, docs page and tests are made from `TABLE`. A new tag is a new row here, a sentence in the receipt's
template and a handler in `commands`; nothing else knows tags by name.
The Subject comes in decoded once (RFC 2047); nothing here looks at a body.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from cocmail.core.prefixes import REPLY, is_forwarded


@dataclass(frozen=True, slots=True)
class Argument:
    """One place in a tag's signature. `words` are the keywords that fit; `required` ones must be there."""

    name: str
    words: frozenset[str]
    required: bool = False

    def fits(self, word: str) -> bool:
        return word in self.words


@dataclass(frozen=True, slots=True)
class TagRow:
    """One row of the tag table. `who` is member or cleared, `help` the line in the help mail and the docs page.

    `undo` is the tag that takes it back, "" where there is nothing to take back or no tag does it.
    """

    name: str
    who: str
    help: str
    undo: str = ""
    signature: tuple[Argument, ...] = ()
    needs_case: bool = True

    @property
    def form(self) -> str:
        """How the tag is written: `#recuse [hard|soft]`."""
        parts = [f"#{self.name}"]
        for argument in self.signature:
            words = "|".join(sorted(argument.words))
            parts.append(words if argument.required else f"[{words}]")
        return " ".join(parts)


TABLE: tuple[TagRow, ...] = (
    TagRow(
        "clear",
        "member",
        "you have no conflict of interest with this case",
        undo="recuse",
    ),
    TagRow(
        "recuse",
        "member",
        "you withdraw from this case: your access ends at once; you need not and should not say why",
        signature=(Argument("kind", frozenset({"hard", "soft"})),),
    ),
    TagRow(
        "help",
        "member",
        "this list",
        needs_case=False,
    ),
)

ROWS = {row.name: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it was written, understood: name and the arguments that fit."""

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((f"#{self.name}", *self.arguments))


@dataclass(frozen=True, slots=True)
class TagProblem:
    """Why nothing runs. `kind`: unknown, lookalike, missing, ambiguous, forwarded, two-cases or contradiction.

    `about` is the tag in question (ours, never the sender's text when it is unknown), `nearest` a suggestion.
    """

    kind: str
    about: str = ""
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A Subject, read. `names` are the code names in brackets that the sender has a case of, without repeats."""

    tags: tuple[Tag, ...] = ()
    problems: tuple[TagProblem, ...] = ()
    names: tuple[str, ...] = ()
    forwarded: bool = False

    @property
    def commands(self) -> bool:
        """Whether the sender meant to steer something, understood or not."""
        return bool(self.tags or self.problems)


_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
_SPACE = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_BRACKETED = re.compile(r"\[([^\[\]]{0,120})\]")
_CASE = re.compile(r"([a-z]+)[ -]([a-z]+)")
_TAG = re.compile(r"(?:(?<=^)|(?<=[\s\]]))([#\uff03\ufe5f])([^\s#\uff03\ufe5f\[\]:]*)(:?)")
_PREFIX_AFTER = re.compile(r"(?:^|\s)[^\s:]{1,12}(?:\[\d+\])?:\s")
_TRAILING = ".,;!"


def normal(subject: str) -> str:
    """A Subject as the grammar reads it: NFC, without zero-width characters, case folded, single spaces."""
    composed = unicodedata.normalize("NFC", subject).translate(_INVISIBLE)
    # The Turkish capital İ folds into two characters; its users mean an i.
    return _SPACE.sub(" ", composed.casefold().replace("i\u0307", "i")).strip()


def names_in(subject: str) -> tuple[str, ...]:
    """Every `[two words]` of a Subject that has the form of a code name, as `home shelf`, without repeats."""
    found = (_CASE.fullmatch(inside.strip()) for inside in _BRACKETED.findall(normal(subject)))
    return tuple(dict.fromkeys(f"{match[1]} {match[2]}" for match in found if match))


def read(subject: str, *, own_names: Collection[str] = (), parent_tags: Collection[str] = ()) -> Subject:
    """What a member's Subject asks for.

    `own_names`: code names of the cases that exist for this sender; other brackets are text. `parent_tags`: tags, as
    `str(Tag)`, of the mail replied to; they do not run again (rule 3). Any problem means: nothing runs (rule 2).
    """
    text = normal(subject)
    names = tuple(name for name in names_in(subject) if name in own_names)
    forwarded = is_forwarded(text)
    tags: list[Tag] = []
    problems: list[TagProblem] = []
    marks = list(_TAG.finditer(text))
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        result = _tag_at(mark, text[mark.end() : end])
        if isinstance(result, Tag):
            tags.append(result)
        elif result is not None:
            problems.append(result)
    fresh = _without_repeats(tags, parent_tags)
    if fresh and {"clear", "recuse"} <= {tag.name for tag in fresh}:
        problems.append(TagProblem("contradiction", "#clear #recuse"))
    if (fresh or problems) and forwarded:
        problems.append(TagProblem("forwarded"))
    if (fresh or problems) and len(names) > 1:
        problems.append(TagProblem("two-cases"))
    return Subject(tuple(fresh), tuple(problems), names, forwarded)


def _without_repeats(tags: list[Tag], parent_tags: Collection[str]) -> list[Tag]:
    kept: list[Tag] = []
    for tag in tags:
        if str(tag) not in parent_tags and tag not in kept:
            kept.append(tag)
    return kept


def _tag_at(mark: re.Match[str], rest: str) -> Tag | TagProblem | None:
    """The tag that begins at a mark, or why there is none. None: plain text such as `#1234`."""
    name = mark[2].rstrip(_TRAILING)
    if not name or name[0].isdigit():
        return None
    if mark[1] != "#" or not name.isascii():
        return TagProblem("lookalike")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        # `#vote=yes`: meant as a tag, so say so instead of passing it on.
        return TagProblem("unknown", nearest=_nearest(re.split(r"[^a-z0-9-]", name)[0]))
    row = ROWS.get(name)
    if row is None:
        return TagProblem("unknown", nearest=_nearest(name))
    return _with_arguments(row, _words(rest))


def _words(rest: str) -> list[str]:
    """The words that may be arguments: up to a bracket or a reply prefix."""
    piece = rest.split("[", 1)[0]
    prefix = _PREFIX_AFTER.search(piece + " ")
    if prefix is not None and prefix.group().strip().split("[")[0].rstrip(":") in REPLY:
        piece = piece[: prefix.start()]
    return [word.rstrip(_TRAILING) for word in piece.split()]


def _with_arguments(row: TagRow, words: list[str]) -> Tag | TagProblem:
    found: list[str] = []
    for argument in row.signature:
        if words and argument.fits(words[0]):
            found.append(words.pop(0))
            if words and argument.fits(words[0]) and words[0] != found[-1]:
                return TagProblem("ambiguous", f"#{row.name}")
        elif argument.required:
            return TagProblem("missing", f"#{row.name}")
    return Tag(row.name, tuple(found))


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name[:24], [row.name for row in TABLE], 1, 0.6)
    return f"#{close[0]}" if close else ""


def wants_recusal(subject: str) -> bool:
    """Whether `#recuse` stands in a Subject that is no forward: it takes effect whatever else is wrong (rule 2)."""
    text = normal(subject)
    if is_forwarded(text):
        return False
    return any(mark[1] == "#" and mark[2].rstrip(_TRAILING) == "recuse" for mark in _TAG.finditer(text))
