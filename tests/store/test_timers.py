"""What is to happen to a case at a time: on time, once, never early, and not lost with whoever died over it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cocmail.errors import SealError, StoreError
from cocmail.store import cases, timers
from cocmail.store.engine import Store
from cocmail.store.tables import CASES, LOOKUPS

LEASE = timedelta(minutes=5)
HOUR = timedelta(hours=1)


@pytest.fixture
def two_cases(store: Store, now: datetime) -> None:
    for case_id in ("c1", "c2"):
        store.write_now(lambda tx, c=case_id: cases.create(tx, c, "conduct@example.org", c, now))


@pytest.fixture
def wind(store: Store, two_cases: None):
    def set_(about: str, due: datetime, case_id: str = "c1") -> str:
        return store.write_now(lambda tx: timers.set_(tx, case_id, "question-end", about, due))

    return set_


@pytest.fixture
def claim(store: Store):
    def take(at: datetime, limit: int = 20) -> list[timers.Due]:
        return store.write_now(lambda tx: timers.claim(tx, at, limit, LEASE))

    return take


def abouts(rows: list[timers.Due]) -> list[str]:
    return [row.about for row in rows]


def test_a_timer_is_claimed_when_it_is_due_and_once(store, wind, claim, now) -> None:
    row_id = wind("1", now + HOUR)
    assert store.read_now(timers.next_due) == now + HOUR
    assert claim(now + HOUR - timedelta(microseconds=1)) == []
    (due,) = claim(now + HOUR)
    assert due == timers.Due(row_id, "c1", "question-end", "1", now + HOUR)
    assert "about" not in repr(due)
    assert claim(now + HOUR) == []
    store.write_now(lambda tx: timers.done(tx, row_id))
    assert (store.read_now(timers.next_due), store.read_now(timers.count)) == (None, 0)
    assert claim(now + 100 * HOUR) == []


def test_what_was_due_first_happens_first(wind, claim, now) -> None:
    for about, hours in (("3", 3), ("1", 1), ("4", 4), ("2", 2)):
        wind(about, now + hours * HOUR)
    assert abouts(claim(now + 3 * HOUR, limit=2)) == ["1", "2"]
    assert abouts(claim(now + 3 * HOUR)) == ["3"]


def test_a_time_of_another_zone_is_the_same_moment(store, wind, claim, now) -> None:
    wind("1", (now + HOUR).astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert store.read_now(timers.next_due) == now + HOUR
    assert claim(now) == []
    assert abouts(claim((now + HOUR).astimezone(timezone(-timedelta(hours=8))))) == ["1"]


def test_who_dies_over_a_timer_loses_none(store, wind, claim, now) -> None:
    wind("1", now)
    wind("2", now + 10 * HOUR)
    assert abouts(claim(now)) == ["1"]
    # Whoever sleeps until the next one wakes up for the one that was left lying.
    assert store.read_now(timers.next_due) == now + LEASE
    assert claim(now + LEASE - timedelta(seconds=1)) == []
    assert abouts(claim(now + LEASE)) == ["1"]
    store.write_now(timers.release_leases)
    assert store.read_now(timers.next_due) == now
    assert abouts(claim(now + LEASE)) == ["1"]


def test_a_postponed_timer_comes_back_whole(store, wind, claim, now) -> None:
    row_id = wind("1", now)
    claim(now)
    store.write_now(lambda tx: timers.postpone(tx, row_id, now + HOUR))
    assert store.read_now(timers.next_due) == now + HOUR
    assert claim(now + LEASE) == []
    assert claim(now + HOUR) == [timers.Due(row_id, "c1", "question-end", "1", now + HOUR)]
    store.write_now(lambda tx: timers.done(tx, row_id))
    store.write_now(lambda tx: timers.postpone(tx, row_id, now))
    assert store.read_now(timers.count) == 0


def test_what_failed_half_way_is_due_again(store, wind, claim, now) -> None:
    row_id = wind("1", now)
    claim(now)

    def carry_out(tx) -> None:
        timers.done(tx, row_id)
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        store.write_now(carry_out)
    assert abouts(claim(now + LEASE)) == ["1"]


def test_there_is_no_timer_without_its_case(store, now) -> None:
    with pytest.raises(SealError):
        store.write_now(lambda tx: timers.set_(tx, "nowhere", "question-end", "1", now))


def test_a_case_is_not_removed_while_one_of_its_timers_runs(store, wind, now) -> None:
    row_id = wind("1", now)
    remove = CASES.delete().where(CASES.c.id == "c1")
    store.write_now(lambda tx: tx.run(LOOKUPS.delete()))
    with pytest.raises(StoreError):
        store.write_now(lambda tx: tx.run(remove))
    store.write_now(lambda tx: timers.done(tx, row_id))
    store.write_now(lambda tx: tx.run(remove))
    assert store.read_now(lambda tx: cases.ids(tx, None)) == ["c2"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE timers SET due = (SELECT due FROM timers WHERE id = :other) WHERE id = :id",
        "UPDATE timers SET sealed = (SELECT sealed FROM timers WHERE id = :other) WHERE id = :id",
        "UPDATE timers SET case_id = 'c2' WHERE id = :id",
        "UPDATE timers SET kind = 'review' WHERE id = :id",
    ],
)
def test_a_vote_is_not_ended_early_by_who_holds_no_key(store, database, wind, claim, now, tampering: str) -> None:
    altered, other = wind("1", now + 72 * HOUR), wind("2", now)
    assert database.tamper(tampering, id=altered, other=other) == 1
    at = now if "SET due" in tampering else now + 72 * HOUR
    assert abouts(claim(at, limit=1)) + abouts(claim(at, limit=1)) == ["2"]  # and it stops no other
    assert store.read_now(timers.broken) == [altered]
    assert f"timer:{altered}" in store.read_now(cases.verify).failures
    with pytest.raises(SealError):  # nor made whole by putting it off
        store.write_now(lambda tx: timers.postpone(tx, altered, now + HOUR))


def test_two_daemons_never_claim_the_same_timer(postgresql, keyring, now) -> None:
    url = postgresql.new_database()
    one, other = Store.open(url, keyring), Store.open(url, keyring)
    one.write_now(lambda tx: cases.create(tx, "c1", "conduct@example.org", "home shelf", now))
    for about in ("1", "2", "3"):
        due = now + int(about) * timedelta(seconds=1)
        one.write_now(lambda tx, a=about, d=due: timers.set_(tx, "c1", "question-end", a, d))

    def both(tx) -> tuple[list[str], list[str]]:
        mine = timers.claim(tx, now + HOUR, 2, LEASE)
        theirs = other.write_now(lambda tx: timers.claim(tx, now + HOUR, 10, LEASE))  # while mine is not committed
        return abouts(mine), abouts(theirs)

    assert one.write_now(both) == (["1", "2"], ["3"])
    one.close()
    other.close()
