"""What a Subject asks for. Each row is a Subject as a mail program writes it, and what it must do."""

from __future__ import annotations

import pytest

from cocmail.core import tags
from cocmail.core.tags import Tag

OWN = ("home shelf", "stunned bulb")
RECUSE, HARD, CLEAR, HELP = Tag("recuse"), Tag("recuse", ("hard",)), Tag("clear"), Tag("help")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Re: [home shelf] Committee case #recuse", [RECUSE]),
        ("#recuse Re: [home shelf] Committee case", [RECUSE]),
        ("[home shelf]#recuse", [RECUSE]),
        ("Re: [Home-Shelf] #Recuse HARD", [HARD]),
        ("Re: [home shelf] #recuse hard, he is my boss", [HARD]),
        ("Re: [home shelf] #recuse because he is my boss", [RECUSE]),
        ("#recuse: hard [home shelf]", [HARD]),
        ("#recuse:hard [home shelf]", [HARD]),
        ("#recuse. [home shelf]", [RECUSE]),
        ("#recuse! [home shelf]", [RECUSE]),
        ("AW: Re[2]: [home shelf] #clear", [CLEAR]),
        ("SV: Antw: [home shelf] #clear", [CLEAR]),
        ("Odp: [home shelf] #clear", [CLEAR]),
        ("回复: [home shelf] #clear", [CLEAR]),
        ("\u200b#clear [home shelf]", [CLEAR]),
        ("#cl\u200bear [home shelf]", [CLEAR]),
        ("#clear\u00a0[home shelf]", [CLEAR]),
        ("[EXT] Re: [home shelf] #clear", [CLEAR]),
        ("[External Email] Re: [home shelf] #clear #help", [CLEAR, HELP]),
        ("#help", [HELP]),
        ("#clear #clear [home shelf]", [CLEAR]),
        ("issue #1234 in the C# project", []),
        ("Re: [home shelf] Committee case", []),
        ("call me at#recuse", []),
        ("a # b", []),
        ("", []),
    ],
)
def test_a_tag_is_read_where_it_stands(subject: str, expected: list[Tag]) -> None:
    found = tags.read(subject, own_names=OWN)
    assert list(found.tags) == expected
    assert not found.problems


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("#recues [home shelf]", ("unknown", "#recuse")),
        ("#vote yes [home shelf]", ("unknown", "")),
        ("#r\u0435cuse [home shelf]", ("lookalike", "")),
        ("\uff03recuse [home shelf]", ("lookalike", "")),
        ("#clear=yes [home shelf]", ("unknown", "#clear")),
        ("#recuse hard soft [home shelf]", ("ambiguous", "")),
        ("#clear #recuse [home shelf]", ("contradiction", "")),
        ("Fwd: [home shelf] #clear", ("forwarded", "")),
        ("FW: [home shelf] #clear", ("forwarded", "")),
        ("WG: [home shelf] #recuse", ("forwarded", "")),
        ("Re: TR: [home shelf] #clear", ("forwarded", "")),
        ("[EXT] Fwd: [home shelf] #clear", ("forwarded", "")),
        ("I: [home shelf] #clear", ("forwarded", "")),
        ("转发: [home shelf] #clear", ("forwarded", "")),
        ("#clear [home shelf] [stunned bulb]", ("two-cases", "")),
    ],
)
def test_what_is_not_clear_runs_nothing_and_says_why(subject: str, problem: tuple[str, str]) -> None:
    found = tags.read(subject, own_names=OWN)
    kind, nearest = problem
    assert (kind, nearest) in {(each.kind, each.nearest) for each in found.problems}


def test_a_code_name_counts_only_if_the_sender_has_a_case_of_it() -> None:
    assert tags.read("[secret vault] #help", own_names=OWN).names == ()
    assert tags.read("[Home Shelf] [home-shelf] #help", own_names=OWN).names == ("home shelf",)


def test_a_tag_of_the_mail_replied_to_does_not_run_again_but_a_changed_one_does() -> None:
    again = tags.read("Re: [home shelf] #recuse hard", own_names=OWN, parent_tags=["#recuse hard"])
    changed = tags.read("Re: [home shelf] #recuse soft", own_names=OWN, parent_tags=["#recuse hard"])
    assert again.tags == ()
    assert changed.tags == (Tag("recuse", ("soft",)),)


@pytest.mark.parametrize(
    ("subject", "leaves"),
    [
        ("#recuse #vtoe yes [home shelf]", True),
        ("#clear #recuse [home shelf]", True),
        ("#recuse [home shelf] [stunned bulb]", True),
        ("Fwd: #recuse [home shelf]", False),
        ("#recused [home shelf]", False),
        ("please #clear", False),
    ],
)
def test_to_withdraw_is_the_safe_direction(subject: str, leaves: bool) -> None:
    assert tags.wants_recusal(subject) is leaves


def test_every_row_of_the_table_is_understood_as_it_is_written() -> None:
    for row in tags.TABLE:
        assert [tag.name for tag in tags.read(f"#{row.name} [home shelf]", own_names=OWN).tags] == [row.name]
        assert row.help and row.who in ("member", "cleared")
