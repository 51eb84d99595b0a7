"""Long parts arrive as they were, and nothing in them can become anything but content."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.mail.bulk import LONG, Bulk, lines_of


@given(st.binary(max_size=400), st.integers(0, 300))
def test_octets_come_back_as_they_were(piece: bytes, times: int) -> None:
    content = piece * times
    encoded = b"".join(lines_of(content))
    assert base64.b64decode(encoded) == content
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


def built(text: str, attachment: bytes) -> EmailMessage:
    bulk, message = Bulk(), EmailMessage(policy=policy.SMTP)
    body, encoding = bulk.text(text)
    message.set_content(body, charset="utf-8", cte=encoding)
    message.add_attachment(bulk.content(attachment), maintype="image", subtype="png", filename="x.png")
    parsed = message_from_bytes(bulk.fill(message.as_bytes()), policy=policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("length", [0, 10, LONG, LONG + 1, 3 * LONG])
def test_a_message_holds_what_was_put_in_whatever_its_length(length: int) -> None:
    text = "zwölf Boxkämpfer\n" * (length // 16 + 1)
    attachment = bytes(range(256)) * (length // 256 + 1)
    message = built(text, attachment)
    body = message.get_body(("plain",))
    assert body is not None and body.get_content().replace("\r\n", "\n") == text
    assert [part.get_content() for part in message.iter_attachments()] == [attachment]


def test_a_boundary_or_a_header_in_a_long_part_stays_content() -> None:
    text = "--=====\r\nContent-Type: text/html\r\n\r\n<b>\r\n--=====--\r\n" * 3000
    message = built(text, b"\r\n.\r\nRCPT TO:<x>\r\n" * 9000)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "image/png"]


def test_a_place_holder_that_is_lost_is_a_defect_and_no_silent_gap() -> None:
    bulk = Bulk()
    bulk.content(b"x" * (LONG + 1))
    with pytest.raises(RuntimeError):
        bulk.fill(b"no place here")
