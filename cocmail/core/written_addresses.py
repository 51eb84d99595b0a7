"""A mail address in the ways in which people and their programs write it: the one rule for all who look for one.

    petrov@example.net   petrov+list@example.net   petrov%40example.net   petrov (at) example dot net

The rule is for folded text, and takes time linear in it. It must not take another address for this one: who asks looks
at what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_AT = r"(?:[\s>]{0,4}(?:@|%40|&#64;|[(\[{<]\s{0,3}(?:at|@)\s{0,3}[)\]}>\s])[\s>]{0,4}|\s{1,3}at\s{1,3})"
_DOT = r"(?:[\s>]{0,4}(?:[.。]|[(\[{<]\s{0,3}(?:dot|\.)\s{0,3}[)\]}>\s])[\s>]{0,4}|\s{1,3}dot\s{1,3})"
# What a program puts behind the name: petrov+list.
SUBADDRESS = r"(?:\s?(?:\+|%2b)[\s>]{0,3}[\w.+=-]{1,100}+)"
# The same in a text where hyphens and underscores have become spaces: petrov+my list.
SPACED_SUBADDRESS = r"(?:\s?(?:\+|%2b)[\s>]{0,3}[\w.+=]{1,64}+(?: [\w.+=]{1,64}+){0,12}?)"
# What the pattern takes at most for a full stop, and for all else that is neither name nor host.
STOP_LENGTH, REST_LENGTH = 16, 900


def pattern(names: Iterable[str], hosts: Iterable[str], subaddress: str) -> str:
    """A pattern for an address whose local part and domain are spelled like one of these, as the text is.

    `subaddress` is `SUBADDRESS`, or the spaced one, where one must stand in it, with a `?` where one may.
    """
    return f"{_one_of(names)}{subaddress}{_AT}{_one_of(hosts)}"


def hosts(domain: str) -> tuple[str, ...]:
    """A domain as people write it: as it is kept, with A-labels (RFC 5890), and with U-labels."""
    return tuple(dict.fromkeys((domain, ".".join(map(_readable, domain.split("."))))))


def _readable(label: str) -> str:
    """Not by Python's "idna", which knows no ß in a domain."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _one_of(spellings: Iterable[str]) -> str:
    ways = (_DOT.join(map(re.escape, each.split("."))) for each in spellings)
    return f"(?:{'|'.join(dict.fromkeys(ways))})"
