"""What erasing destroyed, and what taking a report down told, before it was put right; each named after what it did."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select, update

from canaries import TOLD, has_canary, kept
from cocmail.store import lookups
from cocmail.store.tables import LOOKUPS
from cocmail.store.transaction import Tx
from people import say_yes, words, write
from scene import ALIAS, HANDLES, Scene, committee_file

SPANS = "{no_violation: 1y, violation: 3y, spam: 7d, not_a_report: 1y}"
KEPT = committee_file(retention=f"{{content_after_close: {SPANS}, escrow: 5y, warn_before: 7d}}")
TARGETS = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
YEAR, ESCROW = timedelta(days=365), "conduct+escrow@example.org"


async def wait(scene: Scene, span: timedelta) -> None:
    await scene.pass_time(span)
    await scene.pass_time(timedelta(hours=2))


async def test_what_was_added_to_a_sealed_report_was_destroyed_with_it_days_later(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Kit Larsen did it.", to=ESCROW)
        await wait(scene, 5 * YEAR - timedelta(days=2))
        await scene.answer(scene.last("ack", "robin@visitors.example"), "He was at my house yesterday.")
        await scene.days(12)
        assert len(await scene.cases()) == 1 and "at my house" in await kept(scene)


async def test_a_sealed_report_was_destroyed_while_it_was_asked_whether_to_open_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Kit Larsen did it.", to=ESCROW)
        await wait(scene, 5 * YEAR - timedelta(days=6))
        other = scene.write("Dana <dana@visitors.example>", ALIAS, "x", "Kit Larsen shouted at me.")
        await scene.send(other, ALIAS)
        assert scene.all("check")
        await scene.days(20)
        assert len(await scene.cases()) == 2


async def test_a_measure_in_force_outlived_the_case_that_it_was_for(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Ivo shouted at me near the blue door.")
        until = (scene.now() + 2 * YEAR).date()
        await scene.answer(scene.last("forward", "amara"), "Nobody lets them in.", tag=f"#interim until:{until}")
        await scene.days(2)
        await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        await wait(scene, YEAR + timedelta(days=20))
        await scene.days(9)
        assert len(await scene.cases()) == 1


@pytest.mark.parametrize("how", ["list", "two senders"])
async def test_what_came_through_a_list_told_the_committee_who_wanted_to_stay_unknown(tmp_path: Path, how: str) -> None:
    async with Scene(tmp_path) as scene:
        message = scene.write("amara@example.net", ALIAS, "#new phone anonymous", TOLD, proven=True)
        if how == "list":
            message["List-Id"] = "<conduct.example.org>"
        else:
            message.replace_header("From", "amara@example.net, amara@private.example")
        await scene.send(message, ALIAS)
        assert not await scene.cases() and not has_canary(
            "".join(words(scene, f"{each}@example.net") for each in HANDLES)
        )
        # The registered mailbox is asked; after two days without an answer nothing of it is left.
        assert scene.last("confirm", "amara")
        await scene.days(3)
        assert not has_canary(await kept(scene, empty=True))


async def test_a_yes_through_a_list_opens_it_as_it_was_meant(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        message = scene.write("amara@example.net", ALIAS, "#new phone anonymous", TOLD, proven=True)
        message["List-Id"] = "<conduct.example.org>"
        await scene.send(message, ALIAS)
        await say_yes(scene, scene.last("confirm", "amara"))
        assert len(await scene.cases()) == 1 and "[the reporter]" in scene.last("forward", "sam").text


async def test_a_hashtag_of_a_member_was_taken_for_new_and_their_words_were_destroyed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        subject = "#MeToo: Kit, behind closed doors"
        await scene.send(scene.write("sam@example.net", ALIAS, subject, "It happened to me."), ALIAS)
        await scene.days(4)
        assert "It happened to me." in await kept(scene)


async def test_a_link_in_a_report_that_was_taken_down_was_lost(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        message: EmailMessage = scene.write("amara@example.net", ALIAS, "#new email", "See here.", proven=True)
        message.add_alternative('<p>See <a href="https://evidence.example/video">here.</a></p>', subtype="html")
        await scene.send(message, ALIAS)
        assert "See here." in scene.last("forward", "sam").text
        assert "https://evidence.example/video" in await kept(scene)


async def test_after_an_erasure_the_reported_member_got_the_next_report_of_the_same_person(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Ivo Petrov shouted at me.", to="conduct+not-sam@example.org")
        await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        await wait(scene, YEAR)
        await scene.days(9)
        assert not await scene.cases()
        since = scene.mark()
        await scene.report("The same man as in my first report did it again.")
        assert scene.recipients("forward", since) == {"amara", "jun", "noor"}


async def test_one_damaged_row_of_an_erased_case_stopped_every_status_sheet(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Ivo shouted at me near the blue door.")
        await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        await wait(scene, YEAR)
        await scene.days(9)
        assert not await scene.cases()

        def damage(tx: Tx) -> None:
            found = tx.run(
                select(LOOKUPS.c.id).where(LOOKUPS.c.kind == lookups.CODE_NAME, LOOKUPS.c.case_id.is_(None))
            ).scalars()
            for row in found.all():
                tx.run(update(LOOKUPS).where(LOOKUPS.c.id == row).values(sealed=b"\x00" * 80))

        await scene.store.write(damage)
        await scene.report("Somebody was pushed.")
        await write(scene, "jun@example.net", "#sheet")
        assert scene.last("sheet", "jun")


async def test_who_took_a_report_down_was_named_to_another_body_as_its_author(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(transfer_targets=TARGETS)) as scene:
        message = scene.write(
            "amara@example.net", ALIAS, "#new email", "From: Robin Vale\n\nKit pushed me.", proven=True
        )
        message.add_attachment(b"noise", maintype="application", subtype="octet-stream", filename="a.bin")
        await scene.send(message, ALIAS)
        await scene.answer(scene.last("forward", "jun"), tag="#own")
        for who in ("jun", "sam"):
            await scene.answer(scene.last("forward", who), "It is theirs.", tag="#transfer foundation")
            await say_yes(scene, scene.last("confirm", who))
        (handed,) = scene.all("transfer")
        assert "amara" not in handed.text.casefold() and "#new" not in handed.text
