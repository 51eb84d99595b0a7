"""What goes into the case's document and its row of the sheet: `#note #plan #consequence #actions`."""

from __future__ import annotations

from cocmail.core import acts
from cocmail.core.access import Level
from cocmail.core.commands.call import Call, Line, done, unchanged
from cocmail.core.commands.evaluation import vague_problem

# Beyond that it is no summary; the text itself can go to the others as plain mail.
LONGEST = 20_000


def remark(call: Call) -> Line:
    """A dated text for the document; the others get it too."""
    day = call.tag.argument("date") or call.plan.setting.now.date().isoformat()
    call.plan.add(call.case_id, acts.RemarkMade(call.member.handle, call.at, call.tag.name, call.text, day))
    call.tell_others("remark", need=Level.SUMMARY, part=call.tag.name, day=day, text=call.text)
    return done("remark", part=call.tag.name, day=day, text=call.text)


def actions(call: Call) -> Line:
    """What the sheet shows as needed."""
    if call.tag.text == call.case.proceedings.actions:
        return unchanged("actions-again", text=call.tag.text)
    telling = vague_problem(call)
    if telling is not None:
        return telling
    before = call.case.proceedings.actions
    call.plan.add(call.case_id, acts.ActionsSet(call.member.handle, call.at, call.tag.text))
    call.tell_others("actions", text=call.tag.text)
    return done("actions", text=call.tag.text, undo=f'#actions "{before or "-"}"')
