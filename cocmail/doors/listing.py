"""The digests of mail that was put aside: what is due is written to the members (`core/digests.py` decides)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from cocmail.commit import carry_out
from cocmail.core.asides import Aside, decode_aside
from cocmail.core.book import in_force
from cocmail.core.digests import Last, digests, is_over
from cocmail.core.effects import Decision
from cocmail.core.model import Committee
from cocmail.core.setting import Draw, Known, Setting
from cocmail.records import load_book
from cocmail.roster import Roster
from cocmail.store import asides, notes
from cocmail.store.transaction import Tx


def list_asides(committee: Committee, admins: Sequence[str], now: datetime, draw: Draw, tx: Tx) -> None:
    """Write the digests of one committee that are due."""
    made, over = _made(tx, committee, now, draw)
    for entry in over:
        asides.forget(tx, entry)
    if made is not None:
        decision, last = made
        carry_out(tx, decision, committee, admins, f"{committee.id} {now.isoformat()}", now)
        notes.keep(tx, f"digests {committee.id}", _written(last))


def is_due(committee: Committee, now: datetime, draw: Draw, tx: Tx) -> bool:
    """Whether there is something to write. Looked at first, so that nobody waits for a lock in vain."""
    return any(_made(tx, committee, now, draw))


def _made(
    tx: Tx, committee: Committee, now: datetime, draw: Draw
) -> tuple[tuple[Decision, Last] | None, tuple[str, ...]]:
    """The digests that are due, and what is aside in vain."""
    book = load_book(tx, committee)
    last = _last(notes.kept(tx, f"digests {committee.id}", lock=tx.writing))
    every = _of(tx, committee)
    setting = Setting(in_force(committee, book), Known(book=book), now, draw)
    return digests(setting, every, last), tuple(each.entry for each in every if is_over(each, now))


def has_unlisted(tx: Tx, roster: Roster) -> bool:
    """Whether something is put aside that no member may be told of."""
    return any(not aside.readers for committee in roster for aside in _of(tx, committee))


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
