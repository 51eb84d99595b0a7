"""Replies in the forms that mail programs put on the wire: prefix, header fields, encodings, the line or block above
what is quoted, HTML. Mutt is the real one.
"""

from __future__ import annotations

import base64
import contextlib
import html
import os
import pty
import quopri
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scene import AUTHSERV, Delivered

JUN = "jun@example.net"
GERMAN = "Wir haben beide gefragt, ausführlich.\n\nAm Montag mehr – versprochen."
OUTLOOK = "Thread-Topic: Committee case\nThread-Index: Adxb0cVJmLqkYQ5tQ0mJ2bUu0wFv9A=="
BOTH = ("In-Reply-To", "References")


@dataclass(frozen=True, slots=True)
class Program:
    """How a mail program writes a reply. `quote` and `page` get the mail that is answered.

    `left`: what stays of its own advertisement, which nothing tells apart from the person's words. `behind` is what the
    person goes on to write behind the tag. `page` makes HTML of the words and of what is quoted.
    """

    name: str
    fields: str
    quote: Callable[[Delivered], str]
    words: str = "We asked both of them.\n\nMore on Monday."
    left: str = ""
    page: Callable[[Program, str, Delivered], str] | None = None
    plain: bool = True
    prefix: str = "Re: "
    first: bool = False
    behind: str = ""
    threads: tuple[str, ...] = BOTH
    charset: str = "utf-8"
    transfer: str = "quoted-printable"
    flowed: bool = False
    id: str = "20261121.{n}@example.net"

    def reply(self, mail: Delivered, number: str, tag: str, words: str) -> bytes:
        """The message, with what the border put on top of it."""
        name = self.id.format(n=number)
        lines = [
            f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from=example.net",
            f"From: Jun Sato <{JUN}>",
            f"To: Example Committee <{mail.message['Reply-To']}>",
            f"Subject: {self._subject(str(mail.message['Subject']), tag)}",
            "Date: Sat, 21 Nov 2026 11:00:00 +0100",
            f"Message-ID: <{name}>",
            *(f"{field}: {self._above(mail, field)}" for field in self.threads),
            *self.fields.splitlines(),
            "MIME-Version: 1.0",
            *self._content(mail, words),
        ]
        return "\n".join(lines).replace("\n", "\r\n").encode("latin-1") + b"\r\n"

    @staticmethod
    def _above(mail: Delivered, field: str) -> str:
        own, earlier = str(mail.message["Message-ID"]), str(mail.message["References"] or "")
        return own if field == "In-Reply-To" else "\n ".join([*earlier.split(), own])

    def _subject(self, above: str, tag: str) -> str:
        tag = f"{tag} {self.behind}".strip() if tag else ""
        written = f"{tag} {self.prefix}{above}" if self.first and tag else f"{self.prefix}{above} {tag}".strip()
        if written.isascii():
            return "\n ".join(folded(written))
        pieces = [written[at : at + 12] for at in range(0, len(written), 12)]
        coded = (base64.b64encode(piece.encode(self.charset)).decode() for piece in pieces)
        return "\n ".join(f"=?{self.charset}?B?{piece}?=" for piece in coded)

    def _content(self, mail: Delivered, words: str) -> Iterator[str]:
        below = "\n\n".join(filter(None, (words, self.left, self.quote(mail))))
        shown = [("plain", flowed(below) if self.flowed else below)] if self.plain else []
        if self.page is not None:
            shown.append(("html", self.page(self, words, mail)))
        if len(shown) == 1:
            yield from self._part(*shown[0])
            return
        yield 'Content-Type: multipart/alternative;\n\tboundary="_000_part_"\n'
        for kind, text in shown:
            yield "--_000_part_"
            yield from self._part(kind, text)
        yield "--_000_part_--"

    def _part(self, kind: str, text: str) -> Iterator[str]:
        more = "; format=flowed" if self.flowed and kind == "plain" else ""
        yield f'Content-Type: text/{kind}; charset="{self.charset}"{more}'
        yield f"Content-Transfer-Encoding: {self.transfer}\n"
        octets = text.encode(self.charset)
        if self.transfer == "quoted-printable":
            octets = quopri.encodestring(octets)
        elif self.transfer == "base64":
            octets = base64.encodebytes(octets)
        yield octets.decode("latin-1")


def folded(text: str, width: int = 60) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def flowed(text: str) -> str:
    """RFC 3676: soft line breaks, and a space before what could be taken for a quote."""
    out = []
    for line in text.split("\n"):
        quoted = line.startswith(">")
        stuffed = line if quoted or not line.startswith((" ", "From ")) else f" {line}"
        out += [stuffed] if quoted or line == "-- " else " \n".join(folded(stuffed, 30)).split("\n")
    return "\n".join(out)


