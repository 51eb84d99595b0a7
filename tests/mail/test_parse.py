"""What people rely on: any mail can be read as far as it can be read, nothing in it is lost, and nothing raises."""

from __future__ import annotations

import base64
import os
import re
import time
import tracemalloc
from pathlib import Path

import hostile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocmail.core.model import Mail
from cocmail.mail.decode import decode_words, file_name, text_from, unflow
from cocmail.mail.headers import scan
from cocmail.mail.htmltext import all_text, rendered
from cocmail.mail.parse import TRUNCATED, read, unparsable

ARMOUR = b"-----BEGIN PGP MESSAGE-----\r\nVersion: x\r\n\r\nhQEMA0\r\n-----END PGP MESSAGE-----\r\n"


def names(mail: Mail) -> list[str]:
    return [each.filename for each in mail.attachments]


def whole(mail: Mail) -> str:
    return f"{mail.text}\n{mail.hidden_text}"


@pytest.mark.parametrize("name", hostile.ALL)
def test_no_hostile_message_raises_and_every_value_is_clean(name: str) -> None:
    raw = hostile.ALL[name]()
    for mail in (read(raw, contents=True), unparsable(raw)):
        assert mail.unreadable in ("", "encrypted", "unparsable", "attachments-only", "empty")
        whole(mail).encode("utf-8")
        for line in (mail.subject, mail.from_name, mail.date, *names(mail)):
            assert line.isprintable() or line == ""
        for each in mail.attachments:
            assert 0 < len(each.filename) <= 120
            assert each.content_type.count("/") == 1
            assert each.size == len(each.content)


def test_a_plain_report() -> None:
    mail = read(
        b"Return-Path: <rae@example.net>\r\nDelivered-To: conduct+not-amara@example.org\r\n"
        b"From: =?utf-8?q?R=C3=A4e?= <Rae@Example.net>\r\nTo: conduct@example.org\r\nCc: Jun <jun@example.org>\r\n"
        b"Subject: =?utf-8?b?w5xiZXI=?=\r\n =?utf-8?b?ZmFsbA==?= at\r\n lunch\r\n"
        b"Date: Mon, 1 Jan 2024 10:00:00 +0000\r\n"
        b"Message-ID: <1@example.net>\r\nIn-Reply-To: <0@x>\r\nReferences: <a@x>\r\n <0@x>\r\nX-Colour: y\r\n"
        b"\r\nWhat happened:\r\n\r\nthis.\r\n"
    )
    assert mail.subject == "Überfall at lunch"
    assert (mail.from_addresses, mail.from_name) == (("rae@example.net",), "Räe")
    assert mail.to == ("conduct@example.org", "jun@example.org")
    assert mail.delivered_to == ("conduct+not-amara@example.org",)
    assert mail.date == "Mon, 1 Jan 2024 10:00:00 +0000"
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<1@example.net>", ("<0@x>",), ("<a@x>", "<0@x>"))
    assert mail.text == "What happened:\n\nthis."
    assert (mail.attachments, mail.hidden_text, mail.unreadable) == ((), "", "")
    assert mail.value("return-path") == "<rae@example.net>"
    assert not mail.values("x-colour")


def test_further_fields_can_be_asked_for() -> None:
    raw = b"X-Spam-Flag: YES\r\n" + hostile.HEAD + b"\r\nhello"
    assert read(raw, also=frozenset({"X-Spam-Flag"})).value("x-spam-flag") == "YES"
    assert unparsable(raw, also=frozenset({"x-spam-flag"})).value("x-spam-flag") == "YES"
    assert not read(raw).values("x-spam-flag")


def test_every_sender_is_seen_however_it_is_hidden() -> None:
    for raw in (hostile.two_froms(), hostile.second_from_behind_a_flood(), hostile.bare_carriage_returns()):
        for mail in (read(raw), unparsable(raw)):
            assert len(mail.values("from")) == 2
    assert len(read(hostile.two_froms()).values("subject")) == 2


def test_an_encoded_word_is_decoded_once() -> None:
    assert read(hostile.nested_encoded_words()).subject == "=?utf-8?q?=23vote?="


