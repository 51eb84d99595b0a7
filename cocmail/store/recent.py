"""What was made of cases a moment ago, by the seal of the end of their chains, and their keys as they are wrapped.

Every letter to every member asks for its case twice, and a case of hundreds of events takes long to open. The rule: the
head of a case is a MAC over all of its events and its id, so under one head there is one case; and nothing is kept for
longer than a breath, as what people wrote must not lie in memory for a quiet night. This module must not know what it
keeps; what it is given must never change.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

SECONDS = 2.0
MOST = 32


class Recent:
    """Kept things by name; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[float, Any]] = OrderedDict()

    def get(self, name: bytes) -> Any:
        """What was kept under that name, or None."""
        self.forget_old()
        with self._lock:
            return self._kept.get(name, (0.0, None))[1]

    def keep(self, name: bytes, thing: object) -> None:
        """Keeps it for two seconds, if not so many others come meanwhile."""
        with self._lock:
            self._kept[name] = (time.monotonic(), thing)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget_old(self) -> None:
        """What is older goes. Called for every transaction: a daemon that does nothing asks its queue each second."""
        oldest = time.monotonic() - SECONDS
        with self._lock:
            while self._kept and next(iter(self._kept.values()))[0] < oldest:
                self._kept.popitem(last=False)
