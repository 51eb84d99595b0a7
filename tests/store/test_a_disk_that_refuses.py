"""SQLite on a disk that is full when the journal is to be emptied, and on one that may only be read."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cocmail.errors import StoreBusy
from cocmail.store import notes
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring

NOBODY = 65534


def test_a_journal_that_a_full_disk_keeps_from_being_emptied_loses_nothing(tmp_path: Path, keyring: Keyring) -> None:
    """What is in the journal has to go into the database's file, which may not grow: a limit stands for the disk."""
    store = Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    assert store.scrub_now()
    for number in range(20):
        store.write_now(lambda tx, number=number: notes.keep(tx, f"n{number}", b"%d" % number * 20_000))
    size = (tmp_path / "cocmail.db").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10_000, before[1]))
    try:
        with pytest.raises(StoreBusy):
            store.scrub_now()
        with pytest.raises(StoreBusy):
            store.write_now(lambda tx: notes.keep(tx, "more", b"x"))
        assert store.read_now(lambda tx: notes.kept(tx, "n19")) == b"19" * 20_000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.scrub_now()
    store.write_now(lambda tx: notes.keep(tx, "more", b"x"))
    store.close()
    store = Store.open(f"sqlite:///{tmp_path}/cocmail.db", keyring)
    assert [store.read_now(lambda tx, n=n: notes.kept(tx, f"n{n}")) for n in range(20)] == [
        b"%d" % n * 20_000 for n in range(20)
    ]
    store.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that another user can be given: pytest's own are closed to them."""
    made = Path(tempfile.mkdtemp(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    yield made
    shutil.rmtree(made)


def as_somebody(folder: Path, work: Callable[[], object]) -> int:
    """Runs `work` in a process that is not root, whom no file refuses anything; 0 where it did not raise StoreBusy."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            work()
            os._exit(0)
        except StoreBusy:
            os._exit(75)
        except BaseException:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("closed", ["cocmail.db", "."])
def test_a_store_that_may_only_be_read_is_refused_at_the_start_and_stays_as_it_is(
    folder: Path, keyring: Keyring, closed: str
) -> None:
    place = folder / "var"
    place.mkdir(mode=0o700)
    store = Store.open(f"sqlite:///{place}/cocmail.db", keyring)
    store.write_now(lambda tx: notes.keep(tx, "name", b"x"))
    store.close()
    before = (place / "cocmail.db").read_bytes()
    (place / closed).chmod(0o400 if closed != "." else 0o500)
    (place / "cocmail.db.lock").unlink()

    def opened() -> None:
        Store.open(f"sqlite:///{place}/cocmail.db", keyring).close()

    assert as_somebody(folder, opened) == 75
    assert (place / "cocmail.db").read_bytes() == before
    place.chmod(0o700)
    (place / "cocmail.db").chmod(0o600)
    assert as_somebody(folder, opened) == 0


def test_a_lock_that_root_once_left_is_what_the_start_names(folder: Path, keyring: Keyring) -> None:
    """It named the store, which was in order, and somebody looked there in vain."""
    place = folder / "var"
    place.mkdir(mode=0o700)
    url = f"sqlite:///{place}/cocmail.db"
    Store.open(url, keyring).close()
    (place / "cocmail.db.lock").chmod(0)

    def opened() -> None:
        with pytest.raises(StoreBusy, match=f"opened: {place}/cocmail.db.lock: "):
            Store.open(url, keyring)

    assert as_somebody(folder, opened) == 0
