"""Where the log goes to may be full or gone: lines are lost by it, and no report, no answer and no exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest

from process_scene import House, Lmtp, Smarthost, environment, letter, started, wait_until
from scene import ALIAS, HANDLES


class Deaf(House):
    """Its daemons write their log to `to`."""

    to = -1

    def start(self, *, wait: bool = True) -> None:
        with open(os.devnull, "rb") as nothing:
            streams = (nothing.fileno(), self.to, self.to)
            run = ["run", "--config", str(self.config)]
            self.process = started(run, cwd=self.folder, environ=environment({}), streams=streams, cold=self.cold)
        wait_until(self._answers, "an open door")

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, "the daemon has ended"
        return self.lmtp.exists()

    def report_by_lmtp(self, text: str) -> bytes:
        with Lmtp(self.lmtp) as client:
            mail = letter("robin@visitors.example", text).as_bytes(policy=policy.SMTP)
            return client.deliver("robin@visitors.example", [ALIAS], mail)[0][:3]


@pytest.fixture
def smarthost() -> Iterator[Smarthost]:
    with Smarthost() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, smarthost: Smarthost) -> Iterator[Deaf]:
    with Deaf(tmp_path, smarthost=smarthost.port) as built:
        yield built


def works(house: Deaf, smarthost: Smarthost) -> None:
    """Two reports are taken, once each, and read; the end is an ordinary one."""
    for number in (1, 2):
        assert house.report_by_lmtp(f"Report {number}.") == b"250"
        smarthost.wait_for("forward", number * len(HANDLES))
    assert house.stop() == 0
    assert len(house.cases()) == 2


def test_46_when_nobody_reads_the_log_any_more_reports_reach_people_all_the_same(
    house: Deaf, smarthost: Smarthost
) -> None:
    reader, house.to = os.pipe()
    house.start()
    os.close(house.to)
    while b'"ready"' not in os.read(reader, 4096):
        pass
    os.close(reader)
    works(house, smarthost)


def test_46_a_log_on_a_full_disk_keeps_no_daemon_from_its_mail(house: Deaf, smarthost: Smarthost) -> None:
    house.cold = True
    house.to = os.open("/dev/full", os.O_WRONLY)
    house.start()
    works(house, smarthost)
    os.close(house.to)


def test_a_refusal_that_nobody_hears_is_no_success(tmp_path: Path) -> None:
    """What `inject` is called by goes by the exit code alone: 75 keeps the report, anything else may lose it."""
    built = Deaf(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    reader, closed = os.pipe()
    os.close(reader)
    for to in (full, closed):
        call = ["inject", "--to", ALIAS, "--config", str(built.config)]
        with open(os.devnull, "rb") as nothing:
            streams = (nothing.fileno(), to, to)
            process = started(call, cwd=tmp_path, environ=environment({}), streams=streams, cold=True)
        assert process.wait(60) == 75
        os.close(to)
