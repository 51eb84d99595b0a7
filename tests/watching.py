"""A process and its children, watched from outside: memory, and how long the event loop lets others wait.

    with Memory(house.process.pid) as memory:
        ...
    memory.daemon, memory.child    # the most that each had resident, in megabytes

The kernel is asked (proc(5)); the program has no part in it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

EVERY = 0.01


def resident(pid: int) -> float:
    """The most that a process has had in memory so far, in megabytes (`VmHWM`); 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that a process started and that are still there."""
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def forget_peak(pid: int) -> None:
    """From here on `resident` speaks of what comes (Linux 4.0; where that is not allowed, of all)."""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


class _Watcher:
    """Does something again and again in a thread, until it is left."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def __enter__(self):  # type: ignore[no-untyped-def]
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        raise NotImplementedError


class Memory(_Watcher):
    """The most that a daemon, and any child of it, had in memory meanwhile."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid
        self.child = self.daemon = 0.0
        for each in (pid, *children(pid)):
            forget_peak(each)

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            self.child = max(self.child, *map(resident, children(self._pid)), 0.0)
        self.daemon = resident(self._pid)


class Heartbeat(_Watcher):
    """NOOP after NOOP on a connection of its own; `longest` is what one waited for its answer, in seconds."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.longest = 0.0

    def _watch(self) -> None:
        with self._connection, self._connection.makefile("rb") as answers:
            answers.readline()
            while not self._stop.is_set():
                begun = time.monotonic()
                self._connection.sendall(b"NOOP\r\n")
                answers.readline()
                self.longest = max(self.longest, time.monotonic() - begun)
                time.sleep(0.002)
