"""The cases that a member has, by name and where each stands: for `#cases`."""

from __future__ import annotations

from collections.abc import Iterable

from cocmail.core.case import Case
from cocmail.core.conflicts import exists_for
from cocmail.core.model import Member


def own_cases(member: Member, cases: Iterable[Case]) -> str:
    """One line a case that exists for this member, oldest first; it says so where there is none."""
    lines = [_line(member, case) for case in cases if exists_for(member, case)]
    return "\n".join(("Your cases:", "", *lines)) if lines else "You have no case."


def _line(member: Member, case: Case) -> str:
    done = case.proceedings
    said = [done.state.value]
    said += ["paused"] if done.paused else []
    said += ["urgent"] if done.urgent else []
    said += ["you own it"] if done.is_owner(member.handle) else []
    missing = [motion.label for motion in done.open_motions if member.handle not in motion.ballots]
    said += [f"your vote is missing: {', '.join(missing)}"] if missing else []
    return f"  [{case.code_name}]  {', '.join(said)}"
