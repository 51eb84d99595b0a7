"""A private PostgreSQL, for the conversations that run over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import postgres


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    try:
        with postgres.running() as server:
            yield server
    except postgres.NotInstalled as missing:
        pytest.skip(f"PostgreSQL is not installed: {missing}")
