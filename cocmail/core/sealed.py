"""Reports that are kept sealed until another one names the same person (contract, `+escrow`, `#release`; domain R67).

    sealed ──> another report has the same name ──> a watcher without a conflict is asked ──> #release: read like any
                                                        │ a conflict, or no answer: the next one is asked

The rule: nothing of it is shown to anybody before a person says that it is the same one, and has no conflict with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import handover, letters, places, readers
from cocmail.core.access import Standing
from cocmail.core.case import Case
from cocmail.core.checks import begin_watch
from cocmail.core.conflicts import is_asked
from cocmail.core.effects import Note, Timer
from cocmail.core.events import MemberAsked
from cocmail.core.lifecycle import State
from cocmail.core.links import SealBroken, SealMatched
from cocmail.core.model import Member, Role, member_person
from cocmail.core.screening import screen_name
from cocmail.core.setting import Message
from cocmail.core.vacancies import complete

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

ASK_NEXT = "sealed"
ANSWER_WITHIN, ASK_AGAIN, MOST_TIMES = timedelta(hours=24), timedelta(days=7), 12
# Two ways in which a name is found again: in a sealed report, and of a reported person of any case.
SEALED, REPORTED = "sealed-name", "reported-name"


def seal(plan: Plan, case_id: str, names: Collection[str]) -> None:
    """The names of a sealed report are kept, to be found again: as keyed hashes, which tell nobody anything."""
    plan.notes += [Note(SEALED, name, {}, case_id) for name in sorted(names)]


def compare(plan: Plan, case_id: str, message: Message) -> None:
    """A report that was filed: is it sealed, its names are kept; sealed or not, they are looked for in others."""
    if plan.cases[case_id].proceedings.state is State.ESCROWED:
        seal(plan, case_id, message.names)
    look_for(plan, case_id, message.names)


def look_for(plan: Plan, case_id: str, names: Mapping[str, str]) -> None:
    """Whether a report, or what a member says of it, names somebody of whom a sealed one speaks.

    `names`: as they are compared -> as they are written.
    """
    known = plan.setting.known.sealed
    for sealed_id in sorted({found for name in names for found in known.get(name, ())} - {case_id}):
        name = next(written for name, written in names.items() if sealed_id in known.get(name, ()))
        if _is_independent(plan, case_id, sealed_id):
            _match(plan, sealed_id, case_id, name)
            if plan.cases[case_id].proceedings.state is State.ESCROWED:
                _match(plan, case_id, sealed_id, name)


def _is_independent(plan: Plan, case_id: str, sealed_id: str) -> bool:
    """Whether it is still sealed, and somebody else's: who reports twice has not been confirmed by that."""
    case, sealed = plan.cases[case_id], plan.cases.get(sealed_id)
    if sealed is None or sealed.proceedings.state is not State.ESCROWED:
        return False
    mine = [each.reporter.address for each in (case, sealed) if each.reporter is not None and each.reporter.address]
    same_taker = bool(case.told_by) and case.told_by == sealed.told_by and not mine
    return len(set(mine)) == len(mine) and not same_taker


def _match(plan: Plan, sealed_id: str, other_id: str, name: str) -> None:
    known = plan.cases[sealed_id].links.matched
    if any(case == other_id for case, _ in known):
        return
    plan.add(sealed_id, SealMatched(other_id, name, plan.setting.now.isoformat()))
    if not known:
        ask_next(plan, sealed_id)


def ask_next(plan: Plan, case_id: str, times: int = 1) -> None:
    """Asks the watchers who can be asked and were not; else the mediators; else the admins hear of it."""
    case = plan.cases[case_id]
    if case.proceedings.state is not State.ESCROWED or not case.links.matched:
        return
    asked = [member for member in plan.setting.committee.members if is_asked(member, case)]
    chosen = _next(plan, case_id) or (asked if times > 1 else [])
    until = plan.setting.now + (ANSWER_WITHIN if chosen != asked else ASK_AGAIN)
    for member in chosen:
        _ask(plan, case_id, member, until)
    if not chosen and not asked:
        plan.alarms.append("nobody-reached")
    elif chosen and times < MOST_TIMES:
        plan.timers.append(Timer(case_id, ASK_NEXT, str(times), until))


def _next(plan: Plan, case_id: str) -> list[Member]:
    committee, case = plan.setting.committee, plan.cases[case_id]
    out = set(places.unfit(plan, case_id)) | case.with_standing(Standing.ASKED)
    for other_id, name in case.links.matched:
        out |= screen_name(committee, name).keys()
        other = plan.cases.get(other_id)
        # Who has a conflict with the other report has one with its person.
        out |= other.barred if other is not None else frozenset()
    watching = readers.triage(committee, out, plan.setting.now.date())
    return watching or readers.stand_ins(committee, Role.MEDIATOR, out, ())


def _ask(plan: Plan, case_id: str, member: Member, until: datetime) -> None:
    plan.add(case_id, MemberAsked(member.handle, member.email, member.name, until.isoformat()))
    plan.issue(case_id, member_person(member.handle), member.email)
    case = plan.cases[case_id]
    words = {"names": list(dict.fromkeys(name for _, name in case.links.matched))}
    about = f"sealed {plan.setting.now.isoformat()}"
    letter = letters.to_reader(plan.setting.committee, case, member, "check", about, words, template="sealed_match")
    plan.letters.append(letter)


def nobody_answered(plan: Plan, case_id: str, about: str) -> None:
    """A day without an answer: the next are asked, besides those who were; these again, where there is nobody else.

    `about` counts how often.
    """
    case, now = plan.cases[case_id], plan.setting.now
    asked = [case.members[handle].until for handle in case.with_standing(Standing.ASKED)]
    if not any(until is not None and now < until for until in asked):
        ask_next(plan, case_id, int(about) + 1)


def open_up(plan: Plan, case_id: str, member: Member) -> None:
    """From now on it is read like a report of today, by whoever may; who had it opened is one of them."""
    committee, now = plan.setting.committee, plan.setting.now
    check_first = readers.is_check_first(committee)
    plan.add(case_id, SealBroken(member.handle, now.isoformat(), check_first))
    out = places.unfit(plan, case_id)
    first = readers.first_readers(committee, "committee", (), out, now.date())
    for reader in dict.fromkeys((member, *first)):
        places.admit(plan, case_id, reader, "policy")
    complete(plan, case_id)
    begin_watch(plan, case_id)
    for entry in plan.cases[case_id].entries:
        places.forward_entry(plan, case_id, entry.id)
    handover.tell_reporter(plan, case_id, "unsealed")


def can_be_opened(case: Case) -> bool:
    """Whether it is sealed, and another report has named the same person."""
    return case.proceedings.state is State.ESCROWED and bool(case.links.matched)
