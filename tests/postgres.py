"""A private PostgreSQL for the tests: own folder, own unix socket, no TCP port, gone when the tests are done.

Nothing here is a fixture, so that any conftest can build one from it:

    with postgres.running() as server:
        url = server.new_database()
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

# Durable writes are PostgreSQL's own promise and not tested here; without them the tests take a third of the time.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "listen_addresses": "", "max_connections": "60"}


class NotInstalled(Exception):
    """There is no PostgreSQL server on this machine. The text says what was looked for."""


@dataclass(frozen=True)
class Server:
    """A running server, reached as its superuser through a socket in `folder`."""

    folder: Path
    _command: tuple[str | Path, ...] = ()
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def new_database(self) -> str:
        """Makes an empty database and gives its URL, in the form that the configuration takes."""
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(f"host={self.folder} user=cocmail dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://cocmail@/{name}?host={self.folder}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._running.append(subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log))
        _wait(self._running[-1], self.folder)

    def end(self, number: int) -> None:
        """SIGQUIT: nothing of it is kept, so nothing needs to be written. SIGKILL: as a crash ends it."""
        while self._running:
            process = self._running.pop()
            process.send_signal(number)
            process.wait(timeout=20)


@contextmanager
def running() -> Iterator[Server]:
    """Starts a server and stops it afterwards. Raises NotInstalled."""
    initdb, postgres = _program("initdb"), _program("postgres")
    # Not tmp_path: a unix socket's path may have 107 bytes, and another user has to reach it.
    # Where the other files of the tests are: removing a hundred databases can take a busy disk minutes.
    folder = Path(tempfile.mkdtemp(prefix="cocmail-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")))
    data = folder / "data"
    as_user = _as_other_user(folder)
    settings = [f"--{name.replace('_', '-')}={value}" for name, value in _SETTINGS.items()]
    server = Server(folder, (*as_user, postgres, "-D", data, "-k", folder, *settings))
    try:
        _run([*as_user, initdb, "-D", data, "-U", "cocmail", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], folder)
        server.start()
        yield server
    finally:
        server.end(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> Path:
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = shutil.which(name)
    if packaged:
        return packaged[-1]
    if found:
        return Path(found)
    raise NotInstalled(f"no {name} in /usr/lib/postgresql/*/bin or PATH")


def _as_other_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the packaged user, or as nobody."""
    if os.geteuid() != 0:
        return []
    known = {user.pw_name for user in pwd.getpwall()}
    name = "postgres" if "postgres" in known else "nobody"
    user = pwd.getpwnam(name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NotInstalled("no setpriv to start PostgreSQL as another user than root")
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _run(command: list[str | Path], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        try:
            psycopg.connect(f"host={folder} user=cocmail dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
    raise RuntimeError("PostgreSQL did not start: " + (folder / "log").read_text(errors="replace"))
