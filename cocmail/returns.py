"""What the store remembers of letters that leave, by the signed words that come back: return path and loop header.

The rule: a note of a letter about a case is sealed under that case's key and dies with it; every note goes after some
weeks. Whatever belongs to another committee is as good as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from cocmail.core.effects import Letter
from cocmail.core.model import Committee, Mail, Member, Person
from cocmail.core.ownmail import is_own_mail
from cocmail.core.returned import COUNTED, LEFT, OF_CASE, OF_MEMBER, REMEMBERED
from cocmail.core.setting import CameBack, Returned
from cocmail.core.undelivered import is_told_of
from cocmail.store import lookups
from cocmail.store.lookups import Remembered
from cocmail.store.transaction import Tx
from cocmail.vault import marks


def to_remember(tx: Tx, letter: Letter, committee: Committee, now: datetime) -> list[Remembered]:
    """Of a letter that is queued: should it come back, it is known whose it was. Before it leaves, as no server may be
    faster.

    Nothing is remembered of an acknowledgement, which may go to a forged address, nor of notices to admins.
    """
    if letter.to.kind == "member" or (letter.case_id and is_told_of(letter)):
        note = {
            "letter": letter.id,
            "kind": letter.kind,
            "person": str(letter.to),
            "address": letter.address,
            "at": now.isoformat(),
            "committee": committee.id,
        }
        token, data = marks.of_return_path(tx.keyring, letter.id), json.dumps(note).encode()
        return [Remembered(LEFT, token, data, letter.case_id or None)]
    return []


def returned(tx: Tx, committee: Committee, token: str, now: datetime) -> Returned | None:
    """The letter that left with that return path; None for a word that is none of ours, spent, or too old."""
    for found in lookups.find(tx, LEFT, token) if token else ():
        note = json.loads(found.note)
        if note["committee"] in committee.addresses and now - datetime.fromisoformat(note["at"]) <= REMEMBERED:
            person = Person.parse(note["person"])
            earlier = tuple(_earlier(tx, OF_MEMBER, f"{committee.id} {person.handle}"))
            case_id = found.case_id or ""
            return Returned(token, note["letter"], note["kind"], person, note["address"], case_id, earlier)
    return None


def spend(tx: Tx, token: str) -> None:
    """A letter comes back once, however often that is said. "": none has."""
    for found in lookups.find(tx, LEFT, token) if token else ():
        lookups.drop(tx, found.id)


def forget(tx: Tx, now: datetime) -> None:
    """What is too old to count goes."""
    lookups.forget(tx, (LEFT, OF_MEMBER, OF_CASE), now - REMEMBERED)


def last_came_back(tx: Tx, case_id: str, member: Member, now: datetime) -> datetime | None:
    """When mail of a case to a member came back last, from a mailbox that they still have."""
    found = _earlier(tx, OF_CASE, f"{case_id} {member.handle}")
    return max((e.at for e in found if e.address in member.addresses and now - e.at <= COUNTED), default=None)


def is_ours(tx: Tx, committee: Committee, mail: Mail) -> bool:
    """A letter of ours that came back: by its loop header; one of an earlier release, which has none, by Message-ID."""
    if mail.values("cocmail-loop"):
        return is_own_mail(mail, committee, marks.signer(tx.keyring))
    ours = {committee.address, *committee.aliases}
    if not (set(mail.from_addresses) & ours and mail.value("cocmail-kind")):
        return False
    notes = (json.loads(found.note) for found in lookups.find(tx, "message-id", mail.message_id))
    return any(note.get("ours") and note.get("committee") in committee.addresses for note in notes)


def _earlier(tx: Tx, kind: str, value: str) -> Iterator[CameBack]:
    for found in lookups.find(tx, kind, value):
        note = json.loads(found.note)
        yield CameBack(
            note["address"], datetime.fromisoformat(note["at"]), bool(note.get("told")), note.get("case", "")
        )
