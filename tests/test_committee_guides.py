"""What the committees' guides say is what the presets hold and the program does: settings, sources, votes, mails, tags.

How the pages are written, so that this can be looked at: a setting is `knob: value` with the mark of its source behind
it; a number or a time stands before its knob, 24 hours (`deadlines.ack`); what a mail says stands in quotation marks or
under a Subject, set in; a line that is set in further is somebody's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from cocmail.config.document import read_document
from cocmail.config.knobs import EFFECTIVE, KNOBS
from cocmail.config.preset import preset_names, read_preset
from cocmail.core import questions, subjects
from cocmail.core.commands.conflict import LAPSES_AFTER
from cocmail.core.commands.voting import PARTS
from cocmail.core.duties import ANSWER_WITHIN
from cocmail.core.lifecycle import EARLY, MOVES, State
from cocmail.core.model import Committee, Knob, Policy
from cocmail.core.tags import TABLE
from cocmail.core.votes import Tally, passes, rejected
from cocmail.mail.compose import PHRASE, deadline

HOUSE = Path(__file__).resolve().parent.parent
FOLDER = HOUSE / "docs" / "committees"
NAMES = preset_names()
PAGES = sorted(FOLDER.glob("*.md"))
LINES = range(70, 141)
UNSET = "–"
DIFFERENT = object()

CODE = "footpath lens"
TAGS = {row.name for row in TABLE}
# What the program fills in where a mail says it.
FILLED_IN = r"Amara Obi|Jun Sato|Noor Haddad|Sam Reyes|Kit Larsen|Dana Cole|Q1|\bsoft\b"
# Times that no setting changes.
FIXED = {deadline(LAPSES_AFTER), deadline(ANSWER_WITHIN)}
MEMBERS = 5


@cache
def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Everything but headings, tables, diagrams and what is set in, on one line."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    kept = [line for line in plain.splitlines() if not re.match(r"\||#| {4}", line)]
    return " ".join(" ".join(kept).split())


def set_in(text: str) -> Iterator[str]:
    """What is shown of mails: the lines that are set in, in a list as well, but for the diagram."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    yield from re.findall(r"^ {4}(?: {3})?(\S.*)$", plain, re.MULTILINE)


# Settings


def value_of(knob: str, written: str) -> object:
    """A value as it is written in a page, or in a preset."""
    if written == UNSET:
        return DIFFERENT
    return KNOBS[knob].read(read_document(f"value: {written}").data["value"])


def held(name: str, knob: str) -> object:
    return read_preset(name).get(knob, DIFFERENT)


