"""What the operator does beside the running daemon: the vague sheet, the queue, proof that the store is whole.

Opens the store without the daemon's lock. Gives ids, times, counts and codes; never content, a name or an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cocmail.config.load import read
from cocmail.config.locate import locate_store
from cocmail.core.classify import Reason
from cocmail.errors import EXIT_BUG, EXIT_CONFIG, EXIT_DONE
from cocmail.records import load_case
from cocmail.reports import sheet
from cocmail.store import cases, outbox, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring

# Reports can be among these: they are kept for the digest that a later release sends.
UNREAD = frozenset({Reason.NULL_SENDER.value, Reason.SPAM.value})


@contextmanager
def opened(path: Path, environ: Mapping[str, str]) -> Iterator[Store]:
    """The store of a configuration, beside a running daemon. A broken committee file is no hindrance."""
    url, key_file = locate_store(read(path).main, environ)
    store = Store.open(url, Keyring.load(key_file), exclusive=False)
    try:
        yield store
    finally:
        store.close()


def sheet_rows(path: Path, environ: Mapping[str, str]) -> list[sheet.Row]:
    """The rows of the status sheet, over all committees."""
    with opened(path, environ) as store:
        return sheet.rows(store.read_now(lambda tx: [load_case(tx, case_id) for case_id in cases.ids(tx, None)]))


def waiting(path: Path, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """What waits to go out and what was shunted (contract, section 1, `queue --json`)."""
    with opened(path, environ) as store:
        return store.read_now(_waiting)


def _waiting(tx: Tx) -> list[dict[str, object]]:
    letters = [(row.id, row.state, row.attempts, row.next_attempt, row.code) for row in outbox.listing(tx)]
    arrived = [(row.id, "shunted", row.attempts, row.next_attempt, None) for row in spool.shunted(tx)]
    arrived += [(row.id, "postponed", row.attempts, row.next_attempt, None) for row in spool.postponed(tx)]
    return [
        {
            "id": row_id,
            "state": state,
            "attempts": attempts,
            "next_attempt": at.isoformat() if at is not None and state in (outbox.QUEUED, "postponed") else None,
            "code": code or "",
        }
        for row_id, state, attempts, at, code in (*letters, *arrived)
    ]


def kept_unread(path: Path, environ: Mapping[str, str]) -> str:
    """How many messages were filed that nobody was told of, by reason, in words; "" where there are none."""
    with opened(path, environ) as store:
        counts = store.read_now(spool.reasons)
    return ", ".join(f"{count} {reason}" for reason, count in counts.items() if reason in UNREAD)


def as_text(rows: list[dict[str, object]]) -> str:
    """The queue as a table."""
    if not rows:
        return "nothing waits"
    heads = ("id", "state", "attempts", "next_attempt", "code")
    lines = [heads, *(tuple(str(row[head] if row[head] is not None else "-") for head in heads) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def retry(path: Path, environ: Mapping[str, str], row_id: str) -> int:
    """Make one letter or shunted message due at once, or `all`."""
    now = datetime.now(UTC)

    def work(tx: Tx) -> bool:
        ids = [str(row["id"]) for row in _waiting(tx)] if row_id == "all" else [row_id]
        return sum(outbox.retry(tx, each, now) or spool.retry(tx, each) for each in ids) > 0

    with opened(path, environ) as store:
        found = store.write_now(work)
    print("due now" if found else "no such id: `cocmail queue` lists them")
    return EXIT_DONE if found else EXIT_CONFIG


def release(path: Path, environ: Mapping[str, str]) -> int:
    """Let a restored store send again; gives how many letters that are."""
    now = datetime.now(UTC)
    with opened(path, environ) as store:
        return store.write_now(lambda tx: outbox.release(tx, now))


def verify(path: Path, environ: Mapping[str, str]) -> int:
    """Prove that every record opens and every chain of events is whole."""
    with opened(path, environ) as store:
        found = store.read_now(cases.verify)
    counts = f"{found.cases} cases, {found.events} events, {found.mails} messages, {found.outgoing} outgoing"
    print(f"{counts}, {found.timers} timers")
    for failure in found.failures:
        print(f"does not open: {failure}")
    return EXIT_BUG if found.failures else EXIT_DONE
