"""What tags do: one function a tag, by the tag's name.

`tags.TABLE` says how a tag is written, who may use it and when; that is checked before these are called.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocmail.core.commands import (
    access,
    apologies,
    conflict,
    evaluation,
    follow_up,
    jurisdiction,
    parties,
    record,
    service,
    views,
    voting,
    writing,
)
from cocmail.core.commands.call import Command

COMMANDS: Mapping[str, Command] = {
    "clear": access.clear,
    "recuse": access.recuse,
    "unrecuse": access.unrecuse,
    "party": parties.party,
    "check": parties.check,
    "challenge": conflict.challenge,
    "limit": conflict.limit,
    "ask": conflict.ask,
    "own": evaluation.own,
    "assign": evaluation.assign,
    "handoff": evaluation.handoff,
    "risk": evaluation.risk,
    "scope": evaluation.scope,
    "urgent": evaluation.urgent,
    "note": record.remark,
    "plan": record.remark,
    "consequence": record.remark,
    "actions": record.actions,
    "meet": follow_up.meet,
    "obligation": follow_up.obligation,
    "done": follow_up.done_,
    "apology": apologies.apology,
    "transfer": jurisdiction.transfer,
    "disclose": jurisdiction.disclose,
    "motion": voting.motion,
    "vote": voting.vote,
    "object": voting.object_,
    "withdraw": voting.withdraw,
    "reporter": writing.draft,
    "reported": writing.reported,
    "contact": writing.contact,
    "send": writing.send,
    "status": evaluation.status,
    "resolve": evaluation.resolve,
    "reopen": evaluation.reopen,
    "notreport": evaluation.notreport,
    "optout": writing.optout,
    "optin": writing.optin,
    "show": views.show,
    "doc": views.doc,
    "cases": views.cases,
    "sheet": views.sheet,
    "committee": views.committee,
    "stay": service.stay,
    "leave": service.leave,
    "away": service.away,
    "help": views.help_,
}
