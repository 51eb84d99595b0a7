"""A case's events: all of them, in order, or an error; and a code name that is used once for ever."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cocmail.core.model import Door, Envelope
from cocmail.errors import SealError
from cocmail.store import cases, lookups, notes, outbox, spool, timers
from cocmail.store.engine import Store, Tx


@pytest.fixture
def case(store: Store, now: datetime) -> str:
    """A case of three events, next to another of three."""
    for case_id, name in (("c1", "home shelf"), ("c2", "river lamp")):
        store.write_now(lambda tx, c=case_id, n=name: cases.create(tx, c, "conduct@example.org", n, now))
        store.write_now(lambda tx, c=case_id: cases.append(tx, c, [b"one", b"two"], now))
        store.write_now(lambda tx, c=case_id: cases.append(tx, c, [b"three"], now + timedelta(days=1)))
    return "c1"


def load(store: Store, case_id: str) -> list[bytes]:
    return store.read_now(lambda tx: cases.load(tx, case_id))


def test_events_come_back_in_their_order(store, case) -> None:
    assert load(store, case) == [b"one", b"two", b"three"]
    assert store.read_now(cases.verify) == cases.Verification(2, 6, 0, 0, 0, ())


def test_a_case_without_events_is_whole_too(store, now) -> None:
    store.write_now(lambda tx: cases.create(tx, "c1", "conduct@example.org", "home shelf", now))
    assert load(store, "c1") == []
    store.write_now(lambda tx: cases.append(tx, "c1", [], now))
    store.write_now(lambda tx: cases.append(tx, "c1", [b""], now))
    assert load(store, "c1") == [b""]


def test_the_time_zone_of_the_clock_does_not_matter(store, case, now) -> None:
    store.write_now(
        lambda tx: cases.append(tx, case, [b"four"], now.astimezone(timezone(timedelta(hours=5, minutes=30))))
    )
    assert load(store, case)[-1] == b"four"


TAMPERING = {
    "an event altered": "UPDATE events SET sealed = (SELECT sealed FROM events WHERE case_id = 'c1' AND seq = 2)"
    " WHERE case_id = 'c1' AND seq = 1",
    "an event of another case": "UPDATE events SET sealed = (SELECT sealed FROM events WHERE case_id='c2' AND seq = 1)"
    " WHERE case_id = 'c1' AND seq = 1",
    "a time altered": "UPDATE events SET at = (SELECT max(at) FROM events) WHERE case_id = 'c1' AND seq = 1",
    "a gap": "DELETE FROM events WHERE case_id = 'c1' AND seq = 2",
    "the start cut": "DELETE FROM events WHERE case_id = 'c1' AND seq = 1",
    "the end cut": "DELETE FROM events WHERE case_id = 'c1' AND seq = 3",
    "everything cut": "DELETE FROM events WHERE case_id = 'c1'",
    "one too many": "INSERT INTO events SELECT case_id, 4, at, sealed, mac FROM events WHERE case_id='c1' AND seq = 3",
    "another number": "UPDATE events SET seq = 9 WHERE case_id = 'c1' AND seq = 3",
    "another case's key": "UPDATE cases SET wrapped_key = (SELECT wrapped_key FROM cases WHERE id = 'c2')"
    " WHERE id = 'c1'",
    "another committee": "UPDATE cases SET committee = :other WHERE id = 'c1'",
    "another count": "UPDATE cases SET events = 2 WHERE id = 'c1'",
    "another head": "UPDATE cases SET head = (SELECT head FROM cases WHERE id = 'c2') WHERE id = 'c1'",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_noticed_by_load_and_by_verify(store, database, case, what: str) -> None:
    values = {"other": b"x" * 32} if ":other" in TAMPERING[what] else {}
    assert database.tamper(TAMPERING[what], **values) >= 1
    with pytest.raises(SealError):
        load(store, "c1")
    found = store.read_now(cases.verify)
    assert "case:c1" in found.failures
    assert "case:c2" not in found.failures
    assert load(store, "c2") == [b"one", b"two", b"three"]


def test_an_end_cut_by_somebody_who_knows_the_schema_is_noticed(store, database, case) -> None:
    database.tamper(
        "UPDATE cases SET events = 2, head = (SELECT mac FROM events WHERE case_id='c1' AND seq=2) WHERE id='c1'"
    )
    database.tamper("DELETE FROM events WHERE case_id = 'c1' AND seq = 3")
    with pytest.raises(SealError):
        load(store, "c1")


@pytest.mark.parametrize("what", ["the end cut", "everything cut", "another head", "another count"])
def test_nothing_is_appended_to_a_chain_without_its_end(store, database, case, now, what: str) -> None:
    database.tamper(TAMPERING[what])
    with pytest.raises(SealError):
        store.write_now(lambda tx: cases.append(tx, "c1", [b"four"], now))


def test_a_case_that_is_not_there_is_refused(store, now) -> None:
    for work in (lambda tx: cases.load(tx, "nowhere"), lambda tx: cases.append(tx, "nowhere", [b"x"], now)):
        with pytest.raises(SealError):
            store.write_now(work)


def test_a_code_name_is_never_used_twice(store, case, now) -> None:
    def again(tx: Tx) -> None:
        notes.keep(tx, "before", b"x")
        with pytest.raises(cases.NameTaken):
            cases.create(tx, "c3", "other@example.org", "home shelf", now)
        cases.create(tx, "c3", "other@example.org", "green door", now)  # and another name may be drawn at once

    store.write_now(again)
    assert store.read_now(lambda tx: cases.ids(tx, "other@example.org")) == ["c3"]
    assert store.read_now(lambda tx: notes.kept(tx, "before")) == b"x"


def test_a_code_name_stays_taken_when_its_case_is_gone(store, database, case, now) -> None:
    database.tamper("UPDATE cases SET wrapped_key = :gone WHERE id = 'c1'", gone=b"")
    with pytest.raises(cases.NameTaken):
        store.write_now(lambda tx: cases.create(tx, "c3", "conduct@example.org", "home shelf", now))


def test_a_case_is_found_by_its_code_name(store, case) -> None:
    found = store.read_now(lambda tx: lookups.find(tx, lookups.CODE_NAME, "home shelf"))
    assert [(item.case_id, item.note) for item in found] == [("c1", b"home shelf")]
    assert "home" not in repr(found)


def test_cases_are_listed_by_committee(store, case, now) -> None:
    store.write_now(lambda tx: cases.create(tx, "c0", "other@example.org", "green door", now + timedelta(1)))
    assert store.read_now(lambda tx: cases.ids(tx, "conduct@example.org")) == ["c1", "c2"]
    assert store.read_now(lambda tx: cases.ids(tx, None)) == ["c1", "c2", "c0"]


def test_verify_names_every_record_that_does_not_open(store, database, keyring, case, now) -> None:
    message = spool.prepare(keyring, Envelope(Door.SMTP, "conduct@example.org", "", (), received_at=now), b"raw")
    store.write_now(lambda tx: spool.add(tx, message))
    for row, case_id in (("o1", "c1"), ("o2", None)):
        letter = outbox.Queued(row, "forward", case_id, "member:amara", b"letter", now)
        store.write_now(lambda tx, each=letter: outbox.queue(tx, [each], now))
    store.write_now(lambda tx: lookups.remember(tx, "token", "t", b"note", case_id="c1", now=now))
    store.write_now(lambda tx: timers.set_(tx, "c1", "question-end", "1", now))
    store.write_now(lambda tx: notes.keep(tx, "config", b"text"))
    whole = store.read_now(cases.verify)
    assert whole == cases.Verification(2, 6, 1, 2, 1, ())
    for table in ("spool", "outbox", "timers", "lookups", "notes"):
        column = "raw" if table == "spool" else "sealed"
        database.tamper(f"UPDATE {table} SET {column} = :junk", junk=b"\x01" * 60)
    failures = store.read_now(cases.verify).failures
    kinds = {failure.partition(":")[0] for failure in failures}
    assert kinds == {"lookup", "mail", "note", "outgoing", "timer"}
    assert {"outgoing:o1", "outgoing:o2", f"mail:{message.id}"} <= set(failures)
