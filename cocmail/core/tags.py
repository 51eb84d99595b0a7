"""Subject tags: the one table of them (contract, section 5).

Parser, permission checks, help mail, docs page and tests are made from `TABLE`. A new tag is a new row here, a sentence
in the receipt's template and a handler in `commands`; nothing else knows tags by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from cocmail.core.lifecycle import ANY, KEPT, LIVE, State

_HANDLE = re.compile(r"@[a-z0-9][a-z0-9_.-]*")
_NUMBERED = {"question": re.compile(r"q[1-9][0-9]{0,3}"), "draft": re.compile(r"d[1-9][0-9]{0,3}")}


@dataclass(frozen=True, slots=True)
class Argument:
    """One place in a tag's signature.

    `kind` is word (one of `words`), pair (`key:value` out of `words`, as often as there are keys), member (`@handle`),
    question (`Qn`), draft (`Dn`), date (`YYYY-MM-DD`) or text (in quotation marks). `required` ones must be there.
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
            case "text":
                return word.startswith('"')
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
            case "date":
                shown = "YYYY-MM-DD"
            case "text":
                shown = f'"{self.name}"'
            case _:
                shown = {"question": "Qn", "draft": "Dn"}[self.kind]
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

    `who`: member, cleared, owner, eligible (may vote), mover, second (a cleared member other than the author).
    `states` are those of the case in which it runs; a tag outside any case (`needs_case` false) has no use for them.
    `takes_text`: what the member writes in the mail is the matter itself and must be there. `irreversible` ones are
    always confirmed. `reads_thread`: what was written in the case is compared with what goes out or into the sheet.
    """

    name: str
    who: str
    help: str
    signature: tuple[Argument, ...] = ()
    needs_case: bool = True
    states: frozenset[State] = ANY
    takes_text: bool = False
    irreversible: bool = False
    reads_thread: bool = False

    @property
    def form(self) -> str:
        """How the tag is written: `#recuse [hard|soft]`."""
        return " ".join((f"#{self.name}", *(argument.form for argument in self.signature)))


def _word(name: str, *words: str, required: bool = False) -> Argument:
    return Argument(name, "word", words, required)


_QUESTION = Argument("question", "question", required=True)
_DRAFT = Argument("draft", "draft", required=True)
_MEMBER = Argument("member", "member", required=True)
_RISKS = tuple(f"{key}:{value}" for key in ("safety", "repeat") for value in ("yes", "no", "maybe"))

TABLE: tuple[TagRow, ...] = (
    TagRow("clear", "member", "you have no conflict of interest with this case"),
    TagRow(
        "recuse",
        "member",
        "you withdraw from this case: your access ends at once; you need not and should not say why",
        (_word("kind", "hard", "soft"),),
    ),
    TagRow(
        "own",
        "cleared",
        "you take care of this case, as its first owner or as the second",
        (_word("place", "primary", "secondary"),),
        states=KEPT,
    ),
    TagRow("assign", "cleared", "that member becomes the first owner", (_MEMBER,), states=KEPT),
    TagRow(
        "risk",
        "cleared",
        "how you judge the risk; one of the two or both",
        (Argument("risk", "pair", _RISKS, required=True),),
        states=LIVE,
    ),
    TagRow(
        "scope",
        "cleared",
        "whether the Code of Conduct covers it",
        (_word("scope", "in", "out", "unsure", required=True),),
        states=LIVE,
    ),
    TagRow("urgent", "cleared", "this case cannot wait: the others are told at once", states=LIVE),
    TagRow(
        "note",
        "cleared",
        "your mail's text goes into the case's document, under today's date or the one you give",
        (Argument("date", "date"),),
        states=KEPT,
        takes_text=True,
    ),
    TagRow(
        "plan",
        "cleared",
        "your mail's text is the proposed change of behaviour, for the document",
        states=LIVE,
        takes_text=True,
    ),
    TagRow(
        "consequence",
        "cleared",
        "your mail's text is the proposed consequence, for the document",
        states=LIVE,
        takes_text=True,
    ),
    TagRow(
        "actions",
        "cleared",
        "what the status sheet shows as needed: vague, no names",
        (Argument("vague text", "text", required=True),),
        states=KEPT,
        reads_thread=True,
    ),
    TagRow(
        "motion",
        "cleared",
        "opens a question to vote on; your mail names Finding:, Plan:, Consequence: and If refused:",
        (_word("about", "outcome", required=True),),
        states=LIVE,
        takes_text=True,
    ),
    TagRow(
        "vote",
        "eligible",
        "your ballot; the last one before the question closes counts",
        (Argument("question", "question"), _word("ballot", "yes", "no", "abstain", required=True)),
    ),
    TagRow("withdraw", "mover", "takes back the question that you opened", (_QUESTION,)),
    TagRow(
        "reporter",
        "cleared",
        "your mail's text is a draft to the reporter; the others see it before it goes out",
        takes_text=True,
        reads_thread=True,
    ),
    TagRow("send", "second", "sends that draft; its author cannot", (_DRAFT,), reads_thread=True),
    TagRow(
        "status",
        "cleared",
        "the case rests, or goes on",
        (_word("status", "ongoing", "paused", required=True),),
        states=LIVE,
    ),
    TagRow(
        "resolve",
        "owner",
        "ends the case after a passed motion; the text is what the status sheet shows",
        (
            _word("finding", "violation", "no-violation", "no-action", required=True),
            Argument("vague text", "text", required=True),
        ),
        states=frozenset({State.DECIDED, State.RESOLVED}),
        irreversible=True,
        reads_thread=True,
    ),
    TagRow("reopen", "cleared", "takes the case up again; what was decided stays on record"),
    TagRow(
        "notreport",
        "cleared",
        "closes it: it is no report",
        (_word("kind", "spam", "question", required=True),),
        states=frozenset({State.OPEN, State.DISMISSED}),
    ),
    TagRow("optout", "owner", "the reporter wants no more mail from us", states=KEPT),
    TagRow("optin", "owner", "the reporter wants to hear from us again", states=KEPT),
    TagRow(
        "show",
        "cleared",
        "the whole thread; `original`: the reporter's mails as they came",
        (_word("form", "original"),),
    ),
    TagRow("doc", "cleared", "the case's document, as it stands"),
    TagRow("cases", "member", "the cases that you have", needs_case=False),
    TagRow("sheet", "member", "the status sheet, vague on purpose", needs_case=False),
    TagRow(
        "committee",
        "member",
        "your mail's text goes to every member, outside of any case; it is not kept",
        needs_case=False,
        takes_text=True,
    ),
    TagRow("help", "member", "this list", needs_case=False),
)

ROWS = {row.name: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it was written, understood: name, the arguments that fit (folded), the quoted text as written."""

    name: str
    arguments: tuple[str, ...] = ()
    text: str = ""

    def __str__(self) -> str:
        quoted = (f'"{self.text}"',) if self.text else ()
        return " ".join((f"#{self.name}", *self.arguments, *quoted))

    def argument(self, kind: str) -> str:
        """The argument of that kind of place (`question`, `draft`, `member`, `date`, `word`), or ""."""
        row = ROWS[self.name]
        for place in row.signature:
            for word in self.arguments:
                if place.kind == kind and place.fits(word):
                    return word
        return ""
