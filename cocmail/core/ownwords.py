"""What the author of a plain-text reply wrote, and what the mail program put around it (contract, section 5).

A body becomes a note, the text of a motion or a letter: the quoted thread must not ride along. Where it is not clear
who wrote a line it is kept: people read the text again before it does anything, and what is dropped here is lost.

Line by line, in linear time, without a pattern that backtracks. It must not touch reports: a pasted message of the
harasser is evidence.
"""

from __future__ import annotations

import re
import unicodedata

from cocmail.core.folding import composed

OWN, QUOTED, SIGNATURE = "own", "quoted", "signature"
# RFC 3676 section 4.3 gives the delimiter, not a length; a signature longer than this is a text.
SIGNATURE_LINES = 12
_ATTRIBUTION_LINES, _ATTRIBUTION_MAX = 3, 600
_BLANKS_ABOVE_QUOTE, _HEADER_LINES, _NAME_WORDS = 3, 16, 6

# How mail programs end the line above a quote: "On ... X wrote:". The verb is its last word, ...
_VERB_LAST = re.compile(
    r"(?:\b(?:wrote|writes|schrieb|geschrieben|a [ée]crit|escribi[óo]|ha scritto|scrive|schreef|geschreven|escreveu"
    r"|skrev|pisze|napisa[łl][ao]?|napsala?|nap[íi]sala?|kirjoitti|[íi]rta|a scris|va escriure|ha escrit|yazdı|menulis"
    r"|đã viết|έγραψε|написала?|писала?|пишет|пише|написав)(?:\([aа]\))?|写道|寫道|のメール|님이 작성|작성)$"
)
# ... or name and address, or the date, follow it: "Am ... schrieb X <a@b>:", "X <a@b> schrieb am ...:".
_VERB_INSIDE = re.compile(r"\b(?:schrieb|schreef|skrev|kirjoitti|yazdı|[íi]rta|napisana|napsal|wrote on)\b")
_BY_ADDRESS = re.compile(r" by [^\s@]{1,100}@[^\s@]{1,200}$")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[:.h]\d\d(?!\d)|(?<!\d)\d{1,2}[/.-] ?\d{1,2}[/.-] ?\d\d(?:\d\d)?(?!\d)"
)
_ADDRESS = re.compile(r"[^\s@]@\w")
_SENTENCE_END = re.compile(r"[.!?;](?:\s|$)")
_NO_FOLD_AFTER = re.compile(r"(?:[:!?;：]|\w{5}\.)$")
# A folded attribution begins so, with a weekday ("lør.", "сб,") or with a number.
_STARTS = frozenset(
    "on at in am le el il op em no den w wiadomość dnia dne dňa pe în la a στις в у на vào pada 在".split()
)
_WEEKDAY_OR_NUMBER = re.compile(r"\d|[^\W\d_]{2,12}[.,]|[^\W\d_]{2} \d")


def _phrases(text: str) -> frozenset[str]:
    """Phrases apart by spaces; "~" stands for a space within one."""
    return frozenset(phrase.replace("~", " ") for phrase in text.split())


