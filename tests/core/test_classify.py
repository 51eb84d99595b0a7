"""What a message is, by structure alone."""

from __future__ import annotations

import pytest

from cocmail.core.classify import Reason, classify_automatic, looks_automatic
from cocmail.core.model import Door, Envelope, Mail, Wanted
from cocmail.core.trust import Proof

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
