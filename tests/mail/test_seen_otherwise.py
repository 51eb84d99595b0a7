"""What people rely on: whoever is named in what any mail program shows is named in what is screened, or the triage
reads it first; and what programs and lists add to honest mail makes nothing unreadable."""

from __future__ import annotations

import base64
import re
import time

import pytest

from cocmail.core.model import Mail
from cocmail.mail.decode import from_base64
from cocmail.mail.parse import read

HEAD = b"From: rae@example.net\nSubject: lunch\n"
WORDS = "It was Ivo Petrov who shouted at José, and nobody helped."
CODED = base64.encodebytes(WORDS.encode())
PART = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + CODED
FOOTER = b"_______________\nconduct mailing list -- https://lists.example.org/?list=conduct\n"


def part(encoding: bytes, body: bytes = CODED) -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\n" + encoding + b"\n\n" + body


def mixed(*inner: bytes, kind: bytes = b"multipart/mixed; boundary=bb", end: bytes = b"\n--bb--\n") -> bytes:
    whole = b"".join(b"\n--bb\n" + each for each in (b"\nPlease see below.\n", *inner))
    return HEAD + b"Content-Type: " + kind + b"\n" + whole + end


def attached(inner: bytes) -> bytes:
    return mixed(b"Content-Type: message/rfc822\n\nSubject: look\n" + inner)


def file(inner: bytes) -> bytes:
    return mixed(b"Content-Disposition: attachment; filename=note.txt\n" + inner)


def named(mail: Mail) -> bool:
    return "Ivo Petrov" in f"{mail.text}\n{mail.hidden_text}"


PLACES = [lambda inner: HEAD + inner, mixed, attached, file]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "value",
    [
        b": base64 ", b": base64\t", b":\n base64", b": base64;", b": base64; charset=utf-8", b": base64 (so it is)",
        b': "base64"', b": base64,", b": BASE64", b": (a (b) c) base64", b": base64, 7bit", b": base 64",
        b": base64.", b": x-base64", b": base64" + b" " * 20_000, b" : base64",
        b": 7bit\nContent-Transfer-Encoding: base64",
    ],
)  # fmt: skip
def test_a_space_behind_an_encoding_hid_the_whole_part_from_the_screening(place, value: bytes) -> None:
    mail = read(place(part(b"Content-Transfer-Encoding" + value)))
    assert named(mail) or mail.unreadable == "unparsable"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", [b"Quoted-Printable;", b"quoted-printable (x)", b' "quoted-printable" '])
def test_a_semicolon_behind_quoted_printable_hid_names(place, value: bytes) -> None:
    mail = read(place(part(b"Content-Transfer-Encoding: " + value, b"It was =49vo=20Petrov.")))
    assert named(mail)
    assert mail.unreadable == ""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"I= \nvo Pe=\t \r\ntrov", "Ivo Petrov"),
        (b"==49vo P=65trov", "=Ivo Petrov"),
        (b"===49vo Petrov=3D=\n.", "==Ivo Petrov=."),
        (b"a = b =\n", "a = b"),
    ],
)
def test_blanks_behind_a_soft_line_break_hid_what_it_joins(place, body: bytes, shown: str) -> None:
    mail = read(place(part(b"Content-Transfer-Encoding: quoted-printable", body)))
    assert shown in f"{mail.text}\n{mail.hidden_text}"


@pytest.mark.parametrize("value", [b"7bit", b"8bit ", b"7-bit", b"8BIT;", b"8bits", b"binary", b"", b"7bit (plain)"])
def test_what_is_no_encoding_is_read_as_it_stands(value: bytes) -> None:
    for place in PLACES:
        mail = read(place(part(b"Content-Transfer-Encoding: " + value, WORDS.encode())))
        assert named(mail)
        assert "José" in f"{mail.text}{mail.hidden_text}"
        assert mail.unreadable == ""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("length", range(6))
def test_a_list_that_wrote_its_footer_below_base64_blinded_the_screening(place, length: int) -> None:
    body = base64.encodebytes(f"{WORDS}{'.' * length}\n".encode())
    mail = read(place(part(b"Content-Transfer-Encoding: base64", body + FOOTER)))
    assert named(mail)
    assert "shouted at José" in f"{mail.text}{mail.hidden_text}"
    assert "conduct mailing list" in f"{mail.text}{mail.hidden_text}"
    assert mail.unreadable == ""


@pytest.mark.parametrize(
    "body",
    [
        CODED.strip() + b"A",
        CODED.rstrip(b"=\n"),
        base64.b64encode(b"Hello.") + b"\n" + CODED,
        base64.b64encode(b"Hello..") + b"\n" + CODED,
        base64.b64encode(b"Hello...") + CODED,
        b"QQ=" + CODED,
        b"Q=QQ" + CODED,
        b"A===" + CODED,
        CODED[:8] + b"!-!\n" + CODED[8:],
        b"It was Ivo Petrov who did it",
    ],
)
def test_base64_with_a_fault_was_screened_as_it_stood_or_only_to_the_fault(body: bytes) -> None:
    for place in PLACES:
        assert named(read(place(part(b"Content-Transfer-Encoding: base64", body))))


