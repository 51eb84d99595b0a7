"""Every attack and fault of the catalogue has a test that shows what happens then, and the page names it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
PAGE = (HOUSE / "docs" / "attacks.md").read_text(encoding="utf-8")
CONVERSATIONS = HOUSE / "tests" / "scenarios" / "conversations"
ITEMS = 61

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)
]


@cache
def names_in(file: str) -> frozenset[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    tree = ast.parse((HOUSE / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_"))


def is_there(written: str) -> bool:
    file, _, name = written.partition(":")
    return (CONVERSATIONS / file).is_file() if not name else (HOUSE / file).is_file() and name in names_in(file)


def test_every_attack_stands_there_once_and_in_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, ITEMS + 1))
    assert all(len(row) == 4 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_attack_is_shown_by_tests_that_exist(row: list[str]) -> None:
    named = re.findall(r"`([^`]+)`", row[3])
    assert [each for each in named if not is_there(each)] == []
    assert named, row[3]


@pytest.mark.parametrize("row", ROWS[31:], ids=lambda row: row[0])
def test_each_abuse_of_mail_and_each_fault_has_a_test_of_its_number(row: list[str]) -> None:
    assert re.search(rf":test_{row[0]}_\w+`", row[3]), row[3]


def test_what_is_named_after_an_attack_stands_in_its_row() -> None:
    shown = {int(row[0]): row[3] for row in ROWS}
    for path in sorted((HOUSE / "tests" / "attacks").glob("test_*.py")):
        for name in sorted(names_in(path.relative_to(HOUSE).as_posix())):
            number = int(name.split("_")[1])
            assert f"{path.relative_to(HOUSE).as_posix()}:{name}" in shown[number]
