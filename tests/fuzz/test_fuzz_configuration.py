"""Whatever stands in a configuration file: it is judged in little time, and every problem has its place."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import strategies as st

from cocmail.config.load import SourceFile, Sources, examine
from config.conftest import COMMITTEE, MAIN
from fuzz.fuzzing import hammer, hammered

TODAY = date(2026, 11, 21)
VALUES = st.sampled_from([
    "", "null", "~", "yes", "[]", "{}", "[[[[]]]]", "!!python/object/apply:os.system [x]", "&a [*a]", "*nowhere",
    "- x", "|",
    "99999999999999999999999", "0x1f", "1e999", ".inf", ".nan", "2026-13-45", "2026-11-21", "-1h", "999999999y",
    "1bd", "%",
    "'", '"', '"\\x00"', "\t", "? x", "<<: {a: b}", "!!binary x", "!<tag:x> y", "{a: 1, a: 2}", "@", "`", "\u2028",
    "\ufeff",
    "amara@example.net", "conduct@example.org", "../../etc/passwd", "/", "a" * 5_000, "127.0.0.1:99999", "[::1]:25",
    "::",
    "{handle: amara}", "numfocus", "{votes.outcome.rule: majority}", "{deadlines.conflict_answer: 36h}", "\u202e", "#",
])  # fmt: skip
KEYS = st.sampled_from([
    "version", "intake", "delivery", "store", "admins", "committees", "logging", "metrics", "flood", "name", "address",
    "aliases", "policy", "override", "chair", "trust", "triage", "transfer_targets", "members", "handle", "email",
    "also",
    "role", "known_conflicts", "away", "term", "retention", "<<", "? [a]", "\x07", "__class__", "1", "null", "version ",
])  # fmt: skip
CHANGES = st.tuples(
    st.sampled_from(["replace", "insert", "value", "delete", "twice", "swap", "indent", "text", "cut"]),
    st.integers(0, 40),
    KEYS,
    VALUES | st.text(max_size=8),
)
CONFIGURATIONS = st.tuples(st.booleans(), st.lists(CHANGES, min_size=1, max_size=6))
SAID = re.compile(r"(?s)[^\n]*\.yaml:(\d+): (error|warning): [^\n]*: [^\n]+")
ALPHABET = list("{}[]:,-?!&*#|>'\"%@`\n ab1~\t")
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


def changed(text: str, changes: list[tuple[str, int, str, str]]) -> str:
    lines = text.splitlines()
    for how, at, key, value in changes:
        at = at % (len(lines) or 1)
        line = lines[at] if lines else ""
        new = {
            "replace": [f"{key}: {value}"],
            "insert": [line, f"  {key}: {value}"],
            "value": [line.partition(":")[0] + ": " + value],
            "delete": [],
            "twice": [line, line],
            "swap": [lines[-1]] if lines else [],
            "indent": [" " + line],
            "text": [line[: len(line) // 2] + value + line[len(line) // 2 :]],
            "cut": [line[: len(line) // 2]],
        }[how]
        lines[at : at + 1] = new
    return "\n".join(lines) + "\n"


def judged(place: Path, main: str, committee: str) -> None:
    begun = time.process_time()
    sources = Sources(
        SourceFile(str(place / "cocmail.yaml"), main), (SourceFile(str(place / "committees" / "0.yaml"), committee),)
    )
    settings, problems = examine(sources, today=TODAY, environ={})
    longest = max(len(main.splitlines()), len(committee.splitlines())) + 1
    for problem in problems:
        said = SAID.fullmatch(str(problem))
        assert said, str(problem)
        assert 1 <= int(said[1]) <= longest, str(problem)
        assert str(problem).isprintable(), str(problem)
    assert (settings is None) == any(problem.level == "error" for problem in problems)
    assert time.process_time() - begun < 10


@pytest.fixture
def place(tmp_path: Path) -> Path:
    key = tmp_path / "master.key"
    key.write_text("a key\n")
    key.chmod(0o600)
    return tmp_path


@hammered(100)
def test_no_configuration_ends_in_a_traceback_and_every_problem_has_its_place(place: Path, examples: int) -> None:
    def check(given: tuple[bool, list[tuple[str, int, str, str]]]) -> None:
        of_committee, changes = given
        main = MAIN if of_committee else changed(MAIN, changes)
        judged(place, main, changed(COMMITTEE, changes) if of_committee else COMMITTEE)

    hammer(check, CONFIGURATIONS, examples)


@hammered(60)
def test_no_text_at_all_ends_in_a_traceback(place: Path, examples: int) -> None:
    def check(text: str) -> None:
        judged(place, text, COMMITTEE)
        judged(place, MAIN, text)

    found = (LAUGHS, MAIN + LAUGHS, "[" * 5_000, "- " * 3_000 + "x", "{" * 2_000, "a: " * 500, "\0", "%YAML 9.9\n---\n")
    hammer(
        check, st.text(alphabet=st.sampled_from(list("{}[]:,-?!&*#|>'\"%@`\n ab1~\t")), max_size=60), examples, found
    )
