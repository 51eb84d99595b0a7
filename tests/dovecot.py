"""A private Dovecot for the tests: own folder, own ports on 127.0.0.1, own certificate, gone when the tests are done.

Nothing here is a fixture, so that any conftest can build one from it:

    with dovecot.running() as server:
        box = server.new_mailbox()
        server.deliver(box, raw)          # over LMTP, as a mail server would
        box.messages("INBOX")             # over IMAP, as a mail program would

Every name that begins with `box` is a user with an empty mailbox and the password `Server.password`. LMTP takes
`NAME@example.org` and `NAME+anything@example.org` on `Server.lmtp_port`.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import authority

DOMAIN = "example.org"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 0
default_vsz_limit = 512 M
mail_fsync = never
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
auth_cache_size = 0
recipient_delimiter = +
lda_mailbox_autocreate = yes
lmtp_save_to_detail_mailbox = no
mail_location = maildir:{folder}/mail/%n
imap_idle_notify_interval = 29 mins
mailbox_idle_check_interval = 1 secs
{more}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
  }}
}}
passdb {{
  driver = passwd-file
  mechanisms = xoauth2
  args = scheme=PLAIN {folder}/tokens
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%n allow_all_users=yes
}}
service anvil {{
  chroot =
  # Else each wrong password makes the next answer slower.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""


class NotInstalled(Exception):
    """There is no Dovecot on this machine. The text says what was looked for."""


@dataclass(frozen=True)
class Mailbox:
    """A user's mailbox. Each call is a session of its own, over the plain port."""

    name: str
    server: Server

    @property
    def address(self) -> str:
        return f"{self.name}@{DOMAIN}"

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.server.imap_port, timeout=20)
        try:
            client.login(self.name, self.server.password)
            yield client
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def append(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Puts messages there as they are, without the headers that a delivery adds."""
        with self.session() as client:
            for raw in messages:
                assert client.append(folder, None, None, raw)[0] == "OK"

    def uids(self, folder: str = "INBOX", which: str = "ALL") -> list[int]:
        with self.session() as client:
            client.select(folder, readonly=True)
            return [int(uid) for uid in client.uid("search", which)[1][0].split()]

    def flag(self, uid: int, flag: str, folder: str = "INBOX", how: str = "+FLAGS") -> None:
        """As a person's mail program marks a message."""
        with self.session() as client:
            client.select(folder)
            client.uid("store", str(uid), how, f"({flag})")

    def validity(self, folder: str) -> int:
        with self.session() as client:
            client.select(folder, readonly=True)
            return int(client.untagged_responses["UIDVALIDITY"][0])

    def renew(self, folder: str) -> int:
        """The folder is made anew, empty: its numbers begin again, with another UIDVALIDITY. Gives the old one."""
        before = self.validity(folder)
        with self.session() as client:
            client.delete(folder)
            client.create(folder)
        return before

    def messages(self, folder: str = "INBOX") -> list[bytes]:
        with self.session() as client:
            client.select(folder, readonly=True)
            found = client.uid("fetch", "1:*", "(BODY.PEEK[])")[1]
            return [part[1] for part in found if isinstance(part, tuple)]


@dataclass
class Server:
    """A running server and how to reach it: IMAP in the clear and with TLS, and LMTP, all at 127.0.0.1."""

    folder: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    password: str = "a-long-password"
    more: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def ca_file(self) -> Path:
        """The authority that signed the certificate of `localhost` and 127.0.0.1; OpenSSL's SSL_CERT_FILE takes it."""
        return self.folder / "ca.pem"

    def new_mailbox(self) -> Mailbox:
        return Mailbox(f"box{secrets.token_hex(5)}", self)

    def deliver(self, box: Mailbox, *messages: bytes, sender: str = "", detail: str = "") -> None:
        """Over LMTP: it adds Return-Path, Delivered-To and Received, as in life."""
        recipient = f"{box.name}{detail}@{DOMAIN}"
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            for raw in messages:
                client.sendmail(sender, [recipient], raw)

    def take_token(self, box: Mailbox, token: str) -> None:
        """From now on that mailbox opens with this token of XOAUTH2, and with no other."""
        (self.folder / "tokens").write_text(f"{box.name}:{{PLAIN}}{token}\n")

    def start(self) -> None:
        command = [*_as_other_user(self.folder), str(_program()), "-F", "-c", str(self.folder / "dovecot.conf")]
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        self._wait()

    def stop(self) -> None:
        """Ends it and every session with it, at once: asked politely, sessions outlive it by seconds."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)
            # Its children end when they next run; as long as one listens, the next server says that it runs already.
            end = time.monotonic() + 20
            while any(map(_somebody_listens, (self.folder / "run").rglob("*"))) and time.monotonic() < end:
                time.sleep(0.01)
            (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                for port in (self.imap_port, self.imaps_port, self.lmtp_port):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            time.sleep(0.02)
        said = (self.folder / "output").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"Dovecot did not start: {said}{self.log()}")


def _somebody_listens(path: Path) -> bool:
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@contextmanager
def running(more: str = "") -> Iterator[Server]:
    """Starts a server and stops it afterwards; `more` is further configuration. Raises NotInstalled."""
    _program()
    # Not tmp_path: a unix socket's path may have 107 bytes, and another user has to reach it.
    folder = Path(tempfile.mkdtemp(prefix="cocmail-dc-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")))
    server = Server(folder, *_free_ports(3), more=more)
    try:
        _furnish(server)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _furnish(server: Server) -> None:
    """The files that it runs on, for the user as whom it runs."""
    folder, user = server.folder, _user()
    authority.make(folder, "localhost", "127.0.0.1")
    (folder / "mail").mkdir()
    (folder / "tokens").write_text("")
    ports = {"imap_port": server.imap_port, "imaps_port": server.imaps_port, "lmtp_port": server.lmtp_port}
    names = {"user": user.pw_name, "group": _group(user), "password": server.password}
    configuration = _CONFIGURATION.format(folder=folder, more=server.more, **names, **ports)
    (folder / "dovecot.conf").write_text(configuration)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        # The tests' own user has to reach the certificate.
        folder.chmod(0o755)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _program() -> Path:
    for each in (shutil.which("dovecot"), "/usr/sbin/dovecot"):
        if each and Path(each).exists():
            if not Path("/usr/lib/dovecot/imap").exists() or not Path("/usr/lib/dovecot/lmtp").exists():
                raise NotInstalled("no /usr/lib/dovecot/imap or lmtp (dovecot-imapd, dovecot-lmtpd)")
            said = subprocess.run([each, "--version"], capture_output=True, text=True, check=True).stdout
            if not said.startswith("2.3."):
                # 2.4 is configured in another language.
                raise NotInstalled("Dovecot is here, but not 2.3")
            return Path(each)
    raise NotInstalled("no dovecot in PATH or /usr/sbin")


def _user() -> pwd.struct_passwd:
    """Its sessions may not be root's: then it all runs as the packaged user, or as nobody."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {user.pw_name for user in pwd.getpwall()}
    return pwd.getpwnam("dovecot" if "dovecot" in known else "nobody")


def _group(user: pwd.struct_passwd) -> str:
    return grp.getgrgid(user.pw_gid).gr_name


def _as_other_user(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    user, setpriv = _user(), shutil.which("setpriv")
    if setpriv is None:
        raise NotInstalled("no setpriv to start Dovecot as another user than root")
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
