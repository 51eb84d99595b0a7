"""The parts of a message: which are its text, which are attachments, and what the screening should see besides.

The rule: no part is lost. What is not displayed text becomes an attachment, whatever its type or disposition. Attached
messages are not opened: their text is for the screening alone. It must not decide what the message means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message

from cocmail.core.model import Attachment
from cocmail.mail import enclosed
from cocmail.mail.charsets import charset_in, other_readings, unread
from cocmail.mail.decode import decode_words, one_line, paragraphs, text_from, unflow
from cocmail.mail.decode import text_from_header as from_header
from cocmail.mail.described import kind_of, name_of, parameter, readable, reads_as_text
from cocmail.mail.doubt import boundary_of, doubtful
from cocmail.mail.htmltext import SCREENED_MAX, all_text, without_data, without_data_in
from cocmail.mail.kinds import EXTENSIONS, SIGNATURES
from cocmail.mail.transfer import content_of, other_decodings

DEPTH_MAX = 100
PARTS_MAX = 1_000
HIDDEN_MAX = 4_000_000
SHOWN_MAX = 2_000_000
# Enough for all that is shown and screened of a text, in any charset but the widest.
TEXT_BYTES_MAX = 24_000_000

# Of an attached message, of which members are given all. No field with a date: people are called as months are.
_SEARCHED = frozenset((
    "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "comments", "keywords", "thread-topic", "delivered-to",
    "resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc", "x-original-to",
    "x-original-from", "x-original-sender", "x-envelope-from", "x-envelope-to", "envelope-to", "content-description",
))  # fmt: skip


@dataclass(slots=True)
class Shown:
    """A text or HTML part that a reader displays. `group` is the multipart/alternative it belongs to, 0 for none."""

    text: str
    is_html: bool
    group: int
    size: int
    content: bytes


@dataclass(slots=True)
class Parts:
    """What a message holds. `stray` is text outside all parts; `cut`: a limit or a charset kept some from being read.

    `too_long`: there is text that the screening is not given.
    """

    shown: list[Shown] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    encrypted: bool = False
    cut: bool = False
    too_long: bool = False
    messages: int = 0
    room: int = HIDDEN_MAX

    def hide(self, text: str) -> None:
        """Gives text to the screening, up to 4 million characters in all."""
        self.too_long = self.too_long or len(text) > self.room
        if text and self.room > 0:
            self.hidden.append(text[: self.room])
            self.room -= len(self.hidden[-1])

    def hide_source(self, source: str, *, is_html: bool) -> None:
        """Gives the screening what a text or HTML file says; no more of it is worked on than there is room for."""
        if is_html:
            source = without_data(source)
        self.too_long = self.too_long or len(source) > SCREENED_MAX
        source = paragraphs(source[:SCREENED_MAX])
        self.hide(all_text(source) if is_html else source)

    def attach(
        self, name: str, kind: str, content: bytes, *, keep: bool, size: int | None = None, role: str = ""
    ) -> None:
        """Adds an attachment; its bytes only where asked for."""
        name = name or f"attachment-{len(self.attachments) + 1}.{EXTENSIONS.get(kind, 'bin')}"
        size = len(content) if size is None else size
        self.attachments.append(Attachment(name, kind, size, content if keep else b"", role))


def parts_of(message: Message, *, keep: bool) -> Parts:
    """Goes through the parts in their order; `keep` asks for the attachments' bytes."""
    found = Parts()
    stack: list[tuple[Message, tuple[str, ...], int, bool]] = [(message, (), 0, False)]
    seen = groups = 0
    while stack:
        part, around, group, related = stack.pop()
        seen += 1
        if len(around) > DEPTH_MAX or seen > PARTS_MAX:
            found.cut = True
            break
        view = readable(part)
        found.cut = found.cut or doubtful(part, parameter(view, "charset"), around)
        _hide_names(view, found)
        # Of a leaf it would be decoded here, for nothing.
        payload = part.get_payload() if part.is_multipart() else None
        if isinstance(payload, list) and view.get_content_maintype() == "multipart":
            found.encrypted = found.encrypted or kind_of(view) == "multipart/encrypted"
            if kind_of(view) == "multipart/alternative":
                groups += 1
                group = groups
            found.stray.extend(_outside(part, found))
            related = kind_of(view) == "multipart/related"
            inner = (child for child in reversed(payload) if isinstance(child, Message))
            around = (*around, boundary_of(part))
            stack.extend((child, around, group, related) for child in inner)
        elif isinstance(payload, list):
            _take_message(part, view, found, len(around), keep=keep)
        else:
            _take_leaf(part, view, found, group, keep=keep, related=related)
    return found


def _hide_names(view: Message, found: Parts) -> None:
    """Gives the screening a part's name in ISO-2022, whose letters may hold what ends a parameter."""
    for value in map(str, view.values()):
        if "\x1b" in value:
            found.hide(one_line(decode_words(value)))


