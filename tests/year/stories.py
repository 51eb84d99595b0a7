"""What a story is: it does one thing, tells the oracle, and says how long it rests before the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from year.days import HOUR

Story = Iterator[timedelta]


def a_while(chance: Random, hours: float) -> timedelta:
    """So long on average; mostly less, sometimes much more."""
    return max(chance.expovariate(1 / hours), 0.01) * HOUR
