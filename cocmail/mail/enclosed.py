"""Attached messages (message/rfc822 and its kin): their bytes, and what is in them.

The rule: an attached message that was sent in base64 or quoted-printable is decoded. RFC 2046, section 5.2.1, forbids
that, mail servers do it all the same, and Python's parser then takes the encoded text for the message. It must not
decide what is shown.
"""

from __future__ import annotations

import email
from email.errors import MissingHeaderBodySeparatorDefect
from email.generator import BytesGenerator
from email.message import Message
from email.policy import Compat32
from io import BytesIO
from typing import Any

from cocmail.mail.decode import from_base64
from cocmail.mail.transfer import encoding_of, from_quoted_printable, splittable


class _AsItStands(Compat32):
    """Fields are written out as they came, and asked for within bounds: a line of a hundred kilobytes takes minutes to
    be folded, or to be taken apart."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return super().header_fetch_parse(name, splittable(value) if isinstance(value, str) else value)

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {super().header_fetch_parse(name, value)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("utf-8", "surrogateescape")


AS_IT_STANDS = _AsItStands()


def is_splittable(part: Message) -> bool:
    """Whether none of a part's fields has more parameters than the library can take apart."""
    return all(value == splittable(value) for _, value in part.raw_items() if isinstance(value, str))


def octets_of(part: Message) -> bytes:
    """The bytes of what a message/* part holds, decoded. Raises whatever `email.generator` raises on broken parts."""
    return _decoded(part) or _written(part)


def opened(part: Message) -> list[Any]:
    """The parts that a part of several holds; of an encoded message the message, parsed after decoding."""
    payload = part.get_payload()
    assert isinstance(payload, list)
    data = _decoded(part) if part.get_content_maintype() == "message" else b""
    return [email.message_from_bytes(data, policy=AS_IT_STANDS)] if data else payload


def _decoded(part: Message) -> bytes:
    """What an encoded message/* part stands for; b"" where it is not encoded, whatever its field says."""
    encoding = encoding_of(part)
    inner = part.get_payload(0) if encoding in ("base64", "quoted-printable") else None
    if not isinstance(inner, Message):
        return b""
    if encoding == "quoted-printable":
        return from_quoted_printable(_written(part))
    # Base64 has no colon, so whatever has a field is not in base64.
    return from_base64(_written(part)) if not len(inner) else b""


def _written(part: Message) -> bytes:
    """The part's body as it stands in the message."""
    inner = part.get_payload(0)
    # A blank line that the parser missed and the generator would add: it would end the decoded message's header early.
    whole = isinstance(inner, Message) and any(isinstance(d, MissingHeaderBodySeparatorDefect) for d in inner.defects)
    out = BytesIO()
    if whole and isinstance(inner, Message):
        for name, value in inner.raw_items():
            out.write(f"{name}: {value}\n".encode("utf-8", "surrogateescape"))
        if isinstance(text := inner.get_payload(), str):
            return out.getvalue() + text.encode("utf-8", "surrogateescape")
        out = BytesIO()
    BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(part)
    return out.getvalue().partition(b"\n\n")[2]