LONG = "".join(f"Line {number:02} of my report: Kit hit me, and then once more.\n" for number in range(12))
LINES = base64.encodebytes(LONG.encode()).splitlines(keepends=True)


@pytest.mark.parametrize("number", [0, 2, len(LINES) - 2, len(LINES) - 1])
@pytest.mark.parametrize("footer", [b"", FOOTER])
@pytest.mark.parametrize("fault", [b" ", b">", b".", b"!", b"\xc2\xa0", b"\xa0", b"-"])
@pytest.mark.parametrize("at", [0, 9])
def test_one_foreign_byte_in_base64_left_members_with_letters_and_figures(
    number: int, footer: bytes, fault: bytes, at: int
) -> None:
    spoilt = LINES[number][:at] + fault + LINES[number][at:]
    body = b"".join((*LINES[:number], spoilt, *LINES[number + 1 :]))
    mail = read(HEAD + part(b"Content-Transfer-Encoding: base64", body + footer))
    assert (mail.text.startswith(LONG.strip()), mail.unreadable) == (True, "")
    # Below a fault in the first line nothing tells what is a footer.
    assert ("conduct mailing list" in (mail.text if number else mail.hidden_text)) is bool(footer)


def test_one_letter_of_base64_that_became_another_sign_made_nonsense_of_all_that_followed() -> None:
    for sign in (b"!", b"-", b"\xa0"):
        body = b"".join((*LINES[:2], LINES[2][:30] + sign + LINES[2][31:], *LINES[3:]))
        text = read(HEAD + part(b"Content-Transfer-Encoding: base64", body)).text
        assert text.count("of my report") == 12


@pytest.mark.parametrize("size", [57, 60, 114, 171, 20])
def test_a_footer_below_base64_is_shown_as_it_is_wherever_the_base64_ended(size: int) -> None:
    body = base64.encodebytes(LONG.encode()[:size])
    mail = read(HEAD + part(b"Content-Transfer-Encoding: base64", body + FOOTER))
    assert mail.text.endswith(FOOTER.decode().strip())


@pytest.mark.parametrize(
    "footer",
    [
        b"-- \nMallory runs this list.\n" + b"=" * 76 + b"\n",
        b"Thanks\nCheers\nMallory runs this list.\nUnsubscribe\n",
        b"Mallory runs this list.\nhttps\n" + b"_" * 76 + b"\n" + b"=" * 60 + b"\n",
    ],
)
@pytest.mark.parametrize("size", [57, 60, 114, 171, 21])
def test_what_stood_below_base64_was_shown_as_signs_for_the_rule_or_the_single_words_in_it(
    size: int, footer: bytes
) -> None:
    body = base64.encodebytes(LONG.encode()[:size])
    mail = read(HEAD + part(b"Content-Transfer-Encoding: base64", body + footer))
    assert "Mallory runs this list." in mail.text
    assert mail.text.startswith(LONG[:20])


def test_two_pieces_of_base64_are_both_shown() -> None:
    body = base64.b64encode(b"They met. ") + b"\n" + CODED
    assert read(HEAD + part(b"Content-Transfer-Encoding: base64", body)).text == f"They met. {WORDS}"


def test_millions_of_paddings_cost_no_more_than_as_many_letters() -> None:
    def spent(count: int) -> float:
        begun = time.process_time()
        assert from_base64(b"QQ=" * count + b"!") == b"A" * count
        return time.process_time() - begun

    assert spent(400_000) < 12 * spent(100_000) + 1


QUOTED = [
    b'multipart/mixed; boundary="bb" (c)', b'multipart/mixed; (x) boundary="bb"', b'multipart/mixed; boundary="\\bb"',
    b'multipart/mixed (a; boundary=zz); boundary="bb"', b"multipart/mixed; boundary=zz; boundary=bb",
    b"multipart/mixed; boundary=zz; boundary*=us-ascii'en'bb", b"multipart/mixed boundary=bb",
    b"multipart/mixed, boundary=bb", b"multipart(x)/mixed; boundary=bb", b"(;) multipart/mixed; boundary=bb",
    b"text/plain\nContent-Type: multipart/mixed; boundary=bb", b"multipart/mixed; boundary=b",
    b"multipart/mixed", b"multipart/mixed; boundary='bb'",
]  # fmt: skip


@pytest.mark.parametrize("kind", QUOTED)
def test_parts_that_another_program_takes_apart_were_screened_as_one_text(kind: bytes) -> None:
    for raw in (mixed(PART, kind=kind), mixed(b"Content-Type: " + kind + b"\n\n--bb\n" + PART + b"\n--bb--\n")):
        mail = read(raw)
        assert named(mail) or mail.unreadable == "unparsable"


