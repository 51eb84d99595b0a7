"""Thirty letters that would have told on somebody, each stopped, and thirty that say what they may, each let through.

One case: Robin Vale reports Kit Larsen. Dana Cole saw it. Zee and Søren Müller were harmed as well. The members
talked about it, Dana and Kit have been written to and have answered. Every letter goes through the decision itself,
with files as people attach them.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import pytest

from cocmail.core import acts, events
from cocmail.core.commands.call import Call
from cocmail.core.commands.texts import attached
from cocmail.core.model import Attachment, Door, Envelope, Mail, Wanted
from cocmail.core.setting import Message
from cocmail.core.tags import Tag
from cocmail.core.trust import Proof
from core.desk import AT, CASE, Desk, committee, lines, members, opened
from files import File, docx, jpeg, paragraph, pdf, png

REPORT = """Shouted at behind the registration desk

On Friday evening, at the end of the spring meeting, Kit Larsen came up to me behind the registration desk and shouted
at me because I had closed the queue at nine. Kit called me "a useless little clerk" and kicked over the crate with the
name badges. Dana from the catering crew saw all of it and gave me a paper napkin with a unicorn on it, because I could
not stop crying. I do not want to work next to Kit again.
Robin Vale"""
FOLLOW_UP = """Kit did the same to others at the autumn sprint, in the kitchen with the broken kettle, over a borrowed
soldering iron. I do not know whether they want to be named."""
TALK = {
    "m3": "I have known Kit for years, and I would not make too much of one bad evening, to be honest.",
    "m4": "We should ask the venue for the recording of the door before we write to anybody at all.",
}
OF_DANA = "I was stacking the dessert trays when the crate went over, and Robin was as white as chalk."
OF_KIT = "I had slept three hours and the badge printer had swallowed my speaker notes, that is all there is to it."
OF_SAM = "As a witness I can say that the keynote ran late and the corridor lights were off by then."


@cache
def desk() -> Desk:
    """The case as it stands when the letters are drafted. Nothing is carried out on it."""
    place = committee(people=members("amara", "jun", "noor", "sam"))
    told: list[events.Event] = [
        *opened("amara", "jun", "noor", people=place.members)[1:],
        events.ReporterKnown("robin.vale@visitors.example", "Robin Vale", True),
        events.TokenIssued("reporter", "rt", "robin.vale@visitors.example"),
        *(
            events.PartyNamed(role, name, "amara", AT)
            for role, name in (
                ("reported", "Kit Larsen"),
                ("witness", "Dana Cole"),
                ("harmed", "Zee"),
                ("harmed", "Søren Müller"),
            )
        ),
        acts.ScopeJudged("amara", AT, "in"),
        acts.RiskJudged("amara", AT, "no", "maybe"),
        acts.ContactNoted(1, "reported", "Kit Larsen", "kit@acme.example", "amara", AT),
        acts.ContactNoted(2, "witness", "Dana Cole", "dana.cole@catering.example", "amara", AT),
        acts.ContactNoted(3, "third", "The venue", "office@hall.example", "amara", AT),
    ]
    filed = [("m2", "reporter", "follow-up"), ("m3", "member:jun", "discussion"), ("m4", "member:noor", "discussion")]
    filed += [("m5", "contact:2", "answer"), ("m6", "contact:1", "answer"), ("m7", "witness:sam", "answer")]
    told += [events.EntryFiled(entry, author, kind, f"<{entry}@x.example>", ()) for entry, author, kind in filed]
    case = Desk.at(place, *opened("amara", "jun", "noor", people=place.members)[:1], *told)
    case.texts = {"m1": REPORT, "m2": FOLLOW_UP, **TALK, "m5": OF_DANA, "m6": OF_KIT, "m7": OF_SAM}
    return case


def fresh() -> Desk:
    """The same case, for tests in which something is carried out."""
    return Desk(desk().committee, desk().case, texts=dict(desk().texts), _numbers=itertools.count(50))


def drafted(tag: str, text: str, file: File | None = None) -> dict[str, object]:
    """The receipt's line on a draft by Amara."""
    enclosed = () if file is None else (Attachment(file.name, file.kind, len(file.content), file.content),)
    (line,) = lines(desk().look("amara", tag, text, number=40, attached=enclosed))
    return line


