"""What the members are told of a store that was put back to an earlier state.

The rule: cocmail cannot know what was lost; they do. So they are told of when the state is, what to do again, and how
long the cases of before are kept quiet for it.
"""

from __future__ import annotations

from datetime import datetime

from cocmail.core.classify import Reason
from cocmail.core.deadlines import minute
from cocmail.core.effects import Decision
from cocmail.core.plan import Plan
from cocmail.core.setting import Setting


def tell_restored(setting: Setting, taken_at: datetime, restored_at: datetime, quiet_until: datetime) -> Decision:
    """One notice to each member, outside of any case."""
    plan = Plan(setting)
    until = minute(quiet_until) if quiet_until > setting.now else ""
    for member in setting.committee.members:
        words = {"of": minute(taken_at), "until": until}
        plan.write(member, "restored", f"restored {restored_at.isoformat()}", words)
    return plan.finish(Reason.NO_MESSAGE)
