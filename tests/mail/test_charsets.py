"""What is written in another charset than the one told: people could read it, and the screening did not."""

from __future__ import annotations

import time

import hostile
import pytest

from cocmail.mail.charsets import codec_of, other_readings
from cocmail.mail.decode import decode_words, text_from, text_from_header
from cocmail.mail.parse import read

IVO = "It was Иво Петров"
YAMADA = "昨日、山田 太郎さんが"


def seen(content_type: str, body: bytes) -> str:
    """What is shown and screened of a message of this type."""
    mail = read(hostile.mime(content_type, body))
    assert mail.unreadable == ""
    return f"{mail.text}\n{mail.hidden_text}"


@pytest.mark.parametrize(
    "written",
    [
        f"{IVO}.\n".encode() + b"caf\xe9",
        f"{IVO}.\nJos".encode() + b"\xc3",
        b"\xff " + IVO.encode(),
        IVO.encode() + b" \xed\xa0\x80",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "", "us-ascii", "iso-8859-1", "klingon"])
def test_one_bad_byte_made_nonsense_of_all_other_letters(written: bytes, charset: str) -> None:
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    assert "Иво Петров" in seen(kind, written)
    assert "Иво Петров" in seen(kind.replace("plain", "html"), b"<p>" + written)


def test_one_bad_byte_made_nonsense_of_a_subject() -> None:
    assert "Иво Петров" in text_from_header(IVO.encode() + b" \xe9")
    assert "Иво" in decode_words("=?utf-8?q?=D0=98=D0=B2=D0=BE_=D0?=")


def test_what_is_not_utf_8_at_all_is_shown_as_before_whatever_it_says() -> None:
    assert text_from(b"caf\xe9 M\xfcller", "utf-8") == "café Müller"
    assert text_from_header(b"caf\xe9 M\xfcller") == "café Müller"


@pytest.mark.parametrize(
    ("charset", "written"),
    [
        ("utf-7", IVO.encode("utf-7") + b"\n+A"),
        ("utf-7 (x)", IVO.encode("utf-7")),
        ("unicode-1-1-utf-7", IVO.encode("utf-7")),
        ("utf-16", IVO.encode("utf-16-be")),
        ("utf-16", IVO.encode("utf-16-le") + b"a"),
        ("unicodefffe", IVO.encode("utf-16-be")),
        ("windows1251", IVO.encode("cp1251")),
        ("x-cp1251", IVO.encode("cp1251")),
        ("x-mac-cyrillic", IVO.encode("mac-cyrillic")),
        ("koi8-ru", IVO.encode("koi8-u")),
    ],
)
def test_a_charset_that_others_know_was_read_as_another(charset: str, written: bytes) -> None:
    assert "Иво Петров" in text_from(written, charset)


@pytest.mark.parametrize(
    ("charset", "written", "meant"),
    [
        ("iso-2022-jp", b"\x1b$B-!\x1b(B " + YAMADA.encode("iso-2022-jp"), "①"),
        ("iso-2022-jp", b"\x1b$B|b\x1b(B " + YAMADA.encode("iso-2022-jp"), "髙"),
        ("iso-2022-jp", YAMADA.encode("iso-2022-jp") + b"\x1b$@", "山田"),
        ("", YAMADA.encode("iso-2022-jp"), "山田"),
        ("us-ascii", YAMADA.encode("iso-2022-jp"), "山田"),
        ("x-sjis", YAMADA.encode("cp932"), "山田"),
        ("windows-31j", YAMADA.encode("cp932"), "山田"),
        ("x-gbk", "山田".encode("gbk"), "山田"),
        ("windows-949", "김철수 똠".encode("cp949"), "똠"),
        ("big5", "李恒".encode("big5hkscs"), "恒"),
        ("windows-874", "สมชาย".encode("cp874"), "สมชาย"),
        ("iso-8859-8-i", "דנה".encode("iso8859-8"), "דנה"),
    ],
)
def test_a_charset_of_every_day_in_asia_came_out_as_signs(charset: str, written: bytes, meant: str) -> None:
    text = text_from(written, charset)
    assert meant in text
    assert "\ufffd" not in text


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("Иво Петров", "cp1251"),
        ("Иво Петров", "koi8-r"),
        ("Łukasz Żal", "cp1250"),
        ("Ελένη Παππά", "cp1253"),
        ("山田 太郎", "shift_jis"),
        ("山田 太郎", "gb18030"),
        ("김철수", "euc-kr"),
        ("李恒", "big5hkscs"),
        ("Иво Петров", "utf-16"),
    ],
)
@pytest.mark.parametrize("told", ["", "; charset=us-ascii", "; charset=utf-8", "; charset=x-unknown"])
def test_a_name_in_a_charset_that_nobody_told_was_not_found(name: str, charset: str, told: str) -> None:
    assert name in seen(f"text/plain{told}", f"It was {name}".encode(charset))
    assert name in seen(f"text/html{told}", f"<p>It was {name}".encode(charset))
    assert (
        name
        in read(hostile.parts("mixed", b"\r\nhello\r\n", _file(told, f"It was {name}".encode(charset)))).hidden_text
    )


