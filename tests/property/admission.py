"""Who is let into a case, asked, kept out, called: what the oracle of `test_who_sees_what` thinks of that.

It imports nothing of the program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from property.expected import LIVE, Expected
from property.procedures import A_MEDIATOR, A_PRIMARY, AN_ALTERNATE, FOUNDATION, HOURS, REPORTER
from property.records import Entry, Place

FROM_OUTSIDE = ("report", "follow-up")
# Whom the reporter kept out, or who is one: no vote of the others brings them in.
NOT_BY_VOTE = ("excluded", "reporter", "inherited", "concerned")


def bring_in(case: Expected, handle: str, why: str, *, kinds: Collection[str] = ()) -> None:
    """Access, and with it what has been passed on so far (of these kinds), and the open questions."""
    before = case.places.get(handle)
    stated = before is not None and before.stated
    since = len(case.entries) if why == "onboarding" else 0
    case.paused.pop(handle, None)
    case.places[handle] = Place("in", _where(case, handle), why, had=True, stated=stated, since=since)
    entries = [entry for entry in case.entries if not kinds or entry.kind in kinds]
    if before is not None and before.had:
        # What was on its way when they were kept out was stopped, and nobody knows what had arrived.
        send_again(case, handle, entries)
    catch_up(case, handle, entries)


def catch_up(case: Expected, handle: str, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.canary not in case.waiting and entry.author != handle:
            case.want({handle}, f"forward {entry.canary}")
    for number in case.unfinished:
        if handle in case.may_vote(case.questions[number - 1]):
            case.want_again(handle, f"vote Q{number}")


def restore(case: Expected, handle: str) -> None:
    """The others let them back in, and all of it is sent again: nobody knows what had arrived.

    Whom the reporter does not want stays out, whatever the others think.
    """
    if handle in case.excluded:
        return
    case.places[handle] = Place("in", _where(case, handle), "restored", had=True, stated=True)
    case.paused.pop(handle, None)
    send_again(case, handle, case.entries)
    catch_up(case, handle, case.entries)


def send_again(case: Expected, handle: str, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if (
            entry.canary not in case.waiting
            and entry.author != handle
            and case.wanted[handle, f"forward {entry.canary}"]
        ):
            case.want_again(handle, f"forward {entry.canary}")


def _where(case: Expected, handle: str) -> str:
    """Where mail of a case goes: where it went before, until a changed address is confirmed."""
    place = case.places.get(handle)
    return (place.address if place is not None else "") or case.body.seats[handle].email


def withhold(case: Expected, handle: str, why: str) -> None:
    """The first reason stays, but a reporter's wish weighs more than any other."""
    place = case.places.get(handle)
    if place is not None and place.standing == "withheld" and (why not in NOT_BY_VOTE or place.why in NOT_BY_VOTE):
        return
    put_out(case, handle, "withheld", why)


def put_out(case: Expected, handle: str, standing: str, why: str = "", conflict: str = "") -> None:
    before = case.places.get(handle) or Place(standing)
    if standing == "left":
        conflict = before.conflict
    seat = case.body.seats.get(handle)
    address = before.address or (seat.email if seat is not None and standing == "withheld" else "")
    case.places[handle] = Place(standing, address, why, conflict, had=before.had)
    case.let_go({handle})


def limit(case: Expected, handle: str, level: str) -> None:
    """Somebody with a soft conflict has that much from now on; who may talk gets the report and what was said."""
    before, paused = case.places[handle], case.paused.get(handle)
    case.let_go({handle})
    if paused is not None:
        case.paused[handle] = paused
    had = before.had or level != "none"
    standing = "recused" if level == "none" else "limited"
    case.places[handle] = Place(standing, _where(case, handle), "", "soft", level, had=had)
    if level == "discuss" and before.level != "discuss":
        told = [entry for entry in case.entries if entry.kind != "record"]
        send_again(case, handle, told)
        for entry in told:
            if entry.canary not in case.waiting and entry.author != handle:
                case.want({handle}, f"forward {entry.canary}")


def withhold_unless_last(case: Expected, handles: Collection[str]) -> None:
    """Unproven words leave two readers at least, and let nobody in."""
    fresh = set(handles) - case.barred
    if not fresh or (case.readers and len(case.readers - set(handles)) < 2):
        return
    for handle in sorted(fresh):
        withhold(case, handle, "excluded")
        case.excluded.add(handle)
    if case.early == "checking" and case.state in LIVE and not is_waiting(case) and len(case.holders) >= case.fewest:
        # Nobody is let in, but nobody is waited for either.
        _open(case)


def write_down(case: Expected, entry: Entry) -> bool:
    """It is part of the case. Who is named before they have answered must not read it by answering: True."""
    case.entries.append(entry)
    asked = entry.named & case.with_standing("asked")
    for handle in sorted(asked):
        withhold(case, handle, "screened")
    return bool(asked)


# The conflict question


