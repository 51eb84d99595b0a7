"""The digests of mail that was put aside: what is due is written to the members (`core/digests.py` decides)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from cocmail.commit import carry_out
from cocmail.core.asides import Aside, decode_aside
from cocmail.core.book import in_force
from cocmail.core.digests import Last, digests
from cocmail.core.model import Committee
from cocmail.core.setting import Draw, Known, Setting
from cocmail.records import load_book
from cocmail.roster import Roster
from cocmail.store import asides, notes
from cocmail.store.transaction import Tx


def list_asides(committee: Committee, admins: Sequence[str], now: datetime, draw: Draw, tx: Tx) -> None:
    """Write the digests of one committee that are due."""
    book = load_book(tx, committee)
    name = f"digests {committee.id}"
    last = _last(notes.kept(tx, name, lock=True))
    made = digests(Setting(in_force(committee, book), Known(book=book), now, draw), _of(tx, committee), last)
    if made is not None:
        decision, last = made
        carry_out(tx, decision, committee, admins, f"{committee.id} {now.isoformat()}", now)
        notes.keep(tx, name, _written(last))


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
