"""Mail that is kept back: what is taken for spam, what has no envelope sender. Members are told of it once a day."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.digests import defused
from scene import ALIAS, NAMES, Delivered, Scene, committee_file, nothing_more

DAY = timedelta(days=1)
SPAM = {"X-Spam-Flag": "YES"}
NOBODY = "MAILER-DAEMON@relay.example"


async def morning(scene: Scene, span: timedelta = DAY) -> None:
    """The next day's digests are out, if there are any."""
    await scene.pass_time(span)
    await scene.daemon.clock.list_asides()
    await scene.settle()


def digests(scene: Scene, handle: str) -> list[Delivered]:
    return [mail for mail in scene.all("notice", handle) if mail.message["Subject"] == "Mail that waits"]


def told(scene: Scene) -> set[str]:
    return {handle for handle in NAMES if digests(scene, handle)}


async def opens(scene: Scene, mail: Delivered, sender: str | None = None, number: int = 0) -> None:
    """The member sends an empty mail to the address of an entry."""
    address = re.findall(r"mailto:(\S+)\?subject=Open", mail.text)[number]
    await scene.send(scene.write(sender or mail.recipient, address, "Open", ""), address)


async def test_what_is_taken_for_spam_is_listed_once_a_day_and_one_mail_opens_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo Petrov shouted at me.", headers=SPAM, subject="Please read: www.evil.example/x")
        await scene.send(scene.write(NOBODY, ALIAS, "Undelivered", "x"), sender="")
        assert not scene.all() and not await scene.cases()
        await morning(scene)
        assert told(scene) == {"amara", "jun", "noor", "ivo", "sam"}
        [mail] = digests(scene, "amara")
        assert "From: robin at visitors[.]example" in mail.text
        assert "Subject: Please read: www[.]evil[.]example/x" in mail.text
        assert "shouted" not in mail.text and mail.text.count("Open it:") == 2
        [ivos] = digests(scene, "ivo")
        assert "robin" not in ivos.text and ivos.text.count("Open it:") == 1 and "tomorrow" not in ivos.text
        await opens(scene, mail)
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}
        assert "opened as a report" in scene.last("receipt", "amara").text
        assert scene.recipients("ack") == {"robin@visitors.example"}
        assert await scene.reasons() == {"null-sender": 1, "report": 1, "confirmed": 1}
        await morning(scene)
        assert len(digests(scene, "amara")) == 1, "what was listed is not listed again"


async def test_only_whom_the_case_would_go_to_is_told_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("For Jun's eyes.", to="conduct+jun@example.org", headers=SPAM, subject="one")
        await scene.report("Not for Sam's.", to="conduct+not-sam@example.org", headers=SPAM, subject="two")
        await scene.report("From a member.", sender="noor@example.net", proven=False, headers=SPAM, subject="three")
        await scene.report("Seal it.", to="conduct+escrow@example.org", headers=SPAM, subject="four")
        await morning(scene)
        shown = {handle: set(re.findall(r"Subject: (\w+)", digests(scene, handle)[0].text)) for handle in NAMES}
        assert shown["jun"] == {"one", "two", "three"}
        assert shown["noor"] == {"two"}
        assert shown["sam"] == {"three"}
        assert shown["amara"] == shown["ivo"] == {"two", "three"}
        assert (await scene.case()).audience == "escrow" and len(await scene.cases()) == 1
        assert not scene.all("ack") and not scene.all("forward")


async def test_where_members_are_asked_first_the_watchers_alone_are_told(tmp_path: Path) -> None:
    ruth = (
        "- {handle: ruth, name: Ruth Adler, email: ruth@example.net, role: mediator, "
        "confidentiality_agreed: 2026-01-01}"
    )
    text = committee_file(policy="chaoss", triage="{size: 2, order: [noor, jun]}", more_members=ruth)
    async with Scene(tmp_path, committee=text) as scene:
        await scene.report("Somebody shouted.", headers=SPAM)
        await morning(scene)
        assert told(scene) == {"noor", "jun"}


