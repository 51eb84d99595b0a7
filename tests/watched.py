"""The daemon with somebody who stands at its boundaries: `forked` starts this in place of `python -m cocmail`.

    {"at": ["decide", "before"], "nth": 2, "do": "die"}     the whole process group gets SIGKILL there
    {"at": ["accept", "before"], "do": "fail"}              the disk answers with an error there, each time

The plan comes in a variable that this program reads and the product does not: it hands `service.serve` what it is
given as an argument. What was done, and where, is written to a file before it is done. The time of day is the
machine's, moved by as many seconds as the file `clock` says.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cocmail import cli, service
from cocmail.store.boundaries import Side, Step

DONE = "watched.log"
CLOCK = "clock"


class Watch:
    """Does what the plan says, where it says."""

    def __init__(self, plan: dict[str, object], folder: Path) -> None:
        self._at = tuple(plan["at"])  # type: ignore[arg-type]
        self._left, self._do = int(str(plan.get("nth", 1))), plan.get("do", "die")
        self._done, self._clock = folder / DONE, folder / CLOCK
        self._one = threading.Lock()

    def crossed(self, step: Step, side: Side) -> None:
        if (step, side) != self._at:
            return
        with self._one:
            self._left -= 1
            if self._left > 0:
                return
            with self._done.open("a") as file:
                file.write(f"{step} {side}\n")
            if self._do == "die":
                os.killpg(0, signal.SIGKILL)
                # It is on its way; nothing more may happen here until it arrives.
                signal.pause() if threading.current_thread() is threading.main_thread() else threading.Event().wait()
            raise sqlite3.OperationalError("disk I/O error")

    def now(self) -> datetime:
        moved = float(self._clock.read_text() or 0) if self._clock.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=moved)


if __name__ == "__main__":
    watch = Watch(json.loads(os.environ["WATCHED"]), Path.cwd())
    service.serve = functools.partial(service.serve, now=watch.now, crossed=watch.crossed)
    sys.exit(cli.main())
