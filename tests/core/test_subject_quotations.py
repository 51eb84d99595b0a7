"""A text in quotation marks is the member's own words: kept as written, and nothing in it is a command.

Each row is a Subject and the text that is understood, or `!` and why nothing runs.
"""

from __future__ import annotations

import pytest

from cocmail.core import subjects
from cocmail.core.tags import Tag

OWN = ("home shelf", "stunned bulb")

STYLES = [
    '"{}"', "\u201c{}\u201d", "\u201c{}\u201c", "\u201d{}\u201d", "\u201e{}\u201c", "\u201e{}\u201d", "\u201f{}\u201d",
    "\u2033{}\u2033", "\uff02{}\uff02", "\u00ab{}\u00bb", "\u00bb{}\u00ab", "\u00bb{}\u00bb", "\u2039{}\u203a",
    "\u203a{}\u2039", '"{}\u201d', '\u201c{}"', "\u00ab\u00a0{}\u00a0\u00bb", '" {} "',
]  # fmt: skip

TEXTS = [
    "Call them",
    "call THEM Again",
    "STRASSE und Straße",
    "İstanbul",
    "don't 'quote' it",
    "who: what, when; where!",
    "50 % of it",
    "a=b & c/d",
    "Привет, мир",
    "返事を待つ",
    "see #vote yes",
    "see #recuse",
    "as in [stunned bulb]",
    "Fwd: the old mail",
    "WG: AW: TR: x",
    "@jun 2026-11-21 q1 d1",
    "no-violation",
    "\U0001f468 waits",
]


def text_of(subject: str) -> str:
    found = subjects.read(subject, own_names=OWN)
    if found.problems:
        return "! " + ", ".join(f"{each.kind} {each.about}" for each in found.problems)
    return " ".join(tag.text for tag in found.tags)


@pytest.mark.parametrize("style", STYLES)
def test_every_pair_of_marks_that_phones_write_is_understood(style: str) -> None:
    for text in TEXTS:
        quoted = style.format(text)
        for subject, arguments in (
            (f"#actions {quoted}", ()),
            (f"#actions:{quoted}, Re: [home shelf] Committee case", ()),
            (f"Re: [home shelf] Committee case #resolve no-action {quoted}", ("no-action",)),
            (f"#Resolve: Violation: {quoted}[home shelf]", ("violation",)),
        ):
            found = subjects.read(subject, own_names=OWN)
            assert [(tag.arguments, tag.text) for tag in found.tags] == [(arguments, text)]
            assert (found.problems, found.forwarded) == ((), False)
            assert set(found.names) <= {"home shelf"}
            assert not subjects.wants_recusal(subject)
            assert subjects.tag_names(subject) in ({"actions"}, {"resolve"})


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ('#actions "cafe\u0301"', "caf\u00e9"),
        ('#actions "ca\u200bll \u2060them\u00ad"', "call them"),
        ('#actions "call\u00a0 \t them"', "call them"),
        ('#actions "call\r\n them"', "call them"),
        ('#actions "  call them  "', "call them"),
        ('#actions "call" them', "call"),
        ('#actions "call".', "call"),
        ('#actions "call" "call"', "call"),
        ('#actions "call" and "write"', "call"),
        ('#actions "he said «no» twice"', "he said «no» twice"),
        ('#actions «he said "no" twice»', 'he said "no" twice'),
        ('#actions "the 19" screen is theirs"', "! quotes #actions"),
        ('#actions "tell him "no" again"', "! quotes #actions"),
        ("#actions „er sagte “nein” dazu“", "! quotes #actions"),
        ('#actions "call" then "write', "! quotes #actions"),
        ('#actions "call" «then', "call"),
        ('#actions "call them', "! quotes #actions"),
        ("#actions “call them", "! quotes #actions"),
        ('#actions call them"', "! missing #actions"),
        ('#actions "call them»', "! quotes #actions"),
        ('#actions "call them"today', "! quotes #actions"),
        ('#actions "', "! quotes #actions"),
        ('#actions "call them [home shelf]', "! quotes #actions"),
        ("#actions", "! missing #actions"),
        ('#actions ""', "! missing #actions"),
        ("#actions “ ”", "! missing #actions"),
        ('#actions "\u200b"', "! missing #actions"),
        ("#actions call them", "! missing #actions"),
        ("#actions 'call them'", "! missing #actions"),
        ("#actions \u2018call them\u2019", "! missing #actions"),
        ('#actions please "call them"', "! missing #actions"),
        ('#actions [home shelf] "call them"', "! missing #actions"),
        ('#actions "call" "write"', "! ambiguous #actions"),
        ('#actions "call" "Call"', "! ambiguous #actions"),
        ('#resolve violation "No contact"', "No contact"),
        ('#resolve VIOLATION, "No contact"', "No contact"),
        ('#resolve violation violation "No contact"', "No contact"),
        ('#resolve violation "No contact" violation', "No contact"),
        ("#resolve", "! missing #resolve"),
        ("#resolve violation", "! missing #resolve"),
        ("#resolve violation No contact", "! missing #resolve"),
        ('#resolve "No contact"', "! missing #resolve"),
        ('#resolve "No contact" violation', "! missing #resolve"),
        ('#resolve "see #recuse" violation', "! missing #resolve"),
        ('#resolve no violation "No contact"', "! missing #resolve"),
        ('#resolve violated "No contact"', "! missing #resolve"),
        ('#resolve violation ""', "! missing #resolve"),
        ('#resolve violation "No contact', "! quotes #resolve"),
        ('#resolve violation no-action "x"', "! ambiguous #resolve"),
        ('#resolve violation "x" no-action', "! ambiguous #resolve"),
        ('#resolve violation "x" "y"', "! ambiguous #resolve"),
        ("#resolve no\u2013violation “x”", "! missing #resolve"),
    ],
)
def test_a_text_is_kept_as_it_is_written_or_asked_about(subject: str, text: str) -> None:
    assert text_of(subject) == text


