"""When a case is erased: its time is over, or it was asked for; somebody was told, could say `#keep`, and did not.

    told ──> the notices have left ──> seven days on which daemons ran ──> its time is over, too ──> key destroyed
      │                                                                                 #keep ──> stopped

The rule: a clock alone erases nothing. What destroys evidence needs that everybody's notice was taken by a server, that
the announced day has come by the machine's clock, and that the daemon itself has run on seven days since, as told by a
clock that nobody sets. What cannot be made sure of now is looked at again later.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cocmail.core import counts, erasure, letters, measures, tombstones
from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import readers
from cocmail.core.deadlines import minute
from cocmail.core.effects import Letter, Timer
from cocmail.core.erasure import Erasure
from cocmail.core.lifecycle import State
from cocmail.core.model import Committee, Member
from cocmail.core.retention import SHORTEST_WARNING

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

LOOK, ASKED = "erase", "erase-asked"
RETENTION, BY_OPERATOR, NOBODY = "retention", "asked", "nobody"
# What the admins are told, without a word of what it is.
AHEAD, DONE, KEPT, NOT_DONE = "erasure-ahead", "erased", "erasure-kept", "erasure-of-nobodys"

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
DAYS = 7
# So long a daemon has to have run between two of the days that are counted.
A_DAY_OF_RUNNING = timedelta(hours=22)
# After a longer gap between them the daemon waits one more, for mail that could not come in meanwhile.
LONGEST_GAP = timedelta(days=3)
# A notice that is older than that when the time comes is given again.
STALE = timedelta(days=30)
# Whoever sets a short time for many old cases tells people of a few a day.
A_DAYS_CASES = 5


def ends(committee: Committee, case: Case) -> tuple[datetime, timedelta] | None:
    """When a case's content has been kept for as long as the committee's file says, and how long that is.

    None: never. Of a sealed report it counts from the last that its reporter wrote, and it stays once another one named
    the same person; else from the last thing that happened in it once it was over: its end, a letter, what somebody
    wrote, an obligation met, the last day of a measure, a `#keep`.
    """
    done, rules = case.proceedings, committee.retention
    if case.opened_at is None:
        return None
    if done.state is State.ESCROWED:
        if rules.escrow is None or case.links.matched:
            return None
        written = (entry.at for entry in case.entries if entry.at is not None)
        return max((case.opened_at, *written)) + rules.escrow, rules.escrow
    finding = _finding(case)
    span = rules.after(finding) if finding else None
    if span is None or _is_owed_something(case):
        return None
    return max(_last_things(committee, case)) + span, span


def _finding(case: Case) -> str:
    """What a case was that is over; "" for one that is not."""
    ended = [fact.value for fact in case.proceedings.facts if fact.what in ("resolved", "dismissed")]
    return ended[-1] if ended and case.proceedings.state in (State.RESOLVED, State.DISMISSED) else ""


def _is_owed_something(case: Case) -> bool:
    """Whether something is still to be done or decided in a case that is over."""
    done = case.proceedings
    return bool(done.open_motions) or any(each.met_at is None for each in done.obligations)


def _last_things(committee: Committee, case: Case) -> list[datetime]:
    done = case.proceedings
    found = [fact.at for fact in done.facts if fact.what in ("resolved", "dismissed")]
    found += [draft.sent_at for draft in done.drafts if draft.sent_at is not None]
    found += [each.met_at for each in done.obligations if each.met_at is not None]
    found += [entry.at for entry in case.entries if entry.at is not None]
    in_force = (each for each in done.measures if measures.is_in_force(done, each))
    found += [over for each in in_force if (over := measures.ends(committee, each)) is not None]
    return found + ([done.kept_at] if done.kept_at is not None else [])


def _lead(committee: Committee, span: timedelta) -> timedelta:
    """How long before the end people are told: as the file says, but not before the case was over, and a week."""
    return max(SHORTEST_WARNING, min(committee.retention.warn_before, span))


def first_notice(committee: Committee, case: Case) -> datetime | None:
    """When who has a case is to be told that its time will be over; None: never."""
    found = ends(committee, case)
    return found[0] - _lead(committee, found[1]) if found is not None else None


def arm(plan: Plan, case_id: str) -> None:
    """Set the timer for the next look, if there is to be one; set for the same moment it stays the only one."""
    case, now = plan.cases[case_id], plan.setting.now
    pending = case.proceedings.erasure
    moment = first_notice(plan.setting.committee, case) if pending is None else _next_day(pending, now)
    if moment is not None:
        plan.timers.append(Timer(case_id, LOOK, "", max(moment, now) if pending is None else moment))


def _next_day(pending: Erasure, now: datetime) -> datetime:
    if now < pending.at:
        # A clock that ran ahead and was set back: looked at now, not in years.
        return now
    pause = AN_HOUR if pending.running is None else A_DAY
    return pending.at + ((now - pending.at) // pause + 1) * pause


def look(plan: Plan, case_id: str, about: str) -> None:
    """Tell who has to be told, wait, or erase; then the next look is set."""
    pending = plan.cases[case_id].proceedings.erasure
    if pending is None:
        _begin(plan, case_id)
    elif pending.why != BY_OPERATOR and not _is_due(plan, case_id):
        # Taken up again, something to be done, or another word in the committee's file.
        plan.add(case_id, erasure.ErasureStopped("", plan.setting.now.isoformat()))
    else:
        _go_on(plan, case_id, pending)


def _is_due(plan: Plan, case_id: str) -> bool:
    moment = first_notice(plan.setting.committee, plan.cases[case_id])
    return moment is not None and moment <= plan.setting.now


def _begin(plan: Plan, case_id: str) -> None:
    """The time of a case will be over: who has it is told, of a few cases a day."""
    now = plan.setting.now
    if not _is_due(plan, case_id):
        arm(plan, case_id)
    elif plan.setting.known.evidence.warned_today >= A_DAYS_CASES:
        plan.timers.append(Timer(case_id, LOOK, "", now + A_DAY))
    else:
        _tell(plan, case_id, RETENTION, anew=True)


def ask(plan: Plan, case_id: str, about: str) -> None:
    """The operator asks for it (`cocmail erase`): who has the case is told, and can stop it."""
    pending = plan.cases[case_id].proceedings.erasure
    if pending is None or pending.why != BY_OPERATOR:
        _tell(plan, case_id, BY_OPERATOR, anew=True)


def _tell(plan: Plan, case_id: str, why: str, *, anew: bool) -> None:
    """Tell everybody who has it, or (not `anew`) those who were not told; where nobody has it, the admins.

    What was asked for is not done where nobody could object to it.
    """
    committee, case, now = plan.setting.committee, plan.cases[case_id], plan.setting.now
    there, before, admins = readers(committee, case), case.proceedings.erasure, plan.setting.known.evidence.admins
    if not there and (why == BY_OPERATOR or not admins or _is_somebodys(committee, case)):
        _give_up(plan, case_id, why)
        return
    told = before.told if before is not None and there and not anew else frozenset()
    fresh = [member for member in there if member.handle not in told]
    handles = [member.handle for member in there] or list(admins)
    why = why if there or why == BY_OPERATOR else NOBODY
    until = _until(committee, case, why, now)
    plan.add(case_id, erasure.ErasureTold(why, now.isoformat(), until.isoformat(), tuple(sorted({*told, *handles}))))
    if why != BY_OPERATOR:
        plan.counted.append((LOOK, committee.id))
    for member in fresh:
        plan.letters.append(_notice(plan, case_id, member, why, until))
    if not there:
        plan.letters.extend(admin_notices(plan.cases[case_id], admins))


def _is_somebodys(committee: Committee, case: Case) -> bool:
    """Whether a member has the case who cannot get its mail just now: theirs to decide, once they can."""
    return any(place.level and committee.member(handle) is not None for handle, place in case.members.items())


def _give_up(plan: Plan, case_id: str, why: str) -> None:
    """Nobody can be told: it stays as it is."""
    if plan.cases[case_id].proceedings.erasure is not None:
        plan.add(case_id, erasure.ErasureStopped("", plan.setting.now.isoformat()))
    if why == BY_OPERATOR:
        plan.alarms.append(NOT_DONE)
    else:
        plan.timers.append(Timer(case_id, LOOK, "", plan.setting.now + A_DAY))


def _until(committee: Committee, case: Case, why: str, now: datetime) -> datetime:
    found = ends(committee, case)
    if why == BY_OPERATOR or found is None:
        return now + SHORTEST_WARNING
    return max(found[0], now + _lead(committee, found[1]))


def _notice(plan: Plan, case_id: str, member: Member, why: str, until: datetime) -> Letter:
    words = {"why": why, "until": minute(until)}
    about = f"erasure {plan.setting.now.isoformat()}"
    return letters.notice(plan.setting.committee, plan.cases[case_id], member, about, "erasure", words)


def admin_notices(case: Case, admins: tuple[str, ...]) -> list[Letter]:
    """What the admins get of a case that nobody has: that one of them comes to its end, and when."""
    pending = case.proceedings.erasure
    if pending is None or pending.why != NOBODY:
        return []
    return letters.to_admins(admins, AHEAD, f"{case.id} {pending.at.isoformat()}", [minute(pending.until)])


def _go_on(plan: Plan, case_id: str, pending: Erasure) -> None:
    committee, case, now = plan.setting.committee, plan.cases[case_id], plan.setting.now
    there = {member.handle for member in readers(committee, case)}
    why = BY_OPERATOR if pending.why == BY_OPERATOR else RETENTION
    if now < pending.at or (pending.why == NOBODY and there):
        # A clock that was set back; or somebody has it now.
        _again(plan, case_id, why)
    elif pending.why != NOBODY and (not there or not there <= pending.told):
        # Somebody came in later, or nobody is left.
        _tell(plan, case_id, why, anew=False)
    elif plan.setting.known.evidence.waiting or _is_missed(committee, case, there):
        plan.timers.append(Timer(case_id, LOOK, "", now + AN_HOUR))
    elif now > pending.until + STALE:
        _again(plan, case_id, why)
    else:
        _wait_or_erase(plan, case_id, pending)


def _again(plan: Plan, case_id: str, why: str) -> None:
    """Tell everybody anew; after a long stop that can be many cases, of which some wait for another day."""
    if why != BY_OPERATOR and plan.setting.known.evidence.warned_today >= A_DAYS_CASES:
        plan.timers.append(Timer(case_id, LOOK, "", plan.setting.now + A_DAY))
    else:
        _tell(plan, case_id, why, anew=True)


def _is_missed(committee: Committee, case: Case, there: set[str]) -> bool:
    """Whether a member has the case and was not reached, because a changed address is not confirmed."""
    has_it = {handle for handle, place in case.members.items() if place.level is Level.FULL}
    return any(committee.member(handle) is not None for handle in has_it - there)


def _wait_or_erase(plan: Plan, case_id: str, pending: Erasure) -> None:
    """Everything has left and been looked at: a day is counted, where the daemon has run for one."""
    now, running = plan.setting.now, plan.setting.known.evidence.running
    last, since = pending.running, pending.waited_at
    if last is not None and running - last < A_DAY_OF_RUNNING.total_seconds():
        arm(plan, case_id)
        return
    days = pending.days + (last is not None)
    in_a_row = since is not None and timedelta() <= now - since <= LONGEST_GAP
    if days >= DAYS and now >= _end(plan, case_id, pending) and in_a_row:
        _erase_once_sent(plan, case_id)
    else:
        plan.add(case_id, erasure.ErasureWaited(now.isoformat(), running))


def _end(plan: Plan, case_id: str, pending: Erasure) -> datetime:
    """The day that was announced; where the committee's file has set a later one since, that."""
    found = ends(plan.setting.committee, plan.cases[case_id]) if pending.why != BY_OPERATOR else None
    return max(pending.until, found[0]) if found is not None else pending.until


def _erase_once_sent(plan: Plan, case_id: str) -> None:
    if plan.setting.known.evidence.sending:
        plan.timers.append(Timer(case_id, LOOK, "", plan.setting.now + AN_HOUR))
    else:
        erase(plan, case_id)


def erase(plan: Plan, case_id: str) -> None:
    """The key goes. Who had the case is told what was destroyed, the admins that something was."""
    committee, case, now = plan.setting.committee, plan.cases[case_id], plan.setting.now
    over = case.proceedings.state in (State.RESOLVED, State.DISMISSED)
    plan.erased[case_id] = tombstones.tombstone_of(case, committee, is_over=over, now=now)
    if not over:
        plan.counts[case_id] = counts.count_of(case, now.strftime("%Y-%m"))
    why = case.proceedings.erasure.why if case.proceedings.erasure is not None else ""
    for member in readers(committee, case):
        words = {"case_name": case.code_name, "why": why, "on": minute(now)}
        token = plan.issue_unbound(member)
        written = letters.outside(member, "erased", f"{case_id} erased", token, words)
        # Where its mail went: what names a case follows no change of the file alone.
        plan.letters.append(replace(written, address=case.members[member.handle].address))
    plan.alarms.append(DONE)