def settings(text: str) -> list[tuple[str, str, str]]:
    """(knob, value, mark) of every setting that stands there."""
    one_line = " ".join(text.split())
    found = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*): ([^`]+)`(?: ([§†‡]))?", one_line)
    return [(knob, value, mark) for knob, value, mark in found if knob not in ("policy", "override")]


@cache
def sources(name: str) -> Mapping[str, str]:
    """The mark of each value of a preset, by what the comment behind it says first."""
    text = (resources.files("cocmail.config") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    found, above = {}, list[str]()
    for indent, key, value, said in re.findall(r"^( *)([a-z_]+): *([^#\n]*?) *(?:# (.*))?$", text, re.MULTILINE):
        above = [*above[: len(indent) // 2], key]
        if value:
            own = "†" if said.startswith("charter") else "§"
            found[".".join(above)] = "‡" if name == "basic" or said.startswith("proposal") else own
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_that_a_page_names_has_that_value_and_that_source(name: str) -> None:
    named = settings(page(name))
    assert len(named) > 20
    for knob, value, mark in named:
        assert value_of(knob, value) == held(name, knob), f"{knob}: {value}"
        assert mark == sources(name).get(knob, ""), f"{knob} {mark}"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_lists_all_that_is_not_as_in_basic_and_what_of_it_acts(name: str) -> None:
    table = page(name).split("## Settings of this procedure")[1]
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")][2:]
    acting = {knob for row in rows for knob, _, _ in settings(row[0])}
    noted = {knob for row in rows for knob, _, _ in settings(row[1])}
    every = read_preset(name).keys() | read_preset("basic").keys()
    differing = {knob for knob in every if held(name, knob) != held("basic", knob)}
    assert acting | noted == (differing if name != "basic" else every)
    assert acting == (acting | noted) & EFFECTIVE


@pytest.mark.parametrize("name", NAMES)
def test_every_number_and_time_in_a_page_is_that_of_its_setting(name: str) -> None:
    said = prose(page(name))
    told = re.findall(r"(\d+(?: (?:hours?|business days?|days?))?)[^()`.;|]{0,24} \(`([a-z_.]+)`\)", said)
    assert len(told) > 2
    for words, knob in told:
        assert words == shown(read_preset(name)[knob]), f"{words} ({knob})"
    times = re.findall(r"\d+ (?:hours?|business days?|days?|weeks?|months?|years?)\b(?! \(`)", said)
    assert set(times) <= FIXED


def shown(value: Knob) -> str:
    return str(value) if isinstance(value, int) else deadline(value)


def test_what_is_advised_to_committees_without_a_procedure_can_be_written() -> None:
    advice = re.findall(r"`override: \{([a-z_.]+): ([^`]+)\}`", page("basic"))
    assert len(advice) > 3
    for knob, value in advice:
        assert value_of(knob, value) != held("basic", knob)
    assert set(re.findall(r"`policy: ([a-z]+)`", page("basic") + page("README"))) <= set(NAMES)


# Votes


def tally_of(row: str) -> tuple[str, Tally, int, str]:
    question, yes, no, abstain, silent, base, result = (cell.strip() for cell in row.strip("|").split("|"))
    return question, Tally(int(yes), int(no), int(abstain), int(silent)), int(base), result


def committee(name: str) -> Committee:
    return Committee("c", "C", "conduct@example.org", Policy(name, read_preset(name)), ())


def passed(name: str, question: str, tally: Tally) -> bool:
    place = committee(name)
    quorum, floor = questions._quorum(place.policy, question)
    fallback = str(place.policy.get(f"votes.{question}.fallback") or "")
    return passes(questions.rules_of(place, question)[0], quorum, floor, tally, fallback)


def result_of(name: str, question: str, tally: Tally) -> str:
    if passed(name, question, tally):
        return "passed"
    return "back in" if question == "conflict" and rejected(tally) else "failed"


def base_of(name: str, question: str) -> int:
    """Over how many of five members it is counted; whom it is about is one of all, without a ballot."""
    about = question in ("conflict", "remove")
    return MEMBERS - (about and questions.rules_of(committee(name), question)[1] == "others")


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_votes_end_as_the_program_counts(name: str) -> None:
    rows = re.findall(r"^\| (?:outcome|conflict|remove|policy) \|.*\|$", page(name), re.MULTILINE)
    assert len(rows) >= 5
    for row in rows:
        question, tally, base, result = tally_of(row)
        assert result_of(name, question, tally) == result, row
        assert tally.base == base, row
        assert base == base_of(name, question) or question == "outcome", row
        assert tally.not_voted > 0 or question != "remove" or base < MEMBERS, row
    assert {tally_of(row)[3] for row in rows} >= {"passed", "failed"}


@pytest.mark.parametrize(
    ("says", "question"), [("for an outcome", "outcome"), ("to remove", "remove"), ("to change", "policy")]
)
def test_the_comparison_counts_as_the_program_does(says: str, question: str) -> None:
    (row,) = re.findall(rf"^\| yes of five, {says}[^|]*\| (.+) \|$", page("README"), re.MULTILINE)
    for name, told in zip(compared(), row.split(" | "), strict=True):
        base = base_of(name, question)
        fewest = next(yes for yes in range(base + 1) if passed(name, question, Tally(yes, 0, 0, base - yes)))
        assert fewest == int(told), name


# The comparison


def compared() -> list[str]:
    (head,) = re.findall(r"^\| \| (\w+(?: \| \w+)+) \|$", page("README"), re.MULTILINE)
    return head.split(" | ")


def test_the_comparison_holds_the_values_of_the_presets() -> None:
    assert sorted(compared()) == sorted(NAMES)
    rows = re.findall(r"^\| [^|`]+ \(`([a-z_.]+)`\) \| (.+) \|$", page("README"), re.MULTILINE)
    assert len(rows) > 12
    for knob, cells in rows:
        values = re.findall(r"`([^`]+)`(?: \||$)", cells)
        for name, value in zip(compared(), values, strict=True):
            assert value_of(knob, value) == held(name, knob), f"{knob} of {name}"


def test_every_procedure_has_its_page_and_the_comparison_leads_there() -> None:
    assert {path.stem for path in PAGES} == {*NAMES, "README"}
    for name in NAMES:
        assert f"[{name}]({name}.md)" in page("README")
        assert page(name).startswith(f"# How your committee works with cocmail: `{name}`\n")
        assert len(page(name).splitlines()) in LINES


# Tags, Subjects, mails


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_tag_that_a_page_names_exists_and_is_written_as_it_is_understood(path: Path) -> None:
    text = re.sub(r"\]\([^)]*\)", "", path.read_text(encoding="utf-8"))
    assert set(re.findall(r"(?<![\w&])#([a-z]+)(?![\w-])", text)) <= TAGS
    for written in re.findall(r"`(#[^`]+)`", text):
        bare = written.removeprefix("#") in TAGS
        assert bare or not subjects.read(written).problems, written


@pytest.mark.parametrize("name", NAMES)
def test_every_subject_that_a_page_shows_is_understood(name: str) -> None:
    shown_here = [line for line in set_in(page(name)) if f"[{CODE}]" in line]
    assert len(shown_here) >= 1
    for line in shown_here:
        subject = line.removeprefix("Subject: ")
        understood = subjects.read(subject, own_names=[CODE])
        assert understood.names == (CODE,) and not understood.problems, line
        # Ours hold no tag, and the one phrase that all have; what people write there holds one.
        ours = line != subject
        assert (PHRASE in subject and not understood.tags) if ours else understood.tags, line


@cache
def templates() -> str:
    folder = HOUSE / "cocmail" / "mail" / "templates" / "en"
    return " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in sorted(folder.glob("*.j2")))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_quotes_of_mails_is_what_they_say(name: str) -> None:
    mails = [line for line in set_in(page(name)) if f"[{CODE}]" not in line and not line.startswith("  ")]
    quoted = re.findall(r'"([^"]+)"', re.sub(r"`[^`]*`", "", prose(page(name))))
    pieces = [piece for said in (" ".join(mails), *quoted) for piece in re.split(rf"[.,?]|{FILLED_IN}", said)]
    told = [" ".join(piece.split()).strip(" ,;:") for piece in pieces]
    told = [words for words in told if len(words.split()) > 2]
    assert len(told) > 2
    for words in told:
        assert words in templates(), words


def test_the_parts_of_a_motion_are_named_as_they_have_to_be() -> None:
    for name in NAMES:
        assert "Finding:, Plan:, Consequence: and If refused:" in prose(page(name)), name
    assert tuple(PARTS.values()) == ("Finding:", "Plan:", "Consequence:", "If refused:")


# Diagrams, links


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_drawn_as_it_lives_under_that_procedure(name: str) -> None:
    (drawn,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", page(name), re.DOTALL)
    states = {State[state.upper()]: told for state, told in re.findall(r"^ +(\w+): (.+)$", drawn, re.MULTILINE)}
    assert all(told == state.value for state, told in states.items())
    asked_first = read_preset(name)["intake.distribution"] == "check_first"
    assert states.keys() == set(State) - {State.ESCROWED} - (set() if asked_first else EARLY)
    arrows = re.findall(r"^ +(\w+) --> (\w+): .+$", drawn, re.MULTILINE)
    assert len(arrows) >= 7
    ways = {(start, end) for (start, _), end in MOVES.items()}
    assert {(State[start.upper()], State[end.upper()]) for start, end in arrows} <= ways
    (first,) = re.findall(r"^ +\[\*\] --> (\w+)$", drawn, re.MULTILINE)
    assert State[first.upper()] is (State.TRIAGE if asked_first else State.OPEN)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists() and there.is_relative_to(HOUSE), target
        headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
        known = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in known, target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_can_be_read_in_a_small_window(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []
