"""The servers are started once for all tests of this folder; each test has a house of its own behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dovecot
import postfix
from mailservers import Servers, running
from process_scene import House


@pytest.fixture(scope="session")
def servers(mail_server: dovecot.Server) -> Iterator[Servers]:
    try:
        with running(mail_server) as started:
            yield started
    except postfix.NotInstalled as missing:
        pytest.skip(f"Postfix, OpenDKIM and OpenDMARC cannot be started: {missing}")


@pytest.fixture
def house(tmp_path: Path, servers: Servers) -> Iterator[House]:
    with House(tmp_path) as built:
        servers.lend(built)
        built.start()
        servers.open_socket()
        yield built
        servers.settle(built)
