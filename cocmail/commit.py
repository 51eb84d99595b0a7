"""Carries a decision out, within one transaction: events, look-ups, the outgoing queue, the message's own row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cocmail import maillog, returns
from cocmail.core import events
from cocmail.core.asides import encode_aside
from cocmail.core.book import encode_book
from cocmail.core.classify import FROM_MEMBERS, REACHED_NOBODY, READ_BY_NOBODY
from cocmail.core.counts import encode_count
from cocmail.core.effects import Decision, Letter, Note, encode_letter
from cocmail.core.fingerprint import fingerprint
from cocmail.core.letters import message_id, to_admins
from cocmail.core.model import Committee, Person
from cocmail.core.setting import Message
from cocmail.core.tombstones import Tombstone, encode_tombstone
from cocmail.counting import window
from cocmail.mail.fields import as_text
from cocmail.store import asides, cases, counts, lookups, notes, outbox, shredding, spool, timers
from cocmail.store.lookups import Remembered
from cocmail.store.transaction import Tx

# No question that is asked by mail is good for longer, with a day to spare (`core/membership.py`, changed addresses).
LONGEST_QUESTION = timedelta(days=8)


def person_keys(committee: Committee, person: Person, address: str) -> tuple[str, ...]:
    """Whom a queued letter is for, as the queue hashes it: a member by handle, everybody else by address.

    The first is the one of today; under the others stands what was queued before the committee was renamed.
    """
    who = str(person) if person.kind == "member" else f"{person.kind} {address}"
    return tuple(f"{each} {who}" for each in committee.ids)


def commit(
    tx: Tx, decision: Decision, message: Message, committee: Committee, admins: Sequence[str], now: datetime
) -> None:
    """Everything that one decision about a message brings about.

    Raises `cases.NameTaken` where the drawn code name was used before: decide again with a fresh one.
    """
    carry_out(tx, decision, committee, admins, message.id, now)
    if decision.release is not None:
        entry, token = decision.release
        if not asides.open_(tx, entry, token):
            spool.confirm(tx, entry, token)
    _file(tx, decision, message, committee, now)


def _alarm(tx: Tx, decision: Decision, committee: Committee, admins: Sequence[str], about: str, now: datetime) -> None:
    for alarm in dict.fromkeys(decision.alarms):
        if not admins:
            maillog.nobody_to_alarm(alarm)
        queue(tx, to_admins(admins, alarm, about), committee, now)


def carry_out(
    tx: Tx, decision: Decision, committee: Committee, admins: Sequence[str], about: str, now: datetime
) -> None:
    """What a decision does to cases and people. `about` is an id that tells one alarm from the next."""
    for change in decision.changes:
        if change.opens:
            cases.create(tx, change.case_id, committee.id, change.opens, now)
        cases.append(tx, change.case_id, [events.encode(event) for event in change.events], now)
    # What somebody lost access to goes before anything new is queued for them, their receipt for one.
    for case_id, person, address in decision.cancel:
        outbox.cancel(tx, case_id, person_keys(committee, person, address))
    for case_id, person in decision.hasten:
        outbox.hasten(tx, case_id, person_keys(committee, person, ""), now)
    for case_id, person in decision.resend:
        outbox.resend(tx, case_id, person_keys(committee, person, ""), now)
    _remember(tx, decision.notes, committee, now)
    queue(tx, decision.letters, committee, now)
    _alarm(tx, decision, committee, admins, about, now)
    for token in decision.spent:
        _spend(tx, token, decision.answered_at)
    returns.spend(tx, decision.returned)
    for timer in decision.timers:
        timers.set_(tx, timer.case_id, timer.kind, timer.about, timer.due)
    if decision.book is not None:
        # Under every address: a committee that is renamed, and back, finds what was written last.
        book = encode_book(decision.book.under(committee.id))
        for each in committee.ids:
            notes.keep(tx, f"book {each}", book)
    for kind, value in decision.counted:
        notes.bump(tx, kind, value, window(kind, value, now))
    for case_id, count in decision.counts:
        counts.put(tx, committee.id, case_id, encode_count(count) if count is not None else None, now)
    for case_id, tombstone in decision.erased:
        _erase(tx, case_id, tombstone, now)
    _put_aside(tx, decision, committee, now)


def _put_aside(tx: Tx, decision: Decision, committee: Committee, now: datetime) -> None:
    for aside in decision.asides:
        asides.put(tx, aside.entry, committee.id, encode_aside(aside, committee.id), now)
    for entry in decision.again:
        asides.again(tx, entry)


def _erase(tx: Tx, case_id: str, tombstone: Tombstone, now: datetime) -> None:
    """The case's key goes, in this transaction. What stays findable tells that there was a case, and no more."""

    def dead_token(note: bytes) -> bytes:
        # Whose it was: a member hears "no such case", and what anybody else writes to it is a report again.
        said = json.loads(note)
        return json.dumps({**said, "address": "", "erased": tombstone.code_name}).encode()

    def dead_question(note: bytes) -> bytes:
        said = json.loads(note)
        emptied = dict.fromkeys(("entry", "handle", "command", "address"), "")
        return json.dumps({**said, **emptied, "spent": True, "answered_at": None}).encode()

    def dead_party(note: bytes) -> bytes:
        return json.dumps({**json.loads(note), "erased": tombstone.code_name}).encode()

    kept = {"token": dead_token, "confirm": dead_question, lookups.CODE_NAME: lambda _: encode_tombstone(tombstone)}
    if any(seat.barred for seat in tombstone.seats):
        # What its reporter writes next, to whatever address, must not reach who was kept from this.
        kept["party"] = dead_party
    shredding.shred(tx, case_id, kept)
    since = datetime.fromisoformat(tombstone.opened_at) if tombstone.opened_at else now
    shredding.discard_unread(tx, READ_BY_NOBODY, since, now - LONGEST_QUESTION)
    shredding.forget_counters(tx, (now - timedelta(days=2)).date().isoformat())
    maillog.erased(case_id)


