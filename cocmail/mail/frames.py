"""A Mail as bytes between the daemon and its reading child: one frame of JSON, one frame of attachment bytes.

The rule: plain data only, never pickle, and the daemon checks what it gets: the child has read hostile mail and is
believed no more than the mail is. A frame is eight bytes of length (big endian) and that many bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from itertools import accumulate
from typing import Any

from cocmail.core.model import Attachment, Mail

LENGTH = struct.Struct(">Q")


def framed(data: bytes) -> bytes:
    """The bytes with their length in front."""
    return LENGTH.pack(len(data)) + data


def question(*, contents: bool, also: frozenset[str], seconds: float) -> bytes:
    """How the message in the next frame is to be read, and the seconds after which the child is to give up."""
    return json.dumps({"contents": contents, "also": sorted(also), "seconds": seconds}).encode("ascii")


def answer(mail: Mail) -> tuple[bytes, bytes]:
    """A mail as JSON and the bytes of its attachments, one behind the other."""
    values = {each.name: getattr(mail, each.name) for each in fields(Mail)}
    values["attachments"] = [
        (part.filename, part.content_type, part.size, len(part.content)) for part in mail.attachments
    ]
    return json.dumps(values).encode("ascii"), b"".join(each.content for each in mail.attachments)


def mail_from(description: bytes, contents: bytes) -> Mail:
    """The mail again. Raises ValueError for anything that `answer` does not make."""
    values = json.loads(description)
    if not isinstance(values, dict) or values.keys() != {each.name for each in fields(Mail)}:
        raise ValueError("not a mail")
    try:
        ends = list(accumulate(length for _, _, _, length in values["attachments"]))
        values["attachments"] = [
            Attachment(str(name), str(kind), int(size), contents[end - length : end])
            for (name, kind, size, length), end in zip(values["attachments"], ends, strict=True)
        ]
    except TypeError as error:
        raise ValueError("not a list of attachments") from error
    frozen: dict[str, Any] = {name: _frozen(value) for name, value in values.items()}
    mail = Mail(**frozen)
    if any(type(getattr(mail, each.name)) is not type(each.default) for each in fields(Mail)):
        raise ValueError("not the values of a mail")
    return mail


def _frozen(value: object) -> object:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
