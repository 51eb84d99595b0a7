"""Letters on their way: in order for each person, at least once, cancelled wherever they are, never dropped."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cocmail.store import cases, outbox
from cocmail.store.engine import Store

LEASE = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def two_cases(store: Store, now: datetime) -> None:
    for case_id in ("c1", "c2"):
        store.write_now(lambda tx, c=case_id: cases.create(tx, c, "conduct@example.org", c, now))


@pytest.fixture
def post(store: Store, now: datetime):
    def queue(row_id: str, person: str = "member:amara", case_id: str | None = "c1", **rest) -> None:
        values = {"kind": "forward", "payload": row_id.encode(), "due": now, "now": now} | rest
        at = values.pop("now")
        letter = outbox.Queued(row_id, case_id=case_id, person=person, **values)
        store.write_now(lambda tx: outbox.queue(tx, [letter], at))

    return queue


@pytest.fixture
def claim(store: Store, now: datetime):
    def take(at: datetime = now, limit: int = 20, busy: tuple[str, ...] = ()) -> list[outbox.OutRow]:
        return store.write_now(lambda tx: outbox.claim(tx, at, limit, LEASE, busy))

    return take


def ids(rows: list[outbox.OutRow]) -> list[str]:
    return [row.id for row in rows]


def test_a_letter_is_claimed_once_then_sent(store, post, claim, now, keyring) -> None:
    post("r1")
    (row,) = claim()
    assert (row.id, row.kind, row.case_id, row.payload, row.attempts) == ("r1", "forward", "c1", b"r1", 0)
    assert (row.person, row.refused_since, row.created_at) == (
        keyring.lookup("person", "member:amara").hex(),
        None,
        now,
    )
    assert b"r1".decode() + "'" not in repr(row).partition("payload")[2]
    assert claim() == []
    store.write_now(lambda tx: outbox.sent(tx, "r1"))
    assert store.read_now(outbox.listing) == []


def test_one_persons_letters_in_a_case_keep_their_order(store, post, claim) -> None:
    for row_id in ("z", "m", "a"):  # queued at the same moment
        post(row_id)
    seen = []
    while rows := claim():
        seen += ids(rows)
        for row in rows:
            store.write_now(lambda tx, r=row.id: outbox.sent(tx, r))
    assert seen == ["z", "m", "a"]


def test_persons_do_not_wait_for_each_other(store, post, claim) -> None:
    for row_id, person, case_id in (
        ("r1", "amara", "c1"),
        ("r2", "amara", "c2"),
        ("r3", "jun", "c1"),
        ("r4", "kit", None),
    ):
        post(row_id, f"member:{person}", case_id)
    assert ids(claim(limit=2)) == ["r1", "r3"]
    assert ids(claim()) == ["r4"]
    store.write_now(lambda tx: outbox.sent(tx, "r1"))
    assert ids(claim()) == ["r2"]


def test_a_claim_is_given_back_without_counting_an_attempt(store, post, claim, now) -> None:
    post("r1")
    claim()
    later = now + timedelta(hours=1)
    store.write_now(lambda tx: outbox.wait(tx, "r1", later))
    assert claim() == []
    (row,) = claim(later)
    assert row.attempts == 0


def test_a_busy_person_is_left_alone(post, claim, keyring) -> None:
    post("r1")
    post("r2", person="member:jun")
    assert ids(claim(busy=(keyring.lookup("person", "member:amara").hex(),))) == ["r2"]
    assert ids(claim()) == ["r1"]


def test_a_letter_not_yet_due_waits(store, post, claim, now) -> None:
    post("r1", due=now + timedelta(hours=1))
    assert claim() == []
    assert ids(claim(now + timedelta(hours=1))) == ["r1"]


def test_a_lease_that_ran_out_is_claimed_again(store, post, claim, now) -> None:
    post("r1")
    assert ids(claim()) == ["r1"]
    assert ids(claim(now + LEASE)) == ["r1"]
    store.write_now(outbox.release_leases)
    assert ids(claim()) == ["r1"]


def test_a_deferred_letter_comes_back_with_its_history(store, post, claim, now) -> None:
    post("r1")
    claim()
    later = now + timedelta(minutes=10)
    store.write_now(lambda tx: outbox.defer(tx, "r1", code="451 4.7.1", next_attempt=later, refused_since=now))
    assert claim() == []
    (row,) = claim(later)
    assert (row.attempts, row.refused_since) == (1, now)
    assert store.read_now(outbox.listing) == [outbox.Waiting("r1", "forward", "queued", 1, later, "451 4.7.1")]


def test_a_parked_letter_stays_until_somebody_asks(store, post, claim, now) -> None:
    post("r1")
    claim()
    store.write_now(lambda tx: outbox.park(tx, "r1", "550 5.1.1"))
    assert claim(now + timedelta(days=365)) == []
    assert store.write_now(lambda tx: outbox.retry(tx, "r1", now)) is True
    assert ids(claim()) == ["r1"]
    assert store.write_now(lambda tx: outbox.retry(tx, "nowhere", now)) is False


def test_a_recusal_cancels_what_waits_is_parked_or_is_being_sent(store, post, claim, now) -> None:
    for row_id, person, case_id in (
        ("being-sent", "member:amara", "c1"),
        ("waiting", "member:amara", "c1"),
        ("other-case", "member:amara", "c2"),
        ("other-person", "member:jun", "c1"),
        ("no-case", "member:amara", None),
    ):
        post(row_id, person, case_id)
    post("parked")
    claim()
    store.write_now(lambda tx: outbox.park(tx, "parked", "550 5.1.1"))
    assert store.write_now(lambda tx: outbox.cancel(tx, "c1", ["member:amara"])) == 3
    # The worker that was sending it finds no row, and nothing comes back.
    store.write_now(lambda tx: outbox.defer(tx, "being-sent", code="451", next_attempt=now, refused_since=None))
    store.write_now(lambda tx: outbox.park(tx, "being-sent", "550"))
    store.write_now(lambda tx: outbox.sent(tx, "being-sent"))
    assert [row.id for row in store.read_now(outbox.listing)] == ["other-case", "other-person", "no-case"]
    assert store.write_now(lambda tx: outbox.cancel(tx, None, ["member:amara"])) == 1


def test_who_was_known_by_another_name_still_gets_one_letter_at_a_time_in_its_order(store, post, claim, now) -> None:
    """A committee was renamed while a letter waited for a server that did not take it."""
    post("first", "old amara")
    post("second", "new amara", before=("older amara", "old amara"))
    post("other", "new jun", before=("older jun", "old jun"))
    assert ids(claim()) == ["first", "other"]
    store.write_now(lambda tx: outbox.sent(tx, "first"))
    assert ids(claim()) == ["second"]
    assert store.write_now(lambda tx: outbox.cancel(tx, "c1", ["new amara", "older amara", "old amara"])) == 1
    post("third", "new amara", before=("older amara", "old amara"))
    assert store.write_now(lambda tx: outbox.cancel(tx, "c1", ["new amara"])) == 1


def test_a_restored_store_sends_nothing_until_it_is_released(store, post, claim, now) -> None:
    post("r1")
    post("r2", person="member:jun")
    store.write_now(lambda tx: outbox.park(tx, "r2", "550 5.1.1"))
    assert store.write_now(outbox.hold_all) == 1
    assert claim(now + timedelta(days=365)) == []
    assert store.write_now(lambda tx: outbox.retry(tx, "r1", now)) is False
    assert store.write_now(lambda tx: outbox.release(tx, now)) == 1
    assert ids(claim()) == ["r1"]
    assert {row.id: row.state for row in store.read_now(outbox.listing)} == {"r1": "queued", "r2": "parked"}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE outbox SET person = (SELECT person FROM outbox WHERE id = 'r2') WHERE id = 'r1'",
        "UPDATE outbox SET sealed = (SELECT sealed FROM outbox WHERE id = 'r2') WHERE id = 'r1'",
        "UPDATE outbox SET case_id = 'c2' WHERE id = 'r1'",
        "UPDATE outbox SET case_id = NULL WHERE id = 'r1'",
        "UPDATE outbox SET kind = 'receipt' WHERE id = 'r1'",
    ],
)
def test_a_relabelled_letter_is_never_sent_and_stops_no_other(store, database, post, claim, tampering: str) -> None:
    post("r1")
    post("r2", person="member:jun")
    database.tamper(tampering)
    seen = []
    for _ in range(2):
        for row in claim():
            seen.append((row.id, row.payload))
            store.write_now(lambda tx, row=row: outbox.park(tx, row.id, outbox.UNREADABLE))
    assert sorted(seen) == [("r1", b""), ("r2", b"r2")]


def test_two_daemons_never_claim_the_same_letter(postgresql, keyring, now) -> None:
    url = postgresql.new_database()
    one, other = Store.open(url, keyring), Store.open(url, keyring)
    letters = [outbox.Queued(each, "ack", None, f"reporter:{each}", b"", now) for each in ("r1", "r2", "r3")]
    one.write_now(lambda tx: outbox.queue(tx, letters, now))

    def both(tx) -> tuple[list[str], list[str]]:
        mine = outbox.claim(tx, now, 2, LEASE)
        theirs = other.write_now(lambda tx: outbox.claim(tx, now, 10, LEASE))  # while mine is not committed
        return ids(mine), ids(theirs)

    assert one.write_now(both) == (["r1", "r2"], ["r3"])
    one.close()
    other.close()
