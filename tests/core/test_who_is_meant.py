"""Whom the name means that `#party` is given: whoever has it, and nobody who only shares a surname."""

from __future__ import annotations

import time

import pytest

from cocmail.core.model import Committee, KnownConflict, Member, Policy
from cocmail.core.screening import concerned_by, screen_name
from cocmail.core.typed import means


def committee(*members: Member) -> Committee:
    return Committee("c", "C", "conduct@example.org", Policy("basic", {}), members)


NOOR = Member("noor", "Noor Haddad", "noor@members.example")
KIT = Member("kit", "Kit Haddad", "kit@members.example")
LEE = Member("lee", "Lee Wong", "lee@members.example", known_conflicts=(KnownConflict("Kit Larsen", (), "soft"),))


@pytest.mark.parametrize(
    "typed",
    [
        *("Haddad", "haddad", "HADDAD", "Haddad, Noor", "Haddad Noor", "N. Haddad", "N Haddad", "noor_haddad", "noor"),
        *("Mrs. Haddad", "Mrs Haddad", "mrs haddad", "Frau Haddad", "Dr. Haddad", "Dr.Haddad", "Prof. Dr. N. Haddad"),
        *("Mme Haddad", "M. Haddad", "Señora Haddad", "Sig.ra Haddad", "г-жа Haddad", "Mr and Mrs Haddad"),
        *("Haddad-san", "Haddad san", "Haddadさん", "Haddad氏", "Haddad 様", "Noorさん", "Haddad PhD", "Haddad Jr."),
        *("Haddad (Acme)", "Haddad from Acme", "haddad from acme", "treasurer Haddad", "the Haddad woman", "@haddad"),
        *("Haddad and Larsen", "Larsen & Haddad", "Haddad/Larsen", "Haddad's", "Haddad <someone@acme.example>"),
    ],
)
def test_who_is_called_so_in_any_way_is_meant(typed: str) -> None:
    assert means(typed, "Noor Haddad"), typed
    assert concerned_by(committee(NOOR), "reported", typed) == {"noor": ""}


@pytest.mark.parametrize(
    "typed",
    [
        *("Kit Haddad", "kit haddad", "KIT HADDAD", "Haddad, Kit", "Haddad Kit", "Mrs. Kit Haddad", "Kit M. Haddad"),
        *(
            "Kit van Haddad",
            "Will Haddad",
            "Kit Haddad-Larsen",
            "Haddadi",
            "Kit",
            "Mrs.",
            "san",
            "someone@haddad.example",
        ),
        *("", "...", "@", "-", "()", "a person at the door"),
    ],
)
def test_who_has_another_given_name_is_somebody_else_and_who_is_not_named_is_not_meant(typed: str) -> None:
    assert not means(typed, "Noor Haddad"), typed
    assert concerned_by(committee(NOOR), "reported", typed) == {}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Sato", "Jun Sato"),
        ("de la Cruz", "Ana de la Cruz"),
        ("Cruz", "Ana de la Cruz"),
        ("García", "Gabriel García Márquez"),
        ("Marquez", "Gabriel García Márquez"),
        ("Mueller", "Anna Müller-Schmidt"),
        ("Frau Schmidt", "Anna Müller-Schmidt"),
        ("O’Brien", "Pat O'Brien"),
        ("obrien", "Pat O'Brien"),
        ("Haddad", "Dr. Haddad"),
        ("Mr. Haddad", "Haddad, Noor (she/her)"),
        ("Sam Haddad", "Samantha Haddad"),
        ("long", "Sam Long"),
        ("Le", "Minh Le"),
        ("господин Петров", "Иво Петров"),
        ("佐藤さん", "佐藤 純"),
        ("佐藤様", "佐藤純"),
        ("佐々木さん", "佐々木 純"),
        ("山田さん", "山田さくら"),
        ("철수 씨", "김철수"),
        ("김 씨", "김철수"),
        ("Acme", "The Acme Foundation"),
    ],
)
def test_a_name_of_another_kind_is_meant_by_its_words(typed: str, name: str) -> None:
    assert means(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("de la Rosa", "Ana de la Cruz"),
        ("佐藤健", "佐藤純"),
        ("佐藤 健", "佐藤純"),
        ("she", "Haddad, Noor (she/her)"),
        ("the", "The Acme Foundation"),
        ("somebody I have known for long", "Sam Long"),
        ("Ivona", "Ivo Petrov"),
    ],
)
def test_a_word_of_everybodys_language_or_name_means_nobody(typed: str, name: str) -> None:
    assert not means(typed, name)


def test_two_of_one_surname_are_both_meant_by_it_and_each_by_the_whole_name() -> None:
    both = committee(NOOR, KIT)
    assert set(screen_name(both, "Mrs Haddad")) == {"noor", "kit"}
    assert set(screen_name(both, "Kit Haddad")) == {"kit"}


def test_the_friend_of_who_was_reported_by_the_surname_judged_them() -> None:
    assert concerned_by(committee(LEE), "reported", "Mr. Larsen") == {"lee": "soft"}
    assert concerned_by(committee(LEE), "reported", "Kit") == {"lee": "soft"}
    assert concerned_by(committee(LEE), "reported", "Dana Larsen") == {}


def test_a_handle_is_a_name_where_a_name_was_asked_for() -> None:
    sam = Member("sam", "Alexandra Reyes", "sam@members.example")
    for typed in ("sam", "Sam", "SAM", "Sam Reyes"):
        assert set(screen_name(committee(sam), typed)) == {"sam"}, typed


@pytest.mark.parametrize("typed", ["Haddad ", "kit haddad, ", "a.b-", "((", "@", "佐藤さん", "'’", "."])
def test_a_name_that_goes_on_for_ever_takes_its_length(typed: str) -> None:
    begun = time.process_time()
    means((typed * 20_000)[:100_000], "Noor Haddad")
    assert time.process_time() - begun < 3
