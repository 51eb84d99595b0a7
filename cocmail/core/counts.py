"""What is counted of a case when it is over, and kept when its content is gone (domain R75, "Take counts at close").

The rule: no name, no day, no id that leads to a person or a text. Months, and words of closed lists.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from cocmail.core.case import Case
from cocmail.core.clocks import OVER
from cocmail.core.lifecycle import State

UNRESOLVED, SEALED = "unresolved", "sealed"


@dataclass(frozen=True, slots=True)
class Count:
    """One case. `reported` and `closed` are months (2026-11); `result` is violation, no-violation, no-action, spam,
    question, unresolved (erased before its end) or sealed; `scope` is in, out, unsure or "".

    `overdue`: a promise to the reporter was not kept in time. `reopened`: it was taken up again at least once.
    """

    reported: str
    closed: str
    result: str
    scope: str = ""
    overdue: bool = False
    reopened: bool = False


def count_of(case: Case, month: str) -> Count | None:
    """How a case counts that is over in that month; None for a matter of the committee, which is no report."""
    if case.audience == "matter":
        return None
    done = case.proceedings
    ends = [fact.value for fact in done.facts if fact.what in ("resolved", "dismissed")]
    over = done.state in (State.RESOLVED, State.DISMISSED) and bool(ends)
    result = ends[-1] if over else SEALED if done.state is State.ESCROWED else UNRESOLVED
    late = any(stage >= OVER for key, stage in done.reminded.items() if key.split(" ")[0] in _TO_REPORTER)
    reported = case.opened_at.strftime("%Y-%m") if case.opened_at is not None else ""
    return Count(reported, month, result, done.scope, late, done.times_reopened > 0)


_TO_REPORTER = frozenset({"ack", "status", "follow-up"})


def encode_count(count: Count) -> bytes:
    """A count as JSON."""
    return json.dumps(asdict(count)).encode()


def decode_count(data: bytes) -> Count:
    """The count that `encode_count` wrote, also one with fields of a later release."""
    values = json.loads(data)
    return Count(**{name: values[name] for name in Count.__dataclass_fields__ if name in values})
