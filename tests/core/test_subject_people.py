"""Tags about people: who is involved, who has a conflict, who serves on the committee.

Each row is a Subject and what is understood: the tags that run; `!` and why nothing runs.
"""

from __future__ import annotations

import pytest

from cocmail.core import subjects
from cocmail.core.tags import Tag

OWN = ("home shelf", "stunned bulb")


def understood(subject: str) -> str:
    found = subjects.read(subject, own_names=OWN)
    if found.problems:
        return "! " + ", ".join(f"{each.kind} {each.about or each.nearest}".strip() for each in found.problems)
    return " ".join(map(str, found.tags)) or "-"


PARTIES = [
    ('#party reported "Kit Larsen"', '#party reported "Kit Larsen"'),
    ("#party reported “Kit Larsen”", '#party reported "Kit Larsen"'),
    ("#party:reporter: «Dana Cole»", '#party reporter "Dana Cole"'),
    ("#PARTY Harmed, „Dana Cole“!", '#party harmed "Dana Cole"'),
    ('#party witness "kit@acme.example"', '#party witness "kit@acme.example"'),
    ('#party witness "@ivo"', '#party witness "@ivo"'),
    ('#party reported "Kit #check Larsen"', '#party reported "Kit #check Larsen"'),
    ('#party reported "Kit" Larsen', '#party reported "Kit"'),
    ("#party", "! missing #party"),
    ("#party reported", "! missing #party"),
    ("#party reported Kit Larsen", "! missing #party"),
    ('#party "Kit Larsen"', "! missing #party"),
    ('#party "Kit Larsen" reported', "! missing #party"),
    ('#party accused "Kit Larsen"', "! missing #party"),
    ('#party reported ""', "! missing #party"),
    ('#party reported "Kit Larsen', "! quotes #party"),
    ('#party reported harmed "Kit Larsen"', "! ambiguous #party"),
    ('#party reported "Kit Larsen" "Dana Cole"', "! ambiguous #party"),
]
CONFLICTS = [
    ("#clear 2", "#clear 2"),
    ("#clear:12", "#clear 12"),
    ("#clear 2, 2", "#clear 2"),
    ("#clear number 2", "#clear"),
    ("#clear 0", "#clear"),
    ("#clear 2nd", "#clear"),
    ("#clear 2 3", "! ambiguous #clear"),
    ("#unrecuse", "#unrecuse"),
    ("#unrecuse me, please", "#unrecuse"),
    ("#check", "#check"),
    ("#check staged", "#check staged"),
    ("#check: Staged.", "#check staged"),
    ("#check in two steps", "#check"),
    ("#challenge @ivo", "#challenge @ivo"),
    ("#challenge:@Ivo, sorry", "#challenge @ivo"),
    ("#challenge", "! missing #challenge"),
    ("#challenge Ivo", "! missing #challenge"),
    ("#challenge @ivo @jun", "! ambiguous #challenge"),
    ("#limit @jun discuss", "#limit @jun discuss"),
    ("#limit:@jun:SUMMARY", "#limit @jun summary"),
    ("#limit @jun none, for now", "#limit @jun none"),
    ("#limit @jun", "! missing #limit"),
    ("#limit discuss", "! missing #limit"),
    ("#limit discuss @jun", "! missing #limit"),
    ("#limit @jun full", "! missing #limit"),
    ("#limit @jun none summary", "! ambiguous #limit"),
    ("#limit @jun @sam none", "! ambiguous #limit"),
    ("#ask @ivo", "#ask @ivo"),
    ("#ask @ivo about Friday", "#ask @ivo"),
    ("#ask", "! missing #ask"),
    ("#ask ivo", "! missing #ask"),
    ("#handoff @sam", "#handoff @sam"),
    ("#handoff to @sam", "! missing #handoff"),
    ("#object q1", "#object q1"),
    ("#object: Q12!", "#object q12"),
    ("#object", "! missing #object"),
    ("#object d1", "! missing #object"),
    ("#object q1 q2", "! ambiguous #object"),
]
MATTERS = [
    ("#motion conflict", "#motion conflict"),
    ("#motion: Remove", "#motion remove"),
    ("#motion policy, second draft", "#motion policy"),
    ("#motion policy remove", "! ambiguous #motion"),
    ("#motion interim", "#motion interim"),
    ("#stay", "#stay"),
    ("#STAY!", "#stay"),
    ("#stay for another year", "#stay"),
    ("#leave", "#leave"),
    ("#leave.", "#leave"),
    ("#away 2026-12-20 2027-01-04", "#away 2026-12-20 2027-01-04"),
    ("#away:2026-12-20:2027-01-04", "#away 2026-12-20 2027-01-04"),
    ("#away 2026-12-20, 2027-01-04.", "#away 2026-12-20 2027-01-04"),
    ("#away 2026-12-24 2026-12-24", "#away 2026-12-24 2026-12-24"),
    ("#away", "! missing #away"),
    ("#away 2026-12-20", "! missing #away"),
    ("#away 2026-12-20 - 2027-01-04", "! missing #away"),
    ("#away 2026-12-20 until 2027-01-04", "! missing #away"),
    ("#away 20.12.2026 04.01.2027", "! missing #away"),
    ("#away 2026-02-29 2026-03-01", "! missing #away"),
    ("#away 2026-12-20 2027-01-04 2027-01-05", "! ambiguous #away"),
]


@pytest.mark.parametrize(("subject", "expected"), [*PARTIES, *CONFLICTS, *MATTERS])
def test_what_stands_behind_a_tag_wherever_the_tag_stands_in_our_subject(subject: str, expected: str) -> None:
    assert understood(subject) == expected
    assert understood(f"Re: [home shelf] Committee case {subject}") == expected
    assert understood(f"{subject} Re: [home shelf] Committee case") == expected


def test_the_order_of_two_dates_is_the_one_in_which_they_were_written() -> None:
    (tag,) = subjects.read("#away 2027-01-04 2026-12-20").tags
    assert tag.arguments == ("2027-01-04", "2026-12-20")


def test_a_name_keeps_its_spelling() -> None:
    (tag,) = subjects.read("Re: [home shelf] #party reported “José  Álvarez-İpek”", own_names=OWN).tags
    assert tag == Tag("party", ("reported",), "José Álvarez-İpek")


@pytest.mark.parametrize(
    ("subject", "numbered"),
    [
        ("#clear 2", True),
        ("Re: About the committee #clear:2", True),
        ("#help #clear 3", True),
        ("#clear", False),
        ("#clear two", False),
        ("#clear 2 3", False),
        ("[home shelf] 2", False),
        ('#actions "#clear 2"', False),
    ],
)
def test_an_answer_to_a_list_of_names_is_known_by_its_number(subject: str, numbered: bool) -> None:
    assert subjects.is_numbered_clear(subject) is numbered
