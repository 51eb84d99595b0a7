"""What all doors together may use: connections, and memory for messages that are not stored yet; and each message.

The rule: whatever is taken is given back on every path: disconnect, timeout and exception included. It runs in one
event loop and needs no lock. It must not know anything of mail.
"""

from __future__ import annotations

from dataclasses import dataclass

# Of one message, whatever door it comes by. RFC 5321, section 4.5.3.1.8, asks for 100 at least.
RECIPIENTS = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_message_bytes` as SIZE tells it (RFC 1870: line ends counted, transparent dots not). `connections` at once
    and `held_bytes` of messages being read or stored: over all doors. `idle_seconds` without a command, or without a
    byte of a message, end a connection."""

    max_message_bytes: int = 36_700_160
    connections: int = 100
    held_bytes: int = 256 * 1024 * 1024
    idle_seconds: float = 300.0


class Guard:
    """One for the whole daemon, shared by its doors."""

    def __init__(self, limits: Limits) -> None:
        self.connections = 0
        self.held = 0
        self._most_connections = limits.connections
        # A message that SIZE allows must fit at least when it is alone, or its sender would try again for ever.
        self._most_held = max(limits.held_bytes, limits.max_message_bytes)

    def enter(self) -> bool:
        """Count a connection in. False, and not counted, where there are enough."""
        if self.connections >= self._most_connections:
            return False
        self.connections += 1
        return True

    def leave(self) -> None:
        """Count a connection out that `enter` counted in."""
        self.connections -= 1

    def has_room(self, count: int) -> bool:
        """Whether that many bytes could be held now."""
        return self.held + count <= self._most_held

    def share(self) -> Share:
        """An empty share for one message."""
        return Share(self)


class Share:
    """The bytes that one message holds."""

    __slots__ = ("_guard", "_held")

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._held = 0

    def take(self, count: int) -> bool:
        """Hold that many bytes more. False, and nothing taken, where there is no room."""
        if not self._guard.has_room(count):
            return False
        self._guard.held += count
        self._held += count
        return True

    def give_back(self) -> None:
        """All of it. Doing so twice does no harm."""
        self._guard.held -= self._held
        self._held = 0
