"""The reporter's wish about mail from us: `#optout` and `#optin` (domain R52)."""

from __future__ import annotations

from collections.abc import Iterable

from cocmail.core import acts
from cocmail.core.commands.call import Call, Line, done, unchanged
from cocmail.core.model import REPORTER


def optout(call: Call) -> Line:
    """The reporter wants no more mail: none is written, what is queued goes."""
    if call.case.proceedings.opted_out:
        return unchanged("optout-again", undo="#optin")
    call.plan.add(call.case_id, acts.ReporterAsked(call.member.handle, call.at, wants=False))
    for address in _addresses(call):
        call.plan.cancelled.append((call.case_id, REPORTER, address))
    call.tell_others("optout")
    return done("optout", undo="#optin")


def _addresses(call: Call) -> Iterable[str]:
    return sorted(call.case.given.get(str(REPORTER), frozenset()))


def optin(call: Call) -> Line:
    """The reporter wants to hear from us again."""
    if not call.case.proceedings.opted_out:
        return unchanged("optin-again", undo="#optout")
    call.plan.add(call.case_id, acts.ReporterAsked(call.member.handle, call.at, wants=True))
    call.tell_others("optin")
    return done("optin", undo="#optout")
