"""Tags in Subjects as they go over the wire: encoded words, folded lines, ten languages' prefixes, servers' banners.

The Subject of each row is the header field as bytes; it is decoded where every mail's Subject is decoded.
"""

from __future__ import annotations

import base64

import pytest

from cocmail.core import subjects
from cocmail.mail import parse

OWN = ("home shelf", "stunned bulb")

REPLIES = {
    "English": "Re", "German": "AW", "Dutch": "Antw", "Swedish": "SV", "Finnish": "VS", "Polish": "Odp",
    "Portuguese": "RES", "Italian": "RIF", "Turkish": "YNT", "Hungarian": "Vá", "Greek": "ΑΠ", "Chinese": "回复",
    "Korean": "답장",
}  # fmt: skip
FORWARDS = {
    "English": "Fwd", "German": "WG", "French": "TR", "Swedish": "VB", "Danish": "VS: VB", "Norwegian": "VB",
    "Spanish": "RV", "Portuguese": "ENC", "Italian": "I", "Polish": "PD", "Finnish": "VL", "Dutch": "Doorst",
    "Turkish": "İLT", "Hungarian": "Továbbítás", "Greek": "ΠΡΘ", "Chinese": "转发", "Japanese": "転送",
    "Korean": "전달",
}  # fmt: skip
BANNERS = [
    "[EXT]",
    "[EXTERNAL]",
    "[External Email]",
    "[External]:",
    "**EXTERN**",
    "[SPAM?]",
    "{Extern}",
    "[EXT] [SPAM]",
]
TAGS = [
    "#vote q1 yes", "#risk safety:yes repeat:maybe", "#assign @jun", "#note 2026-11-21",
    "#resolve violation “No contact”", "#send d2", "#show original", "#party harmed “Dana Cole”", "#limit @jun discuss",
    "#away 2026-12-20 2027-01-04", "#clear 2", "#check staged", "#motion policy",
]  # fmt: skip


def sent(field: bytes) -> str:
    """A Subject as it comes out of the mail that carries this field."""
    head = b"From: Amara <amara@example.net>\r\nTo: conduct@example.org\r\n"
    return parse.read(head + b"Subject: " + field + b"\r\n\r\nhello\r\n").subject


def encoded(text: str, *, charset: str = "utf-8") -> bytes:
    """Base64 words as mail programs cut them: of a few bytes each, one a line."""
    data = text.encode(charset)
    words = [base64.b64encode(data[at : at + 30]) for at in range(0, len(data), 30)]
    return b"\r\n ".join(b"=?%s?B?%s?=" % (charset.encode(), word) for word in words)


def straight(tag: str) -> str:
    """A tag as it is shown once it is understood."""
    return tag.replace("“", '"').replace("”", '"')


def understood(subject: str) -> str:
    found = subjects.read(subject, own_names=OWN)
    if found.problems:
        return "! " + " ".join(each.kind for each in found.problems)
    return " ".join(map(str, found.tags)) or "-"


@pytest.mark.parametrize("prefix", REPLIES.values(), ids=REPLIES.keys())
def test_a_reply_in_any_language_carries_its_tag_before_or_behind_our_subject(prefix: str) -> None:
    for tag in TAGS:
        before = f"{tag} {prefix}: [home shelf] Q2 Committee case"
        behind = f"{prefix}: [home shelf] Q2 Committee case {tag}"
        between = f"{prefix}: {tag} [home shelf] Q2 Committee case"
        twice = f"{prefix}: {prefix}: [home shelf] Q2 {tag}, {prefix}: yes"
        for field in (before.encode(), encoded(behind), encoded(between), twice.encode()):
            found = subjects.read(sent(field), own_names=OWN)
            assert (" ".join(map(str, found.tags)), found.problems) == (straight(tag), ())
            assert (found.names, found.question) == (("home shelf",), "q2")


