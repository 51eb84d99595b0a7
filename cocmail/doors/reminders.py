"""What stands still and is brought to the admins' mind, once a day.

The rule: each alarm is looked at on its own, and one that cannot be looked at, as a record does not open, stands. What
is damaged must never be what keeps it from being told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cocmail import maillog
from cocmail.commit import queue
from cocmail.core.case import Case
from cocmail.core.letters import to_admins
from cocmail.core.lifecycle import LIVE
from cocmail.doors import listing
from cocmail.errors import SealError
from cocmail.records import DAMAGED, case_that_opens, load_book
from cocmail.roster import Roster
from cocmail.store import asides, cases, notes, outbox, restored, spool
from cocmail.store.transaction import Tx

DELAYED = timedelta(hours=4)
TOLD_AT_ONCE = ("shunted", "parked", "nobody-reached")
# No mail can say that none is sent.
LOGGED_ALONE = ("sends-nothing",)


def remind(tx: Tx, alarm: str, roster: Roster, now: datetime) -> None:
    """One notice an admin and day for a sort of trouble that stands since before today."""
    today = now.date().isoformat()
    last = _last_told(tx, alarm)
    if last == today or not _stands(tx, alarm, roster, now):
        return
    notes.keep(tx, f"reminded {alarm}", today.encode())
    # What is told when it happens is not told twice on its first day.
    if alarm not in LOGGED_ALONE and (last or alarm not in TOLD_AT_ONCE):
        queue(tx, to_admins(roster.admins, alarm, today), roster.first, now)
    maillog.alarmed(alarm)


def _last_told(tx: Tx, alarm: str) -> str:
    try:
        return (notes.kept(tx, f"reminded {alarm}") or b"").decode()
    except DAMAGED:
        # On some day that nobody knows any more. Better told twice than not.
        return "damaged"


def _stands(tx: Tx, alarm: str, roster: Roster, now: datetime) -> bool:
    try:
        return _LOOKS[alarm](tx, roster, now)
    except DAMAGED as error:
        maillog.failed("reminder", error)
        return True


def _is_delayed(tx: Tx, roster: Roster, now: datetime) -> bool:
    waits_since = outbox.oldest(tx)
    return waits_since is not None and now - waits_since > DELAYED


def _is_damaged(tx: Tx, roster: Roster, now: datetime) -> bool:
    """A case, a committee's book, or another small record. Raises what a book raises that does not open."""
    if notes.broken(tx):
        raise SealError("a note does not open")
    for committee in roster:
        load_book(tx, committee)
    return any(case_that_opens(tx, case_id) is None for case_id in cases.ids(tx, None))


def _is_unread(case: Case) -> bool:
    """Nobody has it, be it that nobody ever did, or that all have withdrawn before it was over."""
    kept = any(place.level for place in case.members.values())
    over = case.was_read and case.proceedings.state not in LIVE
    return case.unreached and case.target is None and not kept and not over


def _is_nobody_reached(tx: Tx, roster: Roster, now: datetime) -> bool:
    every = (case_that_opens(tx, case_id) for case_id in cases.ids(tx, None))
    return any(case is not None and _is_unread(case) for case in every)


_LOOKS: dict[str, Callable[[Tx, Roster, datetime], bool]] = {
    "shunted": lambda tx, roster, now: bool(spool.shunted(tx)),
    "postponed": lambda tx, roster, now: bool(spool.postponed(tx)),
    "parked": lambda tx, roster, now: any(row.state == outbox.PARKED for row in outbox.listing(tx)),
    "delayed": _is_delayed,
    "nobody-reached": _is_nobody_reached,
    "damaged": _is_damaged,
    "sends-nothing": lambda tx, roster, now: restored.sends_nothing(tx),
    "unlisted": lambda tx, roster, now: asides.has_any(tx) and listing.has_unlisted(tx, roster, now),
}
ALARMS = tuple(_LOOKS)
