"""How the reporter of a case can be reached: by mail, through the one member who knows who it is, or not at all."""

from __future__ import annotations

from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.conflicts import level_of
from cocmail.core.model import Committee, Member


def relay(committee: Committee, case: Case) -> Member | None:
    """The member who passes letters on to an anonymous reporter, where the procedure keeps that way (domain R65, R66).

    Only as long as they have the case: a letter tells of it.
    """
    if not case.anonymous or committee.policy.get("reporter.anonymous") != "via_member":
        return None
    member = committee.member(case.told_by)
    return member if member is not None and level_of(member, case) is Level.FULL else None


def can_reach(committee: Committee, case: Case) -> bool:
    """Whether anything can be told to the reporter, who may not want it."""
    reporter = case.reporter
    return (reporter is not None and bool(reporter.address)) or relay(committee, case) is not None
