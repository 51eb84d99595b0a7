"""A flood of reports: those that nobody vouches for reach members as a list, and a real one is not lost among them."""

from __future__ import annotations

import asyncio
import re
import smtplib
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from cocmail.core import caps
from cocmail.store import lookups, notes
from cocmail.store.transaction import Tx
from scenarios.test_digests import digests, opens
from scene import ALIAS, Delivered, Scene, committee_file, nothing_more

FLOOD = "flood: {reports: 5, per: 1h}"
REAL = "Mika Real <mika@visitors.example>"


async def pour(scene: Scene, number: int, verdict: str = "none") -> None:
    """So many reports of forged senders at once, over one connection."""
    every = [
        scene.write(f"Nobody <n{each}@forged{each}.example>", ALIAS, f"Buy {each}", "Buy things.", proven=verdict)
        for each in range(number)
    ]
    await hand_over(scene, every)


async def hand_over(scene: Scene, every: list[EmailMessage]) -> None:
    def work(some: list[EmailMessage]) -> None:
        with smtplib.SMTP("127.0.0.1", scene.port, timeout=30) as client:
            for message in some:
                client.sendmail("x@forged.example", ALIAS, message.as_bytes(policy=policy.SMTP))

    for start in range(0, len(every), 5):
        await asyncio.to_thread(work, every[start : start + 5])
        await scene.settle()


def subjects(scene: Scene, handle: str) -> set[str]:
    """Of the reports that reached somebody."""
    return {each.text.split("Subject: ")[1].split("\n")[0] for each in scene.all("forward", handle)}


async def lists(scene: Scene, handle: str, span: timedelta = timedelta(minutes=31)) -> list[Delivered]:
    await scene.pass_time(span)
    await scene.daemon.clock.list_asides()
    await scene.settle()
    return digests(scene, handle)


