"""What the outbox asks of a way out, and when it tries again. It must not know what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from cocmail.mail.compose import Outgoing


class Sender(Protocol):
    """One way out. Raises Unreachable, Deferred or Refused; returning means that a server took the message."""

    async def send(self, outgoing: Outgoing) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to try again. The last interval repeats; `give_up_after` counts from the first refusal by a server."""

    retry: Sequence[timedelta]
    give_up_after: timedelta
    null_sender: bool

    def wait(self, attempts: int) -> timedelta:
        """How long to wait after that many earlier attempts."""
        return self.retry[min(attempts, len(self.retry) - 1)]
