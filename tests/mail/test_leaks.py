"""What hurt people once: a mail of ours that a stranger wrote a part of, a name that the screening was not shown."""

from __future__ import annotations

import base64
import quopri
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default

import hostile
import pytest

from cocmail.core.effects import Letter
from cocmail.core.model import Attachment, Committee, Mail, Person, Policy
from cocmail.mail import fields
from cocmail.mail.compose import Outgoing, compose
from cocmail.mail.headers import is_message_id, message_ids
from cocmail.mail.htmltext import HTML_MAX, all_text, without_data
from cocmail.mail.parse import read

INJECTION = "=?utf-8?q?x=0D=0AReply-To:_evil@evil.example=0D=0A=0D=0AAnswer_there.?="
OUTLOOK = "<AM6PR08MB1234567890123456789012345678901234567890@AM6PR08MB12345.eurprd08.prod.outlook.com>"
INNER = (
    b"From: Ivo Petrov <ivo@example.net>\r\nSubject: a long subject =\r\nmore\r\nX-Much: 100=25\r\n\r\n"
    b"you idiot, I=\r\nvo Petrov\r\n"
)


def sent(
    *,
    to: str = "rae@example.net",
    name: str = "Example Committee",
    in_reply_to: str = "",
    references: tuple[str, ...] = (),
    attachments: tuple[Attachment, ...] = (),
) -> Outgoing:
    """A letter as it leaves."""
    committee = Committee("c@example.org", name, "conduct@example.org", Policy("basic", {}), ())
    letter = Letter("a" * 26, "notice", Person("admin"), "alarm", to, words={"alarm": "x"}, in_reply_to=in_reply_to)
    letter = Letter(**{each: getattr(letter, each) for each in letter.__slots__} | {"references": references})
    content = Mail(attachments=attachments)
    return compose(letter, committee, None, content, return_path="", now=datetime(2026, 1, 2, tzinfo=UTC))


def names(octets: bytes) -> list[str]:
    """The field names as a server sees them."""
    head = octets.partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]


FIELDS = ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "Cocmail-Kind"]
MIME = ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"]


def test_a_message_id_of_a_stranger_redirected_the_answers_of_the_victim() -> None:
    for field in ("Message-ID", "In-Reply-To", "References"):
        mail = read(f"From: a@b.example\r\n{field}: <{INJECTION}@y> <ok@y>\r\n\r\nhello\r\n".encode())
        assert INJECTION not in f"{mail.message_id}{mail.in_reply_to}{mail.references}"
    # A letter that was queued before the check existed is held to it when it leaves.
    outgoing = sent(in_reply_to=f"<{INJECTION}@y>", references=(f"<{INJECTION}@y>", "<ok@y>", "<a\r\nBcc: x@y>"))
    assert sorted(names(outgoing.content)) == sorted([*FIELDS, "References", *MIME])
    assert b"References: <ok@y>\r\n" in outgoing.content
    assert b"evil" not in outgoing.content


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<a@b>", True),
        ("<[0123abcd]>", True),
        ('<a,b;c:"(?=@y>', True),
        ("<a==@y>", True),
        (OUTLOOK, True),
        ("<" + "a" * 996 + ">", True),
        ("<" + "a" * 997 + ">", False),
        ("<=?utf-8?q?x?=@y>", False),
        ("<x=?utf-8?q?x?=@y>", False),
        ("<a==?@y>", False),
        ("<a b@y>", False),
        ("<a\n@y>", False),
        ("<a@y>\n", False),
        ("<é@y>", False),
        ("<<a>", False),
        ("<>", False),
        ("a@y", False),
        ("", False),
    ],
)
def test_only_plain_ids_may_stand_in_mail_of_ours(text: str, safe: bool) -> None:
    assert is_message_id(text) is safe
    assert message_ids(text) == ((text,) if safe else message_ids(text))
    assert all(map(is_message_id, message_ids(text)))


def test_a_long_id_of_outlook_stayed_in_its_thread() -> None:
    outgoing = sent(in_reply_to=OUTLOOK, references=(OUTLOOK, "<a@b>", OUTLOOK))
    back = read(outgoing.content)
    assert (back.in_reply_to, back.references) == ((OUTLOOK,), (OUTLOOK, "<a@b>"))
    assert max(map(len, outgoing.content.split(b"\r\n"))) < 120


