"""Which members a report keeps itself from, before anybody reads it."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable

import pytest

from cocmail.core import folding, ownwords, sought, words_of_subject
from cocmail.core.model import Attachment, Committee, KnownConflict, Mail, Member, Policy
from cocmail.core.screening import screen

IVO = Member("ivo", "Ivo Petrov", "ivo@example.net", also=("ivo@work.example",))
JOSE = Member("jose", "José Álvarez", "jose@example.net")
SATO = Member("sato", "佐藤 純", "sato@example.net")
KNOWS_KIT = Member(
    "amara", "Amara Obi", "amara@example.net", known_conflicts=(KnownConflict("Kit Larsen", ("kit@acme.example",)),)
)
COMMITTEE = Committee("c", "C", "conduct@example.org", Policy("basic", {}), (IVO, JOSE, SATO, KNOWS_KIT))


def found(text: str = "", **fields: object) -> set[str]:
    return set(screen(COMMITTEE, Mail(text=text, **fields)).found)  # type: ignore[arg-type]


def found_of(member: Member, text: str) -> set[str]:
    return set(
        screen(Committee("c", "C", "conduct@example.org", Policy("basic", {}), (member,)), Mail(text=text)).found
    )


@pytest.mark.parametrize(
    ("text", "withheld"),
    [
        ("Ivo shouted at me.", {"ivo"}),
        ("IVO shouted at me.", {"ivo"}),
        ("It was ivo petrov.", {"ivo"}),
        ("It was Petrov, Ivo.", {"ivo"}),
        ("ivo\u200b petrov did it", {"ivo"}),
        ("Ivo\nPetrov did it", {"ivo"}),
        ("ask ivo@work.example", {"ivo"}),
        ("ask IVO@Example.NET.", {"ivo"}),
        ("on chat he is @ivo", {"ivo"}),
        ("the ivo in lower case is a word", set()),
        ("Ivory towers", set()),
        ("someone@ivo.example", set()),
        ("Hi Ivo,\nsomebody shouted at me.", set()),
        ("Dear Amara, Ivo and all,\nplease help.", set()),
        ("Hi Ivo hit me yesterday.", {"ivo"}),
        ("Jose was there.", {"jose"}),
        ("JOSÉ ÁLVAREZ was there.", {"jose"}),
        ("昨日佐藤純さんが叫びました。佐藤 純", {"sato"}),
        ("Kit Larsen did it.", {"amara"}),
        ("write to kit@acme.example", {"amara"}),
        ("nobody is named", set()),
        ("it was _Ivo_, of all people", {"ivo"}),
        ("see Ivo_Petrov.png", {"ivo"}),
        ("HEY, IT WAS IVO WHO DID IT", {"ivo"}),
        ("Hey It Was Ivo Who Did It And Ran", {"ivo"}),
        ("I\u00advo shouted", {"ivo"}),
        ("I\ufe0fvo shouted", {"ivo"}),
    ],
)
def test_a_member_is_found_in_the_text(text: str, withheld: set[str]) -> None:
    assert found(text) == withheld


def test_a_member_is_found_wherever_a_name_can_stand() -> None:
    assert found(subject="About Ivo") == {"ivo"}
    assert found(from_name="Ivo Petrov") == {"ivo"}
    assert found(to=("ivo@work.example",)) == {"ivo"}
    assert found(hidden_text="Ivo in an attached message") == {"ivo"}
    assert found(attachments=(Attachment("chat with Ivo.png", "image/png", 1),)) == {"ivo"}


def test_a_member_who_reports_is_withheld_as_its_reporter() -> None:
    mail = Mail(from_addresses=("ivo@work.example",), text="Something happened.")
    assert screen(COMMITTEE, mail).found == {"ivo": "reporter"}


def test_who_is_found_by_a_known_conflict_is_told_apart_from_who_is_named() -> None:
    mail = Mail(text="Ivo and Kit Larsen were there.")
    assert screen(COMMITTEE, mail).conflicted == {"amara"}
    assert set(screen(COMMITTEE, mail).found) == {"ivo", "amara"}


def test_a_quotation_names_people_as_well_as_any_other_line() -> None:
    """A pasted message of the harasser is evidence, and its first line says who wrote it."""
    assert found("Look:\n> From: Ivo Petrov\n> you will regret it") == {"ivo"}
    assert found("Yesterday Ivo wrote:\n> you will regret it") == {"ivo"}


@pytest.mark.timeout(20)
def test_a_million_greetings_in_one_line_do_not_stop_the_daemon() -> None:
    assert found("Hi " * 600_000 + "Ivo !a") == {"ivo"}
    assert found("Hi A" + ".-" * 900_000 + "x") == set()
    assert found(("Hi " * 60 + "\n") * 10_000) == set()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Łukasz Żal", "it was lukasz zal"),
        ("Søren Bøg", "it was soren bog"),
        ("Søren Müller", "it was soren mueller"),
        ("Đorđe Ilić", "Dorde was there"),
        ("Ægir Þór", "AEGIR was there"),
        ("Ægir Þór", "ÆGIR was there"),
        ("Işıl Ak", "Isil was there"),
        ("Jürgen Groß", "it was juergen gross"),
        ("Jürgen Groß", "JUERGEN was there"),
        ("Juergen Gross", "it was ju\u0308rgen groß"),
        ("Pat O'Brien", "it was pat o’brien"),
        ("Pat O’Brien", "it was pat o'brien"),
        ("Pat O'Brien", "it was pat obrien"),
        ("D'Arcy Lee", "D’Arcy was there"),
        ("D’Arcy Lee", "D'ARCY was there"),
        ("Anne-Marie Roy", "Anne\u2011Marie was there"),
        ("Anne-Marie Roy", "Anne\u2010Marie was there"),
        ("Anne-Marie Roy", "it was anne marie roy"),
        ("Anne Marie Roy", "it was Anne-Marie Roy"),
        ("Robin Vale", "> it was robin\n> vale"),
        ("Robin Vale", "it was *robin* *vale*"),
        ("Robin Vale", "it was “robin” ‘vale’"),
        ("Robin Vale", "it was robin_vale"),
        ("Robin Vale", "ask robin.vale@elsewhere.example"),
        ("Robin Vale", "on chat: robinvale"),
        ("Robin Vale", "it was *vale*, *robin*"),
        ("山田太郎", "昨日、山田 太郎さんが"),
        ("山田太郎", "昨日、山田\n> 太郎さんが"),
        ("山田 太郎", "昨日、山\n田太郎さんが"),
        ("김철수", "어제 김 철수 씨가"),
        ("김 철수", "어제 김철수 씨가"),
        *(("Robin Vale", f"it was rob{char}in vale") for char in "\u115f\u1160\u2065\u3164\ufff0\U000e0002"),
        ("Robin Vale", "R\u043ebin was there"),
        ("Robin Vale", "it was r\u03bfb\u0456n v\u0430l\u0435"),
        ("Иво Петров", "это был иво петров"),
    ],
)
def test_a_name_that_was_written_in_another_way_went_to_whom_it_named(name: str, text: str) -> None:
    """Also where it is the name of somebody whom a member may not judge, which has no given name to be found by."""
    assert found_of(Member("x", name, "x@example.net"), text) == {"x"}
    if len(name.split()) > 1 and text.split()[-1] != "there":
        known = Member("x", "Amara Obi", "x@example.net", known_conflicts=(KnownConflict(name),))
        assert found_of(known, text) == {"x"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Mark", "I remark that they mark every page"),
        ("Max Bill", "the max. bill"),
        ("Rose May", "it rose. may was warm, and from April to May it rose, may be"),
        ("Ho Lam", "Но это не так."),
        ("Kai Meier", "Και μετά ήρθε."),
        ("Ivo Petrov", "Ivory, " * 30_000),
        ("Ivo Petrov", "Hi Ivo,\n" + "a b " * 30_000 + "\nHi Ivo,\n"),
    ],
)
def test_ordinary_words_name_nobody(name: str, text: str) -> None:
    assert found_of(Member("x", name, "x@example.net"), text) == set()


@pytest.mark.parametrize("line", ["word ", "слово ", "\n", "山", "é\u200b", "\u2028", "a\u0301\u0316"])
@pytest.mark.parametrize("name", ["Иво Петров", "佐藤純", "Anne-Marie Roy"])
def test_a_name_was_cut_in_two_where_a_long_text_is_looked_at_in_pieces(line: str, name: str) -> None:
    padding = (line * (1 << 16))[: 1 << 16]
    for before in range((1 << 16) - 18, (1 << 16) + 2, 6):
        text = f"{padding[:before]} it was {name.casefold()}, they said {padding[:99]}"
        assert found_of(Member("x", name, "x@example.net"), text) == {"x"}, before
        text = f"{padding[:before]} it was {name.split()[0]}, they said {padding[:99]}"
        assert found_of(Member("x", name, "x@example.net"), text) == {"x"}, before


def test_what_a_piece_ends_in_was_taken_for_a_salutation_or_a_line() -> None:
    for length in range((1 << 16) - 12, (1 << 16) + 4, 3):
        assert found("a" * length + " Hi Ivo") == {"ivo"}, length
        assert found("a " + " " * length + "Hi Ivo " + "and me " * 40) == {"ivo"}, length
        # Lines of another kind, and nowhere a space.
        assert found("\u2028" * length + "Ivo\u2028shouted") == {"ivo"}, length


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    ["\ufdfa" * 250_000, "аб\n" * 50_000, "words and more " * 60_000, "a" + "\u0301\u0316" * 100_000],
    ids=["ligatures", "short lines", "words", "marks"],
)
def test_a_text_of_megabytes_took_gigabytes_and_kept_everybody_waiting(text: str) -> None:
    """One character that stands for four words was made a string each; marks out of order were sorted for minutes."""
    tracemalloc.start()
    try:
        found(text)
        assert tracemalloc.get_traced_memory()[1] < 2 * sys.getsizeof(text) + 6_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("take", [folding.composed, sought.composed, ownwords.plain_line, words_of_subject.plain])
def test_a_heap_of_marks_on_a_letter_was_put_in_order_for_minutes(take: Callable[[str], object]) -> None:
    begun = time.process_time()
    take("a" + "\u0301\u0316" * 100_000)
    assert time.process_time() - begun < 5
    assert take("é") == take("e\u0301")
