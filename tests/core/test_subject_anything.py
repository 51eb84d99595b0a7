"""Whatever a Subject holds: it is read, in little time, and no tag runs without what it needs."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cocmail.core import subjects
from cocmail.core.tags import ROWS, TABLE, Tag

OWN = ("home shelf", "stunned bulb")
SIZE = 100_000

PIECES = [
    *(f"#{row.name}" for row in TABLE),
    *sorted({word for row in TABLE for place in row.signature for word in place.words}),
    "q1", "Q2", "d1", "D02", "@jun", "@", "2026-11-21", "2026-02-30", "safety", "repeat", ":", "=", ",", ".", "!", " ",
    '"', "“", "”", "„", "«", "»", "‹", "'", '"x"', "[home shelf]", "[stunned bulb] Q1", "[", "]", "#",
    "＃vote", "#v\u043ete", "Re:", "Fwd:", "i:", "\u200b", "\u00a0", "\u0301", "İ", "ß", "word",
]  # fmt: skip
SUBJECTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join),
)


def has_what_it_needs(tag: Tag) -> bool:
    places = ROWS[tag.name].signature
    texts = [place for place in places if place.kind == "text"]
    others = [place for place in places if place.kind != "text"]
    needed = all(any(map(place.fits, tag.arguments)) for place in others if place.required)
    known = all(any(place.fits(word) for place in others) for word in tag.arguments)
    return needed and known and bool(tag.text) == bool(texts)


@settings(max_examples=400, deadline=None)
@given(SUBJECTS, st.lists(SUBJECTS, max_size=2))
@example('#vote yes"', ["#vote yes"])
@example("#resolve violation «", [])
@example("#risk safety: :yes=repeat:", [])
def test_no_subject_raises_and_no_tag_runs_without_what_it_needs(subject: str, parent: list[str]) -> None:
    found = subjects.read(subject, own_names=OWN, parent_tags=parent)
    assert all(map(has_what_it_needs, found.tags))
    assert {tag.name for tag in found.tags} <= subjects.tag_names(subject)
    assert set(found.names) <= set(subjects.names_in(subject))
    if subjects.wants_recusal(subject):
        assert "recuse" in subjects.tag_names(subject) and not found.forwarded
    again = subjects.read(subject, own_names=OWN, parent_tags=[str(tag) for tag in found.tags])
    assert not set(again.tags) & set(found.tags)


@settings(max_examples=150, deadline=None)
@given(SUBJECTS)
def test_a_tag_that_was_understood_is_understood_again_as_it_is_shown(subject: str) -> None:
    for tag in subjects.read(subject, own_names=OWN).tags:
        if not tag.text:
            assert subjects.read(str(tag)).tags == (tag,)


@pytest.mark.parametrize(
    "piece",
    [
        '#actions "a ',
        '#note "#vote yes" ',
        "\u0315\u0316",
        "\u0f73",
        "#vote:",
        "#u{} ",
        "#vote q{} yes ",
        "[",
        '"',
        " i:",
    ],
)
def test_a_subject_of_a_hundred_kilobytes_holds_up_nobody(piece: str) -> None:
    count = SIZE // len(piece.encode())
    subject = "".join(piece.format(number) for number in range(count)) if "{" in piece else piece * count
    started = time.perf_counter()
    subjects.read(subject, own_names=OWN)
    assert time.perf_counter() - started < 5
    assert len(subjects.read(subject, own_names=OWN).problems) < 30
