"""Everything cocmail ever says in its log: one function a line.

No line takes a name, an address, a Subject or an exception's message: only ids, counts, codes, sizes, times and words
of closed lists. What is not here is not logged; libraries that log what they handle are silenced (`silence_libraries`).

The rule: a line that cannot be written is lost, and nothing else is. No mail and no exit code rests on who reads them.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import structlog

_log = structlog.get_logger("cocmail")

# aiosmtpd logs envelopes and content, aioimaplib every byte, SQLAlchemy statements, mail-parser what it cannot read.
TALKATIVE = (
    "mail.log",
    "aiosmtplib",
    "aioimaplib",
    "sqlalchemy",
    "mailparser",
    "asyncio",
    "alembic",
    "psycopg",
    "dkimpy",
)


def say(line: str) -> None:
    """One line to standard error. Raises nothing where nobody takes it: a full disk, a closed pipe, no such stream."""
    # Without a buffer: what stays in one is tried again at the end of the process, which then ends with 120.
    with (
        suppress(OSError, ValueError, AttributeError),
        open(sys.stderr.fileno(), "wb", buffering=0, closefd=False) as stream,
    ):
        stream.write(f"{line}\n".encode(errors="backslashreplace"))


class _Lines:
    """What structlog writes rendered lines to."""

    def msg(self, line: str) -> None:
        say(line)

    debug = info = warning = error = critical = msg


def configure(level: str = "info", form: str = "json") -> None:
    """Set up the log of this process. `form` is json or text; exceptions are never rendered."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
    silence_libraries()


def silence_libraries() -> None:
    """No library speaks for us: their loggers reach no handler at any level."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


def ready(doors: list[str], committees: int, version: str) -> None:
    _log.info("ready", doors=doors, committees=committees, version=version)


def inject_not_open() -> None:
    """The socket of `cocmail inject`: another daemon of the same database has it, or its path is too long or closed."""
    _log.warning("inject-not-open")


def new_store(store: str) -> None:
    """There was none in that place, and one was made: its file, or its database and host."""
    _log.warning("new-store", store=store)


def stopping() -> None:
    _log.info("stopping")


def stopped() -> None:
    _log.info("stopped")


def reloaded(committees: int) -> None:
    _log.info("reloaded", committees=committees)


def restart_needed(keys: Sequence[str]) -> None:
    """A reload changed nothing in these: words of the list in `config/settings.py`."""
    _log.warning("restart-needed", keys=list(keys))


def reload_refused(errors: int) -> None:
    """The new configuration has errors; the old one stays in force. `cocmail check` shows them."""
    _log.error("reload-refused", errors=errors)


def running_on_last_good(files: int) -> None:
    """That many configuration files are broken; their last good version is in force."""
    _log.error("running-on-last-good-configuration", files=files)


def configuration_warnings(count: int) -> None:
    _log.warning("configuration-warnings", count=count)


def accepted(message: str, door: str, size: int) -> None:
    _log.info("accepted", id=message, door=door, size=size)


def not_accepted(door: str, problem: str) -> None:
    """The peer was told to try again. `problem` is the class of the exception."""
    _log.error("not-accepted", door=door, problem=problem)


def imap_open(folder: int) -> None:
    """The mailbox's folder of that place in the configuration is being watched."""
    _log.info("imap-open", folder=folder)


def imap_trouble(folder: int, trouble: str) -> None:
    """It is not, for a reason out of the list in `doors/imap_wire.py`; said once until that changes."""
    _log.warning("imap-trouble", folder=folder, trouble=trouble)


def left_in_mailbox(folder: int, why: str, size: int) -> None:
    """A message stays in its folder: too-large, failed at again and again, or no-committee is known to be meant."""
    _log.error("left-in-mailbox", folder=folder, why=why, size=size)


def decided(message: str, reason: str, letters: int, code: str = "") -> None:
    """`code`: a delivery report says by it that a letter which a server had taken cannot be delivered."""
    _log.info("decided", id=message, reason=reason, letters=letters)
    if code:
        _log.warning("came-back", id=message, code=code)


def shunted(message: str, error: BaseException) -> None:
    """A bug of ours: the message is kept sealed and the admins are told."""
    _log.error("shunted", id=message, problem=type(error).__name__, at=place(error))


def store_busy(where: str) -> None:
    _log.warning("store-busy", where=where)


def sent(letter: str, kind: str, attempts: int) -> None:
    _log.info("sent", id=letter, kind=kind, attempts=attempts)


def deferred(letter: str, kind: str, code: str, attempts: int) -> None:
    _log.warning("deferred", id=letter, kind=kind, code=code, attempts=attempts)


def parked(letter: str, kind: str, code: str) -> None:
    _log.error("parked", id=letter, kind=kind, code=code)


def withheld(letter: str, kind: str) -> None:
    """Asked again at send time, the recipient may not see the case any more: the letter is gone."""
    _log.info("withheld", id=letter, kind=kind)


def waits_for_member(letter: str, kind: str) -> None:
    _log.info("waits-for-member", id=letter, kind=kind)


def sends_nothing() -> None:
    """The store was put back to an earlier state: letters wait until `cocmail queue release`."""
    _log.error("sends-nothing")


def restored_told(members: int) -> None:
    """It was released: the members are told first. For a day news of the cases of before wait."""
    _log.warning("restored-told", members=members)


def erased(case: str) -> None:
    """The key of a case was destroyed; its random id is all that is said of it."""
    _log.warning("erased", id=case)


def alarmed(alarm: str) -> None:
    _log.error("alarm", alarm=alarm)


def nobody_to_alarm(alarm: str) -> None:
    _log.error("alarm-without-admins", alarm=alarm)


def failed(task: str, error: BaseException) -> None:
    """An exception that nobody expected, by class and place; its message may hold anything and is dropped."""
    _log.error("failed", task=task, problem=type(error).__name__, at=place(error))


def place(error: BaseException) -> str:
    """Where an exception came from, `module:line` of the innermost frame of ours."""
    frames = list(traceback.extract_tb(error.__traceback__))
    own = [frame for frame in frames if "cocmail" in frame.filename] or frames
    return f"{own[-1].filename.rsplit('/', 1)[-1]}:{own[-1].lineno}" if own else ""
