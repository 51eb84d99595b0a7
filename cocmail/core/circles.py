"""Cases that go on as one have one circle of people, from then on and for good (`#merge`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocmail.core import losses, places, vacancies
from cocmail.core.conflicts import readers

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def keep(plan: Plan, case_id: str) -> None:
    """Who is out of one of them is out of all. Where that leaves too few, others are called."""
    circle = plan.circle(case_id)
    out = frozenset[str]().union(*(case.barred for case in circle))
    for case in circle:
        had = {member.handle for member in readers(plan.setting.committee, case)}
        for handle in sorted(out - case.barred):
            places.withhold(plan, case.id, handle, "inherited")
        places.pass_on_reserved(plan, case.id)
        if had & (out - case.barred):
            vacancies.complete(plan, case.id)
            owners = losses.of_owners(plan, case.id)
            if owners["owned"] and case.id != case_id:
                # What did it is told in the other one's thread.
                about = f"unowned {len(case.proceedings.motions)} {' '.join(sorted(out))}"
                places.tell(plan, case.id, about, "unowned", owners)
