"""A backup: a consistent copy of the store, sealed as the store is, made beside a running daemon.

    cocmail-TIME-DIGEST.db        one SQLite file, whatever database the store is in
    cocmail-TIME-DIGEST.json      its manifest; what has none is no backup

The rule: everything under a temporary name first, read back and proven to open, on disk; the manifest gets its name
last. A backup holds no key: without the key file of its time nobody opens it, its owner neither. The manifest holds
times, counts, ids and digests, and is signed with the key file's index secret, so that nobody else can make one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cocmail.errors import ConfigError, SealError, StoreBusy, StoreTooNew
from cocmail.store import cases, notes, revisions
from cocmail.store.copying import copy_rows, counted, digest_of, make_private, single_file, sync
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring

_MARK, _FORMAT = "backup", 1
_PARTIAL = ".partial"
_NOT_WRITTEN = "the backup cannot be written: no space or no right to; nothing of it is left"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `damaged` are the ids of records that did not open in the store either."""

    release: str
    revision: str
    taken_at: str
    file: str
    size: int
    sha256: str
    rows: dict[str, int]
    damaged: tuple[str, ...]

    @property
    def of(self) -> datetime:
        """The moment whose state it holds."""
        return datetime.fromisoformat(self.taken_at)


def write(store: Store, folder: Path, now: datetime, release: str) -> Manifest:
    """Makes a backup in `folder`, which is made where there is none. Gives its manifest.

    Raises StoreBusy where it cannot be written, or the store cannot be read; then nothing of it is there.
    """
    try:
        with _alone(folder):
            return _write(store, folder, now.astimezone(UTC), release)
    except OSError as error:
        raise StoreBusy(f"{_NOT_WRITTEN} (errno {error.errno})") from None


def load(path: Path, keyring: Keyring) -> tuple[Path, Manifest]:
    """The newest manifest of a folder, or that very one, with the file that it is of.

    Raises ConfigError where there is none, SealError for one that was altered or made with another key file, and
    StoreTooNew for one of a later release.
    """
    try:
        # The time stands in the name.
        found = max(path.glob("cocmail-*.json"), default=None) if path.is_dir() else path
        said = json.loads(found.read_bytes()) if found is not None else None
    except (OSError, ValueError):
        raise ConfigError([f"{path}: no backup: its manifest cannot be read"]) from None
    if found is None or not isinstance(said, dict) or said.get("cocmail") != _MARK:
        raise ConfigError([f"{path}: no backup is there (cocmail-TIME-DIGEST.json and .db)"])
    signature = said.pop("signature", None)
    if signature != _signature(said, keyring):
        raise SealError("the backup's manifest was altered, or the key file is not the one of its store")
    if said["format"] != _FORMAT:
        raise StoreTooNew("the backup was made by a later release than this one: restore it with that")
    del said["cocmail"], said["format"]
    manifest = Manifest(**{**said, "damaged": tuple(said["damaged"])})
    file = found.with_name(manifest.file)
    if not file.is_file():
        raise ConfigError([f"{found}: no backup: {manifest.file} is not there"])
    return file, manifest


def _write(store: Store, folder: Path, now: datetime, release: str) -> Manifest:
    partial = folder / f"cocmail-{now:%Y%m%dT%H%M%S%f}{_PARTIAL}"
    try:
        make_private(partial)
        copied = store.read_now(lambda tx: _copied(tx, partial))
        damaged = _read_back(partial, store.keyring, copied)
        sync(partial)
        digest = digest_of(partial)
        name = f"cocmail-{now:%Y%m%dT%H%M%SZ}-{digest[:8]}"
        manifest = Manifest(
            release=release,
            revision=revisions.newest(),
            taken_at=now.isoformat(),
            file=f"{name}.db",
            size=partial.stat().st_size,
            sha256=digest,
            rows=copied,
            damaged=damaged,
        )
        os.rename(partial, folder / manifest.file)
        try:
            _put_manifest(folder / f"{name}.json", manifest, store.keyring)
        except BaseException:
            (folder / manifest.file).unlink()
            raise
        sync(folder)
        return manifest
    finally:
        _remove_partial(folder)


def _copied(tx: Tx, partial: Path) -> dict[str, int]:
    source = tx.connection
    try:
        with single_file(partial) as target:
            return copy_rows(source, target)
    except SQLAlchemyError:
        # Whichever of the two it was: the database's own words go no further.
        raise StoreBusy(_NOT_WRITTEN) from None


def _read_back(partial: Path, keyring: Keyring, copied: Mapping[str, int]) -> tuple[str, ...]:
    """Opens everything of the copy; gives the ids of what does not open."""
    try:
        with single_file(partial) as connection:
            whole = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            if not whole or counted(connection) != dict(copied):
                raise StoreBusy("the backup was not written as it should: the disk altered it; nothing of it is left")
            return opened(connection, keyring)
    except SQLAlchemyError:
        raise StoreBusy(_NOT_WRITTEN) from None


def opened(connection: Connection, keyring: Keyring) -> tuple[str, ...]:
    """The ids of the records that do not open. Raises SealError for another store's key file."""
    tx = Tx(connection, keyring, writing=False)
    notes.check(tx)
    return cases.verify(tx).failures


def _put_manifest(path: Path, manifest: Manifest, keyring: Keyring) -> None:
    said = {"cocmail": _MARK, "format": _FORMAT, **asdict(manifest), "damaged": list(manifest.damaged)}
    text = json.dumps({**said, "signature": _signature(said, keyring)}, indent=1)
    partial = path.with_name(f"{path.name}{_PARTIAL}")
    make_private(partial)
    with partial.open("w") as file:
        file.write(text + "\n")
    sync(partial)
    os.rename(partial, path)


def _signature(said: Mapping[str, object], keyring: Keyring) -> str:
    return keyring.lookup(_MARK, json.dumps(said, sort_keys=True)).hex()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder. What one left that was killed goes."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError([f"{folder}: is no folder"])
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        sync(folder.parent)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusy("another backup is being written there") from None
        _remove_partial(folder)
        yield
    finally:
        os.close(descriptor)


def _remove_partial(folder: Path) -> None:
    for left in folder.glob(f"cocmail-*{_PARTIAL}"):
        with suppress(OSError):
            left.unlink()
