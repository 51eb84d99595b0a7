"""READ THIS FIRST: one message, from the moment it is accepted to the moment everything it brings about is queued.

    accept       seal and commit the raw bytes; only then does the peer hear 250
    understand   read it in a process of its own, prove who sent it, look up what it points at, decide
    commit       one transaction: events, look-ups, one queue row a recipient

Two commits on purpose: acceptance depends on neither parsing nor rules. A message that the second half fails on is
shunted: kept sealed, the admins told without content, tried again with `cocmail queue retry`; never bounced, never
looped. What merely cannot be read is no failure: it is a case for the triage.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from cocmail import maillog
from cocmail.changes import Changes
from cocmail.commit import commit, queue
from cocmail.core import subjects
from cocmail.core.commands.texts import said
from cocmail.core.decide import decide
from cocmail.core.effects import Decision
from cocmail.core.files import FileRead
from cocmail.core.letters import to_admins
from cocmail.core.model import Committee, Envelope, Mail, Wanted
from cocmail.core.screening import is_named, searched
from cocmail.core.setting import Known, Message, Setting
from cocmail.core.tags import ROWS
from cocmail.doors.contents import TRIES, Contents, ReadAgainFailed
from cocmail.errors import StoreBusy
from cocmail.knowledge import Gatherer
from cocmail.mail.address import wanted
from cocmail.mail.draw import SystemDraw
from cocmail.mail.examine import examined
from cocmail.mail.reader import Reader
from cocmail.records import DAMAGED, committee_now
from cocmail.roster import Roster
from cocmail.store import cases, spool, starts
from cocmail.store.boundaries import Step
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx
from cocmail.vault import marks

NAMES_TRIED = 20
IDLE_SECONDS = 1.0
LETTERS_AT_ONCE = 3


class RosterChanged(Exception):
    """The committee's file was reloaded while a message was being read: it is looked at anew."""


class DiedOnIt(Exception):
    """One start of the daemon after the other has ended with this message at hand, and nothing was said of it."""


