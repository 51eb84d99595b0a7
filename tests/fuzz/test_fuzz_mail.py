"""Whatever bytes come as a mail: subjects, addresses and the whole of it are read, and nothing of it gets into ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import strategies as st

from cocmail.core import subjects
from cocmail.core.effects import Letter
from cocmail.core.model import Committee, Mail, Person, Policy
from cocmail.core.tags import TABLE
from cocmail.mail import frames
from cocmail.mail.address import LOCAL_MAX, extension, mailboxes_in, normal, sole_mailbox, wanted
from cocmail.mail.compose import compose
from cocmail.mail.domain import DOMAIN_MAX
from cocmail.mail.parse import SUBJECT_MAX, read, unparsable
from fuzz.fuzzing import hammer, hammered

OWN = ("home shelf", "stunned bulb")
ALIASES = ("conduct@example.org", "coc@example.org")
HANDLES = ("amara", "jun")
TOKEN = "abcdefghijklmnopqrstuvwxyz"
LINE_ENDS = re.compile("[\r\n\x0b\x0c\x85\u2028\u2029]")

# A Subject, as it stands on the wire

TAGS = [f"#{row.name}".encode() for row in TABLE]
WORDS = [
    *TAGS, b"yes", b"Q1", b"@jun", b"2026-11-21", b'"x"', b"[home shelf]", b"Re:", b"Fwd:", b"=?utf-8?q?",
    b"=?utf-8?b?",
    b"=?iso-2022-jp?b?", b"?=", b"=23vote", b"I3ZvdGU=", b"=?utf-8?q?=23vote_yes?=", b"\r\n ", b"\r\n\t", b"\r ", b"\0",
    "＃vote".encode(), "#v\u043ete".encode(), "\u200b".encode(), b"\xff", b" ", b"#", b"[", b"]", b":", b'"',
]  # fmt: skip
SUBJECTS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=4), max_size=14).map(b" ".join) | st.lists(
    st.sampled_from(WORDS) | st.binary(max_size=4), max_size=14
).map(b"".join)


def a_subject_is_one_line_and_its_tags_stand_in_it(raw: bytes) -> None:
    mail = read(b"From: a@b.example\r\nSubject: " + raw + b"\r\n\r\nhello\r\n")
    assert not LINE_ENDS.search(mail.subject) and len(mail.subject) <= SUBJECT_MAX
    found = subjects.read(mail.subject, own_names=OWN)
    shown = subjects.tag_names(mail.subject)
    for tag in found.tags:
        # What runs is what everybody sees after one decoding: nothing nested, nothing hidden, no other letter.
        assert tag.name in shown and f"#{tag.name}" in mail.subject.casefold().replace("\u200b", "")


@hammered(300)
def test_a_tag_runs_only_where_people_see_it_in_the_subject(examples: int) -> None:
    nested = b"=?utf-8?b?PT91dGYtOD9xPz0yM3ZvdGVfeWVzPz0=?="
    hammer(a_subject_is_one_line_and_its_tags_stand_in_it, SUBJECTS, examples, found=(nested, b"\xef\xbc\x83vote yes"))


# Addresses

MARKS = st.sampled_from([*'<>()[]",;:@\\. +', "amara", "jun@example.net", "conduct", "example.org", "not-amara"])
ADDRESSES = st.lists(MARKS | st.text(max_size=3), max_size=16).map("".join)


def an_address_has_one_form_and_breaks_no_line(text: str) -> None:
    boxes = mailboxes_in(text)
    for _, address in boxes:
        assert address and normal(address) == address, address
        assert not LINE_ENDS.search(address) and "\0" not in address and len(address) <= LOCAL_MAX + DOMAIN_MAX + 1
    sole = sole_mailbox(text)
    assert not sole or [address for _, address in boxes] == [sole]
    one = normal(text)
    assert normal(one) == one
    assert one or extension(text, ALIASES) is None


def an_exclusion_is_never_dropped(text: str) -> None:
    """Whatever stands around it in the extension, who asks to be kept from somebody is."""
    address = f"conduct+{text}+not-amara@example.org"
    if normal(address):
        assert wanted([address], ALIASES, HANDLES).excluded == {"amara"}


@hammered(400)
def test_every_address_that_is_found_is_one_and_the_same_however_often_it_is_read(examples: int) -> None:
    found = ("<@a:b@c.example>", '"a\\"@x"@b.example', "a@b@c.example", "amara@example.net <jun@example.net>")
    hammer(an_address_has_one_form_and_breaks_no_line, ADDRESSES, examples, found)


@hammered(200)
def test_no_spelling_of_an_address_lets_somebody_in_who_was_excluded(examples: int) -> None:
    hammer(an_exclusion_is_never_dropped, ADDRESSES, examples, (TOKEN, "confirm-" + TOKEN, "escrow", "jun"))


# Whole messages

KINDS = st.sampled_from([
    b"text/plain", b"text/html; charset=utf-7", b"multipart/mixed; boundary=e", b'multipart/alternative; boundary="e"',
    b"message/rfc822", b"multipart/report; report-type=delivery-status; boundary=e", b"message/delivery-status",
    b"multipart/encrypted; boundary=e", b"application/octet-stream; name*0*=utf-8''%0a; name*2=x", b"///", b"",
    b"text/plain; charset=\xff; format=flowed; delsp=yes", b"multipart/mixed", b"text/plain; charset=utf-16",
])  # fmt: skip
FIELDS = st.sampled_from([
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"Content-ID: <x>",
    b"Content-Disposition: attachment; filename=\"a\r\n b\"",
    b"Content-Disposition: attachment; filename*=x''%ff%0d%0a",
    b"From: amara@example.org", b"To: (c):", b"Message-ID: <[abc@x]>", b"References: <=?utf-8?q?=0aBcc:x?=@y>",
    b"Date: \xff", b"Auto-Submitted: auto-replied", b"name*", b" folded", b"X\0: y", b"Subject: =?utf-8?b?DQpCY2M6?=",
])  # fmt: skip
TEXTS = st.sampled_from([
    b"hello", b"<p>a<b>b</b><!-- ", b"<div>" * 300, b"aGVsbG8", b"=C3=84=\r\n", b"--e", b"--e--",
    b"begin 644 x\r\n#0V%T",
    b"-----BEGIN PGP MESSAGE-----\n\nx", b"+26@conduct", b"\xff\xfe", b"\0", b"> quoted", b"\x1b$B", b"&#99999999;",
]) | st.binary(max_size=20)  # fmt: skip
ENDS = st.sampled_from([b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"", b"\r\r\n"])


def _joined(pieces: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(piece + end for piece, end in pieces)


LINES = st.tuples(KINDS.map(lambda kind: b"Content-Type: " + kind) | FIELDS | TEXTS | st.just(b"--e"), ENDS)
MESSAGES = st.lists(LINES, max_size=25).map(_joined)

COMMITTEE = Committee("c@example.org", "Example", "conduct@example.org", Policy("basic", {}), ())
LETTER = Letter("a" * 26, "notice", Person("admin"), "alarm", "ops@example.com", words={"alarm": "x"})
NAMES = ["Auto-Submitted", "Cocmail-Kind", "Date", "From", "Message-ID", "Subject", "To", "X-Auto-Response-Suppress"]
NAMES_OF_MIME = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


def a_message_is_read_and_passed_on_without_a_field_of_its_own(raw: bytes) -> None:
    mail = read(raw, contents=True)
    assert frames.mail_from(*frames.answer(mail)) == mail
    assert all(each.size == len(each.content) for each in mail.attachments)
    assert not any(LINE_ENDS.search(each.filename) or "/" in each.filename for each in mail.attachments)
    words = (mail.subject, mail.from_name, *mail.from_addresses, *mail.to, mail.message_id, *mail.references)
    assert not any(LINE_ENDS.search(word) for word in words)
    assert read(raw).body_digest == mail.body_digest
    assert unparsable(raw).headers == mail.headers or mail == Mail(unreadable="unparsable")
    outgoing = compose(LETTER, COMMITTEE, None, mail, return_path="", now=datetime(2026, 1, 2, tzinfo=UTC))
    head = outgoing.content.partition(b"\r\n\r\n")[0].decode("ascii")
    fields = [line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"]
    assert sorted(set(fields) - NAMES_OF_MIME) == NAMES and len(fields) == len(set(fields))
    assert "\n" not in head.replace("\r\n", "")


@hammered(250)
def test_any_message_is_read_and_adds_no_field_to_what_is_sent(examples: int) -> None:
    found = (b"Content-Type: multipart/mixed; boundary=e\n\n--e\n\n--e--\n--e", b"name*\r\n\r\nx", b"\r\r\n\r\r\n")
    hammer(a_message_is_read_and_passed_on_without_a_field_of_its_own, MESSAGES, examples, found)
