"""Opening the store: with its own key, at a known revision, by one daemon; and what group commit promises."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from cocmail.errors import ConfigError, SealError, StoreBusy, StoreError, StoreGone, StoreTooNew
from cocmail.store import cases, notes, revisions
from cocmail.store.boundaries import Side, Step
from cocmail.store.engine import Store, Tx
from cocmail.store.tables import Record
from cocmail.vault.keyring import Keyring, new_key_file


def count(tx: Tx, name: str) -> int:
    """Reads a number, adds one, writes it: the plainest way to lose an update."""
    number = int(notes.kept(tx, name) or b"0") + 1
    notes.keep(tx, name, str(number).encode())
    return number


def kept(store: Store, name: str) -> bytes | None:
    return store.read_now(lambda tx: notes.kept(tx, name))


def other_keyring(folder: Path) -> Keyring:
    new_key_file(folder / "other.key")
    return Keyring.load(folder / "other.key")


# --- opening ---------------------------------------------------------------------------------------------------------


def test_what_was_written_is_there_after_a_restart(database) -> None:
    first = database.open()
    first.write_now(lambda tx: notes.keep(tx, "name", b"value"))
    first.close()
    second = database.open()
    assert kept(second, "name") == b"value"
    second.close()


def test_the_models_and_the_migrations_agree(store, database) -> None:
    with store._engines[0].connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Record.metadata) == []


def test_every_migration_is_known_in_its_order() -> None:
    """A start asks the list, not the files: one that is missing there would never be run."""
    scripts = ScriptDirectory.from_config(revisions.configuration())
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(revisions.KNOWN))


def test_another_key_file_is_refused_and_nothing_is_written(database, tmp_path: Path) -> None:
    store = database.open()
    store.write_now(lambda tx: notes.keep(tx, "name", b"value"))
    store.close()
    before = _contents(database)
    with pytest.raises(SealError):
        Store.open(database.url, other_keyring(tmp_path))
    assert _contents(database) == before
    database.open().close()


def test_the_same_master_with_another_index_secret_is_refused(database, tmp_path: Path) -> None:
    database.open().close()
    key = tmp_path / "master.key"
    text_ = key.read_text()
    start = text_.index('"index": "') + len('"index": "')
    key.write_text(text_[:start] + "ab" * 32 + text_[start + 64 :])
    with pytest.raises(SealError, match="index"):
        Store.open(database.url, Keyring.load(key))


def test_a_store_without_the_record_of_its_key_is_damaged_not_new(database) -> None:
    database.open().close()
    database.tamper("DELETE FROM notes WHERE name = 'check'")
    with pytest.raises(SealError):
        database.open()


def test_a_store_of_a_later_release_is_refused_and_left_alone(database) -> None:
    database.open().close()
    database.tamper("UPDATE alembic_version SET version_num = '9999'")
    before = _contents(database)
    with pytest.raises(StoreTooNew):
        database.open()
    assert _contents(database) == before


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=ro&uri=true",
        "postgresql+psycopg2://user@host/db",
        "nonsense",
        "",
    ],
)
def test_another_sort_of_store_is_a_configuration_error(url: str, keyring: Keyring) -> None:
    with pytest.raises(ConfigError):
        Store.open(url, keyring)


def test_a_server_that_is_gone_means_try_again(keyring: Keyring, tmp_path: Path) -> None:
    with pytest.raises(StoreBusy):
        Store.open(f"postgresql://user@/db?host={tmp_path}", keyring)


def test_a_file_that_is_no_database_is_refused(keyring: Keyring, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at as one" * 40)
    with pytest.raises(StoreError):
        Store.open(f"sqlite:///{tmp_path}/notes.txt", keyring)


def test_the_sqlite_files_are_their_owners_alone(tmp_path: Path, keyring: Keyring) -> None:
    before = os.umask(0)
    (tmp_path / "var").mkdir()
    try:
        store = Store.open(f"sqlite:///{tmp_path}/var/cocmail.db", keyring)
        store.write_now(lambda tx: notes.keep(tx, "name", b"value"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert set(modes) == {"cocmail.db", "cocmail.db-wal", "cocmail.db-shm", "cocmail.db.lock"}
    assert set(modes.values()) == {0o600}


def test_sqlite_is_set_to_lose_nothing(tmp_path: Path, keyring: Keyring) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
    found = store.write_now(lambda tx: [tx.run(text(f"PRAGMA {name}")).scalar_one() for name in names])
    store.close()
    assert found == ["wal", 2, 1, 1]


def test_two_daemons_on_one_sqlite_store_are_refused(tmp_path: Path, keyring: Keyring) -> None:
    url = f"sqlite:///{tmp_path}/cocmail.db"
    daemon = Store.open(url, keyring)
    with pytest.raises(StoreBusy, match="another daemon"):
        Store.open(url, keyring)
    command = Store.open(url, keyring, exclusive=False)
    command.write_now(lambda tx: notes.keep(tx, "name", b"from the command line"))
    command.close()
    assert kept(daemon, "name") == b"from the command line"
    daemon.close()
    Store.open(url, keyring).close()


def test_a_command_does_not_migrate_a_store_under_its_daemon(tmp_path: Path, keyring: Keyring) -> None:
    (tmp_path / "cocmail.db.lock").touch(0o600)
    code = "import fcntl, sys; lock = open(sys.argv[1]); fcntl.flock(lock, fcntl.LOCK_EX); print(flush=True); input()"
    command = [sys.executable, "-c", code, str(tmp_path / "cocmail.db.lock")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreBusy):
            Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring, exclusive=False)
        holder.terminate()


def test_several_daemons_may_share_a_postgresql_store(postgresql, keyring: Keyring) -> None:
    url = postgresql.new_database()
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store.open(url, keyring))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.write_now(lambda tx: notes.bump(tx, "opened", "", "once"))
    assert opened[0].write_now(lambda tx: notes.bump(tx, "opened", "", "once")) == 5
    for store in opened:
        store.close()


# --- group commit ----------------------------------------------------------------------------------------------------


async def test_a_failing_function_takes_back_its_own_work_alone(store) -> None:
    gate = threading.Event()
    blocked = asyncio.ensure_future(store.write(lambda tx: gate.wait(5)))  # so that the rest waits, and shares a group
    await asyncio.sleep(0.05)

    def work(number: int):
        def run(tx: Tx) -> int:
            notes.keep(tx, f"n{number}", b"x")
            if number == 3:
                raise ValueError("a bug")
            if number == 5:
                tx.run(text("INSERT INTO notes (name) VALUES (NULL)"))
            return number

        return run

    waiting = [asyncio.ensure_future(store.write(work(number))) for number in range(8)]
    await asyncio.sleep(0.05)
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    await blocked
    assert [result for result in results if isinstance(result, int)] == [0, 1, 2, 4, 6, 7]
    assert isinstance(results[3], ValueError)
    assert type(results[5]) is StoreError
    found = await store.read(lambda tx: [notes.kept(tx, f"n{number}") for number in range(8)])
    assert [value is not None for value in found] == [True, True, True, False, True, False, True, True]


async def test_what_waits_together_is_committed_together(store) -> None:
    gate, transactions = threading.Event(), set()
    first = asyncio.ensure_future(store.write(lambda tx: gate.wait(5)))
    await asyncio.sleep(0.05)
    waiting = [asyncio.ensure_future(store.write(lambda tx: transactions.add(id(tx.connection)))) for _ in range(30)]
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(first, *waiting)
    assert len(transactions) == 1


async def test_a_cancelled_caller_disturbs_nobody(store) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(store.write(lambda tx: gate.wait(5)))
    await asyncio.sleep(0.05)
    cancelled = asyncio.ensure_future(store.write(lambda tx: notes.keep(tx, "cancelled", b"x")))
    after = asyncio.ensure_future(store.write(lambda tx: notes.keep(tx, "after", b"x")))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(first, after)
    assert await store.read(lambda tx: (notes.kept(tx, "cancelled"), notes.kept(tx, "after"))) == (None, b"x")


async def test_nothing_is_visible_before_its_commit(store) -> None:
    gate, written = threading.Event(), threading.Event()

    def work(tx: Tx) -> None:
        notes.keep(tx, "name", b"value")
        written.set()
        gate.wait(5)

    writing = asyncio.ensure_future(store.write(work))
    await asyncio.to_thread(written.wait, 5)
    assert await store.read(lambda tx: notes.kept(tx, "name")) is None
    gate.set()
    await writing
    assert await store.read(lambda tx: notes.kept(tx, "name")) == b"value"


def test_no_update_is_lost_between_threads_and_processes(database) -> None:
    stores = [database.open(exclusive=False) for _ in range(2)]
    stores[0].write_now(lambda tx: cases.create(tx, "c1", "committee", "home-shelf", datetime.now().astimezone()))
    seen: list[int] = []

    def work(store: Store) -> None:
        for _ in range(15):
            store.write_now(lambda tx: _append_next(tx, seen))

    threads = [threading.Thread(target=work, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [int(event) for event in stores[0].read_now(lambda tx: cases.load(tx, "c1"))] == list(range(60))
    for store in stores:
        store.close()


def _append_next(tx: Tx, seen: list[int]) -> None:
    """Decides from what it loads, as the pipeline does."""
    number = len(cases.load(tx, "c1"))
    cases.append(tx, "c1", [str(number).encode()], datetime.now().astimezone())


def test_a_reader_can_change_nothing(store) -> None:
    with pytest.raises(StoreError):
        store.read_now(lambda tx: notes.keep(tx, "name", b"value"))
    assert kept(store, "name") is None


def test_a_full_disk_means_try_again_and_harms_nothing(tmp_path: Path, keyring: Keyring) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    store.write_now(lambda tx: notes.keep(tx, "before", b"x"))
    pages = store.write_now(lambda tx: tx.run(text("PRAGMA page_count")).scalar_one())
    store.write_now(lambda tx: tx.run(text(f"PRAGMA max_page_count = {pages + 3}")).scalar_one())

    async def fill() -> list[object]:
        work = [store.write(lambda tx, n=n: notes.keep(tx, f"n{n}", b"x" * 8000)) for n in range(6)]
        return list(await asyncio.gather(*work, return_exceptions=True))

    results = asyncio.run(fill())
    assert any(isinstance(result, StoreBusy) for result in results)
    for number, result in enumerate(results):
        # Told "try again" means not there; told "done" means there.
        assert (kept(store, f"n{number}") is None) == isinstance(result, StoreBusy)
    store.write_now(lambda tx: tx.run(text("PRAGMA max_page_count = 1000000")).scalar_one())
    assert asyncio.run(fill()) == [None] * 6
    assert kept(store, "before") == b"x"
    store.close()


def test_a_disk_that_fills_up_during_the_commit_means_try_again(tmp_path: Path, keyring: Keyring) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow any more: the kernel fails SQLite's own writes, as a full disk does.
    size = (tmp_path / "cocmail.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2000, before[1]))
    try:
        with pytest.raises(StoreBusy):
            store.write_now(lambda tx: notes.keep(tx, "name", b"x" * 20000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kept(store, "name") is None
    store.write_now(lambda tx: notes.keep(tx, "name", b"again"))
    assert kept(store, "name") == b"again"
    store.close()


async def test_when_the_database_drops_the_transaction_all_of_the_group_try_again(store) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(store.write(lambda tx: gate.wait(5)))
    await asyncio.sleep(0.05)

    def dropped(tx: Tx) -> None:
        if tx.connection.dialect.name == "sqlite":
            tx.connection.exec_driver_sql("ROLLBACK")  # what SQLite does by itself on a full disk
        else:
            tx.run(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    works = [lambda tx: notes.keep(tx, "before", b"x"), dropped, lambda tx: notes.keep(tx, "after", b"x")]
    waiting = [asyncio.ensure_future(store.write(work)) for work in works]
    await asyncio.sleep(0.05)
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    await first
    assert [type(result) for result in results] == [StoreBusy] * 3
    assert await store.read(lambda tx: (notes.kept(tx, "before"), notes.kept(tx, "after"))) == (None, None)
    await store.write(lambda tx: notes.keep(tx, "before", b"again"))
    assert await store.read(lambda tx: notes.kept(tx, "before")) == b"again"


def test_a_locked_store_means_try_again_without_a_word_of_sql(store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tx: Tx) -> None:
        tx.run(text("SELECT canary FROM nowhere"))

    for run in (store.write_now, store.read_now):
        with pytest.raises(StoreError) as error:
            run(fail)
        assert "canary" not in str(error.value) and "nowhere" not in str(error.value)


async def test_a_closed_store_finishes_its_work_and_takes_no_more(database) -> None:
    store = database.open()
    waiting = [asyncio.ensure_future(store.write(lambda tx: notes.bump(tx, "n", "", ""))) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    assert sorted(await asyncio.gather(*waiting)) == list(range(1, 21))
    for attempt in (store.write(lambda tx: None), store.read(lambda tx: None)):
        with pytest.raises(StoreBusy):
            await attempt
    store.close()


async def test_a_store_that_closes_while_its_journal_is_emptied_leaves_no_file_open(tmp_path, keyring) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def crossed(step: Step, side: Side) -> None:
        if (step, side) == (Step.SCRUB, Side.BEFORE):
            begun.set()
            go_on.wait(20)

    store = Store.open(f"sqlite:///{tmp_path}/s.db", keyring, crossed=crossed)
    emptying = asyncio.ensure_future(store.scrub())
    await asyncio.to_thread(begun.wait, 20)
    # As a daemon ends: whoever asked for it is cancelled, the thread goes on.
    emptying.cancel()
    closing = asyncio.ensure_future(asyncio.to_thread(store.close))
    await asyncio.sleep(0.05)
    go_on.set()
    await closing
    assert [link for link in _open_files() if link.startswith(str(tmp_path))] == []


def _open_files() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(link.readlink()))
    return found


_WRITER = """
import asyncio, sys
from cocmail.store import notes
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring

