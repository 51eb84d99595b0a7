"""Where two mail programs would see two different messages: what one of them decodes was not screened decoded.

The rule: such a message is for the triage, so doubt is only where something would be decoded otherwise, never at a mere
fault. Never raises, linear time. It must not decide which of the two is right.
"""

from __future__ import annotations

import re
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from email.message import Message

from cocmail.mail.transfer import UNKNOWN, as_it_stands, bounded, encoding_of

# A field that tells how to read what follows, where no reader should find one.
_TELLS = re.compile(rb"(?<![^\r\n])[ \t]*+content-(?:type|transfer-encoding)[ \t]*+:", re.IGNORECASE)
# Such a field, or a boundary, behind what ends a line for some, and for others does not.
_AFTER_CR = re.compile(
    rb"\r(?:content-(?:type|transfer-encoding)[ \t]{0,9}:|--[-=_]{0,40}[a-z0-9][!-~]{0,70}[ \t]{0,9}[\r\n])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(?:([\w.:+-]*)|[^"\\]*)"')
_CHARSET = re.compile(r"(?<![\w-])charset[0-9*]{0,9}\s{0,9}=\s{0,9}'?([^\s;,()']*)", re.IGNORECASE)
_NAME = re.compile(r"name[0-9*]{0,9}\s{0,9}=", re.IGNORECASE)
_BLANK = re.compile(rb"\n\r{0,2}\n|\r\r(?!\n)")
_BOUNDARY = re.compile(r"(?<![\w-])boundary[0-9*]{0,9}\s{0,9}=", re.IGNORECASE)


def doubtful(part: Message, charset: str, around: tuple[str, ...] = ()) -> bool:
    """Whether other programs may see other parts in it, or may decode it otherwise (RFC 2045, RFC 2046 section 5.1).

    `charset`: the one that it is read in; `around`: the boundaries of the multiparts that hold the part.
    """
    fields = [f"{name}: {value}" for name, value in part.raw_items() if name.lower().startswith("content-")]
    kinds = {" ".join(each[13:].split()) for each in fields if each[:13].lower() == "content-type:"}
    kind = max(kinds, key=len, default="")
    if len(kinds) > 1 or encoding_of(part) == UNKNOWN or any(map(_late, fields)):
        return True
    if any(isinstance(each, FirstHeaderLineIsContinuationDefect) for each in part.defects):
        return True
    payload = part.get_payload() if part.is_multipart() else None
    if isinstance(payload, list):
        return part.get_content_maintype() == "multipart" and _parted_otherwise(part, kind)
    return _charset_in_doubt(kind, charset) or _parts_within(part, kind, around)


def headless(raw: bytes, body_at: int) -> bool:
    """Whether others may see fields of the header where none is seen, or the other way round (RFC 5322 section 2.2).

    `body_at`: where the body begins. Behind a line that is no field others may go on reading fields; and a bare CR is
    the end of a line for some, but not where lines end in it anyway.
    """
    head = raw[:body_at]
    ended = not head.strip(b"\r\n") or head.endswith((b"\n\n", b"\n\r\n", b"\r\r", b"\n\r\r\n"))
    blank = None if ended else _BLANK.search(raw, body_at)
    end = body_at if ended else blank.start() if blank else len(raw)
    return _TELLS.search(raw, body_at, end) is not None or (b"\n" in raw and _AFTER_CR.search(raw) is not None)


def boundary_of(part: Message) -> str:
    """The boundary by which a multipart was taken apart; "" of what is none."""
    try:
        return part.get_boundary() or ""
    except (ValueError, LookupError, TypeError):
        return ""


def _late(field: str) -> bool:
    """Whether a file's name may be behind what is read of a field."""
    value = field.partition(":")[2].lstrip()
    return value != bounded(value) and _NAME.search(field) is not None


def _parted_otherwise(part: Message, kind: str) -> bool:
    """A multipart whose boundary is written in a way that not all understand, or that has parts outside of it."""
    bare = _QUOTED.sub(lambda match: match[1] or "", kind)
    if re.search(r'[("\\]', bare) or len(_BOUNDARY.findall(bare)) > 1:
        return True
    outside = (each.encode("utf-8", "surrogateescape") for each in (part.preamble, part.epilogue) if each)
    return any(_TELLS.search(each) for each in outside)


def _charset_in_doubt(kind: str, charset: str) -> bool:
    """Whether a charset is named that is not the one it is read in."""
    named = {each.lower() for each in _CHARSET.findall(_QUOTED.sub(lambda match: match[1] or "", kind)) if each}
    return len(named) > 1 or (bool(named) and not charset)


def _parts_within(part: Message, kind: str, around: tuple[str, ...]) -> bool:
    """Parts that were not taken apart: no boundary was found, or only the beginning of one, or a header had no end."""
    endless = any(isinstance(each, MissingHeaderBodySeparatorDefect) for each in part.defects)
    is_multipart = "multipart" in kind.lower()
    lines = [f"--{each}".encode("utf-8", "surrogateescape") for each in around if each]
    if is_multipart and encoding_of(part):
        return True
    if not (endless or is_multipart or lines):
        return False
    text = as_it_stands(part)
    apart = endless or is_multipart or any(text.startswith(each) or b"\n" + each in text for each in lines)
    return apart and _TELLS.search(text) is not None
