"""A member's place in one case, as a fold of what happened to it.

The rule: once somebody is out, only the others' decision brings them back (`MemberRestored`, `MemberAsked` that lifts,
`AccessLimited`); being let in for any other reason does not. What a place lets its member see is answered elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, IntEnum

from cocmail.core.events import (
    AccessLimited,
    ConflictDenied,
    MemberAdmitted,
    MemberAsked,
    MemberLeft,
    MemberMoved,
    MemberPaused,
    MemberRecused,
    MemberRestored,
    MemberResumed,
    MemberWithheld,
    PartiesShown,
)

AccessEvent = (
    AccessLimited
    | ConflictDenied
    | MemberAdmitted
    | MemberAsked
    | MemberLeft
    | MemberMoved
    | MemberPaused
    | MemberRecused
    | MemberRestored
    | MemberResumed
    | MemberWithheld
    | PartiesShown
)


class Standing(Enum):
    """What a member is to one case. A member who is in no event of it has no standing at all."""

    CLEARED = "cleared"
    LIMITED = "limited"
    ASKED = "asked"
    RECUSED = "recused"
    WITHHELD = "withheld"
    LEFT = "left"


class Level(IntEnum):
    """How much of a case somebody may have: nothing, what was noted, report and talk too, or everything."""

    NONE = 0
    SUMMARY = 1
    DISCUSS = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class Access:
    """One member's place in one case.

    `address` is where the access (or the question) was given, `name` who had the handle then. `had`: there was access
    at some time. `conflict` is hard, soft, forced or "". `until`, `number`, `staged` and `shown` belong to the
    conflict question; `since` is from which entry on somebody who was new has the others' talk.
    """

    standing: Standing
    address: str = ""
    why: str = ""
    name: str = ""
    paused_until: datetime | None = None
    stated_clear: bool = False
    had: bool = False
    conflict: str = ""
    limit: Level = Level.NONE
    until: datetime | None = None
    number: int = 0
    since: int = 0
    staged: bool = False
    shown: bool = False

    @property
    def level(self) -> Level:
        """How much the standing gives."""
        if self.standing is Standing.CLEARED:
            return Level.FULL
        return self.limit if self.standing is Standing.LIMITED else Level.NONE


# Out by their own word or the others', at least of a part; by that or by the screening; and by having left.
STEPPED_BACK = frozenset({Standing.RECUSED, Standing.LIMITED})
KEPT_OUT = STEPPED_BACK | {Standing.WITHHELD}
OUT = KEPT_OUT | {Standing.LEFT}


def after(before: Access | None, event: AccessEvent) -> Access:
    """The place after one more event."""
    match event:
        case MemberAdmitted() | MemberRestored() | MemberAsked():
            return _let_in(before, event)
        case MemberWithheld() | MemberRecused() | MemberLeft():
            return _let_out(before, event)
        case AccessLimited():
            return _limited(before, event)
    if before is None:
        # A statement, a pause or a move of somebody without standing gives none.
        return Access(Standing.WITHHELD, why="inherited")
    match event:
        case MemberPaused():
            return replace(before, paused_until=datetime.fromisoformat(event.until))
        case MemberResumed():
            return replace(before, paused_until=None)
        case ConflictDenied():
            return replace(before, stated_clear=True)
        case PartiesShown():
            return replace(before, shown=True)
        case MemberMoved():
            return replace(before, address=event.address)


def _let_in(before: Access | None, event: MemberAdmitted | MemberRestored | MemberAsked) -> Access:
    stated, had = (before.stated_clear, before.had) if before else (False, False)
    match event:
        case MemberRestored():
            return Access(Standing.CLEARED, event.address, "restored", event.name, stated_clear=True, had=True)
        case MemberAdmitted():
            if before is not None and before.standing in OUT:
                return before
            number = before.number if before is not None else 0
            let_in = Access(Standing.CLEARED, event.address, event.why, event.name, stated_clear=stated, had=True)
            return replace(let_in, number=number)
        case MemberAsked():
            if before is not None and before.standing is not Standing.ASKED and not event.lifts:
                return before
            return Access(
                Standing.ASKED,
                event.address,
                "lifted" if event.lifts else "asked",
                event.name,
                had=had,
                until=datetime.fromisoformat(event.until) if event.until else None,
                number=event.number,
                staged=event.staged,
                shown=before.shown if before is not None and not event.lifts else False,
                # Whoever asks again does not end what the member has not confirmed yet.
                paused_until=before.paused_until if before is not None else None,
            )


def _let_out(before: Access | None, event: MemberWithheld | MemberRecused | MemberLeft) -> Access:
    kept = before or Access(Standing.WITHHELD)
    kept = replace(kept, limit=Level.NONE, paused_until=None, stated_clear=False)
    match event:
        case MemberWithheld():
            kept = replace(kept, name=event.name or kept.name, address=kept.address or event.address)
            return replace(kept, standing=Standing.WITHHELD, why=event.why, conflict=event.conflict)
        case MemberRecused():
            return replace(kept, standing=Standing.RECUSED, why=event.conflict, conflict=event.conflict)
        case MemberLeft():
            return replace(kept, standing=Standing.LEFT, why="left")


def _limited(before: Access | None, event: AccessLimited) -> Access:
    level = Level[event.level.upper()]
    kept = before or Access(Standing.WITHHELD)
    return replace(
        kept,
        standing=Standing.LIMITED if level else Standing.RECUSED,
        address=event.address or kept.address,
        name=event.name or kept.name,
        conflict="soft",
        limit=level,
        had=kept.had or level > Level.NONE,
    )
