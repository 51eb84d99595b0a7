"""What may be wrong when the daemon starts, or with what it starts from."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import socket
from pathlib import Path

import pytest

from cocmail.doors import shut
from cocmail.mail import memory
from process_scene import PROJECT, House

PR_GET_DUMPABLE = 3


def test_half_a_key_file_starts_nothing_and_nothing_is_written(tmp_path: Path) -> None:
    """The machine went down while the key was written, or the copy was cut off."""
    with House(tmp_path) as house:
        key = house.folder / "master.key"
        whole = key.read_bytes()
        for size in (0, len(whole) // 2):
            key.write_bytes(whole[:size])
            house.start(wait=False)
            assert house.ended() == 2
        assert not (house.folder / "var").exists()
        assert "master.key" in house.lines()[-1]


@pytest.mark.parametrize("place", ["var", "committee.yaml/store.db", "nowhere/store.db", "s" * 300])
def test_a_place_where_no_store_can_be_is_named_and_not_tried_for_ever(tmp_path: Path, place: str) -> None:
    """With 75 the service manager began again and again, at an error number."""
    house = House(tmp_path)
    (tmp_path / "var").mkdir()
    (tmp_path / "nowhere").symlink_to("/proc/nowhere")
    house.store_url = f"sqlite:///{place}"
    house.write()
    ended = house.run("run")
    assert ended.code == 2
    assert ended.err.startswith(f"store.url: {tmp_path / place}: ") and "errno" not in ended.err


def test_59_no_core_file_is_written_of_a_running_daemon(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.start()
        assert house.process is not None
        limits = Path(f"/proc/{house.process.pid}/limits").read_text().splitlines()
        assert [line.split()[4:6] for line in limits if line.startswith("Max core")] == [["0", "0"]]
        assert house.stop() == 0


def test_no_core_is_piped_to_a_program_either() -> None:
    """A limit does not hold that back (core(5)); asked in a process of its own, whose memory it is."""
    pid = os.fork()
    if pid == 0:
        memory.keep()
        os._exit(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_port_that_was_busy_for_a_moment_ended_the_service_for_good(tmp_path: Path) -> None:
    """With 2 the service manager does not try again (RestartPreventExitStatus=2), and reports bounced after days."""
    unit = (PROJECT / "systemd" / "cocmail.service").read_text()
    assert re.search(r"^RestartPreventExitStatus=2$", unit, re.MULTILINE)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        for number, (intake, more, said) in enumerate(
            (
                (f'smtp: {{listen: "{taken}"}}', "", f"intake.smtp.listen: {taken}: another program listens there"),
                (f'lmtp: {{listen: "{taken}"}}', "", f"intake.lmtp.listen: {taken}: another program listens there"),
                (
                    'smtp: {listen: "192.0.2.1:2525"}',
                    "",
                    "intake.smtp.listen: 192.0.2.1:2525: this machine has no such",
                ),
                ("lmtp: {listen: gone/s}", "", f"intake.lmtp.listen: {tmp_path}/gone/s: its folder is not there"),
                (
                    'smtp: {listen: "127.0.0.1:0"}',
                    f'metrics: {{listen: "{taken}"}}',
                    f"metrics.listen: {taken}: another",
                ),
            )
        ):
            folder = tmp_path / str(number)
            folder.mkdir()
            house = House(folder, main=more)
            house.intake = intake.replace("gone", f"{tmp_path}/gone")
            house.write()
            ended = house.run("run")
            assert ended.code == 75, ended
            assert [line for line in ended.err.splitlines() if line.startswith(f"cocmail: {said}")], ended


def test_a_socket_where_the_daemon_may_not_write_is_tried_again_too(tmp_path: Path) -> None:
    denied = shut.problem("intake.lmtp.listen", "/run/cocmail/s", PermissionError(errno.EACCES, "no"))
    assert denied.exit_code == 75 and "may not listen there" in str(denied)
    wrong = shut.problem("intake.lmtp.listen", "/run/cocmail/s", NotADirectoryError(errno.ENOTDIR, "no"))
    assert wrong.exit_code == 2
