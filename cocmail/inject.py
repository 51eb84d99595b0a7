"""`cocmail inject`: hands one message to the running daemon, for `|command` aliases.

It goes by LMTP over the daemon's own socket, so that storing is done in one place. Never believed: whoever may run a
command may claim anything.
"""

from __future__ import annotations

import re
import smtplib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cocmail.config.load import read
from cocmail.config.locate import locate_store
from cocmail.daemon import inject_socket
from cocmail.errors import EXIT_CONFIG, EXIT_DONE, EXIT_TRY_AGAIN

TIMEOUT = 300.0


def inject(
    path: Path, environ: Mapping[str, str], raw: bytes, sender: str | None, recipients: Sequence[str] | None
) -> int:
    """0 once the message is durably stored, 75 to try again, 2 if it can never be taken (not ours, too large)."""
    wanted = list(recipients or filter(None, [environ.get("ORIGINAL_RECIPIENT")]))
    if not wanted:
        print("cocmail inject: for whom? --to, or $ORIGINAL_RECIPIENT", file=sys.stderr)
        return EXIT_CONFIG
    url, key_file = locate_store(read(path).main, environ)
    # A pipe gives lines as the system ends them; the protocol knows CRLF alone, and stuffs dots by it.
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    try:
        with smtplib.LMTP(inject_socket(url, key_file), timeout=TIMEOUT) as client:
            refused = client.sendmail(
                sender if sender is not None else environ.get("SENDER", ""), wanted, raw, ["BODY=8BITMIME"]
            )
    except smtplib.SMTPRecipientsRefused as error:
        return _told(min(code for code, _ in error.recipients.values()))
    except smtplib.SMTPResponseException as error:
        return _told(error.smtp_code)
    except (OSError, smtplib.SMTPException):
        return _told(451)
    return _told(min(code for code, _ in refused.values())) if refused else EXIT_DONE


def _told(code: int) -> int:
    if 500 <= code < 600:
        print(f"cocmail inject: refused ({code})", file=sys.stderr)
        return EXIT_CONFIG
    print("cocmail inject: not stored, try again later", file=sys.stderr)
    return EXIT_TRY_AGAIN