async def main():
    store = Store.open(sys.argv[1], Keyring.load(sys.argv[2]))
    async def one(worker, number):
        await store.write(lambda tx: notes.keep(tx, f"{worker}.{number}", b"x"))
        print(f"{worker}.{number}", flush=True)
    async def work(worker):
        for number in range(100000):
            await one(worker, number)
    await asyncio.gather(*(work(worker) for worker in range(8)))

asyncio.run(main())
"""


def test_whatever_was_acknowledged_survives_kill_9(database, tmp_path: Path) -> None:
    database.open().close()
    command = [sys.executable, "-c", _WRITER, database.url, str(tmp_path / "master.key")]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(150)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    names = [line.strip() for line in acknowledged if line.endswith("\n")]
    store = database.open()
    missing = store.read_now(lambda tx: [name for name in names if notes.kept(tx, name) is None])
    store.close()
    assert len(names) >= 150
    assert missing == []


def _contents(database) -> object:
    """Every byte of a SQLite file, every row of a PostgreSQL database."""
    if database.url.startswith("sqlite"):
        return hashlib.sha256(Path(database.url.removeprefix("sqlite:///")).read_bytes()).hexdigest()
    engine = create_engine(database.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        tables = sorted([*Record.metadata.tables, "alembic_version"])
        rows = [connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in tables]
    engine.dispose()
    return [sorted(map(repr, table)) for table in rows]


def test_a_database_server_that_does_not_answer_is_told_apart_from_a_locked_store(keyring, tmp_path) -> None:
    with pytest.raises(StoreGone) as caught:
        Store.open(f"postgresql://cocmail@/nowhere?host={tmp_path}", keyring)
    assert caught.value.exit_code == 69


def test_a_write_that_went_on_after_the_database_had_undone_it_was_told_as_done(store) -> None:
    """Alone in its group it has no savepoint, whose end would have failed."""

    def goes_on(tx: Tx) -> str:
        with suppress(SQLAlchemyError):
            tx.connection.exec_driver_sql("SELECT nothing_of_that_name")
        if tx.connection.dialect.name == "sqlite":
            # As SQLite does by itself where the disk is full.
            tx.connection.exec_driver_sql("ROLLBACK")
        return "done"

    with pytest.raises(StoreBusy):
        store.write_now(goes_on)
    assert store.write_now(lambda tx: notes.bump(tx, "after", "", "once")) == 1
