"""The sentences of a conversation file, and the forms that they have to fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

FILE, DOES, SEES = "file", "does", "sees"


@dataclass(frozen=True)
class Step:
    """One sentence, with the lines of text that somebody writes below it."""

    place: str
    sentence: str
    text: list[str] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Form:
    pattern: re.Pattern[str]
    sort: str
    method: Callable[..., Any]


FORMS: list[Form] = []
WHO = r"(?P<who>[^\"#]+?)"


def form(sort: str, *patterns: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(method: Callable[..., Any]) -> Callable[..., Any]:
        FORMS.extend(Form(re.compile(each.replace("{who}", WHO) + r"[.:]"), sort, method) for each in patterns)
        return method

    return enter


def form_of(step: Step) -> tuple[Form, dict[str, str]]:
    for each in FORMS:
        match = each.pattern.fullmatch(step.sentence)
        if match is not None:
            return each, {name: value or "" for name, value in match.groupdict().items()}
    raise AssertionError(f"{step.place}: I do not know this sentence: {step.sentence}")


def read(text: str, name: str) -> list[Step]:
    """The sentences of a file. Lines beginning with `#` are for people, with `|` what somebody writes."""
    steps: list[Step] = []
    begun, started = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("|") and not begun:
            assert steps, f"{name}:{number}: nobody has begun to write"
            steps[-1].text.append(line[1:].removeprefix(" "))
        elif line and not line.startswith("# "):
            started = started if begun else number
            begun = f"{begun} {line}".strip()
            if line[-1] in ".:":
                steps += [Step(f"{name}:{started}", each) for each in sentences(begun)]
                begun = ""
    assert not begun, f"{name}:{started}: a sentence that does not end"
    return steps


def sentences(line: str) -> list[str]:
    """A sentence ends with a full stop before a capital letter, or at the end of the line; never between quotes."""
    return re.findall(r'((?:"[^"]*"|[^"])+?(?:\.(?= [A-Z])|[.:]$))\s*', line)


def quoted(words: str) -> list[str]:
    return re.findall(r'"([^"]+)"', words)
