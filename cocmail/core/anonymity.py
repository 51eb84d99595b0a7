"""A report that a member took down for somebody: who that is, and how nobody else learns it (contract, `#new`; R65).

The rule: what names the reporter goes before anything is stored; nobody can pass on what is not there. What cannot be
told for sure is refused, with a receipt: the member can write it again. It knows no nicknames and no descriptions: what
the words themselves tell, they tell, and the receipt says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cocmail.core import naming, redaction
from cocmail.core.everyday import is_also_a_word
from cocmail.core.folding import fold, spellings
from cocmail.core.naming import FROM, PLACE, REPORTER, TO, Labelled, labelled
from cocmail.core.redaction import IN_PLACE as IN_PLACE
from cocmail.core.sought import (
    NOBODY,
    Sought,
    accounts_in,
    composed,
    numbers_in,
    only_describes,
    says_nobody,
    sought_in,
)

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,190}")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_NAME = 120
# Fewer digits stand in any report: a room, a year.
_TELEPHONE = 7
_AROUND = " \t<>\"'(),;+-"
# The last look: from so many letters on, within another word as well; from so many on, across words.
_TOKEN, _WITHIN, _ACROSS = 4, 6, 8


@dataclass(frozen=True, slots=True)
class Named:
    """Who a text says that the reporter is: "" for what it does not say."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its reporter. `said` is what named them, `removed` in how many places something went.

    `trouble` says why it is not sure, and nothing may be opened: unnamed, empty, unsure, others, too-many, stands,
    beside, or "".
    """

    text: str
    removed: int = 0
    said: str = ""
    trouble: str = ""


def reporter_in(text: str) -> Named:
    """The reporter by the first line of a text that says so, or else by the first one that says who sent it."""
    found = [each for each in labelled(_lines(text)) if each.kind in (REPORTER, FROM) and each.said]
    for each in sorted(found, key=lambda line: line.kind != REPORTER):
        # What goes on below may name others; letters must not go to them.
        said = each.said[0][: naming.LONGEST]
        if says_nobody(said):
            continue
        address = _ADDRESS.search(said)
        name = " ".join(_ADDRESS.sub("", said).replace("<>", "").split())
        name = re.sub(r"\+?\d[\d ()/.-]{5,40}\d", "", name).strip(_AROUND)
        if address is not None or name:
            return Named(name[:_LONGEST_NAME], address[0].casefold() if address else "")
    return Named()


def without_reporter(text: str, own: Collection[str] = ()) -> Redacted:
    """The text without the lines that name the reporter and without every recurrence of what they name.

    `own` are the names and addresses of whoever took it down, and of the committee: a mail program's lines name them
    too.
    """
    lines = _lines(text)
    found = [each for each in labelled(lines) if each.kind in (REPORTER, FROM, TO)]
    nobody = any(each.kind == REPORTER and says_nobody(each.value) for each in found)
    bare = "\n".join(_left(lines, found)).strip()
    if any(each.unsure for each in found):
        return Redacted(bare, trouble="unsure")
    said = [each.value for each in found if each.kind == REPORTER and each.value and not says_nobody(each.value)]
    # Who sent it comes before whom it went to.
    mailed = sorted((each for each in found if each.kind != REPORTER), key=lambda line: line.kind)
    values, others = _of_one(said, [part for each in mailed for part in _of_others(each.value, own)], nobody=nobody)
    sought = sought_in(values)
    trouble = "others" if others else _trouble(found, values, sought, nobody)
    if not trouble and not found and not nobody:
        trouble = _may_name(lines, bare, own)
    if trouble:
        return Redacted(bare, trouble=trouble)
    clean, removed = redaction.without(bare, sought)
    if _stands(clean, values, sought):
        trouble = "stands"
    elif not nobody and _may_be_theirs(clean, own, accounts=False):
        # What the line does not name may be the reporter's all the same: no rule tells whose a number is. An account,
        # @kit, is most often part of what happened.
        trouble = "beside"
    return Redacted(clean.strip(), len(found) + removed, "\n".join(values), trouble)


def without_place(text: str) -> tuple[str, list[str]]:
    """(the text without its `Where:` and `Wearing:` lines, what they say): where somebody is to be found now."""
    lines = _lines(text)
    found = [each for each in labelled(lines) if each.kind == PLACE and each.said]
    return "\n".join(_left(lines, found)).strip(), [f"{each.label.capitalize()}: {each.value}" for each in found]


def _lines(text: str) -> list[str]:
    for mark in ("\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"):
        text = text.replace(mark, "\n")
    return text.split("\n")


def _left(lines: list[str], found: list[Labelled]) -> Iterator[str]:
    gone = {number for each in found for number in range(each.first, each.last + 1)}
    return (line for number, line in enumerate(lines) if number not in gone)


def _of_one(said: list[str], mailed: list[str], *, nobody: bool) -> tuple[list[str], bool]:
    """(what names the reporter, whether the lines of mail programs name anybody else).

    That may be the reporter under another name, or whom it is all about.
    """
    if not said and mailed and not nobody:
        said, mailed = mailed[:1], mailed[1:]
    sought = sought_in(said)
    others = any(not redaction.without(part, sought)[1] for part in dict.fromkeys(mailed))
    return [*said, *dict.fromkeys(mailed)], others


def _of_others(value: str, own: Collection[str]) -> list[str]:
    """Whom a line of a mail program names, but for whoever took the report down, and for ourselves."""
    ours = {fold(each) for each in own}
    words = {word for each in ours for word in _WORD.findall(each)}
    parts = []
    for part in re.split(r"[,;]", value):
        addresses = _ADDRESS.findall(part)
        rest = _WORD.findall(fold(_ADDRESS.sub(" ", part)))
        if all(fold(address) in ours for address in addresses) and all(word in words for word in rest):
            continue
        if part.strip():
            parts.append(part.strip())
    return parts


def _trouble(found: list[Labelled], values: list[str], sought: Sought, nobody: bool) -> str:
    """Why it is not sure whom the naming lines name, or ""."""
    if sought.too_many:
        return "too-many"
    if any(each.kind == REPORTER and not each.value for each in found):
        return "empty"
    names = sought.names_somebody and not all(only_describes(value) for value in values)
    if found and not names and not nobody:
        return "empty" if any(each.kind == REPORTER for each in found) else "unnamed"
    return ""


def _may_name(lines: list[str], text: str, own: Collection[str]) -> str:
    """Whether a text without a line that says who reported may still say so."""
    return "unnamed" if naming.begins_like_one(lines) or _may_be_theirs(text, own) else ""


def _may_be_theirs(text: str, own: Collection[str], *, accounts: bool = True) -> bool:
    """Whether a text holds an address or a number of somebody, or an account (`accounts`), who may be the reporter."""
    ours = {fold(each) for each in own}
    written = (fold(each.removeprefix("mailto:")) for each in accounts_in(text) if accounts or "@" in each[1:])
    return any(each not in ours for each in written) or any(True for _ in numbers_in(text, _TELEPHONE))


def _stands(text: str, values: list[str], sought: Sought) -> bool:
    """The last look, in another and cruder way: letters only, without regard to what stands between them."""
    tokens = _tokens(values, sought)
    bare = composed(text).replace(IN_PLACE, " ")
    for seen in spellings(re.sub(r"-[ \t]{0,8}\n[ \t>]{0,40}", "", bare)):
        chunks = ["".join(filter(str.isalpha, chunk)) for chunk in seen.split()]
        chunks = [chunk for chunk in chunks if chunk and not is_also_a_word(chunk)]
        near = {piece for chunk in chunks if len(chunk) <= _WITHIN for piece in (chunk, chunk[:-1], chunk[1:])}
        apart, across = " ".join(chunks), "".join(chunks)
        spelled = " ".join(re.findall(r"(?<![^\W_])(?:[^\W\d_][\W_]{1,3}){3,60}[^\W\d_](?![^\W_])", seen))
        spaced = "".join(filter(str.isalpha, spelled))
        for token in tokens:
            if token in near or (len(token) >= _WITHIN and token in apart) or token in spaced:
                return True
            if len(token) >= _ACROSS and token in across:
                return True
    return any(number in digits for digits in numbers_in(bare, 1) for number in sought.numbers)


def _tokens(values: list[str], sought: Sought) -> set[str]:
    words = {word for value in values for word in re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", composed(value))}
    # What describes somebody was let stand on purpose, and a host name says little.
    hosts = {word for value in values for word in _hosts(composed(value))}
    letters = {"".join(filter(str.isalpha, each)) for word in words - hosts for each in spellings(word)}
    letters |= {"".join(filter(str.isalpha, literal.partition("@")[0])) for literal in sought.literals}
    return {each for each in letters if len(each) >= _TOKEN and not is_also_a_word(each) and each not in NOBODY}


def _hosts(value: str) -> Iterator[str]:
    for address in _ADDRESS.findall(value):
        yield from re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", address.rpartition("@")[2])
