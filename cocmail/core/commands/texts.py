"""What a text that leaves must not carry, compared with what was written in the case: for drafts, for witnesses."""

from __future__ import annotations

import re
from collections.abc import Collection

from cocmail.core import leaks
from cocmail.core.case import Entry
from cocmail.core.commands.call import Call, Line, refuse
from cocmail.core.model import REPORTER, Mail, Person
from cocmail.core.ownwords import own_words

# Up to so many letters a name must stand alone; a whole name of so many counts within a longer word.
SHORT_NAME, WHOLE_NAME = 3, 6


def said(entry: Entry, mail: Mail) -> str:
    """The words of an entry of a case; people outside chose their Subject, too, which members only steer with."""
    return mail.text if entry.author.kind == "member" else f"{mail.subject}\n\n{mail.text}"


def leaking(
    call: Call,
    text: str,
    to: Person,
    *,
    but: str = "",
    hears_outcome: bool = False,
    quoting: Collection[Person] = frozenset(),
) -> Line | None:
    """The refusal of a text that carries what must not go out, with the words; None where nothing was found.

    `to` may read what they wrote, or were sent, and, if they are to hear the outcome, what was decided. To everybody
    but the reporter what the reporter wrote is secret, and so are the reporter's name and address, and who was harmed
    or saw it; `but` is the recipient's own name, `quoting` are those whose words the text passes on.
    """
    own, ours = _texts(call, to, hears_outcome, quoting)
    found = [
        {"kind": leak.kind, "words": leak.words}
        for leak in leaks.find_leaks(text, call.committee, call.case.code_name, theirs=own, ours=ours)
    ]
    if to != REPORTER:
        found += [{"kind": "reporter", "words": word} for word in _reporter_in(call, text, but)]
    return refuse("leaks", words=found) if found else None


def _reporter_in(call: Call, text: str, but: str) -> list[str]:
    """The words of a text that tell who reported it, was harmed or saw it: each name, and the reporter's address."""
    reporter = call.case.reporter
    folded = leaks.fold(text)
    called = [name for role in ("reporter", "harmed", "witness") for name in call.case.called(role) if name != but]
    parts = [part for name in called for part in name.split() if part[:1].isupper()]
    if reporter is not None:
        called += [reporter.name, reporter.address]
        parts += reporter.name.split()
    # With a name that both have, the recipient is addressed.
    known = [*called, *(part for part in parts if part not in but.split())]
    return [word for word in dict.fromkeys(known) if len(word) > 2 and _stands_in(leaks.fold(word), folded)]


def _stands_in(word: str, text: str) -> bool:
    """Whether a name stands in a text by itself: "Ann" does not in "planning", "Robin" does in "robin_v" and "Robins".

    The whole name also without its spaces, as accounts are called. Of other scripts anywhere.
    """
    if word in text and not word.isascii():
        return True
    joined = "".join(word.split())
    if joined != word and len(joined) >= WHOLE_NAME and joined in text:
        return True
    ends = "" if len(word) > SHORT_NAME else r"(?![^\W_])"
    return re.search(rf"(?<![^\W_]){re.escape(word)}{ends}", text) is not None


def _quotes(call: Call, text: str, said: list[str]) -> bool:
    """Whether a text has words in a row of what others said."""
    return bool(leaks.find_leaks(text, call.committee, "", theirs=[], ours=said))


def _texts(call: Call, to: Person, hears_outcome: bool, quoting: Collection[Person]) -> tuple[list[str], list[str]]:
    """(what the recipient wrote, was sent or is to hear; what anybody else wrote, or was sent, in the case)."""
    thread, case = call.message.thread, call.case
    theirs = [thread[entry.id] for entry in case.entries if entry.author == to and entry.id in thread]
    others = [entry for entry in case.entries if entry.id in thread and entry.author not in (to, *quoting)]
    # What a member quotes of a draft while talking about it is the draft's own text.
    talk = [entry for entry in others if entry.author.kind == "member" and entry.kind != "record"]
    # A decision that quotes somebody outside is no way round this.
    told = [thread[entry.id] for entry in others if entry.author.kind != "member"]
    ours = [*told, *(own_words(thread[entry.id]) for entry in talk)]
    for sent in case.proceedings.drafts:
        if sent.sent_at is not None:
            (theirs if sent.to == to else ours).append(sent.text)
    ours += [remark.text for remark in case.proceedings.remarks]
    for motion in case.proceedings.motions:
        parts = [motion.finding, motion.plan, motion.consequence, motion.if_refused]
        # What was decided may be told in the words of the decision; what was only proposed may not.
        for part in parts:
            may_be_told = hears_outcome and motion.result == "passed" and not _quotes(call, part, told)
            (theirs if may_be_told else ours).append(part)
        ours.append(motion.text)
    ours += [each.area for each in case.statements] + [each.text for each in case.proceedings.challenges]
    return theirs, [text for text in ours if text]
