"""Which members a report keeps itself from, before anybody reads it."""

from __future__ import annotations

import pytest

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
