"""What an automatic mail is, where its header does not say it: by its Subject, and by what it answers.

The rule: a Subject alone never takes a report away. To the alias it says nothing; at a reply address of somebody
outside their words are passed on, marked. Only where what a program sent would speak for a member, or run something, is
it filed for its Subject; and where it holds a tag, the member is asked (`steps`).
"""

from __future__ import annotations

import re
import unicodedata

from cocmail.core.classify import LISTED, Reason, auto_submitted, classify_automatic, is_null_sender
from cocmail.core.model import Mail
from cocmail.core.setting import Message, Setting, author_of

# What mail programs put in front of the Subject that they answer, or in its place, by language.
_OUT_OF_OFFICE = (
    *("automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "out of office"),
    *("out of the office", "out-of-office", "vacation reply"),
    # German, French, Spanish, Italian, Dutch, Portuguese.
    *("automatische antwort", "abwesenheitsnotiz", "abwesenheitsbenachrichtigung"),
    *("reponse automatique", "absence du bureau", "message d'absence"),
    *("respuesta automatica", "fuera de la oficina", "ausencia de la oficina"),
    *("risposta automatica", "fuori sede", "fuori ufficio"),
    *("automatisch antwoord", "automatisch bericht", "afwezigheidsbericht"),
    *("resposta automatica", "fora do escritorio", "ausencia temporaria"),
    # Swedish, Norwegian, Danish, Finnish.
    *("automatiskt svar", "autosvar", "automatisk svar", "fraværende", "franvaromeddelande"),
    *("automaattinen vastaus", "poissaoloilmoitus"),
    # Czech, Slovak, Polish, Hungarian, Romanian, Turkish.
    *("automaticka odpoved", "automatyczna odpowiedz", "odpowiedz automatyczna", "nieobecnosc w biurze"),
    *("automatikus valasz", "raspuns automat", "otomatik yanıt", "otomatik cevap"),
    # Russian, Ukrainian, Greek, Hebrew, Arabic.
    *("автоответ", "автоматический ответ", "автоматична відповідь"),
    *("αυτοματη απαντηση", "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي"),
    # Japanese, Chinese, Korean.
    *(
        "自動応答",
        "自動返信",
        "不在通知",
        "自动答复",
        "自动回复",
        "自動回覆",
        "自动应答",
        "자동 회신",
        "자동회신",
    ),
)
_SHORT = re.compile(r"(?:ooo|ooto)\b")
_REPLY = re.compile(r"(?:(?:re|aw|sv|antw|vs|odp)\s*:\s*)+")
# The kinds under which what people wrote is known by its Message-ID; every other one is a letter of ours.
_WRITTEN_BY_PEOPLE = frozenset({"report", "follow-up", "discussion"})


def _plain(text: str) -> str:
    """Without accents, in one case: Réponse and REPONSE are one word."""
    spread = unicodedata.normalize("NFKD", text[:400]).casefold()
    return " ".join("".join(char for char in spread if not unicodedata.combining(char)).split())


_BEGINS = tuple(map(_plain, _OUT_OF_OFFICE))


def is_out_of_office(subject: str) -> bool:
    """Whether a Subject begins as those of vacation replies do, in one of the languages that mail programs write."""
    bare = _REPLY.sub("", _plain(subject), count=1).lstrip("[(【 ")
    return bare.startswith(_BEGINS) or _SHORT.match(bare) is not None


def is_bare_answer(mail: Mail) -> bool:
    """Whether a program most likely answered somebody's mail: a person who answers has Re: in front."""
    is_answer = bool(mail.in_reply_to or mail.references)
    return is_answer and is_out_of_office(mail.subject) and not _REPLY.match(_plain(mail.subject))


def may_be_a_programs(message: Message, *, steers: bool) -> bool:
    """Whether a program may have sent what no header says so of. Of a Subject alone that counts where it `steers`:
    whoever talks about being away is heard.
    """
    return is_null_sender(message.mail, message.envelope) or (steers and is_out_of_office(message.mail.subject))


def answers_question(setting: Setting) -> bool:
    """Whether the mail answers a confirm mail of ours."""
    return any(each.question for each in setting.known.references)


def kind_of_automatic(message: Message, setting: Setting) -> Reason | None:
    """What is filed unread, or listed; None for everything else. First what the header says."""
    mail, wanted, known = message.mail, message.wanted, setting.known
    found = classify_automatic(mail, message.envelope, wanted, message.proof)
    from_member = author_of(message, setting.committee) is not None
    if from_member and answers_question(setting) and may_be_a_programs(message, steers=True):
        # It neither confirms nor denies, and must not bring the next question about.
        return Reason.AUTOMATIC_TO_TOKEN if found is None or found in LISTED else found
    if not is_out_of_office(mail.subject):
        return found
    answers = any(each.kind not in _WRITTEN_BY_PEOPLE for each in known.references)
    if answers and (found is Reason.NULL_SENDER or (found is None and auto_submitted(mail) != "no")):
        return Reason.AUTO_REPLY
    as_member = known.grant is not None and known.grant.person.kind == "member"
    if found is None and (wanted.confirm or as_member or (from_member and answers)):
        return Reason.AUTOMATIC_TO_TOKEN
    return found