def marked(mail: Delivered, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in mail.text.splitlines())


def apple(line: str) -> Callable[[Delivered], str]:
    """An iPhone: the attribution stands within the quote, and a mark that nobody sees begins what is quoted."""
    return lambda mail: f"> {line}\n> \n> \ufeff{marked(mail)[2:]}"


def under(line: str, mark: str = "> ", gap: str = "\n") -> Callable[[Delivered], str]:
    """An attribution above a marked quote."""
    return lambda mail: f"{line}{gap}{marked(mail, mark)}"


def block(
    labels: str, *, above: str = "", date: str = "Saturday, November 21, 2026 10:00 AM"
) -> Callable[[Delivered], str]:
    """A header block above a quote that nothing marks."""

    def quote(mail: Delivered) -> str:
        values = ("Example Committee <conduct@example.org>", date, JUN, str(mail.message["Subject"]))
        lines = [f"{label}: {value}" for label, value in zip(labels.split(), values, strict=True)]
        return "\n".join([*filter(None, [above]), *lines, "", mail.text])

    return quote


def inner(text: str, tag: str = "div") -> str:
    return "".join(f"<{tag}>{html.escape(line) or '<br>'}</{tag}>" for line in text.splitlines())


def gmail(line: str) -> Callable[[Program, str, Delivered], str]:
    return lambda program, words, mail: (
        f'<div dir="ltr">{inner(words)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{html.escape(line)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px '
        f'0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">{inner(mail.text)}</blockquote></div>'
    )


def cite(program: Program, words: str, mail: Delivered) -> str:
    """Apple Mail: the attribution stands within the quote."""
    return (
        f'<html><body dir="auto">{inner(words)}<br><div dir="ltr">{program.left}</div><div dir="ltr"><br><blockquote '
        'type="cite">On Nov 21, 2026, at 10:00&#8239;AM, Example Committee &lt;conduct@example.org&gt; wrote:<br><br>'
        '</blockquote></div><blockquote type="cite"><div dir="ltr">&#65279;'
        f"{inner(mail.text)}</div></blockquote></body></html>"
    )


def yandex(program: Program, words: str, mail: Delivered) -> str:
    """Yandex in the browser sends nothing but this."""
    line = "21.11.2026, 10:00, &quot;Example Committee&quot; &lt;conduct@example.org&gt;:"
    return f"{inner(words)}<div> </div><div>{line}</div><blockquote>{inner(mail.text)}</blockquote>"


def heading(program: Program, mail: Delivered) -> tuple[str, str]:
    """(the header block as HTML, what is quoted)"""
    head, _, quoted = program.quote(mail).partition("\n\n")
    named = [line.partition(": ") for line in head.splitlines() if ": " in line]
    return "<br>\n".join(f"<b>{html.escape(name)}:</b> {html.escape(value)}" for name, _, value in named), quoted


def word_page(program: Program, words: str, mail: Delivered) -> str:
    """Outlook on the desktop: Word's HTML, with a rule above the header block."""
    fields, quoted = heading(program, mail)
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0cm} --></style>'
        f'</head><body lang="EN-GB"><div class="WordSection1">{inner(words, "p")}<div><div style="border:none;border-'
        f'top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{fields}</p></div></div>'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{inner(quoted, "p")}</div></body></html>'
    )


def web_page(program: Program, words: str, mail: Delivered) -> str:
    """Outlook on the web and on phones."""
    fields, quoted = heading(program, mail)
    return (
        f'<html><head></head><body><div class="elementToProof">{inner(words)}</div><div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font '
        f'face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{fields}</font><div>&nbsp;</div></div>'
        f"<div>{inner(quoted)}</div></body></html>"
    )


def gmx_page(program: Program, words: str, mail: Delivered) -> str:
    """GMX and web.de in the browser send nothing but this."""
    return (
        f'<html><head></head><body><div style="font-family: Verdana;font-size: 12.0px;">{inner(words)}<div>&nbsp;<div '
        'name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div '
        'style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Samstag, 21. November 2026 um 10:00 Uhr<br/>\n<b>Von:</b>'
        "&nbsp;&quot;Example Committee&quot; &lt;conduct@example.org&gt;<br/>\n<b>An:</b>&nbsp;jun@example.net<br/>\n"
        f'<b>Betreff:</b>&nbsp;{html.escape(str(mail.message["Subject"]))}</div><div name="quoted-content">'
        f"{inner(mail.text)}</div></div></div></div></body></html>"
    )