def _outside(part: Message, found: Parts) -> list[str]:
    """Text before the first and after the last boundary: nobody is shown it, but a broken boundary leaves all there."""
    texts = (part.preamble or "", part.epilogue or "")
    found.too_long = found.too_long or any(len(each) > SHOWN_MAX for each in texts)
    octets = [_octets(each[:SHOWN_MAX]) for each in texts]
    found.hide(paragraphs("\n".join(filter(None, map(other_readings, octets)))))
    return [text for each in octets if (text := paragraphs(text_from(each))).strip()]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _screened(data: bytes, found: Parts, *, is_html: bool) -> bytes:
    """The start of a long text, as much of it as anybody looks at; what is longer than that is said to be."""
    if len(data) <= TEXT_BYTES_MAX:
        return data
    if is_html:
        data = without_data_in(data)
    if len(data) <= TEXT_BYTES_MAX:
        return data
    found.too_long = True
    # At the end of a line, else at the end of a character (UTF-8).
    end = data.rfind(b"\n", TEXT_BYTES_MAX // 2, TEXT_BYTES_MAX) + 1 or TEXT_BYTES_MAX
    while data[end] & 0xC0 == 0x80 and end > TEXT_BYTES_MAX - 4:
        end -= 1
    return data[:end]


def _text_of(data: bytes, view: Message, found: Parts) -> str:
    """A part's text; what else its bytes may be meant as, where the charset is not told or wrong, is screened."""
    is_html = kind_of(view).endswith("/html")
    data = _screened(data, found, is_html=is_html)
    field = str(view.get("content-type", ""))
    charset = charset_in(data, parameter(view, "charset"), field, is_html=is_html)
    found.cut = found.cut or unread(charset, data)
    found.hide(paragraphs(other_readings(data, charset, field, is_html=is_html)))
    return text_from(data, charset)


def _take_leaf(part: Message, view: Message, found: Parts, group: int, *, keep: bool, related: bool) -> None:
    kind, name = kind_of(view), name_of(view)
    broken_multipart = kind.startswith("multipart/")
    is_text = reads_as_text(view)
    data = content_of(part, is_text=is_text)
    if is_text:
        _hide_other_decodings(part, view, found)
    part.set_payload("")  # it is in memory twice now
    attached = view.get_content_disposition() == "attachment" and not broken_multipart
    if (kind in ("text/plain", "text/html") and not attached) or broken_multipart:
        text = paragraphs(_text_of(data, view, found))
        if kind == "text/html":
            text = without_data(text)
            found.too_long = found.too_long or len(text) > SCREENED_MAX
        if parameter(view, "format").lower() == "flowed" and kind == "text/plain":
            text = unflow(text, parameter(view, "delsp").lower() == "yes")
        found.shown.append(Shown(text, kind == "text/html", group, len(data), data if keep else b""))
        # What is cut or loses bytes on display is attached whole as well.
        if len(text) <= SHOWN_MAX and len(data) <= TEXT_BYTES_MAX and b"\0" not in data:
            return
        found.attach(name or ("text.html" if kind == "text/html" else "text.txt"), kind, data, keep=keep, role="body")
        return
    if is_text:
        found.hide_source(_text_of(data, view, found), is_html=kind == "text/html")
    found.attach(name, kind, data, keep=keep, role=_role_of(view, kind, related=related))


def _hide_other_decodings(part: Message, view: Message, found: Parts) -> None:
    """Gives the screening what a program that decodes otherwise would show of a text."""
    is_html = kind_of(view).endswith("/html")
    for each in other_decodings(part):
        source = text_from(_screened(each, found, is_html=is_html), parameter(view, "charset"))
        found.hide_source(source, is_html=is_html)


def _role_of(view: Message, kind: str, *, related: bool) -> str:
    """Whether the text shows it (RFC 2392: a logo below a signature), or it signs the mail, or somebody attached it.

    Programs call pictures of the text attachments, too, where they stand beside it (RFC 2387), and Gmail gives every
    file an id.
    """
    if kind in SIGNATURES:
        return "signature"
    shown = related or view.get_content_disposition() != "attachment"
    return "layout" if shown and kind.startswith("image/") and "content-id" in view else ""


def _take_message(part: Message, view: Message, found: Parts, depth: int, *, keep: bool) -> None:
    """A message/* part: one attachment with the bytes of what is attached; a message's text goes to the screening."""
    kind = kind_of(view)
    try:
        data = enclosed.octets_of(part)
    except Exception:  # the generator raises of every kind on nested or broken parts: the original has it all
        found.cut = True
        return
    if kind in ("message/delivery-status", "message/disposition-notification", "message/feedback-report"):
        found.attach(name_of(view), kind, data, keep=keep)
        return
    found.messages += 1
    found.attach(f"attached-message-{found.messages}.eml", kind, data, keep=keep)
    try:
        _screen_message(part, found, depth)
    except Exception:  # as above: what is decoded here is parsed anew
        found.cut = True


def _screen_message(part: Message, found: Parts, depth: int) -> None:
    """Who wrote an attached message, to whom, about what, its texts and the names of its files, however deep.

    Nothing of it is displayed.
    """
    stack: list[tuple[Message, int, tuple[str, ...]]] = [(part, depth, ())]
    seen = 0
    while stack:
        each, level, around = stack.pop()
        seen += 1
        if level > DEPTH_MAX or seen > PARTS_MAX:
            found.cut = True
            return
        view = readable(each)
        found.cut = found.cut or doubtful(each, parameter(view, "charset"), around)
        _hide_names(view, found)
        found.hide(name_of(view))
        for name, value in each.raw_items():
            if name.lower() in _SEARCHED:
                found.hide(one_line(decode_words(from_header(_octets(str(value))))))
        payload = each.get_payload() if each.is_multipart() else None
        if isinstance(payload, list):
            children = enclosed.opened(each)
            # A message may be encoded within an encoded one: each level costs another parsing of the rest.
            step = DEPTH_MAX // 10 if children is not payload else 1
            within = (*around, boundary_of(each)) if children is payload else ()
            stack.extend((child, level + step, within) for child in reversed(children) if isinstance(child, Message))
            for stray in _outside(each, found):
                found.hide(stray)
        elif reads_as_text(view):
            source = _text_of(content_of(each, is_text=True), view, found)
            found.hide_source(source, is_html=kind_of(view).endswith("/html"))
            _hide_other_decodings(each, view, found)