def _file(told: str, content: bytes) -> bytes:
    return f"Content-Type: text/csv{told}\r\nContent-Disposition: attachment\r\n\r\n".encode() + content


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("text/html", b"<meta charset=windows-1251><p>" + IVO.encode("cp1251")),
        ("text/html; charset=iso-8859-1", b"<meta content='a; charset=windows-1251'><p>" + IVO.encode("cp1251")),
        ("text/plain; charset=iso-8859-1", IVO.encode()),
        ("text/plain; charset=klingon", IVO.encode("utf-7")),
        ("text/plain; charset=klingon", IVO.encode("iso-2022-kr")),
    ],
)
def test_a_charset_told_in_another_place_or_wrongly_was_not_looked_at(kind: str, written: bytes) -> None:
    assert "Иво Петров" in seen(kind, written)


@pytest.mark.parametrize("kind", ["text/plain charset=utf-7", "text/plain; charset=us-ascii; charset=utf-7"])
def test_a_charset_that_not_all_programs_see_is_for_the_triage(kind: str) -> None:
    assert read(hostile.mime(kind, IVO.encode("utf-7"))).unreadable == "unparsable"


@pytest.mark.parametrize(
    ("name", "charset"), [("Иво Петров", "cp1251"), ("山田 太郎", "iso-2022-jp"), ("山田", "cp932")]
)
def test_a_subject_in_bytes_as_they_stand_was_not_looked_at(name: str, charset: str) -> None:
    mail = read(b"From: rae@example.net\r\nSubject: by " + name.encode(charset) + b"\r\n\r\nhello\r\n")
    assert name in mail.subject + mail.hidden_text


def test_letters_whose_halves_are_marks_of_the_grammar_hid_who_wrote_and_what_was_attached() -> None:
    person = "社長".encode("iso-2022-jp")
    mail = read(
        b"From: " + person + b" <rae@example.net>\r\nTo: " + person + b" <conduct+not-ivo@example.org>\r\n\r\nhi"
    )
    assert (mail.from_name, mail.from_addresses) == ("社長", ("rae@example.net",))
    assert mail.to == ("conduct+not-ivo@example.org",)
    kind = b'Content-Type: image/png; name="' + "唖鯵.png".encode("iso-2022-jp") + b'"\r\n\r\n'
    assert "唖鯵.png" in read(hostile.parts("mixed", b"\r\nhello\r\n", kind)).hidden_text


@pytest.mark.parametrize("kind", ["text/plain charset=utf-7", "text/plain; charset=us-ascii; charset=utf-7"])
def test_a_charset_told_twice_or_without_its_semicolon_is_found_or_goes_to_the_triage(kind: str) -> None:
    mail = read(hostile.mime(kind, IVO.encode("utf-7")))
    assert "Иво Петров" in mail.text + mail.hidden_text or mail.unreadable == "unparsable"


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize(
    "label",
    ["utf-16", "utf-16le", "utf-16be", "unicode", "ucs-2", "utf-32", "ucs-4", "ibm037", "cp500", "cp1140", "cp273"],
)
@pytest.mark.parametrize(
    "written", ["It was Ivo Petrov.\r\n", "Bei José: Ivo Petrov, größer.\r\n", "It was Иво Петров"]
)
def test_a_report_under_a_label_for_wide_letters_reached_whom_it_named(kind: str, label: str, written: str) -> None:
    mail = read(hostile.mime(f"{kind}; charset={label}", written.encode()))
    assert (mail.text, mail.unreadable) == (written.strip(), "") or mail.unreadable == "unparsable"
    assert written.strip() in f"{mail.text}\n{mail.hidden_text}"


