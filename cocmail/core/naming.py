"""Lines that begin with a label, as people and mail programs write them: who reported, who sent, where somebody is.

The rule: what goes on below such a line belongs to it, if it is indented, if the line stands empty, or if it breaks off
in the middle. Where that is not sure, it is said so: to guess would leave a name, or take words of the report away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cocmail.core.everyday import LITTLE, is_also_a_word
from cocmail.core.folding import fold
from cocmail.core.ownwords import ROLE_OF, plain_line

REPORTER, FROM, TO, PLACE, OTHER = "reporter", "from", "to", "place", "other"

# How a line may begin before its label: marks of quotes and lists, and what nobody sees.
_LEAD = " \t\r\f\v\u00a0\u2000\u2003\u2009\u200b\u200c\u200d\u2060\ufeff\u3000>|*_#•·–—-"
_COLONS, _SEPARATORS = ":\uff1a\ufe55\ua789\u2236", "=\t|"
_LONGEST_LABEL, _LABEL_WORDS = 48, 4
# Of one label; more than this is a text, and what it names cannot be told.
LONGEST, MOST_LINES = 1500, 8
_BLANK_LINES = 2
_NAME_WORDS = 5
# As long as the lines that mail programs fold.
_FOLDED = 60

_REPORTER = frozenset(
    fold(each)
    for each in (
        "reporter|reporter name|reporters name|reporter's name|name of reporter|name of the reporter|the reporter"
        "|reported by|report by|report from|told by|reporting person|informant|melder|melderin|meldende person"
        "|gemeldet von|name der meldenden person|signalé par|rapporteur|rapporteuse|denunciante|informante"
        "|reportado por|reportada por|segnalante|segnalato da|gemeld door|zgłaszający|zgłaszająca|заявитель"
        "|заявительница|報告者|通報者|举报人|报告人|신고자"
    ).split("|")
)
# What may well say who it is. With no other line that does, nothing is guessed.
_MAYBE = frozenset(
    fold(each)
    for each in (
        "name|names|sender|caller|who|contact|phone|tel|telephone|mobile|cell|email|e-mail|mail|account|handle"
        "|address|signed|absender|absenderin|anrufer|anruferin|telefon|handy|nom|nombre|nome|имя|姓名|名前|이름"
    ).split("|")
)
_PLACES = frozenset(("where", "wearing"))
_ROLES = {"from": FROM, "to": TO, "more": TO, "sent": OTHER, "subject": OTHER}
_GOES_ON = tuple(",;:&/(+")
# Words after which nothing is over; further ones are `LITTLE`.
_JOINING = frozenset("under with from via called named per through über unter mit chez avec con desde sous".split())
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label with what it says: lines `first` to `last` of a text. `unsure`: it may go on below, or is too long."""

    kind: str
    label: str
    first: int
    last: int
    said: tuple[str, ...]
    unsure: bool = False

    @property
    def value(self) -> str:
        return " ".join(" ".join(self.said).split())


def labelled(lines: Sequence[str]) -> list[Labelled]:
    """Every label of a text that is one of ours, from top to bottom."""
    found: list[Labelled] = []
    here = 0
    while here < len(lines):
        kind, label, value = _head(lines[here])
        if kind:
            found.append(_with_rest(lines, here, kind, label, value))
            here = found[-1].last
        here += 1
    return found


def begins_like_one(lines: Sequence[str]) -> bool:
    """Whether a line may say who somebody is, in a form that is not understood."""
    for line in lines:
        label, _, _ = _split(line)
        words = _WORD.findall(fold(line.lstrip(_LEAD)[:_LONGEST_LABEL]))
        if fold(label) in _MAYBE or " ".join(words[:1]) in _REPORTER or " ".join(words[:2]) in _REPORTER:
            return True
    return False


