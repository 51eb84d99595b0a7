"""Nothing automatic is answered, runs anything or speaks for a member; and no report is taken for a vacation reply."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email.header import Header
from functools import cache
from pathlib import Path

import pytest

from cocmail.core.automatic import is_out_of_office
from cocmail.core.classify import Reason
from cocmail.core.decide import decide
from cocmail.core.effects import Decision
from cocmail.core.events import EntryFiled
from cocmail.core.model import REPORTER, Door, Envelope, Mail, Wanted, member_person
from cocmail.core.setting import Grant, Known, Message, Question, Reference, Setting
from cocmail.core.trust import Proof, Verdict
from cocmail.mail.parse import read
from core.automatic_mail import PEOPLE, SAMPLES
from core.desk import ADDRESS, ALIAS, CASE, CODE, NOW, CountingDraw, Desk, changed, committee, opened

SUBJECT = f"[{CODE}] Committee case"
AT_THE_ALIAS = {
    "filed": {Reason.AUTO_REPLY},
    "case": {Reason.REPORT_AUTOMATIC},
    "listed": {Reason.NULL_SENDER},
    "person": {Reason.REPORT, Reason.REPORT_RELATED},
}
FILED = {Reason.AUTO_REPLY, Reason.AUTOMATIC_TO_TOKEN, Reason.DELIVERY_REPORT, Reason.READ_RECEIPT}
CORPUS = Path(os.environ.get("COCMAIL_CORPUS") or Path(__file__).resolve().parents[2].parent / "shared" / "corpora")
ROBIN = "robin@visitors.example"


every_sample = pytest.mark.parametrize(
    ("header", "subject", "kind"), [each[1:] for each in SAMPLES], ids=[each[0] for each in SAMPLES]
)


@cache
def desk() -> Desk:
    return Desk.at(committee(), *opened("amara", "jun"))


def sample(header: str, subject: str, author: str) -> Mail:
    written = Header(subject, "utf-8").encode() if not subject.isascii() else subject
    raw = (
        f"{header}From: Somebody <{author}>\nTo: {ALIAS}\nSubject: {written}\nMessage-ID: <a1@visitors.example>\n"
        "In-Reply-To: <ours@example.org>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nI am away until Monday.\n"
    )
    return read(raw.replace("\n", "\r\n").encode())


def decided(mail: Mail, wanted: Wanted, known: Known) -> Decision:
    sender = None if "return-path" in dict(mail.headers) else "x@visitors.example"
    envelope = Envelope(Door.IMAP if sender is None else Door.SMTP, ALIAS, sender, (ALIAS,), received_at=NOW)
    proof = Proof(mail.from_addresses[0], "dmarc", Verdict.PASS) if mail.from_addresses else Proof()
    place = desk()
    return decide(Message("m9", mail, envelope, wanted, proof), Setting(place.committee, known, NOW, CountingDraw()))


def known(**more: object) -> Known:
    return replace(Known(cases={CASE: desk().case}, names={CODE: CASE}), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "subject", "kind"), [each[1:] for each in SAMPLES], ids=[each[0] for each in SAMPLES]
)
def test_automatic_mail_is_not_answered_and_runs_nothing(header: str, subject: str, kind: str) -> None:
    at_alias = decided(sample(header, subject.format("Your message"), ROBIN), Wanted(alias=True), Known())
    assert at_alias.reason in AT_THE_ALIAS[kind]
    assert subject.startswith("Re:") or not [each for each in at_alias.letters if each.kind == "ack"]
    from_jun = sample(header, subject.format(f"{SUBJECT} #own"), ADDRESS["jun"])
    grant = Grant(member_person("jun"), ADDRESS["jun"], CASE)
    question = Question("q", "m1", "jun", "#own", NOW + timedelta(hours=1), CASE, address=ADDRESS["jun"])
    answers = Reference(CASE, "forward", "member:jun")
    to_confirm = decided(from_jun, Wanted(confirm="q"), known(question=question))
    to_token = decided(from_jun, Wanted(token="t"), known(grant=grant, references=(answers,)))
    # Where a header says so it is filed; where the Subject alone does, and there is a tag in it, the member is asked.
    asked = kind == "person" and "{}" in subject
    assert is_out_of_office(subject) or not asked
    for decision, held in ((to_confirm, False), (to_token, asked)):
        assert decision.reason is Reason.HELD_UNPROVEN if held else decision.reason in FILED
        assert [each.kind for each in decision.letters] == (["confirm"] if held else [])
        assert not decision.changes and decision.release is None


@pytest.mark.parametrize(
    ("header", "subject", "kind"), [each[1:] for each in SAMPLES], ids=[each[0] for each in SAMPLES]
)
def test_what_a_reporters_program_answers_is_filed_or_passed_on_and_marked(
    header: str, subject: str, kind: str
) -> None:
    mail = sample(header, subject.format("Your message has arrived"), ROBIN)
    decision = decided(mail, Wanted(token="t"), known(grant=Grant(REPORTER, ROBIN, CASE)))
    if kind == "person":
        [entry] = [event for event in changed(decision) if isinstance(event, EntryFiled)]
        assert decision.reason is Reason.FOLLOW_UP and entry.automatic
        assert {each.to.handle for each in decision.letters} == {"amara", "jun"}
    else:
        assert decision.reason in FILED and not decision.letters


@pytest.mark.parametrize(("header", "subject"), [each[1:] for each in PEOPLE], ids=[each[0] for each in PEOPLE])
def test_no_persons_report_is_taken_for_a_vacation_reply(header: str, subject: str) -> None:
    decision = decided(sample(header, subject, ROBIN), Wanted(alias=True), Known())
    assert decision.reason is Reason.REPORT
    answer = known(references=(Reference(CASE, "ack", "reporter"),), party_cases=(CASE,))
    assert decided(sample(header, subject, ROBIN), Wanted(alias=True), answer).reason is Reason.FOLLOW_UP


def test_an_exchange_answer_to_a_letter_of_ours_is_no_entry_of_a_digest() -> None:
    header, subject = next((header, subject) for name, header, subject, _ in SAMPLES if name == "exchange-fr")
    ours = known(references=(Reference(CASE, "ack", "reporter"),))
    assert decided(sample(header, subject, ROBIN), Wanted(alias=True), ours).reason is Reason.AUTO_REPLY


def test_there_are_samples_of_many_programs_and_languages() -> None:
    assert len(SAMPLES) >= 40 and len({name for name, *_ in SAMPLES}) == len(SAMPLES)
    assert min(Counter(kind for *_, kind in SAMPLES).values()) > 5


@pytest.mark.parametrize("path", sorted(CORPUS.glob("sisimai/*rfc3834*.eml")), ids=lambda path: path.stem)
def test_vacation_replies_that_were_really_sent_are_not_answered(path: Path) -> None:
    mail = read(path.read_bytes())
    for wanted, what in (
        (Wanted(alias=True), Known()),
        (Wanted(token="t"), known(grant=Grant(member_person("jun"), ADDRESS["jun"], CASE))),
    ):
        decision = decided(mail, wanted, what)
        assert not [each for each in decision.letters if each.kind in ("ack", "receipt")]
        assert decision.reason in FILED | (set() if wanted.token else {Reason.REPORT_AUTOMATIC, Reason.NULL_SENDER})
