"""`cocmail doctor` and a real Postfix, set up by the operator's guide: what it finds, and that mending it helps."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from border import Names
from clinic import ME, free_port
from process_scene import Ended, House

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("postfix") is None, reason="Postfix is not installed here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix can be started by root alone"),
]
SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """An instance of its own, in a folder of its own, on a port of its own."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.port = free_port()
        self._etc = folder / "etc"
        for name in ("etc", "spool", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        (self._etc / "main.cf").write_text(f"""\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mx.example.org
mydestination = example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
virtual_alias_maps = texthash:{self._etc}/virtual
transport_maps = texthash:{self._etc}/transport
""")
        (self._etc / "virtual").write_text("conduct@example.org conduct@example.org\n")
        (self._etc / "transport").write_text(f"conduct@example.org lmtp:unix:{socket}\n")
        (self._etc / "master.cf").write_text(f"127.0.0.1:{self.port} inet n - n - - smtpd\n{SERVICES}")

    def start(self) -> None:
        self._do("postfix", "-c", str(self._etc), "start")

    def stop(self) -> None:
        self._do("postfix", "-c", str(self._etc), "stop")

    def set(self, text: str) -> None:
        """One setting, and a restart: a reload lets old processes answer a while longer."""
        self._do("postconf", "-c", str(self._etc), "-e", text)
        self.stop()
        self.start()

    def check_headers(self, rules: str) -> None:
        (self._etc / "header_checks").write_text(rules)
        self.set(f"header_checks = regexp:{self._etc}/header_checks")

    @staticmethod
    def _do(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where others than root can pass, as Postfix has to."""
    path = Path(tempfile.mkdtemp(prefix="postfix"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_a_postfix_is_mended_step_by_step(folder: Path) -> None:
    home = folder / "house"
    home.mkdir(mode=0o700)
    postfix = Postfix(folder, home / "lmtp.sock")
    postfix.start()
    try:
        with Names() as names, House(home, smarthost=postfix.port) as house:
            house.start()
            house.config = home / "doctor.yaml"
            house.config.write_text(
                (home / "cocmail.yaml").read_text().replace("127.0.0.1:0", f"127.0.0.1:{house.port}")
            )
            _mend(postfix, house, names)
            assert house.cases() == []
            assert house.stop() == 0
    finally:
        postfix.stop()


def _mend(postfix: Postfix, house: House, names: Names) -> None:
    def looked(*more: str) -> Ended:
        return house.run("doctor", "--resolver", names.address, "--wait", "20", *more)

    said = looked().out
    assert "postfix is shut out at" in said
    assert "message_size_limit" in said
    assert "refuses what has a + behind it (550 5.1.1)" in said
    house.folder.chmod(0o711)
    house.lmtp.chmod(0o666)
    postfix.set("recipient_delimiter = -")
    said = looked().out
    assert "it takes a - there" in said and "postfix can reach it" in said and "came back by lmtp-socket" in said
    postfix.set("recipient_delimiter = +")
    said = looked("--mail-user", ME).out
    assert "what stands behind the + arrives with it" in said and "550" not in said
    assert "a forged Authentication-Results" in said
    # As the operator's guide says.
    postfix.check_headers("/^Authentication-Results:[[:space:]]*mx\\.example\\.org/  IGNORE\n")
    ended = looked()
    assert "forged" not in ended.out and "adds no Authentication-Results" in ended.out and ended.code == 0, ended