_ENCLOSED = _phrases(
    "original~message forwarded~message reply~message ursprüngliche~nachricht originalnachricht original-nachricht"
    " weitergeleitete~nachricht message~d'origine message~original message~transféré mensaje~original"
    " mensaje~reenviado messaggio~originale messaggio~inoltrato mensagem~original mensagem~encaminhada"
    " mensagem~reencaminhada oorspronkelijk~bericht origineel~bericht doorgestuurd~bericht ursprungligt~meddelande"
    " originalmeddelande vidarebefordrat~meddelande oprindelig~meddelelse videresendt~meddelelse opprinnelig~melding"
    " videresendt~melding alkuperäinen~viesti wiadomość~oryginalna oryginalna~wiadomość přeposlaná~zpráva"
    " przekazana~wiadomość treść~przekazanej~wiadomości původní~zpráva pôvodná~správa eredeti~üzenet"
    " továbbított~üzenet mesaj~original özgün~ileti orijinal~mesaj исходное~сообщение пересылаемое~сообщение"
    " перенаправленное~сообщение 原始邮件 原始郵件 转发的消息 转发邮件 転送メッセージ 원본~메시지"
)
_BEGINS = _phrases(
    "begin~forwarded~message anfang~der~weitergeleiteten~nachricht anfang~der~weitergeleiteten~e-mail"
    " début~du~message~réexpédié début~du~message~transféré inicio~del~mensaje~reenviado inizio~messaggio~inoltrato"
    " início~da~mensagem~encaminhada início~da~mensagem~reencaminhada begin~doorgestuurd~bericht"
    " vidarebefordrat~brev videresendt~meddelelse 下面是被转发的邮件 転送されたメッセージ"
)
_ENDS = ("end forwarded message", "end of forwarded message", "ende der weitergeleiteten nachricht")

_ROLES = {
    "from": "from von de da van fra från od feladó lähettäjä от від kimden expéditeur 发件人 寄件者 差出人 보낸~사람",
    "sent": "sent date gesendet datum envoyé fecha enviado enviado~el enviada~em enviado~em inviato data verzonden"
    " sendt dato skickat wysłano odesláno lähetetty päivämäärä elküldve dátum дата отправлено надіслано tarih"
    " gönderildi 发送时间 日期 傳送日期 送信日時 日時 日付 보낸~날짜 날짜",
    "to": "to an à a para aan til till do komu vastaanottaja címzett кому kime 收件人 收件者 宛先 받는~사람",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp emne ämne temat předmět aihe tárgy тема konu"
    " 主题 主旨 件名 제목",
    "more": "cc bcc kopie kopi kopia copie copia cópia dw másolat kopio копия bilgi 抄送 副本 참조 reply-to antwort~an"
    " répondre~à importance wichtigkeit priority attachments anlagen organization organisation message-id",
}
ROLE_OF = {label: role for role, labels in _ROLES.items() for label in _phrases(labels)}


def own_words(text: str) -> str:
    """What the author wrote: without quoted lines, what announces them, enclosed messages and the signature.

    Own lines between quotes, above and below them stay. Line ends become `\\n`; no blank lines at either end.
    """
    lines = _lines(text)
    kept: list[str] = []
    after_gap = False
    for line, mark in zip(lines, _marks(lines), strict=True):
        if mark != OWN:
            after_gap = True
        elif line.strip() or not after_gap or (kept and kept[-1].strip()):
            after_gap = after_gap and not line.strip()
            kept.append(line)
    filled = [number for number, line in enumerate(kept) if line.strip()]
    return "\n".join(kept[filled[0] : filled[-1] + 1]) if filled else ""


def quoted_lines(text: str) -> tuple[int, ...]:
    """The numbers, from 0, of the lines that a mail program quoted or put above a quote; the signature is not asked.

    An attribution counts here even where nothing quoted follows it, as some programs do not mark what they quote;
    `own_words` keeps such a line.
    """
    lines = _lines(text)
    marks = _marks(lines)
    for number in range(len(lines)):
        first = _attribution(lines, marks, number)
        marks[first : number + 1] = [QUOTED] * (number + 1 - first)
    return tuple(number for number, mark in enumerate(marks) if mark == QUOTED)


def has_quotes(text: str) -> bool:
    """Whether a mail program quoted or enclosed something in this text, or announces that it does."""
    return bool(quoted_lines(text))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _marks(lines: list[str]) -> list[str]:
    marks = [QUOTED if line.lstrip(" \t\u00a0\u200b\ufeff").startswith(">") else OWN for line in lines]
    for number, line in enumerate(lines):
        # Mail stores put ">" before a line that begins with "From "; alone among own lines it is one of them.
        if line.startswith(">From "):
            beside = marks[max(number - 1, 0) : number] + marks[number + 1 : number + 2]
            marks[number] = QUOTED if QUOTED in beside else OWN
    _mark_enclosed(lines, marks)
    _mark_attributions(lines, marks)
    _mark_signatures(lines, marks)
    return marks


