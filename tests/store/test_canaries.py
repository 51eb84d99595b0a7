"""No word, name or address that went into the store is found in its bytes, whatever the spelling of the search."""

from __future__ import annotations

import base64
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from cocmail.core.model import Door, Envelope
from cocmail.store import cases, lookups, notes, outbox, spool, timers
from cocmail.store.engine import Store
from cocmail.store.tables import Record
from cocmail.vault.keyring import Keyring

WORDS = ["canary-sender", "canary-recipient", "canary-committee", "canary-text", "canary-shelf", "canary-event"]
WORDS += ["canary-handle", "canary-token", "canary-letter", "canary-setting", "canary-limit"]
WORDS += ["canary-about", "192.0.2.77"]


def fill(store: Store, keyring: Keyring, now: datetime) -> None:
    """One of everything, with every word in it."""
    said = Envelope(Door.SMTP, "canary-committee", "canary-sender", ("canary-recipient",), "192.0.2.77", now)
    ids = [store.write_now(lambda tx: spool.add(tx, spool.prepare(keyring, said, b"canary-text"))) for _ in range(3)]
    store.write_now(lambda tx: cases.create(tx, "c1", "canary-committee", "canary-shelf", now))
    store.write_now(lambda tx: cases.append(tx, "c1", [b"canary-event"] * 3, now))
    store.write_now(lambda tx: spool.file(tx, ids[0], spool.FILED, "report", "c1"))
    store.write_now(lambda tx: spool.file(tx, ids[1], spool.HELD, "unproven"))
    store.write_now(lambda tx: spool.confirm(tx, ids[1], "canary-handle"))
    store.write_now(lambda tx: spool.discard(tx, ids[2], "recusal"))
    for row_id, case_id in (("o1", "c1"), ("o2", None)):
        letter = outbox.Queued(row_id, "forward", case_id, f"canary-handle {row_id}", b"canary-letter", now)
        store.write_now(lambda tx, each=letter: outbox.queue(tx, [each], now))
        store.write_now(
            lambda tx, c=case_id: lookups.remember(tx, "t", "canary-token", b"canary-token", case_id=c, now=now)
        )
    store.write_now(lambda tx: timers.set_(tx, "c1", "question-end", "canary-about", now))
    store.write_now(lambda tx: notes.keep(tx, "canary-setting", b"canary-setting"))
    store.write_now(lambda tx: notes.bump(tx, "ack", "canary-limit", "2026-11-21"))


def spellings(word: str) -> list[bytes]:
    """UTF-8, UTF-16 and base64 at each of its three offsets, less the characters that its neighbours change."""
    found = [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode().hex().encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + word.encode()).rstrip(b"=")
        found.append(encoded[(0, 2, 3)[offset] : -1])
    return found


def canaries(content: bytes) -> list[str]:
    lowered = content.lower()
    return [word for word in WORDS for spelled in spellings(word) if spelled.lower() in lowered]


def test_the_search_itself_finds_what_it_looks_for() -> None:
    for junk in (b"", b"a", b"ab"):
        assert canaries(base64.b64encode(junk + b"xcanary-text" + junk)) == ["canary-text"]
    assert canaries("canary-text".encode("utf-16")) == ["canary-text"]


def test_nothing_readable_lies_in_the_sqlite_files(tmp_path: Path, keyring: Keyring, now: datetime) -> None:
    (tmp_path / "var").mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{tmp_path}/var/cocmail.db", keyring)
    fill(store, keyring, now)
    files = sorted((tmp_path / "var").iterdir())
    assert any(path.name.endswith("-wal") and path.stat().st_size > 20000 for path in files)
    assert canaries(b"".join(path.read_bytes() for path in files)) == []
    for row in store.write_now(lambda tx: outbox.claim(tx, now + timedelta(1), 9, timedelta(1))):
        store.write_now(lambda tx, r=row.id: outbox.sent(tx, r))
    assert store.read_now(outbox.listing) == []
    store.close()
    assert canaries(b"".join(path.read_bytes() for path in (tmp_path / "var").iterdir())) == []


def test_nothing_readable_lies_in_postgresql(postgresql, keyring: Keyring, now: datetime) -> None:
    url = postgresql.new_database()
    store = Store.open(url, keyring)
    fill(store, keyring, now)
    store.close()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in Record.metadata.tables]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    engine.dispose()
    assert canaries(b"|".join(_bytes(value) for table in rows for row in table for value in row)) == []
    # The server's files too: tables, write-ahead log and its own log.
    found = subprocess.run(
        ["grep", "-rlaiE", "|".join(WORDS[:-1]), postgresql.folder], capture_output=True, check=False
    )
    assert found.stdout == b""


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
