"""What is kept of a case for a moment: never another state of it, and not for long."""

from __future__ import annotations

from datetime import datetime

import pytest

from cocmail.store import cases, recent
from cocmail.store.engine import Store
from cocmail.store.recent import MOST, Recent


def test_each_end_of_a_case_has_a_name_of_its_own(store: Store, now: datetime) -> None:
    heads = []
    for case_id in ("c1", "c2"):
        store.write_now(lambda tx, c=case_id: cases.create(tx, c, "conduct@example.org", c, now))
        for event in (b"one", b"one", b"two"):
            heads.append(store.read_now(lambda tx, c=case_id: cases.head(tx, c)))
            store.write_now(lambda tx, c=case_id, e=event: cases.append(tx, c, [e], now))
    assert len(set(heads)) == 6


def test_what_is_kept_is_shared_by_all_transactions_of_a_store(store: Store) -> None:
    store.write_now(lambda tx: tx.recent.keep(b"name", "thing"))
    assert store.read_now(lambda tx: tx.recent.get(b"name")) == "thing"


def test_after_two_seconds_nothing_of_a_case_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(recent.time, "monotonic", lambda: moment)
    kept = Recent()
    kept.keep(b"old", "thing")
    moment += 1.5
    kept.keep(b"new", "thing")
    moment += 1.0
    kept.forget_old()
    assert list(kept._kept) == [b"new"]
    assert (kept.get(b"old"), kept.get(b"new")) == (None, "thing")


def test_no_more_than_a_few_are_kept() -> None:
    kept = Recent()
    for number in range(MOST + 5):
        kept.keep(str(number).encode(), number)
    assert len(kept._kept) == MOST and kept.get(b"0") is None and kept.get(str(MOST).encode()) == MOST
