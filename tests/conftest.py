"""What tests of several folders share: one PostgreSQL and one Dovecot a worker, started when a test asks for it, and a
way to tell figures.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest

FIGURES = "figures"
# Begun last, they would leave the other workers with nothing to do: one takes long, or it waits for servers.
EARLY = ("test_a_year.py", "test_mutations.py", "test_who_sees_what.py")
WAITING = "servers"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in EARLY and item.path.parent.name != WAITING)


def pytest_collection_finish() -> None:
    """What was loaded and collected stays: looked through again and again, it takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[object], None]:
    """Shows figures when all tests are over: what a test prints in a worker of its own is seen by nobody."""
    return lambda told: record_property(FIGURES, str(told))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [each for key in ("passed", "failed") for each in terminalreporter.stats.get(key, ())]
    for report in sorted(reports, key=lambda report: str(report.nodeid)):
        for told in (told for name, told in report.user_properties if name == FIGURES and report.when == "call"):
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}:\n{told}\n")


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
