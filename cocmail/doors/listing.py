"""The digests of mail that was put aside: what is due is written to the members (`core/digests.py` decides)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cocmail.commit import carry_out
from cocmail.core.asides import Aside, decode_aside, encode_aside
from cocmail.core.deadlines import minute
from cocmail.core.digests import ASIDE_OF, KEPT_OUT, roster_of
from cocmail.core.effects import Decision, Letter
from cocmail.core.lists import GOOD_FOR, Last, digests, is_over, readers
from cocmail.core.model import Committee
from cocmail.core.setting import Draw, Known, Setting
from cocmail.doors.evidence import running
from cocmail.pointers import Pointers
from cocmail.records import DAMAGED
from cocmail.roster import Roster
from cocmail.store import asides, lookups, notes, outbox, restored
from cocmail.store.transaction import Tx

# A digest that leaves later than that after it was written gets its links renewed.
LATE = timedelta(days=1)


def list_asides(committee: Committee, admins: Sequence[str], now: datetime, draw: Draw, tx: Tx) -> None:
    """Write the digests of one committee that are due."""
    made, over = _made(tx, committee, now, draw)
    for aside in over:
        asides.forget(tx, aside.entry)
        _forget_sender(tx, aside)
    if made is not None:
        decision, last = made
        carry_out(tx, decision, committee, admins, f"{committee.id} {now.isoformat()}", now)
        notes.keep(tx, f"digests {committee.id}", _written(last))


def is_due(committee: Committee, now: datetime, draw: Draw, tx: Tx) -> bool:
    """Whether there is something to write. Looked at first, so that nobody waits for a lock in vain."""
    return any(_made(tx, committee, now, draw))


def is_stale(letter: Letter, committee: Committee, now: datetime, tx: Tx) -> bool:
    """Whether a digest that waited lists nothing any more, or what is kept by now from whom it goes to.

    Of what nothing is known any more, nobody knows whom it is kept from.
    """
    member, pointers = committee.member(letter.to.handle), Pointers(tx, committee, now)
    known = {aside.entry: aside for aside in _of(tx, committee, _entries(letter))}
    if not letter.words.get("entries") or not _entries(letter) <= known.keys():
        return True
    listed = (known[entry] for entry in _entries(letter))
    return any(member not in readers(aside, pointers.committee, pointers.kept_from(aside)) for aside in listed)


def leaving(letter: Letter, committee: Committee, now: datetime, tx: Tx) -> Letter:
    """A digest as it leaves: what its reader may be told of now, with links that are good for days from now on.

    It may have waited for a server, or for `queue release`, for longer than they were.
    """
    entries = _still_theirs(letter, committee, now, tx)
    until = _links_end(tx, entries)
    if until is not None and until - now < GOOD_FOR - LATE:
        until = now + GOOD_FOR
        _renew(tx, committee, entries, now)
    said = {"until": minute(until)} if until is not None else {}
    return replace(letter, words={**letter.words, "entries": entries, **said})


def _still_theirs(letter: Letter, committee: Committee, now: datetime, tx: Tx) -> list[Mapping[str, Any]]:
    """What nobody opened while the letter waited, and what its reader was not kept from meanwhile.

    What nobody may be told of any more is understood anew, so that the admins hear of it. What was understood under
    another roster, or of which nothing is known, stays: `is_stale` has all of that listed anew.
    """
    member, pointers = committee.member(letter.to.handle), Pointers(tx, committee, now)
    known = {aside.entry: aside for aside in _of(tx, committee, _entries(letter))}
    roster, waiting, entries = roster_of(pointers.committee), asides.waiting(tx, _entries(letter)), []
    for each in _listed(letter):
        aside = known.get(str(each.get("entry")))
        if aside is not None and aside.roster == roster:
            told = readers(aside, pointers.committee, pointers.kept_from(aside))
            if not told:
                asides.again(tx, aside.entry)
            if member in told:
                entries.append(each)
        elif aside is not None or "entry" not in each or each["entry"] in waiting:
            entries.append(each)
    return entries


def _links_end(tx: Tx, entries: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When the first of them ends that is left; None where none is."""
    ends = [note["expires"] for each in entries for _, note in _links(tx, str(each["token"]))]
    return min(map(datetime.fromisoformat, ends), default=None)


