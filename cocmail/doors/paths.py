"""Reads the arguments of MAIL and RCPT (RFC 5321, section 4.1.2): the path and the parameters behind it.

The rule: as lenient as it can be told apart; a sender that writes its path oddly may have a report to deliver. What
comes out can always be encoded again: Unicode without surrogates.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^">])*)>')
_ANGLE = re.compile(r"<([^>]*)>")
_BARE = re.compile(r"([^\s<>]+)")
_SOURCE_ROUTE = re.compile(r"@[^:]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def decode(argument: bytes) -> str:
    """UTF-8 as SMTPUTF8 says (RFC 6531); what is not UTF-8 is read as Latin-1, which cannot fail."""
    try:
        return argument.decode("utf-8")
    except UnicodeDecodeError:
        return argument.decode("latin-1")


def read_path(keyword: str, argument: str) -> tuple[str, str] | None:
    """The address and what stands behind it. `keyword` is FROM or TO. None where there is no path to be seen.

    The address is as it was written, less angle brackets and a source route (RFC 5321, appendix C: to be ignored).
    """
    name, colon, rest = argument.partition(":")
    if not colon or name.strip().upper() != keyword:
        return None
    rest = rest.strip(" \t")
    found = _QUOTED.match(rest) or _ANGLE.match(rest) or _BARE.match(rest)
    if found is None:
        return None
    address = found.group(1).strip(" \t")
    route = _SOURCE_ROUTE.match(address)
    if route is not None:
        address = address[route.end() :]
    return address, rest[found.end() :]


def is_printable(address: str) -> bool:
    """Whether an address holds no control character: one of those could end a line where it is written again."""
    return _CONTROL.search(address) is None


def read_parameters(text: str) -> dict[str, str]:
    """Parameters by name in upper case; "" where one has no value (RFC 5321, section 4.1.2, esmtp-param)."""
    pairs = (word.partition("=") for word in text.split())
    return {name.upper(): value for name, _, value in pairs}
