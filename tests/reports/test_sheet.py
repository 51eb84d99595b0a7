"""The status sheet: seven columns, the same rows in every form, and no form in which a cell does anything."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from cocmail.core import acts
from cocmail.core.case import Case, apply, fold
from cocmail.core.events import CaseOpened, EntryFiled, Event, MemberAdmitted, MemberRecused, MemberWithheld
from cocmail.core.model import Member
from cocmail.reports import sheet
from cocmail.reports.sheet import Row

HEADS = ["Safety risk?", "Risk of repeating?", "Status", "Code Name", "Date & Time", "Actions needed", "Resolution"]
AT = datetime(2026, 7, 7, 8, 30, tzinfo=UTC).isoformat()
JUN = Member("jun", "Jun Sato", "jun@example.net")
SEEN = EntryFiled("m1", "reporter", "report", screened=("jun jun@example.net",))
BAN = "Temporary ban for the remainder of the event, reevaluate attendance for next year"
HOME = Row("home shelf", "Ongoing", "Yes", "Maybe", "2026-07-07 08:30", "Team is on the lookout", BAN)
BULB = Row("stunned bulb", "Resolved", "No", "No", "2026-07-07 20:00", "-", "Verbal warning")

# What a spreadsheet program would run, or take for something else than text.
FORMULAS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", '=HYPERLINK("http://x.example")', "\uff1d1", "\t=1", "\r=1"]
MARKUP = ["<script>alert(1)</script>", "a & b", '"><img src=x>', "<r><t>x</t></r>", "</t></si></sst>", "_x0041_"]
ODD = ["", "\x00\x1b[2J", "\ud800", "\uffff", "\u202egnp", "👍 naïve ひ", "x" * 40_000]


def a_case(*done: Event, name: str = "home shelf", audience: str = "committee", at: str = AT) -> Case:
    return fold("c", [CaseOpened(name, "conduct@example.org", "m1", audience, at), *done])


def passed(number: int = 1) -> tuple[Event, Event]:
    asked = acts.QuestionOpened(number, "outcome", "jun", AT, AT, "majority", "cleared", "none", 0, "f", "p", "c", "r")
    return asked, acts.QuestionClosed(number, "passed", "all-voted", AT, 1, 0, 0, 0, 1)


def saying(text: str) -> Row:
    return Row("home shelf", "Ongoing", "Yes", "Maybe", "2026-07-07 08:30", text, text)


def in_csv(*listed: Row) -> list[list[str]]:
    octets = sheet.as_csv(listed)
    assert octets.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))


def in_xlsx(*listed: Row) -> list[list[str]]:
    """The cells of the workbook, read with nothing but a ZIP and an XML reader; each has to be a string."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(sheet.as_xlsx(listed))) as book:
        for member in book.namelist():
            ElementTree.fromstring(book.read(member))
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml")).findall(f"{space}si")
        texts = ["".join(found.text or "" for found in each.iter(f"{space}t")) for each in strings]
        lines = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).findall(f".//{space}row")
    cells = [[cell for cell in line if cell.find(f"{space}v") is not None] for line in lines]
    assert all(cell.get("t") == "s" and cell.find(f"{space}f") is None for line in cells for cell in line)
    return [[texts[int(cell.findtext(f"{space}v", ""))] for cell in line] for line in cells]


class Page(HTMLParser):
    """The tags and attributes of a page, and the text of its cells."""

    def __init__(self, octets: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.all = octets.decode("utf-8")
        self.feed(self.all)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] in (["td"], ["th"]) and data.strip():
            self.cells[-1] += data


# What a row says


def test_a_case_that_nobody_has_judged_may_be_anything() -> None:
    assert sheet.row(a_case()).cells == ("Maybe", "Maybe", "Ongoing", "home shelf", "2026-07-07 08:30", "-", "-")


def test_the_row_follows_what_the_members_did() -> None:
    judged = acts.RiskJudged("jun", AT, safety="yes", repeat="no")
    needed = acts.ActionsSet("jun", AT, "Team is on the lookout")
    case = a_case(judged, needed, *passed(), acts.CaseResolved("jun", AT, "violation", "Verbal warning"))
    assert sheet.row(a_case(judged, *passed())).status == "Ongoing"
    assert sheet.row(case) == Row(
        "home shelf", "Resolved", "Yes", "No", "2026-07-07 08:30", "Team is on the lookout", "Verbal warning"
    )
    again = sheet.row(apply(case, acts.CaseReopened("jun", AT)))
    assert (again.status, again.resolution) == ("Ongoing", "-")


def test_what_was_no_report_stands_as_such_until_it_is_taken_up_again() -> None:
    dismissed = acts.CaseDismissed("jun", AT, "spam")
    row = sheet.row(a_case(dismissed))
    assert (row.status, row.resolution) == ("Resolved", "Not a report")
    row = sheet.row(a_case(dismissed, acts.CaseReopened("jun", AT)))
    assert (row.status, row.resolution) == ("Ongoing", "-")


def test_times_are_utc_whatever_the_clock_was_set_to() -> None:
    assert sheet.row(a_case(at="2026-07-07T08:30:59+02:00")).dates == "2026-07-07 06:30"


def test_a_row_cannot_steer_the_operators_terminal() -> None:
    row = sheet.row(a_case(acts.ActionsSet("jun", AT, "a\x1b[2J\nb\x00\u202ec\ud800")))
    assert row.actions == "a[2J bc\ufffd"


