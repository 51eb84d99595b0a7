"""The disk answers with an error, at any commit: nothing is lost, nothing is half there, nothing is done twice.

The error is raised where the commit is (`store/boundaries.py`): SQLite gives the same exception when the kernel gives
it EIO. Before the commit nothing is stored; after it, all is, and cocmail is told that it is not, as when a database
server goes away between a commit and its answer.
"""

from __future__ import annotations

import smtplib
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from cocmail.store import outbox
from cocmail.store.boundaries import Side, Step
from scene import ALIAS, HANDLES, Scene

ALL = sorted(f"{handle}@example.net" for handle in HANDLES)


class Fault:
    """At that boundary, so many times."""

    def __init__(self, step: Step, side: Side, times: int) -> None:
        self._at, self._times, self.reached = (step, side), times, 0

    def __call__(self, step: Step, side: Side) -> None:
        if (step, side) == self._at and self.reached < self._times:
            self.reached += 1
            raise sqlite3.OperationalError("disk I/O error")


async def what_is_parked_is_tried_again(scene: Scene) -> None:
    now = scene.now()
    for row in await scene.store.read(outbox.listing):
        await scene.store.write(partial(outbox.retry, row_id=row.id, now=now))
    await scene.settle()


@pytest.mark.parametrize("side", Side)
async def test_a_report_at_a_disk_error_is_answered_with_451_and_is_one_case_when_it_comes_again(
    tmp_path: Path, side: Side
) -> None:
    async with Scene(tmp_path) as scene:
        scene.crossed = fault = Fault(Step.ACCEPT, side, times=1)
        mail = scene.write("Robin <robin@visitors.example>", ALIAS, "x", "Somebody shouted.")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await scene.send(mail)
        assert (refused.value.smtp_code, refused.value.smtp_error) == (451, b"4.3.0 Try again later")
        await scene.settle()
        assert len(await scene.cases()) == (side is Side.AFTER), "all of it or nothing"
        await scene.send(mail)
        assert fault.reached == 1 and len(await scene.cases()) == 1
        assert sorted(each.recipient for each in scene.all("forward")) == ALL


@pytest.mark.parametrize("step", [Step.DECIDE, Step.CLAIM, Step.SENT, Step.DEFER, Step.PARK])
async def test_each_letter_leaves_once_whichever_commit_meets_a_disk_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    monkeypatch.setattr("cocmail.doors.outbox.BUSY_PAUSE", 0.05)
    async with Scene(tmp_path) as scene:
        if step in (Step.DEFER, Step.PARK):
            scene.smarthost.answers["jun@example.net"] = "451 4.7.1 later" if step is Step.DEFER else "550 5.1.1 no"
        scene.crossed = fault = Fault(step, Side.BEFORE, times=2)
        await scene.report()
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(minutes=2))
        await what_is_parked_is_tried_again(scene)
        assert fault.reached == 2
        assert len(await scene.cases()) == 1
        assert sorted(each.recipient for each in scene.all("forward")) == ALL
        assert len(scene.all("ack")) == 1


async def test_a_timer_at_a_disk_error_fires_once_when_the_disk_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocmail.doors.clock.BUSY_PAUSE", 0.05)
    async with Scene(tmp_path) as scene:
        await scene.report()
        scene.crossed = fault = Fault(Step.TIMER, Side.BEFORE, times=2)
        await scene.pass_time(timedelta(days=8))
        await scene.pass_time(timedelta(minutes=1))
        assert fault.reached == 2
        reminders = [(each.recipient, str(each.message["Message-ID"])) for each in scene.all("reminder")]
        assert reminders and len(reminders) == len(set(reminders))
