"""Reply addresses in mail that is passed on: who has one can write in its owner's name, so nobody else is shown it.

The rule: the message stays as long as it was, and nothing else in it changes; in a text that is shown, a link without
its address is left out whole. It must not take a message apart: what
comes from strangers is parsed in a child process alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace

from cocmail.core.model import Attachment, Mail

# Plain, in a link (RFC 3986) or in quoted-printable (RFC 2045, section 6.7), where a line may end anywhere.
_TOKEN = re.compile(rb"(?i)(?:\+|%2b|=2b)(?:=\r?\n)?(?:[a-z2-7](?:=\r?\n)?){26}(?=@|%40|=40)")
_CHARACTER = re.compile(rb"[^+=\r\n]")
# What is left of a link in a quoted mail of ours. Who taps it would get an error of their mail program.
_DEAD_LINK = re.compile(
    r"<?\bmailto:[\w.=%-]{1,100}(?:\+|%2[Bb])\.{26}(?:@|%40)[A-Za-z0-9.-]{1,255}(?:\?[\w=&%.~+-]{1,2000})?>?", re.ASCII
)
# Lines of nothing but base64 (RFC 2045, section 6.8).
_BASE64 = re.compile(rb"(?m)(?:^[A-Za-z0-9+/]{4,998}={0,2}\r?$\n?)+")


def without_tokens(raw: bytes) -> bytes:
    """A text or a message, with the reply addresses in it made unusable. Linear in its length; never raises."""
    return _BASE64.sub(_recoded, _hidden(raw))


def attached_without_tokens(part: Attachment) -> Attachment:
    """An attachment as it is passed on: a text or a message without the reply address of who wrote it."""
    if not part.content_type.startswith(("text/", "message/")):
        return part
    return replace(part, content=without_tokens(part.content))


def as_passed_on(mail: Mail) -> Mail:
    """Without the reply address of who wrote it, which stands above every quotation of a mail of ours."""
    parts = tuple(map(attached_without_tokens, mail.attachments))
    text = without_tokens(mail.text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    return replace(mail, text=_DEAD_LINK.sub("(link removed)", text), attachments=parts)


def _hidden(raw: bytes) -> bytes:
    return _TOKEN.sub(lambda found: _CHARACTER.sub(b".", found[0]), raw)


def _recoded(found: re.Match[bytes]) -> bytes:
    packed = found[0].translate(None, b"\r\n")
    try:
        plain = base64.b64decode(packed[: len(packed) // 4 * 4])
    except binascii.Error:
        return found[0]
    hidden = _hidden(plain)
    if hidden == plain:
        return found[0]
    fresh = iter(base64.b64encode(hidden))
    return bytes(old if old in b"\r\n" else next(fresh, old) for old in found[0])
