"""The conflict question, where members are asked before they read (domain R17 to R20, R33; contract, section 4).

    the watchers read and name the party ──> everybody else is asked ──> who states no conflict is let in
                                                  │ half the time: who has not answered is reminded
                                                  │ all answered, or time over
                                                  v
                    enough are in: the case is open        too few: alternates are asked, then the mediator steps in

The rule: silence never gives access. The question tells what the policy's `check_reveals` says and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import handover, letters, places, readers
from cocmail.core.access import Standing
from cocmail.core.case import Case
from cocmail.core.conflicts import is_asked, is_asked_by_name
from cocmail.core.conflicts import readers as having
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.events import CheckClosed, CheckOpened, MemberAsked
from cocmail.core.lifecycle import LIVE, State
from cocmail.core.model import Member, Role, member_person

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

END, REMIND, WATCH = "check-end", "check-reminder", "watch"
ANSWER_WITHIN = timedelta(days=2)
# Domain analysis, section D: no action for so long, and the next watcher looks.
ACT_WITHIN = timedelta(hours=12)
# From then on, as long as nobody is asked.
LOOK_AGAIN = 2 * ACT_WITHIN


def put(plan: Plan, case_id: str, members: Iterable[Member], *, staged: bool = False, lifts: bool = False) -> None:
    """Ask these members, who do not have the case; who was asked before is asked again, with fresh time."""
    committee, now = plan.setting.committee, plan.setting.now
    until = committee.calendar.after(now, committee.policy.get("deadlines.conflict_answer"), ANSWER_WITHIN)
    if not lifts:
        _open_round(plan, case_id, until)
    for member in members:
        before = plan.cases[case_id].members.get(member.handle)
        keeps_stage = before is not None and before.standing is Standing.ASKED and before.staged
        address = places.address_of(plan, case_id, member)
        again = staged or keeps_stage
        plan.add(case_id, MemberAsked(member.handle, address, member.name, until.isoformat(), again, lifts=lifts))
        send(plan, case_id, member)


def _open_round(plan: Plan, case_id: str, until: datetime) -> None:
    now = plan.setting.now
    plan.add(case_id, CheckOpened(now.isoformat(), until.isoformat()))
    plan.timers.append(Timer(case_id, REMIND, until.isoformat(), now + (until - now) / 2))
    plan.timers.append(Timer(case_id, END, until.isoformat(), until))


def send(plan: Plan, case_id: str, member: Member, template: str = "check") -> None:
    """The question itself, or a reminder of it, to one member."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    plan.issue(case_id, member_person(member.handle), places.address_of(plan, case_id, member))
    place = plan.cases[case_id].members[member.handle]
    until = place.until or case.checking_until
    words = {
        "names": list(case.called("reported")),
        "channel": "channel" in _revealed(committee.policy.get("check_reveals")),
        "parties": _others(case) if place.shown else [],
        "has_it": place.standing is Standing.CLEARED,
        "until": minute(until) if until is not None else "",
        "relations": list(_revealed(committee.policy.get("conflict.relations"))),
    }
    about = f"{template} {until.isoformat() if until is not None else ''} {place.shown}"
    kind = "check" if template == "check" else "reminder"
    plan.letters.append(
        letters.to_reader(committee, plan.cases[case_id], member, kind, about, words, template=template)
    )


def _revealed(knob: object) -> tuple[str, ...]:
    return knob if isinstance(knob, tuple) else ()


def _others(case: Case) -> list[dict[str, str]]:
    """The parties but the reported person, for a question that is put in two steps."""
    return [{"role": party.role, "name": party.name} for party in case.parties if party.role != "reported"]


def begin_watch(plan: Plan, case_id: str) -> None:
    """Somebody looks after it that the watchers have the others asked."""
    done = plan.cases[case_id].proceedings
    if done.state is State.TRIAGE:
        plan.timers.append(Timer(case_id, WATCH, f"{done.times_reopened}.1", plan.setting.now + ACT_WITHIN))


def watch(plan: Plan, case_id: str, about: str) -> None:
    """Nobody has been asked yet: the watchers are reminded, and where they did nothing at all the next one looks, too.

    It goes on as long as the case is with them: a report must not be forgotten where only one person knows of it.
    `about` counts: how often the case was taken up again, and the looks since. Of what began before, nothing goes on.
    """
    committee, case, now = plan.setting.committee, plan.cases[case_id], plan.setting.now
    begun, _, look = about.rpartition(".")
    if case.proceedings.state is not State.TRIAGE or int(begun or 0) != case.proceedings.times_reopened:
        return
    there = places.present(plan, case_id)
    if not case.parties:
        known = places.unfit(plan, case_id) | {member.handle for member in there}
        for member in readers.triage(committee, known, now.date())[:1]:
            places.share_reserved(plan, case_id, member)
            places.bring_in(plan, case_id, member, "stand-in")
    words = {"names": [member.name for member in places.present(plan, case_id)], "party": bool(case.parties)}
    for member in there:
        letter = letters.to_reader(
            committee, plan.cases[case_id], member, "reminder", f"watch {about}", words, template="watch_reminder"
        )
        plan.letters.append(letter)
    wait = ACT_WITHIN if look == "1" else LOOK_AGAIN
    plan.timers.append(Timer(case_id, WATCH, f"{begun or 0}.{int(look) + 1}", now + wait))


