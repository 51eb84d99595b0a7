"""Who reads a new case, and who steps in when nobody may (contract, section 3, rules 7 and 8).

Pure selection: screening says who must not, the policy says who would, this says who does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from cocmail.core.access import KEPT_OUT
from cocmail.core.case import Case
from cocmail.core.model import Committee, Member, Role, TransferTarget

DEFAULT_TRIAGE = 2
_MONDAY = date(1970, 1, 5)
_TRANSFER = "transfer:"


def is_check_first(committee: Committee) -> bool:
    """Whether the members are asked about conflicts before they read anything."""
    return committee.policy.get("intake.distribution") == "check_first"


def first_readers(
    committee: Committee, audience: str, only: Collection[str], barred: Collection[str], today: date
) -> list[Member]:
    """The members who get a new case at once, in the roster's order.

    `audience` is committee, triage, one (then `only` are the handles) or escrow (nobody).
    """
    if audience == "escrow":
        return []
    if audience == "one":
        return [member for member in committee.members if member.handle in only and member.handle not in barred]
    if audience == "triage" or committee.policy["intake.first_recipients"] == "triage" or is_check_first(committee):
        return triage(committee, barred, today)
    roles = {Role.PRIMARY}
    if committee.policy["intake.first_recipients"] == "all":
        roles.add(Role.ALTERNATE)
    return [member for member in committee.members if member.role in roles and member.handle not in barred]


def triage(committee: Committee, barred: Collection[str], today: date) -> list[Member]:
    """The watchers of the day: `triage.order` (the primary members, where it is left out), as many as watch.

    With rotation the order begins elsewhere each week. The barred are passed over, and who is away, unless nobody else
    is there.
    """
    configured = committee.triage_size or committee.policy.get("intake.triage_watchers")
    size = configured if isinstance(configured, int) and configured > 0 else DEFAULT_TRIAGE
    primary = [member.handle for member in committee.members if member.role is Role.PRIMARY]
    first = list(committee.triage_order or primary)
    if committee.triage_rotation is not None and first:
        turn = (today - _MONDAY).days // 7 * size % len(first)
        first = first[turn:] + first[:turn]
    order = dict.fromkeys((*first, *primary))
    known = (committee.member(handle) for handle in order if handle not in barred)
    found = [member for member in known if member is not None]
    present = [member for member in found if not member.is_away(today)]
    return (present or found)[:size]


def stand_ins(committee: Committee, role: Role, barred: Collection[str], present: Collection[str]) -> list[Member]:
    """The members of a role who can step in: not barred, and not there already."""
    return [
        member
        for member in committee.members
        if member.role is role and member.handle not in barred and member.handle not in present
    ]


def named_target(committee: Committee) -> TransferTarget | None:
    """The body to which the procedure hands a case that all are conflicted in, if it names one that has agreed."""
    knob = str(committee.policy.get("conflict.all_conflicted") or "")
    named = knob.removeprefix(_TRANSFER) if knob.startswith(_TRANSFER) else None
    return next((target for target in agreed_targets(committee) if target.name == named), None)


def transfer_target(committee: Committee) -> TransferTarget | None:
    """The target of the procedure, else the first that agreed to confidentiality (domain R12); others get nothing."""
    return named_target(committee) or next(iter(agreed_targets(committee)), None)


def agreed_targets(committee: Committee) -> list[TransferTarget]:
    """The bodies that have agreed to confidentiality: no other one is handed anything (domain R12)."""
    return [target for target in committee.transfer_targets if target.confidentiality_agreed is not None]


def minimum(committee: Committee, audience: str) -> int:
    """How many members must be able to read a case before stand-ins are called, and to vote on it.

    A case for one member, or for the watchers, is complete with one; so is a matter of the committee itself.
    """
    if audience in ("one", "triage", "matter"):
        return 1
    return _number(committee, "cleared", 1)


def _number(committee: Committee, name: str, otherwise: int) -> int:
    value = committee.policy.get(f"conflict.minimum.{name}", otherwise)
    return value if isinstance(value, int) else otherwise


def is_below_quota(committee: Committee, case: Case) -> bool:
    """Whether too few primary members are without a hard conflict, or without any (domain B, `minimum`).

    Where this is so, the procedure wants the case handed over rather than decided.
    """
    if case.audience in ("one", "matter"):
        return False
    primary = [member.handle for member in committee.members if member.role is Role.PRIMARY]
    out = case.with_standing(*KEPT_OUT)
    hard = {handle for handle in out if case.members[handle].conflict != "soft"}
    no_hard = sum(1 for handle in primary if handle not in hard)
    no_conflict = sum(1 for handle in primary if handle not in out)
    return no_hard < _number(committee, "no_hard", 0) or no_conflict < _number(committee, "no_conflict", 0)


def suffice(committee: Committee, case: Case, kind: str, voting: Collection[str]) -> bool:
    """Whether those who can vote are enough for a question of that kind."""
    if kind != "outcome":
        return bool(voting)
    found = [committee.member(handle) for handle in voting]
    if found and all(member is not None and member.role is Role.MEDIATOR for member in found):
        # The third party stands in for a committee that is out as a whole.
        return True
    return len(voting) >= minimum(committee, case.audience) and not is_below_quota(committee, case)
