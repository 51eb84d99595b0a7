"""What is due in a case, and what happens then: part of the oracle; it imports nothing of the program."""

from __future__ import annotations

from datetime import datetime

from property.admission import complete, remind, watch
from property.ballots import end, settle
from property.expected import Expected


def come_due(case: Expected, kind: str, number: int) -> None:
    match kind:
        case "question":
            end(case, case.questions[number])
        case "watch":
            watch(case)
        case "remind":
            remind(case)
        case "lapse":
            del case.challenges[number]
        case "check":
            case.asked_until = None
            complete(case)
            settle(case)


def due_in(case: Expected) -> list[tuple[datetime, str, int]]:
    ends = [(each.put_off or each.ends, "question", at) for at, each in enumerate(case.questions) if not each.result]
    lapses = [(each.until, "lapse", at) for at, each in enumerate(case.challenges)]
    others = ((case.remind_at, "remind"), (case.asked_until, "check"), (case.watch_at, "watch"))
    rounds = [(at, kind, 0) for at, kind in others if at]
    return ends + lapses + rounds
