"""What stands still and is brought to the admins' mind, once a day.

The rule: each alarm is looked at on its own, and one that cannot be looked at, as a record does not open, stands. What
is damaged must never be what keeps it from being told. To open every case takes seconds, in which no report could be
stored: `look` does it in a reading transaction, and `remind` decides again on the few that it found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from cocmail import maillog
from cocmail.commit import queue
from cocmail.core.case import Case
from cocmail.core.letters import to_admins
from cocmail.core.lifecycle import LIVE
from cocmail.core.unread import ALARM, came_back_from_all
from cocmail.doors import listing
from cocmail.errors import SealError
from cocmail.records import DAMAGED, case_that_opens, load_book
from cocmail.roster import Roster
from cocmail.store import asides, cases, notes, outbox, restored, spool
from cocmail.store.transaction import Tx

DELAYED = timedelta(hours=4)
TOLD_AT_ONCE = ("shunted", "parked", "nobody-reached", ALARM)
# RFC 3463, sections 3.2 and 3.3, and RFC 7505: what is wrong with the recipient's address. Others may be about us.
NO_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# No mail can say that none is sent.
LOGGED_ALONE = ("sends-nothing",)


def look(tx: Tx, alarm: str, roster: Roster, now: datetime) -> list[str] | None:
    """Whether a sort of trouble stands that nobody was reminded of today: None, or the ids of the cases that it is
    about, if it is about cases.
    """
    if _last_told(tx, alarm) == now.date().isoformat():
        return None
    of_cases = [case_id for case_id in cases.ids(tx, None) if _is_of(tx, alarm, case_id)] if alarm in _OF_CASES else []
    return of_cases if of_cases or _stands(tx, alarm, roster, now) else None


def remind(tx: Tx, alarm: str, roster: Roster, now: datetime, found: Collection[str] = ()) -> None:
    """One notice an admin and day for a sort of trouble that stands since before today. `found`: what `look` gave."""
    today = now.date().isoformat()
    last = _last_told(tx, alarm)
    if last == today or not (_still_found(tx, alarm, found) or _stands(tx, alarm, roster, now)):
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


def _is_of(tx: Tx, alarm: str, case_id: str) -> bool:
    return _OF_CASES[alarm](case_that_opens(tx, case_id))


def _still_found(tx: Tx, alarm: str, found: Collection[str]) -> bool:
    """Not what was read or erased since."""
    return bool(found) and any(_is_of(tx, alarm, case_id) for case_id in cases.ids(tx, None) if case_id in found)


def _stands(tx: Tx, alarm: str, roster: Roster, now: datetime) -> bool:
    try:
        return alarm in _LOOKS and _LOOKS[alarm](tx, roster, now)
    except DAMAGED as error:
        maillog.failed("reminder", error)
        return True


def _is_delayed(tx: Tx, roster: Roster, now: datetime) -> bool:
    waits_since = outbox.oldest(tx)
    return waits_since is not None and now - waits_since > DELAYED


def _is_damaged(tx: Tx, roster: Roster, now: datetime) -> bool:
    """A committee's book, or another small record. Raises what a book raises that does not open."""
    if notes.broken(tx):
        raise SealError("a note does not open")
    for committee in roster:
        load_book(tx, committee)
    return False


def is_to_be_mended(row: outbox.Waiting) -> bool:
    """Parked, but for an acknowledgement to a mailbox that is not there: it goes to whatever address a stranger named,
    and that is nobody's to mend. They were told once, and it is kept.
    """
    hopeless = row.kind == "ack" and (row.code or "").partition(" ")[2] in NO_MAILBOX
    return row.state == outbox.PARKED and not hopeless


def _is_unread(case: Case | None) -> bool:
    """Nobody has it, be it that nobody ever did, or that all have withdrawn before it was over."""
    if case is None:
        return False
    kept = any(place.level for place in case.members.values())
    over = case.was_read and case.proceedings.state not in LIVE
    return case.unreached and case.target is None and not kept and not over


_LOOKS: dict[str, Callable[[Tx, Roster, datetime], bool]] = {
    "shunted": lambda tx, roster, now: bool(spool.shunted(tx)),
    "postponed": lambda tx, roster, now: bool(spool.postponed(tx)),
    "parked": lambda tx, roster, now: any(map(is_to_be_mended, outbox.listing(tx))),
    "delayed": _is_delayed,
    "damaged": _is_damaged,
    "sends-nothing": lambda tx, roster, now: restored.sends_nothing(tx),
    "unlisted": lambda tx, roster, now: asides.has_any(tx) and listing.has_unlisted(tx, roster, now),
}
# What a case has that the trouble is about; None is one that does not open.
_OF_CASES: dict[str, Callable[[Case | None], bool]] = {
    "nobody-reached": _is_unread,
    ALARM: lambda case: case is not None and came_back_from_all(case),
    "damaged": lambda case: case is None,
}
ALARMS = tuple(dict.fromkeys((*_LOOKS, *_OF_CASES)))
