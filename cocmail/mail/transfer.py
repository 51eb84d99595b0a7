"""Transfer encodings (RFC 2045 section 6): which one a part is in, and its decoded bytes.

The rule: what another mail program would decode is decoded here too, however carelessly it was labelled or encoded.
Never raises, linear time. It must not know of types or of charsets.
"""

from __future__ import annotations

import quopri
import re
import string
from copy import copy
from email.message import Message

from cocmail.core.comments import without_comments
from cocmail.mail.decode import exact_base64, from_base64

# No honest MIME field is this long, or has as many parameters, which the library takes apart in quadratic time.
FIELD_MAX, SEMICOLONS_MAX = 8_000, 200
UNKNOWN = "unknown"

_BETWEEN = re.compile(r"[\s;,\"']+")
# Lines of nothing but base64, and what is before the first other character if it ends in padding.
_LINES = re.compile(rb"(?:[A-Za-z0-9+/=]*+[ \t]*+[\r\n]++)*+(?:[A-Za-z0-9+/]*+(?:=++|[ \t]*+\Z))?+")
_FIRST, _LAST = re.compile(rb"\s*+(\S++)"), re.compile(rb"\S++(?=\s*+\Z)")
_ALPHABET = rb"A-Za-z0-9+/="
_LETTERS = (string.ascii_letters + string.digits + "+/=").encode()
# A line of base64 with at most one fault, of one character in any charset.
_FAULTY = rb"[%b]*+[^%b\r\n]{0,4}+[%b]*+[ \t]*+(?=[\r\n]|\Z)" % ((_ALPHABET,) * 3)
_NEXT = re.compile(rb"(?:\r{0,2}\n|\r)?+" + _FAULTY)
# A line in which one byte is none of base64's.
_SPOILT = re.compile(rb"(?<![^\r\n])([%b]++)[^%b\r\n]([%b]++)(?=[ \t]*+(?:[\r\n]|\Z))" % ((_ALPHABET,) * 3))
# The shortest that programs make a line that is not the last one.
_LINE_MIN = 60
_SOFT = re.compile(rb"=[ \t]++(?=[\r\n])")
_EQUALS = re.compile(rb"=(?==)")
# What is no encoding at all is written in many ways in practice.
_PLAIN = re.compile(r"[78]-?bits?|binary|bit|")
_CODED = {"base64": "base64", "quoted-printable": "quoted-printable"} | dict.fromkeys(
    ("uuencode", "x-uuencode", "uue", "x-uue"), "uuencode"
)


def splittable(value: str) -> str:
    """A MIME field with so many parameters as any honest one has: what the library may be given."""
    return ";".join(value.split(";", SEMICOLONS_MAX)[:SEMICOLONS_MAX])


def bounded(value: str) -> str:
    """The beginning of a MIME field, so much of it as any honest one has."""
    return splittable(value[:FIELD_MAX])


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
    words = [word for word in _BETWEEN.split(without_comments(value).lower()) if word]
    first, *rest = words or [""]
    named = _CODED.get(first, "" if _PLAIN.fullmatch(first) else UNKNOWN)
    return UNKNOWN if any(_CODED.get(word, named) != named for word in rest) else named


def content_of(part: Message, *, is_text: bool = False) -> bytes:
    """A part's decoded bytes; as they stand where the encoding is unknown or broken; b"" where it holds parts.

    Of a text in base64 only the beginning may be: a list wrote its footer below it, which stands as it was written. A
    byte that does not belong into base64 is left out (RFC 2045 section 6.8).
    """
    match encoding_of(part):
        case "base64":
            # First without a name for the source: a long file would be in memory once more.
            exact = exact_base64(as_it_stands(part))
            if exact is not None:
                return exact
            data = as_it_stands(part)
            end = _end_of_base64(data) if is_text else len(data)
            return from_base64(_SPOILT.sub(_in_its_place, data[:end])) + data[end:]
        case "quoted-printable":
            return from_quoted_printable(as_it_stands(part))
        case "uuencode":
            return _from_uuencode(as_it_stands(part))
        case _:
            return as_it_stands(part)


def _end_of_base64(data: bytes) -> int:
    """Where a text's base64 ends and something else stands: a footer.

    It ends in padding, or in a line that is shorter than the others. Where it goes on in lines that are as long, all
    but a fault, there is no footer yet.
    """
    begin = _LINES.match(data)
    end = begin.end() if begin else 0
    first, last = _FIRST.match(data, 0, end), _LAST.search(data, max(0, end - FIELD_MAX), end)
    if end == len(data) or first is None or last is None:
        return len(data)
    if last[0].endswith(b"="):
        return end
    width = max(len(first[1]), _LINE_MIN)
    goes_on = len(last[0]) >= width
    full = re.compile(rb"(?<![^\r\n])(?=[^\r\n]{%d})" % (width - 2) + _FAULTY)
    for line in full.finditer(data, end):
        # Further below it is a rule in the footer, or a word.
        if len(data[end : line.start()].split(None, 2)) > 1 or len(line[0].strip(b"= \t")) < width - 4:
            break
        goes_on, end = True, line.end()
    # Behind a full line stands another one, be it short.
    if goes_on and (after := _NEXT.match(data, end)) and _is_almost_base64(after[0].strip()):
        end = after.end()
    return end


def _in_its_place(line: re.Match[bytes]) -> bytes:
    """A line with the place of a letter that was made something else kept: left out, it would move all that follows."""
    return line[1] + b"A" + line[2] if (len(line[1]) + len(line[2])) % 4 == 3 else line[0]


def _is_almost_base64(line: bytes) -> bool:
    return len(line) > 8 * len(line.translate(None, _LETTERS))


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
