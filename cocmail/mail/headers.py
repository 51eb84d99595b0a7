"""The header of a message, found by one bounded pass over its bytes.

The rule: linear in the size of the message, never raises, and sees at least every field that another reader could see:
a bare CR ends a line, a space before the colon does not hide a field. `email.parser` gets only the MIME fields, so that
200,000 other fields cost it nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cocmail.core.classify import DECIDING
from cocmail.mail.address import MAILBOXES_MAX, addresses_in
from cocmail.mail.decode import text_from_header

_PIECE, _CR = 1 << 20, 0x0D
FIELDS_MAX = 10_000
FIELDS_BYTES = 1_000_000
VALUE_MAX, LINE_COST = 500_000, 20
MIME_BYTES = 64_000
# Of a field that does not tell what the message is: an endless one must not push out those that do.
MIME_FIELD = 16_000
TELLING = frozenset({"content-type", "content-transfer-encoding"})
RECIPIENTS_MAX = 5_000
IDS_MAX = 100

OF_INTEREST = DECIDING | {
    *("received", "authentication-results", "x-loop", "content-type", "content-disposition", "from", "subject", "to"),
    *("cc", "date", "message-id", "x-original-to", "dkim-signature", "feedback-id", "x-failed-recipients", "reply-to"),
    *("sender", "disposition-notification-to"),
}
FAMILIES = ("list-", "cocmail-")
# Counting these decides what is proven, so no flood of other fields may push a second one out of sight.
ALWAYS = frozenset({"from", "subject", "date", "message-id", "to", "content-type"})
ALWAYS_MAX, ALWAYS_BYTES = 10, 2_000
# So does whether a program wrote it.
_ALWAYS = ALWAYS | DECIDING

_LINE = re.compile(rb"([^\r\n]*)(?:\r{0,2}\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]{0,10}:")
_ID = re.compile(r"<([^<>]{1,998})>")
# What may stand in a field of ours: printable ASCII, nothing that looks like an encoded word, at most 998 characters.
_SAFE_ID = re.compile(r"(?=.{3,998}\Z)<(?!=\?)(?:[!-;?-~]|=(?!\?))+>")
# Not ESC, which begins words in ISO-2022: they are decoded where they are shown.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Header:
    """`fields`: (lower-case name, unfolded value, not RFC 2047 decoded) of interest, top first.

    `mime`: the fields that the MIME parser needs, one a line; `cut`: one that tells what the message is does not stand
    there whole. `body_at`: the offset at which the body begins.
    """

    fields: tuple[tuple[str, str], ...]
    mime: bytes
    body_at: int
    cut: bool = False

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
    name, pieces, room = "", list[bytes](), 0
    while pos < len(raw) and (match := _LINE.match(raw, pos)):
        line = match[1]
        if line[:1] in (b" ", b"\t"):
            # Of what is not kept, or too long, no line is held: each takes more memory than it has characters.
            room -= len(line) + LINE_COST
            if room > 0:
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
                room = VALUE_MAX if gathered.takes(name) else 0
            elif not line.startswith((b"From ", b">From ")):
                break
        pos = match.end()
    gathered.add(name, pieces)
    return Header(tuple(gathered.fields), b"".join(gathered.mime), pos, gathered.cut)


def _start(raw: bytes) -> int:
    """Behind a byte order mark and blank lines, which some programs put on top."""
    at = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    match = re.compile(rb"[\r\n]*").match(raw, at)
    return match.end() if match else at


class _Gathered:
    """What the pass keeps, within its bounds."""

    __slots__ = ("always", "cut", "fields", "keep", "mime", "mime_size", "size", "told")

    def __init__(self, keep: frozenset[str]) -> None:
        self.keep, self.size, self.mime_size = keep, 0, 0
        self.fields: list[tuple[str, str]] = []
        self.mime: list[bytes] = []
        self.told: set[str] = set()
        self.cut = False
        self.always: dict[str, int] = {}

    def takes(self, name: str) -> bool:
        """Whether anything is kept of a field of that name."""
        return name in self.keep or name.startswith(FAMILIES) or _is_mime(name)

    def add(self, name: str, pieces: list[bytes]) -> None:
        if not name or not self.takes(name):
            return
        value = b"".join(pieces).strip(b" \t")[:VALUE_MAX]
        if _is_mime(name):
            self._add_mime(name, value)
            if name not in self.keep:
                return
        kind = "list-" if name.startswith("list-") else name
        self.always[kind] = self.always.get(kind, 0) + 1
        if len(self.fields) >= FIELDS_MAX or self.size >= FIELDS_BYTES:
            if kind not in _ALWAYS or self.always[kind] > ALWAYS_MAX:
                return
            value = value[:ALWAYS_BYTES]
        self.size += len(value)
        text = text_from_header(value)
        # Of From, proof must see that one stands there.
        self.fields.append((name, text if name == "from" else _CONTROLS.sub(" ", text)))

    def _add_mime(self, name: str, value: bytes) -> None:
        """One of those that tell is taken whole, if none of its name stands there yet; of the others, what has room."""
        tells = name in TELLING and name not in self.told
        if not tells and self.mime_size >= MIME_BYTES:
            return
        most = MIME_BYTES if tells else MIME_FIELD
        self.mime.append(name.encode("ascii") + b": " + value[:most] + b"\r\n")
        self.mime_size += len(self.mime[-1])
        if tells:
            self.told.add(name)
            self.cut = self.cut or len(value) > most


def _is_mime(name: str) -> bool:
    return name.startswith("content-") or name == "mime-version"


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
    """The addresses of these fields, each once: the first 5,000, and behind them those with an extension.

    One of these may say whom to keep out. They are looked for in the first 20,000 addresses, and in all of the field in
    which those end.
    """
    found: dict[str, None] = {}
    read = 0
    for value in (value for name in names for value in header.values(name)):
        addresses = addresses_in(value)
        found.update(dict.fromkeys(addresses))
        read += len(addresses)
        if read > MAILBOXES_MAX:
            break
    return tuple(each for number, each in enumerate(found) if number < RECIPIENTS_MAX or "+" in each)


def digest(raw: bytes, start: int = 0) -> str:
    """The SHA-256 of a body, in hex, the same through whatever door: line ends as LF, no blank lines at the end.

    `start`: where the body begins. Taken in pieces, as a long one must not be in memory several times over.
    """
    found, blank = hashlib.sha256(), 0
    while start < len(raw):
        end = start + _PIECE
        # No line end is cut in two; all of them begin with CR, but for LF.
        while end < len(raw) and raw[end - 1] == _CR:
            end += 1
        piece = raw[start:end]
        for line_end in (b"\r\r\n", b"\r\n", b"\r"):
            piece = piece.replace(line_end, b"\n")
        kept = piece.rstrip(b"\n")
        if kept:
            for at in range(0, blank, _PIECE):
                found.update(b"\n" * min(_PIECE, blank - at))
            blank = 0
            found.update(kept)
        blank += len(piece) - len(kept)
        start = end
    return found.hexdigest()