def plain_line(line: str) -> str:
    """As labels and attributions are compared: composed, case folded, without invisible marks, with plain spaces."""
    shown = (char for char in composed(line) if unicodedata.category(char) != "Cf")
    return " ".join((line if line.isascii() else "".join(shown).replace("’", "'")).casefold().split())


def _mark_enclosed(lines: list[str], marks: list[str]) -> None:
    """Separators and header blocks with the message that they stand above, to its end where a line tells it."""
    here = 0
    while here < len(lines):
        end = _opening(lines, here) if marks[here] == OWN and lines[here].strip() else here
        if end == here:
            here += 1
            continue
        below = _next_filled(lines, end)
        if not _begins_quote(lines, marks, below):
            ends = (number + 1 for number in range(end, len(lines)) if _dashed(lines[number]).startswith(_ENDS))
            end = next(ends, len(lines))
        marks[here:end] = [QUOTED] * (end - here)
        here = end


def _opening(lines: list[str], here: int) -> int:
    """The line after what a program puts above a message that it encloses; `here` where there is no such thing."""
    line = lines[here]
    if _is_separator(line):
        return _header_block(lines, _next_filled(lines, here + 1)) or here + 1
    if len(line) < 200 and len(line.strip()) >= 20 and not line.strip().strip("_"):
        return _header_block(lines, _next_filled(lines, here + 1)) or here
    # What follows a label and is no header block with it is none without it.
    return here if here and _label(lines[here - 1])[0] else _header_block(lines, here) or here


def _dashed(line: str) -> str:
    """The words between the dashes of a separator line; "" for any other line."""
    bare = plain_line(line[:200]).strip(" *").replace("&nbsp;", " ")
    return bare.strip("-—–_=* ") if bare.startswith(("--", "—")) and len(line) < 200 else ""


def _is_separator(line: str) -> bool:
    words = _dashed(line)
    if words:
        return words in _ENCLOSED or words.startswith("forwarded message from ")
    if line.startswith("    ") and line.endswith(":  "):  # Yahoo, which marks nothing else of what it quotes
        return len(line) <= _ATTRIBUTION_MAX and _announces(plain_line(line))
    return len(line) < 80 and line.rstrip().endswith((":", "：")) and plain_line(line).rstrip(" :：") in _BEGINS


def _header_block(lines: list[str], start: int) -> int:
    """The line after a header block that begins at `start`, or 0.

    From, a date with a number in it, and one more label: every mail program writes these, people rarely do.
    """
    roles: set[str] = set()
    end = start
    for number in range(start, min(start + _HEADER_LINES, len(lines))):
        role, value = _label(lines[number])
        if role == "sent" and not any(char.isdigit() for char in value):
            role = "more"
        if role:
            roles.add(role)
            end = number + 1
        elif not roles or not _continues(lines[number]):
            break
    return end if {"from", "sent"} <= roles and roles & {"to", "subject"} else 0


def _label(line: str) -> tuple[str, str]:
    """(role, value) of a line of a header block, also with stars for bold type; ("", "") for another line."""
    head, colon, _ = line[:40].replace("：", ":").partition(":")
    return (ROLE_OF.get(plain_line(head).strip(" *"), ""), line[len(head) : 200]) if colon else ("", "")


def _continues(line: str) -> bool:
    """Whether a line can be the rest of a long list of recipients."""
    return bool(line.strip()) and (line[0] in " \t" or "@" in line[:500])


def _next_filled(lines: list[str], start: int) -> int:
    """The next line that is not blank, at most a few lines on; else `start`."""
    near = range(start, min(start + _BLANKS_ABOVE_QUOTE + 1, len(lines)))
    return next((number for number in near if lines[number].strip()), start)


