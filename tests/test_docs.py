"""The documents say what the program does: nothing that people meet is undocumented, and nothing points nowhere."""

from __future__ import annotations

import argparse
import ast
import os
import re
import socket
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cocmail import demo, maillog
from cocmail.cli import _parser
from cocmail.config.knobs import EFFECTIVE
from cocmail.core.classify import REASONS
from cocmail.core.lifecycle import MOVES, Move, State
from cocmail.core.proceedings import Proceedings
from cocmail.doors.reminders import ALARMS

HOUSE = Path(__file__).resolve().parent.parent
DOCS = [*sorted(HOUSE.glob("*.md")), *sorted((HOUSE / "docs").glob("*.md"))]
README_LINES = 120

# The documents that README promises, besides those that a repository has anyway.
GUIDES = (
    *("committees/README", "config", "design", "flow", "member-guide", "operator-guide", "reporter-guide"),
    "threat-model",
)


@cache
def text(name: str) -> str:
    return (HOUSE / name).read_text(encoding="utf-8")


def as_written(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def test_the_life_of_a_case_is_drawn_as_the_program_lives_it() -> None:
    drawn = text("docs/flow.md").split("stateDiagram-v2\n")[1].split("```")[0]
    arrows = re.findall(r"^ +(\w+) --> (\w+): (.+)$", drawn, re.MULTILINE)
    assert len(arrows) == len(MOVES)
    assert {(State[start.upper()], Move(label)): State[end.upper()] for start, end, label in arrows} == MOVES
    assert dict(re.findall(r"^ +(\w+): (.+)$", drawn, re.MULTILINE)) == {
        state.name.lower(): state.value for state in State
    }
    assert f"[*] --> {Proceedings().state.name.lower()}\n" in drawn


def test_every_reason_stands_in_the_flow_and_no_other() -> None:
    named = text("docs/flow.md").split("## Every reason")[1]
    listed = re.findall(r"^\| `([^`]+)` \|", named, re.MULTILINE)
    assert sorted(listed) == sorted(REASONS)


def test_every_step_of_the_flow_is_there_to_be_read() -> None:
    named = set(re.findall(r"`([a-z_/]+\.py):([A-Za-z_]+)`", text("docs/flow.md")))
    assert len(named) > 50
    assert {f"{file}:{name}" for file, name in named if name not in defined_in(file)} == set()


@cache
def defined_in(file: str) -> frozenset[str]:
    """The functions, classes and constants of a file of the package."""
    tree = ast.parse((HOUSE / "cocmail" / file).read_text(encoding="utf-8"))
    found = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


def commands() -> Iterator[str]:
    """Every command with its actions and options, as a person would type it."""
    (subparsers,) = (action for action in _parser()._actions if action.nargs == argparse.PARSER)
    assert isinstance(subparsers.choices, dict)
    for name, parser in subparsers.choices.items():
        yield f"cocmail {name}"
        for action in parser._actions:
            if action.dest == "action":
                yield from (f"cocmail {name} {choice}" for choice in action.choices or ())
            elif action.option_strings and action.dest not in ("help", "config"):
                yield max(action.option_strings, key=len)


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_is_explained_to_operators(command: str) -> None:
    assert command in text("docs/operator-guide.md") + text("README.md")


def test_the_table_of_commands_leaves_none_out() -> None:
    """`cocmail erase` was in none: who was asked to erase a case did not find how."""
    table = text("docs/operator-guide.md").split("| command | does |")[1].split("\n\n")[0]
    named = {each.split()[1] for each in commands() if each.startswith("cocmail ")} - {"run"}
    assert {name for name in named if f"`cocmail {name}" not in table} == set()


def test_every_log_line_is_explained_to_operators() -> None:
    source = Path(maillog.__file__).read_text(encoding="utf-8")
    events = set(re.findall(r'_log\.(\w+)\("([^"]+)"', source))
    assert len(events) > 15
    table = text("docs/operator-guide.md").split("## The log")[1]
    for level, event in events:
        line = next(
            (line for line in table.splitlines() if line.startswith("|") and f"`{event}`" in line.split("|")[1]), ""
        )
        assert f"| {level} |" in line, event


def test_every_alarm_is_explained_to_operators() -> None:
    guide = text("docs/operator-guide.md")
    (line,) = re.findall(r"^\| `alarm` \|.*$", guide, re.MULTILINE)
    assert [alarm for alarm in ALARMS if f"`{alarm}`" not in line] == []


def test_a_backup_that_fails_throws_no_older_one_away(tmp_path: Path) -> None:
    """Two lines of cron threw away the last good one after two weeks of backups that failed."""
    (job,) = re.findall(r"^    [\d*]+ .* root (.*backup.*)$", text("docs/operator-guide.md"), re.MULTILINE)
    assert ">/dev/null" in job, "cron would mail every night's success, until nobody reads what it mails"
    older = tmp_path / "cocmail-old.db"
    for program, kept in (("false", True), ("true", False)):
        older.touch()
        os.utime(older, (0, 0))
        mine = job.replace("/opt/cocmail/bin/cocmail", program).replace("/var/backups/cocmail", str(tmp_path))
        subprocess.run(["sh", "-c", mine], check=False, timeout=20)
        assert older.exists() is kept
    assert len(re.findall(r"-mtime", text("docs/operator-guide.md"))) == 1


def test_whoever_copied_a_line_lost_the_maps_and_filters_that_postfix_had() -> None:
    """The warning stood below the block; by then the domains and milters of the rest of the server were gone."""
    before, look, after = text("docs/operator-guide.md").partition("    postconf -n ")
    named = set(after.splitlines()[0].split())
    replaced = set(re.findall(r"^ *postconf -e ['\"](\w+) = ", after, re.MULTILINE))
    assert look and "postconf -e '" not in before and "**Each `postconf -e` on this page replaces" in before
    assert len(replaced) > 7 and replaced == named


@pytest.mark.parametrize("about", ["**With a smarthost elsewhere**", "## Fetching from a mailbox"])
def test_who_sends_or_fetches_elsewhere_is_told_that_the_unit_shuts_that_off(about: str) -> None:
    """The service could not reach the smarthost nor read its password, and doctor, outside the unit, found no fault."""
    unit, guide = text("systemd/cocmail.service"), text("docs/operator-guide.md")
    assert "\nIPAddressDeny=any\n" in unit and "\nUser=cocmail\n" in unit
    said = guide.split(about)[1].split("\n## ")[0]
    assert "lets the service reach this machine" in said and "LoadCredential=" in said and "password_file" in said


def test_what_the_readme_says_to_type_is_what_the_demo_says() -> None:
    said = demo._STAY.format(port=demo.STAY_PORT, alias=demo.ALIAS, mail=demo.STAY_FOLDER / "mail")
    assert typed(said) == typed(text("README.md")) != []


def typed(words: str) -> list[str]:
    """The commands for swaks and mutt in a text, each in one line with single spaces."""
    joined = re.sub(r"\\\n\s*", "", words)
    found = re.findall(r"^\s+((?:swaks|mutt) .*)$", joined, re.MULTILINE)
    return [re.sub(r" +", " ", command) for command in found]


def test_no_line_of_a_command_goes_on_inside_quotes() -> None:
    """A shell keeps the backslash there, and the program that is called gets it."""
    for path in DOCS:
        for command in re.findall(r"(?:^ {4,}.*\\\n)+ {4,}.*$", path.read_text(encoding="utf-8"), re.MULTILINE):
            for line in command.splitlines()[:-1]:
                assert line.count("'") % 2 == 0 and line.count('"') % 2 == 0, f"{as_written(path)}: {line.strip()}"


@pytest.mark.parametrize("path", DOCS, ids=as_written)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists() and there.is_relative_to(HOUSE), target
        if anchor:
            assert anchor in anchors(there), target


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_one_page_and_leads_to_every_guide() -> None:
    readme = text("README.md")
    assert len(readme.splitlines()) <= README_LINES
    for name in GUIDES:
        assert f"(docs/{name}.md)" in readme


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    names = {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in asked}
    table = text("docs/design.md").split("## Dependencies")[1]
    listed = set(re.findall(r"^\| ([a-z0-9._-]+) \| .", table, re.MULTILINE)) - {"library"}
    assert listed - {"---"} == names


@pytest.mark.parametrize("path", DOCS, ids=as_written)
def test_no_document_names_the_machine_that_it_was_written_on(path: Path) -> None:
    said = path.read_text(encoding="utf-8")
    assert str(HOUSE) not in said and str(Path.home()) + "/" not in said
    for folder in ("work", "home", "root", "tmp", "mnt", "Users"):
        assert re.search(rf"(?<![\w./])/{folder}/", said) is None, folder
    host = socket.gethostname()
    if "." in host or len(host) > 8:
        assert host not in said


def test_the_knobs_that_have_an_effect_are_named() -> None:
    named = text("docs/config.md").split("This release acts by ")[1].split(". ")[0]
    assert set(re.findall(r"`([^`]+)`", named)) == EFFECTIVE


def test_the_choices_are_numbered_without_gaps() -> None:
    numbers = [int(found) for found in re.findall(r"^(\d+)\. \*\*", text("docs/design.md"), re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_shows_what_the_templates_say() -> None:
    """The lines of README's example are those that people get."""
    folder = HOUSE / "cocmail" / "mail" / "templates" / "en"
    mails = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in sorted(folder.glob("*.j2")))
    example = " ".join(textwrap.dedent(text("README.md").split("## How it looks")[1].split("##")[0]).split())
    for sentence in (
        "Your message has arrived and is kept safe.",
        "One member is withheld.",
        "You have withdrawn from this case. Your access ended at once:",
        "has withdrawn from this case and gets nothing more of it.",
        "a question to vote on",
        "a draft to the reporter, by",
        "Nothing has gone out yet.",
    ):
        assert sentence in mails and sentence in example


def test_the_readme_shows_what_people_write_in_the_demo() -> None:
    example = " ".join(text("README.md").split("## How it looks")[1].split("##")[0].split())
    story = " ".join(text("cocmail/demo.py").split())
    for sentence in (
        "At the meetup last night Ivo shouted at a newcomer until she left.",
        "I suggest that we ask who else was there.",
        "thank you for writing to us.",
    ):
        assert sentence in story and sentence in example
