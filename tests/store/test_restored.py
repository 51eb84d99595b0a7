"""What a store that was put back lets leave, and when, in either database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cocmail.store import cases, outbox, restored

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def post(store, now):
    def queue(row_id: str, case_id: str | None = "old", kind: str = "forward", at=now) -> None:
        letter = outbox.Queued(row_id, kind, case_id, f"member:{row_id}", b"letter", at)
        store.write_now(lambda tx: outbox.queue(tx, [letter], at))

    return queue


@pytest.fixture
def back(store, post, now):
    """Put back with a letter in its queue, an hour after the backup; then another case is opened."""
    store.write_now(lambda tx: cases.create(tx, "old", "conduct@example.org", "home shelf", now))
    post("of-then")
    assert store.write_now(lambda tx: restored.mark(tx, now, now + HOUR)) == 1
    store.write_now(lambda tx: cases.create(tx, "new", "conduct@example.org", "red kettle", now + HOUR))
    return store


def leave(store, at) -> set[str]:
    """What the outbox would take at that time, as it asks."""

    def work(tx) -> list[str]:
        found = restored.state(tx)
        if found.sends_nothing:
            outbox.hold_all(tx)
        else:
            restored.put_off(tx, found, at)
        return [row.id for row in outbox.claim(tx, at, 99, timedelta(0))]

    return set(store.write_now(work))


def test_news_of_the_cases_of_before_wait_a_day_and_nothing_else_does(back, post, now) -> None:
    post("news")
    assert leave(back, now + HOUR) == set()
    assert back.write_now(lambda tx: restored.release(tx, now + HOUR)) == 2
    post("more-news", at=now + HOUR)
    post("outreach", kind="outreach", at=now + HOUR)
    for kind in restored.PASSING:
        post(kind, kind=kind, at=now + HOUR)
    post("new-case", case_id="new", at=now + HOUR)
    post("no-case", case_id=None, at=now + HOUR)
    at_once = {"of-then", "new-case", "no-case", *restored.PASSING}
    assert leave(back, now + HOUR) == at_once
    assert leave(back, now + DAY) == at_once
    assert leave(back, now + HOUR + DAY) == {*at_once, "news", "more-news", "outreach"}
    assert back.read_now(lambda tx: restored.is_quiet(tx, now + DAY)) is True
    assert back.read_now(lambda tx: restored.is_quiet(tx, now + HOUR + DAY)) is False


def test_a_queue_that_was_empty_between_makes_nothing_new_old(back, post, now) -> None:
    """New letters count from the last one that is there; they must not get places of before the backup."""
    back.write_now(lambda tx: restored.release(tx, now + HOUR, drop=True))
    assert back.read_now(outbox.listing) == []
    post("news", at=now + HOUR)
    assert leave(back, now + HOUR) == set()


def test_a_wait_and_its_end_count_for_what_is_held(back, post, now) -> None:
    back.write_now(lambda tx: outbox.wait(tx, "of-then", now + 5 * HOUR))
    back.write_now(lambda tx: restored.release(tx, now + HOUR))
    assert leave(back, now + HOUR) == set()
    back.write_now(lambda tx: outbox.hasten(tx, "old", ["member:of-then"], now + HOUR))
    assert leave(back, now + HOUR) == {"of-then"}


def test_a_store_that_was_never_put_back_knows_nothing_of_it(store, now) -> None:
    assert store.read_now(restored.state) is None
    assert store.read_now(restored.sends_nothing) is False
    assert store.write_now(lambda tx: restored.release(tx, now, at_once=True, drop=True)) == 0