def has_second_step(case: Case, handle: str) -> bool:
    """Whether a member who has just stated no conflict is told the other parties before anything is opened."""
    place = case.members[handle]
    return place.staged and not place.shown and bool(_others(case))


def to_be_asked(plan: Plan, case_id: str) -> list[Member]:
    """The primary members who are not in the case, can be asked, and have not answered."""
    there = {member.handle for member in places.present(plan, case_id)}
    return readers.stand_ins(plan.setting.committee, Role.PRIMARY, places.unfit(plan, case_id), there)


def unstated(plan: Plan, case_id: str) -> list[Member]:
    """Who has the case and has not said whether they have a conflict."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    return [member for member in having(committee, case) if not case.members[member.handle].stated_clear]


def remind(plan: Plan, case_id: str, about: str) -> None:
    """Half of the time is over: who has not answered is asked once more."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    if case.checking_until is None or case.checking_until.isoformat() != about or case.proceedings.state not in LIVE:
        return
    if plan.setting.now >= case.checking_until:
        # Nothing ran meanwhile: what follows at the end comes at once.
        return
    waiting = [member for member in committee.members if is_asked_by_name(member, case)]
    if not readers.is_check_first(committee):
        waiting += unstated(plan, case_id)
    for member in waiting:
        send(plan, case_id, member, "check_reminder")


def advance(plan: Plan, case_id: str) -> None:
    """Go on where everybody has answered, or time is over: open the case, or ask the next."""
    case = plan.cases[case_id]
    state = case.proceedings.state
    if state not in LIVE or state is State.TRIAGE:
        return
    if is_waiting(plan, case_id):
        return
    enough = _have_enough(plan, case_id)
    if not enough and _ask_alternates(plan, case_id):
        return
    if not enough:
        handover.call_mediators(plan, case_id)
    if plan.cases[case_id].proceedings.state is State.CHECKING and places.present(plan, case_id):
        _close(plan, case_id)


def open_if_answered(plan: Plan, case_id: str) -> None:
    """The same for whose word must let nobody in: open the case where nobody is waited for and enough have it."""
    checking = plan.cases[case_id].proceedings.state is State.CHECKING
    if checking and not is_waiting(plan, case_id) and _have_enough(plan, case_id):
        _close(plan, case_id)


def _have_enough(plan: Plan, case_id: str) -> bool:
    least = readers.minimum(plan.setting.committee, plan.cases[case_id].audience)
    return len(places.present(plan, case_id)) >= least


def is_waiting(plan: Plan, case_id: str) -> bool:
    """Whether somebody who was asked still has time to answer."""
    case, now = plan.cases[case_id], plan.setting.now
    asked = [case.members[member.handle] for member in plan.setting.committee.members if is_asked(member, case)]
    # Who is asked by a vote of the others, later than these, keeps nobody waiting.
    return any(place.until is not None and now < place.until and place.why != "lifted" for place in asked)


def _ask_alternates(plan: Plan, case_id: str) -> bool:
    """Whether there are alternates who were not asked before; then they are."""
    case = plan.cases[case_id]
    there = {member.handle for member in places.present(plan, case_id)} | case.with_standing(Standing.ASKED)
    found = readers.stand_ins(plan.setting.committee, Role.ALTERNATE, places.unfit(plan, case_id), there)
    if found:
        put(plan, case_id, found)
    return bool(found)


def _close(plan: Plan, case_id: str) -> None:
    """The case is open for those who have it; what they said meanwhile is passed on now."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    waiting = [entry for entry in case.entries if entry.waits]
    plan.add(case_id, CheckClosed(plan.setting.now.isoformat()))
    for entry in waiting:
        places.forward_entry(plan, case_id, entry.id, but=entry.author)
    case = plan.cases[case_id]
    there = having(committee, case)
    words = {
        "names": [member.name for member in there],
        "silent": sum(1 for member in committee.members if is_asked(member, case)),
        "too_few": len(there) < readers.minimum(committee, case.audience),
    }
    for member in there:
        others = [name for name in words["names"] if name != member.name]  # type: ignore[attr-defined]
        own = member_person(member.handle)
        waited = any(entry.author != own and not entry.is_kept_from(member.handle) for entry in waiting)
        said = {**words, "names": others, "waited": waited}
        plan.letters.append(letters.notice(committee, case, member, "checked", "checked", said))
