"""What the daemon runs on: the whole configuration as frozen values, every path absolute, every default filled in.

It must hold no secret: only the names of the files that do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from cocmail.core.flood import Flood
from cocmail.core.model import Committee


@dataclass(frozen=True, slots=True)
class Listener:
    """A door that listens. `address` is HOST:PORT, or the absolute path of a unix socket."""

    protocol: str
    address: str
    tls_cert_file: str | None = None
    tls_key_file: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox that is fetched from. `tls` is implicit or none; exactly one of the two secret files is set.

    `committee` is the address of the committee that gets what names none of ours; "" where there is one committee.
    """

    host: str
    port: int
    tls: str
    user: str
    password_file: str | None
    oauth2_token_file: str | None
    folders: tuple[str, ...]
    committee: str = ""


@dataclass(frozen=True, slots=True)
class Smarthost:
    """The mail server that takes what the daemon sends. `tls` is none, starttls or implicit."""

    host: str
    port: int
    tls: str
    user: str | None = None
    password_file: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration in force. Exactly one of `smarthost` and `maildir` is set."""

    listeners: tuple[Listener, ...]
    max_message_bytes: int
    smarthost: Smarthost | None
    maildir: str | None
    retry: tuple[timedelta, ...]
    give_up_after: timedelta
    null_sender: bool
    store_url: str
    key_file: str
    log_level: str
    log_format: str
    metrics: str | None
    flood: Flood | None
    admins: tuple[str, ...]
    committees: tuple[Committee, ...]
    imap: Mailbox | None = None


def needs_restart(running: Settings, wanted: Settings) -> tuple[str, ...]:
    """The keys, of a closed list, in which `wanted` differs from what the daemon was started with and a reload changes
    nothing.
    """
    return tuple(key for key, of in _READ_AT_START.items() if of(running) != of(wanted))


_READ_AT_START: dict[str, Callable[[Settings], object]] = {
    "intake.smtp": lambda settings: [each for each in settings.listeners if each.protocol == "smtp"],
    "intake.lmtp": lambda settings: [each for each in settings.listeners if each.protocol == "lmtp"],
    # Which committee the mailbox is for is asked anew for each mail.
    "intake.imap": lambda settings: settings.imap and replace(settings.imap, committee=""),
    "intake.max_message_bytes": lambda settings: settings.max_message_bytes,
    "delivery.smtp": lambda settings: settings.smarthost,
    "delivery.maildir": lambda settings: settings.maildir,
    "store.url": lambda settings: settings.store_url,
    "store.key_file": lambda settings: settings.key_file,
    "logging.level": lambda settings: settings.log_level,
    "logging.format": lambda settings: settings.log_format,
    "metrics": lambda settings: settings.metrics,
}
