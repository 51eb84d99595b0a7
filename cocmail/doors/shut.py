"""What is said where a door cannot be opened, and whether to try again.

The rule: what can come right without anybody touching the configuration (a port that another program holds for now, a
folder or an address that is not there yet) is DoorShut, on which a service manager starts the daemon again. On
ConfigError it does not: the service has ended for good.
"""

from __future__ import annotations

import errno
import os
import socket

from cocmail.errors import CocmailError, ConfigError, DoorShut

_FOR_NOW = {
    errno.EADDRINUSE: "another program listens there: stop it, or name another place",
    errno.ENOENT: "its folder is not there: make it, or name another place",
    errno.EACCES: "the daemon's user may not listen there: let it, or name another place",
    errno.EADDRNOTAVAIL: "this machine has no such address now: bring it up, or name another one",
}


def problem(key: str, address: str, error: OSError) -> CocmailError:
    """The exception for a place that cannot be listened on. `key` is the configuration's word for the door."""
    place = f"{key}: {address}"
    if isinstance(error, socket.gaierror):
        if error.errno != socket.EAI_AGAIN:
            return ConfigError([f"{place}: there is no such name"])
        return DoorShut(f"{place}: the name cannot be resolved now: name an address, or see to the name server")
    # Without a number: of all addresses of a name none was there (asyncio).
    text = _FOR_NOW.get(error.errno or errno.EADDRNOTAVAIL, "")
    return DoorShut(f"{place}: {text}") if text else ConfigError([f"{place}: {os.strerror(error.errno or 0)}"])
