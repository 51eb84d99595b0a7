"""What was taken out of a mailbox and may still lie there: so that it is stored once, and then only removed.

The rule: a message is remembered in the transaction that stores it, by its bytes and by its place in the mailbox, and
forgotten once the server lists it no more. Its bytes prove that it is stored; its place is a hint, for a server that
was put back from a backup may give a place to another message. This module must not know what a place is; its caller
names one by text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cocmail.errors import StoreError
from cocmail.store import lookups
from cocmail.store.transaction import Tx

_PLACE, _BYTES = "imap-place", "imap-bytes"


class AlreadyStored(StoreError):
    """The same bytes were stored before. Take back your transaction; they need only be removed."""


def known(tx: Tx, places: Iterable[str]) -> set[str]:
    """Those of these places at which a stored message lay."""
    return {place for place in places if lookups.find(tx, _PLACE, place)}


def remember(tx: Tx, place: str, digest: str, now: datetime) -> None:
    """In the transaction that stores a message. Raises AlreadyStored."""
    if lookups.find(tx, _BYTES, digest):
        raise AlreadyStored("the same bytes were stored before")
    lookups.remember(tx, _BYTES, digest, b"", now=now)
    remember_place(tx, place, digest, now)


def remember_place(tx: Tx, place: str, digest: str, now: datetime) -> None:
    """At this place lies a message that is stored."""
    for found in lookups.find(tx, _PLACE, place):
        lookups.drop(tx, found.id)
    lookups.remember(tx, _PLACE, place, digest.encode(), now=now)


def forget(tx: Tx, places: Iterable[str]) -> None:
    """The messages at these places are gone from the mailbox."""
    for place in places:
        for found in lookups.find(tx, _PLACE, place):
            lookups.drop(tx, found.id)
            for same in lookups.find(tx, _BYTES, found.note.decode()):
                lookups.drop(tx, same.id)