@pytest.mark.parametrize(
    "raw",
    [
        mixed(end=b"\n--bb--\n\n--bb\n" + PART),
        mixed(b"\n\n--bbx\n" + PART),
        mixed(b"no field\n" + PART),
        mixed(b" folded: from nowhere\n" + PART),
        mixed(b" Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\n" + CODED),
        attached(b"no field\n" + PART),
        HEAD + b"no field\n" + PART,
        HEAD + b"no field\n" + b"X-A: b\n" * 9_000 + PART,
        mixed(b"Content-Type: multipart/mixed; boundary=c\nContent-Transfer-Encoding: base64\n\n" + CODED),
        HEAD + b"X-A: b\rContent-Transfer-Encoding: base64\n\n" + WORDS.encode(),
        mixed(b"X-A: b\rContent-Transfer-Encoding: base64\n\n" + WORDS.encode()),
        mixed(b"\nhello\r--bb--\rIvo Petrov\n", b"Content-Type: image/png\n\n"),
        mixed(b"Content-Type: text/plain; charset=utf-8; charset=utf-7\n\n+AEk-vo +AFA-etrov\n"),
        mixed(b"Content-Type: text/plain charset=utf-7\n\n+AEk-vo +AFA-etrov\n"),
        mixed(b"Content-Type: text/plain; x=" + b"a" * 9_000 + b"; charset=utf-7\n\n+AEk-vo +AFA-etrov\n"),
        mixed(b"Content-Type: image/png; x=" + b"a" * 9_000 + b"; name=Ivo Petrov\n\n"),
    ],
)
def test_what_one_program_decodes_and_another_does_not_goes_to_the_triage(raw: bytes) -> None:
    assert read(raw).unreadable == "unparsable"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"\nThe source of what came back:\n\n--bb\n" + PART,
        HEAD + b"Content-Type: text/plain\n\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nwords\n",
        mixed(b"\nThe source:\n\n--other\n" + PART),
        attached(b"\nThe source:\n--\n" + PART),
        mixed(b"\nwords\n", end=b""),
        mixed(b"\nwords\n", end=b"\n--bb--\n\nA footer.\n"),
        mixed(b"Content-Type: text/plain; charset=us-ascii (Plain text)\n\nwords\n"),
        mixed(b'Content-Type: text/plain; charset="utf-8"; charset=UTF-8\n\nwords\n'),
        mixed(b"\nwords\n", kind=b'multipart/mixed;\n\tboundary="bb"; type="text/html"; x="a (b)"'),
        HEAD + b"Content-Type: multipart/mixed; boundary=bb\n\nNo parts at all.\n",
        HEAD.replace(b"\n", b"\r") + b"Content-Type: text/plain\r\rwords\r-- \rRae\r--a\r",
        HEAD + b"\nwords\rand\r-----\rmore\n",
    ],
)
def test_what_is_only_quoted_or_only_untidy_is_read(raw: bytes) -> None:
    assert read(raw).unreadable == ""


@pytest.mark.parametrize(
    "kind",
    [
        b'"text/plain"',
        b"(c) text/plain",
        b"text / plain",
        b"text/plain=x",
        b"text/*",
        b"*/*",
        b"=?utf-8?q?text/plain?=",
    ],
)
def test_a_type_that_is_none_hid_a_part_that_programs_show_as_text(kind: bytes) -> None:
    body = b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: base64\n\n" + CODED
    for raw in (mixed(body), attached(body)):
        assert named(read(raw))


def test_a_file_whose_type_has_no_semicolon_is_not_searched_as_text() -> None:
    head = b"Content-Type: application/pdf name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
    mail = read(mixed(head + CODED), contents=True)
    assert (mail.hidden_text, mail.attachments[0].content) == ("", WORDS.encode())


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x85", "\x1c", "\x1d", "\x1e", "\u2028", "\u2029", "\r\x0b"])
def test_a_line_end_of_another_program_glued_a_name_to_the_word_behind_it(end: str) -> None:
    said = f"It was Ivo Petrov{end}he hit me."
    for kind in ("plain", "html"):
        head = f"Content-Type: text/{kind}; charset=utf-8\n\n".encode()
        assert re.search(r"Ivo Petrov\s+he hit me", read(HEAD + head + said.encode()).text)
        attached = read(mixed(b"Content-Disposition: attachment\n" + head + said.encode()))
        assert re.search(r"Ivo Petrov\s+he hit me", attached.hidden_text)
    deep = "<div>" * 300 + said.replace(end, f"&#{ord(end[-1])};") + "</div>" * 300
    assert re.search(r"Ivo Petrov\W+he hit me", read(HEAD + b"Content-Type: text/html\n\n" + deep.encode()).text)
