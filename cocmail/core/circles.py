"""Two cases that go on as one have one circle of people, from then on and for good (`#merge`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocmail.core import places

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def keep(plan: Plan, case_id: str) -> None:
    """Who is out of a case is out of those that are one with it, as far as they are at hand."""
    for other_id in plan.cases[case_id].links.one_circle:
        if other_id in plan.cases:
            for handle in sorted(plan.cases[case_id].barred - plan.cases[other_id].barred):
                places.withhold(plan, other_id, handle, "inherited")
