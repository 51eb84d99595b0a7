"""A process and its children, watched from outside: memory, and how long the event loop lets others wait.

    with Memory(house.process.pid) as memory:
        ...
    memory.daemon, memory.child    # the most that each had resident, in megabytes

The kernel is asked (proc(5)); the program has no part in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

EVERY = 0.05


def resident(pid: int) -> float:
    """The most that a process has had in memory so far, in megabytes (`VmHWM`); 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that a daemon reads mail in, once they are loaded: until then they count the daemon's memory."""
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return [each for each in found if _is_loaded(each)]


def _is_loaded(pid: int) -> bool:
    with suppress(OSError):
        return b"reader_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


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


# In a process of its own: what the test itself does meanwhile must not count.
_BEAT = """
import socket, sys, time
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60)
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sys.stdin = open(0, "rb", buffering=0)
import select
longest = 0.0
peer.recv(1000)
print("begun", flush=True)
while not select.select([0], [], [], 0.002)[0]:
    begun = time.monotonic()
    peer.sendall(b"NOOP\\r\\n")
    peer.recv(1000)
    longest = max(longest, time.monotonic() - begun)
print(longest)
"""


class Heartbeat:
    """NOOP after NOOP on a connection of its own; `longest` is what one waited for its answer, in seconds."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-I", "-S", "-c", _BEAT, str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.longest = 0.0

    def __enter__(self) -> Heartbeat:
        assert self._process.stdout is not None and self._process.stdout.readline() == b"begun\n"
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        told, _ = self._process.communicate(b"\n")
        if kind is None:
            self.longest = float(told)
