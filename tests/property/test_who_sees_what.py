"""Any order of mail, votes, withdrawals, edits of the file and restarts: all of it reaches exactly who may have it.

The oracle (`oracle`, `expected`) knows nothing of events, tokens or tables. The decisions run against a real store, and
letters are taken from the real queue (`committees`); what happens stands in `machine`. Every text holds a word of its
own, so that it is known again wherever it turns up; every vote is counted a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cocmail.config.preset import preset_names
from property.machine import Committees
from property.procedures import PRESETS, Procedure
from property.quick import QuickStore

# How many things happen at least, over all presets: mails, looks at the clock, edits of the file, restarts, tries to
# send.
STEPS, STEPS_AT_LENGTH = 5_000, 200_000
SETTINGS = settings(
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A failure is short enough as it is found, and finding a shorter one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStore]:
    opened = QuickStore.in_folder(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


def walk(procedure: Procedure, store: QuickStore, least: int, *, whole: bool) -> Counter[str]:
    """Walks until so many steps were really taken; the count of each sort."""
    steps: Counter[str] = Counter()
    while steps.total() < least:
        walks = max(3, (least - steps.total()) // 60)
        committees: Any = partial(Committees, procedure, store, steps, whole=whole)
        run_state_machine_as_test(committees, settings=settings(SETTINGS, max_examples=walks))
    print(f"{procedure.name}: {steps.total()} steps, {dict(steps)}")
    return steps


def test_every_preset_is_walked() -> None:
    assert {procedure.name for procedure in PRESETS} == set(preset_names())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("procedure", PRESETS, ids=lambda procedure: procedure.name)
def test_who_sees_what(procedure: Procedure, store: QuickStore) -> None:
    assert walk(procedure, store, STEPS // len(PRESETS), whole=False).total() * len(PRESETS) >= STEPS


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("procedure", PRESETS, ids=lambda procedure: procedure.name)
def test_who_sees_what_at_length(procedure: Procedure, store: QuickStore) -> None:
    steps = walk(procedure, store, STEPS_AT_LENGTH // len(PRESETS), whole=True)
    assert steps.total() * len(PRESETS) >= STEPS_AT_LENGTH
