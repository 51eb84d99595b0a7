"""A Mail as bytes between the daemon and its reading child: one frame of JSON, one of its texts and attachments.

The rule: plain data only, never pickle, and the daemon checks what it gets: the child has read hostile mail and is
believed no more than the mail is. A frame is eight bytes of length (big endian) and that many bytes.
"""

from __future__ import annotations

import codecs
import json
import struct
from collections.abc import Iterable
from dataclasses import fields
from itertools import accumulate
from typing import Any

from cocmail.core.files import FileRead
from cocmail.core.model import Attachment, Mail

LENGTH = struct.Struct(">Q")
# Long texts are no JSON: the daemon's other threads stand still for as long as one call takes that makes text of bytes.
_TEXTS = ("text", "hidden_text")
PIECE = 1 << 20


def framed(data: bytes) -> bytes:
    """The bytes with their length in front."""
    return LENGTH.pack(len(data)) + data


def question(
    *, contents: bool, also: frozenset[str], seconds: float, files: bool = False, whole: bool = False
) -> bytes:
    """How the message in the next frame is to be read, and the seconds after which the child is to give up.

    `files`: what is in its attachments is asked for, not the message itself. `whole`: its bytes as they are passed on.
    """
    asked = {"contents": contents, "also": sorted(also), "seconds": seconds, "files": files, "whole": whole}
    return json.dumps(asked).encode("ascii")


def answer(mail: Mail) -> tuple[bytes, bytes]:
    """A mail as JSON, and the bytes of its two texts (UTF-8) and of its attachments, one behind the other."""
    texts = [str(getattr(mail, name)).encode("utf-8") for name in _TEXTS]
    values = {each.name: getattr(mail, each.name) for each in fields(Mail)}
    values["attachments"] = [
        (part.filename, part.content_type, part.size, len(part.content), part.role) for part in mail.attachments
    ]
    values |= {name: len(text) for name, text in zip(_TEXTS, texts, strict=True)}
    return json.dumps(values).encode("ascii"), b"".join((*texts, *(each.content for each in mail.attachments)))


def mail_from(description: bytes, contents: bytes) -> Mail:
    """The mail again. Raises ValueError for anything that `answer` does not make."""
    values = json.loads(description)
    if not isinstance(values, dict) or values.keys() != {each.name for each in fields(Mail)}:
        raise ValueError("not a mail")
    try:
        at = 0
        for name in _TEXTS:
            at, values[name] = at + values[name], _text(contents[at : at + values[name]])
        ends = list(accumulate((length for _, _, _, length, _ in values["attachments"]), initial=at))[1:]
        values["attachments"] = [
            Attachment(str(name), str(kind), int(size), contents[end - length : end], str(role))
            for (name, kind, size, length, role), end in zip(values["attachments"], ends, strict=True)
        ]
    except TypeError as error:
        raise ValueError("not texts and attachments") from error
    frozen: dict[str, Any] = {name: _frozen(value) for name, value in values.items()}
    mail = Mail(**frozen)
    if any(type(getattr(mail, each.name)) is not type(each.default) for each in fields(Mail)):
        raise ValueError("not the values of a mail")
    return mail


def _text(data: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces = [decoder.decode(data[start : start + PIECE]) for start in range(0, len(data), PIECE)]
    return "".join((*pieces, decoder.decode(b"", final=True)))


def _frozen(value: object) -> object:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


def answer_on_files(files: Iterable[FileRead]) -> tuple[bytes, bytes]:
    """What was found in the attachments of a message; the second frame is empty."""
    found = [{each.name: getattr(file, each.name) for each in fields(FileRead)} for file in files]
    return json.dumps(found).encode("ascii"), b""


def files_from(description: bytes, contents: bytes) -> tuple[FileRead, ...]:
    """The same again. Raises ValueError for anything that `answer_on_files` does not make."""
    values = json.loads(description)
    wanted = {each.name for each in fields(FileRead)}
    if contents or not isinstance(values, list) or any(not isinstance(v, dict) or v.keys() != wanted for v in values):
        raise ValueError("not files")
    frozen: list[dict[str, Any]] = [{name: _frozen(value) for name, value in each.items()} for each in values]
    files = tuple(FileRead(**each) for each in frozen)
    if not all(_is_file(file) for file in files):
        raise ValueError("not the values of files")
    return files


def _is_file(file: FileRead) -> bool:
    words = (
        file.name,
        file.digest,
        file.text,
        file.problem,
        file.role,
        *(word for mark in file.marks for word in mark),
    )
    return type(file.size) is int and all(type(word) is str for word in words) and all(len(m) == 2 for m in file.marks)