@pytest.mark.parametrize(("limit", "number"), [(5, 20), pytest.param(30, 200, marks=pytest.mark.soak)])
async def test_41_in_a_flood_the_real_reports_reach_members_and_none_is_lost(
    tmp_path: Path, limit: int, number: int
) -> None:
    async with Scene(tmp_path, main=f"flood: {{reports: {limit}, per: 1h}}") as scene:
        await pour(scene, number // 2)
        await scene.send(scene.write(REAL, ALIAS, "What Ivo did", "Ivo Petrov shouted at me.", proven="none"))
        await scene.report("Somebody shouted at me, too.")
        assert "Somebody shouted at me, too." in scene.last("forward", "amara").text, "who is vouched for gets through"
        await pour(scene, number // 2 - 2)
        assert len(await scene.cases()) == limit + 1
        assert await scene.reasons() == {"report": limit + 1, "flood": number - limit - 1}
        amaras, ivos = await lists(scene, "amara"), digests(scene, "ivo")
        assert sum(mail.text.count("Open it:") for mail in amaras) == number - limit - 1
        assert sum(mail.text.count("Open it:") for mail in ivos) == number - limit - 2, "who is named is not told"
        [mail] = [mail for mail in amaras if "What Ivo did" in mail.text]
        assert "So many reports have come in" in mail.text
        await opens(scene, mail, number=mail.text[: mail.text.index("What Ivo did")].count("Open it:"))
        assert "Ivo Petrov shouted at me." in scene.last("forward", "jun").text
        assert not [each for each in scene.all("forward", "ivo") if "Ivo Petrov" in each.text.split("shouted")[0][-30:]]
        with nothing_more(scene, "amara", "ivo"):
            await lists(scene, "amara")


async def test_who_is_held_back_is_answered_and_their_answer_is_read_at_once(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await pour(scene, 5)
        await scene.send(scene.write(REAL, ALIAS, "What happened", "Somebody shouted at me.", proven="none"))
        ack = scene.last("ack", "mika@visitors.example")
        assert "The members get a list of them" in ack.text and "Once it is opened, one of them answers" in ack.text
        mark = scene.mark()
        await scene.answer(ack, "It was Ivo Petrov.", proven=False)
        assert scene.recipients("forward", mark) == {"amara", "jun", "noor", "sam"}
        await opens(scene, (await lists(scene, "amara"))[0])
        assert len(scene.all("ack", "mika@visitors.example")) == 2, "one of the report, one of what was added"
        mark = scene.mark()
        await scene.answer(ack, "One more thing.", proven=False)
        assert (await scene.reasons())["follow-up"] == 1, "the reply address goes on with the case"
        assert scene.recipients("forward", mark) == {"amara", "jun", "noor", "sam"}
        loose = await scene.store.read(lambda tx: lookups.detached(tx, "token"))
        assert not [note for note in loose if b"mika" in note], "what the case's end destroys is the case's alone"


async def test_members_replies_and_sealed_reports_are_never_held_back(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await scene.report("Somebody shouted.")
        ack = scene.last("ack", "robin@visitors.example")
        await pour(scene, 8)
        held = (await scene.reasons())["flood"]
        await scene.answer(ack, "And again.", proven=False)
        await scene.answer(scene.last("forward", "jun"), tag="#own")
        await scene.report("I saw it, too.", sender="noor@example.net")
        await scene.report("Seal it.", to="conduct+escrow@example.org", proven=False)
        reasons = await scene.reasons()
        assert reasons["flood"] == held
        assert (reasons["follow-up"], reasons["command"], reasons["report-escrowed"]) == (1, 1, 1)


async def test_when_the_time_is_over_reports_reach_members_one_by_one_again(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await pour(scene, 6)
        assert (await scene.reasons()) == {"report": 5, "flood": 1}
        await scene.pass_time(timedelta(minutes=75))
        await pour(scene, 5)
        assert (await scene.reasons()) == {"report": 10, "flood": 1}


async def test_whom_a_held_back_report_keeps_out_is_out_of_the_earlier_case_at_once(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await scene.report("Somebody shouted.")
        await pour(scene, 6)
        await scene.report("Not Jun.", to="conduct+not-jun@example.org", proven="none")
        assert scene.recipients("forward") >= {"jun"}
        case = await scene.case(0)
        assert "jun" in case.barred


async def test_whom_a_sender_excludes_hears_nothing_of_what_they_wrote_before_and_after(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await pour(scene, 6)
        for words, to in (("First", ALIAS), ("Not Jun", "conduct+not-jun@example.org"), ("Last", ALIAS)):
            await scene.send(scene.write(REAL, to, words, words, proven="none"), to)
        await scene.pass_time(timedelta(minutes=31))
        juns, sams = await lists(scene, "jun"), digests(scene, "sam")
        assert not [mail for mail in juns if re.search("Last|Not Jun", mail.text)]
        [last] = [mail for mail in sams if "Last" in mail.text]
        for number in range(last.text.count("Open it:")):
            await opens(scene, last, number=number)
        assert {"First", "Last"} <= {
            each.text.split("Subject: ")[1].split("\n")[0] for each in scene.all("forward", "sam")
        }
        theirs = [each.text.split("Subject: ")[1].split("\n")[0] for each in scene.all("forward", "jun")]
        assert not {"First", "Not Jun", "Last"} & {*theirs}


async def test_a_forged_wish_cannot_choose_who_is_left(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=FLOOD) as scene:
        await pour(scene, 6)
        await scene.send(scene.write(REAL, ALIAS, "First", "First", proven="none"), ALIAS)
        others = [f"conduct+not-{handle}@example.org" for handle in ("amara", "jun", "noor", "sam")]
        await scene.send(scene.write(REAL, others[0], "Forged", "Forged", proven="none"), others)
        assert any("First" in mail.text for mail in await lists(scene, "sam", timedelta(minutes=62)))


async def test_a_report_that_no_member_may_see_is_not_held_back(tmp_path: Path) -> None:
    text = committee_file(
        transfer_targets="{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
    )
    async with Scene(tmp_path, committee=text, main=FLOOD) as scene:
        await pour(scene, 6)
        names = "Amara Obi, Jun Sato, Noor Haddad, Ivo Petrov, Sam Reyes"
        await scene.report(f"All of them: {names}.", proven="none")
        assert scene.last("transfer", "conduct@foundation.example")


async def test_a_bomb_through_many_subaddresses_is_answered_five_times_a_day_and_the_rest_waits(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        victim = "Victim <Victim+{}@visitors.example>"
        for number in range(5):
            await scene.report(f"Number {number}", sender=victim.format(number))
        tomorrow = caps.of_sender(ALIAS, "victim@visitors.example", scene.now() + timedelta(days=1), proven=True)
        await scene.store.write(lambda tx: fill(tx, caps.SENDER, tomorrow, caps.A_SENDER_AND_DAY))
        await scene.report("Number 6", sender=victim.format(6))
        assert len(scene.all("ack")) == 5
        await scene.pass_time(timedelta(days=1))
        assert len(scene.all("ack")) == 5, "that day was full as well"
        await scene.pass_time(timedelta(days=1))
        assert len(scene.all("ack")) == 6, "it waits, and does not vanish"


async def test_no_hour_sees_more_than_a_hundred_acknowledgements(tmp_path: Path) -> None:
    async with Scene(tmp_path, main="flood: off") as scene:
        for ahead in (0, 1):
            hour = caps.of_hour(scene.now() + timedelta(hours=ahead))
            await scene.store.write(lambda tx, hour=hour: fill(tx, caps.HOUR, hour, caps.AN_HOUR))
        await scene.report("Somebody shouted.")
        assert not scene.all("ack")
        await scene.pass_time(timedelta(hours=1))
        assert not scene.all("ack"), "that hour was full as well"
        await scene.pass_time(timedelta(hours=1))
        assert len(scene.all("ack")) == 1


async def test_forged_mail_used_up_the_acknowledgements_of_who_proves_their_own(tmp_path: Path) -> None:
    async with Scene(tmp_path, main="flood: off") as scene:
        for number in range(7):
            await scene.report(f"Forged {number}", proven="none")
        assert len(scene.all("ack")) == 5
        hour = caps.of_hour(scene.now())
        await scene.store.write(lambda tx: fill(tx, caps.HOUR, hour, caps.AN_HOUR - caps.FOR_PROVEN - 5))
        await scene.report("Somebody unknown.", sender="Kai <kai@visitors.example>", proven="none")
        assert len(scene.all("ack")) == 5, "their part of this hour is used up"
        await scene.report("This is me.")
        assert len(scene.all("ack")) == 6


def fill(tx: Tx, kind: str, value: str, number: int) -> None:
    """That many acknowledgements were promised for a day, or an hour."""
    for _ in range(number):
        notes.bump(tx, kind, value, value.rpartition(" ")[2])


async def test_who_asks_for_no_automatic_answer_gets_none_and_is_heard(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for value in ("All", "DR, OOF, RN, AutoReply", "oof"):
            await scene.report("Somebody shouted.", headers={"X-Auto-Response-Suppress": value})
        await scene.report("Somebody shouted, too.", headers={"X-Auto-Response-Suppress": "DR, RN"})
        assert len(await scene.cases()) == 4 and len(scene.all("ack")) == 1
        assert "looks automatic" not in scene.all("forward", "amara")[0].text
