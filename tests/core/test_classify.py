"""What a message is, by structure alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocmail.core.classify import DECIDING, Reason, classify_automatic, is_null_sender, looks_automatic
from cocmail.core.comments import without_comments
from cocmail.core.model import Door, Envelope, Mail, Wanted
from cocmail.core.trust import Proof
from cocmail.mail.parse import read, unparsable

SENT = Envelope(Door.SMTP, "c", "robin@visitors.example", ("conduct@example.org",))
NULL = Envelope(Door.SMTP, "c", "", ("conduct@example.org",))
ALIAS, TOKEN = Wanted(alias=True), Wanted(token="t" * 26)


def mail(**headers: str) -> Mail:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Mail(from_addresses=("robin@visitors.example",), headers=named, text="vacation, bounce, undeliverable")


@pytest.mark.parametrize(
    ("message", "envelope", "wanted", "proof", "reason"),
    [
        (mail(), SENT, ALIAS, Proof(), None),
        (mail(), NULL, ALIAS, Proof(), Reason.NULL_SENDER),
        (mail(auto_submitted="auto-replied (vacation)"), SENT, ALIAS, Proof(), Reason.AUTO_REPLY),
        (mail(auto_submitted="Auto-Replied; owner-email=x"), SENT, ALIAS, Proof(), Reason.AUTO_REPLY),
        (mail(auto_submitted="auto-generated"), SENT, ALIAS, Proof(), None),
        (mail(auto_submitted="no"), SENT, TOKEN, Proof(), None),
        (mail(auto_submitted="auto-generated"), SENT, TOKEN, Proof(), Reason.AUTOMATIC_TO_TOKEN),
        (mail(precedence="bulk"), SENT, TOKEN, Proof(), Reason.AUTOMATIC_TO_TOKEN),
        (mail(list_id="<x.example>"), SENT, TOKEN, Proof(), Reason.AUTOMATIC_TO_TOKEN),
        (mail(list_id="<x.example>"), SENT, Wanted(confirm="t" * 26), Proof(), Reason.AUTOMATIC_TO_TOKEN),
        (mail(), NULL, TOKEN, Proof(), Reason.AUTOMATIC_TO_TOKEN),
        (mail(x_autoreply="yes"), SENT, ALIAS, Proof(), Reason.AUTO_REPLY),
        (mail(precedence="auto_reply"), SENT, ALIAS, Proof(), Reason.AUTO_REPLY),
        (mail(), SENT, Wanted(bounce="t" * 26), Proof(), Reason.BOUNCE_ADDRESS),
        (mail(), SENT, ALIAS, Proof(spam=True), Reason.SPAM),
        (mail(), SENT, TOKEN, Proof(spam=True), None),
    ],
)
def test_what_is_filed_and_what_is_not(
    message: Mail, envelope: Envelope, wanted: Wanted, proof: Proof, reason: Reason | None
) -> None:
    assert classify_automatic(message, envelope, wanted, proof) is reason


@pytest.mark.parametrize(
    ("report_type", "reason"),
    [
        ("delivery-status", Reason.DELIVERY_REPORT),
        ("disposition-notification", Reason.READ_RECEIPT),
        ("feedback-report", Reason.FEEDBACK_REPORT),
    ],
)
def test_reports_by_programs_are_known_by_their_mime_type(report_type: str, reason: Reason) -> None:
    report = Mail(content_type="multipart/report", report_type=report_type)
    assert classify_automatic(report, SENT, ALIAS, Proof()) is reason


def test_words_in_a_report_never_make_it_automatic() -> None:
    assert not looks_automatic(Mail(subject="Out of office", text="I am on vacation. Mailer-Daemon. Undeliverable."))


@pytest.mark.parametrize("local", ["mailer-daemon", "owner-list", "list-request", "no-reply", "noreply-123"])
def test_nobody_answers_a_robot(local: str) -> None:
    assert looks_automatic(Mail(from_addresses=(f"{local}@example.com",)))


def test_a_delivery_report_that_does_not_name_its_kind_is_not_answered() -> None:
    assert looks_automatic(Mail(content_type="multipart/report"))


@pytest.mark.parametrize(
    "head",
    [
        b"Auto-Submitted: no\nAuto-Submitted: auto-replied\n",
        b"Auto-Submitted:\nAuto-Submitted: auto-generated\nAuto-Submitted: auto-replied\n",
        b"Auto-Submitted: (a (nested\\) ) comment) auto-replied; owner-email=x\n",
        b"X-Loop: a\n" * 10_000 + b"Auto-Submitted: auto-replied\n",
        (b"X-Loop: " + b"a" * 490_000 + b"\n") * 3 + b"Precedence: auto_reply\n",
        b"Precedence: normal\nPrecedence: auto-reply (away)\n",
    ],
)
def test_a_vacation_reply_was_taken_for_a_person_for_what_stood_above_it(head: bytes) -> None:
    for message in (read(head + b"From: robin@visitors.example\n\nAway."), unparsable(head + b"\nAway.")):
        assert classify_automatic(message, SENT, ALIAS, Proof()) is Reason.AUTO_REPLY


@pytest.mark.parametrize(
    ("head", "automatic"),
    [
        (b"Precedence: normal\nPrecedence: bulk\n", True),
        (b"X-Loop: a\n" * 10_000 + b"List-Id: <x.example>\n", True),
        (b"Auto-Submitted: no\nAuto-Submitted: (by nobody) no\nPrecedence: normal\n", False),
    ],
)
def test_list_mail_was_taken_for_a_persons_for_what_stood_above_it(head: bytes, automatic: bool) -> None:
    assert looks_automatic(read(head + b"\nNews.")) is automatic


@pytest.mark.parametrize("told", [b"delivery-status", b'"Delivery-Status"', b"delivery-status (it failed)"])
def test_a_delivery_report_that_cannot_be_parsed_was_answered(told: bytes) -> None:
    raw = b"Content-Type: Multipart/Report (a); boundary=b; report-type=" + told + b"\n\n--b\n\nfailed\n--b--\n"
    for message in (read(raw), unparsable(raw)):
        assert classify_automatic(message, SENT, ALIAS, Proof()) is Reason.DELIVERY_REPORT


@pytest.mark.parametrize(("path", "null"), [("<>", True), ("< >", True), ("<> (nobody)", True), ("<a@b.c>", False)])
def test_nobody_sent_it_however_a_return_path_says_so(path: str, null: bool) -> None:
    fetched = Envelope(Door.IMAP, "c", None, ("conduct@example.org",))
    assert is_null_sender(mail(return_path=path), fetched) is null


@settings(max_examples=200, deadline=None)
@given(st.text('a"(\\) ;/='))
def test_no_structured_value_raises(value: str) -> None:
    for endless in (False, True):
        assert len(without_comments(value, endless=endless)) == len(value)
    unparsable(b"Content-Type: multipart/report" + value.encode() + b"\n\n")


@pytest.mark.parametrize(
    ("value", "plain", "endless"),
    [
        ("a (b (c) d) e", "a           e", "a           e"),
        ('a "(b)" (c)', 'a "(b)"    ', 'a "(b)"    '),
        (r"a (\) b) c", "a        c", "a        c"),
        ("a (b (c) d", "a (b     d", "a         "),
        ('a (5" long) b', "a           b", "a           b"),
        ('a " (b) c', 'a "     c', 'a "     c'),
        ("a) b", "a) b", "a) b"),
    ],
)
def test_a_comment_is_what_everybody_takes_for_one(value: str, plain: str, endless: str) -> None:
    assert (without_comments(value), without_comments(value, endless=True)) == (plain, endless)


@pytest.mark.parametrize("unit", ["(", '"', '("', '"(', "()", "(a\\", '\\"', '")', '(")'])
def test_comments_without_end_take_no_longer_than_others(unit: str) -> None:
    begun = time.process_time()
    without_comments(unit * (100_000 // len(unit)))
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    "kind", ["multipart/report(x)", "multipart/report (a/b; c)", "(x) multipart/report", "multipart/report(x"]
)
def test_a_comment_behind_its_type_had_a_delivery_report_answered(kind: str) -> None:
    raw = f"Content-Type: {kind}; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n--b--\n".encode()
    for message in (read(raw), unparsable(raw)):
        assert looks_automatic(message)
        assert classify_automatic(message, SENT, ALIAS, Proof()) is Reason.DELIVERY_REPORT


@pytest.mark.parametrize(
    "head", ["X-Auto-Reply: NO (x)", "X-Vacation: off", "X-Vacation: Off (now)", "X-Autoreply: N", 'X-Autoreply: "no"']
)
def test_who_writes_by_a_program_that_says_it_is_no_responder_was_filed_unread(head: str) -> None:
    message = read(f"{head}\nFrom: robin@visitors.example\n\nIt happened again.".encode())
    assert classify_automatic(message, SENT, ALIAS, Proof()) is None
    assert not looks_automatic(message)


def test_no_flood_hides_a_field_by_which_a_program_is_known() -> None:
    names = [f"{name}id" if name.endswith("-") else name for name in DECIDING]
    flooded = read(b"X-Loop: a\n" * 10_001 + "".join(f"{name}: all\n" for name in names).encode() + b"\nhello")
    assert [name for name in names if not flooded.values(name)] == []
