"""Bytes to readable text: charsets, RFC 2047 encoded words, format=flowed, and the removal of what only plays tricks.

The rule: never raises, linear time, and one decoding only: what an encoded word holds is text, even if it looks like
another encoded word. It must not know of parts or of messages.
"""

from __future__ import annotations

import binascii
import quopri
import re
import string
import unicodedata

from cocmail.mail.charsets import decoded, mostly_utf8

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*\??)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
_SURROGATES = re.compile("[\ud800-\udfff]")
# All that ends a line somewhere (Unicode, section 5.8): Office writes VT for one within a paragraph.
_BREAKS = re.compile("\r{0,2}\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_RUN = re.compile(rb"[^=]+")
_FOREIGN = bytes(sorted(set(range(256)) - set(b"=+/" + string.ascii_letters.encode() + string.digits.encode())))
# From the first escape sequence on: what stands before it is the same in ISO-2022 and as it stands.
_SHIFTED = re.compile(r"\x1b[$(][\x00-\x7f]*")


def text_from(data: bytes, charset: str = "") -> str:
    """The text of the bytes in that charset; where it is unknown or wrong: UTF-8, else windows-1252/latin-1."""
    return _no_surrogates(decoded(data, charset))


def _no_surrogates(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text)


def text_from_header(value: bytes) -> str:
    """A header's bytes as they stand: UTF-8 (RFC 6532), also with a fault; else latin-1.

    Nothing else is decoded here: who sent a message is read off it, and what ISO-2022 takes for the half of a letter is
    an address to everybody who does not know that charset.
    """
    return value.decode("utf-8" if value.isascii() or mostly_utf8(value) else "latin-1", "replace")


def unshifted(value: str) -> str:
    """A header's value with what it holds in ISO-2022 as bytes (RFC 1468), which no header may, decoded."""
    return _SHIFTED.sub(lambda run: decoded(run[0].encode("ascii"), ""), value) if "\x1b" in value else value


def decode_words(value: str) -> str:
    """A header value as it is shown: its encoded words decoded once (RFC 2047), and what it holds in ISO-2022.

    Words that cannot be decoded stay as they are.

    Neighbouring words of one charset are decoded as one: mailers split characters in the middle (RFC 7103).
    """
    joined = _BETWEEN_WORDS.sub(r"\1", unshifted(value))
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for match in _WORD.finditer(joined):
        data = _word_bytes(match[2].lower(), match[3])
        if data is None:
            continue
        if pending and (match.start() > at or match[1].lower() != charset):
            out.append(text_from(pending, charset))
            pending = b""
        if match.start() > at:
            out.append(joined[at : match.start()])
        pending, charset, at = pending + data if pending else data, match[1].lower(), match.end()
    if pending:
        out.append(text_from(pending, charset))
    out.append(joined[at:])
    return _no_surrogates("".join(out))


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError:
        return None
    if encoding == "q":
        return quopri.decodestring(data.replace(b" ", b"_"), header=True)
    return from_base64(data)


def exact_base64(data: bytes) -> bytes | None:
    """Base64 that every reader decodes to the same; None for what has any fault (RFC 4648 section 3)."""
    data = data.translate(None, b"\r\n")
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except binascii.Error:
        return None


def from_base64(data: bytes) -> bytes:
    """Base64, however it was damaged: what is foreign is skipped, what follows padding is decoded anew.

    Lists write their footers below it, and gateways put pieces together. What is left over of four is as many bytes as
    it is whole ones (RFC 2045 section 6.8).
    """
    if (exact := exact_base64(data)) is not None:
        return exact
    out = bytearray()
    for match in _RUN.finditer(data.translate(None, _FOREIGN)):
        run = match[0][:-1] if len(match[0]) % 4 == 1 else match[0]
        out += binascii.a2b_base64(run + b"=" * (-len(run) % 4))
    return bytes(out)


def one_line(text: str) -> str:
    """Text for one line of display: without line breaks, control and bidirectional-override characters."""
    flat = CONTROLS.sub("", _BREAKS.sub(" ", text).replace("\t", " "))
    return "".join(char for char in _no_surrogates(flat) if not _reorders(char)).strip()


def _reorders(char: str) -> bool:
    """Marks that make a reader see another order of characters than the one that is there."""
    return char in "\u061c\u200e\u200f\ufeff" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def file_name(text: str) -> str:
    """The last component of a path, without control, format and bidirectional characters; "" if nothing is left."""
    base = one_line(text).replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if char in '<>:"|?*' else char for char in base if unicodedata.category(char) != "Cf")
    kept = kept.strip().lstrip(".").strip()
    if len(kept) <= 120:
        return kept
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[: 119 - len(suffix)]}.{suffix}" if dot and stem and len(suffix) <= 20 else kept[:120]


def paragraphs(text: str) -> str:
    """Body text with `\\n` line ends and without control characters."""
    return _no_surrogates(CONTROLS.sub("", _BREAKS.sub("\n", text)))


def unflow(text: str, delsp: bool) -> str:
    """format=flowed text with its soft line breaks joined, quoting kept (RFC 3676 sections 4.1 to 4.5)."""
    out: list[str] = []
    flowing, flowing_depth = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare[1:] if bare.startswith(" ") else bare
        signature = bare == "-- "
        if flowing and depth == flowing_depth and not signature:
            out.append(bare)
        else:
            out.append(("\n" if out else "") + (">" * depth + " " if depth else "") + bare)
        flowing = bare.endswith(" ") and not signature
        flowing_depth = depth
        if flowing and delsp:
            out[-1] = out[-1][:-1]
    return "".join(out)
