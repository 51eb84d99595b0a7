"""What an SMTP peer can rely on: the dialogue, the envelope, and who is turned away."""

from __future__ import annotations

import asyncio
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from cocmail.core.model import Door, Envelope
from cocmail.doors.connection import Connection
from cocmail.doors.conversation import Conversation

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REPORT = b"Subject: what happened\r\n\r\nIt was in the hall.\r\n"


async def test_a_report_is_taken_and_the_envelope_says_how_it_came(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin("Conduct+jun@Example.org", sender="ana@example.com")
    assert await peer.ask(REPORT + b".\r\n") == "250 2.0.0 Stored"
    expected = Envelope(
        Door.SMTP, "conduct@example.org", "ana@example.com", ("Conduct+jun@Example.org",), "127.0.0.1", NOW
    )
    assert house.shelf.kept == [((expected,), REPORT)]


async def test_the_stock_client_of_the_standard_library_can_send(house: Any) -> None:
    door = await house.open()
    host, _, port = door.address.rpartition(":")
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("It was in the hall.\n.\n..two dots\n")

    def send() -> dict[str, Any]:
        with smtplib.SMTP(host, int(port)) as client:
            return client.send_message(message, "ana@example.com", ["conduct@example.org"])

    assert await asyncio.to_thread(send) == {}
    assert house.shelf.kept[0][1].endswith(b"It was in the hall.\r\n.\r\n..two dots\r\n")


async def test_the_greeting_offers_what_works_and_tells_no_version(house: Any) -> None:
    peer = await house.call(await house.open())
    assert await peer.hear() == "220 mx.example.org ESMTP"
    offered = [line[4:] for line in (await peer.ask("EHLO peer.example.com")).split("\n")]
    assert offered == [
        "mx.example.org", "SIZE 36700160", "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8",
    ]  # fmt: skip


async def test_old_peers_may_say_helo(house: Any) -> None:
    peer = await house.call(await house.open())
    assert await peer.greet("HELO") == "250 mx.example.org"
    await peer.begin()
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")


@pytest.mark.parametrize("recipient", ["ana@example.com", "conductor@example.org", "conduct", "", "postmaster"])
async def test_an_address_that_is_not_ours_is_refused_without_a_word_about_it(house: Any, recipient: str) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.ask("MAIL FROM:<ana@example.com>")
    assert await peer.ask(f"RCPT TO:<{recipient}>") == "550 5.1.1 No such address"
    assert await peer.ask("DATA") == "503 5.5.1 Wrong order of commands"


async def test_the_null_sender_may_write_to_us(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin("conduct+bounce-x@example.org", sender="")
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")
    (((envelope,), _),) = house.shelf.kept
    assert envelope.sender == ""


async def test_a_hundred_recipients_are_taken_and_a_flood_is_told_to_come_in_parts(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.ask("MAIL FROM:<ana@example.com>")
    answers = [await peer.ask(f"RCPT TO:<conduct+{number}@example.org>") for number in range(257)]
    assert {answer[:3] for answer in answers[:256]} == {"250"}
    assert answers[256].startswith("452 4.5.3")
    assert (await peer.ask("DATA")).startswith("354")
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")
    assert len(house.shelf.kept[0][0][0].recipients) == 256


async def test_recipients_of_two_committees_make_two_envelopes_of_one_message(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin("ethics@example.net", "conduct+jun@example.org", "ethics+not-li@example.net")
    assert await peer.ask(REPORT + b".\r\n") == "250 2.0.0 Stored"
    ((envelopes, _),) = house.shelf.kept
    assert [(e.committee, e.recipients) for e in envelopes] == [
        ("ethics@example.net", ("ethics@example.net", "ethics+not-li@example.net")),
        ("conduct@example.org", ("conduct+jun@example.org",)),
    ]


async def test_a_failure_of_the_intake_answers_a_bare_451_and_the_connection_goes_on(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    for trouble in (RuntimeError("secret path of ana@example.com"), OSError(28, "disk full"), ConnectionError("db"),
                    EOFError(), asyncio.CancelledError(), MemoryError()):  # fmt: skip
        house.shelf.trouble = trouble
        await peer.begin()
        assert await peer.ask(REPORT + b".\r\n") == "451 4.3.0 Try again later"
    house.shelf.trouble = None
    await peer.begin()
    assert await peer.ask(REPORT + b".\r\n") == "250 2.0.0 Stored"
    assert len(house.shelf.kept) == 1
    assert len(house.failures) == 6


@pytest.mark.parametrize("trouble", [ValueError("ana"), ConnectionError("ana"), EOFError("ana")])
async def test_a_failure_to_look_an_address_up_answers_a_bare_451(house: Any, trouble: Exception) -> None:
    def fail(address: str) -> str | None:
        raise trouble

    house.shelf.committee_of = fail
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.ask("MAIL FROM:<ana@example.com>")
    assert await peer.ask("RCPT TO:<conduct@example.org>") == "451 4.3.0 Try again later"
    assert (await peer.ask("NOOP")).startswith("250")


async def test_nothing_is_answered_before_the_intake_has_stored_it(house: Any) -> None:
    house.shelf.may_go_on.clear()
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.begin()
    await peer.say(REPORT + b".\r\n")
    await house.shelf.reached.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(peer.reader.read(1)), 0.05)


async def test_many_commands_may_come_in_one_packet(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    one = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<conduct@example.org>\r\nRCPT TO:<no@example.org>\r\nDATA\r\n"
    await peer.say(one + REPORT + b".\r\n" + one + b"second\r\n.\r\nQUIT\r\n")
    answers = [await peer.hear() for _ in range(11)]
    assert [a[:3] for a in answers] == ["250", "250", "550", "354", "250", "250", "250", "550", "354", "250", "221"]
    assert [raw for _, raw in house.shelf.kept] == [REPORT, b"second\r\n"]
    assert await peer.is_cut_off()


async def test_a_peer_may_close_its_half_and_still_hears_all_answers(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.say(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<conduct@example.org>\r\nDATA\r\n" + REPORT + b".\r\nQUIT\r\n")
    peer.writer.write_eof()
    assert [(await peer.hear())[:3] for _ in range(7)] == ["220", "250", "250", "250", "354", "250", "221"]
    assert len(house.shelf.kept) == 1


async def test_commands_tell_nothing_about_who_is_here(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    assert (await peer.ask("VRFY conduct@example.org")) == (await peer.ask("VRFY nobody@example.org"))
    assert (await peer.ask("VRFY x"))[:3] == "252"
    assert (await peer.ask("EXPN conduct"))[:3] == "502"
    assert await peer.ask("HELP") == "214 2.0.0 See RFC 5321"
    assert (await peer.ask("AUTH PLAIN AGEAYg=="))[:3] == "502"
    assert await peer.ask("<script>") == "500 5.5.2 Command not recognized"


async def test_a_command_line_too_long_is_refused_and_the_dialogue_goes_on(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    for length in (5000, 70_000, 5_000_000):
        assert await peer.ask(b"MAIL FROM:<" + b"a" * length + b"@example.com>\r\n") == "500 5.5.2 Line too long"
    await peer.begin()
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")


async def test_who_only_talks_nonsense_is_shown_out(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    await peer.say(b"GET / HTTP/1.1\r\n" * 30)
    answers = [await peer.hear() for _ in range(21)]
    assert answers[19].startswith("500") and answers[20].startswith("421 4.7.0")
    assert await peer.is_cut_off()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL FROM:<a@example.com> SIZE=36700161", "552 5.3.4"),
        ("MAIL FROM:<a@example.com> SIZE=36700160 BODY=8BITMIME SMTPUTF8", "250 2.1.0"),
        ("mail from: <a@example.com>", "250 2.1.0"),
        ("MAIL FROM:a@example.com", "250 2.1.0"),
        ("MAIL FROM:<@relay.example.com,@other.example:a@example.com>", "250 2.1.0"),
        ('MAIL FROM:<"a b>c"@example.com> SIZE=12', "250 2.1.0"),
        ("MAIL FROM:<a@example.com> SIZE=big", "501 5.5.4"),
        ("MAIL FROM:<a@example.com> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<a@example.com> RET=HDRS", "555 5.5.4"),
        ("MAIL FROM:<a@example.com", "501 5.5.4"),
        ("MAIL FROM:", "501 5.5.4"),
        ("MAIL TO:<a@example.com>", "501 5.5.4"),
        ("MAIL", "501 5.5.4"),
        ("MAIL FROM:<a\rb@example.com>", "501 5.1.7"),
        ("MAIL FROM:<a\0b@example.com>", "501 5.1.7"),
        ("RCPT TO:<conduct@example.org>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("NOOP whatever", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
    ],
)
async def test_each_command_has_its_answer(house: Any, command: str, answer: str) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    assert (await peer.ask(command)).startswith(answer)


async def test_every_answer_carries_an_enhanced_code(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    words = ("NOOP", "RSET", "VRFY x", "EXPN x", "HELP", "HELP MAIL", "X", "MAIL", "RCPT", "DATA", "AUTH", "STARTTLS")
    for command in (*words, "QUIT"):
        code, enhanced, _ = (await peer.ask(command)).split(" ", 2)
        assert enhanced[0] == code[0] and enhanced.count(".") == 2


async def test_mail_before_a_greeting_and_twice_is_out_of_order(house: Any) -> None:
    peer = await house.call(await house.open())
    await peer.hear()
    assert (await peer.ask("MAIL FROM:<>")).startswith("503")
    await peer.ask("EHLO x")
    assert (await peer.ask("MAIL FROM:<>")).startswith("250")
    assert (await peer.ask("MAIL FROM:<>")).startswith("503")
    assert (await peer.ask("RCPT TO:<conduct@example.org> NOTIFY=NEVER")).startswith("555")
    await peer.ask("RSET")
    assert (await peer.ask("RCPT TO:<conduct@example.org>")).startswith("503")


@pytest.mark.parametrize(
    ("written", "read"),
    [("żółw@przykład.pl".encode(), "żółw@przykład.pl"), ("jörg@example.com".encode("latin-1"), "jörg@example.com")],
)
async def test_an_address_beyond_ascii_can_always_be_encoded_again(house: Any, written: bytes, read: str) -> None:
    peer = await house.call(await house.open())
    await peer.greet()
    assert (await peer.ask(b"MAIL FROM:<" + written + b"> SMTPUTF8\r\n")).startswith("250")
    assert (await peer.ask("RCPT TO:<conduct+żółw@example.org>")).startswith("250")
    await peer.ask("DATA")
    assert (await peer.ask(REPORT + b".\r\n")).startswith("250")
    envelope = house.shelf.kept[0][0][0]
    assert envelope.sender == read and envelope.sender.encode()
    assert envelope.recipients == ("conduct+żółw@example.org",)


def test_no_command_of_the_library_is_left_to_answer_in_its_own_way() -> None:
    ours = {*vars(Connection), *vars(Conversation)}
    theirs = {name for name in vars(SMTP) if name.startswith("smtp_") or name in ("handle_exception", "_handle_client")}
    assert len(theirs) > 10 and theirs <= ours
