"""What a committee's procedure, its file, or the kind of a case has no room for, whoever asks and whenever.

The rule: what is refused by this is not offered either; both read it here.
"""

from __future__ import annotations

from cocmail.core.case import Case
from cocmail.core.commands.call import Line, refuse
from cocmail.core.model import Committee
from cocmail.core.readers import agreed_targets

# In a matter of the committee itself there is no reporter, and nothing that is another body's.
_OF_REPORTS = frozenset({"check", "notreport", "transfer", "disclose"})


def never(committee: Committee, case: Case, name: str) -> Line | None:
    """Why the tag of that name cannot be used in this case by anybody, or None."""
    if (name in _OF_REPORTS and case.audience == "matter") or (name == "check" and case.audience != "committee"):
        return refuse("not-checked", audience=case.audience)
    kinds = committee.policy.get("conflict.kinds")
    if name == "challenge" and committee.policy.get("conflict.forced") != "unanimous_others":
        return refuse("no-challenge")
    if name == "limit" and not (isinstance(kinds, tuple) and "soft" in kinds):
        return refuse("no-soft")
    # What was asked for before the file lost its targets can still be taken back.
    asked = any(each.kind == "transfer" for each in case.proceedings.outward.requests)
    if name == "transfer" and not agreed_targets(committee) and not asked:
        return refuse("no-such-target", names=[])
    return None