@pytest.mark.parametrize(
    "address",
    [
        '"a b"@v.example',
        "=?utf-8?q?x=0d=0ax-evil=3a_1=0d=0a?=@v.example",
        '"=?utf-8?q?x=0d=0ax-evil:_1?="@v.example',
        '"x> size=1"@v.example',
        '"a,victim@w.example"@v.example',
        "two..dots.@v.example",
        "ü@v.example",
    ],
)
def test_whatever_address_a_person_has_the_letter_is_to_it_and_nobody_else(address: str) -> None:
    outgoing = sent(to=address)
    assert sorted(names(outgoing.content)) == sorted([*FIELDS, *MIME])
    assert f"\r\nTo: {address}\r\n".encode() in outgoing.content
    assert read(outgoing.content).to == (address,)


@pytest.mark.parametrize(
    "name",
    [
        'Köln, the <b@x> committee of a very long name, which goes on (ever) for many words; x@y: "q" \\',
        "Plain Committee 2026",
        "=?utf-8?q?x=0D=0ABcc:_e@e.example=0D=0A?=",
        '"=?utf-8?q?x=0D=0ABcc:_e@e.example?="',
        "ü" * 200,
        "A" * 200,
        "victim@w.example, x",
        "",
    ],
)
def test_a_committee_may_have_any_name(name: str) -> None:
    outgoing = sent(name=name)
    assert sorted(names(outgoing.content)) == sorted([*FIELDS, *MIME])
    back = read(outgoing.content)
    assert (back.from_addresses, back.from_name) == (("conduct@example.org",), name)
    assert max(map(len, outgoing.content.split(b"\r\n"))) <= 220
    parsed = message_from_bytes(outgoing.content, policy=default)["From"].addresses
    assert [each.addr_spec for each in parsed] == ["conduct@example.org"]


def test_a_line_break_in_a_committee_name_is_a_space() -> None:
    back = read(sent(name="a\r\nBcc: e@e.example\u2028b\x85c").content)
    assert back.from_name == "a Bcc: e@e.example b c"


@pytest.mark.parametrize(
    "filename", [INJECTION + ".png", "a.png\r\nX-Evil: 1", 'a"; x="b.png', "a\u2028X-Evil: 1.png", "ü" * 300, "", "\0"]
)
@pytest.mark.parametrize("kind", ["image/png", "image/png\r\nX-Evil: 1", f"image/{INJECTION}", "message/rfc822", "x"])
def test_a_file_name_or_type_adds_no_field(filename: str, kind: str) -> None:
    outgoing = sent(attachments=(Attachment(filename, kind, 2, b"xx"),))
    assert b"\nX-Evil" not in outgoing.content
    assert b"\nReply-To" not in outgoing.content
    mail = read(outgoing.content, contents=True)
    assert [each.content for each in mail.attachments] == [b"xx"]


def test_mail_with_a_field_that_nobody_gave_it_is_not_sent() -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("=?utf-8?q?x=0D=0ABcc:_e@e.example=0D=0A?=", "a", "b.example")
    message.set_content("hello")
    message.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    good = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    fields.guard(message, good + b"\r\nhello", ["From"])
    for bad in (
        good + b"Bcc: e@e.example\r\n",
        good + b"Content-Type: text/html\r\n",
        good + b"no field\r\n",
        good + b"X: a\nBcc: e@e.example\r\n",
        b"From: a\r\n\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n",
    ):
        with pytest.raises(RuntimeError):
            fields.guard(message, bad + b"\r\nhello", ["From"])
    message.add_attachment(b"x", maintype="image", subtype="png", filename=INJECTION)
    if b"\nReply-To" in message.as_bytes():
        with pytest.raises(RuntimeError):
            fields.guard(message, good + b"\r\nhello", ["From"])


def chat(size: int, kind: str = "text/plain") -> bytes:
    line = b"nothing to see here, just a line of a chat\r\n"
    head = b"Content-Type: " + kind.encode() + b"\r\nContent-Disposition: attachment; filename=chat.txt\r\n\r\n"
    return hostile.parts("mixed", b"\r\nsee the export\r\n", head + line * (size // len(line)) + b"Ivo Petrov did it")


def test_a_long_chat_log_was_sent_to_the_member_it_was_about() -> None:
    mail = read(chat(3_900_000))
    assert "Ivo Petrov" in mail.hidden_text
    assert mail.unreadable == ""


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "message/rfc822"])
def test_what_is_too_long_to_be_screened_is_marked(kind: str) -> None:
    mail = read(chat(4_400_000, kind))
    assert (mail.unreadable, mail.text) == ("too-long", "see the export")
    assert [each.size > 4_000_000 for each in mail.attachments] == [True]


