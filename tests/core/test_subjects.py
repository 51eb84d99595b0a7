"""Subjects as mail programs in ten languages write them, and what each must do.

`R` recuse runs, `C` clear runs (the first letter of each tag that runs), `-` nothing is meant (plain words), `!`
nothing runs and the member is told why.
"""

from __future__ import annotations

import pytest

from cocmail.core import subjects
from cocmail.core.tags import Tag

OWN = ("home shelf", "stunned bulb")

REPLY_PREFIXES = [
    "Re", "RE", "re", "Re[2]", "Re(3)", "Aw", "AW", "Antw", "ANTW", "Sv", "SV", "Vs", "VS", "Odp", "ODP", "Ref", "RES",
    "R", "RIF", "YNT", "BLS", "Vá", "ΑΠ", "回复", "答复", "回覆", "답장",
]  # fmt: skip
FORWARD_PREFIXES = [
    "Fwd", "FWD", "fwd", "Fw", "FW", "WG", "Wg", "TR", "Tr", "RV", "Rv", "ENC", "Enc", "VL", "VB", "PD", "Doorst",
    "I", "İLT", "Továbbítás", "ΠΡΘ", "转发", "轉寄", "転送", "전달", "Fwd[2]", "FS",
]  # fmt: skip
BANNERS = ["[EXT]", "[EXTERNAL]", "[External Email]", "[External]:", "**EXTERN**", "[SPAM?]", "{Extern}", "(External)"]

