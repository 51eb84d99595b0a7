"""Who wants to stay unknown stays so: also where the mail was refused, came twice, or was never confirmed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from canaries import TOLD, has_canary, kept
from cocmail.core.model import Mail
from cocmail.doors import contents
from cocmail.errors import SealError
from cocmail.store import spool
from cocmail.store.transaction import Tx
from cocmail.vault import box
from people import say_yes, words, write
from scene import ALIAS, HANDLES, Scene

SEALED = "conduct+escrow@example.org"
QUAST = "Reporter: Wilhelmina Quast <mina.quast@hidden.example>\n"


async def tell(scene: Scene, text: str, to: str = ALIAS) -> None:
    await scene.send(scene.write("Dana <dana@visitors.example>", to, "x", text), to)


async def test_a_reporter_below_the_label_or_in_another_language_is_not_told_to_the_members(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        below = "Reporter:\n  Wilhelmina Quast <mina@hidden.example>\n\nKit Larsen pushed her."
        await write(scene, "noor@example.net", "#new dm anonymous", below)
        german = "Von: Wilhelmina Quast <mina@hidden.example>\nGesendet: gestern\n\nKit Larsen hat Quast gestossen."
        # Nor by the Subject, which only its author chose.
        await write(scene, "noor@example.net", "#new dm anonymous for Wilhelmina Quast", german)
        assert len(scene.all("forward", "sam")) == 2
        assert not has_canary("\n".join(words(scene, f"{handle}@example.net") for handle in HANDLES))
        assert not has_canary(await kept(scene))


async def test_where_it_is_not_sure_who_the_reporter_is_nothing_is_opened_or_kept(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for text, says in (
            ("Wilhelmina, mina.quast@hidden.example, was pushed.", "No line says who the reporter is"),
            ("Reporter:\n\nQuast was pushed.", "holds no name"),
            ("Reporter: Wilhelmina Quast\nWil.hel.mina was pushed.", "still stands in the text"),
        ):
            await write(scene, "amara@example.net", "#new phone anonymous", text)
            receipt = scene.last("receipt", "amara").text
            assert says in receipt and "was not kept here" in receipt and "Reporter: unknown" in receipt
        assert not scene.all("forward") and not await scene.cases()
        await write(scene, "amara@example.net", "#new phone anonymous", "Reporter: unknown\nAsk kit@x.example.")
        assert "kit@x.example" in scene.last("forward", "sam").text
        assert not has_canary(await kept(scene))


async def test_a_place_that_names_who_reported_it_is_told_without_the_name(tmp_path: Path) -> None:
    text = "Reporter: Wilhelmina Quast\nWhere: Quast waits in hall 2\n\nKit Larsen pushed her."
    async with Scene(tmp_path) as scene:
        await write(scene, "noor@example.net", "#new inperson anonymous", text)
        assert "[the reporter] waits in hall 2" in scene.last("notice", "sam").text
        assert not has_canary(words(scene, "sam@example.net"))


async def test_a_reporter_is_never_the_name_by_which_a_sealed_report_is_found(tmp_path: Path) -> None:
    async with Scene(tmp_path / "one") as scene:
        # Others say that name in the open.
        scene.names_are_told = True
        await tell(scene, "Kit Larsen shouted at Wilhelmina Quast, and at me.", SEALED)
        # By neither: one who stays unknown, one who does not.
        await write(scene, "noor@example.net", "#new dm anonymous", QUAST + "Somebody pushed me.")
        await write(scene, "noor@example.net", "#new dm", QUAST + "Somebody pushed me.")
        assert not scene.all("check")
        await write(scene, "noor@example.net", "#new dm anonymous", QUAST + "Kit Larsen pushed me.")
        assert scene.all("check") and not has_canary("".join(mail.text for mail in scene.all("check")))
    async with Scene(tmp_path / "other") as scene:
        scene.names_are_told = True
        await write(scene, "noor@example.net", "#new dm anonymous escrow", QUAST + "Somebody pushed me.")
        await tell(scene, "Wilhelmina Quast was rude to me.")
        assert not scene.all("check")


async def test_an_address_that_keeps_it_from_nobody_opens_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#new phone", "Somebody was pushed.", to="conduct+not-ivvo@example.org")
        assert "Nothing was opened" in scene.last("receipt", "amara").text
        assert not scene.all("forward") and not await scene.cases()


async def test_a_word_that_may_mean_sealed_lets_nobody_read_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for word, grave in (("sealed", "escrow"), ("confidential", "escrow"), ("no-name", "anonymous")):
            await write(scene, "amara@example.net", f"#new phone {word}", QUAST + "Kit pushed her.")
            assert f'whether you mean "{grave}"' in scene.last("receipt", "amara").text
        assert not scene.all("forward") and not has_canary(await kept(scene, empty=True))


@pytest.mark.parametrize("subject", ["#new dm anonymous", "#new dm anonymus", "#nwe dm anonymous", "#new anonymous"])
async def test_the_same_mail_twice_or_a_refused_one_leaves_no_reporter_behind(tmp_path: Path, subject: str) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("amara@example.net", ALIAS, subject, TOLD, proven=True)
        await scene.send(mail, ALIAS)
        await scene.send(mail, ALIAS)
        assert not has_canary(await kept(scene, empty=True))


async def test_what_was_held_and_never_confirmed_goes_and_what_is_confirmed_in_time_runs(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(scene.write("amara@example.net", ALIAS, "#new phone anonymous", TOLD), ALIAS)
        await scene.pass_time(timedelta(hours=20))
        assert has_canary(await kept(scene))
        await say_yes(scene, scene.last("confirm", "amara"))
        assert scene.recipients("forward") == set(HANDLES)
        await scene.send(scene.write("amara@example.net", ALIAS, "#new dm anonymous", TOLD + "Again."), ALIAS)
        await scene.pass_time(timedelta(days=3))
        assert not has_canary(await kept(scene))
        await say_yes(scene, scene.last("confirm", "amara"))
        assert len(await scene.cases()) == 1


async def test_no_key_of_today_opens_what_a_journal_or_a_backup_still_holds(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(scene.write("amara@example.net", ALIAS, "#new phone anonymous", TOLD), ALIAS)

        def held(tx: Tx) -> tuple[str, bytes]:
            found = tx.connection.exec_driver_sql("SELECT id, raw FROM spool WHERE state = 'held'").one()
            return str(found[0]), bytes(found[1])

        spool_id, old = await scene.store.read(held)
        await say_yes(scene, scene.last("confirm", "amara"))

        def open_again(tx: Tx) -> bytes:
            row = tx.run(spool._CONTENTS, {"of_id": spool_id}).one()
            return box.open_(spool._row_key(tx, row), old, box.identity("spool", spool_id, "raw"))

        with pytest.raises(SealError):
            await scene.store.read(open_again)
        assert not any(old in file.read_bytes() for file in tmp_path.glob("store.db*"))


async def test_that_one_member_is_withheld_does_not_say_that_a_member_reported_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await write(scene, "amara@example.net", "#new dm anonymous", "Reporter: Jun Sato\n\nKit Larsen pushed me.")
        assert scene.recipients("forward") == set(HANDLES) - {"jun"}
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "withheld" not in scene.last("forward", "sam").text
        assert "0 withheld" in scene.last("document", "sam").text
        # Whom the words name as well is counted.
        await write(scene, "amara@example.net", "#new dm anonymous", "Reporter: Jo Quast\n\nIvo Petrov pushed me.")
        assert "One member is withheld" in scene.last("forward", "sam").text


def in_memory(scene: Scene) -> list[str]:
    return [mail.text for _, mail, _ in scene.daemon.pipeline.contents._read.values()]


async def test_what_was_erased_lay_in_the_daemons_memory_until_eight_other_mails_had_come(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        case = await scene.case()
        await scene.erase(case.code_name)
        await scene.daemon.pipeline.contents.of(case.entries[0].id, "")
        await scene.days(8)
        assert not await scene.cases() and not in_memory(scene)


async def test_a_report_lay_in_the_daemons_memory_for_a_quiet_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Scene(tmp_path) as scene:
        monkeypatch.setattr(contents, "KEPT_SECONDS", 0.3)
        await scene.report("Somebody shouted at me.")
        await asyncio.sleep(0.5)
        assert scene.recipients("forward") == set(HANDLES) and not in_memory(scene)


async def test_what_was_destroyed_while_it_was_read_stayed_in_the_daemons_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        entry = (await scene.case()).entries[0]
        held = scene.daemon.pipeline.contents
        held.forget()
        read = held._reader.read

        async def slowly(raw: bytes, **asked: Any) -> Mail:
            mail = await read(raw, **asked)
            held.forget()
            return mail

        monkeypatch.setattr(held._reader, "read", slowly)
        assert await held.of(entry.id, "") is not None and not in_memory(scene)
