"""A member's own service on the committee: `#stay`, `#leave` and `#away`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cocmail.core.commands.call import Call, Line, done, refuse, unchanged


def stay(call: Call) -> Line:
    """Goes on serving; the next question comes when the procedure says."""
    book, handle = call.plan.book, call.member.handle
    asked = {who: at for who, at in book.asked.items() if who != handle}
    call.plan.book = replace(book, since={**book.since, handle: call.at}, asked=asked)
    return done("stay")


def leave(call: Call) -> Line:
    """Leaves the committee. Runs only once it is confirmed; then access to everything ends with this decision."""
    if not call.confirmed:
        return done("leave")
    call.plan.book = call.plan.book.with_departure(call.member, "left", call.plan.setting.now)
    call.plan.alarms.append("roster-behind")
    for other in call.committee.members:
        if other.handle != call.member.handle:
            chair = call.committee.sees_to(other.handle, call.member.handle)
            call.plan.write(other, "left", call.message.id, {"name": call.member.name, "chair": chair})
    return done("left")


def away(call: Call) -> Line:
    """Notes an absence: whoever is away is passed over when reports are handed to the watchers."""
    first, last = call.tag.arguments
    today = call.plan.setting.now.date()
    if last < first:
        return refuse("away-order", form="#away FROM TO")
    if date.fromisoformat(last) < today:
        return refuse("away-over")
    if (first, last) in call.plan.book.away.get(call.member.handle, ()):
        return unchanged("away-again", first=first, last=last)
    call.plan.book = call.plan.book.with_absence(call.member.handle, first, last)
    return done("away", first=first, last=last)
