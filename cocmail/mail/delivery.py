"""Delivery reports (RFC 3464): whether one says that a message has failed for good, by its structure alone.

The rule: only a `message/delivery-status` part of the report itself is read, never a word for people, never the message
that it returns. What is not plainly a failure for good is none. Never raises, whatever a mail server made of it.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from email.message import Message

from cocmail.mail.decode import from_base64
from cocmail.mail.described import kind_of, readable
from cocmail.mail.transfer import encoding_of

# RFC 6533 names the second for addresses that are not ASCII.
_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_PARTS_MAX = 50
_GROUPS_MAX = 1_000
_BYTES_MAX = 1_000_000

_ACTION = re.compile(r"[a-z]+(?=[\s(;]|\Z)")
_STATUS = re.compile(r"(5\.[0-9]{1,3}\.[0-9]{1,3})(?=[\s(;]|\Z)")
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:(.*)")
# It got to somebody: a mailbox that passes on to several, one of which is gone, was reached.
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})


def failed_for_good(message: Message) -> str:
    """The status code (`5.1.1`) of the first recipient whom it failed for, or "".

    Only `Action: failed` with a status of class 5 counts. What was merely delayed (class 4), and a report that says of
    anybody that it arrived, tells of no failure.
    """
    groups = [_said(group) for part in _status_parts(message) for group in _groups(part)]
    if any(action in _ARRIVED for action, _ in groups):
        return ""
    return next((status for action, status in groups if action == "failed" and status), "")


def _said(group: str) -> tuple[str, str]:
    """Action and status of class 5 of one group of fields; "" for what is not there, or stands there twice."""
    found: dict[str, list[str]] = {}
    for line in group.split("\n"):
        field = _FIELD.match(line)
        if field and field[1].lower() in ("action", "status"):
            found.setdefault(field[1].lower(), []).append(field[2].strip().lower())
    action, status = (found.get(name, []) for name in ("action", "status"))
    if len(action) != 1 or len(status) > 1:
        return next((word for word in action if word in _ARRIVED), ""), ""
    word, code = _ACTION.match(action[0]), _STATUS.match(status[0]) if status else None
    return word[0] if word else "", code[1] if code else ""


def _status_parts(message: Message) -> Iterator[Message]:
    """The parts with the status, wherever a gateway put them among multiparts; nothing within a returned message."""
    waiting, seen = [message], 0
    while waiting and seen < _PARTS_MAX:
        part, seen = waiting.pop(0), seen + 1
        payload, kind = part.get_payload(), kind_of(readable(part))
        if kind in _TYPES:
            yield part
        elif kind.startswith("multipart/") and isinstance(payload, list):
            waiting += [each for each in payload[:_PARTS_MAX] if isinstance(each, Message)]


def _groups(part: Message) -> list[str]:
    """The groups of fields of a status part, one a recipient but for the first; continued lines are whole."""
    text = re.sub(r"\n[ \t]+(?=\S)", " ", re.sub(r"\r\n?", "\n", _source(part)[:_BYTES_MAX]))
    return re.split(r"\n[ \t]*\n", text)[:_GROUPS_MAX]


def _source(part: Message) -> str:
    """The text of the part. Python takes it apart into messages; where it is encoded, into what is none."""
    payload = part.get_payload()
    blocks = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    text = "\n\n".join(map(_block, blocks)) if blocks else payload if isinstance(payload, str) else ""
    octets = text.encode("ascii", "replace")
    match encoding_of(part):
        case "base64":
            octets = from_base64(octets)
        case "quoted-printable":
            octets = quopri.decodestring(octets)
    return octets.decode("ascii", "replace")


def _block(message: Message) -> str:
    fields = "\n".join(f"{name}: {value}" for name, value in message.raw_items())
    payload = message.get_payload()
    return f"{fields}\n\n{payload}" if isinstance(payload, str) and payload.strip() else fields
