"""What is collected while a file is looked into (`lookinto`), and the one way to give up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MARKS_MAX = 20
WORDS_MAX = 120

_GAP = re.compile(r"[\s\x00-\x1f\x7f]+")


class Unsure(Exception):
    """Something of a file cannot be read for sure. `problem` is a word of `core.files.FileRead`; no other text."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class Findings:
    """The words of a file, and what its metadata tells of a person or a place."""

    texts: list[str] = field(default_factory=list)
    marks: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Words that stand in the file, wherever: they are compared with the case."""
        if text.strip():
            self.texts.append(text)

    def mark(self, name: str, value: object) -> None:
        """Metadata that has to be taken out, whatever it says; an empty field says nothing."""
        words = _GAP.sub(" ", value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
        if words and len(self.marks) < MARKS_MAX:
            self.marks.append((_GAP.sub(" ", name)[:40], words[:WORDS_MAX]))