def test_no_line_break_leaves_an_encoded_word() -> None:
    mail = read(hostile.line_breaks_in_encoded_words())
    assert mail.subject == "hello Bcc: amara@example.org  body"
    assert mail.from_name == "Rae X-Evil: 1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?q?a_b=C3=A9?=", "a bé"),
        ("=?utf-8?b?w5w=?=  =?UTF-8?B?YmVy?= x", "Über x"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?klingon?q?caf=C3=A9?=", "café"),
        ("=?iso-8859-1*de?q?K=F6ln?=", "Köln"),
        ("=?utf-8?q?what??=", "what?"),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("a =?utf-8?q?b?= c", "a b c"),
    ],
)
def test_encoded_words_as_mailers_write_them(written: str, meant: str) -> None:
    assert decode_words(written) == meant


@pytest.mark.parametrize(
    ("data", "charset", "meant"),
    [
        (b"caf\xc3\xa9", "", "café"),
        (b"caf\xe9", "", "café"),
        (b"caf\xe9", "klingon", "café"),
        (b"caf\xe9 \x93x\x94", "iso-8859-1", "café “x”"),
        (b"caf\xe9", "us-ascii", "café"),
        (b"caf\xc3\xa9", "utf-8", "café"),
        (b"\xff\xfea\0", "utf-16", "a"),
        (b"aGVsbG8=", "base64", "aGVsbG8="),
        (b"+2AA-x", "utf-7", "\ufffdx"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
    ],
)
def test_charsets_known_wrong_and_made_up(data: bytes, charset: str, meant: str) -> None:
    assert text_from(data, charset) == meant


def test_a_thread_of_exchange_is_followed() -> None:
    mail = read(hostile.exchange_ids())
    assert mail.message_id == "<[0123abcd]>"
    assert mail.in_reply_to == ("<[parent@x]>",)
    assert mail.references == ("<[root]>", "<[parent@x]>")


def test_a_long_thread_keeps_its_root_and_its_end() -> None:
    ids = " ".join(f"<{n}@x>" for n in range(500)) + f" <{'y' * 2000}@x>"
    found = read(f"References: {ids}\r\nSubject: x\r\n\r\nhello".encode()).references
    assert (len(found), found[0], found[-1]) == (100, "<0@x>", "<499@x>")


def test_the_plain_text_is_shown_and_what_html_adds_is_screened() -> None:
    page = b"Content-Type: text/html\r\n\r\n<p>Hello</p> <p>and Amara</p>"
    mail = read(hostile.parts("alternative", b"\r\nHello\r\n", page), contents=True)
    assert mail.text == "Hello"
    assert "Amara" in mail.hidden_text
    assert names(mail) == ["original.html"]
    assert b"and Amara" in mail.attachments[0].content


def test_html_that_says_the_same_is_left_out() -> None:
    page = b"Content-Type: text/html\r\n\r\n<b>Hello</b> there"
    mail = read(hostile.parts("alternative", b"\r\nHello there\r\n", page))
    assert (mail.text, mail.hidden_text, mail.attachments) == ("Hello there", "", ())


def test_html_alone_is_rendered_and_its_original_kept() -> None:
    mail = read(hostile.html_with_hidden_text(), contents=True)
    assert mail.text == "Hello"
    assert "about Amara Obi" in mail.hidden_text
    assert "Jun" in mail.hidden_text
    assert "not this" in mail.hidden_text
    assert names(mail) == ["original.html"]


def test_html_beside_a_list_footer_is_shown_too() -> None:
    page = b"Content-Type: text/html\r\n\r\n<p>What happened to me</p>"
    mail = read(hostile.parts("mixed", page, b"\r\n-- \r\nList footer\r\n"))
    assert "What happened to me" in mail.text
    assert "List footer" in mail.text


def test_html_too_deep_to_lay_out_still_has_its_words() -> None:
    assert read(hostile.deep_html()).text == "the words at the bottom"
    assert rendered("<p>&#" + "9" * 10_000 + "; after").endswith("after")
    assert "vote" in all_text("<script>x</script><a href='mailto:vote'>y")


def test_flowed_text_is_joined() -> None:
    body = b"One long \r\nline.\r\n>> quoted \r\n>> twice\r\n> once\r\n From here\r\n-- \r\nRae\r\n"
    mail = read(hostile.mime("text/plain; format=flowed", body))
    assert mail.text == "One long line.\n>> quoted twice\n> once\nFrom here\n-- \nRae"
    assert unflow("日本 \n語", delsp=True) == "日本語"


@pytest.mark.parametrize(
    ("raw", "trouble"),
    [
        (hostile.mime("text/plain", ARMOUR), "encrypted"),
        (hostile.parts("mixed", b"\r\n" + ARMOUR), "encrypted"),
        (hostile.parts('encrypted; protocol="application/pgp-encrypted"', b"Content-Type: x/y\r\n\r\n1"), "encrypted"),
        (hostile.mime("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"x"), "encrypted"),
        (hostile.mime("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", b"x"), "attachments-only"),
        (hostile.mime("text/plain", b"Somebody sent me this:\r\n" + ARMOUR), ""),
        (hostile.mime("text/plain", b"-----BEGIN PGP MESSAGE-----\r\nis how they start\r\n"), ""),
        (hostile.mime("image/png", hostile.PNG, "Content-Transfer-Encoding: base64"), "attachments-only"),
        (hostile.nested_multiparts(), "unparsable"),
        (hostile.nested_messages(), "unparsable"),
        (hostile.two_thousand_parts(), "unparsable"),
        (hostile.HEAD + b"\r\n", ""),
        (b"From: rae@example.net\r\n\r\n", "empty"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_read_is_named(raw: bytes, trouble: str) -> None:
    assert read(raw).unreadable == trouble


def test_an_unparsable_message_keeps_its_header_and_is_screened() -> None:
    mail = read(hostile.nested_multiparts())
    assert (mail.subject, mail.from_addresses) == ("Something happened", ("rae@example.net",))
    assert "innermost" in mail.hidden_text


def test_file_names_are_only_names() -> None:
    assert names(read(hostile.file_names())) == [
        "passwd", "photognp.exe", "a bc.txt", "x.txt", "n" * 115 + ".jpeg", "Liste für Jun.pdf", "attachment-7.png",
        "partonelost",
    ]  # fmt: skip
    assert file_name("C:\\Users\\rae\\.bashrc") == "bashrc"
    assert file_name("a" * 300) == "a" * 120


def test_parts_without_name_or_type_are_kept() -> None:
    mail = read(hostile.untyped_parts(), contents=True)
    assert mail.text == "hello\n\nmore words"
    assert [(each.filename, each.content_type) for each in mail.attachments] == [
        ("attachment-1.png", "image/png"),
        ("attachment-2.bin", "x/y"),
    ]
    assert mail.attachments[0].content.startswith(b"\x89PNG")


def test_an_attached_message_is_one_attachment_and_only_screened() -> None:
    mail = read(hostile.attached_message(), contents=True)
    assert mail.text == "see below"
    assert names(mail) == ["attached-message-1.eml"]
    assert b"inner words" in mail.attachments[0].content
    for said in ("Kit Larsen <kit@acme.example>", "between us", "inner words"):
        assert said in mail.hidden_text


def test_text_files_are_screened_and_archives_left_packed() -> None:
    note = b"Content-Type: text/x-notes\r\nContent-Disposition: attachment; filename=n.txt\r\n\r\nabout Amara"
    assert read(hostile.parts("mixed", b"\r\nhello\r\n", note)).hidden_text == "about Amara"
    assert "amara@example.org" in read(hostile.calendar_reply()).hidden_text
    assert read(hostile.packed_attachment()).attachments[0].size < 100_000


def test_attachments_come_without_bytes_unless_asked() -> None:
    (without,) = read(hostile.winmail_dat()).attachments
    (with_bytes,) = read(hostile.winmail_dat(), contents=True).attachments
    assert (without.size, without.content) == (44, b"")
    assert len(with_bytes.content) == 44


def test_a_text_that_is_too_long_says_so_and_is_attached_whole() -> None:
    mail = read(hostile.huge_single_line())
    assert mail.text.endswith(TRUNCATED)
    assert [each.size for each in mail.attachments] == [5_000_000]


def test_broken_boundaries_lose_nothing() -> None:
    for raw in (hostile.boundary_never_comes(), hostile.boundary_missing()):
        assert "The report is here all the same." in read(raw).text


def test_a_delivery_report_is_told_by_its_type() -> None:
    status = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n"
    mail = read(hostile.parts("report; report-type=Delivery-Status", b"\r\nIt failed\r\n", status), contents=True)
    assert (mail.content_type, mail.report_type) == ("multipart/report", "delivery-status")
    assert names(mail) == ["attachment-1.txt"]
    assert b"Action: failed" in mail.attachments[0].content


def test_the_same_body_has_one_digest_through_every_door() -> None:
    bodies = (b"one\r\ntwo\r\n", b"one\ntwo\n", b"one\rtwo", b"one\r\r\ntwo\r\n\r\n")
    digests = {read(b"Subject: x\r\n\r\n" + body).body_digest for body in bodies}
    assert len(digests) == 1
    assert read(b"Subject: x\r\n\r\none two").body_digest not in digests


def test_parsing_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for make in (hostile.file_names, hostile.untyped_parts, hostile.random_bytes):
        read(make())
    assert not caplog.records


@given(st.binary(max_size=2000))
def test_no_bytes_raise(raw: bytes) -> None:
    whole(read(raw, contents=True)).encode("utf-8")


SEEDS = [make() for name, make in hostile.ALL.items() if len(make()) < 6000]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutated_message_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 8))] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"\r\n", b"--edge", b'"', b";", b"=?", b"\r\n\r\n", b"\0", b"<", b"("])
        )
    mail = read(bytes(raw), contents=True)
    whole(mail).encode("utf-8")
    assert all(each.size == len(each.content) for each in mail.attachments)


