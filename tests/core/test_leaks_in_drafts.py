"""What a letter to the reporter is stopped for, and what it may say.

Each row names what would have happened to people had the letter left (or, for the rows of what may be said, had it been
stopped).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cocmail.core.leaks import Leak, find_leaks
from cocmail.core.model import Committee, Member, Policy

TOKEN = "k7m2q4x6a5z3b7c2d4e6f5g3hj"
COMMITTEE = Committee(
    "c",
    "Example Project Code of Conduct Committee",
    "conduct@example.org",
    Policy("basic", {}),
    (
        Member("amara", "Amara Obi", "amara@example.net", also=("a.obi@work.example",)),
        Member("jose", "José Álvarez", "josé@xn--mnchen-3ya.example", also=("j@xn--strae-oqa.example",)),
    ),
    aliases=("coc@example.org",),
)
THEIRS = (
    "Hello,\nsomebody shouted at me at the dinner last night, and nobody of the staff said anything at all.\nRobin",
    "We have received your report and will answer within a week.",
)
OURS = (
    "I talked to the speaker: it was about the seating. I would not make too much of it, to be honest.",
    "> somebody shouted at me at the dinner last night, and nobody of the staff said anything at all\nThat is bad.",
    "スピーカーと話しました。座席のことが原因だったようです。",
)


def leaks(draft: str, *, code_name: str = "home shelf", ours: tuple[str, ...] = OURS) -> list[tuple[str, str]]:
    found = find_leaks(draft, COMMITTEE, code_name, theirs=THEIRS, ours=ours)
    return [(leak.kind, leak.words) for leak in found]


# A member's private address gets the answer: mail that the others never see, or a stranger's anger at home.
@pytest.mark.parametrize(
    "written",
    [
        "amara@example.net",
        "AMARA@Example.Net",
        "amara@ example.net",
        "amara @ example . net",
        "amara (at) example.net",
        "amara [at] example [dot] net",
        "amara {at} example (dot) net",
        "amara at example dot net",
        "Amara <at> example.net",
        "a.obi@work.example",
        "a [dot] obi (AT) work [DOT] example",
        "ａｍａｒａ＠ｅｘａｍｐｌｅ．ｎｅｔ",
        "am\u200bara@exam\u00adple.net",
        "amara\u2060@\ufeffexample.net",
        "amara@\nexample.net",
        "mailto:amara@example.net",
        "mailto:amara%40example.net",
        "amara&#64;example.net",
        "amara+list@example.net",
        "amara@example。net",
        "josé@münchen.example",
        "jose@munchen.example",
        "josé@xn--mnchen-3ya.example",
        "jose\u0301@mu\u0308nchen.example",
        "j@straße.example",
    ],
)
def test_a_members_own_address_does_not_leave(written: str) -> None:
    for draft in (f"Write to {written}.", f"<{written}>", f"_{written}_", f"- {written}, please", written):
        assert leaks(draft) == [("member-address", written)], draft


# Whoever holds a reply address writes into the case as that person, or learns a handle.
@pytest.mark.parametrize(
    "written",
    [
        f"conduct+{TOKEN}@example.org",
        f"Conduct+{TOKEN.upper()}@Example.ORG",
        f"coc+{TOKEN}@example.org",
        f"conduct+confirm-{TOKEN}@example.org",
        "conduct+not-amara@example.org",
        "conduct+amara@example.org",
        "conduct+escrow@example.org",
        f"mailto:conduct+{TOKEN}@example.org",
        f"mailto:conduct%2B{TOKEN}%40example.org",
        f"conduct+{TOKEN} (at) example [dot] org",
        f"conduct +{TOKEN}@example.org",
        f"conduct+\n{TOKEN}@example.org",
        f"conduct+{TOKEN[:9]}\u200b{TOKEN[9:]}@example.org",
    ],
)
def test_nobody_outside_is_given_an_address_that_opens_the_case(written: str) -> None:
    assert leaks(f"Please answer to {written}?subject=x") == [("reply-address", written)]


# With the code name somebody outside can point at the case: in the hallway, or to a member who was kept from it.
@pytest.mark.parametrize(
    "written",
    [
        "home shelf",
        "Home Shelf",
        "HOME SHELF",
        "home-shelf",
        "home_shelf",
        "home  shelf",
        "home\u00a0shelf",
        "home\nshelf",
        "homeshelf",
        "HomeShelf",
        "home\u200bshelf",
        "ho\u00adme shelf",
        "home\u2011shelf",
        "home – shelf",
        "home/shelf",
        "home%20shelf",
        "*home* shelf",
        "ｈｏｍｅ ｓｈｅｌｆ",
    ],
)
def test_the_name_of_the_case_stays_inside(written: str) -> None:
    shown = written.removeprefix("*")
    for draft in (f"About [{written}]: we met.", f"It is {written}.", written):
        assert leaks(draft) == [("code-name", shown)], draft


@pytest.mark.parametrize(
    ("reason", "draft", "expected"),
    [
        (
            "what a member said in confidence reaches the reporter",
            "Dear Robin,\n> I would not make too much of it\nWe will talk to the person.",
            [("quoted", "I would not make too much of it")],
        ),
        (
            "one line of a member hides among the reporter's own",
            "> somebody shouted at me at the dinner\n> Nobody believes that.\n> last night",
            [("quoted", "Nobody believes that")],
        ),
        (
            "the reporter learns who of the committee wrote, and when",
            "On Sat, 21 Nov 2026 at 10:00, Amara Obi wrote:\n> somebody shouted at me at the dinner last night",
            [("quoted", "On Sat, 21 Nov 2026 at 10:00, Amara Obi wrote")],
        ),
        (
            "a program that marks no quotes sends the mail below along",
            "We met.\n\nOn Sat, 21 Nov 2026 at 10:00, Amara Obi wrote:\n\nLet us drop it.",
            [("quoted", "On Sat, 21 Nov 2026 at 10:00, Amara Obi wrote")],
        ),
        (
            "Outlook puts the whole discussion below the letter",
            "We met.\n\nFrom: Amara Obi\nSent: 21 November 2026 10:00\nTo: Conduct\nSubject: x\n\nLet us drop it.",
            [("quoted", "From: Amara Obi\nSent: 21 November 2026 10:00\nTo: Conduct\nSubject: x\n\nLet us drop it")],
        ),
        ("a quote of two words is overlooked", "> drop it\nWe met.", [("quoted", "drop it")]),
        (
            "a member's sentence is copied without a mark",
            "Dear Robin, it was about the seating. I would not make too much of it, frankly.",
            [("thread", "it was about the seating. I would not make too much of it")],
        ),
        (
            "a member's sentence is copied in capitals, across lines, with other marks",
            "IT WAS ABOUT\nTHE SEATING - I\nWOULD NOT insist.",
            [("thread", "IT WAS ABOUT\nTHE SEATING - I\nWOULD NOT")],
        ),
        (
            "a member's sentence is copied with a character that nobody sees",
            "it was ab\u200bout the seating. I would",
            [("thread", "it was ab\u200bout the seating. I would")],
        ),
        (
            "a member's sentence in a language without spaces is copied",
            "座席のことが原因だったようです。",
            [("thread", "座席のことが原因だったようです")],
        ),
        (
            "the same passage is copied twice and fills the receipt",
            "it was about the seating. I would — it was about the seating. I would",
            [("thread", "it was about the seating. I would")],
        ),
        (
            "two passages are taken for one and the second is overlooked",
            "I talked to the speaker: it was. We met. I would not make too much of it",
            [("thread", "I talked to the speaker: it was"), ("thread", "I would not make too much of it")],
        ),
        (
            "a marked and an unmarked passage are named twice",
            "> I would not make too much of it, to be honest.",
            [("quoted", "I would not make too much of it, to be honest")],
        ),
        (
            "several leaks in one letter: the second and third leave after the first was mended",
            "home shelf: write to amara@example.net\n> drop it",
            [("code-name", "home shelf"), ("member-address", "amara@example.net"), ("quoted", "drop it")],
        ),
    ],
)
def test_what_the_committee_said_among_itself_stays_inside(
    reason: str, draft: str, expected: list[tuple[str, str]]
) -> None:
    assert leaks(draft) == expected, reason
    assert leaks(draft.replace("\n", "\r\n")) == expected, "as a program for Windows sends it"


@pytest.mark.parametrize(
    "draft",
    [
        "Dear Robin,\nwe talked with the person who shouted. It was not acceptable.\nThe committee",
        "> somebody shouted at me at the dinner last night\nWe are sorry that nobody helped.",
        "> Hello,\n> somebody shouted at me at\n> the dinner last night, and\n>\n> nobody of the staff\nYes.",
        "> We have received your report\nThat was on Monday.",
        "You write: “somebody shouted at me at the dinner last night, and nobody of the staff said anything at all”.",
        "Write to conduct@example.org, coc@example.org or mailto:conduct@example.org.",
        "Write to misconduct+x@example.org or conduct+x@example.com.",
        "sam.amara@example.net and xamara@example.net and amara@example.network are other people.",
        "Amara Obi will call you.",
        "I went home. Shelf space was short, and the home of the shelf was lost.",
        "That is nohome shelfish.",
        "I would not make too much, to be honest.",
        "It was about the seating.",
        "Yours, on behalf of the Example Project Code of Conduct Committee",
        "座席のことについて",
        "",
        "\n\n",
        ">\n> \n>>\n",
    ],
)
def test_a_letter_that_says_what_it_may_is_not_stopped(draft: str) -> None:
    signed = (*OURS, "Signed on behalf of the Example Project Code of Conduct Committee, Amara")
    assert leaks(draft, ours=signed) == []


def test_what_is_hidden_in_the_fold_of_a_quoted_line_is_found_all_the_same() -> None:
    assert ("member-address", "amara@\n> example.net") in leaks("> amara@\n> example.net")
    assert ("code-name", "home\n> shelf") in leaks("> the home\n> shelf case")


def test_a_long_passage_is_shown_by_its_beginning() -> None:
    passage = " ".join(f"word{number}" for number in range(400))
    [(kind, words)] = leaks(f"Dear Robin, {passage}. Bye", ours=(passage,))
    assert kind == "thread"
    assert passage.startswith(words + " ")
    assert 100 < len(words) <= 120
    [(_, words)] = leaks("> " + "x" * 500)
    assert words == "x" * 120


def test_ten_places_are_shown_and_the_first_ones() -> None:
    draft = "\n".join(f"> line {number} of the thread\nand so on" for number in range(30))
    assert leaks(draft) == [("quoted", f"line {number} of the thread") for number in range(10)]


def test_a_draft_without_a_case_has_no_code_name_to_hide() -> None:
    assert leaks("the home shelf", code_name="") == []
    assert leaks("about my home shelf", code_name="home-shelf") == [("code-name", "home shelf")]


def test_texts_may_be_handed_over_one_by_one() -> None:
    found = find_leaks("> drop it", COMMITTEE, "home shelf", theirs=iter(["Please drop it!"]), ours=iter(()))
    assert found == ()
    assert find_leaks("> drop it", COMMITTEE, "", theirs=(), ours=()) == (Leak("quoted", "drop it"),)


GROWING: list[Callable[[int], str]] = [
    lambda n: "a" * n,
    lambda n: "é " * (n // 2),
    lambda n: "amara " * (n // 6),
    lambda n: "amara+" * (n // 6),
    lambda n: "conduct+" * (n // 8),
    lambda n: "amara" + " " * n,
    lambda n: "home " * (n // 5),
    lambda n: "home" + "-" * n,
    lambda n: "it was about the seating I would not " * (n // 37),
    lambda n: "> it was about\n" * (n // 15),
    lambda n: "> somebody shouted\nx\n" * (n // 21),
    lambda n: "".join(f"> {number}\n" for number in range(n // 7)),
    lambda n: "座席" * (n // 2),
    lambda n: "„" * n,
    lambda n: '"a' * (n // 2),
]


@pytest.mark.parametrize("grow", GROWING, ids=range(len(GROWING)))
def test_a_long_draft_does_not_keep_everybody_else_waiting(grow: Callable[[int], str]) -> None:
    """Eight times the text may take some forty times as long, not the sixty-four of a square."""

    def seconds(size: int) -> float:
        text = grow(size)
        start = time.process_time()
        find_leaks(text, COMMITTEE, "home shelf", theirs=(text, *THEIRS), ours=(text, *OURS))
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    assert min(seconds(32_000) for _ in range(2)) < 40 * max(short, 0.001)
