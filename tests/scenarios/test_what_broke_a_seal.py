"""Sealed reports that were opened, or told of, as they must not be: each named after what it did to people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.model import Mail
from cocmail.core.namesakes import names_in
from core.desk import committee
from people import say_yes, write
from scene import ALIAS, HANDLES, Delivered, Scene, committee_file

ESCROW = "conduct+escrow@example.org"
ROBIN, DANA, EVE = "robin@visitors.example", "dana@visitors.example", "eve@visitors.example"
CLOSE = committee_file().replace(
    "email: noor@example.net", "email: noor@example.net, known_conflicts: [{with: Kit Larsen}]"
)


def name(mail: Delivered) -> str:
    return mail.recipient.partition("@")[0]


async def tell(scene: Scene, text: str, sender: str = DANA, to: str = ALIAS, *, proven: bool = False) -> None:
    await scene.send(scene.write(sender, to, "x", text, proven=proven), to)


async def seal(scene: Scene, text: str, sender: str = ROBIN) -> None:
    await tell(scene, text, sender, ESCROW, proven=True)


def asked(scene: Scene) -> set[str]:
    return {name(mail) for mail in scene.all("check")}


async def release(scene: Scene, handle: str) -> set[str]:
    """Who reads it once that member has had it opened."""
    await scene.answer(scene.last("check", handle), tag="#release")
    await say_yes(scene, scene.last("confirm", handle))
    return {name(mail) for mail in scene.all("forward") if "SECRET" in mail.text}


@pytest.mark.parametrize("piece", ["A", "A ", "A-", "\u738b", "\u738b ", "Aa, ", "@", "a@"])
def test_one_mail_of_capitals_stopped_the_daemon_for_good(piece: str) -> None:
    """Counted, not timed: it ends, and looks at each word once."""
    assert len(names_in(Mail(text=piece * 300_000), committee("basic"))) <= 200


def test_a_greeting_was_taken_for_a_name_and_a_name_in_another_script_was_not() -> None:
    place = committee("basic")
    said = "Dear Committee,\nThank You. In the Main Hall, Yesterday, I wrote.\nKind Regards\n"
    assert not names_in(Mail(text=said), place)
    russian = (
        "\u0412\u0447\u0435\u0440\u0430 \u043e\u043d, \u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432."
    )
    assert list(names_in(Mail(text=russian), place).values()) == [
        "\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432"
    ]


async def test_two_letters_with_the_same_greeting_had_a_sealed_report_opened(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "Dear Committee,\nSECRET: Kit Larsen pushed me.\nKind Regards\nRobin Vale")
        await tell(scene, "Dear Committee,\nthe coffee was cold.\nKind Regards\nDana")
        assert not asked(scene)


async def test_who_had_a_tie_to_the_person_or_was_out_of_the_other_report_read_the_sealed_one(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CLOSE) as scene:
        await seal(scene, "SECRET: @kit.larsen pushed me. So did Kit Larsen's friend.".replace("Kit Larsen's", "his"))
        await tell(scene, "Kit Larsen, that is @kit.larsen, shouted; his partner Ivo Petrov stood by.")
        assert await release(scene, "amara") == set(HANDLES) - {"noor", "ivo"}


async def test_a_report_to_one_member_alone_was_told_to_the_watchers(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        await tell(scene, "For Sam alone: Kit Larsen followed me home.", to="conduct+sam@example.org")
        assert asked(scene) == {"sam"}


@pytest.mark.parametrize("how", ["#new self", "#party"])
async def test_a_member_opened_a_sealed_report_by_a_name_of_their_own_making(tmp_path: Path, how: str) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        if how == "#new self":
            await write(scene, "amara@example.net", how, "I made this up. Kit Larsen.")
        else:
            await tell(scene, "The coffee was cold.")
            await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
        # Another one decides; and who brought it about learns nothing, not that there is a sealed report either.
        assert asked(scene) and "amara" not in asked(scene)


async def test_whoever_planted_a_sealed_report_on_themselves_was_told_that_they_are_reported(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen did something.", EVE)
        await tell(scene, "Kit Larsen pushed me.")
        before = len(scene.all(to=EVE))
        await release(scene, "amara")
        assert len(scene.all(to=EVE)) == before
        assert "ask yourselves" in scene.last("receipt", "amara").text


async def test_somebody_had_reported_the_same_person_before_and_nobody_was_asked(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await tell(scene, "Kit Larsen shouted.")
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        assert asked(scene) == {"amara", "jun"}


async def test_the_second_name_in_a_sealed_report_was_found_and_nobody_was_asked(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen and Max Mustermann pushed me.")
        await tell(scene, "Kit Larsen sang badly.")
        for _ in range(16):
            await scene.pass_time(timedelta(days=8))
        before = len(scene.all("check"))
        await tell(scene, "Max Mustermann pushed me.", EVE)
        assert len(scene.all("check")) > before and "Max Mustermann" in scene.last("check", "amara").text


async def test_who_was_told_to_write_again_to_have_it_read_wrote_to_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        await scene.answer(scene.last("ack", ROBIN), "Please read it now, he is at my door.", to=ALIAS)
        assert "he is at my door" in scene.last("forward", "sam").text
        assert "earlier case" not in scene.last("forward", "sam").text


@pytest.mark.parametrize("which", [0, 1])
async def test_a_damaged_case_lost_a_strangers_report(tmp_path: Path, which: int) -> None:
    async with Scene(tmp_path) as scene:
        await seal(scene, "SECRET: Kit Larsen pushed me.")
        await tell(scene, "Kit Larsen shouted.")
        sealed = next(case for case in [await scene.case(0), await scene.case(1)] if case.audience == "escrow")
        other = next(case for case in [await scene.case(0), await scene.case(1)] if case.audience != "escrow")
        damage = f"UPDATE cases SET wrapped_key = x'00' WHERE id = '{(sealed, other)[which].id}'"
        await scene.store.write(lambda tx: tx.connection.exec_driver_sql(damage))
        await tell(scene, "Kit Larsen pushed me, too.", EVE)
        assert "pushed me, too" in scene.last("forward", "sam").text
        if which == 1:
            assert "sam" in await release(scene, "amara")
