"""A backup is a consistent, sealed copy of either database, and becomes a store of either: whole, or not at all."""

from __future__ import annotations

import json
import resource
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, make_url, select, text

from cocmail.core.model import Door, Envelope
from cocmail.errors import ConfigError, SealError, StoreBusy, StoreTooNew
from cocmail.store import backup, cases, outbox, restored, revisions, spool
from cocmail.store.copying import digest_of, single_file
from cocmail.store.engine import Store
from cocmail.store.restore import put_back
from cocmail.store.tables import Record
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring, new_key_file
from store.conftest import NOW
from store.test_canaries import canaries, fill

LATER = timedelta(hours=1)
HOUR = timedelta(hours=1)


def rows(url: str) -> dict[str, list[str]]:
    """Every row, but the queue's place and state, and the notes: these a restore changes."""
    engine = create_engine(make_url(url.replace("postgresql:", "postgresql+psycopg:")))
    found = {}
    with engine.connect() as connection:
        for name, table in Record.metadata.tables.items():
            kept = [each for each in table.columns if name != "outbox" or each.name not in ("seq", "state")]
            if name != "notes":
                found[name] = sorted(repr(tuple(row)) for row in connection.execute(select(*kept)))
    engine.dispose()
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file, and a backup of a store that holds one of everything."""
    folder = tmp_path_factory.mktemp("once")
    new_key_file(folder / "master.key")
    keyring = Keyring.load(folder / "master.key")
    store = Store.open(f"sqlite:///{folder}/store.db", keyring)
    fill(store, keyring, NOW)
    backup.write(store, folder / "backups", NOW, "0.1.0")
    store.close()
    return folder


@pytest.fixture
def keyring(once: Path) -> Keyring:
    return Keyring.load(once / "master.key")


@pytest.fixture
def made(once: Path, tmp_path: Path) -> Path:
    """The folder of a backup of our own."""
    return Path(shutil.copytree(once / "backups", tmp_path / "backups"))


@pytest.fixture
def small(once: Path, tmp_path: Path) -> Iterator[Store]:
    """The store that it was made of, where it does not matter in which database."""
    shutil.copy(once / "store.db", tmp_path / "small.db")
    opened = Store.open(f"sqlite:///{tmp_path}/small.db", Keyring.load(once / "master.key"))
    yield opened
    opened.close()


@pytest.fixture(params=["to sqlite", "to postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "to sqlite":
        return f"sqlite:///{tmp_path}/elsewhere/new.db"
    return str(request.getfixturevalue("postgresql").new_database())


def test_what_is_restored_is_what_was_backed_up(store, database, place, keyring, now, tmp_path: Path) -> None:
    """From either database into either."""
    fill(store, keyring, now)
    backup.write(store, tmp_path / "b", now, "0.1.0")
    before = rows(database.url)
    assert all(before.values())
    done = put_back(tmp_path / "b", place, keyring, now + LATER)
    assert rows(place) == before
    assert rows(database.url) == before
    assert (done.found.cases, done.found.failures, done.held) == (1, (), 2)
    again = Store.open(place, keyring)
    assert again.read_now(cases.verify).failures == ()
    assert {row.state for row in again.read_now(outbox.listing)} == {outbox.HELD}
    assert again.write_now(lambda tx: outbox.claim(tx, now + timedelta(days=400), 9, HOUR)) == []
    found = again.read_now(restored.state)
    assert (found.taken_at, found.restored_at, found.sends_nothing) == (now, now + LATER, True)
    again.close()


def test_a_backup_is_its_owner_s_alone_and_holds_no_word_and_no_key(made: Path, once: Path) -> None:
    assert [Path(name).suffix for name in files(made)] == [".db", ".json"]
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    content = b""
    for path in made.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content += path.read_bytes()
    assert len(content) > 50_000 and canaries(content) == []
    for version in json.loads((once / "master.key").read_text())["versions"]:
        assert bytes.fromhex(version["key"]) not in content and version["key"].encode() not in content


def test_a_manifest_tells_counts_and_no_names(made: Path) -> None:
    (path,) = made.glob("*.json")
    said = json.loads(path.read_text())
    assert said["rows"]["cases"] == 1 and said["rows"]["events"] == 3 and said["damaged"] == []
    assert said["sha256"] == digest_of(made / said["file"]) and said["revision"] == revisions.newest()


def test_what_is_destroyed_in_the_store_is_in_no_later_backup(small, now, tmp_path: Path) -> None:
    """Pages that are free keep what was in them; a copy of rows has none."""
    store = small
    old = store.read_now(lambda tx: bytes(tx.connection.exec_driver_sql("SELECT raw FROM spool").first()[0]))
    for (entry,) in store.read_now(lambda tx: tx.connection.exec_driver_sql("SELECT id FROM spool").all()):
        store.write_now(lambda tx, entry=entry: spool.discard(tx, entry, "recusal"))
    made = backup.write(store, tmp_path / "b", now, "0.1.0")
    assert old not in (tmp_path / "b" / made.file).read_bytes()


def test_a_backup_that_is_made_while_many_write_opens_and_ends_where_it_began(store, keyring, now, tmp_path) -> None:
    stop = threading.Event()
    written: list[str] = []

    def write(number: int) -> None:
        said = Envelope(Door.SMTP, "conduct@example.org", f"guest{number}@example.net", (), received_at=now)
        count = 0
        while not stop.is_set():
            name, count = f"c{number}-{count}", count + 1

            def work(tx: Tx, name: str = name) -> None:
                cases.create(tx, name, "conduct@example.org", f"name {name}", now)
                entry = spool.add(tx, spool.prepare(keyring, said, b"x" * 3000))
                spool.file(tx, entry, spool.FILED, "report", name)
                cases.append(tx, name, [b"one", b"two"], now)

            store.write_now(work)
            written.append(name)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for each in writers:
        each.start()
    made = []
    try:
        while len(made) < 4:
            least = len(written)
            manifest = backup.write(store, tmp_path / "b", now + timedelta(seconds=len(made)), "0.1.0")
            counts = manifest.rows
            # A case and its mail are one transaction: none is half there.
            assert counts["cases"] == counts["spool"] == counts["lookups"] == counts["events"] / 2
            assert least <= counts["cases"] and manifest.damaged == ()
            made.append(counts["cases"])
    finally:
        stop.set()
        for each in writers:
            each.join()
    assert made == sorted(made) and made[-1] > made[0]
    done = put_back(tmp_path / "b", f"sqlite:///{tmp_path}/new/store.db", keyring, now)
    assert done.found.cases == made[-1], "the newest one of the folder"


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """A limit on the size of files stands for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 20_000, 120_000])
def test_a_full_disk_leaves_no_half_backup_and_the_older_one_as_it_was(made, small, keyring, now, size: int) -> None:
    entry = spool.prepare(keyring, Envelope(Door.SMTP, "c@example.org", None, (), received_at=now), b"x" * 200_000)
    small.write_now(lambda tx: spool.add(tx, entry))
    (made / "of-others.partial").write_bytes(b"")
    before = files(made)
    with full_at(size), pytest.raises(StoreBusy) as caught:
        backup.write(small, made, now + LATER, "0.1.0")
    assert caught.value.exit_code == 75 and "nothing of it is left" in str(caught.value)
    assert files(made) == before
    backup.write(small, made, now + LATER, "0.1.0")
    assert len(files(made)) == 5


