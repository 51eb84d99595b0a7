"""The table of tags: every row can be written as the help mail shows it, and no row stands in another's way."""

from __future__ import annotations

import itertools

import pytest

from cocmail.core import subjects
from cocmail.core.prefixes import FORWARD, REPLY
from cocmail.core.signature import Argument, TagRow
from cocmail.core.tags import ROWS, TABLE, Tag

WHO = {"member", "cleared", "triage", "owner", "eligible", "mover", "second", "acting", "asked"}
WRITTEN = {
    "member": ["@amara"],
    "question": ["q1", "q17"],
    "draft": ["d1", "d20"],
    "date": ["2026-11-21"],
    "number": ["1", "20"],
    "item": ["1", "20"],
    "case": ["[tea pot]"],
}


def forms(place: Argument) -> list[list[str]]:
    """Everything that can stand in a place, as words; nothing, where it is optional."""
    if place.kind == "pair":
        keys = dict.fromkeys(word.partition(":")[0] for word in place.words)
        by_key = [["", *(word for word in place.words if word.partition(":")[0] == key)] for key in keys]
        return [[word for word in chosen if word] for chosen in itertools.product(*by_key) if any(chosen)]
    if place.kind == "text":
        return [['"Talk to them"']]
    if place.kind == "day":
        return [[f"{place.words[0]}:2026-11-21"]]
    words = [[word] for word in WRITTEN.get(place.kind, place.words)]
    return words if place.required else [[], *words]


def ways(row: TagRow) -> list[tuple[str, Tag]]:
    """A row's tag with every combination of its arguments, as it is written and as it is understood."""
    found = []
    for chosen in itertools.product(*map(forms, row.signature)):
        words = [word for part in chosen for word in part]
        text = "".join(word.strip('"') for word in words if word[0] == '"')
        arguments = tuple(word for word in words if word[0] != '"')
        found.append((" ".join((f"#{row.name}", *words)), Tag(row.name, arguments, text)))
    return found


WAYS = [each for row in TABLE for each in ways(row)]


@pytest.mark.parametrize(("written", "tag"), WAYS, ids=[written for written, _ in WAYS])
def test_every_tag_is_understood_with_every_combination_of_its_arguments(written: str, tag: Tag) -> None:
    for subject in (
        f"Re: [home shelf] Committee case {written}",
        f"{written} Re: [home shelf] Committee case",
        f"[home shelf]{written.upper() if not tag.text else written}",
        f"{written.replace(' ', ':', 1)}, thank you",
    ):
        found = subjects.read(subject, own_names=["home shelf"])
        assert (found.tags, found.problems) == ((tag,), ())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_tag_alone_runs_or_says_how_it_is_written(row: TagRow) -> None:
    found = subjects.read(f"Re: [home shelf] Committee case #{row.name} perhaps", own_names=["home shelf"])
    if any(place.required for place in row.signature) and row.signature[0].kind == "name":
        # Any word can be a name; which there are stands in the committee's file.
        assert (found.tags, found.problems) == ((Tag(row.name, ("perhaps",)),), ())
    elif any(place.required for place in row.signature):
        assert not found.tags
        assert [(each.kind, each.about, each.form) for each in found.problems] == [
            ("missing", f"#{row.name}", row.form)
        ]
    else:
        assert (found.tags, found.problems) == ((Tag(row.name),), ())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_says_who_may_and_what_it_does(row: TagRow) -> None:
    assert row.who in WHO
    assert row.help and row.form.startswith(f"#{row.name}")
    assert ROWS[row.name] is row


def test_no_name_stands_twice() -> None:
    assert len(ROWS) == len(TABLE)