@pytest.mark.parametrize("spoilt", [b"\0", b"\x01", b"\xe9", b"\0\xe9"])
@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-32"])
def test_one_odd_byte_under_a_label_for_wide_letters_hid_every_name(spoilt: bytes, label: str) -> None:
    mail = read(hostile.mime(f"text/plain; charset={label}", b"Hello.\n" * 300 + b"It was Ivo Petrov.\n" + spoilt))
    assert "It was Ivo Petrov." in mail.hidden_text


@pytest.mark.parametrize(
    ("label", "charset"), [("utf-16le", "koi8-r"), ("utf-32", "cp1251"), ("utf-16be", "utf-16"), ("utf-16be", "utf-32")]
)
def test_a_text_in_any_other_charset_under_a_label_for_wide_letters_is_searched(label: str, charset: str) -> None:
    mail = read(hostile.mime(f"text/plain; charset={label}", f"{IVO}\n".encode(charset)))
    assert "Иво Петров" in mail.hidden_text


def test_wide_letters_without_a_mark_are_read_as_before() -> None:
    for written in ("It was Ivo.", "Это был Иво, и он ударил меня.", "昨日、山田 太郎さんが。"):
        for label in ("utf-16-le", "utf-16-be", "utf-32-le"):
            assert text_from(written.encode(label), label) == written


def test_a_text_of_signs_for_what_cannot_be_read_went_to_everybody() -> None:
    assert (
        read(hostile.mime("text/plain; charset=utf-32", b"\0" * 40 + b"Ivo Petrov hit me")).unreadable == "unparsable"
    )


def test_a_charset_that_nothing_here_reads_goes_to_the_triage() -> None:
    assert read(hostile.mime("text/plain; charset=viscii", b"Nguy\xaan")).unreadable == "unparsable"
    assert read(hostile.mime("text/plain; charset=iso-2022-cn", b"\x1b$)A\x0eNR\x0f")).unreadable == "unparsable"
    assert read(hostile.mime("text/plain; charset=viscii", b"Nguyen")).unreadable == ""
    assert read(hostile.mime("text/plain; charset=ibm037", IVO[:6].encode("cp037"))).unreadable == "unparsable"


@pytest.mark.parametrize(
    ("charset", "written"),
    [("", IVO.encode()), ("utf-8", IVO.encode()), ("us-ascii", b"1 + 1"), ("koi8-r", IVO.encode("koi8-r")),
     ("iso-2022-jp", YAMADA.encode("iso-2022-jp"))],
)  # fmt: skip
def test_what_is_told_rightly_is_screened_once(charset: str, written: bytes) -> None:
    assert other_readings(written, charset) == ""


@pytest.mark.parametrize(
    "piece", [b"\xff", b"\xc3\xa9\xff", b"\x1b$B-!", b"+A\xe9", b"~{\x0e", b"<meta \xe9", b"a\n\xe9\n", b"\xff\xfe"]
)
@pytest.mark.parametrize("charset", ["", "klingon", "iso-2022-jp", "utf-16"])
def test_faults_without_end_take_a_second_a_megabyte(piece: bytes, charset: str) -> None:
    data = piece * (400_000 // len(piece))
    begun = time.process_time()
    other_readings(data, charset, is_html=True)
    text_from(data, charset)
    assert time.process_time() - begun < 1.2


@pytest.mark.parametrize(
    "label", ["", "(", "((((", "\0", "hex", "zlib", "rot13", "punycode", "utf-8" * 100, "cp99999", "é"]
)
def test_a_label_that_is_no_charset_is_none(label: str) -> None:
    assert codec_of(label) == ""
