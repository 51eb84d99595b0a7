"""What an SMTP or LMTP door needs of the rest of the program, and what its conversations share."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cocmail.core.model import Door, Envelope
from cocmail.doors.guard import Guard, Limits


class Intake(Protocol):
    """Who owns an address, and who keeps a message."""

    def committee_of(self, address: str) -> str | None:
        """The id of the committee that owns this recipient address; None where it is not ours."""

    async def accept(self, envelopes: Sequence[Envelope], raw: bytes) -> None:
        """Keep one message for all its committees, or for none.

        Returns only when it is sealed and committed. Whatever it raises, the peer is asked to try again.
        """


@dataclass(frozen=True, slots=True)
class Terms:
    """What all conversations of one door share.

    `failed` is told of every exception that a peer got a 451 for. It must not write down more than the exception's
    class: its text may hold what a person wrote.
    """

    door: Door
    lmtp: bool
    intake: Intake
    limits: Limits
    guard: Guard
    hostname: str
    tls: ssl.SSLContext | None
    now: Callable[[], datetime]
    failed: Callable[[Exception], None]
