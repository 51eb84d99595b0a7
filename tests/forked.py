"""The program in a process of its own, without the second or two that an interpreter takes to load it.

    process = forked.start(["cases", "--config", "cocmail.yaml"], cwd=folder, environ={}, stdin=0, stdout=1, stderr=2)
    process.wait(20)

One interpreter loads the program and does nothing else; each start is a fork of it that has its own folder, environment
and standard streams, and then does what `python -m cocmail` does. A start from nothing is tested by those tests that
ask for it.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# What commands and daemon load at their start, and what they load later on.
LOADED = [
    "cocmail.service",
    "cocmail.office",
    "cocmail.copies",
    "cocmail.inject",
    "cocmail.config.init",
    "alembic.command",
]
MESSAGE_MAX = 1 << 17
_NUMBER = struct.Struct("!i")


class Process:
    """What the tests use of `subprocess.Popen`, for a process that is no child of this one."""

    def __init__(self, reports: socket.socket) -> None:
        self._reports = reports
        self.returncode: int | None = None
        self.pid = self._number()

    def poll(self) -> int | None:
        """The exit code as Popen gives it, None while the process runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end; gives the exit code. Raises TimeoutExpired."""
        if self.returncode is None:
            self._reports.settimeout(timeout)
            try:
                self.returncode = os.waitstatus_to_exitcode(self._number())
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("cocmail", timeout or 0) from None
            self._reports.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _number(self) -> int:
        data = self._reports.recv(_NUMBER.size)
        assert data, "the process that starts others has ended"
        return int(_NUMBER.unpack(data)[0])


class _Source:
    """The process that is forked, as this one sees it."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
            )
        atexit.register(self.end)

    def start(self, order: Mapping[str, object], streams: Sequence[int]) -> Process:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [*streams, theirs.fileno()])
        return Process(ours)

    def end(self) -> None:
        self._orders.close()
        self._process.wait()


_source: list[_Source] = []


def start(
    arguments: Sequence[str],
    *,
    cwd: Path | None,
    environ: Mapping[str, str],
    stdin: int,
    stdout: int,
    stderr: int,
    program: Path | None = None,
) -> Process:
    """`cocmail ARGUMENTS` in a new session; `environ` is all of its environment, the streams are descriptors.

    `program` is run in place of `python -m cocmail`.
    """
    if not _source:
        _source.append(_Source())
    order = {
        "arguments": list(arguments),
        "cwd": str(cwd or Path.cwd()),
        "environ": dict(environ),
        "program": str(program or ""),
    }
    return _source[0].start(order, [stdin, stdout, stderr])


# The process that is forked


def take_orders(orders: socket.socket) -> list[str] | None:
    """Forks for each order. Returns in a fork, with program and arguments; None in the process itself, at the end."""
    keepers: list[int] = []
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, MESSAGE_MAX, 4)
        keepers = [keeper for keeper in keepers if os.waitpid(keeper, os.WNOHANG) == (0, 0)]
        if not message:
            return None
        keeper = os.fork()
        if keeper == 0:
            orders.detach()
            return keep(json.loads(message), descriptors)
        keepers.append(keeper)
        for descriptor in descriptors:
            os.close(descriptor)


def keep(order: Mapping[str, object], descriptors: Sequence[int]) -> list[str]:
    """Forks once more and reports the number of that process and how it ended; returns in that process."""
    pid = os.fork()
    if pid == 0:
        return become(order, descriptors[:3])
    with socket.socket(fileno=descriptors[3]) as reports:
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        reports.sendall(_NUMBER.pack(pid))
        reports.sendall(_NUMBER.pack(os.waitpid(pid, 0)[1]))
    os._exit(0)


def become(order: Mapping[str, object], streams: Sequence[int]) -> list[str]:
    """Takes on session, folder, environment and streams; gives the program and its arguments."""
    os.setsid()
    # A shell that has started the tests in the background has them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    os.chdir(str(order["cwd"]))
    environ, arguments = order["environ"], order["arguments"]
    assert isinstance(environ, dict) and isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environ)
    return [str(order["program"]), *arguments]


def main() -> None:
    for name in LOADED:
        import_module(name)
    # What is shared with the forks is not to be written to by looking through it for garbage.
    gc.collect()
    gc.freeze()
    arguments = take_orders(socket.socket(fileno=int(sys.argv[1])))
    if arguments is not None:
        program, sys.argv = arguments[0], ["cocmail", *arguments[1:]]
        if program:
            runpy.run_path(program, run_name="__main__")
        else:
            runpy.run_module("cocmail", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
