"""What the outbox tells a case: of letters that no server took, and of members whom mail of the case does not reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from cocmail import maillog
from cocmail.commit import carry_out, person_keys, queue
from cocmail.core import undelivered
from cocmail.core.book import in_force
from cocmail.core.case import Case
from cocmail.core.conflicts import readers
from cocmail.core.effects import Decision, Letter, decode_letter
from cocmail.core.letters import to_admins
from cocmail.core.model import Committee, member_person
from cocmail.core.setting import Known, Setting
from cocmail.mail.draw import SystemDraw
from cocmail.records import DAMAGED, case_in_force
from cocmail.returns import last_came_back
from cocmail.roster import Roster
from cocmail.store import notes, outbox
from cocmail.store.transaction import Tx

# The mails in which who has a case reads that somebody is not reached: what they are waiting for may never come.
TELLING = frozenset({"deadline", "vote", "tally"})

# Notices of what is parked: one an hour.
TOLD_AGAIN = timedelta(hours=1)

_DRAW = SystemDraw()


def letter_of(row: outbox.OutRow) -> tuple[str, Letter] | None:
    """The committee and the letter of a claimed row; None for one that cannot be read: damaged, or a bug's work, or
    another release's.
    """
    try:
        return decode_letter(row.payload)
    except Exception as error:
        maillog.failed("outbox", error)
        return None


def park(tx: Tx, roster: Roster, row: outbox.OutRow, code: str, now: datetime) -> None:
    """A letter is given up, whatever is in it. The admins are told without content, and those who have its case of one
    to somebody outside.
    """
    committee_id, letter = letter_of(row) or ("", None)
    outside = letter is not None and _is_outside(letter)
    told = _decided(tx, roster, letter, now, undelivered.refused) if letter is not None and outside else None
    outbox.park(tx, row.id, code)
    if letter is not None and told is not None:
        carry_out(tx, *told, roster.admins, f"{letter.case_id} {letter.id}", now)
    committee = roster.committee(committee_id) or roster.first
    if letter is None:
        # It may be a notice to an admin, about which nobody is told again: of that they hear once a day.
        queue(tx, to_admins(roster.admins, "parked", f"unreadable {now.date().isoformat()}"), committee, now)
    elif letter.to.kind != "admin":
        _tell_admins(tx, roster, committee, now)


def _tell_admins(tx: Tx, roster: Roster, committee: Committee, now: datetime) -> None:
    """At once, and then once an hour at most: what is refused of one report is refused of all its letters."""
    told = _last_told(tx)
    since = now - told if told is not None else TOLD_AGAIN
    if -TOLD_AGAIN <= since < timedelta():
        # The notice that is to leave says to look at the queue: this one is there as well.
        return
    # A clock that was set back by more must not silence it.
    due = told + TOLD_AGAIN if told is not None and timedelta() <= since < TOLD_AGAIN else now
    notes.keep(tx, "told parked", due.isoformat().encode())
    letters = to_admins(roster.admins, "parked", due.isoformat())
    queue(tx, [replace(each, due=due) for each in letters], committee, now)


def _last_told(tx: Tx) -> datetime | None:
    try:
        found = notes.kept(tx, "told parked")
    except DAMAGED:
        return None
    return datetime.fromisoformat(found.decode()) if found is not None else None


def sent(tx: Tx, roster: Roster, row: outbox.OutRow, letter: Letter, now: datetime) -> None:
    """A server took a letter, be it one that the case knows as refused."""
    tried = _is_outside(letter) and row.attempts > 0
    told = _decided(tx, roster, letter, now, undelivered.taken) if tried else None
    outbox.sent(tx, row.id)
    if told is not None:
        carry_out(tx, *told, roster.admins, f"{letter.case_id} {letter.id}", now)


def _is_outside(letter: Letter) -> bool:
    return bool(letter.case_id) and letter.to.kind not in ("member", "admin")


def _decided(
    tx: Tx, roster: Roster, letter: Letter, now: datetime, decide: Callable[[Case, Letter, Setting], Decision | None]
) -> tuple[Decision, Committee] | None:
    """What the case makes of it. Before anything is written: who locks the queue first and then a book, and who does it
    the other way round, wait for each other.
    """
    try:
        case, committee, book = case_in_force(tx, roster, letter.case_id)
    except DAMAGED as error:
        # The letter's own fate must be written all the same.
        maillog.failed("outbox", error)
        return None
    if committee is None:
        return None
    setting = Setting(in_force(committee, book), Known(cases={case.id: case}, book=book), now, _DRAW)
    try:
        decision = decide(case, letter, setting)
    except Exception as error:
        # A bug of ours: the letter must not go out twice by it, nor be tried for ever.
        maillog.failed("outbox", error)
        return None
    return (decision, committee) if decision is not None else None


def unreached(letter: Letter, committee: Committee, case: Case, now: datetime) -> Callable[[Tx], Letter]:
    """A letter with the members who have its case and whom mail of it, or of none, did not reach, and since when; or
    came back from.

    Mail of another case stays out of it: that there is one is not for everybody here to know.
    """
    return lambda tx: _with_unreached(tx, letter, committee, case, now)


def _with_unreached(tx: Tx, letter: Letter, committee: Committee, case: Case, now: datetime) -> Letter:
    found = []
    for member in readers(committee, case):
        since = outbox.parked_since(tx, case.id, person_keys(committee, member_person(member.handle), ""))
        back = last_came_back(tx, case.id, member, now)
        day = since if since is not None else back
        if day is not None and member.handle != letter.to.handle:
            found.append({"name": member.name, "day": day.date().isoformat(), "back": since is None})
    return replace(letter, words={**letter.words, "unreached": found})
