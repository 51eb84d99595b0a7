"""Reports that are kept sealed until another one names the same person (contract, `+escrow`, `#release`; domain R67).

    sealed ──> another report has the same name ──> a watcher without a conflict is asked ──> #release: read like any
                                                        │ a conflict, or no answer: the next one is asked

The rule: nothing of it is shown to anybody before a person says that it is the same one, and has no conflict with it.
What a member brought about is asked of other members, and of nobody who must not know of the report that did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import letters, places, readers
from cocmail.core.access import Standing
from cocmail.core.case import Case
from cocmail.core.checks import begin_watch
from cocmail.core.conflicts import is_asked, level_of
from cocmail.core.effects import Note, Timer
from cocmail.core.events import MemberAsked
from cocmail.core.lifecycle import State
from cocmail.core.links import Match, SealBroken, SealMatched
from cocmail.core.model import Committee, Member, Role, member_person
from cocmail.core.screening import screen_name
from cocmail.core.setting import Message
from cocmail.core.vacancies import complete

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

ASK_NEXT = "sealed"
ANSWER_WITHIN, ASK_AGAIN, MOST_TIMES = timedelta(hours=24), timedelta(days=7), 12
# After so many times the admins hear of it, and it is asked each month: nothing that a person sealed is forgotten.
EACH_MONTH = timedelta(days=30)
MOST_NAMES = 5
# Where a name was found: in a sealed report, in any other, as a reported person that a member noted.
SEALED, TOLD, REPORTED = "sealed-name", "told-name", "reported-name"
_OVER = frozenset({State.DISMISSED, State.ESCROWED})


def compare(plan: Plan, case_id: str, message: Message) -> None:
    """What was filed of somebody outside: its names are kept, to be found again, and looked for in others.

    As keyed hashes, which tell nobody anything.
    """
    sealed = _is_sealed(plan, case_id)
    plan.notes += [Note(SEALED if sealed else TOLD, name, {}, case_id) for name in sorted(message.names)]
    by = plan.cases[case_id].told_by
    look_for(plan, case_id, message.names, by)
    if sealed:
        _look_back(plan, case_id, message.names)


def look_for(plan: Plan, case_id: str, names: Mapping[str, str], by: str) -> None:
    """Whether a report, or what a member says of it (`by`), names somebody of whom a sealed one speaks.

    `names`: as they are compared -> as they are written.
    """
    for sealed_id, common in _found(plan.setting.known.sealed, names, case_id).items():
        _match(plan, sealed_id, case_id, common, by)
        if _is_sealed(plan, case_id):
            _match(plan, case_id, sealed_id, common, by)


def _look_back(plan: Plan, sealed_id: str, names: Mapping[str, str]) -> None:
    """Somebody may have reported the same person before this one was sealed."""
    for case_id, common in _found(plan.setting.known.told, names, sealed_id).items():
        case = plan.cases.get(case_id)
        if case is not None and case.proceedings.state not in _OVER and case.audience != "matter":
            _match(plan, sealed_id, case_id, common, plan.cases[sealed_id].told_by)


def _found(known: Mapping[str, tuple[str, ...]], names: Mapping[str, str], but: str) -> dict[str, list[str]]:
    """The cases that have any of these names, with those, as they are written here: the first may be a witness's."""
    found: dict[str, list[str]] = {}
    for name, written in names.items():
        for case_id in known.get(name, ()):
            if case_id != but:
                found.setdefault(case_id, []).append(written)
    return found


def _is_sealed(plan: Plan, case_id: str) -> bool:
    return plan.cases[case_id].proceedings.state is State.ESCROWED


def _match(plan: Plan, sealed_id: str, other_id: str, names: list[str], by: str) -> None:
    """Notes it once for each two reports of different people and each name, and has somebody asked about all."""
    sealed, other = plan.cases.get(sealed_id), plan.cases.get(other_id)
    if sealed is None or other is None or sealed.proceedings.state is not State.ESCROWED:
        return
    mine = [each.reporter.address for each in (sealed, other) if each.reporter is not None and each.reporter.address]
    # Who reports twice has not been confirmed by that.
    known = [match.name for match in sealed.links.matched if match.case == other_id]
    if len(set(mine)) < len(mine) or len(known) >= MOST_NAMES:
        return
    fresh = [name for name in names if name not in known][: MOST_NAMES - len(known)]
    for name in fresh:
        plan.add(sealed_id, SealMatched(other_id, name, plan.setting.now.isoformat(), by, other.audience))
    if not fresh:
        return
    if not _is_waiting(plan, sealed_id):
        ask_next(plan, sealed_id)


def _is_waiting(plan: Plan, case_id: str) -> bool:
    """Whether somebody who was asked, and may still open it, has time to answer."""
    case, now = plan.cases[case_id], plan.setting.now
    asked = [member for member in plan.setting.committee.members if may_open(plan, case, member)]
    until = [case.members[member.handle].until for member in asked]
    return any(each is not None and now < each for each in until)


