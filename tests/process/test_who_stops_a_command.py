"""A command that is interrupted, or whose output nobody reads to its end: no report is lost by it and no verdict."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from process_scene import House, environment, letter, started, wait_until
from scene import ALIAS, committee_file


def interrupted(house: House, *arguments: str, given: bytes = b"", shown: bytes = b"") -> int:
    """SIGINT once all of `given` was read, or all of `shown` was written; gives the exit code."""
    theirs, stdin = os.pipe()
    stdout, out = os.pipe()
    with open(os.devnull, "r+b") as nothing:
        streams = (theirs, out, nothing.fileno())
        process = started(arguments, cwd=house.folder, environ=environment({}), streams=streams, cold=False)
    os.close(theirs)
    os.close(out)
    while given:
        given = given[os.write(stdin, given) :]
    seen = b""
    while shown not in seen:
        seen += os.read(stdout, 4096)

    def ended() -> bool:
        # As a person does it, again: a signal that comes just before a read begins is heard after it.
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        return process.returncode is not None

    wait_until(ended, "the end of the command")
    code = process.returncode
    assert code is not None
    os.close(stdin)
    os.close(stdout)
    return code


def test_a_report_whose_inject_is_interrupted_is_kept_by_the_mail_server(tmp_path: Path) -> None:
    """0 would mean that it is stored, and the mail server throws it away."""
    house = House(tmp_path)
    # More than a pipe holds: written, it is being read.
    mail = letter("robin@visitors.example", "Somebody shouted at me. " * 20_000).as_bytes()
    assert interrupted(house, "inject", "--to", ALIAS, "--config", str(house.config), given=mail) == 75


def test_a_command_that_is_interrupted_has_not_succeeded(tmp_path: Path) -> None:
    assert interrupted(House(tmp_path), "init", str(tmp_path / "new"), shown=b": ") == 130


@pytest.mark.parametrize(("mistake", "code"), [({}, 0), ({"polcy": "basic"}, 2)])
def test_what_check_finds_is_no_less_wrong_because_nobody_reads_it(
    tmp_path: Path, mistake: dict[str, str], code: int
) -> None:
    house = House(tmp_path, committee=committee_file(**mistake))
    reader, out = os.pipe()
    os.close(reader)
    with open(os.devnull, "r+b") as nothing:
        process = started(
            ["check", "--config", str(house.config)],
            cwd=house.folder,
            environ=environment({}),
            streams=(nothing.fileno(), out, nothing.fileno()),
            cold=True,
        )
    os.close(out)
    assert process.wait(60) == code
