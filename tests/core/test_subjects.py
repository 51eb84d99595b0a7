"""Subjects as mail programs in ten languages write them, and what each must do.

`R` recuse runs, `C` clear runs, `-` nothing is meant (plain words), `!` nothing runs and the member is told why.
"""

from __future__ import annotations

import pytest

from cocmail.core import tags

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
    ("#vote yes [home shelf]", "!"),
    ("#vote: yes [home shelf]", "!"),
    ("#note [home shelf]", "!"),
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
    found = tags.read(subject, own_names=OWN)
    if expected == "!":
        assert found.problems
    else:
        assert not found.problems
        assert "".join(tag.name[0].upper() for tag in found.tags) == expected.strip("-")


def test_there_are_enough_of_them() -> None:
    assert len(set(rows())) >= 150


@pytest.mark.parametrize(("subject", "expected"), rows())
def test_withdrawing_works_wherever_it_stands_plainly_and_never_behind_a_forward(subject: str, expected: str) -> None:
    plain = "#recuse" in tags.normal(subject).replace(":", " ").split()
    forwarded = tags.read(subject, own_names=OWN).forwarded
    if forwarded:
        assert not tags.wants_recusal(subject)
    elif expected == "R" or plain:
        assert tags.wants_recusal(subject)
