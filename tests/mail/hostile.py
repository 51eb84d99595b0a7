"""Messages that somebody wrote to break a mail reader: each function gives the bytes of one, each name says how."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable

HEAD = b"From: Rae <rae@example.net>\r\nTo: conduct@example.org\r\nSubject: Something happened\r\n"
PNG = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + bytes(200))


def mime(kind: str, body: bytes, *more: str) -> bytes:
    """A message with one Content-Type, further header lines and a body."""
    lines = "".join(f"{line}\r\n" for line in (f"Content-Type: {kind}", *more))
    return HEAD + b"MIME-Version: 1.0\r\n" + lines.encode() + b"\r\n" + body


def parts(kind: str, *each: bytes) -> bytes:
    """A multipart message; each part with its own header."""
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in each) + b"--edge--\r\n"
    return mime(f'multipart/{kind}; boundary="edge"', body)


def nested_multiparts(depth: int = 1000) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    return HEAD + opening + b"\r\ninnermost\r\n"


def nested_messages(depth: int = 1000) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: innermost\r\n\r\nhello\r\n"


def two_hundred_thousand_headers() -> bytes:
    return b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * 200_000 + HEAD + b"\r\nhello\r\n"


def two_hundred_thousand_names() -> bytes:
    return b"".join(b"X-%d: y\r\n" % number for number in range(200_000)) + HEAD + b"\r\nhello\r\n"


def twenty_thousand_recipients() -> bytes:
    many = b",\r\n ".join(b"Person %d <p%d@example.org>" % (number, number) for number in range(20_000))
    return b"From: rae@example.net\r\nSubject: Something happened\r\nTo: " + many + b"\r\n\r\nhello\r\n"


def thousand_nested_comments() -> bytes:
    return HEAD + b"Cc: " + b"(" * 1000 + b")" * 1000 + b" amara@example.org\r\n\r\nhello\r\n"


def hundred_thousand_open_comments() -> bytes:
    return HEAD + b"Cc: " + b'("<' * 100_000 + b"\r\n\r\nhello\r\n"


def quotation_that_never_closes() -> bytes:
    return b'Subject: Something happened\r\nFrom: "' + b'\\"' * 100_000 + b" <rae@example.net>\r\n\r\nhello\r\n"


def route_that_never_ends() -> bytes:
    return HEAD + b"Cc: <@" + b"a" * 100_000 + b"," * 100_000 + b"\r\n\r\nhello\r\n"


def brackets_in_received_lines() -> bytes:
    return b"".join(b"Received: from a by b " + b"(a\\" * 3_000 + b"\r\n" for _ in range(100)) + HEAD + b"\r\nhello\r\n"


def flood_of_one_mime_field() -> bytes:
    padding = b"".join(b"Content-%d:\r\n" % number for number in range(5_000))
    return HEAD + padding + b"Content-Type:\r\n" * 200_000 + b"\r\nhello\r\n"


def letter_of_eighteen_letters() -> bytes:
    return mime("text/plain; charset=utf-8", "\ufdfa".encode() * 1_000_000)


def nested_encoded_words() -> bytes:
    inner = b"=?utf-8?b?" + base64.b64encode(b"=?utf-8?q?=23vote?=") + b"?="
    return b"From: rae@example.net\r\nSubject: " + inner + b"\r\n\r\nhello\r\n"


def ten_thousand_encoded_words() -> bytes:
    return b"From: rae@example.net\r\nSubject: " + b"=?utf-8?q?" * 10_000 + b"a" + b"?=" * 10_000 + b"\r\n\r\nhello\r\n"


def unknown_charset() -> bytes:
    return mime('text/plain; charset="klingon-1"', b"caf\xe9 und mehr\r\n")


def charset_that_is_no_charset() -> bytes:
    return mime('text/plain; charset="base64"', b"aGVsbG8=\r\n")


def punycode_charset() -> bytes:
    return mime('text/plain; charset="punycode"', b"a" * 20_000 + b"-" + b"z" * 20_000)


def exchange_ids() -> bytes:
    ids = b"Message-ID: <[0123abcd]>\r\nIn-Reply-To: <[parent@x]>\r\nReferences: <[root]> <[parent@x]>\r\n"
    return HEAD.replace(b"To: conduct@example.org", b"To: Exchange <[id]>") + ids + b"\r\nhello\r\n"


def nul_bytes() -> bytes:
    return HEAD.replace(b"Something", b"Some\0thing") + b"\r\nhel\0lo there\0\r\n"


def bare_carriage_returns() -> bytes:
    return b"From: rae@example.net\rX: y\rFrom: amara@example.org\rSubject: Something happened\r\rhello\r"


def eight_bit_header() -> bytes:
    return HEAD.replace(b"Something happened", "Überfall".encode("latin-1")) + b"\r\nK\xf6ln\r\n"


def huge_single_line() -> bytes:
    return HEAD + b"\r\n" + b"word " * 1_000_000


def huge_header_line() -> bytes:
    return HEAD + b"References: " + b"<a@b> " * 200_000 + b"\r\n\r\nhello\r\n"


def boundary_never_comes() -> bytes:
    return mime('multipart/mixed; boundary="nowhere"', b"The report is here all the same.\r\n")


def boundary_missing() -> bytes:
    return mime("multipart/mixed", b"--x\r\n\r\nThe report is here all the same.\r\n--x--\r\n")


def boundary_is_a_prefix() -> bytes:
    inner = b'Content-Type: multipart/mixed; boundary="edge-2"\r\n\r\n--edge-2\r\n\r\ninner words\r\n--edge-2--\r\n'
    return parts("mixed", b"\r\nouter words\r\n", inner)


def boundary_inside_itself() -> bytes:
    return mime(
        'multipart/mixed; boundary="a"', b'--a\r\nContent-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n\r\nx'
    )


def semicolons_without_end() -> bytes:
    return mime("text/plain" + '; a="' * 20_000, b"hello\r\n")


def truncated_base64() -> bytes:
    return mime(
        "text/plain; charset=utf-8", b"U29tZXRoaW5nIGhhcHBlbmVk!IGF0IGx1bmN", "Content-Transfer-Encoding: base64"
    )


def packed_attachment() -> bytes:
    packed = base64.encodebytes(gzip.compress(bytes(50_000_000), 9))
    head = b'Content-Type: application/gzip; name="logs.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return parts("mixed", b"\r\nsee attached\r\n", head + packed)


def uuencoded() -> bytes:
    return HEAD + b"\r\nHello\r\n\r\nbegin 644 notes.txt\r\n#0V%T\r\n`\r\nend\r\n"


def winmail_dat() -> bytes:
    head = b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return parts("mixed", b"\r\nhello\r\n", head + base64.encodebytes(b"\x78\x9f\x3e\x22" + bytes(40)))


def calendar_reply() -> bytes:
    event = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:amara@example.org\r\nEND:VEVENT\r\n"
    head = b"Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n"
    return parts("alternative", b"\r\naccepted\r\n", head + event)


def html_with_hidden_text() -> bytes:
    page = b'<p>Hello</p><div style="display:none">about Amara Obi</div><!-- not this --><img alt="Jun">'
    return mime("text/html; charset=utf-8", page)


def deep_html() -> bytes:
    return mime("text/html", b"<div>" * 50_000 + b"the words at the bottom" + b"</div>" * 50_000)


def open_html_comments() -> bytes:
    return mime("text/html", b"<!-- <script <b a=" * 50_000 + b"words")


def html_with_endless_reference() -> bytes:
    return mime("text/html", b"<p>before &#" + b"9" * 10_000 + b"; after</p>")


def two_froms() -> bytes:
    return b"From: amara@example.org\r\n" + HEAD + b"Subject: #vote yes\r\n\r\nhello\r\n"


def second_from_behind_a_flood() -> bytes:
    return HEAD + b"Received: x\r\n" * 50_000 + b"From : amara@example.org\r\n\r\nhello\r\n"


def line_breaks_in_encoded_words() -> bytes:
    word = base64.b64encode(b"hello\r\nBcc: amara@example.org\r\n\r\nbody")
    name = base64.b64encode("Rae\r\nX-Evil: 1\u202e".encode())
    return b"From: =?utf-8?b?" + name + b"?= <rae@example.net>\r\nSubject: =?utf-8?b?" + word + b"?=\r\n\r\nhello\r\n"


def file_names() -> bytes:
    names = (
        b'filename="../../etc/passwd"',
        'filename="photo\u202egnp.exe"'.encode(),
        b"filename*=utf-8''a%0d%0ab%00c.txt",
        b"filename*=klingon''x.txt",
        b'filename="' + b"n" * 500 + b'.jpeg"',
        b'filename="=?utf-8?b?' + base64.b64encode("Liste für Jun.pdf".encode()) + b'?="',
        b'filename="..."',
        b"filename*0*=utf-8''part; filename*1=one; filename*5=lost",
    )
    head = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
    return parts("mixed", b"\r\nhello\r\n", *(head + name + b"\r\n\r\n" + PNG for name in names))


def untyped_parts() -> bytes:
    unnamed = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PNG
    nonsense = b"Content-Type: ///;;=\r\nContent-Disposition: ???\r\n\r\nmore words\r\n"
    return parts("mixed", b"\r\nhello\r\n", unnamed, nonsense, b"Content-Type: x/y\r\n\r\nbytes\r\n")


def two_thousand_parts() -> bytes:
    return parts("mixed", *(b"\r\npart %d\r\n" % number for number in range(2_000)))


def attached_message() -> bytes:
    inner = b"From: Kit Larsen <kit@acme.example>\r\nSubject: =?utf-8?q?between_us?=\r\n\r\ninner words\r\n"
    return parts("mixed", b"\r\nsee below\r\n", b"Content-Type: message/rfc822\r\n\r\n" + inner)


def no_header_at_all() -> bytes:
    return b"just words, no header: none\r\n"


def empty() -> bytes:
    return b""


def only_line_ends() -> bytes:
    return b"\r\n\r\n\r\n"


def random_bytes() -> bytes:
    return bytes((number * 7919 + number // 251) % 256 for number in range(100_000))


ALL: dict[str, Callable[[], bytes]] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__ and name not in ("mime", "parts")
}
