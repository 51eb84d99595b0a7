"""Bytes to Mail. READ THIS FIRST of the reading half: one message, top to bottom.

The rule: `read` never raises, whatever a stranger sent. What cannot be read is a value (`Mail.unreadable`), never an
error, because an accepted report must reach somebody even then. The MIME structure comes from mail-parser and its
compat32 message; the header comes from our own pass, because duplicates and malformed fields decide what is proven.
It must not use `email.policy.default`, which raises on mail that occurs in practice.
"""

from __future__ import annotations

import email
import logging
import re
from dataclasses import replace
from email.feedparser import BytesFeedParser
from email.message import Message

import mailparser  # type: ignore[import-untyped,unused-ignore]

from cocmail.core.comments import without_comments
from cocmail.core.model import Mail
from cocmail.mail.address import mailboxes_in
from cocmail.mail.charsets import other_readings
from cocmail.mail.decode import decode_words, one_line, paragraphs, text_from
from cocmail.mail.delivery import failed_for_good
from cocmail.mail.described import kind_of, parameter, readable
from cocmail.mail.doubt import headless
from cocmail.mail.enclosed import AS_IT_STANDS, is_splittable
from cocmail.mail.headers import RECIPIENTS_MAX, Header, digest, message_ids, recipients, scan
from cocmail.mail.htmltext import all_text, backwards, rendered
from cocmail.mail.parts import SHOWN_MAX, Parts, Shown, parts_of

TRUNCATED = "[The text goes on; the rest stands in the original message.]"
SUBJECT_MAX = 2_000
OVERLAP = 1_000
KIND_MAX = 100
RAW_SCREENED_MAX = 1_000_000
LARGE = PIECE = 1 << 20

_WORD, _NO_WORD = re.compile(r"\w+"), re.compile(r"\W+")
_ARMOUR = re.compile(
    r"-----BEGIN PGP MESSAGE-----[ \t]*\n(?:[A-Za-z]{1,40}: [^\n]{0,200}\n){0,10}[ \t]*\n[A-Za-z0-9+/=]"  # RFC 9580 6.2
)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("[^"]*"|[^\s;]*)')
_WRAPPED = ("application/pkcs7-mime", "application/x-pkcs7-mime")


def read(raw: bytes, *, contents: bool = False, also: frozenset[str] = frozenset()) -> Mail:
    """The message as far as it can be understood; `contents` asks for the bytes of attachments too.

    `also` names further header fields to keep. `unreadable` of the result is

    - `encrypted`: PGP/MIME, enveloped S/MIME, or a text that is an armoured PGP message;
    - `unparsable`: the parser failed, or a limit (100 levels, 1000 parts, 64,000 bytes of Content-Type) kept something
      from being read, its charset exists and is not read here (VISCII, ISO-2022-CN, EBCDIC) or leaves no word of it, or
      other programs may take the message apart or decode it otherwise (`doubt.py`);
    - `too-long`: there is more text than `text` and `hidden_text` hold, so the screening does not see all of it;
    - `attachments-only`: no word of text, but attachments;
    - `empty`: no word of text or Subject and no attachment. An empty body under a Subject is readable: "".
    """
    try:
        header = scan(raw, also)
        mail = _from_header(raw, header)
        start = raw[header.body_at : header.body_at + RAW_SCREENED_MAX]
        cut = header.cut or headless(raw, header.body_at)
    except Exception:  # the promise above; what failed is in the stored original
        return Mail(unreadable="unparsable")
    try:
        message = _message(raw, header)
        # The process that reads has little memory, and what is kept here is kept once more in what was parsed.
        del raw
        mail = _with_parts(mail, message, contents=contents)
        return _not_parsed(mail, start) if cut or mail.unreadable == "unparsable" else mail
    except Exception:
        return _not_parsed(mail, start)


def unparsable(raw: bytes, *, also: frozenset[str] = frozenset()) -> Mail:
    """What is left where a message cannot be parsed: its header by the linear pass, its raw text for the screening."""
    try:
        header = scan(raw, also)
        return _not_parsed(_from_header(raw, header), raw[header.body_at :])
    except Exception:
        return Mail(unreadable="unparsable")


