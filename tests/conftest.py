"""What tests of several folders share: one PostgreSQL and one Dovecot a worker, started when a test asks for it."""

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


@pytest.fixture(scope="session")
def mail_server() -> Iterator[object]:
    dovecot = import_module("dovecot")
    try:
        with dovecot.running() as server:
            yield server
    except dovecot.NotInstalled as missing:
        pytest.skip(f"Dovecot is not installed: {missing}")
