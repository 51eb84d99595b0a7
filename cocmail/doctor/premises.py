"""This machine: configuration, key, store, disk, log.

The rule: nothing is made or migrated here. A store that is not there stays so.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from cocmail.config.files import key_is_missing
from cocmail.config.problems import Problem
from cocmail.config.settings import Settings
from cocmail.doctor.findings import Finding, away, fine, unknown, warning, wrong
from cocmail.errors import KeyFileError, SealError, StoreBusy, StoreError, StoreGone, StoreTooNew
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring

ABOUT_CONFIGURATION, ABOUT_KEY, ABOUT_STORE, ABOUT_LOG = "configuration", "key", "store", "log"
MOUNTS = Path("/proc/self/mountinfo")
# Where locks are another machine's promise, SQLite's file can be damaged (sqlite.org/lockingv3.html, section 6).
NETWORK = frozenset(
    "9p afs afpfs beegfs ceph cifs coda davfs fuse.ceph fuse.davfs2 fuse.glusterfs fuse.rclone fuse.s3fs fuse.sshfs"
    " gfs2 glusterfs lustre ncpfs nfs nfs4 ocfs2 orangefs smb3 smbfs".split()
)
# What SQLite and the daemon's lock put beside the file.
BESIDE = ("-wal", "-shm", ".lock")
# The largest message comes in, is sealed and journalled: room for a handful, and for a day of ordinary ones.
ROOM_FOR = 10
ROOM_AT_LEAST = 200_000_000


def look_at_configuration(problems: Sequence[Problem]) -> Iterator[Finding]:
    """Every problem as `cocmail check` says it; those of the key file are the key's."""
    for problem in problems:
        if problem.level == "error" and problem.key == "store.key_file":
            continue
        say = wrong if problem.level == "error" else warning
        yield say(ABOUT_CONFIGURATION, f"{problem.path}:{problem.line}: {problem.key}: {problem.text}")
    if not problems:
        yield fine(ABOUT_CONFIGURATION, "no error, no warning")


def load_key(path: str) -> tuple[Keyring | None, Finding]:
    """The keys, and what is to be said of their file."""
    try:
        keyring = Keyring.load(path)
    except KeyFileError as error:
        if not _may_look(path):
            return None, unknown(ABOUT_KEY, f"{path} cannot be looked at by this user: call the doctor as root")
        if not os.path.lexists(path):
            text = key_is_missing(path)
        elif _is_open_to_others(path):
            text = f"{path} can be read by others: chmod 0600 {path}, and ask yourself who has read it"
        else:
            text = f"{error}: put the file back from its copy, readable for this user alone"
        return None, wrong(ABOUT_KEY, text)
    return keyring, fine(ABOUT_KEY, f"{path} is a key file, and for its owner alone")


def _may_look(path: str) -> bool:
    try:
        os.stat(path)
    except PermissionError:
        return False
    except OSError:
        return True
    return os.access(path, os.R_OK)


def _is_open_to_others(path: str) -> bool:
    try:
        return bool(stat.S_IMODE(os.stat(path).st_mode) & 0o077)
    except OSError:
        return False


def file_of(url: str) -> Path | None:
    """The file of an SQLite store; None for another sort of store."""
    try:
        target = make_url(url)
    except ArgumentError:
        return None
    return Path(str(target.database)) if target.get_backend_name() == "sqlite" and target.database else None


