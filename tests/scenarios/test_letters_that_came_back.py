"""A mail server took a letter and sends it back later: who has the case knows, and nobody else learns anything."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bounces import come_back, report_on
from cocmail.store import lookups, spool
from cocmail.store.tables import LOOKUPS, SPOOL
from conversation_mail import holds
from people import say_yes, write
from questions import ask
from scenarios.test_what_kept_the_operators_in_the_dark import OPS, heard, heard_daily, look
from scene import HANDLES, Delivered, Scene, committee_file, nothing_more

KIT, ROBIN, FOUNDATION = "kit@acme.example", "robin@visitors.example", "conduct@foundation.example"
CAME_BACK = "D1 did not reach the reporter: it came back. It counts as not sent."


def told(scene: Scene, who: str, kind: str = "notice") -> str:
    return " ".join(scene.last(kind, who).text.split())


async def written_to(scene: Scene) -> Delivered:
    """Robin reports, Noor withdraws, Amara and Jun write to Robin."""
    await scene.report()
    await scene.answer(scene.last("forward", "amara"), tag="#own")
    await scene.answer(scene.last("forward", "noor"), tag="#recuse")
    await scene.answer(scene.last("forward", "amara"), "Thank you.", tag="#reporter")
    await scene.answer(scene.last("draft", "jun"), tag="#send D1")
    return scene.last("outreach", ROBIN)


async def test_a_letter_to_the_reporter_that_comes_back_is_told_and_counts_for_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        letter = await written_to(scene)
        with nothing_more(scene, "noor", ROBIN, "ops@example.com"):
            await come_back(scene, letter)
        for who in ("amara", "jun", "ivo", "sam"):
            assert CAME_BACK in told(scene, who)
            assert "can have it tried again" not in told(scene, who)
            assert not holds(scene.last("notice", who), ["canary-of-the-server", "550", ROBIN, "Undelivered"])
        assert (await scene.reasons())["letter-came-back"] == 1
        # The same report again, or another one about the same letter, counts for nothing more.
        with nothing_more(scene, *HANDLES, ROBIN):
            await come_back(scene, letter)
            await come_back(scene, letter, report_on(letter, status="5.7.1", number=2))
        assert (await scene.reasons())["to-bounce-address"] == 2
        await scene.pass_time(timedelta(hours=25))
        assert "That was promised by" in told(scene, "sam", "reminder")
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "it came back" in told(scene, "sam", "document")


async def test_what_is_no_report_of_a_failure_for_good_at_a_signed_address_changes_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        letter = await written_to(scene)
        words = scene.write("mailer-daemon@example.net", letter.sender, "#recuse", "Action: failed\n\nStatus: 5.1.1\n")
        forged = [
            (f"conduct+bounce-{'a' * 26}@example.org", report_on(letter)),
            ("conduct+bounce-x@example.org", report_on(letter)),
            ("conduct+bounce-@example.org", report_on(letter)),
            (letter.sender, words.as_bytes()),
            (letter.sender, report_on(letter, fields="Action: delayed\nStatus: 5.1.1")),
            (letter.sender, report_on(letter, status="4.4.7")),
            (letter.sender, report_on(letter, fields="Action: failed")),
            (letter.sender, report_on(letter, fields="Status: 5.1.1")),
            (letter.sender, report_on(letter, fields="Action: delivered\nStatus: 2.0.0")),
        ]
        # Whatever a report quotes, it is about the letter whose address it came to: this one says that Sam's came back.
        quoting = (scene.last("forward", "sam").sender, report_on(letter))
        before = (await scene.case()).proceedings.outward
        with nothing_more(scene, *HANDLES, ROBIN, "ops@example.com"):
            await come_back(scene, letter, quoting[1], path=quoting[0])
            for path, report in forged:
                await come_back(scene, letter, report, path=path)
        await scene.jump(timedelta(weeks=6))
        told_by_time = scene.mark()
        await come_back(scene, letter)
        assert not any("came back" in mail.text for mail in scene.smarthost.delivered[told_by_time:])
        assert (await scene.case()).proceedings.outward == before
        assert (await scene.reasons())["to-bounce-address"] == len(forged) + 1


async def test_whoever_it_was_for_those_who_have_the_case_hear_of_it(tmp_path: Path) -> None:
    target = f"{{foundation: {{email: {FOUNDATION}, confidentiality_agreed: 2026-01-10}}}}"
    async with Scene(tmp_path, committee=committee_file(transfer_targets=target)) as scene:
        await scene.report("Kit Larsen shouted at me.")
        await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Larsen" #scope in')
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:no")
        await scene.answer(scene.last("forward", "sam"), tag="#recuse")
        forward = scene.last("forward", "amara")
        await scene.answer(forward, "Were you there?", tag="#ask @sam")
        await scene.answer(forward, f"To: {KIT}\n\nWho was there?", tag="#reported")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        for name in ("amara", "jun"):
            await scene.answer(scene.last("forward", name), "It is yours.", tag="#transfer foundation")
            await say_yes(scene, scene.last("confirm", name))
        for kind, whose, says in (
            ("outreach", KIT, "D1 did not reach Kit Larsen: it came back"),
            ("outreach", "sam@example.net", "Your question did not reach Sam Reyes: it came back"),
            ("transfer", FOUNDATION, "What you handed to foundation did not get there: it came back"),
            ("status", ROBIN, "A mail of mine did not reach the reporter: it came back"),
        ):
            with nothing_more(scene, whose, ROBIN, "sam"):
                await come_back(scene, scene.last(kind, whose))
            assert all(says in told(scene, handle) for handle in ("amara", "noor", "ivo")), whose


async def test_an_acknowledgement_that_comes_back_is_filed_and_nothing_else(tmp_path: Path) -> None:
    async with Scene(tmp_path, main="") as scene:
        scene.daemon.outbox.schedule = type(scene.daemon.outbox.schedule)(
            scene.daemon.outbox.schedule.retry, scene.daemon.outbox.schedule.give_up_after, null_sender=False
        )
        await scene.report()
        (ack,) = scene.all("ack")
        assert ack.sender.startswith("conduct+bounce-")
        since = scene.mark()
        await come_back(scene, ack)
        assert scene.mark() == since
        assert (await scene.reasons())["to-bounce-address"] == 1


@pytest.mark.parametrize("envelope", ["", "mailer-daemon@qmail.example"])
async def test_an_acknowledgement_that_came_back_to_the_alias_as_well_showed_a_member_who_was_kept_out(
    tmp_path: Path, envelope: str
) -> None:
    async with Scene(tmp_path) as scene:
        was = scene.daemon.outbox.schedule
        scene.daemon.outbox.schedule = type(was)(was.retry, was.give_up_after, null_sender=False)
        await scene.report(to="conduct+not-noor@example.org")
        (ack,) = scene.all("ack")
        mail = scene.write("MAILER-DAEMON@qmail.example", ack.sender, "failure notice", f"<{ROBIN}>: gone\n{ack.text}")
        since = scene.mark()
        await scene.send(mail, [ack.sender, "conduct@example.org"], sender=envelope)
        await scene.pass_time(timedelta(days=1))
        await scene.daemon.clock.list_asides()
        await scene.settle()
        assert (await scene.reasons())["to-bounce-address"] == 1
        assert not [each for each in scene.smarthost.delivered[since:] if each.recipient == "noor@example.net"]


async def test_mail_to_a_member_that_comes_back_again_and_again_is_told_to_the_chair_and_the_admins(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The lemonade was thrown at me.")
        name = (await scene.case()).code_name
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        letters = [scene.all(to="jun")[0], scene.all(to="jun")[1]]
        with nothing_more(scene, *HANDLES, ROBIN, "ops@example.com"):
            # Said again, it counts once all the same.
            for letter in (*letters, letters[0], letters[0]):
                await come_back(scene, letter)
        await scene.pass_time(timedelta(hours=25))
        await scene.answer(scene.all("receipt", "jun")[0], tag="#cases", threaded=False, subject="#cases")
        with nothing_more(scene, "jun", "noor", "ivo", "sam", ROBIN):
            await come_back(
                scene, scene.last("receipt", "jun"), report_on(scene.last("receipt", "jun"), status="5.2.1")
            )
        assert "Mail to Jun Sato (jun) comes back: 3 letters since" in told(scene, "amara")
        assert "the code 5.2.1" in told(scene, "amara")
        # It tells nothing of the case that they are out of, nor a word of what came back.
        for mail in (scene.last("notice", "amara"), scene.last("notice", "ops@example.com")):
            assert not holds(mail, ["lemonade", name, name.replace(" ", "-"), ROBIN, "canary-of-the-server"])
        assert "comes back" in told(scene, "ops@example.com") and "Jun" not in told(scene, "ops@example.com")


async def test_if_it_is_the_chair_the_others_hear_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await come_back(scene, scene.last("forward", "amara"))
        await scene.pass_time(timedelta(hours=25))
        for subject in ("#cases", "#help"):
            await scene.answer(scene.last("forward", "amara"), subject=subject, threaded=False)
            await come_back(scene, scene.last("receipt", "amara"))
        for who in ("jun", "noor", "ivo", "sam"):
            assert any("Mail to Amara Obi" in mail.text for mail in scene.all("notice", who)), who
        assert not any("comes back" in mail.text for mail in scene.all(to="amara"))


async def test_a_chair_who_was_kept_from_a_case_heard_how_many_letters_of_it_came_back(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Amara Obi shouted at me.")
        for number, who in enumerate(("noor", "sam", "ivo")):
            await scene.answer(scene.last("forward", who), f"My word is number {number}.")
        letters = scene.all(to="jun")
        for letter in letters[:2]:
            await come_back(scene, letter)
        await scene.pass_time(timedelta(hours=25))
        await come_back(scene, letters[2])
        assert not scene.all(to="amara")
        # Somebody who may know of those letters hears who it is, and that some came back.
        for who in ("noor", "ivo", "sam"):
            assert "Mail to Jun Sato (jun) comes back: 3 letters since" in told(scene, who)


async def test_a_mailbox_that_was_given_up_says_nothing_of_the_new_one(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        old = scene.last("forward", "jun")
        await scene.change_committee(committee_file().replace("jun@example.net", "jun@elsewhere.example"))
        await come_back(scene, old)
        assert (await scene.reasons())["to-bounce-address"] == 1


FROM_ALL = "came back from everybody who was to get it"


async def test_a_report_came_back_from_every_member_and_nobody_at_all_knew_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The lemonade was thrown at me.")
        name = (await scene.case()).code_name
        *first, last = (scene.last("forward", who) for who in HANDLES)
        with nothing_more(scene, *HANDLES, ROBIN, OPS):
            for letter in first:
                await come_back(scene, letter)
        # Sam may have it; now Sam has not.
        with nothing_more(scene, *HANDLES, ROBIN):
            await come_back(scene, last)
            await come_back(scene, last, report_on(last, number=2))
        assert heard(scene, FROM_ALL) == 1
        assert not holds(scene.last("notice", OPS), ["lemonade", name, name.replace(" ", "-"), ROBIN, "Amara", "Sam"])
        await look(scene, 3)
        assert heard_daily(scene, FROM_ALL, 3)
        # Amara's mailbox takes mail again. She does as the notice says.
        await write(scene, "amara@example.net", "#cases", "")
        await scene.answer(scene.last("receipt", "amara"), subject=f"Re: [{name}] #show")
        assert "lemonade" in scene.last("document", "amara").text
        told = heard(scene, FROM_ALL)
        await look(scene, 3)
        assert heard(scene, FROM_ALL) == told


async def test_a_report_for_one_member_alone_came_back_and_waited_for_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(to="conduct+sam@example.org")
        with nothing_more(scene, *HANDLES, ROBIN):
            await come_back(scene, scene.last("forward", "sam"))
        assert heard(scene, FROM_ALL) == 1


async def test_the_last_one_whose_mail_arrived_withdrew_and_nobody_was_left_who_had_read_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for who in ("amara", "jun", "noor", "ivo"):
            await come_back(scene, scene.last("forward", who))
        await look(scene)
        assert not heard(scene, FROM_ALL)
        await scene.answer(scene.last("forward", "sam"), tag="#recuse")
        await look(scene, 2)
        assert heard_daily(scene, FROM_ALL, 1)


async def test_what_a_reporter_added_came_back_from_everybody_though_the_report_had_not(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), "I have read it.")
        await scene.answer(scene.all("ack")[0], "It was Kit who did it.")
        for who in HANDLES:
            await come_back(scene, scene.last("forward", who))
        assert heard(scene, FROM_ALL) == 1
        # An answer to it, by whoever has it after all.
        await scene.answer(scene.last("forward", "jun"), "My mailbox was full, I read it on the other one.")
        await look(scene, 2)
        assert heard(scene, FROM_ALL) <= 2


async def test_a_report_came_back_from_the_body_that_it_was_handed_to_and_nobody_else_had_it(tmp_path: Path) -> None:
    target = f"{{foundation: {{email: {FOUNDATION}, confidentiality_agreed: 2026-01-10}}}}"
    async with Scene(tmp_path, committee=committee_file(transfer_targets=target)) as scene:
        await scene.report("Amara Obi, Jun Sato, Noor Haddad, Ivo Petrov and Sam Reyes shouted at me.")
        (letter,) = scene.all("transfer", FOUNDATION)
        with nothing_more(scene, *HANDLES, ROBIN):
            await come_back(scene, letter)
        assert heard(scene, FROM_ALL) == 1
        await look(scene, 2)
        assert heard_daily(scene, FROM_ALL, 2)
        await write(scene, FOUNDATION, "Re: it", "We have it.", to=str(letter.message["Reply-To"]))
        told = heard(scene, FROM_ALL)
        await look(scene, 2)
        assert heard(scene, FROM_ALL) == told


async def test_who_counts_ballots_reads_whose_mail_of_the_case_came_back(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await come_back(scene, scene.last("forward", "sam"))
        await ask(scene)
        for who in ("jun", "noor"):
            assert "Mail to Sam Reyes came back on" in told(scene, who, "vote")
        assert "came back" not in told(scene, "sam", "vote")


async def test_a_report_that_quotes_a_case_goes_with_it_and_so_does_what_is_remembered(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        letter = await written_to(scene)
        delayed = report_on(letter, fields="Action: delayed\nStatus: 4.4.1")
        await come_back(scene, letter, delayed)
        case_id = (await scene.case()).id
        filed = select(SPOOL.c.reason).where(SPOOL.c.case_id == case_id)
        assert "to-bounce-address" in await scene.store.read(lambda tx: tx.run(filed).scalars().all())
        assert await scene.erase((await scene.case()).code_name) == 0
        await scene.days(8)
        assert not await scene.cases()
        assert not await scene.store.read(lambda tx: tx.run(select(LOOKUPS).where(LOOKUPS.c.case_id == case_id)).all())
        with nothing_more(scene, *HANDLES, ROBIN):
            await come_back(scene, letter)


async def test_what_is_remembered_of_letters_is_forgotten_after_some_weeks(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        assert await scene.store.read(lambda tx: lookups.has(tx, "left"))
        await scene.stop()
        scene.offset += timedelta(weeks=6)
        await scene.start()
        old = select(LOOKUPS).where(LOOKUPS.c.kind == "left", LOOKUPS.c.created_at < scene.now() - timedelta(weeks=5))
        await scene.settle()
        assert not await scene.store.read(lambda tx: tx.run(old).all())
        assert await scene.store.read(spool.reasons)
