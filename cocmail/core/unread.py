"""A report whose letters mail servers took, and sent back from everybody who was to get it.

The rule: a letter that left is no reader. As long as one of those who have the case may have got it, or anybody of them
was heard of since, it is theirs; else somebody outside the case has to know, who learns that there is such a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.handing import LetterCameBack, MemberHeard
from cocmail.core.letters import forward_id, letter_id
from cocmail.core.model import Member, Person, member_person

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

ALARM = "all-came-back"


def came_back_from_all(case: Case) -> bool:
    """Whether the letters with a message of the case came back from everybody who has it, and none of them wrote
    since. Where nobody has it at all: False, that is another trouble (`handover`).
    """
    return any(map(all, _who_got_it(case)))


def _who_got_it(case: Case) -> Iterator[Iterator[bool]]:
    """For each message of the case, of each who was to get it, whether it came back and they were silent since."""
    refused = {each.letter for each in case.proceedings.outward.refused if each.back}
    for number, entry in enumerate(case.entries):
        wrote = {each.author for each in case.entries[number:]}
        having = {
            handle: place.address
            for handle, place in case.members.items()
            if place.level >= Level.DISCUSS and not entry.is_kept_from(handle)
        }
        if having:
            yield (
                member_person(handle) not in wrote and (entry.id, handle, address) in case.came_back
                for handle, address in having.items()
            )
        elif case.target is not None:
            target = case.target.target
            back = letter_id(case.id, entry.id, "transfer", target) in refused
            yield iter([back and Person("third", target) not in wrote])


def came_back(plan: Plan, case_id: str, letter: str, person: Person, address: str) -> None:
    """A letter of the case to a member came back from that address. Other letters than those with a message of the case
    tell of something that can be asked for again, and change nothing.
    """
    case = plan.cases[case_id]
    entry = next((each.id for each in case.entries if forward_id(case, each.id, person) == letter), "")
    if entry:
        plan.add(case_id, LetterCameBack(entry, person.handle, address))
        alarm_if_from_all(plan, case)


def alarm_if_from_all(plan: Plan, before: Case) -> None:
    """At once, when the last one of those letters has come back; `before` is the case as it was until then."""
    if came_back_from_all(plan.cases[before.id]) and not came_back_from_all(before):
        plan.alarms.append(ALARM)


def heard_of(plan: Plan, case_id: str, member: Member) -> None:
    """A member did something in the case, so they know of it, whatever came back from them before."""
    if any(handle == member.handle for _, handle, _ in plan.cases[case_id].came_back):
        plan.add(case_id, MemberHeard(member.handle))
