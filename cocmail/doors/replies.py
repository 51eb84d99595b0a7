"""Every sentence that the SMTP and LMTP door says.

The rule: constants only. Nothing that a peer sent, no exception text, no version and no hint at what exists here is
ever part of a reply. Enhanced codes are those of RFC 3463, which RFC 2034 asks for on each reply but greetings.
"""

from __future__ import annotations

from collections.abc import Sequence

OK = "250 2.0.0 Ok"
SENDER_OK = "250 2.1.0 Ok"
RECIPIENT_OK = "250 2.1.5 Ok"
STORED = "250 2.0.0 Stored"
GOODBYE = "221 2.0.0 Goodbye"
START_TLS = "220 2.0.0 Go ahead"
SEND_DATA = "354 End data with <CR><LF>.<CR><LF>"
CANNOT_VERIFY = "252 2.0.0 Cannot verify, but will take mail"
HELP = "214 2.0.0 See RFC 5321"

SHUTTING_DOWN = "421 4.3.2 Closing, try again later"
TOO_MANY_CONNECTIONS = "421 4.3.2 Too many connections, try again later"
IDLE = "421 4.4.2 Timeout"
TOO_MANY_ERRORS = "421 4.7.0 Too many errors"
TRY_AGAIN = "451 4.3.0 Try again later"
NO_ROOM = "452 4.3.1 No room now, try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients, send the others separately"

LINE_TOO_LONG = "500 5.5.2 Line too long"
UNKNOWN_COMMAND = "500 5.5.2 Command not recognized"
NOT_OFFERED = "502 5.5.1 Not offered"
SYNTAX = "501 5.5.4 Syntax error in parameters"
BAD_SENDER = "501 5.1.7 Bad sender address"
BAD_RECIPIENT = "501 5.1.3 Bad recipient address"
OUT_OF_ORDER = "503 5.5.1 Wrong order of commands"
PARAMETER_UNKNOWN = "555 5.5.4 Parameter not supported"
NOT_OURS = "550 5.1.1 No such address"
TOO_BIG = "552 5.3.4 Message too big"


def greeting(hostname: str, protocol: str) -> str:
    """The banner; `protocol` is ESMTP or LMTP."""
    return f"220 {hostname} {protocol}"


def capabilities(hostname: str, max_message_bytes: int, offer_tls: bool) -> str:
    """The answer to EHLO or LHLO: what is offered, one keyword a line (RFC 5321, section 4.1.1.1)."""
    offered = [
        hostname,
        f"SIZE {max_message_bytes}",
        "PIPELINING",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "SMTPUTF8",
    ]
    if offer_tls:
        offered.append("STARTTLS")
    return several("250", offered)


def several(code: str, lines: Sequence[str]) -> str:
    """One reply of several lines; the last one has a space after the code."""
    return "\r\n".join([*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}"])
