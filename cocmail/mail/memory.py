"""What is in this process's memory stays there: reports are, as text.

No core file, and no look into it by another process of the same user. It does not hold against root, nor against swap:
see the unit file.
"""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress

# prctl(2); mallopt(3), which glibc alone has.
_PR_SET_DUMPABLE, _M_MMAP_THRESHOLD = 4, -3
_LONG = 1 << 20


def keep() -> None:
    """For the calling process; a child that is executed has to do it again."""
    with suppress(ValueError, OSError):  # a tighter limit is in force already
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A core that the kernel pipes to a program, as most distributions set it up, minds no limit (core(5)).
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_back() -> None:
    """From now on what a long message took goes back to the system as soon as it is free."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LONG)
