"""Who reads a new case, and who steps in when nobody may (contract, section 3, rules 7 and 8).

Pure selection: screening says who must not, the policy says who would, this says who does.
"""

from __future__ import annotations

from collections.abc import Collection

from cocmail.core.model import Committee, Member, Role, TransferTarget

DEFAULT_TRIAGE = 2


def first_readers(committee: Committee, audience: str, only: Collection[str], barred: Collection[str]) -> list[Member]:
    """The members who get a new case at once, in the roster's order.

    `audience` is committee, triage, one (then `only` are the handles) or escrow (nobody).
    """
    if audience == "escrow":
        return []
    if audience == "one":
        return [member for member in committee.members if member.handle in only and member.handle not in barred]
    if audience == "triage" or committee.policy["intake.first_recipients"] == "triage":
        return triage(committee, barred)
    roles = {Role.PRIMARY}
    if committee.policy["intake.first_recipients"] == "all":
        roles.add(Role.ALTERNATE)
    return [member for member in committee.members if member.role in roles and member.handle not in barred]


def triage(committee: Committee, barred: Collection[str]) -> list[Member]:
    """The watchers: `triage.order` (the primary members, where it is left out) without the barred, as many as watch."""
    configured = committee.triage_size or committee.policy.get("intake.triage_watchers")
    size = configured if isinstance(configured, int) and configured > 0 else DEFAULT_TRIAGE
    primary = [member.handle for member in committee.members if member.role is Role.PRIMARY]
    order = dict.fromkeys((*committee.triage_order, *primary))
    found = [committee.member(handle) for handle in order if handle not in barred]
    return [member for member in found if member is not None][:size]


def stand_ins(committee: Committee, barred: Collection[str], present: Collection[str]) -> list[Member]:
    """Who steps in when the ones present are too few: alternates who are not barred.

    A mediator is a third party (domain R26) and comes only where there is nobody else at all.
    """
    for role in (Role.ALTERNATE,) if present else (Role.ALTERNATE, Role.MEDIATOR):
        found = [
            member
            for member in committee.members
            if member.role is role and member.handle not in barred and member.handle not in present
        ]
        if found:
            return found
    return []


def transfer_target(committee: Committee) -> TransferTarget | None:
    """The first target that agreed to confidentiality (domain R12); others are never handed anything."""
    return next((target for target in committee.transfer_targets if target.confidentiality_agreed is not None), None)


def minimum(committee: Committee, audience: str) -> int:
    """How many members must be able to read a case before stand-ins are called, and to vote on it.

    A case for one member, or for the watchers, is complete with one.
    """
    if audience in ("one", "triage"):
        return 1
    value = committee.policy.get("conflict.minimum.cleared", 1)
    return value if isinstance(value, int) else 1
