"""Paths and secret files that the configuration names: where they are, and whether they are safe to use.

The rule: a path is relative to the file it stands in, and a secret never comes from anywhere but a file that only
its owner reads. It must not read what a secret file holds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from urllib.parse import urlsplit

CREDENTIALS = "CREDENTIALS_DIRECTORY"
# The folder beside the configuration in which everything is kept where nothing else is said.
OWN_FOLDER = "var"


def absolute(value: str, standing_in: str) -> str:
    """A path of the configuration as an absolute one. `standing_in` is the file that names it."""
    return os.path.abspath(os.path.join(os.path.dirname(standing_in), value))


def secret_path(value: str, standing_in: str, environ: Mapping[str, str]) -> str:
    """Where a `*_file` key points to. Raises ValueError where it names the credentials of no service manager.

    A relative name that the service manager's credentials directory has wins over the same name beside the
    configuration: whoever set up the credential meant it.
    """
    folder = environ.get(CREDENTIALS, "")
    name = value.removeprefix(f"${CREDENTIALS}/")
    if name != value:
        if not folder:
            raise ValueError(f"${CREDENTIALS} is not set: the service manager sets it where it passes credentials")
        return os.path.join(folder, name)
    if folder and not os.path.isabs(value) and os.path.exists(os.path.join(folder, value)):
        return os.path.join(folder, value)
    return absolute(value, standing_in)


def store_url(value: str, standing_in: str) -> str:
    """`store.url` with an absolute path. Raises ValueError where it names no database that we know."""
    if value.startswith("sqlite:///"):
        name = value.removeprefix("sqlite:///")
        if not name or name.startswith(":") or "?" in name:
            raise ValueError("must name a file: sqlite:///PATH")
        return "sqlite:///" + absolute(name, standing_in)
    try:
        if value.startswith("postgresql://") and urlsplit(value).port != 0:
            return value
    except ValueError:
        pass  # brackets that do not close, a port that is no number
    raise ValueError("must be sqlite:///PATH or postgresql://USER@HOST/DATABASE")


def own_folder(standing_in: str) -> str:
    """The folder of ours beside a main file: `init` makes it, and the daemon where it is missing."""
    return absolute(OWN_FOLDER, standing_in)


def seems_absolute(value: str, standing_in: str) -> str:
    """The file of a `store.url` that is relative, in a folder that is neither the configuration's nor ours: with three
    slashes, four were probably meant. "" for any other URL."""
    name = value.removeprefix("sqlite:///")
    if name == value or os.path.isabs(name):
        return ""
    file = absolute(name, standing_in)
    beside = (absolute("", standing_in), own_folder(standing_in))
    return "" if os.path.dirname(file) in beside else file


def trouble_with(path: str) -> str:
    """Why this file cannot be read by the daemon, or "" if it can."""
    if not os.path.exists(path):
        return "no such file"
    if not os.path.isfile(path):
        return "is not a regular file"
    return "" if os.access(path, os.R_OK) else "cannot be read by this user"


def key_is_missing(path: str) -> str:
    """What to do about a master key file that is not there. Most often there is a store that only the old one opens."""
    return f"{path} is not there: put it back from its copy; only for a new store, `cocmail keys new {path}`"


def open_to_others(path: str, environ: Mapping[str, str]) -> str:
    """The file's mode, as in `0644`, where its group or others may read it; "" where they may not.

    Not asked of a service manager's credentials: their folder shuts others out, and an access list that lets the
    service in shows as a group bit.
    """
    folder = environ.get(CREDENTIALS, "")
    if folder and os.path.abspath(path).startswith(os.path.join(os.path.abspath(folder), "")):
        return ""
    mode = stat.S_IMODE(os.stat(path).st_mode)
    return f"{mode:04o}" if mode & 0o077 else ""