KIT, ROBIN, DANA, VENUE = "#reported", "#reporter", '#contact "Dana Cole"', '#contact "The venue"'
LETTER = "Dear Kit, please look at what is attached. Two of us see to it."
UPDATE = "Dear Robin, please look at what is attached."
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Robin V.</dc:creator></r:Description></r:RDF></x:xmpmeta>'
)
FORWARDED = """Dear Kit, please see below.

From: Jun Sato <jun@acme.example>
Sent: Saturday, 21 November 2026 10:00
To: Conduct
Subject: Committee case

Let us drop it."""
TRACKED = '<w:p><w:ins w:author="Amara"><w:r><w:t>We are all of one mind.</w:t></w:r></w:ins></w:p>'

LEAKS: list[tuple[str, str, str, File | None, str, str]] = [
    ("the surname alone", KIT, "Dear Kit, what Vale told us is serious.", None, "reporter", "Vale"),
    ("the given name, genitive", KIT, "Dear Kit, Robin's evening was ruined.", None, "reporter", "Robin"),
    ("as accounts are called", KIT, "Dear Kit, see the thread of @rvale.", None, "reporter", "rvale"),
    ("the name run together", KIT, "Dear Kit, see chat.example/RobinVale22.", None, "reporter", "Robin Vale"),
    ("a nickname given as a party", KIT, "Dear Kit, Zee was hurt as well.", None, "reporter", "Zee"),
    ("the surname without its marks", KIT, "Dear Kit, Soeren Mueller was hurt.", None, "reporter", "Søren Müller"),
    ("a letter of another alphabet", KIT, "Dear Kit, R\u043ebin was hurt.", None, "reporter", "Robin"),
    ("the witness", KIT, "Dear Kit, Dana saw you.", None, "reporter", "Dana"),
    ("the address in a signature", KIT, "Please stop.\n\n-- \nrobin.vale (at) visitors.example", None,
     "private-address", "robin.vale (at) visitors.example"),
    ("a member's address in a signature", KIT, "Please stop.\n\n-- \nAmara\namara@example.net", None,
     "member-address", "amara@example.net"),
    ("a sentence of the report", KIT, "Dear Kit, you kicked over the crate with the name badges.", None,
     "thread", "kicked over the crate with the name badges"),
    ("a rare phrase of the report", KIT, "Dear Kit, somebody needed a paper napkin with a unicorn.", None,
     "phrase", "a paper napkin with a unicorn"),
    ("a rare phrase of the follow-up", KIT, "Dear Kit, it was over a borrowed soldering iron.", None,
     "phrase", "over a borrowed soldering iron"),
    ("what the witness answered", KIT, "Dear Kit, somebody was stacking the dessert trays.", None,
     "phrase", "was stacking the dessert trays"),
    ("what a member said", KIT, "Dear Kit, we would not make too much of one bad evening.", None,
     "thread", "would not make too much of one bad evening"),
    ("a quoted sentence", KIT, "Dear Kit,\n> ask the venue\nPlease stop.", None, "quoted", "ask the venue"),
    ("the forwarded thread", KIT, FORWARDED, None, "quoted", "From: Jun Sato"),
    ("the name of the case", KIT, "Dear Kit, we call it home-shelf.", None, "code-name", "home-shelf"),
    ("to the reporter: whom they did not name", ROBIN, "Dear Robin, Zee has written, too.", None, "unnamed", "Zee"),
    ("to the reporter: a surname they did not give", ROBIN, "Dear Robin, Dana Cole wrote.", None, "unnamed", "Cole"),
    ("to the reporter: words of the reported person", ROBIN, "Dear Robin, the badge printer had swallowed notes.", None,
     "phrase", "the badge printer had swallowed"),
    ("to the witness: who reported it", DANA, "Dear Dana, Robin gave us your name.", None, "reporter", "Robin"),
    ("the author of a PDF", KIT, LETTER, pdf(Author="R. V."), "mark", "Author: R. V."),
    ("the artist of a photograph", KIT, LETTER, jpeg(Artist="somebody"), "mark", "Artist: somebody"),
    ("where a photograph was taken", KIT, LETTER, jpeg(place=True), "mark", "GPS position"),
    ("XMP of a picture", KIT, LETTER, png(xmp=XMP), "mark", "creator: Robin V."),
    ("who changed a Word file", KIT, LETTER, docx(body=TRACKED), "mark", "ins by: Amara"),
    ("a name in the text of a PDF", KIT, LETTER, pdf(words="Notes of the talk\nwith Robin"), "reporter", "Robin"),
    ("a name cut in two by Word", KIT, LETTER, docx(body=paragraph("Ro", "bin")), "reporter", "Robin"),
    ("a name in the name of a file", KIT, LETTER, png("kit_vs_robin.png"), "reporter", "Robin"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "text", "file", "kind", "words"), [row[1:] for row in LEAKS], ids=[row[0] for row in LEAKS]
)
def test_a_letter_that_tells_on_somebody_is_stopped(
    tag: str, text: str, file: File | None, kind: str, words: str
) -> None:
    line = drafted(tag, text, file)
    assert line["outcome"] == "leaks", line
    found = line["words"]
    assert isinstance(found, list)
    assert any(each["kind"] == kind and words in each["words"] for each in found), found
    assert all(each["where"] == (file.name if file else "") for each in found)


