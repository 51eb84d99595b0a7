"""A private Postfix for the tests: own configuration, queue and ports on 127.0.0.1, gone when the tests are done.

    with postfix.running("mx.example.org", "mydestination = $myhostname, example.org") as server:
        server.postconf("recipient_delimiter = +")
        server.start()
        server.send(raw, "robin@visitors.example", "conduct@example.org", source="127.0.0.9")

Its services are the package's (`master.cf.proto`), chroot and all; only the port is another. It trusts 127.0.0.1 and no
other address: who connects from 127.0.0.9 comes from outside. It needs root, as Postfix does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# One in the network of 127.0.0.0/8 that is not 127.0.0.1.
OUTSIDE = "127.0.0.9"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
myhostname = {name}
alias_maps =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
{more}
"""


class NotInstalled(Exception):
    """A program is not on this machine, or the tests do not run as root. The text says which."""


def program(name: str) -> str:
    """The path of a server's program. Raises NotInstalled."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise NotInstalled(f"no {name} in PATH or /usr/sbin")
    if os.geteuid() != 0:
        raise NotInstalled(f"{name} is here, but only root can start it")
    return found


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def wait_for_port(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"{name} did not start")


def ended(process: subprocess.Popen[bytes] | None) -> None:
    """Ends a server, and waits until it has ended."""
    if process is None:
        return
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=20)


def folder_for(name: str) -> Path:
    """A folder that every user may enter. Not tmp_path: a unix socket's path may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix=f"cocmail-{name}-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")))
    folder.chmod(0o755)
    return folder


def send(raw: bytes, sender: str, recipients: Sequence[str], port: int, *, source: str, utf8: bool = False) -> None:
    options = ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else []
    with smtplib.SMTP("127.0.0.1", port, timeout=60, source_address=(source, 0)) as client:
        client.sendmail(sender, list(recipients), raw, options)


@dataclass
class Server:
    """A Postfix, its folder and how to reach it."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def environ(self) -> dict[str, str]:
        """With this, Postfix's own commands mean this server."""
        return {**os.environ, "MAIL_CONFIG": str(self.etc), "PATH": f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}"}

    def postconf(self, *settings: str) -> None:
        subprocess.run(["postconf", "-e", *settings], env=self.environ, check=True, timeout=60)

    def get(self, name: str) -> str:
        done = subprocess.run(
            ["postconf", "-h", name], env=self.environ, check=True, timeout=60, capture_output=True, text=True
        )
        return done.stdout.strip()

    def start(self) -> None:
        # `check` makes the folders of the queue. `start` would leave a daemon that is nobody's child.
        done = subprocess.run(["postfix", "check"], env=self.environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr + self.log()
        command = [f"{self.get('daemon_directory')}/master", "-d", "-c", str(self.etc)]
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, env=self.environ, stdout=output, stderr=output)
        wait_for_port(self.port, self._process, "Postfix")

    def stop(self) -> None:
        process, self._process = self._process, None
        ended(process)

    def send(self, raw: bytes, sender: str, *recipients: str, source: str, utf8: bool = False) -> None:
        send(raw, sender, recipients, self.port, source=source, utf8=utf8)

    def waiting(self) -> list[str]:
        """The queue ids of what it has not passed on yet."""
        queues = [self.folder / "queue" / name for name in ("incoming", "active", "deferred")]
        return [path.name for queue in queues for path in queue.rglob("*") if path.is_file()]

    def log(self) -> str:
        path = self.folder / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def running(name: str, more: str = "") -> Iterator[Server]:
    """Furnishes a server, which the caller starts; stops it afterwards. `more` is of main.cf. Raises NotInstalled."""
    program("postfix")
    folder = folder_for("pf")
    server = Server(folder, free_ports(1)[0])
    try:
        for each in ("etc", "queue", "data"):
            (folder / each).mkdir()
        shutil.chown(folder / "data", "postfix")
        services = Path("/etc/postfix/master.cf.proto").read_text()
        assert services.count("\nsmtp      inet") == 1
        (server.etc / "master.cf").write_text(services.replace("\nsmtp      inet", f"\n{server.port} inet", 1))
        (server.etc / "main.cf").write_text(_MAIN.format(folder=folder, name=name, more=more))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