PROGRAMS = [
    Program(
        "Thunderbird", "User-Agent: Mozilla Thunderbird\nContent-Language: en-GB",
        under("On 21/11/2026 10:00, Example Committee wrote:"), flowed=True, transfer="8bit",
    ),
    Program(
        "Thunderbird, German", "User-Agent: Mozilla Thunderbird Beta\nContent-Language: de-DE",
        under("Am 21.11.26 um 10:00 schrieb Example Committee:"), words=GERMAN, flowed=True, transfer="8bit",
        behind="– wie besprochen",
    ),
    Program(
        "Outlook", f"{OUTLOOK}\nContent-Language: en-us\nX-Mailer: Microsoft Outlook 16.0",
        block("From Sent To Subject"), page=word_page, prefix="RE: ", id="0064${n}$0dd0$1e3b@example.net",
    ),
    Program(
        "Outlook, German, without references", f"{OUTLOOK}\nX-Mailer: Microsoft Outlook 16.0\nContent-Language: de",
        block("Von Gesendet An Betreff", above="-----Ursprüngliche Nachricht-----", date="Samstag, 21. November 2026"),
        words=GERMAN, prefix="AW: ", first=True, threads=(), charset="windows-1252", behind="für alle",
    ),
    Program(
        "Outlook on the web, HTML alone", f"{OUTLOOK}\nAccept-Language: en-US\nX-MS-Has-Attach:",
        block("From Sent To Subject"), page=web_page, plain=False, transfer="base64",
        id="AM0PR0{n}F4D5E@AM0PR04MB6789.eurprd04.prod.outlook.com",
    ),
    Program(
        "Outlook for iOS", f"{OUTLOOK}\nX-MS-Exchange-MessageSentRepresentingType: 1",
        block("From Sent To Subject", above="_" * 32), page=web_page, left="Get Outlook for iOS<https://aka.ms/o0ukef>",
        charset="Windows-1252",
    ),
    Program(
        "Gmail in the browser", "",
        under("On Sat, Nov 21, 2026 at 10:00\u202fAM Example Committee <conduct@example.org>\nwrote:", gap="\n\n"),
        page=gmail("On Sat, Nov 21, 2026 at 10:00\u202fAM Example Committee <conduct@example.org> wrote:"),
        behind="— see “below”", id="CAK8{n}+Zq1_xR7b=w3uPqM5tYJv-nLA@mail.gmail.com",
    ),
    Program(
        "Gmail on a phone", "",
        under("On Sat, 21 Nov 2026, 10:00 Example Committee, <conduct@example.org> wrote:", gap="\n\n"),
        page=gmail("On Sat, 21 Nov 2026, 10:00 Example Committee, <conduct@example.org> wrote:"),
        first=True, transfer="base64", id="CAD3{n}=d0yQ@mail.gmail.com",
    ),
    Program(
        "Mail on an iPhone", "X-Mailer: iPhone Mail (23D8133)",
        apple("On Nov 21, 2026, at 10:00\u202fAM, Example Committee <conduct@example.org> wrote:"), page=cite,
        left="Sent from my iPhone", words="We asked both. It’s as we thought.", id="D37B05ED-{n}-4B05-8B4B@example.net",
    ),
    Program(
        "Mail on an iPhone, plain", "X-Mailer: iPhone Mail (17A878)",
        apple("On 21 Nov 2026, at 10:00, Example Committee <conduct@example.org> wrote:"), left="Sent from my iPhone",
        threads=("In-Reply-To",),
    ),
    Program(
        "Mail on a Mac", "X-Mailer: Apple Mail (2.3826.400.131.1.6)",
        under("On 21 Nov 2026, at 10:00, Example Committee <conduct@example.org> wrote:", gap="\n\n"), page=cite,
    ),
    Program(
        "K-9", "User-Agent: K-9 Mail for Android\nAutocrypt: addr=jun@example.net; keydata= mDMEXEcE6RYJKwYBBAHaRw8",
        lambda mail: (
            f"Am 21. November 2026 10:00:00 MEZ schrieb Example Committee <conduct@example.org>:\n{marked(mail, '>')}"
            "\n-- \nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet."
        ),
        words=GERMAN, transfer="8bit",
    ),
    Program(
        "FairEmail", "X-Mailer: FairEmail 1.2170\nX-FairEmail-ID: 1601292018.1560461326555.eu.faircode.email@localhost",
        under("21 Nov 2026 10:00:00 Example Committee <conduct@example.org>:", gap="\n\n"),
        page=gmail("21 Nov 2026 10:00:00 Example Committee <conduct@example.org>:"),
    ),
    Program(
        "Proton", "",
        under("On Saturday, November 21st, 2026 at 10:00, Example Committee <conduct@example.org> wrote:", gap="\n\n"),
        page=gmail("On Saturday, November 21st, 2026 at 10:00, Example Committee <conduct@example.org> wrote:"),
        left="Sent with Proton Mail secure email.", threads=("References", "In-Reply-To"),
    ),
    Program(
        "GMX in the browser", "Importance: normal\nSensitivity: Normal", under(""), page=gmx_page, plain=False,
        words=GERMAN, prefix="Aw: ", id="trinity-{n}-1792@3c-app-gmx-bap01",
    ),
    Program(
        "Outlook, Japanese", f"{OUTLOOK}\nX-Mailer: Microsoft Outlook 16.0",
        block("差出人 送信日時 宛先 件名", above="-----Original Message-----", date="2026年11月21日土曜日 10:00"),
        words="二人に話を聞きました。\n\n続きは月曜日に。", prefix="RE: ", charset="iso-2022-jp", transfer="7bit",
        behind="\u3000よろしく", threads=("In-Reply-To",),
    ),
    Program(
        "Gmail, Japanese", "", under("2026年11月21日(土) 10:00 Example Committee <conduct@example.org>:", gap="\n\n"),
        words="二人に話を聞きました。", transfer="base64", first=True, behind="よろしくお願いします",
    ),
    Program(
        "Outlook, Turkish", f"{OUTLOOK}\nContent-Language: tr-TR",
        block("Kimden Gönderildi Kime Konu", date="21 Kasım 2026 Cumartesi 10:00"), page=word_page,
        words="İkisine de sorduk.\n\nPazartesi günü daha fazlası.", prefix="YNT: ", charset="iso-8859-9",
        behind="TEŞEKKÜRLER",
    ),
    Program(
        "Gmail, Turkish", "",
        under("Example Committee <conduct@example.org>, 21 Kas 2026 Cmt, 10:00 tarihinde\nşunu yazdı:", gap="\n\n"),
        words="İkisine de sorduk.", prefix="Ynt: ",
    ),
    Program("Yandex in the browser", "X-Mailer: Yamail [ http://yandex.ru ] 5.0", under(""), page=yandex, plain=False),
    Program(
        "Yahoo", "X-Mailer: WebService/1.1.21695 YMailNorrin",
        lambda mail: (
            "    On Saturday, November 21, 2026 at 10:00 AM GMT+1, Example Committee <conduct@example.org> wrote:  \n"
            + "".join(f" {line}\n" for line in ["", *mail.text.splitlines()])
        ),
    ),
    Program("Tuta", "", under("21 Nov 2026, 10:00 by conduct@example.org:", gap="\n\n")),
]  # fmt: skip


