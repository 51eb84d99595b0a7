"""A slip of the pen in `store.url`: nobody must believe an empty store that came about by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cocmail.store.connections import shown
from process_scene import House, Smarthost

COMMANDS = (["cases"], ["queue"], ["queue", "retry", "all"], ["queue", "release"], ["keys", "verify"], ["backup", "b"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as built:
        yield built


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_made_an_empty_store_and_said_that_all_is_well(house: House, command: list[str]) -> None:
    """Three slashes for four: `sqlite:///dev/shm/x` is a file below the configuration."""
    (house.folder / "dev").mkdir()
    for place in ("dev/store.db", "dev/shm/store.db", "var/store.db", "store.db"):
        house.store_url = f"sqlite:///{place}"
        house.write()
        ended = house.run(*command)
        assert ended.code == 2 and ended.out == "", ended
        assert f"no store at {house.folder / place}" in ended.err and "correct store.url" in ended.err
    assert list((house.folder / "dev").iterdir()) == []
    assert not (house.folder / "store.db").exists() and not (house.folder / "var").exists()


def test_an_empty_file_is_no_store_either(house: House) -> None:
    """Made by `touch`, or by who died of a full disk."""
    house.store_url = "sqlite:///store.db"
    house.write()
    (house.folder / "store.db").touch(0o600)
    ended = house.run("cases")
    assert ended.code == 2 and "no store at" in ended.err
    with closing(sqlite3.connect(house.folder / "store.db")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_an_empty_database_is_no_store_either(house: House, postgresql) -> None:
    house.store_url = postgresql.new_database()
    house.write()
    ended = house.run("backup", "copies")
    assert ended.code == 2 and "there is no store at the database" in ended.err, ended
    house.start()
    assert house.wait_for_event("new-store")["store"].startswith("the database ")
    assert house.run("backup", "copies").code == 0
    assert house.stop() == 0


def test_erase_asks_nothing_of_a_store_that_is_not_there(house: House) -> None:
    assert house.run("erase", stdin=b"footpath lens\n").code == 2
    assert not (house.folder / "var").exists()


def test_the_daemon_made_every_folder_on_the_way_to_a_wrong_store(house: House) -> None:
    house.store_url = "sqlite:///dev/shm/store.db"
    house.write()
    ended = house.run("run")
    assert ended.code == 2 and f"there is no folder {house.folder / 'dev/shm'}" in ended.err, ended
    assert not (house.folder / "dev").exists()


def test_the_daemon_says_when_it_makes_a_store_and_only_then(tmp_path: Path) -> None:
    with Smarthost() as smarthost, House(tmp_path, smarthost=smarthost.port) as house:
        for made in ([str(tmp_path / "var" / "store.db")], []):
            house.start()
            assert [event["store"] for event in house.events("new-store")] == made
            assert house.stop() == 0
        assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_check_warns_of_three_slashes_where_four_were_meant(house: House) -> None:
    for url, warned in (
        ("sqlite:///dev/shm/x", f"means {house.folder}/dev/shm/x"),
        ("sqlite:///var/lib/cocmail/cocmail.db", f"means {house.folder}/var/lib/cocmail/cocmail.db"),
        ("sqlite:////var/lib/cocmail/cocmail.db", ""),
        ("sqlite:///var/cocmail.db", ""),
        ("sqlite:///cocmail.db", ""),
    ):
        house.store_url = url
        house.write()
        said = house.run("check")
        assert said.code == 0 and ("store.url" in said.out) is bool(warned), said
        assert not warned or f"warning: store.url: is relative, and {warned}: " in said.out


def test_whoever_verifies_and_backs_up_sees_which_store_that_is(house: House) -> None:
    house.start()
    for command in (["keys", "verify"], ["backup", "copies"]):
        assert str(house.folder / "var" / "store.db") in house.run(*command).out
    assert house.stop() == 0


def test_no_secret_of_the_store_s_address_is_shown() -> None:
    assert shown("postgresql://user:secret@db.example.org/reports") == "the database reports at db.example.org"
    said = shown("postgresql://user@/reports?password=secret&host=/run/pg&sslpassword=secret")
    assert said == "the database reports at /run/pg"


def test_check_told_to_make_a_new_key_for_a_store_that_only_the_lost_one_opens(house: House) -> None:
    house.start()
    assert house.stop() == 0
    key = house.folder / "master.key"
    key.rename(house.folder / "copy.key")
    said = house.run("check")
    assert said.code == 2 and "put it back from its copy; only for a new store" in said.out, said
    for spelled in (str(key), "./master.key"):
        refused = house.run("keys", "new", spelled)
        assert refused.code == 2 and "which no other key opens" in refused.err and "from its copy" in refused.err
        assert str(house.folder / "var" / "store.db") in refused.err
    assert not key.exists()
    # A key for another store is nobody's business here, and a new store may have one once the old one is moved away.
    assert house.run("keys", "new", str(house.folder / "other.key")).code == 0
    (house.folder / "var").rename(house.folder / "away")
    assert house.run("keys", "new", str(key)).code == 0


def test_no_key_is_made_for_a_database_that_holds_a_store(house: House, postgresql) -> None:
    house.store_url = postgresql.new_database()
    house.write()
    (house.folder / "master.key").rename(house.folder / "copy.key")
    assert house.run("keys", "new", "master.key").code == 0
    house.start()
    assert house.stop() == 0
    (house.folder / "master.key").unlink()
    assert house.run("keys", "new", "master.key").code == 2
    house.store_url = f"postgresql://user@/db?host={house.folder}"
    house.write()
    assert house.run("keys", "new", "master.key").code == 69
