"""Screening: which members a message names, before anybody reads it (contract, section 3, rule 8; domain R28).

Errs on the side of withholding. It looks for a member's full name, the given name as a capitalised word, any address,
`@handle`, and everybody in `known_conflicts`. It does not see nicknames, pictures or scans; the guides say so.
"""

from __future__ import annotations

import re
import unicodedata

from cocmail.core.model import Committee, Mail, Member

_ZERO_WIDTH = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x00AD])
_GREETINGS = (
    "hi hello hey dear good morning afternoon evening day greetings hallo liebe lieber guten moin bonjour cher chere "
    "salut hola querida querido estimada estimado ola cara caro ciao salve gentile beste hei hej kaere czesc droga "
    "drogi thanks thank"
)
# A greeting and nothing but names and joining words: "Hi Ivo hit me" is no salutation.
_GREETING = rf"(?i:(?:{'|'.join(_GREETINGS.split())})\b)"
_SALUTATION = re.compile(
    rf"^\W*{_GREETING}(?:\s+{_GREETING})*"
    r"(?:[\s,&/]+(?:[^\W\d_a-z][\w.'’-]*"
    r"|and|und|et|y|e|all|team|everyone|both|you|the|of|committee|members))*[\s,!:.;-]*$"
)
# Written without spaces between words: a name is looked for anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff\uac00-\ud7af]")
_QUOTED = re.compile(r"^\s*>|^.{0,120}(?:wrote|schrieb|a écrit|escribió|escreveu|ha scritto|schreef)\s*:\s*$")


def screen(committee: Committee, mail: Mail, *, quoted: bool = True) -> dict[str, str]:
    """The members whom a message withholds itself from: handle -> why (reporter or screened).

    `quoted=False` leaves quoted lines aside: a reporter's answer quotes what the committee wrote.
    """
    found: dict[str, str] = {}
    text = _text_of(mail, quoted)
    folded = _fold(text)
    named = _fold(_without_salutation(text), keep_case=True)
    for member in committee.members:
        if member.addresses & set(mail.from_addresses):
            found[member.handle] = "reporter"
        elif _names(member, folded, named):
            found[member.handle] = "screened"
    return found


def _text_of(mail: Mail, quoted: bool) -> str:
    body = mail.text if quoted else "\n".join(line for line in mail.text.splitlines() if not _QUOTED.match(line))
    hidden = mail.hidden_text if quoted else ""
    around = (
        *mail.from_addresses,
        mail.from_name,
        *mail.to,
        mail.subject,
        *(part.filename for part in mail.attachments),
    )
    return "\n".join((*around, body, hidden))


def _without_salutation(text: str) -> str:
    return "\n".join("" if _SALUTATION.match(_plain(line)) else line for line in text.splitlines())


def _plain(text: str) -> str:
    """Compatibility forms composed, accents and zero-width characters gone: José and Jose are one name."""
    spread = unicodedata.normalize("NFKD", text.translate(_ZERO_WIDTH))
    return "".join(char for char in spread if not unicodedata.combining(char))


def _fold(text: str, *, keep_case: bool = False) -> str:
    spaced = re.sub(r"\s+", " ", _plain(text))
    return spaced if keep_case else spaced.casefold()


def names_a_conflict(member: Member, mail: Mail) -> bool:
    """Whether a message names somebody whom the roster says this member may not judge."""
    return _names_a_conflict(member, _fold(_text_of(mail, quoted=True)))


def _names(member: Member, folded: str, named: str) -> bool:
    words = _fold(member.name).split()
    whole = [" ".join(words), ", ".join((words[-1], " ".join(words[:-1])))] if len(words) > 1 else []
    wanted = [*whole, *map(_fold, member.addresses), "@" + member.handle]
    return (
        any(_stands_alone(each, folded) for each in wanted)
        or _names_a_conflict(member, folded)
        or _is_called(_fold(member.name, keep_case=True), named)
    )


def _names_a_conflict(member: Member, folded: str) -> bool:
    wanted = [each for conflict in member.known_conflicts for each in (conflict.name, *conflict.emails)]
    return any(_stands_alone(_fold(each), folded) for each in wanted if each)


def _stands_alone(wanted: str, text: str) -> bool:
    if _UNSPACED.search(wanted):
        return wanted in text
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def _is_called(name: str, text: str) -> bool:
    """Whether the given name stands in the text as a capitalised word (Ivo, IVO; not "ivo")."""
    given = name.split(" ")[0]
    forms = {given, given.upper(), given.capitalize()}
    return any(_stands_alone(form, text) for form in forms if form)