def _not_parsed(mail: Mail, body: bytes) -> Mail:
    """What was not understood is screened as it stands."""
    whole = paragraphs(text_from(body[:RAW_SCREENED_MAX]))
    hidden = "\n\n".join(filter(None, (mail.hidden_text, mail.subject[SUBJECT_MAX:], whole))).strip("\n")
    return replace(mail, subject=mail.subject[:SUBJECT_MAX], hidden_text=hidden, unreadable="unparsable")


def _message(raw: bytes, header: Header) -> Message:
    """The compat32 message of mail-parser, built over the MIME fields alone."""
    # Its log lines quote header values.
    logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)
    if len(raw) > LARGE:
        return _fed(raw, header)
    message = email.message_from_bytes(header.mime + b"\r\n" + raw[header.body_at :], policy=AS_IT_STANDS)
    # It copies the fields of each part into a message of its own, and asks that one without any bounds.
    if not all(map(is_splittable, message.walk())):
        return message
    try:
        parsed = mailparser.MailParser(message).message
    except RecursionError:
        raise
    except Exception:  # mail-parser 4.8.0 on a multipart that ends in its epilogue's boundary, or a NUL in a charset
        return message
    assert isinstance(parsed, Message)
    return parsed


def _fed(raw: bytes, header: Header) -> Message:
    """The same message, read piece by piece: mail-parser holds a long one in memory ten times over."""
    parser = BytesFeedParser(policy=AS_IT_STANDS)
    parser.feed(header.mime + b"\r\n")
    with memoryview(raw) as whole:
        for start in range(header.body_at, len(raw), PIECE):
            parser.feed(bytes(whole[start : start + PIECE]))
    return parser.close()


def _from_header(raw: bytes, header: Header) -> Mail:
    senders = [box for value in header.values("from") for box in mailboxes_in(value)]
    to = recipients(header, "to", "cc")
    addressed = frozenset(recipients(header, "to") if len(header.values("to")) == 1 else ())
    kind, report = _said_of_itself(header)
    return Mail(
        subject=one_line(decode_words(header.first("subject"))),
        from_addresses=tuple(dict.fromkeys(address for _, address in senders))[:RECIPIENTS_MAX],
        from_name=one_line(decode_words(senders[0][0]))[:SUBJECT_MAX] if senders else "",
        hidden_text=_beside(header, [name for name, _ in senders]),
        to=to,
        copied=tuple(address for address in to if address not in addressed),
        delivered_to=recipients(header, "delivered-to", "x-original-to"),
        date=one_line(header.first("date"))[:100],
        message_id=next(iter(message_ids(header.first("message-id"))), ""),
        in_reply_to=message_ids(header.first("in-reply-to")),
        references=message_ids(header.first("references")),
        content_type=kind,
        report_type=report,
        headers=header.fields,
        body_digest=digest(raw, header.body_at),
    )


def _said_of_itself(header: Header) -> tuple[str, str]:
    """The media type and the kind of report, where the message cannot be parsed: a program's must not be answered."""
    value = without_comments(header.first("content-type")).lower()
    # A bracket that is left is a comment that never ends.
    kind = value.partition(";")[0].partition("(")[0].strip(' \t"')
    told = dict(reversed(_PARAMETER.findall(value))) if kind == "multipart/report" else {}
    whole = kind.count("/") == 1 and len(kind) <= KIND_MAX and " " not in kind
    return kind if whole else "text/plain", one_line(told.get("report-type", "").strip('"'))


def _with_parts(mail: Mail, message: Message, *, contents: bool) -> Mail:
    view = readable(message)
    kind = kind_of(view)
    parts = parts_of(message, keep=contents)
    text = _displayed(parts, keep=contents)
    if not parts.attachments and not _WORD.search(text) and parts.stray:
        text = "\n\n".join(parts.stray)
    else:
        for stray in parts.stray:
            parts.hide(stray)
    parts.hide(mail.hidden_text)
    parts.hide(mail.subject[SUBJECT_MAX:])
    for turned in [backwards(each) for each in (mail.subject, text, *parts.hidden)]:
        parts.hide(turned)
    if len(text) > SHOWN_MAX:
        # A name that the cut goes through is whole in what is hidden.
        parts.hide(text[SHOWN_MAX - OVERLAP :])
        text = f"{text[:SHOWN_MAX]}\n{TRUNCATED}"
    return replace(
        mail,
        subject=mail.subject[:SUBJECT_MAX],
        text=text,
        hidden_text="\n\n".join(parts.hidden),
        attachments=tuple(parts.attachments),
        content_type=kind,
        report_type=one_line(parameter(view, "report-type")).lower() if kind == "multipart/report" else "",
        unreadable=_trouble(mail.subject, text, parts, view),
        failed=failed_for_good(message),
    )