def corpus() -> list[Path]:
    root = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("COCMAIL_CORPUS", root.parent / "shared" / "corpora"))
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")


@pytest.mark.skipif(not corpus(), reason="no corpus of real mail: set COCMAIL_CORPUS")
def test_all_real_mail_can_be_read() -> None:
    troubles: dict[str, int] = {}
    for path in corpus():
        mail = read(path.read_bytes(), contents=True)
        whole(mail).encode("utf-8")
        troubles[mail.unreadable] = troubles.get(mail.unreadable, 0) + 1
    assert troubles[""] > 0.9 * sum(troubles.values())
    # Those that two programs take apart differently, most of them made to be broken.
    assert troubles["unparsable"] < 0.04 * sum(troubles.values())


def test_one_long_line_in_an_attached_message_held_up_everybody_for_minutes() -> None:
    def spent(size: int) -> float:
        inner = b"Subject: " + b"x y " * (size // 4) + b"\n\nHe shouted.\n"
        begun = time.process_time()
        mail = read(b"From: a@example.net\nContent-Type: message/rfc822\n\n" + inner, contents=True)
        assert [each.content for each in mail.attachments] == [inner]
        return time.process_time() - begun

    assert spent(400_000) < 12 * spent(100_000) + 3


def test_an_endless_field_hid_from_the_screening_what_stands_in_the_parts() -> None:
    words = base64.encodebytes(b"Ivo Petrov shouted at me.")
    for name in (b"MIME-Version", b"Content-Transfer-Encoding", *(b"Content-%d" % number for number in range(9))):
        endless = b"".join(name + b": 7bit" + b"x" * 90_000 + b"\n" for _ in range(2))
        head = b"From: a@example.net\n" + endless + b"Content-Type: text/plain\n"
        mail = read(head + b"Content-Transfer-Encoding: base64\n\n" + words)
        assert "Ivo Petrov" in mail.text or name == b"Content-Transfer-Encoding"
        report = read(b"From: a@example.net\n" + endless + b"Content-Type: multipart/report; boundary=b\n\nx")
        assert report.content_type == "multipart/report"


def test_a_flood_of_one_field_kept_every_report_behind_it_from_the_committee_for_half_an_hour() -> None:
    padding = b"".join(b"content-%d:\n" % number for number in range(5_000))

    def spent(lines: int) -> float:
        begun = time.process_time()
        unparsable(padding + b"content-type:\ncontent-transfer-encoding:\n" * lines)
        return time.process_time() - begun

    assert spent(80_000) < 12 * spent(20_000) + 1


@pytest.mark.parametrize("length", [10, 15_000, 17_000, 63_000, 70_000, 200_000])
@pytest.mark.parametrize(
    "field", [b"Content-Type: multipart/mixed; x=%s; boundary=bb", b"Content-Type: text/plain; x=%s"]
)
def test_a_long_field_hid_from_the_screening_what_stands_in_the_parts(field: bytes, length: int) -> None:
    coded = b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"Ivo Petrov shouted at me.")
    parts = b"\n--bb\n" + coded + b"\n--bb--\n" if b"boundary" in field else coded
    mail = read(b"From: a@example.net\n" + field % (b"A" * length) + b"\n" + parts)
    assert "Ivo Petrov" in mail.text or mail.unreadable == "unparsable"
    assert length > 64_000 or mail.unreadable == ""


