"""Domains: one normal form, organisational domains, relaxed alignment.

The rule: two domains that different people can own never become equal. It must not ask the DNS.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from publicsuffixlist import PublicSuffixList  # type: ignore[import-untyped,unused-ignore]

DOMAIN_MAX = 255
LABEL_MAX = 63

_LABEL = re.compile(r"[a-z0-9_-]+")
_LITERAL = re.compile(r"\[[0-9a-z:.\-]{1,80}\]")
_JOINERS = "\u200c\u200d"
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def printable(text: str) -> bool:
    """No control, format, surrogate or separator characters: those are for tricks, not for addresses."""
    return all(char.isprintable() or char in _JOINERS for char in text)


def normal_domain(domain: str) -> str:
    """Lower case, A-labels (RFC 5890), no final dot; an address literal stays; "" for what is no domain."""
    domain = domain.translate(_DOTS)
    if not domain or len(domain) > DOMAIN_MAX or not printable(domain):
        return ""
    if domain[0] == "[":
        return domain.lower() if _LITERAL.fullmatch(domain.lower()) else ""
    labels = [_normal_label(label) for label in domain.removesuffix(".").split(".")]
    return ".".join(labels) if all(labels) else ""


def _normal_label(label: str) -> str:
    """One label in ASCII. Punycode without IDNA 2003's mapping: `faß` and `fass` are two domains of two owners."""
    label = unicodedata.normalize("NFKC", label.lower()).lower()
    if not label.isascii():
        if len(label) > LABEL_MAX or not all(map(_in_label, label)):
            return ""
        label = "xn--" + label.encode("punycode").decode("ascii")
    return label if len(label) <= LABEL_MAX and _LABEL.fullmatch(label) else ""


def _in_label(char: str) -> bool:
    return char.isalnum() or char in "-_" + _JOINERS or unicodedata.category(char).startswith("M") or char == "\u00b7"


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=1024)
def organisational_domain(domain: str) -> str:
    """The domain one label below the public suffix (RFC 9989's relaxed alignment compares these).

    A public suffix or a literal is its own organisation; "" for what is no domain.
    """
    known = normal_domain(domain.strip())
    if not known or known[0] == "[":
        return known
    return _public_suffixes().privatesuffix(known) or known


def aligned(a: str, b: str) -> bool:
    """Whether two domains belong to one organisation (relaxed alignment)."""
    first = organisational_domain(a)
    return first != "" and first == organisational_domain(b)
