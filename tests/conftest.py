"""What tests of several folders share: one PostgreSQL a worker, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest


@pytest.fixture(scope="session")
def postgresql() -> Iterator[object]:
    # Loaded here, so that a run of other tests does without the driver.
    postgres = import_module("postgres")
    try:
        with postgres.running() as server:
            yield server
    except postgres.NotInstalled as missing:
        pytest.skip(f"PostgreSQL is not installed: {missing}")