ALWAYS = [
    ("Re: [home shelf] Committee case #recuse", "R"),
    ("Re: [home shelf] Committee case  #recuse  ", "R"),
    ("Re: [home shelf] Committee case #RECUSE", "R"),
    ("Re: [HOME SHELF] Committee case #Recuse", "R"),
    ("Re: [home-shelf] Committee case #recuse", "R"),
    ("#recuse", "R"),
    ("#recuse [home shelf]", "R"),
    ("[home shelf]#recuse", "R"),
    ("[home shelf] #recuse", "R"),
    ("#recuse Re: [home shelf] Committee case", "R"),
    ("#recuse, Re: [home shelf] Committee case", "R"),
    ("#recuse; thank you", "R"),
    ("#recuse!", "R"),
    ("#recuse.", "R"),
    ("#recuse hard", "R"),
    ("#recuse:hard", "R"),
    ("#recuse: hard", "R"),
    ("#recuse soft, I know her", "R"),
    ("#recuse because of my employer", "R"),
    ("#recuse he is hard to work with", "R"),
    ("#recuse\t[home shelf]", "R"),
    ("#recuse\r\n [home shelf]", "R"),
    ("#recuse\n\t[home shelf]", "R"),
    ("Re: [home shelf] Committee\r\n case #recuse", "R"),
    ("\u200b#recuse", "R"),
    ("#re\u200bcuse", "R"),
    ("#re\u00adcuse", "R"),
    ("\u202a#recuse\u202c", "R"),
    ("\ufeff#recuse [home shelf]", "R"),
    ("Re:\u00a0[home shelf]\u00a0Committee case\u00a0#recuse", "R"),
    ("Re: [home shelf] Committee case\u3000#recuse", "R"),
    ("Re: Re: Re: AW: SV: [home shelf] Committee case #recuse", "R"),
    ("#clear [home shelf]", "C"),
    ("#clear #clear [home shelf]", "C"),
    ("#clear I know none of them [home shelf]", "C"),
    ("Re: [home shelf] Committee case: #clear", "C"),
    ("Re: [home shelf] Committee case - #clear - Amara", "C"),
    ("Re: [home shelf] [no such case] #clear", "C"),
    ("Re: [home shelf] [home-shelf] #clear", "C"),
    ("Re: [home shelf] Committee case", "-"),
    ("Re: [home shelf] what about #1234?", "-"),
    ("Re: [home shelf] issue #12 and #13", "-"),
    ("Re: [home shelf] C# and F# developers", "-"),
    ("Re: [home shelf] see page#recuse", "-"),
    ("Re: [home shelf] a # b", "-"),
    ("Re: [home shelf] ##", "-"),
    ("Re: [home shelf] #", "-"),
    ("Re: [home shelf] number#5", "-"),
    ("Re: [home shelf] recuse", "-"),
    ("Re: [home shelf] (#recuse)", "-"),
    ("Re: [home shelf] '#recuse'", "-"),
    ("", "-"),
    ("   ", "-"),
    ("[]", "-"),
    ("[home shelf", "-"),
    ("#recues", "!"),
    ("#recused [home shelf]", "!"),
    ("#un-recuse [home shelf]", "!"),
    ("#clears [home shelf]", "!"),
    ("#vote yes [home shelf]", "V"),
    ("#vote: yes [home shelf]", "V"),
    ("#note [home shelf]", "N"),
    ("#transfer foundation [home shelf]", "T"),
    ("#transfer [home shelf]", "!"),
    ("#object q1 [home shelf]", "O"),
    ("#object [home shelf]", "!"),
    ("#clear 2", "C"),
    ("#clear:2 Re: About the committee", "C"),
    ("Re: [home shelf] #limit @jun discuss", "L"),
    ("#limit @jun [home shelf]", "!"),
    ("#limit discuss @jun [home shelf]", "!"),
    ("#away 2026-12-20 2027-01-04", "A"),
    ("#away 2026-12-20", "!"),
    ('Re: [home shelf] #party reported "Kit Larsen"', "P"),
    ('#party reported "Kit Larsen" #party witness "Dana Cole" #check staged [home shelf]', "PPC"),
    ("#party reported Kit Larsen [home shelf]", "!"),
    ('#party "Kit Larsen" [home shelf]', "!"),
    ("#check staged [home shelf]", "C"),
    ("#check twice [home shelf]", "C"),
    ("#motion policy", "M"),
    ("#motion remove, please", "M"),
    ("#motion [home shelf]", "!"),
    ("#unrecuse [home shelf]", "U"),
    ("#challenge @ivo [home shelf]", "C"),
    ("#challenge ivo [home shelf]", "!"),
    ("#ask @ivo [home shelf]", "A"),
    ("#handoff @jun [home shelf]", "H"),
    ("#stay", "S"),
    ("#leave", "L"),
    ("#keep [home shelf]", "K"),
    ("#clear#recuse [home shelf]", "!"),
    ("#1234#recuse", "-"),
    ("Re: [home shelf] \u2116#recuse", "-"),
    ("#clear: [home shelf]", "C"),
    ("#clear : [home shelf]", "C"),
    ("#clear [home shelf", "C"),
    ("#help #cases #sheet", "HCS"),
    ("#clear=yes", "!"),
    ("#clear/recuse", "!"),
    ("#clear?", "!"),
    ("#r\u0435cuse [home shelf]", "!"),
    ("#rеcusе", "!"),
    ("#ｃlear", "!"),
    ("#cleár", "!"),
    ("#clear\u0301 [home shelf]", "!"),
    ("#зачем", "!"),
    ("\uff03recuse [home shelf]", "!"),
    ("\uff03\uff32ecuse", "!"),
    ("\ufe5frecuse", "!"),
    ("#clear #vtoe yes [home shelf]", "!"),
    ("#clear [home shelf] [stunned bulb]", "!"),
    ("#clear [stunned bulb] Re: [home shelf] Committee case", "!"),
    ("#clear Fwd: [home shelf] Committee case", "!"),
    ("#clear fw: something", "!"),
    ("#recuse hard soft", "!"),
    ("#clear #recuse [home shelf]", "!"),
    ("#recuse #clear [home shelf]", "!"),
    ("Re: [home shelf] Fwd: Committee case #clear", "!"),
    ("[EXT] WG: [home shelf] #clear", "!"),
    ("Fwd:#clear", "-"),
    ("Fwd : [home shelf] #clear", "!"),
    ("转发：[home shelf] #clear", "!"),
]


def rows() -> list[tuple[str, str]]:
    replies = [(f"{prefix}: [home shelf] Committee case #clear", "C") for prefix in REPLY_PREFIXES]
    spaced = [(f"{prefix} : [home shelf] Committee case #clear", "C") for prefix in ("RE", "Re")]
    forwards = [(f"{prefix}: [home shelf] Committee case #clear", "!") for prefix in FORWARD_PREFIXES]
    stacked = [(f"Re: {prefix}: [home shelf] #recuse", "!") for prefix in FORWARD_PREFIXES]
    banners = [(f"{banner} Re: [home shelf] Committee case #clear", "C") for banner in BANNERS]
    return [*ALWAYS, *replies, *spaced, *forwards, *stacked, *banners]