@pytest.mark.parametrize("field", [b"X-Filler: a", b"Subject: a", b"Content-Type: a"])
def test_a_field_of_many_lines_took_fourteen_times_its_length_of_memory(field: bytes) -> None:
    raw = field + b"\r\n" + b"  \n" * 100_000 + b"\nhello"
    tracemalloc.start()
    try:
        scan(raw)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


UNSEEN = {
    "a word that a style cuts": "Ki<span style='display:none'>xx</span>t Lar<i hidden>q</i>sen",
    "a word that a sheet cuts": "<style>.h{display:none}</style>Ki<b class=h>x<b>y</b></b>t L<b class=h>q</b>arsen",
    "a word within another": "<i style='display:none'>xx</i>Kit Larsen<i style='display:none'>yy</i>",
    "a comment ended by --!>": "help <!-- a --!>Kit Larsen",
    "a comment within a word": "Kit Lar<!-- a --!>sen",
    "a comment that does not end": "Kit Lar<!--!> a -->sen",
    "a comment that Outlook shows": "<!--[if mso]><p>Kit L<b>arsen</b></p><![endif]-->",
    "a style sheet's content": "<style>p::before{content:'\\4b it Larsen'}</style><p>",
    "an attribute that a style sheet shows": "<style>p::before{content:attr(data-a)}</style><p data-a='Kit Larsen'>",
    "a style sheet that is shown": "<style style='display:block'>Kit Larsen</style>",
    "no style sheet, in a text field": "<textarea><style></textarea>Kit Lar</style>sen",
    "no style sheet, in a title": "<title><style></title>Kit Larsen</style>",
    "no style sheet, in an attribute": "<a title='><style>'>Kit Larsen</a></style>",
    "a letter by its long number": "&#000000075;it Lars&#x0000065;n",
    "a control character in a name": "<st\x01yle>Kit Larsen</st\x01yle>",
    "a control character in a mark": "<\x01!-- Kit Larsen -->",
    "letters turned around": "L<bdo dir=rtl>nesra</bdo>: Kit, K<bdo dir=rtl>ti</bdo> L<bdo dir=rtl>nesra</bdo>",
    "letters turned around by style": "<p style='direction: rtl; unicode-bidi: bidi-override'>nesraL tiK",
    "letters turned around in text": "help \u202enesraL tiK\u202c",
    "a label": "<select><option label='Kit Larsen'></select>",
}


