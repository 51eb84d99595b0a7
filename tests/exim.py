"""A private Exim for the tests, with Debian's own configuration and what the operator's guide adds to it.

    with exim.running("mx.example.edu", "example.edu", port, files, routes, records) as server:
        server.send(raw, "robin@visitors.example", "conduct@example.edu", source="127.0.0.9")

Debian installs Exim or Postfix, never both. So this one is unpacked, not installed (`.ci/run`): it runs in a mount
namespace of its own, where its files lie over those of /etc, /var and /usr/sbin, and nothing is changed on the machine.
Its DNS is a responder here, which knows the given records and no others.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from postfix import NotInstalled, ended, folder_for, program, send, wait_for_port

UNPACKED = Path(__file__).resolve().parent.parent / ".exim"
# Above what Debian gives to accounts of packages on a machine, and below people.
UID, GROUP = 990, 991
# The exit code of a shell that may not mount.
REFUSED = 77

_ANSWERS = """\
dc_eximconfig_configtype='smarthost'
dc_other_hostnames='{domain}'
dc_local_interfaces='127.0.0.1.{port}'
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost='127.0.0.1'
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""
# A smarthost on this machine is nothing that Debian's configuration has in mind.
_ROUTES = """\
tests:
  driver = manualroute
  domains = {domains}
  transport = remote_smtp_smarthost
  route_list = * 127.0.0.1::{port}
  self = send
"""
_SCRIPT = """\
mount -t tmpfs tmpfs {over} || exit {refused}
mkdir -p {over}/work-etc {over}/work-var {over}/var/lib/exim4 {over}/var/spool/exim4 {over}/var/log/exim4
cp -r {folder}/etc {over}/
chown {uid}:{uid} {over}/var/spool/exim4 {over}/var/log/exim4
mount -t overlay overlay -o lowerdir=/etc,upperdir={over}/etc,workdir={over}/work-etc /etc || exit {refused}
set -e
mount -t overlay overlay -o lowerdir=/var,upperdir={over}/var,workdir={over}/work-var /var
mount -t overlay overlay -o lowerdir={unpacked}/usr/sbin:/usr/sbin /usr/sbin
update-exim4.conf
exec /usr/sbin/exim4 -bdf -q1m
"""


@dataclass
class Server:
    """An Exim that runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def send(self, raw: bytes, sender: str, *recipients: str, source: str) -> None:
        send(raw, sender, recipients, self.port, source=source)

    def log(self) -> str:
        """What it logged, as its own namespace has it."""
        path = Path(f"/proc/{self.process.pid}/root/var/log/exim4/mainlog")
        return path.read_text(errors="replace") if path.exists() else ""

    def waiting(self) -> list[str]:
        """The messages that it has not passed on yet."""
        spool = Path(f"/proc/{self.process.pid}/root/var/spool/exim4/input")
        return [path.name for path in spool.rglob("*") if path.is_file()]


@contextmanager
def running(
    name: str, domain: str, port: int, files: Mapping[str, str], routes: Mapping[str, int], records: Mapping[str, str]
) -> Iterator[Server]:
    """Starts one. `files` are those of /etc; `routes` the ports of other domains' servers. Raises NotInstalled."""
    if not (UNPACKED / "usr/sbin/exim4").exists():
        raise NotInstalled(f"no {UNPACKED.name}/usr/sbin/exim4, which .ci/run unpacks")
    unshare = program("unshare")
    if subprocess.run([unshare, "-m", "true"], capture_output=True).returncode != 0:
        raise NotInstalled("root may make no mount namespace here")
    if "Debian-exim:" in Path("/etc/passwd").read_text():
        raise NotInstalled("another Exim is installed here, or was")
    folder = folder_for("ex")
    process = None
    try:
        with answering(records) as dns:
            _furnish(folder, name, domain, port, dns)
            for path, text in files.items():
                (folder / path.lstrip("/")).write_text(text)
            for number, (other, there) in enumerate(routes.items()):
                text = _ROUTES.format(domains=other, port=there).replace("tests:", f"tests{number}:", 1)
                (folder / f"etc/exim4/conf.d/router/05{number}_tests").write_text(text)
            (folder / "over").mkdir()
            script = _SCRIPT.format(over=folder / "over", folder=folder, uid=UID, unpacked=UNPACKED, refused=REFUSED)
            with (folder / "output").open("wb") as output:
                process = subprocess.Popen([unshare, "-m", "sh", "-c", script], stdout=output, stderr=output)
            try:
                wait_for_port(port, process, "Exim")
            except RuntimeError as error:
                if process.poll() == REFUSED:
                    raise NotInstalled("root may mount nothing here, not even in a namespace of its own") from error
                raise RuntimeError((folder / "output").read_text(errors="replace")) from error
            yield Server(folder, port, process)
    finally:
        ended(process)
        shutil.rmtree(folder, ignore_errors=True)


def _furnish(folder: Path, name: str, domain: str, port: int, dns: str) -> None:
    """What lies over /etc: the package's files, its user, who is in the group of cocmail, and where DNS is."""
    etc = folder / "etc"
    shutil.copytree(UNPACKED / "etc/exim4", etc / "exim4")
    passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    (etc / "passwd").write_text(f"{passwd}Debian-exim:x:{UID}:{UID}::/var/spool/exim4:/usr/sbin/nologin\n")
    (etc / "group").write_text(f"{group}Debian-exim:x:{UID}:\ncocmail:x:{GROUP}:Debian-exim\n")
    (etc / "resolv.conf").write_text(f"nameserver {dns}\noptions timeout:1 attempts:1\n")
    (etc / "mailname").write_text(f"{domain}\n")
    (etc / "exim4/update-exim4.conf.conf").write_text(_ANSWERS.format(domain=domain, port=port))
    main = etc / "exim4/conf.d/main"
    (main / "000_tests").write_text(f"MAIN_HARDCODE_PRIMARY_HOSTNAME = {name}\n")


@contextmanager
def answering(records: Mapping[str, str]) -> Iterator[str]:
    """A DNS server on port 53 of an address of 127.0.0.0/8, which it gives. It knows TXT records, and nothing else."""
    address = f"127.53.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        thread = threading.Thread(target=_answer, args=(server, records), name="dns")
        thread.start()
        try:
            yield address
        finally:
            # An empty question ends it.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"", (address, 53))
            thread.join()


def _answer(server: socket.socket, records: Mapping[str, str]) -> None:
    while True:
        question, peer = server.recvfrom(2000)
        if not question:
            return
        labels, place = [], 12
        while length := question[place]:
            labels.append(question[place + 1 : place + 1 + length].decode("ascii", "replace"))
            place += 1 + length
        asked = question[12 : place + 5]
        record = records.get(".".join(labels).lower()) if question[place + 1 : place + 3] == b"\x00\x10" else None
        parts = [record[start : start + 255].encode() for start in range(0, len(record), 255)] if record else []
        data = b"".join(bytes([len(part)]) + part for part in parts)
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(data)) + data if data else b""
        # Authoritative; NXDOMAIN where nothing is known (RFC 1035 section 4.1.1).
        flags = 0x8580 if data else 0x8583
        head = question[:2] + struct.pack("!HHHHH", flags, 1, 1 if data else 0, 0, 0)
        server.sendto(head + asked + answer, peer)