@pytest.mark.parametrize(("subject", "expected"), rows())
def test_what_a_subject_does(subject: str, expected: str) -> None:
    found = subjects.read(subject, own_names=OWN)
    if expected == "!":
        assert found.problems
    else:
        assert not found.problems
        assert "".join(tag.name[0].upper() for tag in found.tags) == expected.strip("-")


def test_there_are_enough_of_them() -> None:
    assert len(set(rows())) >= 150


def test_withdrawing_works_wherever_it_stands_plainly_and_never_behind_a_forward() -> None:
    for subject, expected in rows():
        plain = "#recuse" in subjects.normal(subject).replace(":", " ").split()
        forwarded = subjects.read(subject, own_names=OWN).forwarded
        if forwarded:
            assert not subjects.wants_recusal(subject), subject
        elif expected == "R" or plain:
            assert subjects.wants_recusal(subject), subject


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
    found = subjects.read(subject, own_names=OWN)
    assert list(found.tags) == expected
    assert not found.problems
    assert found.commands is bool(expected)
    assert subjects.tag_names(subject) == {tag.name for tag in expected}


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("#recues [home shelf]", ("unknown", "#recuse")),
        ("#vtoe yes [home shelf]", ("unknown", "#vote")),
        ("#motoin outcome [home shelf]", ("unknown", "#motion")),
        ("#witdraw q1 [home shelf]", ("unknown", "#withdraw")),
        ("#comittee [home shelf]", ("unknown", "#committee")),
        ("#reslove violation [home shelf]", ("unknown", "#resolve")),
        ("#r\u0435cuse [home shelf]", ("lookalike", "")),
        ("#v\u043ete yes [home shelf]", ("lookalike", "")),
        ("\uff03recuse [home shelf]", ("lookalike", "")),
        ("\uff03vote yes [home shelf]", ("lookalike", "")),
        ("#clear=yes [home shelf]", ("unknown", "#clear")),
        ("#vote=yes [home shelf]", ("unknown", "#vote")),
        ("#clear#recuse [home shelf]", ("unknown", "#clear")),
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
    found = subjects.read(subject, own_names=OWN)
    assert problem in {(each.kind, each.nearest) for each in found.problems}
    assert found.commands


def test_a_tag_that_is_none_is_shown_as_it_was_written() -> None:
    found = subjects.read("#Ivo-Petrov, #r\u0435cuse #clear#help #scop:in [home shelf]", own_names=OWN)
    assert [(each.kind, each.about, each.nearest) for each in found.problems] == [
        ("unknown", "#Ivo-Petrov", ""),
        ("lookalike", "", ""),
        ("unknown", "#clear#help", "#clear"),
        ("unknown", "#scop", "#scope"),
    ]


@pytest.mark.parametrize(
    "written", ["#www.evil.example", "#a@evil.example", "#//evil.example/x", "#note.txt", "#<b>", "#" + "x" * 41]
)
def test_a_tag_that_could_be_taken_for_a_link_is_not_shown(written: str) -> None:
    assert [each.about for each in subjects.read(f"{written} [home shelf]", own_names=OWN).problems] == [""]


def test_of_many_tags_that_are_none_the_first_are_shown() -> None:
    found = subjects.read(" ".join(f"#zz{number}" for number in range(99)), own_names=OWN)
    assert [each.about for each in found.problems] == [*(f"#zz{number}" for number in range(8)), ""]


@pytest.mark.parametrize("name", ["transparency"])
def test_a_tag_that_is_not_supported_yet_answers_as_an_unknown_one(name: str) -> None:
    found = subjects.read(f"#{name} [home shelf]", own_names=OWN)
    assert [each.kind for each in found.problems] == ["unknown"]
    assert not found.tags


def test_a_code_name_counts_only_if_the_sender_has_a_case_of_it() -> None:
    assert subjects.read("[secret vault] #help", own_names=OWN).names == ()
    assert subjects.read("[Home Shelf] [home-shelf] #help", own_names=OWN).names == ("home shelf",)
    assert subjects.names_in("Re: [Secret-Vault] [EXT] [home shelf] [a b c]") == ("secret vault", "home shelf")