def test_two_texts_stay_apart() -> None:
    found = subjects.read('#actions "Call them" #resolve no-action “Nobody answers” [home shelf]', own_names=OWN)
    assert found.tags == (Tag("actions", (), "Call them"), Tag("resolve", ("no-action",), "Nobody answers"))
    assert (found.problems, found.names) == ((), ("home shelf",))


def test_what_stands_behind_the_text_is_read_again() -> None:
    found = subjects.read('#actions "see Fwd: [stunned bulb]" #vote q1 yes Re: [home shelf] Q2', own_names=OWN)
    assert found.tags == (Tag("actions", (), "see Fwd: [stunned bulb]"), Tag("vote", ("q1", "yes")))
    assert (found.problems, found.names, found.question) == ((), ("home shelf",), "q2")
    assert subjects.names_in('#actions "see [stunned bulb]" [home shelf]') == ("home shelf",)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ('#clear "as I said"', "clear"),
        ('#clear "as I said', "clear"),
        ('#vote yes "as I said"', "vote"),
        ('#vote yes 5" long', "vote"),
        ('#vote yes "as in [home shelf]"', "vote"),
        ('Re: "[home shelf]" #clear', "clear"),
        ('#note "please #vote yes or no"', "!"),
        ('#vote yes "and then #recuse for all"', "!"),
        ("#committee « who will #recuse here? »", "!"),
        ('#vote yes "as in [stunned bulb]" [home shelf]', "!"),
        ('#clear "Fwd: x"', "clear"),
        ('#vote "yes"', "!"),
        ('#note "2026-11-21"', "note"),
        ('"Re: [home shelf] Committee case #clear"', "!"),
        ('#actions"call them"', "!"),
    ],
)
def test_marks_where_no_text_belongs_are_marks_and_tags_between_them_are_asked_about(
    subject: str, expected: str
) -> None:
    found = subjects.read(subject, own_names=OWN)
    assert ("!" if found.problems else " ".join(tag.name for tag in found.tags)) == expected
    assert not subjects.wants_recusal(subject)


def test_an_open_mark_keeps_nobody_in_a_case() -> None:
    assert subjects.wants_recusal('#actions "call them #recuse [home shelf]')
    assert subjects.wants_recusal('#recuse "he is my boss')