# Which cases are listed


def test_sealed_cases_and_those_of_one_member_are_in_nobodys_sheet() -> None:
    hidden = [a_case(SEEN, audience="one"), a_case(SEEN, audience="escrow")]
    assert sheet.rows(hidden) == sheet.rows_for(JUN, hidden) == []


def test_the_oldest_case_comes_first() -> None:
    cases = [a_case(name="b b", at="2026-02-02T00:00:00+00:00"), a_case(name="a a", at="2026-01-01T00:00:00+00:00")]
    assert [row.code_name for row in sheet.rows(cases)] == ["a a", "b b"]


def test_a_members_sheet_leaves_out_what_that_member_must_not_know_of() -> None:
    cases = [
        a_case(SEEN, MemberAdmitted("jun", "jun@example.net"), name="has it"),
        a_case(SEEN, MemberAdmitted("jun", "jun@example.net"), MemberRecused("jun"), name="withdrew"),
        a_case(SEEN, MemberWithheld("jun", "screened"), name="named in it"),
        a_case(EntryFiled("m1", "reporter", "report"), name="never looked for"),
    ]
    assert [row.code_name for row in sheet.rows_for(JUN, cases)] == ["has it", "withdrew"]
    assert len(sheet.rows(cases)) == 4


# The forms


def test_every_form_has_the_seven_columns_of_the_procedures_in_their_order() -> None:
    cells = [HEADS, list(HOME.cells), list(BULB.cells)]
    assert list(sheet.HEADS) == HEADS
    assert in_csv(HOME, BULB) == in_xlsx(HOME, BULB) == cells
    page = Page(sheet.as_html([HOME, BULB], "Cases"))
    assert page.cells == [cell for line in cells for cell in line]
    assert [re.split(r"  +", line.strip()) for line in sheet.as_text([HOME, BULB]).splitlines()] == cells


def test_an_empty_sheet_says_so() -> None:
    assert sheet.as_text([]) == sheet.as_mail([]) == "There is no case to list."
    assert "There is no case to list." in Page(sheet.as_html([], "Cases")).all
    assert in_csv() == in_xlsx() == [HEADS]


def test_in_a_mail_each_case_is_a_paragraph_that_fits_a_small_window() -> None:
    first, second = sheet.as_mail([HOME, BULB]).split("\n\n")
    assert second.splitlines() == [
        "Code Name: stunned bulb",
        "Safety risk? No",
        "Risk of repeating? No",
        "Status: Resolved",
        "Date & Time: 2026-07-07 20:00",
        "Actions needed: -",
        "Resolution: Verbal warning",
    ]
    assert all(len(line) <= 72 for line in first.splitlines())
    assert f"Resolution: {BAN}" in re.sub(r"\n +", " ", first)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_formula_comes_out_of_the_csv_file(text: str) -> None:
    cell = in_csv(saying(text))[1][5]
    assert cell.startswith("'") and cell.replace("'", "") == text


@pytest.mark.parametrize("between", [";", "\t", ';"'])
def test_nor_where_the_program_splits_at_another_sign(between: str) -> None:
    assert f"warned{between}'=1+1" in in_csv(saying(f"warned{between}=1+1"))[1][5]


@pytest.mark.parametrize("text", ["-", "Warned - twice", "2 + 2", "a@b", 'said "no"', "one, two; three"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert in_csv(saying(text))[1][5] == in_xlsx(saying(text))[1][5] == text


@pytest.mark.parametrize("text", [*FORMULAS, *MARKUP])
def test_the_workbook_holds_strings_alone(text: str) -> None:
    cell = in_xlsx(saying(text))[1][5]
    assert cell.replace("_x005F", "").strip() == text.strip()


def test_the_workbook_tells_nothing_of_who_made_it_where_or_when() -> None:
    octets = sheet.as_xlsx([HOME])
    with zipfile.ZipFile(io.BytesIO(octets)) as book:
        dates = {info.date_time for info in book.infolist()}
        core = book.read("docProps/core.xml").decode()
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    assert re.findall(r">([^<>\n]+)<", core) == ["2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]
    assert sheet.as_xlsx([HOME]) == octets


def test_the_workbook_never_touches_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in ("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, refuse)
    assert in_xlsx(HOME)[1][3] == "home shelf"


@pytest.mark.parametrize("text", MARKUP)
def test_the_page_shows_what_was_written_and_runs_and_fetches_nothing(text: str) -> None:
    page = Page(sheet.as_html([saying(text)], text))
    assert page.cells[7 + 5] == text
    assert set(page.tags) == set("html head meta title style body h1 table thead tbody tr th td".split())
    assert page.attributes == {"lang", "charset", "http-equiv", "content", "name", "scope", "data-head"}
    assert "//" not in page.all and "url(" not in page.all and "@import" not in page.all


@pytest.mark.parametrize("text", ODD)
def test_no_text_is_too_odd_for_any_form(text: str) -> None:
    rows = [sheet.row(a_case(acts.ActionsSet("jun", AT, text))), saying(text)]
    assert len(in_csv(*rows)) == len(in_xlsx(*rows)) == 3
    assert len(Page(sheet.as_html(rows, text)).cells) == 21
    assert sheet.as_mail(rows) and sheet.as_text(rows) and len(sheet.as_json(rows)) == 2
