"""Stores that real earlier releases wrote open with the code of today: nothing in them is lost, and mail goes on."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cocmail.records import load_case
from cocmail.store import cases, outbox, revisions
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring
from process_scene import PROJECT
from scene import HANDLES, Scene

Columns = dict[str, list[str]]

RELEASES = Path(__file__).with_name("releases")

# Brings the schema up and dies before the commit, as by a power cut.
CRASH = """
import os, sys
from cocmail.store import connections, revisions
connection = connections.engine_for(connections.target_of(sys.argv[1]), reading=False).connect()
connection.begin()
revisions.upgrade(connection)
assert revisions.present(connection) == revisions.newest()
os._exit(9)
"""


@pytest.fixture(params=[path.name.removesuffix(".db.gz") for path in sorted(RELEASES.glob("*.db.gz"))])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the store and the key file of a release."""
    return unpacked(request.param, tmp_path)


def unpacked(revision: str, folder: Path) -> Path:
    with gzip.open(RELEASES / f"{revision}.db.gz") as packed:
        (folder / "store.db").write_bytes(packed.read())
    shutil.copy(RELEASES / f"{revision}.key.json", folder / "master.key")
    (folder / "master.key").chmod(0o600)
    return folder


def content(folder: Path, columns: Columns | None = None) -> tuple[Columns, dict[str, object]]:
    """The columns of every table, and what stands in them, or in those that are named."""
    connection = sqlite3.connect(folder / "store.db")
    found: dict[str, object] = {}
    try:
        if columns is None:
            named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
            tables = [str(row[0]) for row in connection.execute(named)]
            columns = {
                table: [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables
            }
        for table, names in columns.items():
            found[table] = sorted(map(repr, connection.execute(f"SELECT {', '.join(names)} FROM {table}")))
    finally:
        connection.close()
    return columns, found


def opened(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder}/store.db", Keyring.load(folder / "master.key"))


def test_every_revision_before_the_newest_has_its_store() -> None:
    kept = {path.name.removesuffix(".db.gz") for path in RELEASES.glob("*.db.gz")}
    assert set(revisions.KNOWN[:-1]) <= kept


def test_a_store_of_every_release_opens_with_all_that_was_in_it(left: Path) -> None:
    columns, before = content(left)
    store = opened(left)
    assert content(left, columns)[1] == before
    found = store.read_now(cases.verify)
    assert (found.cases, found.outgoing, found.failures) == (2, 1, ()) and found.events > 10
    folded = store.read_now(lambda tx: [load_case(tx, case_id) for case_id in cases.ids(tx, None)])
    assert [set(case.members) for case in folded] == [set(HANDLES)] * 2
    assert [int(folded[0].members[handle].level) > 0 for handle in ("jun", "amara")] == [False, True]
    store.close()


async def test_the_daemon_of_today_sends_what_that_of_then_had_queued(left: Path) -> None:
    async with Scene(left) as scene:
        (letter,) = await scene.store.read(outbox.listing)
        await scene.store.write(lambda tx: outbox.retry(tx, letter.id, scene.now()))
        await scene.settle()
        (mail,) = scene.all("forward", "sam")
        assert "Something else." in mail.text and letter.id in str(mail.message["Message-ID"])
        assert scene.all("forward") == [mail]


def test_a_crash_on_the_way_up_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    left = unpacked(revisions.KNOWN[0], tmp_path)
    columns, before = content(left)
    was = revision_of(left)
    url = f"sqlite:///{left}/store.db"
    ended = subprocess.run([sys.executable, "-c", CRASH, url], cwd=PROJECT, check=False)
    assert ended.returncode == 9
    assert revision_of(left) == was and content(left) == (columns, before)
    store = opened(left)
    assert content(left, columns)[1] == before
    store.close()


def revision_of(folder: Path) -> str:
    connection = sqlite3.connect(folder / "store.db")
    try:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    finally:
        connection.close()
