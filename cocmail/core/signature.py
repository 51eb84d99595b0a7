"""How a tag is written, who may use it and when: the values of which the table of tags is made (`tags.TABLE`)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from cocmail.core.lifecycle import ANY, State

# What the configuration takes for the name of a transfer target.
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_HANDLE = re.compile(r"@[a-z0-9][a-z0-9_.-]*")
_CASE = re.compile(r"\[[a-z]+ [a-z]+\]")
_NUMBERED = {
    "question": re.compile(r"q[1-9][0-9]{0,3}"),
    "draft": re.compile(r"d[1-9][0-9]{0,3}"),
    "number": re.compile(r"[1-9][0-9]{0,3}"),
    "item": re.compile(r"[1-9][0-9]{0,3}"),
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One place in a tag's signature.

    `kind` is word (one of `words`), pair (`key:value` out of `words`, as often as there are keys), member (`@handle`),
    question (`Qn`), draft (`Dn`), case (`[home shelf]`), date (`YYYY-MM-DD`), day (a word of `words`, a colon and a
    date), number (digits, of a list that belongs to no case), item (digits, of a list of the case), name (of something
    in the committee's file; any first word fits) or text (in quotation marks). `required` ones must be there.
    """

    name: str
    kind: str = "word"
    words: tuple[str, ...] = ()
    required: bool = False

    def fits(self, word: str) -> bool:
        """Whether a word, case folded, can stand here. A quoted text begins with its quotation mark."""
        match self.kind:
            case "word" | "pair":
                return word in self.words
            case "member":
                return _HANDLE.fullmatch(word) is not None
            case "date":
                return _is_date(word)
            case "day":
                key, _, day = word.partition(":")
                return key in self.words and _is_date(day)
            case "name":
                return _NAME.fullmatch(word) is not None
            case "text":
                return word.startswith('"')
            case "case":
                return _CASE.fullmatch(word) is not None
        return _NUMBERED[self.kind].fullmatch(word) is not None

    @property
    def form(self) -> str:
        """How it is written."""
        match self.kind:
            case "word":
                shown = "|".join(self.words)
            case "pair":
                keys = dict.fromkeys(word.partition(":")[0] for word in self.words)
                shown = " ".join(f"{key}:{'|'.join(_values(self.words, key))}" for key in keys)
            case "member":
                shown = "@member"
            case "name":
                shown = self.name.upper()
            case "date":
                shown = "YYYY-MM-DD"
            case "day":
                shown = f"{self.words[0]}:YYYY-MM-DD"
            case "text":
                shown = f'"{self.name}"'
            case "case":
                shown = "[case]"
            case _:
                shown = {"question": "Qn", "draft": "Dn", "number": "n", "item": "n"}[self.kind]
        return shown if self.required else f"[{shown}]"


def _values(words: Collection[str], key: str) -> list[str]:
    return [word.partition(":")[2] for word in words if word.partition(":")[0] == key]


def _is_date(word: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        return False
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class TagRow:
    """One row of the tag table.

    `who`: member, cleared, triage (a watcher, or an owner), owner, eligible (may vote), mover, second (a cleared member
    other than the author), asked (about a sealed report), acting (cleared; where the procedure lets one member act
    alone, whoever knows of the case).
    `states` are those of the case in which it runs; a tag outside any case (`needs_case` false, or one of the words in
    `outside`, or a number, is its argument) has no use for them. `takes_text`: what the member writes in the mail is
    the matter itself; it must be there, unless `optional_text`, and goes into the case's record, unless `off_record`
    or with one of the words in `unrecorded`.
    `any_length`: a long text is no reason to refuse it. `repeats`: it may stand in one mail once for each member or
    text that it names. `irreversible` ones are always confirmed. `reads_thread`: what was written in the case is
    compared with what goes out or into the sheet. `takes_files`: what is attached to the mail goes out with its text.
    """

    name: str
    who: str
    help: str
    signature: tuple[Argument, ...] = ()
    needs_case: bool = True
    states: frozenset[State] = ANY
    takes_text: bool = False
    optional_text: bool = False
    off_record: bool = False
    any_length: bool = False
    irreversible: bool = False
    reads_thread: bool = False
    takes_files: bool = False
    outside: frozenset[str] = frozenset()
    unrecorded: frozenset[str] = frozenset()
    repeats: bool = False

    @property
    def form(self) -> str:
        """How the tag is written: `#recuse [hard|soft]`."""
        return " ".join((f"#{self.name}", *(argument.form for argument in self.signature)))
