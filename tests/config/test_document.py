"""YAML as plain values with lines, and nothing that YAML leaves to taste."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.config.document import Unreadable, read_document


def test_only_null_booleans_and_decimal_numbers_are_not_text() -> None:
    text = "[no, yes, off, on, true, False, ~, 12, -3, 0x1f, 1e3, 1.5, 2026-02-30, 12:30:45, '7', 1_000]"
    data = read_document(text).data
    assert data == [
        *("no", "yes", "off", "on", True, False, None, 12, -3),
        *("0x1f", "1e3", "1.5", "2026-02-30", "12:30:45", "7", "1_000"),
    ]


def test_every_place_knows_its_line() -> None:
    document = read_document("# head\na:\n- x\n- b: 1\n  c: {d: 2}\n")
    assert [document.line(path) for path in ((), ("a",), ("a", 0), ("a", 1), ("a", 1, "c", "d"))] == [2, 2, 3, 4, 5]
    assert document.line(("a", 1, "nothing")) == 4


def test_what_is_taken_out_does_not_move_the_rest() -> None:
    document = read_document("a: [p, q, r, s]\nb: {c: 1, d: 2}\n").without([("a", 0), ("b", "c")])
    assert document.data == {"a": ["q", "r", "s"], "b": {"d": 2}}
    document = document.without([("a", 2)])
    assert document.data == {"a": ["q", "s"], "b": {"d": 2}}
    assert [document.original(("a", index)) for index in (0, 1)] == [("a", 1), ("a", 3)]


@pytest.mark.parametrize(
    "text",
    ["a: *kit", "a: 'kit", "a: kit: larsen", "a: {kit", "a: !x!kit 1", 'a: "\\kit"', "a: |kit\n", "%YAML 3.0\nkit"],
)
def test_the_reason_holds_nothing_of_the_text(text: str) -> None:
    with pytest.raises(Unreadable) as failure:
        read_document(text)
    assert "kit" not in failure.value.reason and "larsen" not in failure.value.reason


def test_an_anchor_used_twice_warns_nobody_of_its_content() -> None:
    """ruamel.yaml would print the lines; warnings are errors in these tests."""
    assert read_document("a: &kit 1\nb: &kit 2\n").data == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["{a: " * 1200, "- " * 1200, "[" * 400 + "]" * 400, "[" * 22 + "]" * 22])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_document(text)


@given(st.text(alphabet=st.sampled_from("ab:-[]{},#&*!|>'\"%@`? \n\t\x00\x85\ud800é1"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_document(text)
    except Unreadable as failure:
        assert failure.line >= 1
