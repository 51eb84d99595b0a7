"""Everything that can go wrong on purpose.

    CocmailError
    ├── ConfigError        the configuration or the call is wrong; every problem at once        exit 2
    ├── KeyFileError       the master key file is missing, readable by others or not a key      exit 2
    ├── SealError          a sealed record does not open: wrong key, wrong row or altered            exit 2
    ├── StoreError         the store cannot be used
    │   ├── StoreBusy      for now (locked, full, gone): try again                              exit 75
    │   │   └── StoreGone  its database server does not answer                                  exit 69
    │   └── StoreTooNew    written by a later release than this one                             exit 2
    ├── DoorShut           a door cannot be opened for now (its port is taken, its folder not there) exit 75
    ├── MailboxError       a mailbox cannot be fetched from just now: tried again for ever
    └── DeliveryError      an outgoing message was not taken
        ├── Unreachable    no server answered: waits as long as it takes
        ├── Deferred       a server answered 4xx
        └── Refused        a server answered 5xx

No message of any of these holds anything that a person wrote, a name or an address: only ids, codes, key names of the
configuration, file names and line numbers of configuration files.
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_CONFIG = 2
EXIT_UNAVAILABLE = 69
EXIT_BUG = 70
EXIT_TRY_AGAIN = 75
# As shells say that a command was ended by SIGINT.
EXIT_INTERRUPTED = 130


class CocmailError(Exception):
    """The root: everything below is meant, everything else is a bug."""

    exit_code = EXIT_BUG


class ConfigError(CocmailError):
    """The configuration cannot be used. `problems` holds one printable line each."""

    exit_code = EXIT_CONFIG

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the configuration")
        self.problems = problems


class KeyFileError(CocmailError):
    exit_code = EXIT_CONFIG


class SealError(CocmailError):
    # Where it ends the program, the key file or the store cannot be used: to try again would change nothing.
    exit_code = EXIT_CONFIG


class StoreError(CocmailError):
    pass


class StoreBusy(StoreError):
    exit_code = EXIT_TRY_AGAIN


class StoreGone(StoreBusy):
    exit_code = EXIT_UNAVAILABLE


class StoreTooNew(StoreError):
    exit_code = EXIT_CONFIG


class DoorShut(CocmailError):
    exit_code = EXIT_TRY_AGAIN


class MailboxError(CocmailError):
    """`trouble` is a word of the list in `doors/imap_wire.py`; never the server's text."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class DeliveryError(CocmailError):
    """`code` is three digits, a space and the enhanced code where there was one; never the server's text."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code or "no answer")
        self.code = code


class Unreachable(DeliveryError):
    pass


class Deferred(DeliveryError):
    pass


class Refused(DeliveryError):
    """`content`: the whole message had been seen when it was refused, so that it may be for what is in it."""

    def __init__(self, code: str = "", *, content: bool = False) -> None:
        super().__init__(code)
        self.content = content