class Pipeline:
    """Takes messages from the doors and works them off, one after the other."""

    def __init__(
        self, store: Store, reader: Reader, roster: Roster, contents: Contents, now: Callable[[], datetime]
    ) -> None:
        self.store, self.reader, self.roster, self.contents, self.now = store, reader, roster, contents, now
        self.queued = asyncio.Event()
        self._arrived = asyncio.Event()
        self._draw = SystemDraw()
        self._stopping = self._begun = False
        self._since = now()
        self._scrubs = False
        self.changes = Changes(store, roster, now, lambda: self.queued.set())

    def committee_of(self, address: str) -> str | None:
        """The committee that a recipient address belongs to, or None: not ours."""
        return self.roster.committee_of(address)

    async def accept(
        self, envelopes: Sequence[Envelope], raw: bytes, also: Callable[[Tx], object] = lambda tx: None
    ) -> None:
        """Seal and store a message, once a committee. Returns when it is on disk: only then may the peer hear 250.

        `also` is committed with it; what it raises is raised, and nothing is stored.
        """
        prepare = [asyncio.to_thread(spool.prepare, self.store.keyring, envelope, raw) for envelope in envelopes]
        prepared = await asyncio.gather(*prepare)
        await self.store.write(lambda tx: (also(tx), [spool.add(tx, row) for row in prepared]), Step.ACCEPT)
        # From here on nothing may raise: the peer would hear 451 for what is stored, and the message would wait.
        self._arrived.set()
        for row in prepared:
            maillog.accepted(row.id, row.door, row.size)

    def wake(self) -> None:
        """Look again: something was put back into the store from outside."""
        self._arrived.set()

    def stop(self) -> None:
        """Finish the message at hand and no other."""
        self._stopping = True
        self._arrived.set()

    async def run(self) -> None:
        """Work off what has been accepted, oldest first, until `stop`."""
        while not self._stopping:
            self._arrived.clear()
            try:
                while not self._stopping and await self.work_off_one():
                    await self._scrub()
                await self._scrub()
                await self.changes.catch_up()
            except StoreBusy:
                maillog.store_busy("pipeline")
            # Not wait_for: in Python 3.11 it swallows a cancellation that arrives with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._arrived.wait()

    async def _scrub(self) -> None:
        """What was put in the place of something else, or not kept, goes out of memory and of the journal as well."""
        if self._scrubs:
            self.contents.forget()
            self._scrubs = not await self.store.scrub()

    async def work_off_one(self) -> bool:
        """Understand the oldest accepted message. False when there is none."""
        now = self.now()
        waiting = await self.store.read(lambda tx: spool.next_new(tx, now))
        if waiting is None:
            return False
        try:
            await self._understand(waiting)
        except StoreBusy:
            raise
        except spool.AlreadyFiled:
            return True
        except RosterChanged:
            # Decided on who is a member now, not on who was when it was read.
            return True
        except ReadAgainFailed as error:
            # Something of the case could not be read just now; it can be later.
            maillog.failed("pipeline", error)
            until = self.now() + timedelta(minutes=5)
            await self.store.write(lambda tx: spool.postpone(tx, waiting.id, until), Step.POSTPONE)
        except Exception as error:
            await self._shunt(waiting.id, error)
        return True

    async def _understand(self, waiting: spool.Spooled) -> None:
        message_id = waiting.id
        envelope, raw, found = await self.store.read(lambda tx: self._opened(tx, message_id))
        if found is None:
            # Its committee was taken out of the configuration: it waits until that is put right.
            until = self.now() + timedelta(hours=1)
            await self.store.write(lambda tx: spool.postpone(tx, message_id, until), Step.POSTPONE)
            return
        committee, today = found
        spam = committee.trust.spam_header
        mail = await self.reader.read(raw, also=frozenset({spam.casefold()}) if spam else frozenset())
        sent = await self._sent_before(envelope, mail, committee)
        await self._begin(waiting)
        # Not in the event loop, not within the transaction: ten thousand headers or a long text must keep nobody else
        # waiting, neither for an answer nor for a 250.
        message = await asyncio.to_thread(examined, message_id, envelope, mail, today, sent)
        message = replace(
            await self._with_thread(message, committee, in_the_end=waiting.attempts >= TRIES),
            named_before=await self._named_before(mail, committee),
            files=await self._files(message, committee),
        )
        decision = await self._decide_and_commit(message, committee, waiting)
        self._scrubs = self._scrubs or bool(decision.rewritten) or decision.state == "discarded"
        maillog.decided(message_id, decision.reason.value, len(decision.letters), decision.code)
        if decision.left:
            # Somebody has left: their places in other cases are empty from now on.
            await self.changes.review()
        if decision.sends:
            self.queued.set()

    async def _begin(self, waiting: spool.Spooled) -> None:
        """Counts the first message after a start, where it is from before: all later mail would wait for one that ends
        the daemon. Once it is read: that is done by a process that may die, and is what takes long after a start.
        """
        from_before = not self._begun and waiting.received_at < self._since
        if from_before and await self.store.write(lambda tx: starts.died_on(tx, waiting), Step.BEGIN):
            raise DiedOnIt
        self._begun = True

    def _opened(self, tx: Tx, message_id: str) -> tuple[Envelope, bytes, tuple[Committee, Committee] | None]:
        """A message as it came in, and its committee: as it is configured and as it is now. None: it has none."""
        stored = spool.open_mail(tx, message_id)
        if stored is None:
            raise LookupError("an accepted message without content")
        committee = self.roster.committee(stored[0].committee)
        return *stored, (committee, committee_now(tx, committee)) if committee is not None else None

    async def _sent_before(self, envelope: Envelope, mail: Mail, committee: Committee) -> tuple[str, ...]:
        """Letters of ours that a reporter may be quoting: the names under them are not what the mail is about."""
        aimed = wanted(envelope.recipients, committee.addresses, ())
        if not aimed.token:
            return ()
        now = self.now()
        return await self.store.read(lambda tx: Gatherer(tx, committee, now).sent_before(aimed, mail))

    async def _named_before(self, mail: Mail, committee: Committee) -> frozenset[str]:
        """Whom earlier mails of the same sender name, of those who came later: "the same again" names nobody.

        An earlier mail that cannot be searched names all of them. It must not keep this one waiting.
        """
        now = self.now()
        new, entries = await self.store.read(lambda tx: Gatherer(tx, committee, now).never_searched(mail))
        named: set[str] = set()
        for entry, unreadable in entries.items():
            text = await self._text_of(entry, unreadable)
            for member in new:
                if text is None or await asyncio.to_thread(is_named, member, text):
                    named.add(member.handle)
        return frozenset(named)

    async def _text_of(self, entry: str, unreadable: str) -> str | None:
        """Everything of an earlier mail in which a name can stand; None where it cannot be read."""
        try:
            mail = None if unreadable else await self.contents.of(entry, unreadable)
        except (ReadAgainFailed, *DAMAGED):
            return None
        return searched(mail) if mail is not None else None

    async def _with_thread(self, message: Message, committee: Committee, *, in_the_end: bool) -> Message:
        """With what was written in the cases at hand, for the tags that compare with it; read before the transaction.

        And, in the end, with what could not be read: nothing leaves that would have to be compared with it.
        """
        subject = message.mail.subject
        compared = any(ROWS[name].reads_thread for name in subjects.tag_names(subject))
        numbered = subjects.is_numbered_clear(subject)
        if not compared and not numbered:
            return message
        now = self.now()
        entries = await self.store.read(lambda tx: Gatherer(tx, committee, now).entries_at_hand(message))
        mails, unread = await self.contents.words_of(entries, in_the_end=in_the_end)
        # For a new member everything is searched in which a name can stand, as it was for the others.
        read = ((entry, mails[entry.id]) for entry in entries if entry.id in mails)
        thread = {entry.id: searched(mail) if numbered else said(entry, mail) for entry, mail in read}
        return replace(message, thread=thread, unread=unread)

    async def _files(self, message: Message, committee: Committee) -> dict[str, tuple[FileRead, ...]]:
        """What is attached to a letter that is drafted, or is to be sent; what cannot be looked into is not there."""
        tags = subjects.tag_names(message.mail.subject)
        drafted = message.mail.attachments and any(ROWS[name].takes_files for name in tags)
        entries: tuple[str, ...] = (message.id,) if drafted else ()
        if "send" in tags:
            now = self.now()
            entries += await self.store.read(lambda tx: Gatherer(tx, committee, now).letters_at_hand(message))
        found = {entry: await self.contents.files_of(entry) for entry in entries[:LETTERS_AT_ONCE]}
        return {entry: files for entry, files in found.items() if files is not None}

    async def _decide_and_commit(self, message: Message, committee: Committee, waiting: spool.Spooled) -> Decision:
        """Decide within the transaction that carries it out: nothing can change in between."""

        def work(tx: Tx, tried: int) -> Decision:
            if self.roster.committee(message.envelope.committee) is not committee:
                raise RosterChanged
            now = self.now()
            gatherer = Gatherer(tx, committee, now)
            known = gatherer.gather(message, waiting.confirmed_handle)
            aimed = replace(message, wanted=_without_unknown_tokens(message.wanted, known))
            # What is decided anew because a store was put back makes the same case of it, and the same letters.
            draw = marks.draw_of(self.store.keyring, waiting.id, tried) if waiting.reason is None else self._draw
            decision = decide(aimed, Setting(gatherer.committee, known, now, draw))
            commit(tx, decision, message, committee, self.roster.admins, now)
            return decision

        for tried in range(NAMES_TRIED):
            try:
                return await self.store.write(partial(work, tried=tried), Step.DECIDE)
            except cases.NameTaken:
                continue
        raise RuntimeError("no code name is free")

    async def _shunt(self, message_id: str, error: Exception) -> None:
        """Keep it, alarm the admins without content, go on with the next."""
        maillog.shunted(message_id, error)
        about = f"{message_id} {self.now().isoformat()}"

        def work(tx: Tx) -> None:
            spool.shunt(tx, message_id, "shunted")
            queue(tx, to_admins(self.roster.admins, "shunted", about), self.roster.first, self.now())

        await self.store.write(work, Step.SHUNT)
        self.queued.set()


def _without_unknown_tokens(aimed: Wanted, known: Known) -> Wanted:
    """A token that was never issued is an unknown extension: the alias, to the triage alone."""
    never_issued = aimed.token and known.grant is None and not known.foreign_token
    if never_issued or (aimed.confirm and known.question is None):
        return replace(aimed, unknown=True, token="", confirm="")
    return aimed
