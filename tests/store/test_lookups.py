"""Finding things again by a hash, keeping settings, counting for limits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from cocmail.errors import SealError
from cocmail.store import cases, lookups, notes


@pytest.fixture(autouse=True)
def two_cases(store, now) -> None:
    for case_id in ("c1", "c2"):
        store.write_now(lambda tx, c=case_id: cases.create(tx, c, "conduct@example.org", c, now))


def test_what_is_remembered_is_found_oldest_first(store, now) -> None:
    store.write_now(
        lambda tx: lookups.remember(tx, "address", "a@example.net", b"2", case_id="c2", now=now + timedelta(1))
    )
    store.write_now(lambda tx: lookups.remember(tx, "address", "a@example.net", b"1", case_id="c1", now=now))
    store.write_now(lambda tx: lookups.remember(tx, "token", "a@example.net", b"3", now=now))
    found = store.read_now(lambda tx: lookups.find(tx, "address", "a@example.net"))
    assert [(item.case_id, item.note) for item in found] == [("c1", b"1"), ("c2", b"2")]
    assert store.read_now(lambda tx: lookups.find(tx, "address", "b@example.net")) == []


def test_a_note_is_replaced(store, now) -> None:
    row = store.write_now(lambda tx: lookups.remember(tx, "token", "t", b"live", case_id="c1", now=now))
    store.write_now(lambda tx: lookups.replace(tx, row, b"dead"))
    store.write_now(lambda tx: lookups.replace(tx, "nowhere", b"dead"))
    (found,) = store.read_now(lambda tx: lookups.find(tx, "token", "t"))
    assert (found.id, found.note) == (row, b"dead")


@pytest.mark.parametrize(
    ("moved", "kind", "value"),
    [
        ("hash = other.hash", "token", "other"),
        ("hash = third.hash, kind = third.kind", "letter", "third"),
        ("case_id = other.case_id", "token", "mine"),
        ("sealed = other.sealed", "token", "mine"),
    ],
)
def test_a_note_moved_to_another_value_or_case_does_not_open(store, database, now, moved, kind, value) -> None:
    for row_kind, row_value, case_id in (("token", "mine", "c1"), ("token", "other", "c2"), ("letter", "third", "c1")):
        store.write_now(
            lambda tx, k=row_kind, v=row_value, c=case_id: lookups.remember(tx, k, v, v.encode(), case_id=c, now=now)
        )
    row = {
        name: store.read_now(lambda tx, k=k, v=name: lookups.find(tx, k, v))[0].id
        for name, k in (("mine", "token"), ("other", "token"), ("third", "letter"))
    }
    moved = re.sub(r"(other|third)\.(\w+)", r"(SELECT \2 FROM lookups WHERE id = :\1)", moved)
    used = {name: row_id for name, row_id in row.items() if f":{name}" in moved}
    assert database.tamper(f"UPDATE lookups SET {moved} WHERE id = :mine", mine=row["mine"], **used) == 1
    with pytest.raises(SealError):
        store.read_now(lambda tx: lookups.find(tx, kind, value))
    assert store.read_now(cases.verify).failures == (f"lookup:{row['mine']}",)


def test_settings_are_kept_and_replaced(store) -> None:
    assert store.read_now(lambda tx: notes.kept(tx, "config")) is None
    for text in (b"one", b"two"):
        store.write_now(lambda tx, t=text: notes.keep(tx, "config", t))
    assert store.read_now(lambda tx: notes.kept(tx, "config")) == b"two"


def test_a_note_moved_under_another_name_does_not_open(store, database) -> None:
    for name in ("one", "other"):
        store.write_now(lambda tx, n=name: notes.keep(tx, n, n.encode()))
    database.tamper("UPDATE notes SET sealed = (SELECT sealed FROM notes WHERE name <> 'check' ORDER BY name LIMIT 1)")
    opened = 0
    for name in ("one", "other"):
        try:
            opened += store.read_now(lambda tx, n=name: notes.kept(tx, n)) == name.encode()
        except SealError:
            continue
    assert opened == 1  # the one whose row it was


def test_counting_starts_anew_in_every_window(store) -> None:
    def count(value: str, window: str) -> int:
        return store.write_now(lambda tx: notes.bump(tx, "ack", value, window))

    assert [count("a@example.net", "2026-11-21") for _ in range(3)] == [1, 2, 3]
    assert count("b@example.net", "2026-11-21") == 1
    assert count("a@example.net", "2026-11-22") == 1
    assert count("a@example.net", "2026-11-21") == 4
    asked = [notes.Counted("ack", value, "2026-11-21") for value in ("x", "a@example.net", "b@example.net")]
    assert store.read_now(lambda tx: notes.counted(tx, asked)) == [0, 4, 1]
    assert store.read_now(lambda tx: notes.counted(tx, [])) == []
