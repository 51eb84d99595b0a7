"""Words beside `#new` that may mean a reporter who wants to stay unknown, or a report that nobody reads."""

from __future__ import annotations

import pytest

from cocmail.core.grave import may_be_secret, meant


@pytest.mark.parametrize("word", "sealed seal secret confidential Vertraulich escrowed escow".split())
def test_a_word_for_sealed_is_asked_about(word: str) -> None:
    assert meant(word) == "escrow" and not meant(word, {"escrow"})


@pytest.mark.parametrize("word", "hidden private unnamed nameless noname anonymus Anon anonymly anonym".split())
def test_a_word_for_unknown_is_asked_about(word: str) -> None:
    assert meant(word) == "anonymous" and not meant(word, {"anonymous"})


@pytest.mark.parametrize("word", "urgent yesterday please booth incident party Kit".split())
def test_any_other_word_is_not(word: str) -> None:
    assert not meant(word)


@pytest.mark.parametrize(
    "subject", ["#new phone anonymous", "#new anonymus", "#nwe dm anonymous", "#new phone no-name"]
)
def test_a_mail_that_may_hold_a_reporter_who_stays_unknown_is_known_by_its_subject(subject: str) -> None:
    assert may_be_secret(subject)


@pytest.mark.parametrize("subject", ["#new phone", "anonymous", "#note private", "Re: a new anonymous report"])
def test_and_no_other_mail_is(subject: str) -> None:
    assert not may_be_secret(subject)
