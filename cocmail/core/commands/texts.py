"""What a text that leaves must not carry, compared with what was written in the case: for drafts, for witnesses."""

from __future__ import annotations

from cocmail.core import leaks
from cocmail.core.commands.call import Call, Line, refuse
from cocmail.core.model import REPORTER
from cocmail.core.ownwords import own_words


def leaking(call: Call, text: str, *, theirs: bool = True) -> Line | None:
    """The refusal of a text that carries what must not go out, with the words; None where nothing was found.

    `theirs`: it goes to the reporter, who may read what the reporter wrote. To everybody else that is secret too, and
    so are the reporter's name and address.
    """
    own, ours = _texts(call)
    if not theirs:
        own, ours = [], own + ours
    found = [
        {"kind": leak.kind, "words": leak.words}
        for leak in leaks.find_leaks(text, call.committee, call.case.code_name, theirs=own, ours=ours)
    ]
    if not theirs:
        found += [{"kind": "reporter", "words": word} for word in _reporter_in(call, text)]
    return refuse("leaks", words=found) if found else None


def _reporter_in(call: Call, text: str) -> list[str]:
    """The words of a text that tell who reported: the name, each part of it, and the address."""
    reporter = call.case.reporter
    if reporter is None:
        return []
    folded = leaks.fold(text)
    called = [name for role in ("reporter", "harmed", "witness") for name in call.case.called(role)]
    known = [*reporter.name.split(), reporter.address, *called]
    return [word for word in dict.fromkeys(known) if len(word) > 2 and leaks.fold(word) in folded]


def _texts(call: Call) -> tuple[list[str], list[str]]:
    """(what the reporter wrote or was sent, what the committee wrote among itself)."""
    thread, case = call.message.thread, call.case
    theirs = [thread[entry.id] for entry in case.entries if entry.author == REPORTER and entry.id in thread]
    # What a member quotes of a draft while talking about it is the draft's own text.
    ours = [
        own_words(thread[entry.id])
        for entry in case.entries
        if entry.id in thread and (entry.kind == "discussion" or entry.author.kind in ("third", "witness"))
    ]
    theirs += [sent.text for sent in case.proceedings.drafts if sent.sent_at is not None]
    ours += [remark.text for remark in case.proceedings.remarks]
    for motion in case.proceedings.motions:
        parts = [motion.finding, motion.plan, motion.consequence, motion.if_refused]
        # What was decided may be told in the words of the decision; what was only proposed may not.
        (theirs if motion.result == "passed" else ours).extend(parts)
        ours.append(motion.text)
    ours += [each.area for each in case.statements] + [each.text for each in case.proceedings.challenges]
    return theirs, [text for text in ours if text]