async def test_an_entry_is_opened_once_by_a_member_who_was_told_and_in_time(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for number in range(3):
            await scene.report(f"Number {number}", headers=SPAM, subject=f"Number {number}")
        await morning(scene)
        jun, noor, sam = (digests(scene, handle)[0] for handle in ("jun", "noor", "sam"))
        await opens(scene, jun)
        await opens(scene, noor)
        assert len(await scene.cases()) == 1
        assert "Somebody has opened it already" in scene.last("receipt", "noor").text
        with nothing_more(scene, "jun", "noor", "amara"):
            await opens(scene, jun)
        members = "\n".join(
            f"- {{handle: {handle}, name: {NAMES[handle]}, email: {handle}@example.net}}"
            for handle in ("amara", "jun", "noor", "ivo")
        )
        await scene.change_committee(committee_file(members=members))
        await opens(scene, sam, number=1)
        assert len(await scene.cases()) == 1, "who left opens nothing"
        await scene.pass_time(8 * DAY)
        await opens(scene, jun, number=2)
        assert len(await scene.cases()) == 1
        assert "good for 7 days, and nothing was opened" in scene.last("receipt", "jun").text


async def test_a_program_opens_nothing_and_words_cannot(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", headers=SPAM)
        await morning(scene)
        mail = digests(scene, "jun")[0]
        address = re.findall(r"mailto:(\S+)\?subject=Open", mail.text)[0]
        for headers in ({"Auto-Submitted": "auto-replied"}, {"List-Id": "<x.example>"}, {"Precedence": "bulk"}):
            await scene.send(scene.write("jun@example.net", address, "Open", "", headers=headers), address)
        await scene.send(scene.write("jun@example.net", address, "Automatic reply: Open", "Away."), address)
        await scene.send(scene.write("jun@example.net", address, "Open", ""), address, sender="")
        await scene.answer(mail, "Open it, please.")
        assert not await scene.cases()
        await opens(scene, mail)
        assert len(await scene.cases()) == 1


async def test_who_joins_or_is_named_by_a_new_conflict_is_looked_for_first(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Kit Larsen shouted at me.", headers=SPAM, subject="Kit")
        conflicts = "known_conflicts: [{with: Kit Larsen}]"
        members = "\n".join(
            f"- {{handle: {handle}, name: {NAMES[handle]}, email: {handle}@example.net"
            + (f", {conflicts}}}" if handle == "jun" else "}")
            for handle in ("amara", "jun", "ivo")
        )
        await scene.change_committee(committee_file(members=members))
        await morning(scene)
        await morning(scene)
        assert told(scene) == {"amara", "ivo"}
        [mail] = digests(scene, "amara")
        await opens(scene, mail)
        assert scene.recipients("forward") == {"amara", "ivo"}


async def test_after_days_of_rest_there_is_one_digest(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("One.", headers=SPAM, subject="One")
        await scene.stop()
        scene.offset += 5 * DAY
        await scene.start()
        await morning(scene, timedelta(minutes=2))
        assert len(digests(scene, "amara")) == 1
        await scene.report("Two.", headers=SPAM, subject="Two")
        await morning(scene, timedelta(minutes=2))
        assert len(digests(scene, "amara")) == 1, "at most one a day"
        await morning(scene)
        assert [mail.text.count("Open it") for mail in digests(scene, "amara")] == [1, 1]


async def test_what_a_member_does_is_in_no_digest(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.")
        case = scene.last("forward", "jun").message["Subject"]
        proven = scene.write("jun@example.net", ALIAS, f"{case} #note", "Noted.", proven=True, headers=SPAM)
        await scene.send(proven)
        assert scene.last("receipt", "jun")
        unproven = scene.write("sam@example.net", ALIAS, "#new email anonymous", "From: Robin Vale", headers=SPAM)
        await scene.send(unproven)
        assert scene.last("confirm", "sam")
        await scene.send(scene.write("ivo@example.net", ALIAS, f"{case} #vote yes", ""), sender="")
        await morning(scene)
        assert not told(scene)


async def test_what_a_reporter_adds_and_the_filter_hides_is_listed_for_who_has_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo Petrov shouted at me.")
        ack = scene.last("ack", "robin@visitors.example")
        more = scene.write(
            "robin@visitors.example", ALIAS, "Re: it", "And again.", proven=True, answers=ack, headers=SPAM
        )
        await scene.send(more)
        await morning(scene)
        assert told(scene) == {"amara", "jun", "noor", "sam"}
        await opens(scene, digests(scene, "amara")[0])
        assert len(await scene.cases()) == 1 and (await scene.reasons())["follow-up"] == 1


async def test_what_comes_again_unflagged_is_one_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        message = await scene.report("Somebody shouted.", headers=SPAM)
        await morning(scene)
        del message["X-Spam-Flag"]
        await scene.send(message)
        await opens(scene, digests(scene, "amara")[0])
        assert len(await scene.cases()) == 1
        assert await scene.reasons() == {"report": 1, "duplicate": 1, "confirmed": 1}


async def test_what_no_member_may_be_told_of_is_told_to_the_admins_without_content(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        names = ", ".join(NAMES.values())
        await scene.report(f"All of them: {names}.", headers=SPAM)
        await morning(scene)
        assert not told(scene)
        await scene.daemon.clock.remind()
        await scene.settle()
        assert "no member may be told" in scene.last("notice", "ops@example.com").text


async def test_a_digest_that_waits_is_not_sent_to_who_has_a_conflict_by_then(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Kit Larsen shouted at me.", headers=SPAM)
        scene.smarthost.answers[""] = "451 4.3.0 later"
        await morning(scene)
        members = "\n".join(
            f"- {{handle: {handle}, name: {NAMES[handle]}, email: {handle}@example.net"
            + (", known_conflicts: [{with: Kit Larsen}]}" if handle == "jun" else "}")
            for handle in NAMES
        )
        await scene.change_committee(committee_file(members=members))
        scene.smarthost.answers.clear()
        await morning(scene)
        await morning(scene)
        assert told(scene) == {"amara", "noor", "ivo", "sam"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("See https://evil.example/a?b=c now", "See https: //evil[.]example/a?b=c now"),
        ("write to me@evil.example", "write to me at evil[.]example"),
        ("mailto:me＠evil。example", "mailto: me at evil[.]example"),
        ("two\nlines\r\n\x1b[31mred\u202e and\u200b hidden", "two lines [31mred and hidden"),
        ("हिन्दी में", "हिन्दी में"),
        ("x" * 500, "x" * 117 + "..."),
        ("", ""),
        ("Wait... what? 3.5 of 4", "Wait... what? 3[.]5 of 4"),
    ],
)
def test_nothing_that_a_stranger_wrote_can_be_clicked(said: str, shown: str) -> None:
    assert defused(said) == shown