@pytest.mark.parametrize("page", UNSEEN.values(), ids=UNSEEN)
def test_somebody_got_the_report_about_them_as_a_reader_shows_what_the_screening_did_not_see(page: str) -> None:
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>help</p>" + page.encode()
    for raw in (
        hostile.mime("text/html; charset=utf-8", b"<p>help</p>" + page.encode()),
        hostile.parts("alternative", b"\r\nhelp, xKit Larsenx\r\n", html),
        hostile.parts("mixed", b"\r\nhelp\r\n", b"Content-Type: message/rfc822\r\n\r\n" + html),
    ):
        mail = read(raw)
        assert mail.unreadable == ""
        assert " Kit Larsen " in " ".join(re.sub(r"[^\w]+", " ", f" {whole(mail)} ").split(" "))


def test_letters_that_run_backwards_are_screened_as_they_are_seen() -> None:
    mail = read(hostile.mime("text/plain; charset=utf-8", "help K\u202eti\u202c \u202enes\u202araL\r\nme".encode()))
    assert "help Kit\u202c " in mail.hidden_text and "Lar\u202asen" in mail.hidden_text
    assert read(hostile.mime("text/plain", b"help Kit")).hidden_text == ""


def test_nobody_is_named_by_the_font_of_a_mail_or_greeted_in_a_comment() -> None:
    page = b"<style>p{font-family:'Georgia',serif}</style><p style='font:1em Georgia'><!-- x -->Dear Georgia,</p>Hello"
    mail = read(hostile.mime("text/html", page))
    assert all(line == "Dear Georgia," for line in whole(mail).splitlines() if "Georgia" in line)


def test_a_newsletter_of_half_a_million_letters_is_not_too_long() -> None:
    row = b"<!--[if mso]><td><![endif]--><td class=x>Some <b>news</b> of &#8222;today&#8221;.</td>\n"
    page = b"<style>p{color:red}</style><table>" + row * 20_000
    assert (
        read(hostile.parts("alternative", b"\r\nnews\r\n", b"Content-Type: text/html\r\n\r\n" + page)).unreadable == ""
    )