CLEAN: list[tuple[str, str, str, File | None]] = [
    ("the incident, in neutral words", KIT, """Dear Kit,

we write to you for the committee; two of us see to this. On Friday evening, at the end of the spring meeting, you
shouted at somebody behind the registration desk and kicked a crate. That frightened people. We ask you not to raise
your voice at volunteers again. If it happens again, you will not come to the next meeting. Please do not try to find
out who told us, and write to nobody about this but to us.""", None),
    ("the words that were said", KIT, 'Dear Kit, you called somebody "a useless little clerk". That hurts.', None),
    ("a question", KIT, "Dear Kit, what happened at the registration desk on Friday evening, as you saw it?", None),
    ("a short note", KIT, "Dear Kit, thank you for your answer. We meet on Monday and will write to you again.", None),
    ("their own words back", KIT, """Dear Kit,
you write: "I had slept three hours and the badge printer had swallowed my speaker notes". That explains it, and
does not excuse it.""", None),
    ("a consequence", KIT, "Dear Kit, until the end of next year you do not take part in our meetings.", None),
    ("how to object", KIT, "Dear Kit, you can ask us to look at it again within two weeks; answer this mail.", None),
    ("the committee's own address", KIT, "Dear Kit, write to conduct@example.org if you have questions.", None),
    ("an apology that is not passed on", KIT, "Dear Kit, we have your apology. We do not pass it on.", None),
    ("who the committee is", KIT, "Dear Kit, Amara Obi and Jun Sato of the committee will call you.", None),
    ("in German", KIT, """Guten Tag, wir haben eine Meldung über den Freitagabend erhalten. Bitte schreiben Sie uns, wie
Sie den Abend erlebt haben, und sprechen Sie mit niemandem sonst darüber.""", None),
    ("a name within other words", KIT, "Dear Kit, that it is prevalent elsewhere is no excuse.", None),
    ("everyday words in a row", KIT, "Dear Kit, I do not know whether you want to talk to us about it.", None),
    ("the autumn sprint", KIT, "Dear Kit, we also talk about the autumn sprint, as we have heard of it since.", None),
    ("a plan", KIT, "Dear Kit, we propose a talk with a mediator before the next meeting, at our expense.", None),
    ("an update", ROBIN, "Dear Robin, we have talked with Kit Larsen, who will not be at the next meeting.", None),
    ("the outcome", ROBIN, """Dear Robin, we found that Kit broke our rules on Friday evening. Kit was warned and will
not help at the registration desk. If Kit writes to you, please tell us.""", None),
    ("a question on the report", ROBIN, 'Dear Robin, you write that Kit kicked over "the crate with the name badges". '
     "Was anybody hurt by it?", None),
    ("who saw it, as the reporter told", ROBIN, "Dear Robin, may we ask Dana from the catering crew about it?", None),
    ("no violation", ROBIN, "Dear Robin, we could not find out what happened. We are sorry, and here is why.", None),
    ("nothing new", ROBIN, "Dear Robin, there is nothing new this week. You hear from us on Friday.", None),
    ("help", ROBIN, "Dear Robin, if you wish, somebody walks with you between the hall and the hotel.", None),
    ("the reporter's own words", ROBIN, "> I do not want to work next to Kit again.\nYou will not have to.", None),
    ("a question to the witness", DANA, "Dear Dana, were you at the registration desk on Friday evening?", None),
    ("thanks to the witness", DANA, "Dear Dana, thank you. Your dessert trays are safe with us.", None),
    ("to the venue", VENUE, "Dear all, please keep the recording of Friday evening until we have looked at it.", None),
    ("a measure, to the venue", VENUE, "Dear all, please do not let Kit Larsen in at the next meeting.", None),
    ("with a PDF", KIT, LETTER, pdf(words="Our rules\nBe kind.", Producer="LibreOffice", Title="Rules")),
    ("with a picture of the screen", KIT, LETTER, png(Software="gnome-screenshot")),
    ("with a photograph without personal data", ROBIN, UPDATE, jpeg(Orientation=1, Software="GIMP")),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "text", "file"), [row[1:] for row in CLEAN], ids=[row[0] for row in CLEAN])