EDITOR = f"""\
import os, pathlib, sys
draft = pathlib.Path(sys.argv[1])
head, _, quoted = draft.read_text().partition("\\n\\n")
lines = [f"{{line}} {{os.environ['TAG']}}" if line.startswith("Subject: ") else line for line in head.splitlines()]
lines.append("Authentication-Results: {AUTHSERV}; dmarc=pass header.from=example.net")
draft.write_text("\\n".join((*lines, "", os.environ["WORDS"], "", quoted)))
"""
MUTTRC = """\
set from="jun@example.net" realname="Jun Sato" use_domain=no hostname="example.net" charset="utf-8"
set smtp_url="smtp://127.0.0.1:{port}/" ssl_starttls=no ssl_force_tls=no
set edit_headers=yes autoedit=yes fast_reply=yes include=yes reply_to=yes editor="{python} {folder}/editor.py"
set folder="{folder}" header_cache="" copy=no move=no delete=no quit=yes wait_key=no sleep_time=0 mail_check=0
set abort_noattach=no abort_unmodified=no
push "<reply><send-message><exit>"
"""


class Mutt:
    """Mutt in a terminal of its own; its editor is a script that appends the tag and writes above the quote."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        (folder / "editor.py").write_text(EDITOR)
        (folder / "muttrc").write_text(MUTTRC.format(port=port, folder=folder, python=sys.executable))

    def reply(self, mail: Delivered, words: str, tag: str = "") -> None:
        """Opens a mailbox that holds this mail, answers it and leaves."""
        (self._folder / "mbox").write_bytes(
            b"From conduct@example.org Sat Nov 21 10:00:00 2026\n" + mail.content.replace(b"\r\n", b"\n") + b"\n"
        )
        home = {"HOME": str(self._folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", "TAG": tag, "WORDS": words}
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            ["mutt", "-F", str(self._folder / "muttrc"), "-f", str(self._folder / "mbox")],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, **home},
        )  # fmt: skip
        os.close(theirs)
        os.set_blocking(ours, False)
        screen, end, answered = b"", time.monotonic() + 30, False
        while running.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
            with contextlib.suppress(OSError):
                screen += os.read(ours, 65536)
            if b"Update encoding" in screen and not answered:
                # Mutt compares whole seconds: where one ends between its editor and its menu, it asks.
                answered = os.write(ours, b"y") > 0
        running.kill()
        os.close(ours)
        assert running.wait() == 0, screen