def _split(line: str) -> tuple[str, str, str]:
    """(label, separator, value) of a line, or three times ""."""
    bare = line.lstrip(_LEAD)
    marks = _COLONS + _SEPARATORS
    at = next((place for place, char in enumerate(bare[:_LONGEST_LABEL]) if char in marks), -1)
    label = plain_line(bare[: max(at, 0)]).strip(" *_-").replace("\u00ad", "")
    if not label or len(label.split()) > _LABEL_WORDS:
        return "", "", ""
    return label, bare[at], bare[at + 1 :]


def _head(line: str) -> tuple[str, str, str]:
    """(kind, label, value) of a line that begins with a label of ours."""
    label, mark, value = _split(line)
    value = value.strip(_LEAD + _COLONS) if value.strip(" \t\u00a0*_:") in ("", "-", "–", "—") else value
    value = value.lstrip(_COLONS + "=| \t\u00a0*_").rstrip(" \t\r\u00a0*_|")
    if not label:
        return "", "", ""
    if fold(label).replace("’", "'") in _REPORTER:
        return REPORTER, label, value or _dash(line)
    if mark not in _COLONS:
        return "", "", ""
    if label in _PLACES:
        return PLACE, label, value
    return _ROLES.get(ROLE_OF.get(label, ""), ""), label, value


def _dash(line: str) -> str:
    """A dash behind the label: "nobody", said so on purpose."""
    return "-" if line.rstrip()[-1:] in ("-", "–", "—", "?") else ""


def _is_head(line: str) -> bool:
    """Whether another label begins there, known or not."""
    label, mark, _ = _split(line)
    return bool(label) and (mark in _COLONS or fold(label) in _REPORTER)


def _with_rest(lines: Sequence[str], here: int, kind: str, label: str, value: str) -> Labelled:
    said, last, unsure = ([value] if value else []), here, len(value) > LONGEST
    if not said:
        below = next((n for n in range(here + 1, min(here + 2 + _BLANK_LINES, len(lines))) if lines[n].strip()), here)
        if below > here and not _is_head(lines[below]) and _may_be_said(lines, here, below):
            said, last = [lines[below][: LONGEST + 1].strip(_LEAD)], below
    while said and last + 1 < len(lines) and not unsure:
        following = lines[last + 1]
        if not following.strip(_LEAD) or _is_head(following):
            break
        # Of a place nobody is hidden by a word too few: what may be the account itself stays in it.
        if _indent(following) > _indent(lines[here]) or (kind != PLACE and _breaks_off(said[-1])):
            last += 1
            said.append(following[: LONGEST + 1].strip(_LEAD))
            unsure = len(said) > MOST_LINES or sum(map(len, said)) > LONGEST
            continue
        unsure = len(lines[last]) >= _FOLDED and lines[last].rstrip()[-1:] not in (".", "!", "?", ">")
        break
    return Labelled(kind, label, here, last, tuple(said), unsure)


def _may_be_said(lines: Sequence[str], here: int, below: int) -> bool:
    """Whether a line below an empty label is what it says: indented, or nothing but a name or an address."""
    line = lines[below]
    if len(line) > LONGEST:
        return False
    if below == here + 1 and _indent(line) > _indent(lines[here]):
        return True
    words = _WORD.findall(line)
    named = len(words) <= _NAME_WORDS and not any(word.islower() and is_also_a_word(fold(word)) for word in words)
    return (named or ("@" in line and len(line.split()) <= _NAME_WORDS)) and line.rstrip()[-1:] not in (".", "!", "?")


def _breaks_off(said: str) -> bool:
    """Whether a line ends in the middle of what it says."""
    words = said.split()[-1:]
    last = words[0] if words else ""
    return last.endswith(_GOES_ON) or (last.islower() and (last in _JOINING or last in LITTLE))


def _indent(line: str) -> int:
    """How far in a line begins, behind marks of quotes."""
    head = line[:200]
    bare = head.lstrip(" \t>")
    lead = head[: len(head) - len(bare)]
    return len(lead.rpartition(">")[2].expandtabs())
