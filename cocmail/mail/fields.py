"""Header fields of our own mail, as text that needs no more encoding, and the check of the finished header.

The rule: whatever comes in, what comes out is one field and stays one in every reader: no line break but a fold, no
encoded word but one that was made here. It must not know of letters or of cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email import policy
from email.header import Header
from email.message import EmailMessage

from cocmail.mail.decode import one_line

LINE = 78
_PLAIN_NAME = re.compile(r"[A-Za-z0-9&'-]+(?: [A-Za-z0-9&'-]+)*")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]?[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
_OF_MIME = ("mime-version", "content-type", "content-transfer-encoding", "content-disposition")


def mailbox(name: str, address: str) -> str:
    """A From value: the name in encoded words (RFC 2047) unless it is plain words, and the address as it is.

    A name in quotes would do for most, but readers decode encoded words within quotes too.
    """
    shown = one_line(name)
    if not shown:
        return address
    if len(shown) > LINE - 10 or not _PLAIN_NAME.fullmatch(shown):
        shown = Header(shown, "utf-8", header_name="From").encode(linesep="\r\n")
    gap = " " if len("From: ") + len(shown.rpartition("\n")[2]) + len(address) + 3 <= LINE else "\r\n "
    return f"{shown}{gap}<{address}>"


def folded(name: str, words: Iterable[str]) -> str:
    """Words as the value of that field, on as few lines of 78 characters as hold them; a longer word stays whole."""
    value, room = "", LINE - len(name) - 2
    for word in words:
        if value and len(word) < room:
            value, room = f"{value} {word}", room - len(word) - 1
        elif not value and len(word) <= room:
            value, room = word, room - len(word)
        else:
            value, room = f"{value}\r\n {word}", LINE - len(word) - 1
    return value


def is_media_type(text: str) -> bool:
    """Whether it is a type and a subtype (RFC 6838, section 4.2) in lower case and nothing else."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def guard(message: EmailMessage, octets: bytes, names: Sequence[str]) -> None:
    """Raises RuntimeError unless the finished message's header has exactly these fields and the MIME fields, each once.

    The header is read by plain lines, as a server reads it. The parts' fields are asked of the message.
    """
    head = octets.partition(b"\r\n\r\n")[0] + b"\r\n"
    wanted = sorted([*(name.lower() for name in names), "mime-version", "content-type"])
    if _names(head) not in (wanted, sorted([*wanted, "content-transfer-encoding"])):
        raise RuntimeError("a message of ours has header fields that it was not given")
    for part in message.iter_parts() if message.is_multipart() else ():
        found = _names(b"".join(message.policy.fold_binary(name, value) for name, value in part.raw_items()))
        if len(set(found)) < len(found) or not set(found) <= set(_OF_MIME):
            raise RuntimeError("a part of a message of ours has header fields that it was not given")


def _names(head: bytes) -> list[str]:
    """The names of the fields, sorted; "" among them if there is anything that is no field."""
    found, at = [], 0
    while match := _FIELD.match(head, at):
        found.append(match[1].decode("ascii").lower())
        at = match.end()
    return sorted(found if at == len(head) else [*found, ""])


def as_text(text: str) -> bytes:
    """A message that holds nothing but a text (RFC 5322, RFC 2045): no names, no addresses, no date."""
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(text, cte="base64")
    return message.as_bytes()
