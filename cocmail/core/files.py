"""A file that a member attached to a letter, as far as it was looked into: values only.

The looking itself is done where hostile bytes are read (`mail.lookinto`); what is decided on it stands in
`commands.texts`.
"""

from __future__ import annotations

from dataclasses import dataclass

# Together they must pass any mail server: 10 MB is what the smallest take, a third of it is base64 (RFC 2045, 6.8).
FILES_MAX = 7_000_000


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is known of an attached file.

    `digest` is the SHA-256 of its bytes, in hex. `text` is every word found in it, its metadata's too. `marks` are
    (field, words) of metadata that tell of a person or a place: persons' texts, never for a log line. `problem` is ""
    or why nobody can be sure to have seen everything: archive, message, encrypted, kind, inside, earlier, encoded,
    damaged, long, unread. `role` is the attachment's (`model.Attachment`).
    """

    name: str
    size: int
    digest: str
    text: str = ""
    marks: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    role: str = ""
