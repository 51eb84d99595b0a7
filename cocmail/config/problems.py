"""What is wrong with a configuration, said so that a person finds the place and knows what would be right.

The rule: a problem names a file, a line, a key and what is allowed. It must never repeat a value (names and addresses
stand there), and a key only where it looks like one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from cocmail.config.document import Document, Path

NO_EFFECT = "accepted, but has no effect in this release"

Level = Literal["error", "warning"]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; `str()` gives the line that `cocmail check` prints."""

    path: str
    line: int
    level: Level
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.level}: {self.key}: {self.text}"


@dataclass(slots=True)
class Findings:
    """Collects the problems of one file. Paths are those of the document as it is now, pruned or not."""

    file: str
    document: Document
    problems: list[Problem] = field(default_factory=list)

    def error(self, path: Path, text: str) -> None:
        self._add("error", path, text)

    def warning(self, path: Path, text: str) -> None:
        self._add("warning", path, text)

    def error_at(self, path: Path, line: int, text: str) -> None:
        """An error whose line is known already, at a path of the original text."""
        self.problems.append(Problem(self.file, line, "error", spelled(path), text))

    def _add(self, level: Level, path: Path, text: str) -> None:
        original = self.document.original(path)
        self.problems.append(Problem(self.file, self.document.line(original), level, spelled(original), text))

    def given(self, path: Path) -> bool:
        """Whether something stands there in the file, right or wrong: what was wrong is not missing, too."""
        return self.document.original(path) in self.document.lines

    @property
    def failed(self) -> bool:
        return any(problem.level == "error" for problem in self.problems)


def spelled(path: Path) -> str:
    """A path as people write it: `members[2].email`; a key that does not look like one shows as `?`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if is_plain_key(part) else "?")
    return text or "file"


def is_plain_key(key: str) -> bool:
    """Whether a key may be repeated in a message: a name or an address in the wrong place may not."""
    return bool(_PLAIN_KEY.fullmatch(key))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the nearest known word, else the list of all if that is short, else nothing."""
    words = sorted(known)
    close = difflib.get_close_matches(word.lower(), words, 1, 0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known: {', '.join(words)}" if words and len(words) <= 12 else ""


def explained(error: ErrorDetails, model: type[BaseModel]) -> str:
    """A validation error in this program's words. Pydantic's own are not used: some of them quote the input."""
    context: dict[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(error["loc"], model)
        case "missing":
            return "is required"
        case "literal_error":
            return f"must be {str(context['expected']).replace(chr(39), '')}"
        case "string_type":
            return "must be text (put it into quotes)"
        case "int_type":
            return "must be a whole number"
        case "bool_type":
            return "must be true or false"
        case "list_type":
            return "must be a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a map of keys"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "too_short":
            return "needs at least one entry"
        case "value_error":
            return str(context["error"])
    return "cannot be used"


def _unknown_key(loc: Path, model: type[BaseModel]) -> str:
    key = str(loc[-1])
    shown = f"unknown key `{key}`" if is_plain_key(key) else "unknown key"
    return shown + nearest(key, _keys_at(model, loc[:-1]))


def _keys_at(model: type[BaseModel], loc: Path) -> list[str]:
    """The keys that the schema knows at this place."""
    here: type[BaseModel] | None = model
    for part in loc:
        if here is not None and isinstance(part, str):
            found = {info.alias or name: info.annotation for name, info in here.model_fields.items()}
            # A key of a free map (`transfer_targets`) is no field: its values are what the map's own step found.
            here = _model_in(found[part]) if part in found else here
    return [info.alias or name for name, info in here.model_fields.items()] if here else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for each in get_args(annotation) if (model := _model_in(each))), None)