def test_a_letter_that_says_what_it_may_goes_out(tag: str, text: str, file: File | None) -> None:
    line = drafted(tag, text, file)
    assert line["outcome"] == "draft", line
    assert line["files"] == ([file.name] if file else [])


def test_there_are_thirty_of_each() -> None:
    assert len(LEAKS) == len(CLEAN) == 30


@pytest.mark.parametrize(
    ("told", "text", "words"),
    [
        ("My number is +49 30 5550-1724.", "Dear Kit, call 030 55501724.", ["030 55501724"]),
        (
            "Write to me at foxglove@mail.example.",
            "Dear Kit, write to FoxGlove (at) mail.example.",
            ["FoxGlove (at) mail"],
        ),
        ("It was on 2026-11-20 at 21:30, build 4711.", "Dear Kit, it was on 2026-11-20 at 21:30, build 4711.", []),
        ("Kit wrote from kit@acme.example.", "Dear Kit, you wrote from kit@acme.example.", []),
    ],
)
def test_addresses_and_numbers_that_a_report_holds_stay_in_it(told: str, text: str, words: list[str]) -> None:
    case = fresh()
    case.texts["m2"] = told
    (line,) = lines(case.look("amara", KIT, text, number=60))
    found = line.get("words", [])
    assert isinstance(found, list)
    assert [each["words"][: len(word)] for each, word in zip(found, words, strict=True)] == words


@pytest.mark.parametrize(
    ("name", "address", "text", "stopped"),
    [
        ("", "robin.vale@visitors.example", "Dear Kit, Vale was hurt.", True),
        ("robin@visitors.example", "robin@visitors.example", "Dear Kit, Robin was hurt.", True),
        ("Foxglove", "rv@visitors.example", "Dear Kit, foxglove was hurt.", True),
        ("Robin Vale", "dark.phoenix@visitors.example", "Dear Kit, it was dark.", False),
        (
            "Conference Support",
            "info@visitors.example",
            "Dear Kit, thank you for your support of the conference.",
            False,
        ),
        ("Kit Vale", "kv@visitors.example", "Dear Kit Larsen, please stop.", False),
        ("Kit Vale", "kv@visitors.example", "Dear Kit Larsen, Vale was hurt.", True),
    ],
)
def test_by_what_a_reporter_is_known(name: str, address: str, text: str, stopped: bool) -> None:
    case = fresh()
    case.adds(events.ReporterKnown(address, name, True))
    (line,) = lines(case.look("amara", KIT, text, number=60))
    assert (line["outcome"] == "leaks") is stopped, line


