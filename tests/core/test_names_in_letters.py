"""In which forms somebody's name is found in a letter, and what is no name."""

from __future__ import annotations

import pytest

from cocmail.core.names import names_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Robin Vale", "ROBIN VALE"),
        ("Robin Vale", "Vale, Robin"),
        ("Robin Vale", "robin.vale and others"),
        ("Robin Vale", "the account robinvale1987"),
        ("Robin Vale", "the account rvale"),
        ("Robin Vale", "Robin’s report"),
        ("Robin Vale", "Robinille"),
        ("Robin Vale", "Ro\u00adbin"),
        ("Robin Vale", "Ｒｏｂｉｎ"),
        ("Robin Vale", "R\u03bfbin"),
        ("Zee", "zee was there"),
        ("zee", "Zee was there"),
        ("dana cole", "Cole was there"),
        ("Bo Li", "we asked Bo about it"),
        ("Søren", "Soren"),
        ("Soren", "Søren"),
        ("Müller", "Mueller"),
        ("Mueller", "Müller"),
        ("Łukasz", "lukasz"),
        ("Zoë O'Neill", "O’Neill"),
        ("Вера Орлова", "ВЕРА сказала"),
        ("山田花子", "昨日山田花子さんが"),
        ("Jun Sato", "昨日Junさんが"),
        ("Will Park", "昨日Willさんが"),
        ("Will Park", "Dear Will, thank you"),
        ("Will Park", "as will park wrote"),
        ("Will Park", "see @will"),
        ("Anne-Marie Dr. Stone", "Marie was there"),
    ],
)
def test_a_name_is_found_as_people_write_it(name: str, text: str) -> None:
    assert names_in(text, [name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Will Park", "We will talk. Will you park elsewhere?"),
        ("May Young", "You may be too young for it. May we talk?"),
        ("The venue", "The venue is closed; ask the people there."),
        ("a person at the door", "The person left the door open."),
        ("Robin Vale", "It is prevalent."),
        ("Zee", "the Zeeland dike"),
        ("Ann Li", "planning, in English, a link"),
        ("Bo Li", "a bo tree"),
        ("", "anything"),
        ("Mark", "Please mark the day. Marked, it is."),
    ],
)
def test_what_is_no_name_is_not_taken_for_one(name: str, text: str) -> None:
    assert names_in(text, [name]) == []


def test_whom_the_reader_named_is_no_secret_from_them_and_the_rest_of_the_name_is() -> None:
    assert names_in("Dana Cole saw it.", ["Dana Cole"], theirs="Dana was there.") == ["Dana Cole", "Cole"]
    assert names_in("Dana saw it.", ["Dana Cole"], theirs="Dana was there.") == []


def test_a_name_that_reader_and_somebody_else_share_may_be_written() -> None:
    assert names_in("Dear Robin Larsen,", ["Robin Vale"], known=["Robin Larsen"]) == []
    assert names_in("Dear Robin Larsen, Vale wrote.", ["Robin Vale"], known=["Robin Larsen"]) == ["Vale"]
