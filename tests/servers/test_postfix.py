"""A report's way through real servers, set up by the blocks of the operator's guide, and back to people's mailboxes."""

from __future__ import annotations

import smtplib
from email import policy

import pytest

from mailservers import LOOK, Servers, answer, of_kind, results, results_of
from process_scene import House, letter, wait_until
from questions import MOTION
from scene import ALIAS, AUTHSERV

ROBIN = "robin@visitors.example"
# What somebody writes who wants to be taken for the border. Several, since filters have been known to leave some.
RESULT = "dkim=pass header.d=example.net header.i=@example.net header.s=m1 header.b=abcdefgh"
FORGED = "".join(
    f"{line}\r\n"
    for line in (
        f"Authentication-Results: {AUTHSERV}; {RESULT}; dmarc=pass header.from=example.net",
        f"Authentication-Results: {AUTHSERV}; {RESULT}",
        f"Authentication-Results: {AUTHSERV}; dmarc=pass (p=reject dis=none) header.from=example.net",
        f"Authentication-Results: (a; b) {AUTHSERV}; {RESULT}",
        f"Authentication-Results:\r\n {AUTHSERV.upper()} 1; {RESULT}",
        f'AUTHENTICATION-RESULTS: "{AUTHSERV}"; {RESULT}',
        f"Authentication-Results : {AUTHSERV}; {RESULT}",
    )
).encode()


def decided(house: House, reason: str, count: int = 1) -> None:
    """Waits until so many messages were decided for that reason."""

    def reached() -> bool:
        return sum(event["reason"] == reason for event in house.events("decided")) >= count

    wait_until(reached, f"{count} decided as {reason}")


def report(servers: Servers, house: House, text: str = "Somebody shouted at me.", to: str = ALIAS) -> None:
    # The envelope alone says it, as with a blind copy.
    servers.outside(letter(ROBIN, text, proven=False), ROBIN, to)
    decided(house, "report")


def test_a_report_goes_to_mailboxes_and_a_members_answer_to_the_others(servers: Servers, house: House) -> None:
    report(servers, house)
    forward = servers.wait("jun", of_kind("forward"), "the report")
    assert "Somebody shouted at me." in forward.text
    assert "dkim=pass" in results(forward) and "header.d=example.org" in results(forward)
    acknowledged = servers.wait("robin", of_kind("ack"), "the acknowledgement")
    assert acknowledged.message["Return-Path"] == "<>"
    assert "dkim=pass" in results(acknowledged)
    servers.member(answer(forward, "I will call them."), "jun@example.net", str(forward.message["Reply-To"]))
    heard = servers.wait("amara", lambda mail: "I will call them." in mail.text, "what Jun wrote")
    assert heard.kind == "forward"
    decided(house, "discussion")
    # Sam's server knows no Sam. What our own server says of that belongs to the letters, and nobody is written to yet.
    decided(house, "letter-came-back", count=2)
    assert [event["reason"] for event in house.events("decided")].count("report") == 1
    assert len(house.cases()) == 1
    servers.all_arrives(house)
    told = [mail.text for name in ("amara", "jun", "noor", "ivo", "robin") for mail in servers.inbox(name)]
    assert not [text for text in told if "undeliver" in text.lower()]


def test_a_signed_ballot_counts_and_a_forged_one_is_asked_about(servers: Servers, house: House) -> None:
    report(servers, house)
    moved = answer(servers.wait("amara", of_kind("forward"), "the report"), MOTION, "#motion outcome")
    servers.member(moved, "amara@example.net", str(moved["To"]))
    ballot = answer(servers.wait("jun", of_kind("vote"), "the question"), "", "#vote yes")
    servers.member(ballot, "jun@example.net", str(ballot["To"]))
    receipt = servers.wait("jun", of_kind("receipt"), "the receipt")
    assert "Q1" in receipt.text
    decided(house, "command", count=2)

    for_ivo = servers.wait("ivo", of_kind("vote"), "the question")
    forged = answer(for_ivo, "", "#vote no").as_bytes().replace(b"\n", b"\r\n")
    servers.outside(FORGED + forged, "ivo@example.net", str(for_ivo.message["Reply-To"]))
    assert "#vote q1 no" in servers.wait("ivo", of_kind("confirm"), "the question back").text
    decided(house, "held-unproven")
    servers.all_arrives(house)
    assert not [mail for mail in servers.inbox("ivo") if mail.kind == "receipt"]
    assert [event["reason"] for event in house.events("decided")].count("command") == 2


def test_the_border_puts_two_results_on_top_and_takes_forged_ones_out(servers: Servers, house: House) -> None:
    raw = letter("jun@example.net", "Look.", proven=False).as_bytes(policy=policy.SMTP)
    servers.outside(FORGED + raw, "jun@example.net", LOOK)
    seen = servers.wait("robin", lambda mail: "Look." in mail.text, "a look at what the border makes of it")
    above, below = results_of(AUTHSERV, seen)
    assert [result.split()[1] for result in above] == ["dmarc=fail", "dkim=none;"], above
    assert below == []


def test_who_is_left_out_by_the_address_gets_nothing(servers: Servers, house: House) -> None:
    report(servers, house, "Somebody shouted at me.", "conduct+not-amara@example.org")
    servers.wait("jun", of_kind("forward"), "the report")
    servers.all_arrives(house)
    assert servers.inbox("amara") == []


def test_the_border_refuses_what_would_have_to_be_returned_and_takes_what_people_send(
    servers: Servers, house: House
) -> None:
    mail = letter(ROBIN, "Somebody shouted at me.", proven=False)
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="User unknown"):
        servers.outside(mail, ROBIN, "conducts@example.org")
    with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
        servers.outside(mail.as_bytes() + b"x" * 36_000_001, ROBIN, ALIAS)
    # A form of a web site has no envelope sender, and who has an address beyond ASCII has something to report too.
    servers.outside(mail, "", ALIAS)
    decided(house, "null-sender")
    sender = "rené@visitors.example"
    raw = f"From: {sender}\r\nTo: {ALIAS}\r\nSubject: Über\r\n\r\nSomebody shouted at me.\r\n".encode()
    servers.outside(raw, sender, ALIAS, utf8=True)
    decided(house, "report")
