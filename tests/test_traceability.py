"""The table of what is met where is whole, and points at nothing that is not there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from cocmail.core.tags import TABLE

HOUSE = Path(__file__).resolve().parent.parent
PAGE = (HOUSE / "docs" / "traceability.md").read_text(encoding="utf-8")
CONVERSATIONS = HOUSE / "tests" / "scenarios" / "conversations"
REQUIREMENTS, SCENARIOS = 83, 33
LATER = re.compile(r"later: transparency: \S")
STATE = re.compile(r"(?:done|partly|later|yours)(?:[:;.] \S.*)?")
# What comes from no document of the organisations, or from a public charter alone (domain analysis, section A).
MARKED = {"R2": "‡", "R25": "‡", "R28": "‡", "R62": "‡", "R68": "‡", "R71": "†", "R74": "‡", "R83": "‡"}


def rows(heading: str) -> list[list[str]]:
    """The cells of a table below a heading, without its head."""
    below = re.split(r"^## ", PAGE.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


REQUIRED = rows("Requirements")


@cache
def defined_in(file: str) -> frozenset[str]:
    """The functions, classes and constants of a file."""
    tree = ast.parse((HOUSE / file).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    assigned = [
        target
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    named = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return frozenset(named | {target.id for target in assigned if isinstance(target, ast.Name)})


def is_there(written: str) -> bool:
    """Whether `FILE:NAME`, or a conversation, exists."""
    file, _, name = written.partition(":")
    if not name:
        return (CONVERSATIONS / file).is_file()
    return (HOUSE / file).is_file() and name in defined_in(file)


def written_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_requirement_stands_there_once_and_in_order() -> None:
    assert [row[0] for row in REQUIRED] == [f"R{number}" for number in range(1, REQUIREMENTS + 1)]
    assert {len(row) for row in REQUIRED} == {6}


@pytest.mark.parametrize("row", REQUIRED, ids=lambda row: row[0])
def test_what_is_named_exists(row: list[str]) -> None:
    number, asked, code, shown, told, state = row
    assert all(asked) and STATE.fullmatch(state), state
    for cell, folder in ((code, "cocmail/"), (shown, "tests/")):
        named = written_in(cell)
        assert bool(named) is not (cell == "–"), cell
        assert [each for each in named if not is_there(each)] == []
        assert all(each.startswith(folder) or (cell is shown and each.endswith(".txt")) for each in named)
    assert re.findall(r"[†‡]", asked) == list(MARKED.get(number, "")), asked
    links = re.findall(r"\]\(([^)]+)\)", told)
    assert bool(links) is not (told == "–")
    assert all((HOUSE / "docs" / link).is_file() for link in links)


@pytest.mark.parametrize("row", REQUIRED, ids=lambda row: row[0])
def test_what_is_met_is_shown_and_what_is_not_says_when(row: list[str]) -> None:
    _, _, code, shown, _, state = row
    word = re.split(r"\W", state)[0]
    if word in ("done", "partly"):
        assert code != "–" and shown != "–"
        assert word == "done" or len(state) > len("partly: ")
    else:
        assert code == shown == "–"
    assert "later" not in state or LATER.search(state), state
    assert not (word == "later" and LATER.match(state) is None), state


def test_a_tag_that_is_said_to_come_later_is_not_there_yet() -> None:
    names = {row.name for row in TABLE}
    promised = {tag for row in REQUIRED for tag in re.findall(r"`#([a-z]+)", row[5].partition("later")[2])}
    assert promised.isdisjoint(names)


def test_every_scenario_is_played() -> None:
    told = rows("Scenarios")
    assert [row[0] for row in told] == [str(number) for number in range(1, SCENARIOS + 1)]
    for number, _, played in told:
        named = written_in(played)
        assert named, number
        assert all(is_there(each) and each.startswith(f"{int(number):02}-") for each in named), number
    there = {path.name for path in CONVERSATIONS.glob("*.txt") if int(path.name[:2]) <= SCENARIOS}
    assert there == {each for row in told for each in written_in(row[2])}


def test_the_page_speaks_of_the_product_alone() -> None:
    assert re.search(r"(?i)\b(issue|sitting|step)s?\b", re.sub(r"`[^`]*`", "", PAGE)) is None
    lines = PAGE.splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []
