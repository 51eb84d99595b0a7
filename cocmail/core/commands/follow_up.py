"""What comes of it, and when you meet: `#obligation #done #meet` (domain R30, R56)."""

from __future__ import annotations

from datetime import date

from cocmail.core import acts
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged

LONGEST = 200
# Years; who means for ever says so in words.
FARTHEST = 50


def obligation(call: Call) -> Line:
    """Something that the reported person has to do by the end of a day."""
    text, due = " ".join(call.tag.text.split()), call.tag.argument("day").partition(":")[2]
    known = call.case.proceedings.obligations
    if len(text) > LONGEST:
        return refuse("too-long", limit=LONGEST)
    wrong = wrong_day(call, due)
    if wrong is not None:
        return wrong
    again = next((each for each in known if (each.text, each.due.isoformat()) == (text, due)), None)
    if again is not None and again.met_at is None:
        return unchanged("obligation-again", number=again.number)
    number = len(known) + 1
    call.plan.add(call.case_id, acts.ObligationSet(number, call.member.handle, call.at, text, due))
    call.tell_others("obligation", number=number, text=text, day=due)
    return done("obligation", number=number, text=text, day=due, undo=f"#done {number}")


def done_(call: Call) -> Line:
    """It is done, or is not wanted any more."""
    number = int(call.tag.argument("item"))
    known = call.case.proceedings.obligations
    found = next((each for each in known if each.number == number), None)
    if found is None:
        return refuse("no-obligation", number=number, numbers=[each.number for each in known if each.met_at is None])
    if found.met_at is not None:
        return unchanged("done-again", number=number)
    call.plan.add(call.case_id, acts.ObligationMet(number, call.member.handle, call.at))
    call.tell_others("done", number=number, text=found.text)
    return done("obligation-done", number=number, text=found.text)


def meet(call: Call) -> Line:
    """The day on which the members meet; a later one takes its place."""
    day, known = call.tag.argument("date"), call.case.proceedings.meeting
    wrong = wrong_day(call, day)
    if wrong is not None:
        return wrong
    if known is not None and known.day.isoformat() == day:
        return unchanged("meet-again", day=day)
    call.plan.add(call.case_id, acts.MeetingSet(call.member.handle, call.at, day))
    call.tell_others("meet", day=day)
    before = known.day.isoformat() if known is not None else ""
    return done("meet", day=day, undo=f"#meet {before}" if before and wrong_day(call, before) is None else "")


def wrong_day(call: Call, day: str) -> Line | None:
    """The refusal of a day that is over there, or farther away than anybody keeps a case; None for any other."""
    today, wanted = call.committee.calendar.day(call.plan.setting.now), date.fromisoformat(day)
    if wanted < today:
        return refuse("day-is-over", day=day)
    return refuse("day-is-far", day=day) if wanted.year > today.year + FARTHEST else None
