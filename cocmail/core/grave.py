"""Words beside `#new` that cannot be taken back: `anonymous`, `escrow`, and what people write who mean one of them.

The rule: what may mean one of them runs nothing, and the member is asked; and of a mail that may hold a reporter who
wants to stay unknown nothing is kept that was not to be kept, whatever became of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from cocmail.core import subjects
from cocmail.core.classify import Reason
from cocmail.core.effects import Decision, Letter
from cocmail.core.folding import fold
from cocmail.core.setting import Message, Setting

# What a slip of the pen in these would cost cannot be taken back.
GRAVE = ("anonymous", "escrow")
# An answer that came in time may be read a day later, after a stop.
FORGET_AFTER = timedelta(hours=48)
_WORD = re.compile(r"[^\W\d_]+")
_ALIKE = 0.6
_BEGINS = 4
_MEANT = {
    "anonymous": "unnamed nameless noname name names hidden hide private privately privat prive privado unknown"
    " pseudonym pseudonymous incognito anonym anonyme anonimo anonima unbekannt namenlos masked secretly",
    "escrow": "sealed seal seals sealing secret confidential confidentially locked closed vault geheim vertraulich"
    " versiegelt verschlossen hinterlegt confidentiel secreto confidencial sellado riservato segreto",
}
_SYNONYMS = {word: grave for grave, words in _MEANT.items() for word in words.split()}
_NEW = ("new", "neww", "nwe", "enw", "mew", "neu", "nuevo", "nouveau", "nuovo", "novo", "report", "inperson")
_NEARLY_NEW = 0.8
# Under these a mail of a member reached nobody, and is of no use to anybody.
_OF_NO_USE = frozenset(
    {Reason.DUPLICATE, Reason.REFUSED, Reason.NO_SUCH_CASE, Reason.DEAD_TOKEN, Reason.DEAD_CONFIRM, Reason.NOT_ME}
)


def meant(word: str, words: Collection[str] = ()) -> str:
    """Which of the grave words may be meant by another one; "" for none, or where it stands in `words` as well."""
    word = fold(word)[:24]
    close = difflib.get_close_matches(word, GRAVE, 1, _ALIKE)
    begun = [grave for grave in GRAVE if word.startswith(grave[:_BEGINS])]
    found = _SYNONYMS.get(word) or (close or begun or [""])[0]
    return "" if found in words else found


def may_be_secret(subject: str) -> bool:
    """Whether a Subject takes a report down, well written or not, with a word that may be one of the grave ones."""
    words = _WORD.findall(subjects.normal(subject))
    return subjects.may_hold(subject, "new", _means_new) and any(map(meant, words))


def _means_new(name: str) -> bool:
    """Whether somebody who wrote this as a tag may have wanted to take a report down; not every word behind a #."""
    return bool(meant(name) or difflib.get_close_matches(fold(name)[:24], _NEW, 1, _NEARLY_NEW))


def forget(decision: Decision, message: Message, setting: Setting) -> Decision:
    """The decision, so that nothing of such a mail stays but what was taken down.

    What was refused, or came twice, goes at once; what waits for its sender's yes goes when nobody can say it any more.
    """
    if decision.rewritten or not _is_of_member(message, setting) or not may_be_secret(message.mail.subject):
        return decision
    if decision.state == "held":
        return replace(decision, forget_at=setting.now + FORGET_AFTER)
    told = any(letter.template == "receipt" for letter in decision.letters)
    # What its member is not told of may be the only copy that there is.
    again = decision.reason is Reason.DUPLICATE and (bool(decision.case_id) or setting.known.ran)
    if decision.state != "filed" or decision.reason not in _OF_NO_USE or not (told or again):
        return decision
    return replace(decision, state="discarded", letters=tuple(map(_not_kept, decision.letters)))


def _is_of_member(message: Message, setting: Setting) -> bool:
    grant, authors = setting.known.grant, message.mail.from_addresses
    by_token = grant is not None and grant.person.kind == "member"
    return by_token or any(setting.committee.member_at(author) is not None for author in authors)


def _not_kept(letter: Letter) -> Letter:
    return replace(letter, words={**letter.words, "forgotten": True}) if letter.template == "receipt" else letter