@pytest.mark.parametrize("prefix", FORWARDS.values(), ids=FORWARDS.keys())
def test_a_forward_in_any_language_runs_nothing(prefix: str) -> None:
    for tag in TAGS:
        assert understood(sent(f"{prefix}: [home shelf] Committee case {tag}".encode())) == "! forwarded"
        assert understood(sent(encoded(f"Re: {prefix}: {tag} [home shelf]"))) == "! forwarded"


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_of_the_mail_server_changes_nothing(banner: str) -> None:
    for tag in TAGS:
        assert understood(sent(encoded(f"{banner} Re: [home shelf] Committee case {tag}"))) == straight(tag)
        assert understood(sent(f"Re: {banner} {tag} [home shelf]".encode())) == straight(tag)
        assert understood(sent(f"{banner} Fwd: [home shelf] {tag}".encode())) == "! forwarded"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"=?utf-8?q?=23vote_yes?= [home shelf]", "#vote yes"),
        (b"=?utf-8?Q?Re=3A_=5Bhome_shelf=5D_=23vote_yes?=", "#vote yes"),
        (b"=?iso-8859-1?q?=23vote_yes?=", "#vote yes"),
        (b"=?us-ascii?q?=23vote?= =?us-ascii?q?_yes?=", "#vote yes"),
        (b"=?utf-8?b?I3ZvdGU=?= yes", "#vote yes"),
        (b"=?utf-8?b?I3Zv?=\r\n =?utf-8?b?dGUgeWVz?=", "#vote yes"),
        (b"#vote\r\n yes", "#vote yes"),
        (b"#vote yes\r\n\t[home shelf]\r\n Committee case", "#vote yes"),
        (b"Re: [home\r\n shelf] #vote yes", "#vote yes"),
        (b"#vo\r\n te yes", "! unknown"),
        (b"\t #vote yes", "#vote yes"),
        (b"#vote yes\r\n ", "#vote yes"),
        (b"=?utf-8?q?=E2=80=8B=23vo=E2=80=8Bte_yes=EF=BB=BF?=", "#vote yes"),
        (b"=?utf-8?q?=23vote=C2=A0yes?=", "#vote yes"),
        (b"=?utf-8?q?=EF=BC=83vote_yes?=", "! lookalike"),
        (b"=?utf-8?q?=23v=D0=BEte_yes?=", "! lookalike"),
        (b"\xef\xbc\x83vote yes", "! lookalike"),
        (b"=?koi8-r?q?=23v=CFte_yes?=", "! lookalike"),
        (b"=?utf-8?q?=23actions_=E2=80=9ECall_them=E2=80=9C?=", '#actions "Call them"'),
        (b"=?windows-1252?q?=23actions_=93Call_them=94?=", '#actions "Call them"'),
        (b"=?windows-1252?q?=23actions_=ABCall_them=BB?=", '#actions "Call them"'),
        (b"#actions =?utf-8?q?=E2=80=9CCall_=C3=89mile=E2=80=9D?= [home shelf]", '#actions "Call Émile"'),
        (b'#actions "Call\r\n them"', '#actions "Call them"'),
        (b"=?utf-8?q?=23actions_=22=3D=3Futf-8=3Fq=3Fx=3F=3D=22?=", '#actions "=?utf-8?q?x?="'),
        (b"=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D23vote=5Fyes=3F=3D?=", "-"),
        (b"=?utf-7?q?+ACM-vote_yes?=", "#vote yes"),
        (b"=?nonsense?q?=23vote_yes?=", "#vote yes"),
        (b"=?utf-8?x?=23vote_yes?=", "-"),
        (b"=?utf-8?q?Fwd=3A?= #vote yes", "! forwarded"),
        (b"=?utf-8?b?6L2s5Y+R77ya?= #vote yes", "! forwarded"),
        (b"#vote yes\r\nX-Other: #vote no", "#vote yes"),
        (b"", "-"),
    ],
)
def test_a_subject_is_decoded_once_and_then_read(field: bytes, expected: str) -> None:
    assert understood(sent(field)) == expected


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("Re: [home shelf] Q1 Committee case", "q1"),
        ("#vote yes Re: [home shelf] Q12 Committee case", "q12"),
        ("Re: [Home-Shelf] q3 Committee case #vote no", "q3"),
        ("Re: [home shelf]Q1 Committee case", "q1"),
        ("Re: [home shelf]: Q1, Committee case", "q1"),
        ("Re: [EXT] [home shelf] Q1", "q1"),
        ("Re: [home shelf] Q1 Re: [home shelf] Q1", "q1"),
        ("Re: [home shelf] Q1 Re: [home shelf] Q2", ""),
        ("Re: [home shelf] Committee case Q1", ""),
        ("Re: [secret vault] Q1 Committee case", ""),
        ("Re: [EXT] Q1", ""),
        ("Q1 [home shelf] Committee case", ""),
        ("Re: [home shelf] Q0 Committee case", ""),
        ("Re: [home shelf] Q1st quarter", ""),
        ("Re: [home shelf] Q1-2 report", ""),
        ("Re: [home shelf] Quarrel", ""),
        ("", ""),
    ],
)
def test_our_own_subject_says_which_question_is_answered(subject: str, question: str) -> None:
    found = subjects.read(subject, own_names=OWN)
    assert (found.question, found.problems) == (question, ())
    assert all("q" not in "".join(tag.arguments) for tag in found.tags)