def look_at_place(path: Path, largest: int) -> Iterator[Finding]:
    """The folder of an SQLite store: who can write there, how much room there is, what sort of disk it is.

    `largest` is the size of the largest message that is taken.
    """
    folder = path.parent
    try:
        there = path.is_file()
    except PermissionError:
        yield unknown(ABOUT_STORE, f"{path} cannot be looked at by this user: call the doctor as root")
        return
    if not there:
        text = f"{path} is not there: start the daemon, which makes it as its own user, or correct store.url"
        yield away(ABOUT_STORE, text)
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o022:
        text = f"others can write in {folder} ({mode:04o}), and so replace the store: chmod go-w {folder}"
        yield wrong(ABOUT_STORE, text)
    for each in (path, Path(f"{path}-wal")):
        if each.exists() and (mode := stat.S_IMODE(each.stat().st_mode)) & 0o077:
            yield wrong(ABOUT_STORE, f"others can open {each} ({mode:04o}): chmod 0600 {each}")
    yield from _look_at_owners(path)
    yield from look_at_disk(folder, shutil.disk_usage(folder).free, largest)
    yield from look_at_mount(folder, MOUNTS.read_text() if MOUNTS.exists() else "")


def _look_at_owners(path: Path) -> Iterator[Finding]:
    """Of the store and what lies beside it. `cocmail run` as root leaves files that the service then cannot open."""
    owner = path.parent.stat()
    for each in (path, *(Path(f"{path}{end}") for end in BESIDE), path.parent / "inject.sock"):
        if each.exists() and each.stat().st_uid != owner.st_uid and owner.st_uid != 0:
            do = f"chown {owner.st_uid}:{owner.st_gid} {each}"
            text = f"{each} does not belong to who owns its folder, so the daemon may not be able to open it: {do}"
            yield warning(ABOUT_STORE, text)


def look_at_disk(folder: Path, free: int, largest: int) -> Iterator[Finding]:
    """`free` is in bytes."""
    text = f"{free // 1_000_000} MB are free in {folder}: make room, or mail is put off with 451 and then bounces"
    if free < 2 * largest:
        yield wrong(ABOUT_STORE, text)
    elif free < max(ROOM_FOR * largest, ROOM_AT_LEAST):
        yield warning(ABOUT_STORE, text)


def look_at_mount(folder: Path, mounts: str) -> Iterator[Finding]:
    """`mounts` is what the kernel says in mountinfo (proc_pid_mountinfo(5))."""
    kind = filesystem_of(folder, mounts)
    if kind in NETWORK:
        text = (
            f"{folder} is on a network file system ({kind}), where SQLite is not safe: use a local disk, or PostgreSQL"
        )
        yield wrong(ABOUT_STORE, text)


def filesystem_of(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder is on, "" where the text does not tell."""
    place = folder.resolve()
    best, kind = "", ""
    for line in mounts.splitlines():
        left, dash, right = line.partition(" - ")
        words = left.split()
        if not dash or len(words) < 5 or not right.strip():
            continue
        point = words[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        # A later line is mounted over an earlier one of the same place.
        if place.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, right.split()[0]
    return kind


def is_there(path: Path) -> bool:
    """Whether there is a store that this user can open."""
    return os.access(path, os.R_OK | os.W_OK)


def open_store(url: str, keyring: Keyring) -> tuple[Store | None, Finding]:
    """The store, opened beside the daemon as it is, and what is to be said of that."""
    try:
        store = Store.open(url, keyring, exclusive=False, migrate=False)
    except SealError:
        text = "it was not made with this key: put its own key file back; no other opens it"
        return None, wrong(ABOUT_KEY, text)
    except StoreTooNew:
        text = "it was written by a later release: install that again, or put back the backup from before it"
        return None, wrong(ABOUT_STORE, text)
    except StoreGone:
        return None, away(ABOUT_STORE, "the database server does not answer: start it, or correct store.url")
    except StoreBusy as error:
        return None, unknown(ABOUT_STORE, f"{error}: look at the daemon, at the disk and at who owns the file")
    except StoreError:
        return None, wrong(ABOUT_STORE, "it cannot be used as a store: put back the last backup that verifies")
    return store, fine(ABOUT_STORE, "opens with this key")


def look_at_log(settings: Settings) -> Iterator[Finding]:
    """Level debug is for looking for a bug."""
    if settings.log_level == "debug":
        text = "logging.level is debug, which is for looking for a bug: set it to info"
        yield warning(ABOUT_LOG, text)
