"""The case's document and its thread: the seven parts of the procedures, who is named how, and what stays sealed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from cocmail.core import acts
from cocmail.core.case import Case, fold
from cocmail.core.events import CaseOpened, EntryFiled, Event, MemberAdmitted, MemberRecused, MemberWithheld, PartyNamed
from cocmail.core.model import REPORTER, Attachment, Committee, Mail, Member, Person, Policy
from cocmail.reports.document import document
from cocmail.reports.thread import thread

AMARA, JUN, NOOR, IVO = (
    Member(handle, name, f"{handle}@example.net")
    for handle, name in (("amara", "Amara Obi"), ("jun", "Jun Sato"), ("noor", "Noor Haddad"), ("ivo", "Ivo Petrov"))
)
COMMITTEE = Committee("c", "Example Committee", "conduct@example.org", Policy("basic", {}), (AMARA, JUN, NOOR, IVO))
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)

PARTS = [
    "## 1. The report, and what the reporter added",
    "## 2. Summary of the committee's discussion, and whether it is in scope",
    "## 3. Proposed change of behaviour",
    "## 4. Proposed consequences",
    "## 5. Discussions with moderators, administrators and organisers",
    "## 6. Discussions with the reported person",
    "## 7. What was sent to the reporter",
]
MAILS = {
    "m1": Mail(
        subject="About last night",
        text="He shouted at me.\n\nThen he left.",
        date="Fri, 20 Nov 2026 23:00:00 +0100",
        attachments=(Attachment("photo.png", "image/png", 2048),),
    ),
    "m2": Mail(subject="Re: thanks", text="His badge said K.", date="Sat, 21 Nov 2026 01:30:00 +0100"),
    "m3": Mail(subject="Re: [home shelf]", text="I suggest we ask.", date="Sat, 21 Nov 2026 08:00:00 -0000"),
}
ENTRIES = (
    EntryFiled("m1", "reporter", "report"),
    EntryFiled("m2", "reporter", "follow-up"),
    EntryFiled("m3", "member:amara", "discussion"),
)


def at(hours: float = 0) -> str:
    return (datetime(2026, 11, 21, 8, 0, tzinfo=UTC) + timedelta(hours=hours)).isoformat()


def a_case(*done: Event) -> Case:
    opened = CaseOpened("home shelf", "conduct@example.org", "m1", "committee", at())
    admitted = [MemberAdmitted(each.handle, each.email) for each in (AMARA, JUN, NOOR)]
    return fold("c", [opened, *admitted, *done])


def opened(number: int, hours: float = 1, plan: str = "He writes to no newcomer.") -> acts.QuestionOpened:
    return acts.QuestionOpened(
        number, "outcome", "jun", at(hours), at(hours + 72), "two_thirds", "cleared", "majority", 2,
        "He shouted.", plan, "A warning.", "A ban.",
    )  # fmt: skip


def closed(number: int, result: str = "passed", hours: float = 2, why: str = "all-voted") -> acts.QuestionClosed:
    return acts.QuestionClosed(number, result, why, at(hours), 2, 1, 0, 0, 3)


def note(text: str, part: str = "note", by: str = "noor") -> acts.RemarkMade:
    return acts.RemarkMade(by, at(3), part, text, "2026-11-20")


def written(case: Case, mails: dict[str, Mail] = MAILS, committee: Committee = COMMITTEE) -> str:
    return document(case, committee, mails, NOW)


def part(number: int, text: str) -> str:
    """What is on record in one of the seven parts."""
    return re.split(r"(?m)^(?:To think of|Not on record).*$", whole(number, text))[0].strip()


def whole(number: int, text: str) -> str:
    """What stands in one of the seven parts, with what is still to be asked."""
    return re.split(r"(?m)^## .*$", text)[number].strip()


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("## ")]


# The seven parts


def test_the_title_is_the_code_name_and_the_document_is_dated() -> None:
    assert written(a_case()).startswith("# home shelf\n\nDocument of this case, as of 2026-11-22 09:00 UTC.\n")


def test_all_seven_parts_are_there_even_where_nothing_is_recorded() -> None:
    text = written(a_case())
    assert headings(text) == PARTS
    assert [part(number, text) for number in (1, 3, 4, 5, 6, 7)] == ["Nothing recorded."] * 6
    assert part(2, text).endswith("\n\nNothing recorded.")


def test_what_is_to_be_thought_of_stands_there_until_something_is_decided() -> None:
    text = written(a_case(*ENTRIES, PartyNamed("reported", "Kit", "jun", at(1)), note("Talk to him.", "plan")))
    assert "who was harmed" in whole(1, text) and "whom it is about" not in whole(1, text)
    assert "in danger?" in whole(3, text) and whole(3, text).index("Talk to him.") < whole(3, text).index("in danger?")
    assert whole(4, text).count("\n- ") == 7
    decided = written(a_case(*ENTRIES, opened(1), closed(1)))
    assert "To think of:" not in decided and "Not on record" not in decided


def test_the_first_part_holds_what_the_reporter_wrote_and_when_and_nobody_elses_words() -> None:
    assert part(1, written(a_case(*ENTRIES))) == (
        "The report (received 2026-11-21 08:00 UTC):\n\n    Subject: About last night\n\n"
        "    He shouted at me.\n\n    Then he left.\n\nAttached:\n- photo.png (image/png, 2048 bytes)\n\n"
        "The reporter added (dated 2026-11-21 00:30 UTC by its sender):\n\n    Subject: Re: thanks\n\n"
        "    His badge said K."
    )


def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    text = part(1, written(a_case(*ENTRIES), mails={}))
    assert text.count("(no longer kept)") == 2
    assert "The reporter added (its date is no longer kept):" in text


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (Mail(unreadable="encrypted"), "(encrypted: it could not be read)"),
        (Mail(unreadable="empty"), "(no text)"),
        (Mail(unreadable="unparsable", text="Half of it"), "(not all of it could be read)\n\n    Half of it"),
        (
            Mail(unreadable="too-long", text="Much"),
            "(too long to be read as a whole; some of its text is missing here)",
        ),
        (Mail(text=" \n\n "), "(no text)"),
    ],
)
def test_who_reads_the_document_learns_what_could_not_be_read(mail: Mail, said: str) -> None:
    assert said in part(1, written(a_case(*ENTRIES), mails={"m1": mail}))


def test_the_second_part_says_who_judged_what_and_when() -> None:
    case = a_case(
        acts.OwnerSet("amara", "primary", "noor", at(1)),
        acts.RiskJudged("amara", at(1), safety="yes", repeat="maybe"),
        acts.RiskJudged("jun", at(1), repeat="no"),
        acts.ScopeJudged("jun", at(1), "unsure"),
        acts.ScopeJudged("noor", at(2), "in"),
        acts.MarkedUrgent("jun", at(2)),
        acts.StatusSet("amara", at(2), "paused"),
        acts.ActionsSet("amara", at(2), "Ask the venue"),
        acts.ReporterAsked("amara", at(2), wants=False),
    )
    said = part(2, written(case))
    assert said.startswith(
        "- Status: open, urgent, paused\n- Scope: in scope\n- Safety risk: yes; risk of repeating: no\n"
        "- Owners: Amara Obi (first)\n"
    )
    assert said.partition("### Judgements and steps\n\n")[2].splitlines() == [
        "- 2026-11-21 09:00 UTC, Noor Haddad: the first owner is Amara Obi",
        "- 2026-11-21 09:00 UTC, Amara Obi: safety risk yes, risk of repeating maybe",
        "- 2026-11-21 09:00 UTC, Jun Sato: risk of repeating no",
        "- 2026-11-21 09:00 UTC, Jun Sato: unsure whether it is in scope",
        "- 2026-11-21 10:00 UTC, Noor Haddad: in scope",
        "- 2026-11-21 10:00 UTC, Jun Sato: it is urgent",
        "- 2026-11-21 10:00 UTC, Amara Obi: the case rests",
        "- 2026-11-21 10:00 UTC, Amara Obi: actions needed: Ask the venue",
        "- 2026-11-21 10:00 UTC, Amara Obi: the reporter wants no more mail",
    ]


def test_a_resolution_a_dismissal_and_a_new_start_are_on_record() -> None:
    ended = a_case(opened(1), closed(1), acts.CaseResolved("amara", at(4), "violation", "Verbal warning"))
    assert "Amara Obi: resolved as violation" in written(ended)
    assert "- Resolution in the status sheet: Verbal warning" in written(ended)
    again = written(a_case(acts.CaseDismissed("jun", at(1), "spam"), acts.CaseReopened("noor", at(2))))
    assert "Jun Sato: closed as no report (spam)" in again
    assert "Noor Haddad: the case is taken up again" in again


def test_a_note_stands_with_its_day_its_author_and_when_it_was_recorded() -> None:
    text = part(2, written(a_case(note("We met.\nAll agreed."))))
    assert text.endswith(
        "### Notes\n\nNote of 2026-11-20, written by Noor Haddad, 2026-11-21 11:00 UTC:\n\n    We met.\n    All agreed."
    )


def test_plans_and_consequences_stand_in_order_with_the_current_one_and_what_was_decided() -> None:
    case = a_case(
        note("Talk to him.", "plan"), note("Keep him out.", "plan"), note("A ban.", "consequence"), opened(1), closed(1)
    )
    plan = part(3, written(case))
    assert re.findall(r"(?m)^(\S.*?)(?: of|,).*:$", plan) == ["Proposal", "Current proposal", "Decided by Q1"]
    assert plan.endswith("Decided by Q1, 2026-11-21 10:00 UTC:\n\n    He writes to no newcomer.")
    assert part(4, written(case)).endswith("    A ban.\n\nDecided by Q1, 2026-11-21 10:00 UTC:\n\n    A warning.")


def test_a_decision_that_is_no_longer_in_force_is_only_history() -> None:
    reopened = a_case(opened(1), closed(1), acts.CaseReopened("noor", at(5)))
    assert part(3, written(reopened)) == part(4, written(reopened)) == "Nothing recorded."
    assert "Result: passed" in part(2, written(reopened))
    lost = a_case(opened(1), closed(1, "failed"))
    assert part(3, written(lost)) == "Nothing recorded."


def test_the_last_part_holds_the_letters_that_went_out_and_no_other() -> None:
    case = a_case(
        acts.DraftWritten(1, str(REPORTER), "amara", at(1), "Thank you.\nWe look at it."),
        acts.DraftWritten(2, str(REPORTER), "amara", at(2), "Never sent"),
        acts.DraftWritten(3, str(Person("third", "venue")), "amara", at(2), "To the venue"),
        acts.DraftSent(1, "jun", at(3)),
        acts.DraftSent(3, "jun", at(3)),
    )
    assert part(7, written(case)) == (
        "D1, written by Amara Obi, sent by Jun Sato, 2026-11-21 11:00 UTC:\n\n    Thank you.\n    We look at it."
    )


# What stays sealed


def test_a_question_shows_its_parts_its_rule_and_its_count_but_never_who_voted_what() -> None:
    case = a_case(opened(1), *(acts.BallotCast(1, who, "no", at(1.5)) for who in ("noor", "amara")), closed(1))
    text = part(2, written(case))
    assert text.partition("### Questions\n\n")[2] == (
        "#### Q1\n\nOpened by Jun Sato, 2026-11-21 09:00 UTC.\n\nFinding:\n\n    He shouted.\n\n"
        "Plan:\n\n    He writes to no newcomer.\n\nConsequence:\n\n    A warning.\n\nIf refused:\n\n    A ban.\n\n"
        "Rule: two_thirds, counted over: cleared; more than half must take part; 2 must\ntake part at least.\n\n"
        "Result: passed, 2026-11-21 10:00 UTC (everybody had voted).\n"
        "Yes: 2, No: 1, Abstain: 0, Not voted: 0, Base: 3"
    )
    assert "Noor" not in text and "Amara" not in text


def test_the_ballots_of_an_open_question_change_no_letter_of_the_document() -> None:
    before = a_case(*ENTRIES, opened(1))
    voted = a_case(
        *ENTRIES, opened(1), acts.BallotCast(1, "noor", "no", at(2)), acts.BallotCast(1, "jun", "yes", at(2))
    )
    assert written(before) == written(voted)
    assert "Open until 2026-11-24 09:00 UTC, or until everybody has voted." in written(voted)
    assert "Yes:" not in written(voted) and "Result:" not in written(voted)


def test_who_withdrew_or_is_withheld_is_a_number() -> None:
    case = a_case(MemberRecused("jun", "hard"), MemberWithheld("ivo", "screened"))
    text = written(case)
    assert "- Members who do not have this case: 1 withdrawn, 1 withheld" in text
    assert not re.search("Jun|Ivo|hard|screened", text)


# Names


def test_who_left_is_a_former_member_and_a_new_owner_of_the_handle_gets_no_words_of_others() -> None:
    case = a_case(*ENTRIES, note("We met.", by="jun"), acts.ScopeJudged("amara", at(1), "in"))
    newcomer = Member("amara", "Anna Other", "anna@example.net")
    changed = Committee("c", "Example Committee", "conduct@example.org", Policy("basic", {}), (newcomer, NOOR))
    text = written(case, committee=changed)
    assert "written by a former member, 2026-11-21 11:00 UTC:" in text
    assert "2026-11-21 09:00 UTC, a former member: in scope" in text
    assert "3. A former member wrote (dated 2026-11-21 08:00 UTC by its sender):" in thread(case, changed, MAILS)
    assert "Anna" not in text and "Anna" not in thread(case, changed, MAILS)


# The thread


def test_the_thread_holds_every_message_in_order_with_its_author() -> None:
    assert thread(a_case(*ENTRIES, EntryFiled("m4", "third:venue", "follow-up")), COMMITTEE, MAILS) == (
        "1. The reporter wrote (received 2026-11-21 08:00 UTC):\n\n    Subject: About last night\n\n"
        "    He shouted at me.\n\n    Then he left.\n\nAttached:\n- photo.png (image/png, 2048 bytes)\n\n"
        "2. The reporter wrote (dated 2026-11-21 00:30 UTC by its sender):\n\n    Subject: Re: thanks\n\n"
        "    His badge said K.\n\n"
        "3. Amara Obi wrote (dated 2026-11-21 08:00 UTC by its sender):\n\n    I suggest we ask.\n\n"
        "4. venue wrote (its date is no longer kept):\n\n(no longer kept)"
    )


def test_a_thread_without_a_message_says_so() -> None:
    assert thread(a_case(), COMMITTEE, {}) == "Nothing was written yet."


# Hostile content

BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("line_end", BREAKS, ids=ascii)
def test_nobody_can_write_a_heading_a_name_or_a_result_that_looks_like_ours(line_end: str) -> None:
    forged = line_end.join(["x", "## 2. Summary", "2. Jun Sato wrote:", "Result: passed", "- 2026, Jun Sato: in scope"])
    mail = Mail(text=forged, subject=forged, date=forged, attachments=(Attachment(forged, forged, 1),))
    case = a_case(
        *ENTRIES,
        note(forged),
        note(forged, "plan"),
        acts.ActionsSet("jun", at(1), forged),
        opened(1, plan=forged),
        acts.DraftWritten(1, str(REPORTER), "amara", at(1), forged),
        acts.DraftSent(1, "jun", at(3)),
    )
    mails = dict.fromkeys(MAILS, mail)
    assert headings(written(case, mails)) == PARTS
    for text in (written(case, mails), thread(case, COMMITTEE, mails)):
        ours = [line for line in text.splitlines() if not line.startswith("    ")]
        assert not any(line.startswith(("2. Jun", "Result:", "- 2026, Jun")) for line in ours)


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "Mon, 31 Feb 2026 10:00:00 +0000", "31 Dec 9999 23:00:00 -2300", "9" * 9000, "\0\n"],
    ids=ascii,
)
def test_a_date_that_is_none_keeps_nobody_from_reading(date: str) -> None:
    text = written(a_case(*ENTRIES), mails={"m2": Mail(text="Still here", date=date)})
    assert "The reporter added (not dated by its sender):" in text and "    Still here" in text


def test_our_own_lines_fit_and_peoples_lines_are_not_broken() -> None:
    long = "word " * 60
    mail = Mail(text=long, date="Sat, 21 Nov 2026 08:00:00 +0000")
    case = a_case(*ENTRIES, note(long), acts.ActionsSet("amara", at(1), long.strip()), opened(1))
    text = written(case, dict.fromkeys(MAILS, mail))
    assert all(len(line) <= 78 for line in text.splitlines() if not line.startswith("    "))
    assert text.count(f"    {long}") == 3