def test_what_a_killed_backup_left_is_no_backup_and_goes(small, keyring, now, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "cocmail-20261121T093000000000.partial").write_bytes(b"half")
    with pytest.raises(ConfigError):
        backup.load(folder, keyring)
    backup.write(small, folder, now, "0.1.0")
    assert [Path(name).suffix for name in files(folder)] == [".db", ".json"]


def test_a_record_that_does_not_open_is_named_and_the_rest_is_backed_up(made, small, keyring, now) -> None:
    small.write_now(lambda tx: tx.run(text("UPDATE outbox SET kind = 'receipt' WHERE id = 'o1'")))
    manifest = backup.write(small, made, now + LATER, "0.1.0")
    assert manifest.damaged == ("outgoing:o1",)
    done = put_back(made, f"sqlite:///{made}/../new/store.db", keyring, now)
    assert done.found.failures == manifest.damaged


# What is refused


def spoil_content(made: Path) -> None:
    (path,) = made.glob("*.db")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_content(made: Path) -> None:
    (path,) = made.glob("*.db")
    path.write_bytes(path.read_bytes()[:-4096])


def spoil_manifest(made: Path) -> None:
    (path,) = made.glob("*.json")
    path.write_text(path.read_text().replace("2026-11-21", "2026-11-20"))


