"""What is done at once to keep people safe: `#danger`, `#act`, `#interim` and `#motion interim` (domain R71 to R73).

The rule: nobody is blocked. What one member did is on record and with the others at once; they vote on it afterwards.
"""

from __future__ import annotations

import re

from cocmail.core import measures
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.commands.follow_up import wrong_day
from cocmail.core.deadlines import minute
from cocmail.core.protective import DangerSeen, Measure

_UNTIL = re.compile(r"(?im)^[ \t*_>]*until[ \t*_]*[:\uff1a][ \t*_]*([0-9]{4}-[0-9]{2}-[0-9]{2})[ \t*_.]*$\n?")


def danger(call: Call) -> Line:
    """Somebody is in danger now: the others are told at once. Said again with words, they are told those."""
    known = call.case.proceedings.danger
    if known and not call.text:
        return unchanged("danger-again")
    call.plan.add(call.case_id, DangerSeen(call.member.handle, call.at, call.text))
    call.tell_others("danger", text=call.text, police=_police(call))
    return done("danger", police=_police(call), undo="#risk safety:no")


def act(call: Call) -> Line:
    """One member protects somebody, under whatever procedure; the others look at it within a day."""
    taken = measures.take(call.plan, call.case_id, call.member.handle, call.text)
    measures.have_reviewed(call.plan, call.case_id)
    call.tell_others("acted", label=taken.label, text=call.text, review=_review(call, taken), police=_police(call))
    return done("acted", label=taken.label, review=_review(call, taken), police=_police(call))


def interim(call: Call) -> Line:
    """A measure to a day: in force at once where one member may decide it, else once the others have voted for it."""
    until = call.tag.argument("day").partition(":")[2]
    wrong = wrong_day(call, until)
    if wrong is not None:
        return wrong
    if any((each.text, str(each.until)) == (call.text, until) for each in _as_written(call)):
        return unchanged("interim-again", day=until)
    if not measures.may_act_alone(call.committee, call.case):
        return _propose(call, call.text, until)
    taken = measures.take(call.plan, call.case_id, call.member.handle, call.text, until)
    measures.have_reviewed(call.plan, call.case_id)
    review = _review(call, taken)
    call.tell_others("interim", text=call.text, label=taken.label, day=until, review=review)
    return done("interim", label=taken.label, day=until, review=review)


def motion_interim(call: Call) -> Line:
    """A vote on a measure; its last day stands in the text."""
    found = _UNTIL.search(call.text)
    text = _UNTIL.sub("", call.text, count=1).strip()
    if found is None or not text:
        missing = ["Until: YYYY-MM-DD"] if found is None else ["what is to be done"]
        return refuse("missing-parts", missing=missing, parts=["what is to be done, and", "Until: YYYY-MM-DD"])
    try:
        return wrong_day(call, found[1]) or _propose(call, text, found[1])
    except ValueError:
        return refuse("missing-parts", missing=["Until: YYYY-MM-DD"], parts=["Until: YYYY-MM-DD"])


def _as_written(call: Call) -> list[Measure]:
    done_ = call.case.proceedings
    return [each for each in done_.measures if measures.is_in_force(done_, each) or not each.proposal]


def _propose(call: Call, text: str, until: str) -> Line:
    taken, label = measures.propose(call.plan, call.case_id, call.member.handle, text, until)
    motion = call.case.proceedings.motion(taken.proposal)
    ends = minute(motion.ends) if motion is not None else ""
    return done("interim-asked", label=label, ends=ends, undo=f"#withdraw {label}")


def _review(call: Call, taken: Measure) -> str:
    """The question on it, "later" where it waits for somebody else, "none" where the procedure wants none."""
    numbered = (each for each in call.case.proceedings.measures if each.number == taken.number)
    review = next(numbered).review
    if review:
        return f"Q{review}"
    return "later" if measures.unreviewed(call.committee, call.case) else "none"


def _police(call: Call) -> bool:
    """Whether the procedure says in so many words that the police is called at the reporter's wish alone (R72)."""
    return call.committee.policy.get("reporter.law_enforcement") == "on_reporters_request"
