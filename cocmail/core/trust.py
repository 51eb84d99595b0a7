"""What the mail server in front of us is believed, and what it vouches for of a message. `mail/proof.py` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Trust:
    """What a committee believes of the mail server in front of it (contract, section 2, `trust`).

    `two_borders`: a mailbox may be behind another server than `authserv_id`, through which other mail has come.
    """

    authserv_id: str | None = None
    peers: frozenset[str] = frozenset()
    spam_header: str | None = None
    level: str = "proof"
    two_borders: bool = False


class Verdict(Enum):
    """A believed `dmarc` result; UNKNOWN where none can be believed."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """Who sent a message, as far as it is proven (contract, section 5, rule 5).

    `address` is the one From address that was proven, or None; `how`: dmarc, dkim, token or confirm.
    """

    address: str | None = None
    how: str = ""
    dmarc: Verdict = Verdict.UNKNOWN
    spam: bool = False

    @property
    def is_forged(self) -> bool:
        """Whether the border said that the sender is not who the From header says."""
        return self.dmarc is Verdict.FAIL


NOTHING_PROVEN = Proof()
UNTRUSTED = Trust()