def test_what_is_cut_on_display_is_screened_all_the_same() -> None:
    shown = read(hostile.HEAD + b"\r\n" + b"word " * 399_999 + b"Ivo Petrov did it")
    assert "Ivo Petrov" not in shown.text
    assert "Ivo Petrov did it" in shown.hidden_text
    assert shown.unreadable == ""
    assert read(hostile.HEAD + b"\r\n" + b"word " * 1_300_000).unreadable == "too-long"
    subject = read(b"Subject: " + b"word " * 1_000 + b"Ivo Petrov\r\n\r\nhello")
    assert len(subject.subject) == 2_000
    assert "Ivo Petrov" in subject.hidden_text


def test_text_around_the_parts_is_never_cut_in_silence() -> None:
    raw = hostile.mime('multipart/mixed; boundary="edge"', b"word " * 500_000 + b"\r\n--edge\r\n\r\nhi\r\n--edge--\r\n")
    assert read(raw).unreadable == "too-long"


@pytest.mark.parametrize("quote", [b'"', b"'", b""])
@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_a_picture_in_the_text_hid_everything_behind_it(quote: bytes, end: bytes) -> None:
    if end and not quote:
        end = b""
    picture = b"<img src=" + quote + b"data:image/png;base64," + (b"iVBORw0KGgo/" * 6 + end) * 40_000 + quote + b">"
    mail = read(hostile.mime("text/html", b"<p>Look</p>" + picture + b"<p>Ivo Petrov did it</p>"))
    assert len(picture) > HTML_MAX
    assert "Ivo Petrov did it" in mail.text
    assert mail.unreadable == ""


def test_only_pictures_are_taken_out_of_the_text() -> None:
    for said in ("data:Ivo", "data: Ivo Petrov", "see data:image/png;base64, Ivo Petrov hit me", "data:;base64,Ivo"):
        assert without_data(said) == said
    assert without_data(f"(data:a/b;base64,{'A' * 5000} Ivo)") == "(data:, Ivo)"


def test_taking_pictures_out_takes_no_longer_for_hostile_text() -> None:
    for text in ("data:" * 800_000, "data:a/b;base64," * 250_000, "data:;base64," + ("A" * 39 + " ") * 100_000):
        assert without_data(text) == text


def packed(message: bytes, encoding: str) -> bytes:
    """A part that holds a message in that transfer encoding."""
    encode = base64.encodebytes if encoding == "base64" else quopri.encodestring
    head = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + encode(message)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", " BASE64 (a comment)"])
def test_an_attached_mail_was_not_screened_because_it_was_encoded(encoding: str) -> None:
    inner = INNER.replace(b"=\r\n", b"").replace(b"=25", b"%")
    body = base64.encodebytes(inner) if "64" in encoding else INNER
    head = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    mail = read(hostile.parts("mixed", b"\r\nsee attached\r\n", head + body), contents=True)
    for said in ("Ivo Petrov <ivo@example.net>", "a long subject more", "you idiot, Ivo Petrov"):
        assert said in mail.hidden_text
    (attached,) = mail.attachments
    assert (attached.filename, attached.content_type) == ("attached-message-1.eml", "message/rfc822")
    assert attached.content.replace(b"\r\n", b"\n").rstrip() == inner.replace(b"\r\n", b"\n").rstrip()


def test_an_encoded_mail_within_an_encoded_mail_is_screened() -> None:
    message = b"Subject: innermost\r\n\r\nIvo Petrov\r\n"
    for _ in range(3):
        message = packed(packed(message, "base64"), "quoted-printable")
    mail = read(hostile.HEAD + message)
    assert "Ivo Petrov" in mail.hidden_text
    for _ in range(12):
        message = packed(message, "base64")
    assert read(hostile.HEAD + message).unreadable == "unparsable"


def test_a_mail_that_is_only_said_to_be_encoded_is_screened() -> None:
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = read(hostile.parts("mixed", b"\r\nhi\r\n", head + b"From: Ivo Petrov <i@x>\r\n\r\nwords\r\n"), contents=True)
    assert "Ivo Petrov" in mail.hidden_text
    assert b"From: Ivo Petrov" in mail.attachments[0].content


@pytest.mark.parametrize(
    "page",
    [
        "I<b>v</b>o Petrov hit me",
        "Iv&#111; Petrov hit me",
        "<b>I</b>v<i title='x'>o</i> Petrov",
        "I<!-- x -->vo Petrov",
        "I<style>b{}</style>vo <span>Pet</span>rov",
        "I<wbr>vo&nbsp;Petrov",
        "<table><td>Ivo</td><td>Petrov</td></table>",
        "<span>Ivo</span><span>Petrov</span>",
        "Ivo\nPetrov",
        "<img alt='Ivo Petrov'>",
    ],
)
def test_a_name_that_markup_cuts_in_two_was_not_found(page: str) -> None:
    assert "Ivo Petrov" in all_text(page).replace("  ", " ")
    mail = read(hostile.mime("text/html; charset=utf-8", page.encode()))
    assert "Ivo Petrov" in " ".join(f"{mail.text} {mail.hidden_text}".split())