def queue(tx: Tx, letters: Sequence[Letter], committee: Committee, now: datetime) -> None:
    """Put letters into the outgoing queue, findable by their Message-IDs when somebody answers them."""
    outbox.queue(tx, [_queued(letter, committee, now) for letter in letters], now)
    lookups.remember_all(tx, [each for letter in letters for each in _of_letter(tx, letter, committee, now)], now)


def _queued(letter: Letter, committee: Committee, now: datetime) -> outbox.Queued:
    person, *before = person_keys(committee, letter.to, letter.address)
    return outbox.Queued(
        letter.id,
        kind=letter.kind,
        case_id=letter.case_id or None,
        person=person,
        payload=encode_letter(letter, committee.id),
        due=letter.due or now,
        before=tuple(before),
    )


def _of_letter(tx: Tx, letter: Letter, committee: Committee, now: datetime) -> list[Remembered]:
    note = {
        "kind": letter.kind,
        "person": str(letter.to),
        "ours": True,
        "question": letter.question,
        "label": letter.label,
    }
    found = _remembered("message-id", message_id(committee, letter.id), note, letter.case_id, committee)
    return [found, *returns.to_remember(tx, letter, committee, now)]


def _remembered(kind: str, value: str, note: Mapping[str, object], case_id: str, committee: Committee) -> Remembered:
    data = json.dumps({**note, "committee": committee.id}, ensure_ascii=False).encode()
    return Remembered(kind, value, data, case_id or None)


def _remember(tx: Tx, every: Sequence[Note], committee: Committee, now: datetime) -> None:
    for note in every:
        if note.kind == "token" and note.case_id:
            # Given out before there was a case: it dies with this one, and so does whose it was.
            lookups.drop_detached(tx, note.kind, note.value)
    rows = [_remembered(note.kind, note.value, note.note, note.case_id, committee) for note in every]
    lookups.remember_all(tx, rows, now)


def _spend(tx: Tx, token: str, answered_at: datetime | None) -> None:
    answered = {"answered_at": answered_at.isoformat()} if answered_at is not None else {}
    for found in lookups.find(tx, "confirm", token):
        lookups.replace(tx, found.id, json.dumps({**json.loads(found.note), "spent": True, **answered}).encode())


def _file(tx: Tx, decision: Decision, message: Message, committee: Committee, now: datetime) -> None:
    """The message's own row, and what tells it from its next copy."""
    case_id, reason, kept = decision.case_id, decision.reason, list[Note]()
    if reason not in REACHED_NOBODY:
        note = {"reason": reason.value, "entry": message.id}
        kept.append(Note("fingerprint", fingerprint(message.mail, message.wanted), note, case_id))
    if reason in FROM_MEMBERS:
        kept.append(Note("ran", fingerprint(message.mail), {}, case_id))
    _remember(tx, kept, committee, now)
    state = spool.HELD if decision.state == "held" else spool.FILED
    spool.file(tx, message.id, state, reason.value, case_id or None, forget_at=decision.forget_at)
    if decision.rewritten:
        spool.rewrite(tx, message.id, as_text(decision.rewritten))
    if decision.state == "discarded":
        spool.discard(tx, message.id, reason.value)
