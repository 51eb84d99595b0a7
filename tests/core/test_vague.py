"""What the status sheet's vague texts would tell to members who must not know the case.

Each row says who would have learnt what; the rows of what passes are texts that a committee has to be able to write.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cocmail.core.model import Committee, Member, Policy
from cocmail.core.vague import Telling, find_telling

COMMITTEE = Committee(
    "c",
    "Larchwood Software Code of Conduct Committee",
    "conduct@example.org",
    Policy("basic", {}),
    (
        Member("amara", "Amara Obi", "amara@example.net"),
        Member("jose", "José O'Brien-Álvarez", "jose@example.net"),
        Member("li", "Jo Li", "li@example.net"),
        Member("ursula", "Ursula von der Heide", "ursula@example.net"),
        Member("april", "April Jones", "april@example.net"),
        Member("jan", "Jan Novák", "jan@example.net"),
        Member("sato", "佐藤 純", "sato@example.net"),
        Member("layla", "ليلى حداد", "layla@example.net"),
    ),
)
PEOPLE = (
    "Robin Vale <robin@visitors.example>",
    "kitl92@acme.example",
    "team@acme.example",
    "Anonymous Reporter",
    "𠮷𠀋",
)
TEXTS = (
    "Hello,\nyesterday Quentin shouted at me on Zoom, after the Code of Conduct talk. I told the people of Gravel\n"
    "Labs. The warning was ignored. He said: “Leave!” and then Quentin left.\nBest, Robin",
    "Wir waren in der Sitzung, und die Verwarnung wurde nicht ausgesprochen. Das ist eine Schande.",
)


def telling(vague: str, **more: object) -> list[tuple[str, str]]:
    given = {"people": PEOPLE, "texts": TEXTS, **more}
    return [(each.kind, each.word) for each in find_telling(vague, COMMITTEE, **given)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "vague", "kind", "word"),
    [
        ("a member who is a party", "Talk with Amara", "name", "Amara"),
        ("a member, by the family name", "Talk with OBI planned", "name", "OBI"),
        ("a member, by the whole name in small letters", "talk with amara obi", "name", "amara obi"),
        ("a member, in the possessive", "Amara's ban stands", "name", "Amara's"),
        ("a member, with a typeset apostrophe", "Amara’s ban stands", "name", "Amara’s"),
        ("a member, without the accent", "Jose was warned", "name", "Jose"),
        ("a member, by one of two family names", "Mediation with Alvarez", "name", "Alvarez"),
        ("a member, by a name with an apostrophe", "Mediation with O’Brien", "name", "O’Brien"),
        ("a member whose names are short", "Mediation with Jo Li", "name", "Jo Li"),
        ("a member with a name of three words", "ask ursula von der heide", "name", "ursula von der heide"),
        ("a member who is called like a month", "Ban for april jones", "name", "april jones"),
        ("a member who is called like a month's short form", "Jan was warned", "name", "Jan"),
        ("a member, with a character that nobody sees", "Talk with Am\u200bara", "name", "Amara"),
        ("a member, in full-width letters", "Talk with Ａｍａｒａ", "name", "Amara"),
        ("a member whose name has no spaces", "佐藤純さんと話す", "name", "佐藤純"),
        ("a member in a text without spaces", "昨日Amaraさんと話す", "name", "Amara"),
        ("a member whose script has no capitals", "Talk with ليلى", "name", "ليلى"),
        ("the reporter, by the given name", "Keep Robin away", "name", "Robin"),
        ("the reporter, by the whole name", "keep robin vale away", "name", "robin vale"),
        ("the reporter, by the mailbox", "Keep kitl92 away", "name", "kitl92"),
        ("the reporter, by a name of rare characters", "𠮷𠀋さんと話す", "name", "𠮷𠀋"),
        ("a person of whom a mail speaks", "Separate Quentin from the rest", "name", "Quentin"),
        ("a person of whom a mail speaks, at the start", "Quentin was warned", "name", "Quentin"),
        ("a company of which a mail speaks", "Letter to Gravel", "name", "Gravel"),
        ("where it happened", "Removed from Zoom", "name", "Zoom"),
        ("the gender of the reported person", "he was warned", "pronoun", "he"),
        ("the gender, at the start", "She was warned", "pronoun", "She"),
        ("the gender, in a short form", "he's suspended", "pronoun", "he's"),
        ("the gender, half hidden", "s/he was warned", "pronoun", "he"),
        ("the gender, by what is theirs", "Her talk is cancelled", "pronoun", "Her"),
        ("the gender, in capitals", "Remove HIM", "pronoun", "HIM"),
        ("the gender, by herself", "Removed herself", "pronoun", "herself"),
        ("the gender, by a title", "Warned Mr. X", "pronoun", "Mr"),
        ("the gender, by a title that is also a verb", "Warned Miss X", "pronoun", "Miss"),
        ("the gender, by a title at the start", "Miss X warned", "pronoun", "Miss"),
        ("the gender, by a title that is also a unit", "Warned Ms X", "pronoun", "Ms"),
        ("the gender, by a word for a person", "The guy was warned", "pronoun", "guy"),
        ("who it was to a third person", "Talk with the girlfriend", "pronoun", "girlfriend"),
        ("the gender, in German", "Er wurde verwarnt", "pronoun", "Er"),
        ("the gender, in French", "Elle est exclue", "pronoun", "Elle"),
        ("the gender, in Spanish", "Él no puede volver", "pronoun", "Él"),
        ("the gender, in Italian", "Colloquio con lui", "pronoun", "lui"),
        ("the gender, in Portuguese", "Conversa com ela", "pronoun", "ela"),
        ("an address", "Write to a@b.example.", "address", "a@b.example"),
        ("an address that is spelled out", "Write to a(at)b.example", "address", "a(at)b.example"),
        ("an account", "Block @quux on chat", "address", "@quux"),
        ("a link", "See https://b.example/p/1", "address", "https://b.example/p/1"),
        ("a site", "See www.b.example", "address", "www.b.example"),
        ("a site without its www", "See chat.b.org/x", "address", "chat.b.org/x"),
        ("a number to call", "Call 555-123-4567", "address", "555-123-4567"),
        ("a number to call, abroad", "Call +49 (0)30 123456", "address", "+49 (0)30 123456"),
        ("a number to call, in pairs", "Call 06 12 34 56 78", "address", "06 12 34 56 78"),
        ("a number to call, with dots", "Call 01.23.45.67.89", "address", "01.23.45.67.89"),
        ("a number that begins like a year", "Call 2026 555 1234", "address", "555 1234"),
        ("the whole story", "word " * 41, "too-long", "205"),
    ],
)
def test_the_sheet_does_not_tell(told: str, vague: str, kind: str, word: str) -> None:
    assert telling(vague) == [(kind, word)], told


@pytest.mark.parametrize(
    "vague",
    [
        "Team is on the lookout for reported person",
        "Temporary ban for the remainder of the event, reevaluate attendance for next year",
        "Verbal warning",
        "-",
        "",
        "Reported person asked to step down; reporter informed",
        "They were asked to keep their distance from them",
        "Warning. Reminder of the Code of Conduct sent",
        "Code of Conduct training",
        "Leave of absence until Monday, 2026-12-31",
        "Suspended in April and May, review on 21.11.2026 at 10:00 or 11/21/2026",
        "Suspended 2026/2027; talks on 07/07 8:30am and 07/08 12:30pm",
        "Review in Feb",
        "Meeting with HR, then with the Larchwood board",
        "The warning was sent",
        "Warning sent",
        "Will miss the next event; response took 300 ms",
        "Removed from chat for 12 months (3 of 4 in favour)",
        "Sitzung einberufen, Verwarnung ausgesprochen",
        "Die Verwarnung wurde zugestellt",
        "Avertissement et rappel; son accès est suspendu",
        "Advertencia verbal; los accesos son limitados",
        "Ammonimento; il divieto resta in vigore",
        "robins and vales, jan and may",
        "Home office visits ended",
        "Stunned silence is no answer",
        "a" * 200,
        "警告を送りました",
    ],
)
def test_what_a_committee_has_to_say_can_be_said(vague: str) -> None:
    assert telling(vague) == []


def test_everything_that_is_telling_is_said_at_once_and_once() -> None:
    assert telling("Amara met Amara; he called her at a@b.example") == [
        ("name", "Amara"),
        ("pronoun", "he"),
        ("pronoun", "her"),
        ("address", "a@b.example"),
    ]


def test_a_code_name_is_no_name() -> None:
    mail = ("We call it the Home Shelf case.",)
    assert telling("Talks on Home Shelf go on", texts=mail) == [("name", "Home"), ("name", "Shelf")]
    assert telling("Talks on Home Shelf go on", texts=mail, code_name="home shelf") == []


@pytest.mark.parametrize(
    ("mails", "named"),
    [
        ((), False),
        (("I saw Grit shouting.",), True),
        (("I saw GRIT shouting.",), False),
        (("Grit was shouting.",), False),
        (("I saw grit on the floor.", "I saw Grit shouting."), False),
        (("People shouted:\nGrit was there.\nIt said “Grit”.",), False),
    ],
)
def test_a_word_at_the_start_is_a_name_where_the_mails_use_it_as_one_alone(mails: tuple[str, ...], named: bool) -> None:
    assert telling("Grit removed", texts=mails) == ([("name", "Grit")] if named else [])


def test_nothing_is_known_of_a_case_without_mail_and_people() -> None:
    assert find_telling("Quentin warned", COMMITTEE) == ()
    assert find_telling("Amara warned", COMMITTEE) == (Telling("name", "Amara"),)


GROWING: list[Callable[[int], str]] = [
    lambda n: "a" * n,
    lambda n: "A'" * (n // 2),
    lambda n: "Quentin " * (n // 8),
    lambda n: "amara " * (n // 6),
    lambda n: "1 " * (n // 2),
    lambda n: "1/" * (n // 2),
    lambda n: "+" * n,
    lambda n: "a." * (n // 2),
    lambda n: "é " * (n // 2),
]


@pytest.mark.parametrize("grow", GROWING, ids=range(len(GROWING)))
def test_a_long_text_does_not_keep_everybody_else_waiting(grow: Callable[[int], str]) -> None:
    """Eight times the text may take some forty times as long, not the sixty-four of a square."""

    def seconds(size: int) -> float:
        text = grow(size)
        start = time.process_time()
        find_telling(text, COMMITTEE, people=PEOPLE, texts=(text, *TEXTS))
        return time.process_time() - start

    short = min(seconds(2_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(2)) < 40 * max(short, 0.001)
