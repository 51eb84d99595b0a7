"""The steps that last, by name, and the two sides of each: everywhere that a crash can fall between two of them.

A step is a transaction, or a mail that a server took. The list is closed: every commit of the daemon names its step,
which a test of the house checks. `Crossed` is told of each side as it is passed; the tests hand one in that ends the
process there. The rule: it comes through `Store.open` as an argument and in no other way, so that no configuration, no
environment and no mail can set it. In production it is `unwatched`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """What lasts once it is done."""

    MIGRATE = "migrate"
    FREE_LETTERS = "free-letters"
    FREE_TIMERS = "free-timers"
    KEEP_CONFIGURATION = "keep-configuration"
    ALARM = "alarm"
    ANNOUNCE = "announce"
    REVIEW = "review"
    GREET = "greet"
    BEGIN = "begin"
    ACCEPT = "accept"
    FETCHED = "fetched"
    EMPTIED = "emptied"
    DECIDE = "decide"
    POSTPONE = "postpone"
    SHUNT = "shunt"
    CLAIM = "claim"
    SEND = "send"
    SENT = "sent"
    DEFER = "defer"
    PARK = "park"
    WAIT = "wait"
    WITHHOLD = "withhold"
    LOOK = "look"
    TIMER = "timer"
    LIST = "list"
    PUT_OFF = "put-off"
    FORGET = "forget"
    SCRUB = "scrub"


class Side(StrEnum):
    """Before: all is done but that it lasts. After: it lasts, and nobody was told."""

    BEFORE = "before"
    AFTER = "after"


Crossed = Callable[[Step, Side], None]


def unwatched(step: Step, side: Side) -> None:
    """Nobody watches."""
