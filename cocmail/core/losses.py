"""What a decision has taken from a case so far: members who are kept out of it from now on, and owners.

Those who are left are told how many, never who or why: the first line of their mail names who still has it. And where
an owner is gone, that, with the link to take the case up: what nobody takes care of is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cocmail.core.conflicts import counted
from cocmail.core.tags import ROWS

if TYPE_CHECKING:
    from cocmail.core.plan import Plan


def kept_out(plan: Plan, case_id: str) -> int:
    """From how many more of today's members a case is kept than before this decision; 0 for one that it opens."""
    before, case = plan.setting.known.cases.get(case_id), plan.cases[case_id]
    if before is None:
        return 0
    # Who had withdrawn, or was left with a part of it, was out before.
    return counted(plan.setting.committee, case, case.barred - before.barred)


def of_owners(plan: Plan, case_id: str) -> dict[str, bool]:
    """The words of `unowned.j2`. `owned`: an owner is gone by this decision; `unowned`: and there is none left.

    Neither where nobody could take the case up, as it is closed.
    """
    before, case = plan.setting.known.cases.get(case_id), plan.cases[case_id]
    had = before.proceedings.owners if before is not None else {}
    has = case.proceedings.owners
    gone = bool(set(had.values()) - set(has.values())) and case.proceedings.state in ROWS["own"].states
    return {"owned": gone, "unowned": gone and not has}
