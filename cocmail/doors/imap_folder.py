"""One folder of a mailbox: what lies in it is stored, then removed from it.

The rule: nothing is removed that is not committed, and what is committed is remembered in the same transaction, so that
after any end in between it is recognised and only removed. What cannot be taken stays where it is, is told of, and
keeps nothing else waiting. It must not look at more of a message than its header's addresses.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cocmail import maillog
from cocmail.core.model import Door, Envelope
from cocmail.doors.guard import RECIPIENTS, Guard
from cocmail.doors.imap_wire import Session
from cocmail.errors import MailboxError, StoreBusy
from cocmail.mail.headers import recipients, scan
from cocmail.roster import Roster
from cocmail.store import fetched
from cocmail.store.boundaries import Step
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

# aioimaplib answers to more in one command at its peril.
BATCH = 100
TRIES = 3
TRY_AGAIN_SECONDS = 3600.0
NO_ROOM_SECONDS = 1.0
FOR_EVER = float("inf")


class Intake(Protocol):
    """Who keeps a message."""

    async def accept(self, envelopes: Sequence[Envelope], raw: bytes, also: Callable[[Tx], object]) -> None:
        """Keep one message, and commit with it what `also` writes; returns only then."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the folders of a mailbox share.

    `committee` gives the address for what names none of ours, by the configuration in force: asked for each message.
    """

    intake: Intake
    store: Store
    roster: Roster
    guard: Guard
    max_message_bytes: int
    committee: Callable[[], str]
    now: Callable[[], datetime]


class Folder:
    """Works on one session after the other; knows meanwhile what it has stored, and what it passed over."""

    def __init__(self, number: int, name: str, means: Means) -> None:
        """`number` is its place in the configuration: what the log calls it."""
        self.number, self.name, self._means = number, name, means
        self._stored: set[str] = set()
        self._passed: dict[str, float] = {}
        # How often each has failed: what is in here is asked for alone, and last.
        self._tries: dict[str, int] = {}
        self._others: set[str] = set()
        self._not_removed: set[int] = set()

    @property
    def leaves_something(self) -> bool:
        """Whether there is something in the folder that cannot be taken or removed."""
        return bool(self._passed or self._not_removed)

    async def open(self, session: Session) -> None:
        """Begin with another session. What lies there is looked at anew: a number may be another message's by now."""
        await session.select(self.name)
        self._stored.clear()
        self._others.clear()
        self._not_removed.clear()
        # It stays told of, but another message may lie at the same place: its size is asked for once more.
        self._passed = {place: 0.0 if until == FOR_EVER else until for place, until in self._passed.items()}

    async def look(self, session: Session) -> None:
        """Take everything that lies there, and remove it. Raises MailboxError, StoreBusy."""
        waiting = await session.uids("UNDELETED")
        await self._take_all(session, waiting)
        unfinished = await self._unfinished(session)
        await self._take_all(session, unfinished)
        places = {self._place(session, uid) for uid in (*waiting, *unfinished)}
        self._passed = {place: until for place, until in self._passed.items() if place in places}
        self._tries = {place: tries for place, tries in self._tries.items() if place in places}

    def _place(self, session: Session, uid: int) -> str:
        """Where a message lies: with another UIDVALIDITY the same number is another message (RFC 3501, 2.3.1.1)."""
        return f"{self.name}\n{session.validity}\n{uid}"

    async def _unfinished(self, session: Session) -> list[int]:
        """What was marked and not taken away, because of an end in between, or on a server without UIDPLUS.

        What somebody else has marked is theirs, and is not looked at.
        """
        marked = {self._place(session, uid): uid for uid in await session.uids("DELETED")}
        unclear = [place for place in marked if place not in self._stored and place not in self._others]
        hinted = await self._means.store.read(lambda tx: fetched.known(tx, unclear))
        self._others.update(place for place in unclear if place not in hinted)
        return [uid for place, uid in marked.items() if place not in self._others]

    async def _take_all(self, session: Session, uids: Sequence[int]) -> None:
        """Many at a time; after them what has failed, each alone and the worst last: it may end the session."""
        alone = {uid: tries for uid in uids if (tries := self._tries.get(self._place(session, uid))) is not None}
        together = [uid for uid in uids if uid not in alone]
        for start in range(0, len(together), BATCH):
            await self._take(session, together[start : start + BATCH])
        for uid in sorted(alone, key=alone.__getitem__):
            await self._take(session, [uid])

    async def _take(self, session: Session, uids: Sequence[int]) -> None:
        """Store those of these that are not, then remove what is stored."""
        time = asyncio.get_running_loop().time()
        places = {uid: self._place(session, uid) for uid in uids}
        done = [uid for uid, place in places.items() if place in self._stored]
        fresh = [uid for uid in uids if uid not in done and self._passed.get(places[uid], time) <= time]
        if fresh:
            sizes = await self._sizes(session, fresh)
            for uid in fresh:
                if uid in sizes and await self._take_one(session, uid, sizes[uid]):
                    done.append(uid)
        if done:
            await self._remove(session, done)

    async def _sizes(self, session: Session, uids: Sequence[int]) -> dict[int, int]:
        """A server may fail on a single one, or say nothing of it: which one that is shows when each is asked alone."""
        try:
            sizes = await session.sizes(uids)
        except MailboxError:
            for uid in uids:
                self._tries.setdefault(self._place(session, uid), 0)
            if len(uids) == 1:
                self._failed(self._place(session, uids[0]), 0)
            raise
        unsaid = [uid for uid in uids if uid not in sizes]
        for uid in await session.listed(unsaid) if unsaid else ():
            self._failed(self._place(session, uid), 0)
        return sizes

    async def _remove(self, session: Session, uids: Sequence[int]) -> None:
        try:
            await session.remove(uids, self._not_removed.union(uids))
        except MailboxError as error:
            if error.trouble != "answer":
                raise
            # It will not. What is stored stays listed, and what is behind it is taken all the same.
        left = await session.listed(uids)
        self._not_removed = self._not_removed.difference(uids) | left
        gone = [self._place(session, uid) for uid in uids if uid not in left]
        # Only now: what is still listed would else be stored once more.
        await self._means.store.write(lambda tx: fetched.forget(tx, gone), Step.EMPTIED)
        self._stored.difference_update(gone)

    async def _take_one(self, session: Session, uid: int, size: int) -> bool:
        """Whether that message is stored by now."""
        place, most = self._place(session, uid), self._means.max_message_bytes
        if size > most:
            self._leave(place, "too-large", size, FOR_EVER)
            return False
        share = self._means.guard.share()
        while not share.take(size):
            await asyncio.sleep(NO_ROOM_SECONDS)
        try:
            raw = await session.content(uid, size, most)
            if raw is None:
                self._failed(place, size)
            elif len(raw) > most:
                self._leave(place, "too-large", len(raw), FOR_EVER)
            else:
                return await self._keep(place, raw)
        except StoreBusy:
            raise
        except MailboxError:
            # It may be this very message that the server fails on.
            self._failed(place, size)
            raise
        except Exception as error:
            # A bug of ours about this one message: it stays, and the others go on.
            maillog.failed("imap", error)
            self._failed(place, size)
        finally:
            share.give_back()
        return False

    async def _keep(self, place: str, raw: bytes) -> bool:
        """Store it. False where it is not known for whom: then it stays, until the configuration tells."""
        means, now = self._means, self._means.now()
        digest = await asyncio.to_thread(lambda: hashlib.sha256(raw).hexdigest())
        envelopes = await asyncio.to_thread(envelopes_of, raw, means.roster, means.committee(), now)
        if not envelopes:
            self._leave(place, "no-committee", len(raw), asyncio.get_running_loop().time() + TRY_AGAIN_SECONDS)
            return False
        try:
            await means.intake.accept(envelopes, raw, lambda tx: fetched.remember(tx, place, digest, now))
        except fetched.AlreadyStored:
            await means.store.write(lambda tx: fetched.remember_place(tx, place, digest, now), Step.FETCHED)
        self._stored.add(place)
        self._passed.pop(place, None)
        self._tries.pop(place, None)
        return True

    def _failed(self, place: str, size: int) -> None:
        """Failed at again and again, a message is passed over for an hour, or none behind it would ever be taken."""
        self._tries[place] = self._tries.get(place, 0) + 1
        if self._tries[place] >= TRIES:
            self._tries[place] = 0
            self._leave(place, "failed", size, asyncio.get_running_loop().time() + TRY_AGAIN_SECONDS)

    def _leave(self, place: str, why: str, size: int, until: float) -> None:
        if place not in self._passed:
            maillog.left_in_mailbox(self.number, why, size)
        self._passed[place] = until


def envelopes_of(raw: bytes, roster: Roster, committee: str, now: datetime) -> tuple[Envelope, ...]:
    """One for each committee that a recipient field names; where none does (Bcc, a list), for that of the mailbox.

    `committee` is the mailbox's address for these. Where it is nobody's, the only committee has them; of several none
    may be guessed, who would read another's reports, and there is no envelope.

    A mailbox has no envelope: what was written down when the message was delivered is taken for it, first what the
    delivering servers wrote.
    """
    found: dict[str, list[str]] = {}
    for address in recipients(scan(raw), "delivered-to", "x-original-to", "to", "cc"):
        owner = roster.committee_of(address)
        if owner is not None:
            found.setdefault(owner, []).append(address)
    if not found:
        owner = roster.committee_of(committee)
        if owner is not None:
            found = {owner: [committee]}
        elif len(roster) == 1:
            found = {roster.first.id: [roster.first.address]}
    return tuple(Envelope(Door.IMAP, owner, None, tuple(named[:RECIPIENTS]), "", now) for owner, named in found.items())
