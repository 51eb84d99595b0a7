"""The digests of what was put aside: which are due, what each lists, and to whom (`core/digests.py` puts aside).

The rule: everything that somebody may be told of is listed, oldest first, in as many letters as that takes; whoever
sends more than a letter holds keeps nothing from being listed. What one look writes is bounded, and the next goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cocmail.core.asides import Aside
from cocmail.core.asking import confirm_note
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.deadlines import minute
from cocmail.core.digests import OPENS, roster_of
from cocmail.core.effects import Decision
from cocmail.core.model import Committee, Member
from cocmail.core.opening import kept_from_case
from cocmail.core.plan import Plan
from cocmail.core.screening import looked_for_as
from cocmail.core.setting import Setting

GOOD_FOR = timedelta(days=7)
# Of one letter, and of all that one look writes: the next look is minutes later.
ENTRIES = 200
AT_ONCE = 2 * ENTRIES
# A day of digests begins at this hour, UTC.
MORNING = timedelta(hours=6)
FLOODS_EVERY = timedelta(minutes=30)


# An entry, with who may be told of it.
Told = tuple[Aside, list[Member]]


@dataclass(frozen=True, slots=True)
class Last:
    """When the last digests of a committee were made: the day of the daily one, and the moment of a flood's."""

    day: str = ""
    flood: datetime | None = None


def is_over(aside: Aside, now: datetime, running: int) -> bool:
    """Whether what a digest listed cannot be opened any more, once no such letter waits to be sent: the message stays,
    what is known of it need not.

    `running`: how long daemons have run by now, in seconds. A clock that is wrong for a moment ends nothing.
    """
    return not _is_fresh(aside, now) and running - aside.running >= GOOD_FOR.total_seconds()


def kept_from(committee: Committee, answered: Iterable[Case], of_sender: Iterable[Case]) -> frozenset[str]:
    """Who must not be told of a message by now: who is kept from the cases that it answers, and from its sender's.

    It would inherit that if it were opened (rule 6); between its arrival and a digest somebody may have been named.
    """
    found = [kept_from_case(case, committee, goes_on=True) for case in answered]
    found += [kept_from_case(case, committee, goes_on=False) for case in of_sender]
    return frozenset().union(*found)


def digests(
    setting: Setting, asides: Sequence[Aside], last: Last, kept: Callable[[Aside], Collection[str]], running: int
) -> tuple[Decision, Last] | None:
    """The digests that are due, with when they were made; None where nothing is to be done.

    `asides` come oldest first, `kept` tells whom an entry is kept from by now, `running` how long daemons have run.
    What was understood under another roster is understood anew first: nobody has looked for today's members in it.
    """
    roster, now = roster_of(setting.committee), setting.now
    again = [each for each in asides if each.roster != roster and _is_fresh(each, now)]
    waiting = [each for each in asides if each.roster == roster and not each.listed]
    today = (now - MORNING).date().isoformat()
    due = [each for each in waiting if not each.is_flood and _is_before(each, today, now)] if last.day != today else []
    daily, is_daily_done = _first(due, setting.committee, kept)
    due = [each for each in waiting if each.is_flood] if _is_due(last.flood, now) else []
    held, is_flood_done = _first(due, setting.committee, kept)
    if not (again or daily or held):
        return None
    plan = Plan(setting)
    letters = {**_write_all(plan, "spam", daily), **_write_all(plan, "flood", held)}
    done = tuple(
        replace(each, listed=now.isoformat(), running=running, letters=letters[each.entry])
        for each, _ in (*daily, *held)
    )
    decision = replace(plan.finish(Reason.NO_MESSAGE), asides=done, again=tuple(each.entry for each in again))
    # What did not fit in is due still, at the next look.
    day, flood = today if daily and is_daily_done else last.day, now if held and is_flood_done else last.flood
    return decision, Last(day, flood)


def _first(
    due: Sequence[Aside], committee: Committee, kept: Callable[[Aside], Collection[str]]
) -> tuple[list[Told], bool]:
    """The oldest entries that somebody may be told of, each with whom; and whether these are all."""
    found: list[Told] = []
    for aside in due:
        members = readers(aside, committee, kept(aside))
        if members and len(found) == AT_ONCE:
            return found, False
        if members:
            found.append((aside, members))
    return found, True


def _is_fresh(aside: Aside, now: datetime) -> bool:
    """Not listed yet, or lately: who joined, or whose letter did not leave, is to be told of it."""
    return not aside.listed or now - datetime.fromisoformat(aside.listed) < GOOD_FOR


def _is_due(last: datetime | None, now: datetime) -> bool:
    # A clock that was set back must not silence a flood.
    return last is None or last > now or now - last >= FLOODS_EVERY


def _is_before(aside: Aside, today: str, now: datetime) -> bool:
    """Whether it came before this day of digests; what came while the clock ran ahead did, too."""
    came = datetime.fromisoformat(aside.came)
    return came > now or (came - MORNING).date().isoformat() < today


def readers(aside: Aside, committee: Committee, kept: Collection[str]) -> list[Member]:
    """Who may be told of it now. `kept`: whom it is kept from by now."""
    every = (member for member in committee.members if member.handle not in kept)
    return [member for member in every if aside.readers.get(member.handle) == looked_for_as(member)]


def _write_all(plan: Plan, kind: str, chosen: Sequence[Told]) -> dict[str, tuple[str, ...]]:
    """To each member what is theirs of these entries; gives the letters that list an entry, by their ids."""
    letters: dict[str, tuple[str, ...]] = {}
    for member in plan.setting.committee.members:
        theirs = [aside for aside, members in chosen if member in members]
        for start in range(0, len(theirs), ENTRIES):
            page = theirs[start : start + ENTRIES]
            _write(plan, member, f"{kind} {start}" if start else kind, page)
            letters |= {each.entry: (*letters.get(each.entry, ()), plan.letters[-1].id) for each in page}
    return letters


def _write(plan: Plan, member: Member, about: str, page: Sequence[Aside]) -> None:
    """One digest to one member. `about` tells it from the others of this moment."""
    now = plan.setting.now
    words = {
        "flood": page[0].is_flood,
        "entries": [_entry(plan, member, each) for each in page],
        "until": minute(now + GOOD_FOR),
        "searched": looked_for_as(member),
    }
    plan.write(member, "digest", f"{plan.setting.committee.id} {about} {now.isoformat()}", words)


def _entry(plan: Plan, member: Member, aside: Aside) -> Mapping[str, object]:
    token, expires = plan.setting.draw.token(), plan.setting.now + GOOD_FOR
    plan.notes.append(confirm_note(token, aside.entry, member.handle, OPENS, expires, member.email))
    came = minute(datetime.fromisoformat(aside.came))
    words = {"came": came, "sender": aside.sender, "subject": aside.subject, "reason": aside.reason, "token": token}
    return {**words, "entry": aside.entry}
