"""How long things are fuzzed: a little in `make test`, `COCMAIL_FUZZ_SECONDS` of CPU a target (300) in `make soak`.

    @hammered(200)
    def test_no_subject_raises(examples: int) -> None:
        hammer(check, SUBJECTS, examples, found=("#vote yes\\"",))

`found` are inputs that broke something once: they are tried first, always. In a long run each round has a seed of its
own, and the last line says how many inputs were tried in how many seconds of CPU.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("COCMAIL_FUZZ_SECONDS", "300"))
START = int(os.environ.get("COCMAIL_FUZZ_SEED", "0"))
ROUND = 1_000
LONG = 0

Input = TypeVar("Input")


def hammered(examples: int) -> pytest.MarkDecorator:
    """The test runs once with so many inputs, and in `make soak` for a time."""
    long = pytest.param(LONG, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(0)])
    return pytest.mark.parametrize("examples", [pytest.param(examples, id="short"), long])


def hammer(
    check: Callable[[Input], None], inputs: SearchStrategy[Input], examples: int, found: Iterable[Input] = ()
) -> None:
    """Tries the inputs. Hypothesis shrinks one that fails, and shows it with a way to have it again."""
    for each in found:
        check(each)
    if examples != LONG:
        _round(check, inputs, examples, None)
        return
    begun, rounds = time.process_time(), 0
    while time.process_time() - begun < SECONDS:
        _round(check, inputs, ROUND, START + rounds)
        rounds += 1
    print(f"{rounds * ROUND} inputs in {time.process_time() - begun:.0f} s of CPU, seeds from {START}")


def _round(check: Callable[[Input], None], inputs: SearchStrategy[Input], examples: int, number: int | None) -> None:
    def run(each: Input) -> None:
        check(each)

    held = settings(
        max_examples=examples, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck)
    )(given(inputs)(run))
    (seed(number)(held) if number is not None else held)()