def _beside(header: Header, names: list[str]) -> str:
    """What of the header other programs show: further Subjects, and the names of further senders.

    And what a Subject or a name may mean whose bytes stand there as they are, and are no UTF-8.
    """
    told = {name: header.values(name) for name in ("subject", "from")}
    raw = (value.encode("latin-1") for each in told.values() for value in each if max(value, default="") < "\u0100")
    further = map(decode_words, (*told["subject"][1:], *names[1:]))
    return "\n".join(filter(None, map(one_line, (*further, " ".join(map(other_readings, raw))))))


def _displayed(parts: Parts, *, keep: bool) -> str:
    """The text as a person would read it, in order.

    HTML that has a plain alternative is left out; HTML that stands for itself is rendered, but for what the plain parts
    say in the same words and order. The original is attached wherever the text came from HTML or the HTML says more;
    what HTML holds beyond the text goes to the screening.
    """
    has_html = any(each.is_html for each in parts.shown)
    with_plain = {each.group for each in parts.shown if each.group and not each.is_html and _WORD.search(each.text)}
    plain = "\n".join(each.text for each in parts.shown if not each.is_html) if has_html else ""
    plain_words, plain_order = _words(plain), _in_order(plain)
    segments, seen_of = list[str](), dict[int, str]()
    for number, each in enumerate(parts.shown):
        if not each.is_html:
            segments.append(each.text.strip("\n"))
            continue
        seen = seen_of[number] = rendered(each.text)
        is_alternative = each.group in with_plain
        more = not _words(seen) <= plain_words if is_alternative else _in_order(seen) not in plain_order
        if each.size and (more or not plain_words):
            _attach_html(parts, each, keep=keep)
        if more and not is_alternative:
            segments.append(seen)
    text = "\n\n".join(segment for segment in segments if segment.strip())
    shown = _lines(text[:SHOWN_MAX]) if has_html else ""
    for number, each in enumerate(parts.shown):
        # The same words in another order, in small letters or in other lines are not the same to the screening.
        if each.is_html and _lines(whole := all_text(each.text, seen_of.pop(number))) not in shown:
            parts.hide(whole)
    return text


def _attach_html(parts: Parts, shown: Shown, *, keep: bool) -> None:
    number = 1 + sum(each.filename.startswith("original") for each in parts.attachments)
    name = "original.html" if number == 1 else f"original-{number}.html"
    parts.attach(name, "text/html", shown.content, keep=keep, size=shown.size, role="body")


def _words(text: str) -> set[str]:
    # Of no more than is shown: each word of a text is an object of its own while they are compared.
    return set(_WORD.findall(text[:SHOWN_MAX].casefold()))


def _in_order(text: str) -> str:
    """The words of a text with a space around each."""
    return _NO_WORD.sub(" ", f" {text[:SHOWN_MAX]} ".casefold())


def _lines(text: str) -> str:
    """The lines of a text that say something, each with a line end around it and one space for every gap."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(("", *filter(None, lines), ""))


def _trouble(subject: str, text: str, parts: Parts, view: Message) -> str:
    """Why the message cannot be read, or ""."""
    words = _WORD.search(text) is not None
    enveloped = kind_of(view) in _WRAPPED and parameter(view, "smime-type").lower() not in ("signed-data", "certs-only")
    armoured = any(_ARMOUR.match(each.text.lstrip()) for each in parts.shown if not each.is_html)
    if parts.encrypted or armoured or (enveloped and not words):
        return "encrypted"
    # Of signs for what could not be read alone, a charset was told that it is not in.
    if parts.cut or (not words and "\ufffd" in text):
        return "unparsable"
    if parts.too_long:
        return "too-long"
    if not words and parts.attachments:
        return "attachments-only"
    return "" if words or _WORD.search(subject) else "empty"
