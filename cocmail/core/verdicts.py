"""What follows from a question's result: who is out, back, limited or asked; who is no member any more.

The rule: people decided it by vote, this carries it out and nothing else. Only a majority that says no puts somebody
back who stated a conflict; silence, a tie or a cancelled question leave them out (promise 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cocmail.core import checks, letters, losses, places, vacancies
from cocmail.core.access import STEPPED_BACK, Level, Standing
from cocmail.core.conflicts import is_person, readers
from cocmail.core.events import AccessLimited, MemberRecused
from cocmail.core.model import Member, member_person
from cocmail.core.motions import Motion

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def follow(plan: Plan, case_id: str, number: int) -> None:
    """Carry out what a closed question means for the member whom it is about; nothing for all others."""
    motion = plan.cases[case_id].proceedings.motion(number)
    member = plan.setting.committee.member(motion.about) if motion is not None else None
    if motion is None or member is None:
        return
    place = plan.cases[case_id].members.get(motion.about)
    if place is not None and (place.standing is Standing.LEFT or not is_person(member, place)):
        # The handle is somebody else's by now.
        return
    act = _ACTS.get(motion.meaning)
    if act is not None:
        act(plan, case_id, member, motion)


def _confirmed(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    """The conflict stands. A soft one leaves what the procedure says, until the others settle something else."""
    left = str(plan.setting.committee.policy.get("conflict.soft_default") or "none")
    if motion.asks == "confirm-soft" and left != "none" and _is_out(plan, case_id, member):
        limit(plan, case_id, member, left)


def _back(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    if not _is_out(plan, case_id, member):
        return
    places.restore(plan, case_id, member)
    _tell(plan, case_id, member, "restored")


def _is_out(plan: Plan, case_id: str, member: Member) -> bool:
    """Still out by their own word: what was asked meanwhile may have settled it, or another reason come up."""
    place = plan.cases[case_id].members.get(member.handle)
    return place is not None and place.standing in STEPPED_BACK


def _forced(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    plan.add(case_id, MemberRecused(member.handle, "forced"))
    plan.bar(case_id, member.handle)
    vacancies.complete(plan, case_id)
    _tell(plan, case_id, member, "forced")
    plan.write(member, "forced_out", f"{case_id} {motion.label}", {"case_name": places.name_for(plan, case_id, member)})


def _resumed(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    """The challenge is over: what waited goes out."""
    plan.unbar(case_id, member.handle)


def _limited(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    place = plan.cases[case_id].members.get(member.handle)
    if place is not None and place.conflict == "soft" and place.level is not Level.FULL:
        limit(plan, case_id, member, motion.asks.removeprefix("limit-"))


def limit(plan: Plan, case_id: str, member: Member, level: str) -> None:
    """Leave that much of a case to a member with a soft conflict; who may talk gets what was said so far."""
    before, address = plan.cases[case_id].members[member.handle], places.address_of(plan, case_id, member)
    plan.add(case_id, AccessLimited(member.handle, level, address, member.name))
    if level == "none":
        plan.bar(case_id, member.handle)
        return
    plan.issue(case_id, member_person(member.handle), address)
    case = plan.cases[case_id]
    committee = plan.setting.committee
    words = {"level": level, "names": [reader.name for reader in readers(committee, case)]}
    about = f"limited {level} {len(case.proceedings.motions)}"
    plan.letters.append(letters.notice(committee, case, member, about, "limited", words, need=Level.SUMMARY))
    if level == "discuss" and before.level is not Level.DISCUSS:
        places.catch_up(plan, case_id, member, [entry for entry in case.entries if entry.kind != "record"])


def _asked(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    """Somebody who was kept out, or never asked, is asked now; their own word opens the case."""
    place = plan.cases[case_id].members.get(member.handle)
    barred = places.is_kept_out_for_good(member, plan.cases[case_id])
    if not barred and (place is None or place.standing not in (Standing.CLEARED, Standing.RECUSED)):
        checks.put(plan, case_id, [member], lifts=True)


def _removed(plan: Plan, case_id: str, member: Member, motion: Motion) -> None:
    """Access to everything ends with this decision, before anybody writes to them (CHAOSS, "Off-boarding")."""
    committee = plan.setting.committee
    plan.book = plan.book.with_departure(member, "removed", plan.setting.now)
    plan.alarms.append("roster-behind")
    words = {"name": member.name, "address": member.email}
    for reader in readers(committee, plan.cases[case_id]):
        said = {**words, "chair": committee.sees_to(reader.handle, member.handle)}
        plan.letters.append(letters.notice(committee, plan.cases[case_id], reader, "removed", "removed", said))


def _tell(plan: Plan, case_id: str, member: Member, what: str) -> None:
    """The others are told of what changed by the vote."""
    about = f"{what} {member.handle} {len(plan.cases[case_id].proceedings.motions)}"
    words = {"what": what, "name": member.name, **losses.of_owners(plan, case_id)}
    places.tell(plan, case_id, about, "changed", words, but={member.handle})


_ACTS: Mapping[str, Callable[[Plan, str, Member, Motion], None]] = {
    "confirm": _confirmed,
    "rejected": _back,
    "restore": _back,
    "force": _forced,
    "not-force": _resumed,
    "limit": _limited,
    "lift": _asked,
    "remove": _removed,
}
