"""A store that was put back to an earlier state: what it must not do, and until when.

    restored ──> sends nothing, nothing ends by time ──> `queue release` ──> a quiet day ──> as ever

The rule: what the first store sent after the backup was made, and who withdrew since, is not known here. So nothing
leaves before somebody has said so; then members are told first, and for a day news of the cases of before wait, so that
whoever withdrew can say it again. What was queued when the backup was made leaves at once: its reader might have it
then, and under its one Message-ID a second copy is known as one. Its place in the queue is below zero; new letters are
counted from zero on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from cocmail.store import notes, outbox
from cocmail.store.tables import CASES, OUTBOX
from cocmail.store.transaction import Tx

QUIET = timedelta(hours=24)
# Without these nobody could say again what was lost; they tell who writes of nothing but their own mail.
PASSING = ("ack", "confirm", "receipt")

_NAME = "restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """Of when the state is, when it was put back, and up to when its cases were opened.

    `quiet_until` is None as long as nothing is sent. `told`: the members have been.
    """

    taken_at: datetime
    restored_at: datetime
    cases_until: datetime
    quiet_until: datetime | None = None
    told: bool = False

    @property
    def sends_nothing(self) -> bool:
        """Whether somebody has to say first that letters may leave."""
        return self.quiet_until is None

    def is_quiet(self, now: datetime) -> bool:
        """Whether nothing may end by time yet."""
        return self.quiet_until is None or now < self.quiet_until


def mark(tx: Tx, taken_at: datetime, now: datetime) -> int:
    """Holds every letter of a store that is being put back, and notes what it is; gives how many letters that are."""
    last = tx.run(select(func.max(OUTBOX.c.seq))).scalar_one_or_none() or 0
    tx.run(update(OUTBOX).values(seq=OUTBOX.c.seq - (last + 1)))
    newest = tx.run(select(func.max(CASES.c.created_at))).scalar_one_or_none() or now
    _keep(tx, Restored(taken_at, now, newest))
    return outbox.hold_all(tx)


def state(tx: Tx, *, lock: bool = False) -> Restored | None:
    """What was noted; None for a store that was never put back. Raises SealError."""
    data = notes.kept(tx, _NAME, lock=lock)
    if data is None:
        return None
    said = json.loads(data)
    times = {name: datetime.fromisoformat(said[name]) for name in ("taken_at", "restored_at", "cases_until")}
    until = said["quiet_until"]
    return Restored(**times, quiet_until=datetime.fromisoformat(until) if until else None, told=said["told"])


def sends_nothing(tx: Tx) -> bool:
    """Whether nothing may leave until `queue release`."""
    found = state(tx)
    return found is not None and found.sends_nothing


def is_quiet(tx: Tx, now: datetime) -> bool:
    """Whether nothing may end by time yet."""
    found = state(tx)
    return found is not None and found.is_quiet(now)


def release(tx: Tx, now: datetime, *, at_once: bool = False, drop: bool = False) -> int:
    """Lets letters leave again; gives how many were held. `at_once`: without the quiet day, or with its end now.

    `drop`: those that were queued when the backup was made, and are still held, are thrown away.
    """
    found = state(tx, lock=True)
    if drop:
        tx.run(delete(OUTBOX).where(OUTBOX.c.state == outbox.HELD, OUTBOX.c.seq < 0))
    count = outbox.release(tx, now)
    if found is not None and found.sends_nothing:
        _keep(tx, replace(found, quiet_until=now if at_once else now + QUIET))
    elif found is not None and at_once:
        _end(tx, found, now)
    return count


def told(tx: Tx, found: Restored) -> Restored:
    """The members have been written to."""
    found = replace(found, told=True)
    _keep(tx, found)
    return found


def put_off(tx: Tx, found: Restored, now: datetime) -> None:
    """In the quiet day: news of the cases of before, to whomever, wait for its end."""
    until = found.quiet_until
    if until is None or now >= until:
        return
    if until > now + QUIET:
        # The clock ran ahead when it was released, and was put right: a day is a day.
        until = now + QUIET
        _keep(tx, replace(found, quiet_until=until))
        _move(tx, found.quiet_until, until)
    connection = tx.connection
    if connection.dialect.name == "postgresql":
        # What another transaction queues from now on is there at the next look, not at the claim after this.
        connection.exec_driver_sql("LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE")
    earlier = select(CASES.c.id).where(CASES.c.created_at <= found.cases_until)
    news = update(OUTBOX).where(OUTBOX.c.state == outbox.QUEUED, OUTBOX.c.seq >= 0, OUTBOX.c.next_attempt < until)
    tx.run(news.where(OUTBOX.c.case_id.in_(earlier), OUTBOX.c.kind.not_in(PASSING)).values(next_attempt=until))


def _end(tx: Tx, found: Restored, now: datetime) -> None:
    if found.quiet_until is not None and found.quiet_until > now:
        _keep(tx, replace(found, quiet_until=now))
        _move(tx, found.quiet_until, now)


def _move(tx: Tx, was: datetime | None, until: datetime) -> None:
    put = update(OUTBOX).where(OUTBOX.c.state == outbox.QUEUED, OUTBOX.c.next_attempt == was)
    tx.run(put.values(next_attempt=until))


def _keep(tx: Tx, found: Restored) -> None:
    said = {
        "taken_at": found.taken_at.isoformat(),
        "restored_at": found.restored_at.isoformat(),
        "cases_until": found.cases_until.isoformat(),
        "quiet_until": found.quiet_until.isoformat() if found.quiet_until is not None else "",
        "told": found.told,
    }
    notes.keep(tx, _NAME, json.dumps(said).encode())
