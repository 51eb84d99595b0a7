"""A message's life in the store: new, then filed, held, shunted or discarded, and sealed all the while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocmail.core.model import Door, Envelope
from cocmail.errors import SealError
from cocmail.store import cases, spool, starts
from cocmail.store.engine import Store, Tx
from cocmail.vault.keyring import Keyring

REPORT = b"From: reporter@example.net\r\n\r\nSomething happened.\r\n"


def envelope(now: datetime) -> Envelope:
    return Envelope(
        Door.LMTP_SOCKET, "conduct@example.org", "reporter@example.net", ("conduct+not-jun@example.org",), "", now
    )


def receive(store: Store, keyring: Keyring, now: datetime, raw: bytes = REPORT) -> str:
    prepared = spool.prepare(keyring, envelope(now), raw)
    return store.write_now(lambda tx: spool.add(tx, prepared))


def a_case(store: Store, now: datetime, case_id: str = "c1") -> str:
    store.write_now(lambda tx: cases.create(tx, case_id, "conduct@example.org", f"name {case_id}", now))
    return case_id


def test_a_message_comes_out_as_it_came_in(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (envelope(now), REPORT)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sender=st.none() | st.text(st.characters()),
    recipients=st.lists(st.text(st.characters())).map(tuple),
    raw=st.binary(),
    received_at=st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1)),
)
def test_whatever_a_peer_says_is_kept_to_the_byte(store, keyring, sender, recipients, raw, received_at) -> None:
    said = Envelope(Door.SMTP, "conduct@example.org", sender, recipients, "192.0.2.1", received_at)
    spool_id = store.write_now(lambda tx: spool.add(tx, spool.prepare(keyring, said, raw)))
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (said, raw)


def test_the_oldest_due_message_is_next(store, keyring, now) -> None:
    second = receive(store, keyring, now + timedelta(seconds=1))
    first = receive(store, keyring, now)
    found = store.write_now(lambda tx: spool.next_new(tx, now))
    assert found == spool.Spooled(first, 0, None, now)
    store.write_now(lambda tx: spool.postpone(tx, first, now + timedelta(minutes=5)))
    assert store.write_now(lambda tx: spool.next_new(tx, now)).id == second
    store.write_now(lambda tx: spool.file(tx, second, spool.FILED, "report"))
    assert store.write_now(lambda tx: spool.next_new(tx, now)) is None
    later = store.write_now(lambda tx: spool.next_new(tx, now + timedelta(minutes=5)))
    assert (later.id, later.attempts) == (first, 1)


def test_a_clock_that_was_set_back_hides_no_message(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now + timedelta(days=3650))
    assert store.write_now(lambda tx: spool.next_new(tx, now)).id == spool_id


def test_a_filed_message_belongs_to_its_case(store, database, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    case_id = a_case(store, now)
    store.write_now(lambda tx: spool.file(tx, spool_id, spool.FILED, "report", case_id))
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (envelope(now), REPORT)
    # Whoever destroys the case's key destroys the message.
    database.tamper("UPDATE cases SET wrapped_key = :gone", gone=b"")
    with pytest.raises(SealError):
        store.read_now(lambda tx: spool.open_mail(tx, spool_id))


def test_a_message_cannot_be_moved_to_another_case(store, database, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    a_case(store, now, "c1")
    a_case(store, now, "c2")
    store.write_now(lambda tx: spool.file(tx, spool_id, spool.FILED, "report", "c1"))
    database.tamper("UPDATE spool SET case_id = 'c2'")
    with pytest.raises(SealError):
        store.read_now(lambda tx: spool.open_mail(tx, spool_id))


def test_two_messages_cannot_be_swapped(store, database, keyring, now) -> None:
    one, other = receive(store, keyring, now), receive(store, keyring, now, b"another")
    database.tamper(
        "UPDATE spool SET raw = (SELECT raw FROM spool WHERE id = :other) WHERE id = :one", one=one, other=other
    )
    with pytest.raises(SealError):
        store.read_now(lambda tx: spool.open_mail(tx, one))


def test_a_message_is_filed_once(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)

    def run(tx: Tx, case_id: str) -> None:
        cases.create(tx, case_id, "conduct@example.org", f"name {case_id}", now)
        spool.file(tx, spool_id, spool.FILED, "report", case_id)

    store.write_now(lambda tx: run(tx, "c1"))
    with pytest.raises(spool.AlreadyFiled):
        store.write_now(lambda tx: run(tx, "c2"))
    assert store.read_now(lambda tx: cases.ids(tx, None)) == ["c1"]


def test_a_held_message_runs_once_its_sender_is_proven(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    store.write_now(lambda tx: spool.confirm(tx, spool_id, "amara"))  # not held: nothing to confirm
    assert store.write_now(lambda tx: spool.next_new(tx, now)).confirmed_handle is None
    store.write_now(lambda tx: spool.file(tx, spool_id, spool.HELD, "unproven"))
    assert store.write_now(lambda tx: spool.next_new(tx, now)) is None
    store.write_now(lambda tx: spool.confirm(tx, spool_id, "amara"))
    found = store.write_now(lambda tx: spool.next_new(tx, now))
    assert (found.id, found.confirmed_handle) == (spool_id, "amara")
    assert "amara" not in repr(found)
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (envelope(now), REPORT)


def test_a_message_held_in_a_case_is_confirmed_under_the_cases_key(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    a_case(store, now, "c1")
    a_case(store, now, "c2")
    store.write_now(lambda tx: spool.file(tx, spool_id, spool.HELD, "unproven", "c1"))
    store.write_now(lambda tx: spool.confirm(tx, spool_id, "amara"))
    assert store.write_now(lambda tx: spool.next_new(tx, now)).confirmed_handle == "amara"
    store.write_now(lambda tx: spool.file(tx, spool_id, spool.FILED, "discussion", "c2"))
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (envelope(now), REPORT)


def test_a_forged_confirmation_counts_as_none(store, database, keyring, now) -> None:
    one, other = receive(store, keyring, now), receive(store, keyring, now + timedelta(seconds=1))
    for spool_id in (one, other):
        store.write_now(lambda tx, spool_id=spool_id: spool.file(tx, spool_id, spool.HELD, "unproven"))
    store.write_now(lambda tx: spool.confirm(tx, other, "amara"))
    database.tamper(
        "UPDATE spool SET state = 'new', confirmed = (SELECT confirmed FROM spool WHERE id = :other) WHERE id = :one",
        one=one,
        other=other,
    )
    found = store.write_now(lambda tx: spool.next_new(tx, now))
    assert (found.id, found.confirmed_handle) == (one, None)


def test_a_discarded_message_leaves_its_row_and_nothing_else(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    store.write_now(lambda tx: spool.discard(tx, spool_id, "recusal"))
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) is None
    assert store.read_now(spool.reasons) == {"recusal": 1}
    assert store.read_now(cases.verify).failures == ()


def test_a_shunted_message_waits_for_the_operator(store, keyring, now) -> None:
    spool_id = receive(store, keyring, now)
    store.write_now(lambda tx: spool.shunt(tx, spool_id, "bug"))
    assert store.write_now(lambda tx: spool.next_new(tx, now)) is None
    assert store.read_now(spool.shunted) == [spool.Shunted(spool_id, 1, None)]
    assert store.write_now(lambda tx: spool.retry(tx, spool_id)) is True
    assert store.write_now(lambda tx: spool.retry(tx, spool_id)) is False
    assert store.write_now(lambda tx: spool.next_new(tx, now)).id == spool_id
    assert store.read_now(lambda tx: spool.open_mail(tx, spool_id)) == (envelope(now), REPORT)


def test_a_start_is_counted_where_those_before_it_had_the_same_message_first_and_got_nowhere(
    store, keyring, now
) -> None:
    def starting(at: datetime, times: int = starts.MOST) -> set[bool]:
        def work(tx: Tx) -> bool:
            first = spool.next_new(tx, at)
            return first is not None and starts.died_on(tx, first)

        return {store.write_now(work) for _ in range(times)}

    first = receive(store, keyring, now)
    receive(store, keyring, now + timedelta(seconds=1))
    assert starting(now) == {False}
    # It waits for its committee, say: nobody died on it.
    store.write_now(lambda tx: spool.postpone(tx, first, now + timedelta(hours=1)))
    later = now + timedelta(hours=2)
    assert starting(now) == starting(later) == {False}
    assert starting(later, 2) == {True}
    store.write_now(lambda tx: spool.shunt(tx, first, "shunted"))
    assert starting(later) == {False} and starting(later, 1) == {True}


def test_reasons_are_counted(store, keyring, now) -> None:
    for reason in ("report", "report", "bounce"):
        spool_id = receive(store, keyring, now)
        store.write_now(lambda tx, i=spool_id, r=reason: spool.file(tx, i, spool.FILED, r))
    receive(store, keyring, now)
    assert store.read_now(spool.reasons) == {"bounce": 1, "report": 2}


def test_two_daemons_never_take_the_same_message(postgresql, keyring, now) -> None:
    url = postgresql.new_database()
    one, other = Store.open(url, keyring), Store.open(url, keyring)
    first, second = receive(one, keyring, now), receive(one, keyring, now + timedelta(seconds=1))

    def take(tx: Tx) -> tuple[str, str]:
        mine = spool.next_new(tx, now)
        theirs = other.write_now(lambda tx: spool.next_new(tx, now))  # while mine is not committed
        assert mine is not None and theirs is not None
        return mine.id, theirs.id

    assert one.write_now(take) == (first, second)
    one.close()
    other.close()


def test_an_unknown_message_is_no_error_to_ask_for(store) -> None:
    assert store.read_now(lambda tx: spool.open_mail(tx, "nowhere")) is None
    with pytest.raises(ValueError, match="filed or held"):
        store.write_now(lambda tx: spool.file(tx, "nowhere", "gone", "report"))
