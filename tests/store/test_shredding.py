"""A case that was shredded is gone, in one transaction; the cases beside it, and what tells that it was, are not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from cocmail.core.model import Door, Envelope
from cocmail.doors.evidence import RunningTime
from cocmail.errors import SealError
from cocmail.store import cases, counts, lookups, notes, outbox, shredding, spool, timers
from cocmail.store.engine import Store
from cocmail.store.tables import CASES, EVENTS, LOOKUPS, OUTBOX, SPOOL, TIMERS
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring
from store.conftest import NOW, Database

ENVELOPE = Envelope(Door.SMTP, "conduct@example.org", "robin@visitors.example", ("conduct@example.org",))
KEPT = {"token": lambda note: b'{"dead": true}', lookups.CODE_NAME: lambda note: b"tombstone of " + note}


def fill(tx: Tx, case_id: str, name: str, mail: spool.Prepared) -> None:
    """A case with something in every table."""
    cases.create(tx, case_id, "conduct@example.org", name, NOW)
    cases.append(tx, case_id, [b"one", b"two"], NOW)
    spool.add(tx, mail)
    spool.file(tx, mail.id, spool.FILED, "report", case_id)
    lookups.remember(tx, "token", f"token {name}", b'{"person": "reporter"}', case_id=case_id, now=NOW)
    lookups.remember(tx, "party", "robin@visitors.example", b"{}", case_id=case_id, now=NOW)
    timers.set_(tx, case_id, "clock", "", NOW)
    outbox.queue(tx, [outbox.Queued(f"letter {name}", "notice", case_id, "jun", b"a letter", NOW)], NOW)


def both(store: Store) -> None:
    for case_id, name in (("c1", "home shelf"), ("c2", "footpath lens")):
        mail = spool.prepare(store.keyring, ENVELOPE, f"He shouted. {name}".encode())
        store.write_now(lambda tx, each=(case_id, name, mail): fill(tx, *each))


def rows_of(tx: Tx, case_id: str) -> int:
    tables = (EVENTS, SPOOL, LOOKUPS, OUTBOX, TIMERS)
    found = [tx.run(select(table).where(table.c.case_id == case_id)).all() for table in tables]
    return sum(map(len, found)) + len(tx.run(select(CASES).where(CASES.c.id == case_id)).all())


def test_one_is_gone_and_the_other_is_whole(store: Store) -> None:
    both(store)
    sealed = store.read_now(lambda tx: tx.run(select(EVENTS.c.sealed).where(EVENTS.c.case_id == "c1")).scalars().all())
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    assert store.read_now(lambda tx: rows_of(tx, "c1")) == 0 and store.read_now(lambda tx: rows_of(tx, "c2")) == 9
    with pytest.raises(SealError):
        store.read_now(lambda tx: cases.load(tx, "c1"))
    assert store.read_now(lambda tx: cases.load(tx, "c2")) == [b"one", b"two"]
    verified = store.read_now(cases.verify)
    assert (verified.failures, verified.cases, verified.events, verified.mails) == ((), 1, 2, 1)
    assert store.read_now(cases.ever_opened) == 2 and store.read_now(lambda tx: cases.ids(tx, None)) == ["c2"]
    # Nothing that is left of it is what was sealed under its key.
    left = store.read_now(lambda tx: tx.run(select(LOOKUPS.c.sealed)).scalars().all())
    assert not set(sealed) & set(left)
    # Twice is once.
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    assert store.read_now(lambda tx: rows_of(tx, "c2")) == 9


def test_its_name_is_never_drawn_again_and_its_reply_addresses_are_known_as_dead(store: Store) -> None:
    both(store)
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    with pytest.raises(cases.NameTaken):
        store.write_now(lambda tx: cases.create(tx, "c3", "conduct@example.org", "home shelf", NOW))
    (dead,) = store.read_now(lambda tx: lookups.find(tx, "token", "token home shelf"))
    assert (dead.case_id, dead.note) == (None, b'{"dead": true}')
    parties = store.read_now(lambda tx: lookups.find(tx, "party", "robin@visitors.example"))
    assert [found.case_id for found in parties] == ["c2"]
    assert store.read_now(lambda tx: shredding.tombstone(tx, "home shelf")) == b"tombstone of home shelf"
    assert store.read_now(lambda tx: shredding.tombstone(tx, "footpath lens")) is None
    assert store.read_now(shredding.tombstones) == [b"tombstone of home shelf"]
    assert store.read_now(lambda tx: shredding.living(tx, "home shelf")) is None
    assert store.read_now(lambda tx: shredding.living(tx, "footpath lens")) == "c2"


def test_what_fails_half_way_has_destroyed_nothing(store: Store) -> None:
    both(store)

    def work(tx: Tx) -> None:
        shredding.shred(tx, "c1", KEPT)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_now(work)
    assert store.read_now(lambda tx: cases.load(tx, "c1")) == [b"one", b"two"]
    assert store.read_now(cases.verify).failures == ()


def test_a_damaged_case_can_go_too(database: Database) -> None:
    store = database.open()
    both(store)
    database.tamper("UPDATE cases SET wrapped_key = :other WHERE id = 'c1'", other=b"\x01" * 60)
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    assert store.read_now(lambda tx: rows_of(tx, "c1")) == 0
    assert store.read_now(cases.verify).failures == ()
    store.close()


def test_the_bytes_are_gone_from_the_file_and_its_journal(tmp_path: Path, keyring: Keyring) -> None:
    """What PostgreSQL's files still hold is for its vacuum; the handbook says so."""
    database = Database(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    store = database.open()
    both(store)
    wrapped = store.read_now(lambda tx: tx.run(select(CASES.c.wrapped_key).where(CASES.c.id == "c1")).scalar_one())
    path = Path(str(make_url(database.url).database))

    def is_there() -> bool:
        return any(wrapped in each.read_bytes() for each in path.parent.glob(f"{path.name}*"))

    assert is_there()
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    # It is the journal that still has it, and that is why it is emptied.
    assert is_there()
    assert store.scrub_now()
    assert not is_there()
    store.close()


def test_a_count_is_replaced_taken_back_and_outlives_its_case(store: Store) -> None:
    both(store)
    for count in (b"first", b"second"):
        store.write_now(lambda tx, each=count: counts.put(tx, "conduct@example.org", "c1", each, NOW))
    store.write_now(lambda tx: counts.put(tx, "conduct@example.org", "c2", b"other", NOW))
    store.write_now(lambda tx: shredding.shred(tx, "c1", KEPT))
    assert sorted(store.read_now(lambda tx: counts.of(tx, "conduct@example.org"))) == [b"other", b"second"]
    store.write_now(lambda tx: counts.put(tx, "conduct@example.org", "c2", None, NOW))
    assert store.read_now(lambda tx: counts.of(tx, "conduct@example.org")) == [b"second"]


def test_only_what_nobody_can_read_and_came_meanwhile_is_discarded(store: Store) -> None:
    mails = [
        ("delivery-report", NOW), ("delivery-report", NOW - timedelta(days=9)), ("dead-token", NOW), ("spam", NOW)
    ]  # fmt: skip
    for reason, at in mails:
        mail = spool.prepare(store.keyring, Envelope(Door.SMTP, "c", "", (), "", at), b"quotes the case")
        store.write_now(lambda tx, each=mail: spool.add(tx, each) and None)
        store.write_now(lambda tx, each=mail, why=reason: spool.file(tx, each.id, spool.FILED, why))
    since = NOW - timedelta(days=1)
    assert store.write_now(lambda tx: shredding.discard_unread(tx, {"delivery-report"}, since, since)) == 1
    assert store.read_now(spool.count) == 3


class Ticks:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_running_time_is_summed_up_over_restarts_and_counted_once_where_two_daemons_run(store: Store) -> None:
    ticks = Ticks()
    first = RunningTime(ticks)
    ticks.seconds += 50
    assert store.write_now(first.count) == 50
    # Down for long: another machine's clock begins anywhere, and nothing is added.
    ticks.seconds = 7.0
    second = RunningTime(ticks)
    assert store.write_now(second.count) == 50
    third = RunningTime(ticks)
    for _ in range(10):
        ticks.seconds += 10
        store.write_now(second.count)
        store.write_now(third.count)
    assert 140 <= float((store.read_now(lambda tx: notes.kept(tx, "running time")) or b"0").decode()) <= 160
