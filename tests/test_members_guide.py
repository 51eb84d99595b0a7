"""The members' guide says of every tag what the program does with it, and shows nothing that it would refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cocmail.config.preset import preset_names, read_preset
from cocmail.core import subjects
from cocmail.core.commands import COMMANDS
from cocmail.core.commands.voting import PARTS, parts_of
from cocmail.core.conversation import AFTERTHOUGHTS, ANSWERS
from cocmail.core.lifecycle import ANY, EARLY, KEPT, LIVE, State
from cocmail.core.model import Committee, Knob, Policy
from cocmail.core.motions import CONFLICT
from cocmail.core.questions import rules_of
from cocmail.core.signature import TagRow
from cocmail.core.tags import TABLE
from cocmail.core.votes import Tally, passes

GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "member-guide.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Entry:
    """What the members' guide says of a tag: who may use it, when, the first example, the words below."""

    who: str
    when: str
    example: str
    said: str


@cache
def entries() -> dict[str, Entry]:
    """The entries of the guide, by the way in which the tag is written. A heading or the next entry ends one."""
    parts = re.split(r"^(?=\*\*`#)|^#{2,3} ", GUIDE, flags=re.MULTILINE)
    found = (re.match(r"\*\*`(#.+?)`\*\*: ([^;\n]+); ([^\n]+)\.\n\n {4}([^\n]+)\n\n", part) for part in parts)
    return {
        match[1]: Entry(match[2], match[3], match[4], " ".join(match.string[match.end() :].split()))
        for match in found
        if match is not None
    }


# How the guide puts what the table of tags says.
WHO = {
    "cleared": "who has the case",
    "acting": "who has the case, and who may act alone",
    "asked": "who was asked about it",
    "triage": "a watcher or an owner",
    "owner": "an owner",
    "eligible": "who may vote on it",
    "mover": "who opened it",
    "second": "another member than its author",
}
# What members can say of a case that they do not have, or have no more (`conversation.visible_cases`).
WHO_ELSE = {
    **dict.fromkeys(ANSWERS, "who has the case or was asked"),
    **dict.fromkeys(AFTERTHOUGHTS, "who withdrew from it"),
    **{row.name: "who has the case (last two: every member)" for row in TABLE if len(row.outside) == 2},
}
WHEN = {
    ANY: "in any state",
    LIVE: "until it is resolved or closed",
    KEPT: "unless it is closed as no report",
    KEPT - EARLY: "once members can talk, unless it is closed as no report",
    frozenset({State.DECIDED, State.RESOLVED}): "once it is decided",
    frozenset({State.ESCROWED}): "while it is sealed",
    KEPT - EARLY | {State.DISMISSED}: "once members can talk, or when it is closed as no report",
    EARLY | {State.OPEN, State.DISMISSED}: "while it is open, or before that",
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_members_read_of_every_tag_what_the_program_does_with_it(row: TagRow) -> None:
    entry = entries()[row.form]
    who = {**WHO, "member": "who has the case" if row.needs_case else "every member"}
    assert entry.who == WHO_ELSE.get(row.name, who[row.who])
    assert entry.when == (WHEN[row.states] if row.needs_case else "needs no case")
    assert row.help.casefold() in entry.said.casefold()
    understood = subjects.read(entry.example, own_names=["footpath lens"])
    assert [tag.name for tag in understood.tags] == [row.name] and not understood.problems
    changes_nothing = row.name in ("show", "doc", "cases", "sheet", "help")
    assert changes_nothing or "*Undo:*" in entry.said


def test_the_members_guide_knows_no_tag_that_does_not_exist() -> None:
    assert entries().keys() == {row.form for row in TABLE}
    written = re.findall(r"(?<![\w&])#([a-z]+)(?![\w-])", re.sub(r"\]\([^)]*\)", "", GUIDE))
    assert set(written) == set(COMMANDS)


def test_every_subject_that_the_members_guide_shows_is_understood() -> None:
    shown = re.findall(r"^ {4,}(?:Subject: )?((?:Re: )?\[footpath lens\].*)$", GUIDE, re.MULTILINE)
    assert len(shown) > 20
    for subject in shown:
        assert not subjects.read(subject, own_names=["footpath lens"]).problems, subject


def test_the_motion_that_the_members_guide_shows_lacks_nothing() -> None:
    shown = re.search(r"(?:^ {4}(?:Finding|Plan|Consequence|If refused): .*\n){4}", GUIDE, re.MULTILINE)
    assert shown is not None
    parts, twice = parts_of(shown[0])
    assert parts.keys() == PARTS.keys() and all(parts.values()) and not twice


def test_members_read_where_a_case_can_stand() -> None:
    table = GUIDE.split("| the case is |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)) == {state.value for state in State}


def test_the_members_guide_counts_as_the_program_does() -> None:
    """The table of examples: a base of five, by three rules."""
    head, *rows = [
        re.findall(r"(?<=\| )[^|]+?(?= \|)", line)
        for line in GUIDE.split("Five members are in the base:\n\n")[1].split("\n\n")[0].splitlines()
        if "---" not in line
    ]
    rules = [each.strip("`") for each in head[4:]]
    assert len(rows) >= 5 and rules == ["majority", "two_thirds", "consensus"]
    for row in rows:
        tally = Tally(*map(int, row[:4]))
        assert tally.base == 5
        for rule, said in zip(rules, row[4:], strict=True):
            assert said.startswith("passed") is passes(rule, "none", 0, tally), row


@pytest.mark.parametrize("policy", preset_names())
def test_members_read_by_which_rule_and_over_whom_their_policy_counts(policy: str) -> None:
    table = GUIDE.split("| policy | the outcome |")[1].split("\n\n")[0]
    found = re.search(rf"^\| `{policy}` \|(.+)\|$", table, re.MULTILINE)
    assert found is not None
    preset = read_preset(policy)
    for kind, said in zip(("outcome", CONFLICT, "remove", "policy"), found[1].split("|"), strict=True):
        rule, base = rules_of_preset(preset, kind)
        assert said.strip().startswith(f"`{rule}` of `{base}`"), kind
    challenged = preset["conflict.forced"] == "unanimous_others"
    assert challenged is ("a challenge `unanimous`" in found[1])


def rules_of_preset(preset: dict[str, Knob], kind: str) -> tuple[str, str]:
    """(rule, base) as `questions.rules_of` has them for a committee that overrides nothing."""
    committee = Committee("id", "name", "conduct@example.org", Policy("", preset), ())
    return rules_of(committee, kind)