def _begins_quote(lines: list[str], marks: list[str], number: int) -> bool:
    """Whether marked quoting begins at this line, with or without an attribution above it."""
    if marks[number : number + 1] == [QUOTED]:
        return True
    for last in range(number, min(number + _ATTRIBUTION_LINES, len(lines))):
        below = _next_filled(lines, last + 1)
        if marks[below : below + 1] == [QUOTED]:
            return _attribution(lines, marks, last) <= number
    return False


def _mark_attributions(lines: list[str], marks: list[str]) -> None:
    """Attributions directly above a quote, or at the very end where the author deleted the quote."""
    final = next((number for number in range(len(lines) - 1, -1, -1) if lines[number].strip()), -1)
    for number in range(len(lines)):
        first = _attribution(lines, marks, number)
        below = _next_filled(lines, number + 1) if first <= number else number
        if number == final or marks[below : below + 1] == [QUOTED]:
            marks[first : number + 1] = [QUOTED] * (number + 1 - first)


def _attribution(lines: list[str], marks: list[str], last: int) -> int:
    """The first line of the attribution that ends with line `last`; `last + 1` where that line ends none.

    One that begins as mail programs begin them is preferred to a shorter one: the rest of a folded line can look whole.
    """
    line = lines[last].rstrip(" \t\u00a0\u202c\u200f")
    # Some programs write it between dashes: "---- On ... wrote ----".
    announcing = line.endswith((":", "：")) or (line.endswith("--") and len(line) > 20)
    if marks[last] != OWN or len(line) > _ATTRIBUTION_MAX or not announcing:
        return last + 1
    first = last
    while first > max(last - _ATTRIBUTION_LINES + 1, 0) and _may_be_folded(lines[first - 1], marks[first - 1]):
        first -= 1
    starts = range(last, first - 1, -1)
    joined = {start: plain_line(" ".join(lines[start : last + 1])).strip("- ") for start in starts}
    whole = [start for start in starts if _announces(joined[start])]
    plain = [start for start in whole if _begins_with_date(plain_line(lines[start]).lstrip("- "))]
    return (plain or whole or [last + 1])[0]


def _may_be_folded(line: str, mark: str) -> bool:
    """Whether a line can be the first half of an attribution; the end of a sentence is not."""
    bare = line.rstrip()
    return mark == OWN and 0 < len(bare) <= _ATTRIBUTION_MAX and _NO_FOLD_AFTER.search(bare[-8:]) is None


def _begins_with_date(line: str) -> bool:
    starts = line.partition(" ")[0] in _STARTS or _WEEKDAY_OR_NUMBER.match(line) is not None
    return starts and _DATE.search(line) is not None


def _announces(line: str) -> bool:
    """Whether somebody is said to have written something, with a date or an address: the form that programs write."""
    line = line.rstrip(":： -")
    dated = _DATE.search(line) is not None
    if dated and line.endswith(">") and "@" in line.rpartition("<")[2]:
        return True
    if (not dated and _ADDRESS.search(line) is None) or (dated and _BY_ADDRESS.search(line)):
        return dated
    verb = _VERB_LAST.search(line) or _VERB_INSIDE.search(line)
    rest = line[verb.end() :] if verb else ""
    named = len(rest.split()) <= _NAME_WORDS and _SENTENCE_END.search(rest) is None
    return verb is not None and (named or bool(_ADDRESS.search(rest) or _DATE.search(rest)))


def _mark_signatures(lines: list[str], marks: list[str]) -> None:
    """From the last delimiter line before a quote or the end, where what follows is short enough."""
    end = len(lines)
    filled = 0  # lines from the last one that is not blank back to here
    searching = True
    for number in range(len(lines) - 1, -1, -1):
        if marks[number] == QUOTED:
            end, filled, searching = number, 0, True
        elif searching and lines[number].rstrip(" \t\u00a0") == "--":
            marks[number:end] = [SIGNATURE] * (end - number)
            searching = False
        elif filled or lines[number].strip():
            filled += 1
            searching = searching and filled <= SIGNATURE_LINES
