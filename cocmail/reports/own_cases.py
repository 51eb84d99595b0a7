"""The cases that a member has, by name and where each stands: for `#cases`."""

from __future__ import annotations

from collections.abc import Iterable

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import exists_for, is_asked_by_name, level_of
from cocmail.core.model import Member


def own_cases(member: Member, cases: Iterable[Case]) -> str:
    """One line a case that exists for this member, oldest first; it says so where there is none."""
    every = list(cases)
    lines = [_line(member, case) for case in every if exists_for(member, case)]
    asked = [case.code_name for case in every if is_asked_by_name(member, case)]
    lines += [f"  [{name}]  asks whether you have a conflict of interest" for name in asked]
    return "\n".join(("Your cases:", "", *lines)) if lines else "You have no case."


def _line(member: Member, case: Case) -> str:
    done, level = case.proceedings, level_of(member, case)
    if level is not Level.FULL:
        return f"  [{case.code_name}]  {'you can talk' if level is Level.DISCUSS else 'you get the notes'}"
    said = [done.state.value]
    said += ["paused"] if done.paused else []
    said += ["urgent"] if done.urgent else []
    said += ["you own it"] if done.is_owner(member.handle) else []
    missing = [motion.label for motion in done.open_motions if member.handle not in (*motion.ballots, motion.about)]
    said += [f"your vote is missing: {', '.join(missing)}"] if missing else []
    return f"  [{case.code_name}]  {', '.join(said)}"
