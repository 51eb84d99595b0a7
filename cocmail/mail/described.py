"""What a part says of itself in its MIME fields: its type, its parameters, its name (RFC 2045, RFC 2183, RFC 2231).

The rule: what a stranger wrote there never raises and costs no more than its length; what is no type at all is taken
for what programs take it for. It must not look into the part.
"""

from __future__ import annotations

import re
from email.message import Message

from cocmail.core.comments import without_comments
from cocmail.mail.decode import decode_words, file_name, text_from_header
from cocmail.mail.transfer import bounded

# What follows a space is a parameter whose semicolon was forgotten; a bracket, a comment that never ends.
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}(?![^\s,;(])")


def readable(part: Message) -> Message:
    """A part's MIME fields with 8-bit bytes decoded and overlong values cut, to ask for types and names."""
    view = Message()
    view.set_default_type(part.get_default_type())
    for name, value in part.raw_items():
        if name.lower().startswith("content-"):
            octets = bounded(str(value).lstrip()).encode("utf-8", "surrogateescape")
            view[name] = _without_comment_in_front(re.sub(r"[\r\n]+", " ", text_from_header(octets)))
    return view


def _without_comment_in_front(value: str) -> str:
    """Without comments in what stands before the first parameter; in parameters, people write brackets as they are."""
    bare = without_comments(value)
    return f"{bare.partition(';')[0].strip()}{value[bare.find(';') :]}" if ";" in bare else bare.strip()


def kind_of(view: Message) -> str:
    """The media type in lower case; application/octet-stream for what is no type (RFC 2045 section 5.2)."""
    kind = _TYPE.match(view.get_content_type())
    return kind[0] if kind else "application/octet-stream"


def reads_as_text(view: Message) -> bool:
    """Whether programs show it as text, as many do what is no type at all (RFC 2045 section 5.2)."""
    return kind_of(view).startswith(("text/", "multipart/")) or not _TYPE.match(view.get_content_type())


def parameter(view: Message, name: str) -> str:
    """One parameter of the Content-Type, or ""; broken RFC 2231 forms give ""."""
    try:
        value = view.get_param(name)
    except (ValueError, LookupError, TypeError):
        return ""
    # Behind it, a comment may stand; no parameter that is asked for has a bracket in it.
    told = value[2] if isinstance(value, tuple) else value
    return without_comments(told, endless=True).strip() if told else ""


def name_of(view: Message) -> str:
    """The name of the file that a part is, as it is shown, or ""; broken RFC 2231 forms give ""."""
    try:
        name = view.get_filename()
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return file_name(decode_words(name)) if name else ""
