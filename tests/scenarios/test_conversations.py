"""Conversations that a committee's chair can read: one file each in `conversations/`, in the order of their numbers."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

import conversation_words
import postgres
from conversation import Conversation
from conversation_words import FORMS, Step, form_of

FOLDER = Path(__file__).parent / "conversations"
FILES = sorted(FOLDER.glob("*.txt"))


def examples() -> list[Step]:
    """The sentences that the README shows: its indented lines."""
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    shown = "\n".join(line if line.startswith("    ") else "" for line in lines)
    return conversation_words.read(shown, "README.md")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_conversation(path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    steps = conversation_words.read(path.read_text(encoding="utf-8"), path.name)
    await Conversation(tmp_path, lambda: caplog.text).play(steps)


@pytest.mark.parametrize(
    "number", ["06", "22", "53", *(pytest.param(each, marks=pytest.mark.soak) for each in ("11", "51"))]
)
async def test_conversation_over_postgresql(
    number: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, postgresql: postgres.Server
) -> None:
    """The ones in which rows are taken by time, by several letters, and by the committee's book."""
    caplog.set_level(logging.DEBUG)
    (path,) = FOLDER.glob(f"{number}-*.txt")
    steps = conversation_words.read(path.read_text(encoding="utf-8"), path.name)
    await Conversation(tmp_path, lambda: caplog.text, postgresql.new_database()).play(steps)


def test_the_readme_shows_every_sentence_that_there_is_and_no_other() -> None:
    used = [form_of(step)[0] for step in examples()]
    assert [each.pattern.pattern for each in FORMS if each not in used] == []


def test_a_sentence_that_is_not_understood_is_an_error_with_its_place() -> None:
    (step,) = conversation_words.read("# A story\n\nAmara sings loudly.\n", "a.txt")
    with pytest.raises(AssertionError, match=r"a\.txt:3: I do not know this sentence: Amara sings loudly\."):
        form_of(step)


BEGINNING = """\
Primary members: Amara and Jun.
Robin writes to the committee:
  | Somebody shouted at me.
Amara gets the report. It says "shouted".
"""


@pytest.mark.parametrize(
    ("untrue", "place"),
    [
        ("Jun gets nothing.", "6: Jun gets nothing."),
        ("Jun gets two reports.", "6: Jun gets two reports."),
        ('Jun gets the report. It does not say "shouted".', '6: It does not say "shouted".'),
        ("Jun gets the report. It names no case.", "6: It names no case."),
        ("Jun gets the report. Nobody else gets anything.", "6: Nobody else gets anything."),
        ("From now on Jun gets nothing.\nAmara answers the report:\n| Hm.", "6: From now on Jun gets nothing."),
        ('From now on no mail says "Hm".\nAmara answers the report:\n| Hm.', '6: From now on no mail says "Hm".'),
        ('Nowhere is it kept that "shouted".', '6: Nowhere is it kept that "shouted".'),
    ],
)
async def test_a_story_that_is_not_true_fails_at_the_sentence_that_is_not(
    tmp_path: Path, untrue: str, place: str
) -> None:
    steps = conversation_words.read(f"{BEGINNING}\n{untrue}\n", "b.txt")
    with pytest.raises(AssertionError, match=re.escape(f"b.txt:{place}")):
        await Conversation(tmp_path).play(steps)