def put(case: Expected, handles: Collection[str], *, staged: bool = False, lifts: bool = False) -> None:
    """Asks them, who do not have the case; who has not answered yet is asked again."""
    now = case.body.now
    until = case.body.procedure.answer_until(now)
    if not lifts:
        case.asked_until, case.remind_at = until, now + (until - now) / 2
        case.early = "checking" if case.early else ""
    for handle in handles:
        before = case.places.get(handle)
        if before is not None and before.standing != "asked" and not lifts:
            continue
        kept = before if before is not None and before.standing == "asked" else Place("asked")
        case.places[handle] = Place(
            "asked",
            _where(case, handle),
            "lifted" if lifts else "asked",
            had=before is not None and before.had,
            until=until,
            staged=staged or kept.staged,
            shown=kept.shown and not lifts,
        )
        case.want_again(handle, "check")


def to_be_asked(case: Expected) -> list[str]:
    return [handle for handle in case.fit(A_PRIMARY) if handle not in case.holders]


def unstated(case: Expected) -> set[str]:
    return {handle for handle in case.readers if not case.places[handle].stated}


def watch(case: Expected) -> None:
    """Nobody was asked yet: the watchers are reminded, and the next one looks, too, where nothing was done at all."""
    case.watch_at = None
    if case.state != "triage":
        return
    case.watched += 1
    case.watch_at = case.body.now + (12 if case.watched == 1 else 24) * HOURS
    for handle in case.holders:
        case.want_again(handle, "reminder watch")
    for handle in to_be_asked(case)[:1] if not case.parties else ():
        bring_in(case, handle, "stand-in")


def is_asked(case: Expected, handle: str) -> bool:
    return case.places[handle].standing == "asked" and case.is_here(handle) if handle in case.places else False


def remind(case: Expected) -> None:
    case.remind_at = None
    if case.state not in LIVE or (case.asked_until is not None and case.body.now >= case.asked_until):
        return
    waiting = {handle for handle in case.places if is_asked(case, handle)}
    for handle in waiting if case.body.procedure.check_first else waiting | unstated(case):
        case.want_again(handle, "reminder")


def advance(case: Expected) -> None:
    """All have answered, or their time is over: it is opened, or the next are asked."""
    if case.state not in LIVE or case.state == "triage":
        return
    if is_waiting(case):
        return
    if len(case.holders) < case.fewest:
        known = case.holders | case.with_standing("asked")
        more = [handle for handle in case.fit(AN_ALTERNATE) if handle not in known]
        if more:
            put(case, more)
            return
        call_mediators(case)
    if case.early == "checking" and case.holders:
        _open(case)


def is_waiting(case: Expected) -> bool:
    """Whether somebody who was asked still has time."""
    asked = [place for handle, place in case.places.items() if is_asked(case, handle)]
    return any(place.until and case.body.now < place.until and place.why != "lifted" for place in asked)


def _open(case: Expected) -> None:
    """What was said meanwhile is passed on."""
    case.early, case.unchecked, case.asked_until, case.remind_at = "", False, None, None
    waiting, case.waiting = case.waiting, set()
    for entry in case.entries:
        if entry.canary in waiting:
            case.want(case.having("discuss") - {entry.author}, f"forward {entry.canary}")


# Empty places


def complete(case: Expected, *, is_new: bool = False) -> None:
    """Enough must have it: the next watchers, or alternates; then the mediator, or the foundation."""
    if case.matter:
        return
    if case.body.procedure.check_first and case.state != "triage":
        advance(case)
    else:
        _fill(case)
    if not case.holders and not is_waiting(case):
        # Who is asked can still answer.
        _hand_over(case, is_new=is_new)
    there = case.holders
    if there and all(case.body.seats[handle].role == A_MEDIATOR for handle in there):
        tell_reporter(case, "mediated", is_new=is_new)


def _fill(case: Expected) -> None:
    needed = 1 if case.state == "triage" else case.fewest
    while len(case.holders) < needed:
        more = [] if not case.body.procedure.check_first else watchers(case, case.fit(A_PRIMARY))
        more = more or [handle for handle in case.fit(AN_ALTERNATE) if handle not in case.holders]
        if not more and case.holders and case.state != "triage" and not case.body.procedure.to_the_foundation:
            # Too few by the procedure's own number: the third party decides with them.
            call_mediators(case)
        if not more:
            return
        for handle in more:
            bring_in(case, handle, "stand-in")


def watchers(case: Expected, among: Iterable[str]) -> list[str]:
    return [handle for handle in among if handle not in case.holders][: case.body.procedure.watchers]


def call_mediators(case: Expected) -> bool:
    more = [handle for handle in case.fit(A_MEDIATOR) if handle not in case.holders]
    for handle in more:
        bring_in(case, handle, "mediator")
    return bool(more)


def _hand_over(case: Expected, *, is_new: bool) -> None:
    """To the mediator; to the foundation where the procedure says so, or where nobody has read it before."""
    if case.handed_over or (not case.body.procedure.to_the_foundation and call_mediators(case)):
        return
    if not case.body.procedure.to_the_foundation and any(place.had for place in case.places.values()):
        return
    case.handed_over = True
    for entry in case.entries:
        if entry.author == REPORTER:
            case.want({FOUNDATION}, f"transfer {entry.canary}")
    tell_reporter(case, "handed_over", is_new=is_new)


def tell_reporter(case: Expected, what: str, *, is_new: bool = False) -> None:
    """Once, not while it is opened, and not who wants no mail."""
    if what not in case.told and not is_new and not case.opted_out:
        case.told.add(what)
        # Who stays unknown cannot be written to.
        case.want(set() if case.taker else {REPORTER}, f"status {what}")
