"""What mail that is put aside once did to people: it told those who had come into conflict since, and its exclusions,
which nobody had proven, decided who reads a case.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.store import lookups
from people import write
from scenarios.test_digests import SPAM, digests, morning, opens, told
from scenarios.test_floods import lists, pour
from scene import ALIAS, HANDLES, Scene

ROBIN = "Robin Vale <robin@visitors.example>"
NOT_THREE = [f"conduct+not-{handle}@example.org" for handle in ("amara", "noor", "sam")]


async def robin_adds(scene: Scene, words: str) -> None:
    """In an answer to the acknowledgement."""
    ack = scene.last("ack", "robin@visitors.example")
    to = str(ack.message["Reply-To"])
    await scene.send(scene.write(ROBIN, to, "Re: Your message", words, answers=ack), to)


# Exclusions that nobody had proven


@pytest.mark.parametrize(("headers", "sender"), [({}, ""), (SPAM, None)], ids=["null sender", "spam"])
async def test_one_forged_mail_that_opened_no_case_emptied_the_case_of_the_reporter(
    tmp_path: Path, headers: dict[str, str], sender: str | None
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Jun Sato shouted at me.")
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        mail = scene.write(ROBIN, NOT_THREE[0], "x", "x", proven="none", headers=headers)
        await (scene.send(mail, NOT_THREE) if sender is None else scene.send(mail, NOT_THREE, sender=sender))
        since = scene.mark()
        await robin_adds(scene, "He did it again.")
        assert scene.recipients("forward", since) == {"amara", "noor", "sam"}


async def test_a_forged_mail_of_two_months_ago_chose_who_read_the_first_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(scene.write(ROBIN, NOT_THREE[0], "x", "x", proven="none"), NOT_THREE, sender="")
        await scene.pass_time(timedelta(days=60))
        await scene.report("Somebody shouted at me.")
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_forged_mail_in_a_members_name_chose_who_read_what_they_took_down(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(
            scene.write("amara@example.net", NOT_THREE[1], "x", "x", proven="none"), NOT_THREE[1:], sender=""
        )
        await write(scene, "amara@example.net", "#new phone", "Reporter: Kit Nobody\n\nKit was shouted at.")
        assert {"noor", "sam"} <= scene.recipients("forward")


async def test_whom_a_reporter_chose_alone_did_not_get_it_because_of_a_mail_that_was_over(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Not for Amara.", to="conduct+not-amara@example.org", headers=SPAM)
        await scene.report("For you alone, Amara.", to="conduct+amara@example.org", subject="Another matter")
        assert scene.recipients("forward") == {"amara"}


async def test_a_proven_wish_holds_while_the_mail_waits_and_is_forgotten_with_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Not for Amara.", to="conduct+not-amara@example.org", headers=SPAM)
        await scene.report("Something else.", subject="One")
        assert scene.recipients("forward") == set(HANDLES) - {"amara"}
        await morning(scene)
        await scene.pass_time(timedelta(days=9))
        await scene.daemon.clock._look_around()
        await morning(scene, timedelta(minutes=10))
        found = await scene.store.read(lambda tx: lookups.has(tx, "kept-out") or lookups.has(tx, "aside-of"))
        assert not found


# Conflicts that came up between arrival and digest


async def test_the_reported_member_was_told_of_the_mail_that_the_filter_hid(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody of your project shouted at me.", headers=SPAM, subject="The meetup on Tuesday")
        await scene.report("It was Ivo Petrov who shouted at me.", subject="Again")
        await morning(scene)
        assert told(scene) == set(HANDLES) - {"ivo"}
        await opens(scene, digests(scene, "amara")[0])
        assert "ivo" not in scene.recipients("forward")


@pytest.mark.parametrize(
    ("who", "tag"), [("jun", "#recuse"), ("amara", '#party reported "Jun Sato"')], ids=["withdrew", "was named"]
)
async def test_who_is_out_of_the_case_by_now_was_told_what_its_reporter_added(
    tmp_path: Path, who: str, tag: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", subject="One")
        await scene.report("More about Tuesday, and who saw it.", headers=SPAM, subject="Two")
        await scene.answer(scene.last("forward", who), tag=tag)
        await morning(scene)
        assert told(scene) == set(HANDLES) - {"jun"}


async def test_whom_the_answer_to_the_acknowledgement_named_was_told_of_what_a_flood_held_back(tmp_path: Path) -> None:
    async with Scene(tmp_path, main="flood: {reports: 5, per: 1h}") as scene:
        await pour(scene, 6)
        # The first list of a flood leaves at once, the next one half an hour later.
        await lists(scene, "amara")
        mika = "Mika <mika@visitors.example>"
        await scene.send(scene.write(mika, ALIAS, "The meetup", "Somebody shouted at me.", proven="none"))
        [ack] = scene.all("ack", "mika@visitors.example")
        to = str(ack.message["Reply-To"])
        await scene.send(scene.write(mika, to, "Re: Your message", "It was Ivo Petrov.", proven="none"), to)
        assert any("mika" in mail.text for mail in await lists(scene, "amara"))
        assert not any("mika" in mail.text for mail in digests(scene, "ivo"))


async def test_whom_the_reporter_excluded_in_a_reply_was_told_of_the_mail_before(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", subject="One")
        await scene.report("More about Tuesday.", headers=SPAM, subject="Two")
        await robin_adds(scene, "Please not Sam Reyes.")
        await morning(scene)
        assert told(scene) == set(HANDLES) - {"sam"}


async def test_a_digest_that_waited_for_the_smarthost_told_who_had_withdrawn_meanwhile(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.", subject="One")
        await scene.report("More about Tuesday.", headers=SPAM, subject="Two")
        await scene.report("Of another one.", sender="Kai <kai@visitors.example>", headers=SPAM, subject="Three")
        scene.smarthost.answers[""] = "451 4.3.0 later"
        await morning(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(hours=2))
        await morning(scene)
        # What else it listed is not lost to Jun, and nobody reads it twice.
        shown = {who: [re.findall("Subject: (.*)", mail.text) for mail in digests(scene, who)] for who in HANDLES}
        assert shown.pop("jun") == [["Three"]]
        assert all(every == [["Two", "Three"]] for every in shown.values())
