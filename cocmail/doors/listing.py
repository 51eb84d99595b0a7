"""The digests of mail that was put aside: what is due is written to the members (`core/digests.py` decides)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from cocmail.commit import carry_out
from cocmail.core.asides import Aside, decode_aside
from cocmail.core.digests import ASIDE_OF, KEPT_OUT, Last, digests, is_over, readers
from cocmail.core.effects import Decision, Letter
from cocmail.core.model import Committee
from cocmail.core.setting import Draw, Known, Setting
from cocmail.pointers import Pointers
from cocmail.roster import Roster
from cocmail.store import asides, lookups, notes
from cocmail.store.transaction import Tx


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
    """Whether a digest that waited lists what is kept by now from whom it goes to."""
    member, pointers = committee.member(letter.to.handle), Pointers(tx, committee, now)
    listed = [aside for aside in _of(tx, committee) if aside.entry in _entries(letter)]
    return any(member not in readers(aside, pointers.committee, pointers.kept_from(aside)) for aside in listed)


def relist(letter: Letter, tx: Tx) -> None:
    """What a digest listed that did not leave is understood anew, and listed to whom it may be."""
    for entry in _entries(letter):
        asides.again(tx, entry)


def _entries(letter: Letter) -> frozenset[str]:
    listed = letter.words.get("entries")
    return (
        frozenset(str(each["entry"]) for each in listed if "entry" in each) if isinstance(listed, list) else frozenset()
    )


def _made(
    tx: Tx, committee: Committee, now: datetime, draw: Draw
) -> tuple[tuple[Decision, Last] | None, tuple[Aside, ...]]:
    """The digests that are due, and what is aside in vain."""
    pointers = Pointers(tx, committee, now)
    last = _last(notes.kept(tx, f"digests {committee.id}", lock=tx.writing))
    every = _of(tx, committee)
    setting = Setting(pointers.committee, Known(book=pointers.book), now, draw)
    return digests(setting, every, last, pointers.kept_from), tuple(each for each in every if is_over(each, now))


def _forget_sender(tx: Tx, aside: Aside) -> None:
    """Nothing of a sender is remembered once nothing of theirs can be opened any more."""
    for author in aside.authors:
        waiting = False
        for found in lookups.find(tx, ASIDE_OF, author):
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


def _of(tx: Tx, committee: Committee) -> list[Aside]:
    """What was put aside of a committee, under whatever name it had, oldest first."""
    every = map(decode_aside, asides.every(tx))
    return [aside for committee_id, aside in every if committee_id in (committee.id, *committee.addresses)]


def _last(data: bytes | None) -> Last:
    said = json.loads(data or b"{}")
    at = said.get("flood")
    return Last(said.get("day", ""), datetime.fromisoformat(at) if at else None)


def _written(last: Last) -> bytes:
    return json.dumps({"day": last.day, "flood": last.flood.isoformat() if last.flood else None}).encode()
