"""The header of a message, found by one bounded pass over its bytes.

The rule: linear in the size of the message, never raises, and sees at least every field that another reader could see:
a bare CR ends a line, a space before the colon does not hide a field. `email.parser` gets only the MIME fields, so that
200,000 other fields cost it nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cocmail.mail.address import addresses_in
from cocmail.mail.decode import text_from_header

FIELDS_MAX = 10_000
FIELDS_BYTES = 1_000_000
VALUE_MAX = 500_000
MIME_BYTES = 64_000
RECIPIENTS_MAX = 5_000
IDS_MAX = 100

OF_INTEREST = frozenset((
    "return-path", "received", "authentication-results", "auto-submitted", "precedence", "x-auto-response-suppress",
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-loop", "content-type", "content-disposition", "from",
    "subject", "to", "cc", "date", "message-id", "delivered-to", "x-original-to", "dkim-signature", "feedback-id",
    "x-failed-recipients", "in-reply-to", "references", "reply-to", "sender", "disposition-notification-to",
))  # fmt: skip
FAMILIES = ("list-", "cocmail-")
# Counting these decides what is proven, so no flood of other fields may push a second one out of sight.
ALWAYS = frozenset({"from", "subject", "date", "message-id", "to", "content-type"})
ALWAYS_MAX = 10

_LINE = re.compile(rb"([^\r\n]*)(?:\r{0,2}\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]{0,10}:")
_ID = re.compile(r"<([^<>]{1,998})>")
# What may stand in a field of ours: printable ASCII, nothing that looks like an encoded word, at most 998 characters.
_SAFE_ID = re.compile(r"(?=.{3,998}\Z)<(?!=\?)(?:[!-;?-~]|=(?!\?))+>")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Header:
    """`fields`: (lower-case name, unfolded value, not RFC 2047 decoded) of interest, top first.

    `mime`: the fields that the MIME parser needs, one a line. `body_at`: the offset at which the body begins.
    """

    fields: tuple[tuple[str, str], ...]
    mime: bytes
    body_at: int

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one field, top first."""
        return tuple(value for key, value in self.fields if key == name)

    def first(self, name: str) -> str:
        """The topmost value of one field, or ""."""
        return next((value for key, value in self.fields if key == name), "")


def scan(raw: bytes, also: frozenset[str] = frozenset()) -> Header:
    """The header of a message. `also` names further fields to keep, in lower case."""
    keep = OF_INTEREST | {name.lower() for name in also}
    gathered = _Gathered(keep)
    pos = _start(raw)
    name, pieces = "", list[bytes]()
    while pos < len(raw) and (match := _LINE.match(raw, pos)):
        line = match[1]
        if line[:1] in (b" ", b"\t"):
            pieces.append(line)
        else:
            gathered.add(name, pieces)
            name, pieces = "", []
            if not line:
                pos = match.end()
                break
            field = _FIELD.match(line)
            if field:
                name, pieces = field[1].decode("ascii").lower(), [line[field.end() :]]
            elif not line.startswith((b"From ", b">From ")):
                break
        pos = match.end()
    gathered.add(name, pieces)
    return Header(tuple(gathered.fields), b"".join(gathered.mime), pos)


def _start(raw: bytes) -> int:
    """Behind a byte order mark and blank lines, which some programs put on top."""
    at = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    match = re.compile(rb"[\r\n]*").match(raw, at)
    return match.end() if match else at


class _Gathered:
    """What the pass keeps, within its bounds."""

    __slots__ = ("always", "fields", "keep", "mime", "mime_size", "size")

    def __init__(self, keep: frozenset[str]) -> None:
        self.keep, self.size, self.mime_size = keep, 0, 0
        self.fields: list[tuple[str, str]] = []
        self.mime: list[bytes] = []
        self.always: dict[str, int] = {}

    def add(self, name: str, pieces: list[bytes]) -> None:
        is_mime = name.startswith("content-") or name == "mime-version"
        if not name or not (is_mime or name in self.keep or name.startswith(FAMILIES)):
            return
        value = b"".join(pieces).strip(b" \t")[:VALUE_MAX]
        if is_mime and self.mime_size < MIME_BYTES:
            self.mime_size += len(value)
            self.mime.append(name.encode("ascii") + b": " + value[:MIME_BYTES] + b"\r\n")
        if name not in self.keep and is_mime:
            return
        self.always[name] = self.always.get(name, 0) + 1
        within = len(self.fields) < FIELDS_MAX and self.size < FIELDS_BYTES
        if within or (name in ALWAYS and self.always[name] <= ALWAYS_MAX):
            self.size += len(value)
            self.fields.append((name, _CONTROLS.sub(" ", text_from_header(value))))


def is_message_id(text: str) -> bool:
    """Whether it is an id that may be written into mail of ours: `<`, printable ASCII without `<`, `>` and `=?`, `>`.

    The one check for what is taken from strangers and for what is sent. Mail readers, and Python's email library,
    decode an encoded word (RFC 2047) wherever one stands, and one that holds a line break would add header fields.
    """
    return _SAFE_ID.fullmatch(text) is not None


def message_ids(value: str) -> tuple[str, ...]:
    """The ids of a Message-ID, In-Reply-To or References value, with their `<>`; `<[id]>` of Exchange is one too.

    At most 100; of a longer list the first and the last, which are the thread's root and its nearest messages.
    A value without any `<>` is taken as one bare id if it is one word. What is not `is_message_id` is left out.
    """
    found = [f"<{''.join(inside.split())}>" for inside in _ID.findall(value)]
    bare = value.strip()
    if not found and not re.search(r"[\s<>,]", bare):
        found = [f"<{bare}>"]
    unique = list(dict.fromkeys(each for each in found if is_message_id(each)))
    return tuple(unique if len(unique) <= IDS_MAX else unique[:1] + unique[-(IDS_MAX - 1) :])


def recipients(header: Header, *names: str) -> tuple[str, ...]:
    """The addresses of these fields, each once, at most 5,000."""
    found: dict[str, None] = {}
    for name in names:
        for value in header.values(name):
            found.update(dict.fromkeys(addresses_in(value)))
            if len(found) > RECIPIENTS_MAX:
                return tuple(found)[:RECIPIENTS_MAX]
    return tuple(found)


def digest(body: bytes) -> str:
    """The SHA-256 of a body, in hex, the same through whatever door: line ends as LF, no blank lines at the end."""
    for line_end in (b"\r\r\n", b"\r\n", b"\r"):
        body = body.replace(line_end, b"\n")
    return hashlib.sha256(body.rstrip(b"\n")).hexdigest()