def lose_content(made: Path) -> None:
    (path,) = made.glob("*.db")
    path.unlink()


def lose_manifest(made: Path) -> None:
    (path,) = made.glob("*.json")
    path.unlink()


@pytest.mark.parametrize("spoil", [spoil_content, cut_content, spoil_manifest, lose_content, lose_manifest])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_in_its_place(made, keyring, now, tmp_path, spoil) -> None:
    spoil(made)
    with pytest.raises((SealError, ConfigError, StoreBusy)):
        put_back(made, f"sqlite:///{tmp_path}/new/store.db", keyring, now)
    assert [name for name in files(tmp_path / "new") if not name.endswith(".lock")] == []


def test_another_key_file_is_refused(made, now, tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/elsewhere/new.db"
    new_key_file(tmp_path / "other.key")
    with pytest.raises(SealError):
        put_back(made, place, Keyring.load(tmp_path / "other.key"), now)
    assert [name for name in files(tmp_path / "elsewhere") if not name.endswith(".lock")] == []


def test_nothing_is_put_over_a_store_that_holds_anything(made, database, keyring, now) -> None:
    store = database.open()
    said = Envelope(Door.SMTP, "conduct@example.org", None, (), received_at=now)
    store.write_now(lambda tx: spool.add(tx, spool.prepare(keyring, said, b"x")))
    store.close()
    before = rows(database.url)
    with pytest.raises(ConfigError) as caught:
        put_back(made, database.url, keyring, now)
    assert "there is a store already" in caught.value.problems[0]
    assert rows(database.url) == before


def test_a_store_that_never_had_a_message_is_no_hindrance(made, place, keyring, now, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Store.open(place, keyring).close()
    assert put_back(made, place, keyring, now).found.cases == 1


def test_nothing_is_put_under_a_daemon_that_runs(made, place, keyring, now, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    daemon = Store.open(place, keyring)
    with pytest.raises(StoreBusy, match="another daemon"):
        put_back(made, place, keyring, now)
    assert daemon.read_now(cases.verify).cases == 0
    daemon.close()


def test_a_journal_that_a_lost_store_left_meets_no_other_file(made, keyring, now, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "store.db-wal").write_bytes(b"the last messages")
    with pytest.raises(ConfigError):
        put_back(made, f"sqlite:///{tmp_path}/new/store.db", keyring, now)
    assert (tmp_path / "new" / "store.db-wal").read_bytes() == b"the last messages"


def of_revision(folder: Path, keyring: Keyring, now, revision: str, content: Path | None = None) -> None:
    """A backup as a release of that revision made it."""
    from store.test_revisions import fill as fill_first

    folder.mkdir(parents=True)
    file = folder / "cocmail-20261121T093000Z-00000000.db"
    if content is not None:
        file.write_bytes(content.read_bytes())
        with single_file(file) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    else:
        with single_file(file) as connection:
            command.upgrade(revisions.configuration(connection), revision)
            fill_first(Tx(connection, keyring), now)
    said = {"release": "x", "revision": revision, "taken_at": now.isoformat(), "file": file.name, "rows": {}}
    manifest = backup.Manifest(**said, size=file.stat().st_size, sha256=digest_of(file), damaged=())
    backup._put_manifest(file.with_suffix(".json"), manifest, keyring)


def test_a_backup_of_an_earlier_release_is_brought_up_and_stays_as_it_was(keyring, now, place, tmp_path) -> None:
    of_revision(tmp_path / "b", keyring, now, "0001")
    before = {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    done = put_back(tmp_path / "b", place, keyring, now)
    assert (done.found.cases, done.found.events, done.held) == (1, 2, 1)
    assert {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()} == before
    again = Store.open(place, keyring)
    assert again.read_now(lambda tx: cases.load(tx, "c1")) == [b"one", b"two"]
    again.close()


def test_a_backup_of_a_later_release_is_refused(made, keyring, now, tmp_path: Path) -> None:
    (content,) = made.glob("*.db")
    of_revision(tmp_path / "later", keyring, now, "9999", content)
    with pytest.raises(StoreTooNew):
        put_back(tmp_path / "later", f"sqlite:///{tmp_path}/new/store.db", keyring, now)