def test_html_of_tags_and_comments_held_up_nobody() -> None:
    def spent(page: str, size: int) -> float:
        begun = time.process_time()
        all_text((page * size)[:size])
        return time.process_time() - begun

    for page in (
        "a<b class=x>",
        "<!--",
        "<style>a",
        "&#0",
        "</b>",
        "<i class=x>",
        "a<b class=x>b</b>",
        "Georgia ",
        "--!",
    ):
        assert spent(page, 80_000) < 12 * spent(page, 20_000) + 1


@given(st.text("<>/!-=abit'\u202e\u202c& ;#0x\\\n") | st.lists(st.sampled_from(list(UNSEEN.values()))).map("".join))
def test_no_page_raises(page: str) -> None:
    assert isinstance(all_text(page) + rendered(page), str)


@pytest.mark.parametrize(
    "inner",
    [
        b"Content-Type: message/rfc822\r\n\r\n" + b"To: a\r\n" * 20_000 + b"\r\nhi",
        b'Content-Type: multipart/mixed; x="' + b";" * 40_000 + b'"; boundary=c\r\n\r\nhi',
        b'Content-Type: text/plain; x="' + b";" * 7_900 + b'"\r\n\r\nhi\r\n--edge\r\n' * 20,
        b"Content-Type: message/rfc822\r\n\r\nContent-Type: text/plain; x=" + b'";' * 20_000 + b"\r\n\r\nhi",
    ],
)
def test_a_small_message_held_up_everybody_for_a_minute(inner: bytes) -> None:
    begun = time.thread_time()
    read(hostile.parts("mixed", b"\r\nhello\r\n", inner))
    assert time.thread_time() - begun < 1


def test_a_parameter_that_is_not_looked_at_goes_to_the_triage() -> None:
    inner = b"Content-Type: image/png" + b"; x=y" * 300 + b"; name=Ivo.png\r\n\r\nxx"
    assert read(hostile.parts("mixed", b"\r\nhello\r\n", inner)).unreadable == "unparsable"
    inner = b"Content-Type: text/plain" + b"; x=y" * 300 + b"; charset=utf-7\r\n\r\nxx"
    assert read(hostile.parts("mixed", b"\r\nhello\r\n", inner)).unreadable == "unparsable"
    boundary = b"Content-Type: multipart/mixed" + b"; x=y" * 300 + b"; boundary=c\r\n\r\n--c\r\n"
    inner = b"Content-Transfer-Encoding: base64\r\n\r\nSXZv\r\n--c--"
    assert read(hostile.parts("mixed", b"\r\nhello\r\n", boundary + inner)).unreadable == "unparsable"


@pytest.mark.parametrize("kind", ["mixed", "related"])
def test_words_that_a_person_wrote_were_neither_shown_nor_attached(kind: str) -> None:
    """Turned around, the same words say the opposite."""
    page = b"Content-Type: text/html\r\n\r\n<p>Jun hit me. Not Kit.</p>"
    mail = read(hostile.parts(kind, b"\r\nKit hit me. Not Jun.\r\n", page))
    assert mail.text == "Kit hit me. Not Jun.\n\nJun hit me. Not Kit."
    assert names(mail) == ["original.html"]
    twice = read(hostile.parts(kind, b"\r\nSo: Jun\r\nhit me; not Kit!\r\n", page))
    assert (twice.text, names(twice)) == ("So: Jun\nhit me; not Kit!", [])


@pytest.mark.parametrize("depth", [60, 84, 90, 150, 400])
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("<table><tr><td>top", "</td></tr></table>"),
        ("<table><tr><td>top", "</table>"),
        ("<ul><li>top", "</li></ul>"),
        ("<ul><li><p>top", "</ul>"),
        ("<div>top", "</div>"),
    ],
)
def test_what_stood_in_the_innermost_of_many_tables_was_lost(depth: int, begin: str, end: str) -> None:
    text = rendered(begin * depth + "It was Ivo Petrov" + end * depth)
    assert text.count("top") == depth
    assert "It was Ivo Petrov" in text


def test_two_cells_of_deep_tables_are_two_words() -> None:
    row = "<table><tr><td>Ivo</td><td>hit me</td><th>Jun</th></tr></table>"
    assert rendered("<div>" * 250 + row + "</div>" * 250).split() == ["Ivo", "hit", "me", "Jun"]