def test_characters_that_nobody_sees_are_left_for_the_screening_to_drop() -> None:
    for written in ("I&zwj;vo", "I&shy;vo", "I\ufe0fvo", "I&#x2060;vo"):
        mail = read(hostile.mime("text/html; charset=utf-8", f"<p>{written} hit me".encode()))
        seen = f"{mail.text}{mail.hidden_text}"
        assert "Ivo hit me" in "".join(char for char in seen if char not in "\u200d\xad\ufe0f\u2060")


def test_a_name_hidden_in_html_was_missed_because_its_words_stood_elsewhere() -> None:
    page = b"Content-Type: text/html\r\n\r\n<p>the petrov ivo account</p><p>Ivo Petrov</p>"
    mail = read(hostile.parts("alternative", b"\r\nthe petrov ivo account\r\n", page))
    assert "Ivo Petrov" in mail.hidden_text


@pytest.mark.parametrize(
    ("plain", "page"),
    [
        (b"Then the chair said\r\nhello Ivo\r\nand he hit me", b"<p>Then the chair said hello Ivo and he hit me</p>"),
        (b"see MrIvo hit me yesterday", b"<p>Ivo hit me</p>"),
        (b"Ivory tower", b"<p>Ivo</p>"),
    ],
)
def test_a_name_in_html_was_missed_because_the_plain_text_has_its_letters_too(plain: bytes, page: bytes) -> None:
    mail = read(hostile.parts("alternative", b"\r\n" + plain, b"Content-Type: text/html\r\n\r\n" + page))
    assert page[3:-4].decode() in mail.hidden_text


def test_html_that_says_the_same_in_the_same_lines_is_searched_once() -> None:
    page = b"Content-Type: text/html\r\n\r\n<p>Hello Jun,</p><p>Ivo hit me.</p>"
    assert read(hostile.parts("alternative", b"\r\nHello Jun,\r\n\r\nIvo hit me.\r\n", page)).hidden_text == ""
    assert read(hostile.mime("text/html", b"<p>Hello Jun,</p><p>Ivo hit me.</p>")).hidden_text == ""


@pytest.mark.parametrize(
    "inner",
    [
        b"Sender: Ivo Petrov <ip@x.example>\r\n\r\nlook",
        b"Resent-From: Ivo Petrov <ip@x.example>\r\n\r\nlook",
        b"Resent-To: =?utf-8?q?Ivo_Petrov?= <ip@x.example>\r\n\r\nlook",
        b"Thread-Topic: Ivo Petrov hit me\r\n\r\nlook",
        b'Content-Type: image/png; name="Ivo Petrov.png"\r\n\r\nxx',
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: image/png\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''Ivo%20Petrov.png\r\n\r\nxx\r\n--c--",
    ],
)
def test_who_was_named_at_the_head_of_an_attached_mail_was_given_it(inner: bytes) -> None:
    attached = b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nMIME-Version: 1.0\r\n" + inner
    mail = read(hostile.parts("mixed", b"\r\nsee attached\r\n", attached))
    assert "Ivo Petrov" in mail.hidden_text
    assert mail.unreadable == ""


def test_the_date_of_an_attached_mail_names_nobody() -> None:
    attached = b"Content-Type: message/rfc822\r\n\r\nDate: Mon, 3 Jun 2024 10:00:00 +0000\r\n\r\nlook"
    assert "Jun" not in read(hostile.parts("mixed", b"\r\nsee attached\r\n", attached)).hidden_text


@pytest.mark.parametrize("body", [b"\r\nhello\r\n", b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\nhello\r\n"])
@pytest.mark.parametrize(
    "head",
    [
        b"From: r@r.example\r\nSubject: report\r\nSubject: =?utf-8?q?Ivo_Petrov?= hit me\r\n",
        b"From: R <r@r.example>, =?utf-8?q?Ivo_Petrov?= <p@r.example>\r\nSubject: report\r\n",
        b"From: R <r@r.example>\r\nFrom: Ivo Petrov <p@r.example>\r\nSubject: report\r\n",
    ],
)
def test_who_was_named_in_a_second_field_was_given_the_report(head: bytes, body: bytes) -> None:
    assert "Ivo Petrov" in read(head + body).hidden_text
