"""The master keys: read from their file, used, never shown.

The rule: every other key is wrapped by a master key, and the wrapped form names the version that wrapped it, so that a
new version takes over while the old ones still open what they wrapped. Look-up hashes and chain keys must outlive any
rotation, so they come from a separate secret in the same file, the index secret, which no rotation replaces. This
module must not touch the store, and nothing it raises or prints holds key material.

The file is JSON, readable by its owner alone:

    {"cocmail": "master key", "index": HEX, "versions": [{"id": ID, "key": HEX}, ...]}     the first version is current
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cocmail.errors import KeyFileError, SealError
from cocmail.vault import box

_MARK = "master key"
_MAX_FILE_BYTES = 65536
_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,31}")


class Keyring:
    """The master key versions and what is derived from the index secret. Immutable; holds no reference to its file."""

    __slots__ = ("_chains", "_current", "_lookups", "_notes", "_wraps")

    def __init__(self, versions: Sequence[tuple[str, bytes]], index: bytes) -> None:
        """`versions` are (id, 32-byte key), the current one first; `index` is the 32-byte index secret."""
        self._current = versions[0][0]
        # Own subkeys for own purposes: a wrapped key can never be passed off as a note, whatever the contexts are.
        self._wraps = {name: _derive(key, "wrap") for name, key in versions}
        self._notes = {name: _derive(key, "note") for name, key in versions}
        self._lookups = _derive(index, "lookup")
        self._chains = _derive(index, "chain")

    @staticmethod
    def load(path: str | Path) -> Keyring:
        """Reads a key file. Raises KeyFileError when it is missing, readable by others, or not a key file.

        Below $CREDENTIALS_DIRECTORY the mode is not looked at: there the service manager answers for who may read.
        """
        document = _parsed(_read_private(Path(path)), path)
        index = _key(document.get("index"), path)
        listed = document.get("versions")
        if not isinstance(listed, list) or not listed:
            raise _unusable(path, "names no key version")
        versions = [_version(entry, path) for entry in listed]
        if len({name for name, _ in versions}) != len(versions):
            raise _unusable(path, "names a key version twice")
        return Keyring(versions, index)

    def __repr__(self) -> str:
        return f"Keyring(current={self._current!r}, versions={len(self._wraps)})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a keyring is not to be copied or pickled")

    @property
    def current(self) -> str:
        """The id of the version that wraps from now on."""
        return self._current

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` sealed under the current master; only the same `context` unwraps it."""
        return self._seal(self._wraps, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """What `wrap` was given. Raises SealError for an unknown master, another context or altered bytes."""
        return self._open(self._wraps, wrapped, context)

    def seal_note(self, plaintext: bytes, context: bytes) -> bytes:
        """Seals a record that belongs to no case."""
        return self._seal(self._notes, plaintext, context)

    def open_note(self, sealed: bytes, context: bytes) -> bytes:
        """What `seal_note` was given. Raises SealError as `unwrap` does."""
        return self._open(self._notes, sealed, context)

    def lookup(self, kind: str, value: str) -> bytes:
        """The 32-byte hash under which `value` is found again. The same for ever; useless without the index secret."""
        return hmac.digest(self._lookups, box.identity(kind, value), "sha256")

    def chain_key(self, case_id: str) -> bytes:
        """The key of the MACs that chain the events of one case."""
        return hmac.digest(self._chains, box.identity(case_id), "sha256")

    def _seal(self, keys: Mapping[str, bytes], plaintext: bytes, context: bytes) -> bytes:
        name = self._current.encode("ascii")
        prefix = bytes([len(name)]) + name
        return prefix + box.seal(keys[self._current], plaintext, prefix + context)

    @staticmethod
    def _open(keys: Mapping[str, bytes], sealed: bytes, context: bytes) -> bytes:
        end = 1 + (sealed[0] if sealed else 0)
        prefix = sealed[:end]
        key = keys.get(prefix[1:].decode("ascii", "replace"))
        if key is None:
            raise SealError("sealed under a master key that the key file does not hold")
        return box.open_(key, sealed[end:], prefix + context)


def new_key_file(path: str | Path) -> None:
    """Writes a key file with one fresh version and a fresh index secret, mode 0600, durable when this returns.

    Raises KeyFileError when anything is at `path` already (a master key is never overwritten) or it cannot be written.
    """
    version = {"id": secrets.token_hex(4), "key": box.new_key().hex()}
    document = {"cocmail": _MARK, "index": box.new_key().hex(), "versions": [version]}
    text = json.dumps(document, indent=1).encode("ascii") + b"\n"
    target = Path(path)
    try:
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise _unusable(target, "exists and is not overwritten") from None
    except OSError as error:
        raise _unusable(target, _not_written(target, error)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(target.parent)
    except OSError as error:
        # Half a key file would be refused at every start and block the next attempt.
        with suppress(OSError):
            target.unlink()
        raise _unusable(target, _not_written(target, error)) from None


def _not_written(target: Path, error: OSError) -> str:
    if not target.parent.is_dir():
        return f"cannot be written: there is no folder {target.parent}; make it first"
    return f"cannot be written: {os.strerror(error.errno or 0)}"


def _sync_folder(folder: Path) -> None:
    # Without this the name of the new file may be gone after a power cut although its content is on disk.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_private(path: Path) -> bytes:
    try:
        # O_NONBLOCK: a pipe put in the file's place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _unusable(path, f"cannot be read (errno {error.errno})") from None
    try:
        # Asked of the open file, not of the name: nobody can swap it in between.
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _unusable(path, "is not a file")
        if status.st_mode & 0o077 and not _is_credential(path):
            raise _unusable(path, "is readable by others: its mode must be 0600")
        return os.read(descriptor, _MAX_FILE_BYTES)
    except OSError as error:
        raise _unusable(path, f"cannot be read (errno {error.errno})") from None
    finally:
        os.close(descriptor)


def _is_credential(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.resolve().is_relative_to(Path(str(folder)).resolve())


def _parsed(text: bytes, path: str | Path) -> Mapping[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _unusable(path, "is not a key file") from None
    if not isinstance(document, dict) or document.get("cocmail") != _MARK:
        raise _unusable(path, "is not a key file")
    return document


def _version(entry: object, path: str | Path) -> tuple[str, bytes]:
    if not isinstance(entry, dict):
        raise _unusable(path, "names a key version without id")
    name = entry.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise _unusable(path, "names a key version without id")
    return name, _key(entry.get("key"), path)


def _key(text: object, path: str | Path) -> bytes:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    # All zeros is what an interrupted copy or an empty template leaves behind.
    if len(key) != box.KEY_BYTES or not any(key):
        raise _unusable(path, "holds something that is not a 256-bit key")
    return key


def _unusable(path: str | Path, why: str) -> KeyFileError:
    return KeyFileError(f"{path}: {why}")


def _derive(secret: bytes, purpose: str) -> bytes:
    """RFC 5869 with the purpose as info. The secrets are uniformly random, so no salt is needed (section 3.1)."""
    if len(secret) != box.KEY_BYTES:
        raise SealError("a key must have 256 bits")
    return HKDF(SHA256(), box.KEY_BYTES, salt=None, info=f"cocmail 1 {purpose}".encode()).derive(secret)