def ask_next(plan: Plan, case_id: str, times: int = 1) -> None:
    """Asks the watchers who can be asked and were not; else the mediators; else the admins hear of it."""
    case = plan.cases[case_id]
    if not can_be_opened(case):
        return
    asked = [member for member in plan.setting.committee.members if may_open(plan, case, member)]
    # Who was asked is told of another name, and reminded where there is nobody else.
    chosen = _next(plan, case_id) or asked
    until = plan.setting.now + (ANSWER_WITHIN if chosen != asked else ASK_AGAIN)
    for member in chosen:
        _ask(plan, case_id, member, until)
    if not chosen:
        plan.alarms.append("nobody-reached")
    if times >= MOST_TIMES and chosen:
        plan.alarms.append("nobody-reached")
    later = plan.setting.now + EACH_MONTH
    plan.timers.append(Timer(case_id, ASK_NEXT, str(times), until if chosen and times < MOST_TIMES else later))


def _next(plan: Plan, case_id: str) -> list[Member]:
    committee, case = plan.setting.committee, plan.cases[case_id]
    out = _barred(plan, case) | case.with_standing(Standing.ASKED)
    able = [member for member in committee.members if _may_be_asked(plan, case, member)]
    out |= {member.handle for member in committee.members if member not in able}
    watching = readers.triage(committee, out, plan.setting.now.date())
    return watching or readers.stand_ins(committee, Role.MEDIATOR, out, ())


def _barred(plan: Plan, case: Case) -> frozenset[str]:
    """Who must not read it: named in it, not looked for in it, or with a conflict with whom the reports name."""
    committee = plan.setting.committee
    return places.unfit(plan, case.id) | _tied(committee, case) | _out_of_others(plan, case)


def _tied(committee: Committee, case: Case) -> frozenset[str]:
    return frozenset(handle for match in case.links.matched for handle in screen_name(committee, match.name))


def _out_of_others(plan: Plan, case: Case) -> frozenset[str]:
    others = (plan.cases.get(match.case) for match in case.links.matched)
    return frozenset(handle for other in others if other is not None for handle in other.barred)


def _may_be_asked(plan: Plan, case: Case, member: Member) -> bool:
    return any(_is_for(plan, match, member) for match in case.links.matched)


def _is_for(plan: Plan, match: Match, member: Member) -> bool:
    """Whether a member may be asked because of that other report: not of their own doing, nor of what is not theirs."""
    other = plan.cases.get(match.case)
    has_it = other is not None and bool(level_of(member, other))
    # That one may be gone by now, or damaged.
    return member.handle != match.by and (match.audience in ("committee", "escrow") or has_it)


def _ask(plan: Plan, case_id: str, member: Member, until: datetime) -> None:
    plan.add(case_id, MemberAsked(member.handle, member.email, member.name, until.isoformat()))
    plan.issue(case_id, member_person(member.handle), member.email)
    case = plan.cases[case_id]
    names = [match.name for match in case.links.matched if _is_for(plan, match, member)]
    words = {"names": list(dict.fromkeys(names))}
    about = f"sealed {plan.setting.now.isoformat()}"
    letter = letters.to_reader(plan.setting.committee, case, member, "check", about, words, template="sealed_match")
    plan.letters.append(letter)


def nobody_answered(plan: Plan, case_id: str, about: str) -> None:
    """A day without an answer: the next are asked, besides those who were; these again, where there is nobody else.

    `about` counts how often.
    """
    if not _is_waiting(plan, case_id):
        ask_next(plan, case_id, int(about) + 1)


def open_up(plan: Plan, case_id: str, member: Member) -> None:
    """From now on it is read like a report of today, by whoever may; who had it opened is one of them.

    Whoever has a conflict with whom the reports name is kept out, as they are from the other one.
    """
    committee, now = plan.setting.committee, plan.setting.now
    case = plan.cases[case_id]
    for handle in sorted(_tied(committee, case)):
        places.withhold(plan, case_id, handle, "named")
    for handle in sorted(_out_of_others(plan, case)):
        places.withhold(plan, case_id, handle, "inherited")
    plan.add(case_id, SealBroken(member.handle, now.isoformat(), readers.is_check_first(committee)))
    out = places.unfit(plan, case_id)
    first = readers.first_readers(committee, "committee", (), out, now.date())
    for reader in dict.fromkeys((member, *first)):
        places.admit(plan, case_id, reader, "policy")
    complete(plan, case_id)
    begin_watch(plan, case_id)
    for entry in plan.cases[case_id].entries:
        places.forward_entry(plan, case_id, entry.id)


def can_be_opened(case: Case) -> bool:
    """Whether it is sealed, and another report has named the same person."""
    return case.proceedings.state is State.ESCROWED and bool(case.links.matched)


def may_open(plan: Plan, case: Case, member: Member) -> bool:
    """Whether this member was asked, and may still be: the one who brought it about, or is out by now, may not."""
    fit = member.handle not in _barred(plan, case) and _may_be_asked(plan, case, member)
    return can_be_opened(case) and is_asked(member, case) and fit
