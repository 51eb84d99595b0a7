"""Looks into a file that is to leave the house: its words, and what it says of who made it and where.

The rule: what is not understood to its last part is a `problem`, and stops the letter; nothing is passed by because it
is of an unknown kind. What a file is, its bytes say, not its name or type. It must not write anything, and runs in the
reading child alone (`reader_child`): the libraries that it asks have their own bugs.
"""

from __future__ import annotations

import hashlib
import html
import re

from cocmail.core.files import FileRead
from cocmail.core.model import Attachment
from cocmail.mail.findings import Findings, Unsure
from cocmail.mail.htmltext import all_text
from cocmail.mail.tokens import attached_without_tokens

# Of one file; a longer text is no enclosure of a letter.
TEXT_MAX = 100_000

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}:[ \t]")
_MESSAGE = re.compile(
    r"(?im)^(?:received|return-path|message-id|mime-version|content-transfer-encoding|x-\w[\w-]*):[ \t]"
)
# Text formats that have fields and codes of their own, which a reader of plain text does not see.
_CODED = re.compile(
    r"\{\\rtf|%!ps|<\?xml|<svg|begin:vc|mime-version:|\\documentclass|%pdf|<!doctype(?!\s+html)", re.IGNORECASE
)
_ARMOUR = re.compile(r"-----BEGIN (?:PGP|PKCS7|CMS|ENCRYPTED)")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{300}|(?:^[ \t]*[A-Za-z0-9+/]{60,76}[ \t]*\r?\n){4}", re.MULTILINE)
_ODD = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd\ue000-\uf8ff\ufff0-\ufffb]")
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|div|p|table|meta|span|a|br|h[1-6]|script|style)\b", re.IGNORECASE
)
_META = re.compile(
    r"""<meta\b[^<>]{0,300}?\bname\s*=\s*["']?(author|creator|copyright|owner|publisher|dc\.creator|geo\.[a-z]+)\b"""
    r"""[^<>]{0,300}>""",
    re.IGNORECASE,
)
_LOADED = re.compile(
    r"<(?:script|iframe|object|embed|applet|link)\b|\bdata:|\b(?:src|srcset|background|poster)\s*=|\burl\(|@import",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--(.{0,20000}?)-->", re.DOTALL)


def look(part: Attachment) -> FileRead:
    """What is in an attachment, of which `content` is there. Never raises."""
    content = attached_without_tokens(part).content
    digest = hashlib.sha256(content).hexdigest()
    if part.role:
        return FileRead(part.filename, len(content), digest, role=part.role)
    found = Findings()
    found.say(part.content_type)
    problem = ""
    try:
        _look(part.content_type, content, found)
    except Unsure as unsure:
        problem = unsure.problem
    except RecursionError:
        problem = "inside"
    except Exception:  # libraries raise of every kind on broken files: what could not be read stops the letter
        problem = "damaged"
    text = "\n".join(found.texts)
    if len(text) > TEXT_MAX:
        problem = problem or "long"
    return FileRead(part.filename, len(content), digest, text[:TEXT_MAX], tuple(found.marks), problem)


def _look(kind: str, content: bytes, found: Findings) -> None:
    # The libraries are loaded where they are needed: the child that reads everybody's mail stays small.
    if kind.startswith(("message/", "multipart/")):
        raise Unsure("message")
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        from cocmail.mail.pictures import look_at_picture

        look_at_picture(content, found)
    elif content.startswith(b"%PDF-"):
        from cocmail.mail.pdfs import look_at_pdf

        look_at_pdf(content, found)
    elif content.startswith(b"PK"):
        from cocmail.mail.office import look_at_office

        look_at_office(content, found)
    elif content.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
        raise Unsure("archive")
    else:
        _look_at_text(kind, content, found)


def _look_at_text(kind: str, content: bytes, found: Findings) -> None:
    """Plain text and HTML, in UTF-8 alone: in another encoding somebody might read other words than we do."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unsure("kind") from error
    found.say(text)
    if "&" in text:
        found.say(html.unescape(text))
    head = text.lstrip("\ufeff \t\r\n")[:2_000]
    if _ODD.search(text) or _CODED.match(head):
        raise Unsure("kind")
    if _ARMOUR.search(text):
        raise Unsure("encrypted")
    if head.startswith("From ") or (_FIELD.match(head) and _MESSAGE.search(head)):
        raise Unsure("message")
    if kind == "text/html" or _HTML.search(text):
        _look_at_html(text, found)
    if _ENCODED.search(text):
        raise Unsure("encoded")


def _look_at_html(source: str, found: Findings) -> None:
    found.say(all_text(source))
    for comment in _COMMENT.findall(source):
        found.say(comment)
    for tag in _META.finditer(source):
        found.mark(tag[1].lower(), tag[0])
    if _LOADED.search(source):
        raise Unsure("inside")
