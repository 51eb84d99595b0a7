"""Transfer encodings (RFC 2045 section 6): which one a part is in, and its decoded bytes.

The rule: what another mail program would decode is decoded here too, however carelessly it was labelled or encoded.
Never raises, linear time. It must not know of types or of charsets.
"""

from __future__ import annotations

import quopri
import re
from copy import copy
from email.message import Message

from cocmail.mail.decode import exact_base64, from_base64

# Python's own parameter splitting is quadratic; no honest MIME field is this long.
FIELD_MAX = 8_000
UNKNOWN = "unknown"

_COMMENT = re.compile(r"\([^()]*\)")
_BETWEEN = re.compile(r"[\s;,\"']+")
# Lines of nothing but base64, and what is before the first other character if it ends in padding.
_LINES = re.compile(rb"(?:[A-Za-z0-9+/=]*+[ \t]*+[\r\n]++)*+(?:[A-Za-z0-9+/]*+(?:=++|[ \t]*+\Z))?+")
_SOFT = re.compile(rb"=[ \t]++(?=[\r\n])")
_EQUALS = re.compile(rb"=(?==)")
# What is no encoding at all is written in many ways in practice.
_PLAIN = re.compile(r"[78]-?bits?|binary|bit|")
_CODED = {"base64": "base64", "quoted-printable": "quoted-printable"} | dict.fromkeys(
    ("uuencode", "x-uuencode", "uue", "x-uue"), "uuencode"
)


def encoding_of(part: Message) -> str:
    """`base64`, `quoted-printable`, `uuencode` or "" for none; `unknown` for any other, or where two are named.

    Comments, quotes and parameters, which do not belong there but occur, are left out (RFC 2045 section 6.1).
    """
    values = [str(value).strip() for name, value in part.raw_items() if name.lower() == "content-transfer-encoding"]
    found = {_named(value) for value in values}
    return found.pop() if len(found) == 1 else UNKNOWN if found else ""


def _named(value: str) -> str:
    if len(value) > FIELD_MAX:
        return UNKNOWN
    words = [word for word in _BETWEEN.split(_COMMENT.sub(" ", value).lower()) if word]
    first, *rest = words or [""]
    named = _CODED.get(first, "" if _PLAIN.fullmatch(first) else UNKNOWN)
    return UNKNOWN if any(_CODED.get(word, named) != named for word in rest) else named


def content_of(part: Message, *, is_text: bool = False) -> bytes:
    """A part's decoded bytes; as they stand where the encoding is unknown or broken; b"" where it holds parts.

    Of a text in base64 only the beginning may be: a list wrote its footer below it, which stands as it was written.
    """
    match encoding_of(part):
        case "base64":
            # First without a name for the source: a long file would be in memory once more.
            exact = exact_base64(as_it_stands(part))
            if exact is not None:
                return exact
            data = as_it_stands(part)
            begin = _LINES.match(data) if is_text else None
            coded = begin[0] if begin else data
            return from_base64(coded) + data[len(coded) :] if coded.strip() else from_base64(data)
        case "quoted-printable":
            return from_quoted_printable(as_it_stands(part))
        case "uuencode":
            return _from_uuencode(as_it_stands(part))
        case _:
            return as_it_stands(part)


def from_quoted_printable(data: bytes) -> bytes:
    """Quoted-printable, also with blanks behind a soft line break, or an "=" for itself (RFC 2045 section 6.7).

    The library takes neither for what it is, and joins no line, or decodes no character, behind it.
    """
    return quopri.decodestring(_SOFT.sub(b"=", _EQUALS.sub(b"=3D", data)))


def other_decodings(part: Message) -> list[bytes]:
    """What else other programs may show of a text in base64 with a fault.

    As it stands; with what is foreign skipped, wherever it is; with the padding skipped, or read as zeros.
    """
    if encoding_of(part) != "base64" or exact_base64(data := as_it_stands(part)) is not None:
        return []
    padding = b"=" in data.rstrip(b"= \t\r\n")
    return [data, from_base64(data), *(from_base64(data.replace(b"=", each)) for each in (b"", b"A") if padding)]


def as_it_stands(part: Message) -> bytes:
    """A part's bytes, not decoded; b"" where it holds parts."""
    # Asked for a text with 8-bit bytes, the library decodes it by the charset, and by the encoding that it understands.
    bare = copy(part)
    del bare["content-transfer-encoding"], bare["content-type"]
    payload = bare.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _from_uuencode(data: bytes) -> bytes:
    """As the library decodes it; as it stands where there is no uuencoded file in it."""
    part = Message()
    part["content-transfer-encoding"] = "uuencode"
    part.set_payload(data.decode("ascii", "surrogateescape"))
    try:
        decoded = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        decoded = None
    return decoded if isinstance(decoded, bytes) else data
