"""Damage as it happens to mail, and as people do it to mail on purpose; the same for the same seed.

    for number in range(100):
        worse = mutated(raw, f"{name} {number}")

Each message is damaged in one to four ways, the way between them chosen by chance from a seed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from random import Random

CHARSETS = (
    b"utf-8", b"us-ascii", b"iso-8859-1", b"iso-2022-jp", b"gb2312", b"big5", b"koi8-r", b"utf-7", b"utf-16", b"x-none",
    b"windows-1252", b"base64", b"", b"unknown-8bit", b"\xff", b"idna", b"utf-8\0",
)  # fmt: skip
ENCODINGS = (b"base64", b"quoted-printable", b"7bit", b"8bit", b"binary", b"x-uuencode", b"BASE64 ", b"", b"gzip")
FIELDS = (
    b"From: amara@example.org", b"From: ", b"Subject: #vote yes", b"To: (c):", b"Message-ID: <[abc@x]>",
    b"Content-Type: message/rfc822", b"Content-Type: multipart/mixed", b"Content-Transfer-Encoding: base64",
    b"Received: by x; Mon, 1 Jan 2024 00:00:00 +0000", b"Date: yesterday", b"References: <a> <[b]> <c@d", b"X: \0",
    b"Content-Disposition: attachment; filename*0*=utf-8''a%; filename*9=b", b"Cc: <", b"name*", b" folded",
)  # fmt: skip
_CHARSET = re.compile(rb"(?i)(charset\*?=\"?)([\w.:-]*)")
_ENCODING = re.compile(rb"(?i)(content-transfer-encoding:[ \t]*)([\w-]*)")
_BOUNDARY = re.compile(rb"(?i)boundary=\"?([^\"\r\n;]+)")
_LINES = re.compile(rb"[^\n]*\n|[^\n]+\Z")

Damage = Callable[[bytes, Random], bytes]


def mutated(raw: bytes, seed: str) -> bytes:
    """The message, damaged. Never the same as it was, but where there is nothing to damage."""
    chance = Random(seed)
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        raw = chance.choice(DAMAGES)(raw, chance)
    return raw


def bits_flipped(raw: bytes, chance: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 3, 30)) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def bytes_put_in(raw: bytes, chance: Random) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + chance.randbytes(chance.choice((1, 4, 60))) + raw[at:]


def nuls_put_in(raw: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 5))):
        at = chance.randint(0, len(raw))
        raw = raw[:at] + b"\0" * chance.choice((1, 80)) + raw[at:]
    return raw


def cut_off(raw: bytes, chance: Random) -> bytes:
    return raw[: chance.randint(0, len(raw))]


def beginning_lost(raw: bytes, chance: Random) -> bytes:
    return raw[chance.randint(0, min(len(raw), 400)) :]


def lines_lost(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    at = _place(lines, chance)
    return b"".join(lines[:at] + lines[at + chance.choice((1, 1, 5)) :])


def lines_twice(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    at = _place(lines, chance)
    return b"".join(lines[: at + 1] + lines[at : at + 1] * chance.choice((1, 3, 40)) + lines[at + 1 :])


def lines_swapped(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    one, other = _place(lines, chance), _place(lines, chance)
    if lines:
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def header_twice(raw: bytes, chance: Random) -> bytes:
    head, gap, body = _halves(raw)
    return head + gap.strip(b"\r") + head + gap + body if chance.random() < 0.5 else head + gap + head + gap + body


def header_shuffled(raw: bytes, chance: Random) -> bytes:
    head, gap, body = _halves(raw)
    lines = _lines(head + b"\n")
    chance.shuffle(lines)
    return b"".join(lines) + gap + body


def field_added(raw: bytes, chance: Random) -> bytes:
    lines = _lines(_halves(raw)[0])
    at = chance.randint(0, len(lines))
    head = len(b"".join(lines[:at]))
    return raw[:head] + chance.choice(FIELDS) + b"\r\n" * (chance.random() < 0.9) + raw[head:]


def boundary_damaged(raw: bytes, chance: Random) -> bytes:
    found = _BOUNDARY.search(raw)
    if found is None:
        return boundary_invented(raw, chance)
    mark = found[1].strip()
    change = chance.choice((mark + b" ", mark[:-1], mark[::-1], b"", mark + b"--", mark * 30, mark.swapcase()))
    return raw.replace(mark, change, chance.choice((1, 2, 1000)))


def boundary_invented(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    at = _place(lines, chance)
    return b'Content-Type: multipart/mixed; boundary="e"\r\n' + b"".join((*lines[:at], b"--e\r\n\r\n", *lines[at:]))


def charset_changed(raw: bytes, chance: Random) -> bytes:
    new = chance.choice(CHARSETS)
    if _CHARSET.search(raw) is None:
        return b"Content-Type: text/plain; charset=" + new + b"\r\n" + raw
    return _CHARSET.sub(lambda found: found[1] + new, raw, count=chance.choice((1, 0)))


def encoding_changed(raw: bytes, chance: Random) -> bytes:
    new = chance.choice(ENCODINGS)
    if _ENCODING.search(raw) is None:
        return b"Content-Transfer-Encoding: " + new + b"\r\n" + raw
    return _ENCODING.sub(lambda found: found[1] + new, raw, count=chance.choice((1, 0)))


def encodings_mixed(raw: bytes, chance: Random) -> bytes:
    """A piece of the body in another encoding than the rest."""
    head, gap, body = _halves(raw)
    at = chance.randint(0, len(body))
    piece, rest = body[at : at + 300], body[at + 300 :]
    change = chance.choice((base64.encodebytes(piece), piece.decode("latin-1").encode("utf-16"), piece[::-1]))
    return head + gap + body[:at] + change + rest


def line_ends_changed(raw: bytes, chance: Random) -> bytes:
    plain = raw.replace(b"\r\n", b"\n")
    ends = chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n"))
    return plain.replace(b"\n", ends, chance.choice((3, -1)))


def line_made_long(raw: bytes, chance: Random) -> bytes:
    lines = _lines(raw)
    if not lines:
        return raw
    at = _place(lines, chance)
    line = lines[at].rstrip(b"\r\n") or b"x"
    lines[at] = line * (chance.choice((2_000, 100_000)) // len(line) + 1) + b"\r\n"
    return b"".join(lines)


def _lines(raw: bytes) -> list[bytes]:
    return _LINES.findall(raw)


def _place(lines: list[bytes], chance: Random) -> int:
    """One of the lines, the header's more often than the body's."""
    return chance.randrange(min(len(lines), chance.choice((40, len(lines))))) if lines else 0


def _halves(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, the gap behind it, body."""
    gap = b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n"
    return raw.partition(gap)


DAMAGES: tuple[Damage, ...] = (
    bits_flipped, bytes_put_in, nuls_put_in, cut_off, beginning_lost, lines_lost, lines_twice, lines_swapped,
    header_twice, header_shuffled, field_added, boundary_damaged, boundary_invented, charset_changed, encoding_changed,
    encodings_mixed, line_ends_changed, line_made_long,
)  # fmt: skip