def test_a_member_who_is_a_witness_is_named_to_nobody() -> None:
    for tag, text in ((KIT, "Dear Kit, Sam Reyes was in the corridor."), (ROBIN, "Dear Robin, Sam told us of it.")):
        assert drafted(tag, text)["outcome"] == "leaks"


def test_whom_a_decision_names_the_reporter_does_not_learn_by_it() -> None:
    case = fresh()
    rule, parts = ("amara", AT, AT, "majority", "cleared", "none", 0), ("Kit hurt Zee.", "A talk.", "A warning.")
    case.adds(acts.QuestionOpened(1, "outcome", *rule, *parts))
    case.adds(acts.QuestionClosed(1, "passed", "all-voted", AT, 3, 0, 0, 0, 3))
    (line,) = lines(case.look("amara", ROBIN, "Dear Robin, we found: Kit hurt Zee. A warning.", number=60))
    assert line["outcome"] == "leaks"
    (line,) = lines(case.look("amara", ROBIN, "Dear Robin, we found: Kit hurt others. A warning.", number=60))
    assert line["outcome"] == "draft"


def test_what_was_noted_after_the_draft_stops_it_when_it_is_to_be_sent() -> None:
    case = fresh()
    file = png(Software="the desk of Amy")
    enclosed = (Attachment(file.name, file.kind, len(file.content), file.content),)
    case.does("amara", KIT, "Dear Kit, ask Toni for the picture.", attached=enclosed)
    case.adds(events.PartyNamed("witness", "Toni Amy", "noor", AT))
    (line,) = lines(case.does("jun", "#send D1", runs=False))
    assert line["outcome"] == "leaks"
    found = line["words"]
    assert isinstance(found, list)
    assert [(each["words"], each["where"]) for each in found] == [("Toni", ""), ("Amy", file.name)]


def test_a_letter_does_not_go_without_what_everybody_saw_with_it() -> None:
    case = fresh()
    file = png()
    case.does("amara", KIT, LETTER, attached=(Attachment(file.name, file.kind, 1, file.content),))
    seen, case.files = case.files, {}
    (line,) = lines(case.does("jun", "#send D1", runs=False))
    assert line["outcome"] == "files-changed"
    case.files = {entry: tuple(replace(each, digest="0" * 64) for each in found) for entry, found in seen.items()}
    (line,) = lines(case.does("jun", "#send D1", runs=False))
    assert line["outcome"] == "files-changed"
    case.files = seen
    decision = case.does("jun", "#send D1")
    (letter,) = [letter for letter in decision.letters if letter.kind == "outreach"]
    assert letter.files == tuple(each.digest for each in seen[letter.entry])


def test_more_files_than_a_letter_carries_are_refused() -> None:
    file = png()
    many = tuple(Attachment(f"{number}.png", file.kind, 1, file.content) for number in range(11))
    (line,) = lines(desk().look("amara", KIT, LETTER, number=40, attached=many))
    assert line["outcome"] == "files-too-much"
    large = png().content + b"\0" * 7_000_000
    (line,) = lines(desk().look("amara", KIT, LETTER, number=40, attached=(Attachment("a.png", file.kind, 1, large),)))
    assert line["outcome"] == "files-too-much"


def test_a_letter_whose_files_could_not_be_looked_into_is_not_drafted() -> None:
    message = Message(
        "m40",
        Mail(text=LETTER, attachments=(Attachment("a.png", "image/png", 1),)),
        Envelope(Door.SMTP, "c", "", ()),
        Wanted(),
        Proof(),
    )
    call = Call(desk().plan(), message, CASE, desk().committee.members[0], Tag("reported"))
    assert attached(call) == ((), {"outcome": "files-unread", "refused": True, "names": ["a.png"]})


def test_what_is_missing_in_a_letter_to_the_reported_person_is_hinted_at_and_does_not_stop_it() -> None:
    first, last = CLEAN[0][2], CLEAN[3][2]
    for text, missing in ((first, []), (last, ["impact", "change", "consequence", "contact", "two"])):
        letters = desk().look("amara", KIT, text, number=40).letters
        assert [letter.words["missing"] for letter in letters if letter.kind == "draft"] == [missing] * 3