def test_no_argument_is_what_a_mail_program_puts_before_a_subject() -> None:
    words = {word for row in TABLE for place in row.signature for word in place.words}
    assert not words & (REPLY | FORWARD)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("clear", "#clear [n]"),
        ("recuse", "#recuse [hard|soft]"),
        ("unrecuse", "#unrecuse"),
        ("party", '#party reported|reporter|harmed|witness "name"'),
        ("check", "#check [staged]"),
        ("challenge", "#challenge @member"),
        ("limit", "#limit @member none|summary|discuss"),
        ("ask", "#ask @member"),
        ("handoff", "#handoff @member"),
        ("motion", "#motion outcome|interim|conflict|remove|policy"),
        ("object", "#object Qn"),
        ("stay", "#stay"),
        ("leave", "#leave"),
        ("away", "#away YYYY-MM-DD YYYY-MM-DD"),
        ("assign", "#assign @member"),
        ("risk", "#risk safety:yes|no|maybe repeat:yes|no|maybe"),
        ("note", "#note [YYYY-MM-DD]"),
        ("vote", "#vote [Qn] yes|no|abstain"),
        ("withdraw", "#withdraw Qn"),
        ("send", "#send Dn"),
        ("resolve", '#resolve violation|no-violation|no-action "vague text"'),
        ("show", "#show [original]"),
    ],
)
def test_the_help_shows_how_a_tag_is_written(name: str, form: str) -> None:
    assert ROWS[name].form == form


@pytest.mark.parametrize(
    ("kind", "word", "fits"),
    [
        ("member", "@amara", True),
        ("member", "@jo.van-der_berg2", True),
        ("member", "amara", False),
        ("member", "@", False),
        ("member", "@amara!", False),
        ("question", "q1", True),
        ("question", "q9999", True),
        ("question", "q0", False),
        ("question", "q01", False),
        ("question", "q12345", False),
        ("question", "1", False),
        ("question", "d1", False),
        ("draft", "d3", True),
        ("draft", "q3", False),
        ("number", "2", True),
        ("number", "9999", True),
        ("number", "0", False),
        ("number", "02", False),
        ("number", "12345", False),
        ("number", "q2", False),
        ("number", "two", False),
        ("number", "\u0662", False),
        ("date", "2026-02-28", True),
        ("date", "2026-02-29", False),
        ("date", "2024-02-29", True),
        ("date", "2026-13-01", False),
        ("date", "26-1-1", False),
        ("date", "20261121", False),
        ("date", "\u0662\u0660\u0662\u0666-01-01", False),
    ],
)
def test_what_can_stand_in_a_place(kind: str, word: str, fits: bool) -> None:
    assert Argument("place", kind).fits(word) is fits


def test_a_tag_is_kept_as_it_could_be_written_again() -> None:
    assert str(Tag("vote", ("q1", "yes"))) == "#vote q1 yes"
    assert str(Tag("resolve", ("violation",), "No contact")) == '#resolve violation "No contact"'


def test_a_tag_gives_out_its_arguments_by_their_kind() -> None:
    tag = Tag("vote", ("q2", "abstain"))
    assert (tag.argument("question"), tag.argument("word"), tag.argument("draft")) == ("q2", "abstain", "")
    assert Tag("vote", ("yes",)).argument("question") == ""
    assert Tag("assign", ("@jun",)).argument("member") == "@jun"
    assert Tag("note", ("2026-11-21",)).argument("date") == "2026-11-21"
    assert Tag("limit", ("@jun", "discuss")).argument("member") == "@jun"
    assert Tag("limit", ("@jun", "discuss")).argument("word") == "discuss"
    assert Tag("clear", ("2",)).argument("number") == "2"


@pytest.mark.parametrize(
    ("tag", "needed"),
    [
        (Tag("clear"), True),
        (Tag("clear", ("2",)), False),
        (Tag("motion", ("outcome",)), True),
        (Tag("motion", ("conflict",)), True),
        (Tag("motion", ("remove",)), False),
        (Tag("motion", ("policy",)), False),
        (Tag("unrecuse"), True),
        (Tag("ask", ("@ivo",)), True),
        (Tag("leave"), False),
        (Tag("stay"), False),
        (Tag("away", ("2026-12-20", "2027-01-04")), False),
    ],
    ids=str,
)
def test_what_is_about_one_case_and_what_is_for_all_members(tag: Tag, needed: bool) -> None:
    assert tag.needs_case is needed


def test_what_cannot_be_taken_back_is_asked_about_before_it_is_done() -> None:
    assert {row.name for row in TABLE if row.irreversible} == {"leave", "resolve", "transfer", "disclose", "release"}
