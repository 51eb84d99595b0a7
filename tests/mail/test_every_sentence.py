"""Whatever a tag comes to, there is a sentence that says so: no receipt is empty, and no sentence is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cocmail.core.subjects import TagProblem

PACKAGE = Path(__file__).resolve().parents[2] / "cocmail"
TEMPLATES = PACKAGE / "mail" / "templates" / "en"


@cache
def branches(template: str, word: str) -> frozenset[str]:
    """The words that a template asks for: `{% if line.outcome == "owner" %}` asks for owner."""
    said = (TEMPLATES / template).read_text(encoding="utf-8")
    return frozenset(re.findall(rf'{re.escape(word)} == "([^"]+)"', said))


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "core").rglob("*.py")))


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call in the core, by the last name of what is called. Looked for once: every worker needs it to collect."""
    found = (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call))
    return tuple((getattr(node.func, "attr", "") or getattr(node.func, "id", ""), node) for node in found)


def first_words(*functions: str) -> Iterator[str]:
    """The first argument of every call of these functions in the core, where it is written out."""
    for name, call in calls():
        if name in functions and call.args and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


@cache
def every_word() -> frozenset[str]:
    found = (node.value for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in found if isinstance(value, str))


def lines_written_out() -> Iterator[str]:
    """The outcomes of lines that belong to no tag: `{"outcome": "answer-by-tag", ...}`."""
    for node in (node for tree in trees() for node in ast.walk(tree)):
        if isinstance(node, ast.Dict):
            found = [value for key, value in zip(node.keys, node.values, strict=True) if is_word(key, "outcome")]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_refuse_outcome":
            found = node.args[3:4]
        else:
            continue
        yield from (each.value for each in found if isinstance(each, ast.Constant) and isinstance(each.value, str))


def is_word(node: ast.expr | None, word: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == word


def templates_asked_for() -> Iterator[str]:
    """The texts that the core asks for by name."""
    places = {
        "notice": 4,
        "tell": 3,
        "write": 1,
        "_seat_letter": 3,
        "_tell_once": 3,
        "tell_reporter": 2,
        "to_reporter": 4,
    }
    for name, node in calls():
        place = places.get(name)
        by_place = node.args[place : place + 1] if place is not None else []
        by_name = [word.value for word in node.keywords if word.arg == "template"]
        for written in (*by_place, *by_name):
            if isinstance(written, ast.Constant) and isinstance(written.value, str):
                yield written.value


def test_a_tag_that_ran_is_answered_with_what_it_did() -> None:
    assert {*first_words("done", "unchanged")} - branches("receipt_done.j2", "line.outcome") == set()


def test_a_tag_that_did_not_run_is_answered_with_why() -> None:
    said = {*first_words("refuse"), *first_words("TagProblem")}
    assert said - branches("receipt_refused.j2", "line.outcome") == set()


def test_a_mail_that_came_to_no_tag_is_answered_with_what_became_of_it() -> None:
    answers = branches("receipt_done.j2", "line.outcome") | branches("receipt_refused.j2", "line.outcome")
    assert {*lines_written_out()} - answers == set()


def test_every_text_that_is_asked_for_is_there() -> None:
    assert {each for each in templates_asked_for() if not (TEMPLATES / f"{each}.j2").is_file()} == set()


def test_the_texts_that_are_looked_for_here_are_found() -> None:
    texts = {
        "address",
        "changed",
        "copied",
        "farewell",
        "forced_out",
        "left",
        "no_answer",
        "paused",
        "waits",
        "welcome",
    }
    assert texts <= {*templates_asked_for()}
    assert {"answer-by-tag", "moved", "no-case", "no-talk", "not-me", "vouched"} <= {*lines_written_out()}


def test_every_problem_of_a_subject_that_is_documented_has_its_sentence() -> None:
    named = str(TagProblem.__doc__).split("`kind`:")[1].split(". `about`")[0]
    kinds = re.findall(r"[a-z][a-z-]+", re.sub(r"\([^)]*\)", "", named))
    assert {"unknown", "two-cases"} < set(kinds)
    assert set(kinds) - {"or"} <= branches("receipt_refused.j2", "line.outcome")


@pytest.mark.parametrize("what", sorted({*first_words("tell_others")}))
def test_the_others_are_told_of_everything_that_they_are_to_be_told_of(what: str) -> None:
    assert what in branches("changed.j2", "what")


def test_no_sentence_is_left_over() -> None:
    for template, word in (
        ("receipt_done.j2", "line.outcome"),
        ("receipt_refused.j2", "line.outcome"),
        ("changed.j2", "what"),
    ):
        assert branches(template, word) - every_word() == set(), template
