"""Who is involved, and the question to those who have not read it yet: `#party` and `#check`."""

from __future__ import annotations

from cocmail.core import checks, sealed
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.commands.linking import earlier
from cocmail.core.conflicts import level_of
from cocmail.core.deadlines import minute
from cocmail.core.effects import Note
from cocmail.core.events import PartyNamed
from cocmail.core.lifecycle import EARLY
from cocmail.core.namesakes import normal
from cocmail.core.places import withhold
from cocmail.core.screening import concerned_by
from cocmail.core.vacancies import complete

LONGEST_NAME = 80
# What stands in our own links, for the member to write over.
PLACEHOLDER = "name"


def party(call: Call) -> Line:
    """Notes a party. A member who is meant by the name, or known to have a conflict with them, is out at once."""
    role, name = call.tag.argument("word"), " ".join(call.tag.text.split())
    if len(name) > LONGEST_NAME:
        return refuse("too-long", limit=LONGEST_NAME)
    if name.casefold() == PLACEHOLDER:
        return refuse("placeholder")
    if any((each.role, each.name) == (role, name) for each in call.case.parties):
        return unchanged("party-again", name=name)
    call.plan.add(call.case_id, PartyNamed(role, name, call.member.handle, call.at))
    if role == "reported":
        _look_for(call, name)
    own = level_of(call.member, call.case)
    for handle, conflict in concerned_by(call.committee, role, name).items():
        withhold(call.plan, call.case_id, handle, "named", conflict)
    complete(call.plan, call.case_id)
    if level_of(call.member, call.case) < own:
        # Whoever names themselves is out like anybody else.
        return done("party-self", case_name=call.case.code_name)
    call.tell_others("party", role=role, party=name)
    before = earlier(call, name) if role == "reported" else 0
    return done("party", role=role, party=name, before=before, asked=call.case.proceedings.state in EARLY)


def _look_for(call: Call, name: str) -> None:
    """Who is reported is found again by a keyed hash: in later cases, and in a report that is sealed."""
    plan, case_id = call.plan, call.case_id
    plan.notes.append(Note(sealed.REPORTED, normal(name), {}, case_id))
    sealed.look_for(plan, case_id, {normal(name): name}, call.member.handle)


def check(call: Call) -> Line:
    """Puts the conflict question to whoever is not in the case and has not answered; else to who has not stated."""
    if not call.case.called("reported"):
        return refuse("no-party")
    staged = call.tag.argument("word") == "staged"
    outside = checks.to_be_asked(call.plan, call.case_id)
    inside = [] if call.case.proceedings.state in EARLY else checks.unstated(call.plan, call.case_id)
    inside = [member for member in inside if member.handle != call.member.handle]
    if outside or inside or call.case.proceedings.state in EARLY:
        checks.put(call.plan, call.case_id, outside, staged=staged)
    for member in inside:
        checks.send(call.plan, call.case_id, member)
    if not outside and not inside:
        # Nobody is left to be asked: what would follow after the answers follows now.
        complete(call.plan, call.case_id)
        return done("check-nobody")
    until = call.case.checking_until
    asked = len(outside) + len(inside)
    call.tell_others("check", asked=asked)
    return done("check", asked=asked, outside=bool(outside), until=minute(until) if until is not None else "")
