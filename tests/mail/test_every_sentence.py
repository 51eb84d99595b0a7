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


def first_words(*functions: str) -> Iterator[str]:
    """The first argument of every call of these functions in the core, where it is written out."""
    calls = (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    for call in calls:
        if ast.unparse(call.func).rpartition(".")[2] in functions and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


@cache
def every_word() -> frozenset[str]:
    found = (node.value for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in found if isinstance(value, str))


@pytest.mark.parametrize("outcome", sorted({*first_words("done", "unchanged")}))
def test_a_tag_that_ran_is_answered_with_what_it_did(outcome: str) -> None:
    assert outcome in branches("receipt_done.j2", "line.outcome")


@pytest.mark.parametrize("outcome", sorted({*first_words("refuse"), *first_words("TagProblem")}))
def test_a_tag_that_did_not_run_is_answered_with_why(outcome: str) -> None:
    assert outcome in branches("receipt_refused.j2", "line.outcome")


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
