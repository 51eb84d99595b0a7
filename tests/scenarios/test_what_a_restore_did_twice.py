"""What was done once more after a store was put back, and looked like something new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from cocmail.mail.draw import KeyedDraw
from cocmail.store import cases
from cocmail.store.transaction import Tx
from cocmail.vault import marks
from cocmail.vault.keyring import Keyring
from scenarios.test_digests import SPAM, digests, morning, opens
from scenarios.test_restored import DAY, backed_up, put_back_from, release
from scene import ALIAS, HANDLES, Delivered, Scene

ROBIN = "robin@visitors.example"


@asynccontextmanager
async def backed_up_before_it_is_decided(lost: Scene) -> AsyncIterator[None]:
    """What is sent meanwhile is accepted, and in the backup; then it is decided."""
    decide, may = lost.daemon.pipeline._decide_and_commit, asyncio.Event()

    async def waits(*given: Any) -> Any:
        await may.wait()
        return await decide(*given)

    lost.daemon.pipeline._decide_and_commit = waits  # type: ignore[method-assign]
    yield
    await backed_up(lost)
    may.set()
    await lost.settle()


def report(scene: Scene, text: str = "Kit hit me.") -> EmailMessage:
    return scene.write(f"Robin Vale <{ROBIN}>", ALIAS, "Help", text, proven=True)


def known_by(mail: Delivered) -> tuple[str, ...]:
    return tuple(str(mail.message[name]) for name in ("Message-ID", "Reply-To", "Subject", "Cocmail-Case"))


async def test_a_report_that_came_in_during_the_backup_became_a_second_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        async with backed_up_before_it_is_decided(lost):
            await lost.send(report(lost), settle=False)
        acks, forwards = lost.all("ack"), {handle: lost.last("forward", handle) for handle in HANDLES}
        async with put_back_from(lost) as scene:
            await release(scene)
            (again,) = scene.all("ack")
            assert known_by(again) == known_by(acks[0])
            for handle, first in forwards.items():
                assert known_by(scene.last("forward", handle)) == known_by(first)
            # What is answered to the mail of before the loss is of this case.
            await scene.answer(acks[0], "It was at nine.", sender=ROBIN)
            await scene.answer(forwards["jun"], "Let us talk.")
            assert len(await scene.cases()) == 1
            texts = [mail.text for mail in scene.all("forward", "amara")]
            assert any("at nine" in text for text in texts) and any("Let us talk" in text for text in texts)


async def test_a_follow_up_that_came_in_during_the_backup_gave_nobody_another_address(tmp_path: Path) -> None:
    async with Scene(tmp_path) as lost:
        await lost.report()
        async with backed_up_before_it_is_decided(lost):
            await lost.send(report(lost, "Another matter."), settle=False)
            await lost.answer(lost.last("forward", "jun"), "", tag="#recuse", settle=False)
        first = lost.all("ack")[-1]
        async with put_back_from(lost) as scene:
            # Whoever is on the roster by then, nobody has the address that somebody else had.
            scene.committee_text = scene.committee_text.replace("sam@example.net", "sam@elsewhere.example")
            await scene.stop()
            await scene.start()
            await release(scene, at_once=True)
            await scene.pass_time(DAY)
            before = {str(mail.message["Reply-To"]): mail.recipient for mail in lost.all()}
            after = {str(mail.message["Reply-To"]): mail.recipient for mail in scene.all()}
            shared = before.keys() & after.keys()
            assert str(first.message["Reply-To"]) in shared
            assert {each: before[each] for each in shared} == {each: after[each] for each in shared}


async def test_a_code_name_that_is_taken_is_drawn_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create, taken = cases.create, set[str]()

    def is_taken(tx: Tx, case_id: str, committee_id: str, code_name: str, now: datetime) -> None:
        if not taken or code_name in taken:
            taken.add(code_name)
            raise cases.NameTaken("taken")
        create(tx, case_id, committee_id, code_name, now)

    monkeypatch.setattr(cases, "create", is_taken)
    async with Scene(tmp_path) as scene:
        await scene.send(report(scene))
        assert len(taken) == 1 and (await scene.case()).code_name not in taken
        assert len(scene.all("ack")) == 1


async def test_what_was_put_aside_and_is_opened_is_not_given_the_same_addresses_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_of, drawn = marks.draw_of, []

    def counted(keyring: Keyring, message_id: str, tried: int) -> KeyedDraw:
        drawn.append(message_id)
        return draw_of(keyring, message_id, tried)

    monkeypatch.setattr(marks, "draw_of", counted)
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", headers=SPAM)
        await morning(scene)
        await opens(scene, digests(scene, "amara")[0])
        assert scene.recipients("forward") == set(HANDLES)
        # The report, when it was put aside, and the mail that opened it.
        assert len(drawn) == len(set(drawn)) == 2