def _links(tx: Tx, token: str) -> list[tuple[str, dict[str, Any]]]:
    """The look-up of an address that nobody has used, by its id; none where it does not open."""
    with contextlib.suppress(*DAMAGED):
        found = [(hit.id, json.loads(hit.note)) for hit in lookups.find(tx, "confirm", token)]
        return [(row, note) for row, note in found if not note["spent"]]
    return []


def _renew(tx: Tx, committee: Committee, entries: Sequence[Mapping[str, Any]], now: datetime) -> None:
    expires, listed = (now + GOOD_FOR).isoformat(), {str(each.get("entry", "")) for each in entries}
    for each in entries:
        for row, note in _links(tx, str(each["token"])):
            lookups.replace(tx, row, json.dumps({**note, "expires": expires}).encode())
    for aside in _of(tx, committee, listed):
        if asides.holds(tx, aside.entry):
            renewed = replace(aside, listed=now.isoformat(), running=running(tx))
            asides.put(tx, aside.entry, committee.id, encode_aside(renewed, committee.id), now)


def relist(letter: Letter, tx: Tx) -> None:
    """What a digest listed that did not leave is understood anew, and listed to whom it may be."""
    for entry in _entries(letter):
        asides.again(tx, entry)


def _entries(letter: Letter) -> frozenset[str]:
    return frozenset(str(each["entry"]) for each in _listed(letter) if "entry" in each)


def _listed(letter: Letter) -> list[Mapping[str, Any]]:
    listed = letter.words.get("entries")
    return listed if isinstance(listed, list) else []


def _made(
    tx: Tx, committee: Committee, now: datetime, draw: Draw
) -> tuple[tuple[Decision, Last] | None, tuple[Aside, ...]]:
    """The digests that are due, and what is aside in vain. Nothing, as long as no letter may leave."""
    if restored.sends_nothing(tx):
        return None, ()
    pointers = Pointers(tx, committee, now)
    last = _last(notes.kept(tx, f"digests {committee.id}", lock=tx.writing))
    every = _of(tx, committee)
    setting = Setting(pointers.committee, Known(book=pointers.book), now, draw)
    ran = running(tx)
    over = (each for each in every if is_over(each, now, ran) and not outbox.holds(tx, each.letters))
    return digests(setting, every, last, pointers.kept_from, ran), tuple(over)


def _forget_sender(tx: Tx, aside: Aside) -> None:
    """Nothing of a sender is remembered once nothing of theirs can be opened any more."""
    for author in aside.authors:
        waiting = False
        try:
            every = lookups.find(tx, ASIDE_OF, author)
        except DAMAGED:
            # What else waits cannot be told. It must not stop the digests.
            continue
        for found in every:
            entry = json.loads(found.note)["entry"]
            if entry == aside.entry:
                lookups.drop(tx, found.id)
            waiting = waiting or asides.holds(tx, entry)
        if not waiting:
            lookups.drop_detached(tx, KEPT_OUT, author)


def has_unlisted(tx: Tx, roster: Roster, now: datetime) -> bool:
    """Whether something is put aside that no member may be told of."""
    return any(_is_nobodys(tx, committee, now) for committee in roster)


def _is_nobodys(tx: Tx, committee: Committee, now: datetime) -> bool:
    pointers = Pointers(tx, committee, now)
    waiting = (each for each in _of(tx, committee) if not each.listed)
    return any(not (each.readers.keys() - pointers.kept_from(each)) for each in waiting)


def _of(tx: Tx, committee: Committee, entries: Collection[str] | None = None) -> list[Aside]:
    """What was put aside of a committee, under whatever name it had, oldest first; of these messages, if told."""
    every = map(decode_aside, asides.every(tx, entries))
    return [aside for committee_id, aside in every if committee_id in (committee.id, *committee.addresses)]


def _last(data: bytes | None) -> Last:
    said = json.loads(data or b"{}")
    at = said.get("flood")
    return Last(said.get("day", ""), datetime.fromisoformat(at) if at else None)


def _written(last: Last) -> bytes:
    return json.dumps({"day": last.day, "flood": last.flood.isoformat() if last.flood else None}).encode()
