"""`cocmail inject`: hands one message to the running daemon, for `|command` aliases.

It goes by LMTP over the daemon's own socket, so that storing is done in one place. Never believed: whoever may run a
command may claim anything.
"""

from __future__ import annotations

import os
import re
import smtplib
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path

from cocmail import maillog
from cocmail.config.load import read
from cocmail.config.locate import locate_store
from cocmail.daemon import inject_socket
from cocmail.doors import paths
from cocmail.errors import EXIT_CONFIG, EXIT_DONE, EXIT_TRY_AGAIN, ConfigError
from cocmail.mail.address import addresses_in

TIMEOUT = 300.0
HEADER_MAX = 200_000
# Controls, spaces, what begins or ends something in a path (RFC 5321, section 4.1.2), and halves of letters.
_NO_PATH = re.compile(r"[\x00-\x20\x7f<>(),:;\\\"\ud800-\udfff]")


def inject(
    path: Path, environ: Mapping[str, str], raw: bytes, sender: str | None, recipients: Sequence[str] | None
) -> int:
    """0 once the message is durably stored, 75 to try again, 2 if it can never be taken (not ours, too large).

    What it raises is no answer: whoever called has to try again.
    """
    wanted = [_heard(each) for each in recipients or filter(None, [environ.get("ORIGINAL_RECIPIENT")])]
    if not wanted:
        maillog.say("cocmail inject: for whom? --to, or $ORIGINAL_RECIPIENT")
        return EXIT_CONFIG
    try:
        url, key_file = locate_store(read(path).main, environ)
    except ConfigError:
        # Whoever mends the configuration must find the message still there: the mail server keeps it and tries again.
        return _told(451)
    # A pipe gives lines as the system ends them; the protocol knows CRLF alone, and stuffs dots by it.
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    author = _sendable(_sender(sender, environ, raw))
    # RFC 6531, section 3.4: asked for only where it is needed.
    options = ["BODY=8BITMIME", *([] if "".join([author, *wanted]).isascii() else ["SMTPUTF8"])]
    try:
        with smtplib.LMTP(inject_socket(url, key_file), timeout=TIMEOUT) as client:
            refused = client.sendmail(author, wanted, raw, options)
    except smtplib.SMTPRecipientsRefused as error:
        return _told(min(code for code, _ in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        return _told(error.smtp_code)
    except (OSError, smtplib.SMTPException):
        return _told(451)
    return _told(min(code for code, _ in refused.values())) if refused else EXIT_DONE


def _sender(said: str | None, environ: Mapping[str, str], raw: bytes) -> str:
    """The envelope sender: as said, as the mail server says, as a delivery agent wrote, else the author.

    Only what says so is the null sender: a report that nobody gave a sender for must not count as automatic.
    """
    if said is not None:
        return _heard(said)
    if "SENDER" in environ:
        return _heard(environ["SENDER"])
    header = BytesHeaderParser(policy=compat32).parsebytes(raw[:HEADER_MAX])
    path = str(header.get("Return-Path", "")).strip()
    if path:
        return path.strip("<> ")
    return next(iter(addresses_in(str(header.get("From", "")))), "unknown@localhost")


def _heard(argument: str) -> str:
    """An argument or a variable as the door reads the same bytes: they come in whatever charset the sender had."""
    return paths.decode(os.fsencode(argument))


def _sendable(sender: str) -> str:
    """No sender costs anybody their report: what no path can hold is replaced.

    Nobody is written to at this address; it only tells automatic mail, whose sender is null, from a person's.
    """
    return _NO_PATH.sub("?", sender.strip("<> "))


def _told(code: int) -> int:
    if 500 <= code < 600:
        maillog.say(f"cocmail inject: refused ({code})")
        return EXIT_CONFIG
    maillog.say("cocmail inject: not stored, try again later")
    return EXIT_TRY_AGAIN
