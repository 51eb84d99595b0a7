"""`#apology`: the reported person wants to apologise (domain R48).

decline             it is not passed on
relay_or_decline    who takes care of it chooses: what is passed on is a draft like any other
accept_for_reporter the committee accepts it in the reporter's place; the reporter hears of it only if they asked

The rule: nothing of it reaches the reporter but by a draft that a second member sends.
"""

from __future__ import annotations

from cocmail.core.commands.call import Call, Line, done, refuse
from cocmail.core.commands.writing import draft, to_contact
from cocmail.core.outward import ApologyAnswered

ALLOWED = {
    "decline": ("decline",),
    "relay_or_decline": ("relay", "decline"),
    "accept_for_reporter": ("accept", "decline", "relay"),
}


def apology(call: Call) -> Line:
    """What becomes of an apology, as far as the procedure leaves the choice."""
    how, rule = call.tag.argument("word"), str(call.committee.policy.get("outreach.apology") or "decline")
    if how not in ALLOWED[rule]:
        return refuse("apology-not-so", rule=rule, how=how, allowed=list(ALLOWED[rule]))
    if not call.case.called("reported"):
        return refuse("which-reported", names=[])
    return {"relay": _relay, "decline": _decline, "accept": _accept}[how](call, rule)


def _relay(call: Call, rule: str) -> Line:
    """A draft to the reporter; it may quote the reported person, whose words they are."""
    if not call.text:
        return refuse("no-text", tag=str(call.tag))
    line = draft(call, quoting=call.case.proceedings.people("reported"))
    if line.get("refused"):
        return {**line, "again": "#apology relay"}
    _note(call, "relay", drafted=True)
    return {**line, "apology": "asked" if rule == "accept_for_reporter" else "relay"}


def _decline(call: Call, rule: str) -> Line:
    """Nothing for the reporter; with a text, a draft to the reported person, where they have been written to."""
    known = [each for each in call.case.proceedings.contacts if each.role == "reported"]
    if call.text and len(known) == 1:
        line = to_contact(call, "reported", known[0].name)
        if line.get("refused"):
            return {**line, "again": "#apology decline"}
        _note(call, "decline", drafted=True)
        return {**line, "apology": "decline"}
    _note(call, "decline")
    call.tell_others("apology", how="decline", text=call.text)
    return done("apology", how="decline", rule=rule, text=call.text)


def _accept(call: Call, rule: str) -> Line:
    _note(call, "accept")
    call.tell_others("apology", how="accept", text=call.text)
    return done("apology", how="accept", rule=rule, text=call.text)


def _note(call: Call, how: str, *, drafted: bool = False) -> None:
    number = len(call.case.proceedings.drafts) if drafted else 0
    said = ApologyAnswered(call.member.handle, call.at, how, number, "" if drafted else call.text)
    call.plan.add(call.case_id, said)
