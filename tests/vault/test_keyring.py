"""The master key file: how it is made, when it is refused, and what holds when a new version takes over."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from cocmail.errors import KeyFileError, SealError
from cocmail.vault import box
from cocmail.vault.keyring import Keyring, new_key_file


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "master.key"
    new_key_file(path)
    return path


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def rotated(path: Path) -> None:
    """What `keys rotate` will leave: a new version first, the old one behind it, the same index secret."""
    rewrite(path, versions=[{"id": "new", "key": box.new_key().hex()}, *json.loads(path.read_text())["versions"]])


def test_a_new_key_file_is_its_owners_alone_and_loads(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    keyring = Keyring.load(key_file)
    assert keyring.unwrap(keyring.wrap(b"k" * 32, b"here"), b"here") == b"k" * 32


def test_a_new_key_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        new_key_file(tmp_path / "open.key")
    finally:
        os.umask(before)
    assert (tmp_path / "open.key").stat().st_mode & 0o777 == 0o600


def test_a_master_key_is_never_overwritten(key_file: Path, tmp_path: Path) -> None:
    content = key_file.read_bytes()
    with pytest.raises(KeyFileError):
        new_key_file(key_file)
    assert key_file.read_bytes() == content
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):
        new_key_file(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"there is no folder .*nowhere; make it first"):
        new_key_file(tmp_path / "nowhere" / "master.key")
    with pytest.raises(KeyFileError, match="cannot be written: File name too long"):
        new_key_file(tmp_path / ("k" * 300))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601])
def test_a_key_file_that_others_can_touch_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(KeyFileError, match="0600"):
        Keyring.load(key_file)


def test_the_service_managers_credentials_may_have_their_own_mode(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key_file.parent / "other"))
    with pytest.raises(KeyFileError):
        Keyring.load(key_file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key_file.parent))
    Keyring.load(key_file)


@pytest.mark.parametrize(
    "text",
    ["", "\0" * 64, "{}", "[]", "[" * 30000, '{"cocmail": "master key"}', '{"cocmail": "master key", "index": 5}'],
)
def test_what_is_not_a_key_file_is_refused(key_file: Path, text: str) -> None:
    key_file.write_text(text)
    with pytest.raises(KeyFileError):
        Keyring.load(key_file)


@pytest.mark.parametrize(
    "versions",
    [
        [],
        [{}],
        ["text"],
        [{"id": "a", "key": "00" * 32}],
        [{"id": "a", "key": "11" * 16}],
        [{"id": "a", "key": "not hex"}],
        [{"id": "", "key": "11" * 32}],
        [{"id": "a\n", "key": "11" * 32}],
        [{"id": "a", "key": "11" * 32}, {"id": "a", "key": "22" * 32}],
    ],
)
def test_a_key_file_with_an_unusable_version_is_refused(key_file: Path, versions: list[Any]) -> None:
    rewrite(key_file, versions=versions)
    with pytest.raises(KeyFileError):
        Keyring.load(key_file)


def test_a_missing_file_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("missing", "pipe", "."):
        with pytest.raises(KeyFileError):
            Keyring.load(tmp_path / name)


def test_after_a_rotation_the_old_records_open_and_are_found(key_file: Path) -> None:
    before = Keyring.load(key_file)
    wrapped, note = before.wrap(b"k" * 32, b"case"), before.seal_note(b"kept", b"note")
    rotated(key_file)
    after = Keyring.load(key_file)
    assert after.current == "new"
    assert after.unwrap(wrapped, b"case") == b"k" * 32
    assert after.open_note(note, b"note") == b"kept"
    assert after.lookup("address", "a@example.org") == before.lookup("address", "a@example.org")
    assert after.chain_key("c1") == before.chain_key("c1")
    with pytest.raises(SealError):
        before.unwrap(after.wrap(b"k" * 32, b"case"), b"case")


def test_a_version_cannot_be_passed_off_as_another(key_file: Path) -> None:
    rewrite(key_file, versions=[{"id": "a", "key": "11" * 32}, {"id": "b", "key": "11" * 32}])
    keyring = Keyring.load(key_file)
    wrapped = keyring.wrap(b"k" * 32, b"")
    assert wrapped[:2] == b"\x01a"
    with pytest.raises(SealError):
        keyring.unwrap(b"\x01b" + wrapped[2:], b"")


def test_a_wrapped_key_is_no_note_and_neither_opens_elsewhere(key_file: Path) -> None:
    keyring = Keyring.load(key_file)
    for attempt in (
        lambda: keyring.open_note(keyring.wrap(b"k" * 32, b"x"), b"x"),
        lambda: keyring.unwrap(keyring.seal_note(b"k" * 32, b"x"), b"x"),
        lambda: keyring.unwrap(keyring.wrap(b"k" * 32, b"x"), b"y"),
        lambda: keyring.unwrap(b"", b""),
        lambda: keyring.unwrap(b"\xff", b""),
    ):
        with pytest.raises(SealError):
            attempt()


def test_a_hash_tells_kinds_and_stores_apart(key_file: Path, tmp_path: Path) -> None:
    new_key_file(tmp_path / "other.key")
    one, other = Keyring.load(key_file), Keyring.load(tmp_path / "other.key")
    hashes = {one.lookup("a", "bc"), one.lookup("ab", "c"), one.lookup("", "abc"), other.lookup("a", "bc")}
    assert len(hashes) == 4
    assert one.lookup("address", "\udcff@example.org")


def test_a_keyring_shows_no_key(key_file: Path) -> None:
    keyring = Keyring.load(key_file)
    document = json.loads(key_file.read_text())
    for shown in (repr(keyring), str(keyring), f"{[keyring]}"):
        assert document["versions"][0]["key"] not in shown
        assert document["index"] not in shown
    for attempt in (lambda: pickle.dumps(keyring), lambda: copy.copy(keyring)):
        with pytest.raises(TypeError):
            attempt()
