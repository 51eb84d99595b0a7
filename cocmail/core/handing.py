"""The events of a case that the committee cannot keep to itself, as who was asked to take it and who was told (R10,
R26), or that does not get to it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetAsked:
    """Nobody of the committee may see the case: it was handed to a transfer target of the configuration."""

    target: str
    address: str


@dataclass(frozen=True, slots=True)
class ReporterTold:
    """The daemon's own word went to the reporter: mediated, handed_over, or which transfer or disclosure."""

    what: str


@dataclass(frozen=True, slots=True)
class TransferProposed:
    """Too few members are without a conflict: these were told to which target the procedure hands the case."""

    target: str
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NobodyReached:
    """Nobody at all may see the case: the admins were alarmed, the reporter was given the other contact."""


@dataclass(frozen=True, slots=True)
class LetterCameBack:
    """The letter with that message of the case came back from that address of a member, after a server had taken it."""

    entry: str
    handle: str
    address: str


@dataclass(frozen=True, slots=True)
class MemberHeard:
    """A member from whom letters had come back did something in the case."""

    handle: str


HandingEvent = TargetAsked | ReporterTold | TransferProposed | NobodyReached | LetterCameBack | MemberHeard
