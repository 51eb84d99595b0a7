"""What a committee promised the reporter by when: who is reminded, who hears that it is late, and when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cocmail.core.clocks import LOOK
from cocmail.store import timers
from cocmail.store.tables import TIMERS
from questions import ask, vote
from scene import HANDLES, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
KUBERNETES = committee_file(
    policy="kubernetes",
    more_members="- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}",
)


async def write_to_the_reporter(scene: Scene, text: str = "Thank you. We are looking at it.") -> None:
    await scene.answer(scene.last("forward", "amara"), text, tag="#reporter")
    label = str(len((await scene.case()).proceedings.drafts))
    await scene.answer(scene.last("draft", "jun"), tag=f"#send D{label}")


def reminders(scene: Scene, since: int, who: str = "jun") -> list[str]:
    wanted = [mail for mail in scene.smarthost.delivered[since:] if mail.kind == "reminder"]
    return [mail.text for mail in wanted if mail.recipient == f"{who}@example.net"]


async def test_who_takes_care_is_reminded_first_then_everybody_then_that_it_is_late(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#own")
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(hours=11))
        since = scene.mark()
        await scene.pass_time(timedelta(hours=2))
        assert scene.recipients("reminder", since) == {"jun"}
        assert "It is promised by" in scene.last("reminder", "jun").text
        since = scene.mark()
        await scene.pass_time(timedelta(hours=7))
        assert scene.recipients("reminder", since) == set(HANDLES)
        since = scene.mark()
        await scene.pass_time(timedelta(hours=5))
        assert scene.recipients("reminder", since) == set(HANDLES)
        assert "That was promised by" in scene.last("reminder", "noor").text


async def test_a_letter_by_a_person_ends_it_and_the_acknowledgement_does_not(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        assert scene.all("ack", ROBIN)
        await write_to_the_reporter(scene)
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(hours=25))


async def test_where_the_acknowledgement_counts_nobody_is_reminded_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(override="{deadlines.ack_by_robot_counts: true}")) as scene:
        await scene.report()
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(hours=25))


async def test_after_a_week_without_a_word_the_reporter_is_owed_one_again_and_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for _ in range(2):
            await write_to_the_reporter(scene, f"We are at it. {scene.mark()}")
            since = scene.mark()
            await scene.pass_time(timedelta(days=4, hours=20))
            assert not [text for text in reminders(scene, since) if "has heard nothing" in text]
            await scene.pass_time(timedelta(hours=6))
            (told,) = (text for text in reminders(scene, since, "amara") if "has heard nothing for a while" in text)
            assert "&body=We%20are%20still%20working" in told
            await scene.pass_time(timedelta(days=2))
            assert any("A word was due by" in text for text in reminders(scene, since, "sam"))


@pytest.mark.parametrize("why", ["no address", "optout", "no report", "handed over"])
async def test_where_nobody_can_or_wants_to_be_answered_no_clock_runs(tmp_path: Path, why: str) -> None:
    target = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
    cncf = committee_file(policy="cncf", transfer_targets=target)
    async with Scene(tmp_path, committee=cncf if why == "handed over" else committee_file()) as scene:
        everybody = ", ".join(("Amara Obi", "Jun Sato", "Noor Haddad", "Ivo Petrov", "Sam Reyes"))
        text = f"{everybody}: all of them." if why == "handed over" else "Somebody shouted at me."
        sender = "robot@conduct.example" if why == "no address" else "Robin Vale <robin@visitors.example>"
        headers = {"Reply-To": "nobody", "From": "a@x.example, b@x.example"} if why == "no address" else {}
        message = scene.write(sender, "conduct@example.org", "Last night", text, proven=True)
        if headers:
            message.replace_header("From", headers["From"])
        await scene.send(message)
        if why in ("optout", "no address"):
            await scene.answer(scene.last("forward", "amara"), tag="#own")
        if why == "optout":
            await scene.answer(scene.last("forward", "amara"), tag="#optout")
        if why == "no report":
            await scene.answer(scene.last("forward", "amara"), tag="#notreport question")
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=9))


async def test_while_a_case_rests_nothing_but_the_first_answer_is_asked_for(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#status paused")
        since = scene.mark()
        for _ in range(10):
            await scene.pass_time(timedelta(days=1))
        told = reminders(scene, since)
        assert told and all("promised by" in text and "heard" not in text and "outcome" not in text for text in told)
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), tag="#status ongoing")
        await scene.pass_time(timedelta(minutes=1))
        assert any("was to hear the outcome by" in text for text in reminders(scene, since))


async def test_business_days_end_after_the_weekend(tmp_path: Path) -> None:
    async with Scene(
        tmp_path, committee=KUBERNETES.replace("policy: kubernetes", "policy: kubernetes\ncalendar: DE")
    ) as scene:
        # The Thursday before the first Sunday in Advent 2026.
        scene.offset += datetime(2026, 11, 26, 12, tzinfo=scene.now().tzinfo) - scene.now()
        await scene.report()
        since = scene.mark()
        await scene.pass_time(timedelta(days=4, hours=23))
        assert not [text for text in reminders(scene, since) if "That was promised" in text]
        await scene.pass_time(timedelta(hours=2))
        assert any("That was promised by 2026-12-01 12:0" in text for text in reminders(scene, since))


async def test_after_ten_days_of_silence_each_is_told_once_what_is_late(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.stop()
        scene.offset += timedelta(days=10)
        since = scene.mark()
        await scene.start()
        await scene.settle()
        for handle in HANDLES:
            (told,) = reminders(scene, since, handle)
            assert "That was promised by" in told and "was to hear the outcome by" in told and "A word was due" in told


async def test_a_clock_that_jumps_ahead_and_back_reminds_nobody_twice(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.pass_time(timedelta(days=40))
        (told,) = reminders(scene, 0)
        assert "That was promised by" in told
        scene.offset = timedelta(hours=25)
        with nothing_more(scene, *HANDLES):
            await scene.settle()
            await scene.pass_time(timedelta(hours=1))


async def test_a_case_that_was_over_months_ago_reminds_nobody_when_clocks_come_to_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await ask(scene)
        for handle in HANDLES:
            await vote(scene, handle, "yes")
        await scene.answer(scene.last("tally", "amara"), tag='#resolve no-action "Nothing to do"')
        address, _ = scene.last("confirm", "amara").link("confirm-")
        await scene.send(scene.write("amara@example.net", address, "Yes", "", proven=True), address)
        assert (await scene.case()).proceedings.resolution
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=120))


async def test_a_case_that_rested_for_half_a_year_is_told_what_is_owed_when_it_goes_on(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await write_to_the_reporter(scene)
        await scene.answer(scene.last("forward", "amara"), tag="#status paused")
        await scene.pass_time(timedelta(days=180))
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), tag="#status ongoing")
        await scene.pass_time(timedelta(minutes=1))
        (told,) = reminders(scene, since)
        assert "has heard nothing for a while" in told and "was to hear the outcome" in told


async def test_who_was_told_for_two_months_is_not_told_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for _ in range(12):
            await scene.pass_time(timedelta(days=7))
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=70))


async def test_a_chair_who_is_not_asked_yet_hears_that_it_is_late_and_one_who_is_kept_out_does_not(
    tmp_path: Path,
) -> None:
    ruth = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
    watching = committee_file(
        policy="numfocus",
        triage="{size: 2, order: [amara, jun]}",
        more_members=ruth,
        chair="sam",
        override="{deadlines.ack_by_robot_counts: false}",
    )
    async with Scene(tmp_path, committee=watching) as scene:
        await scene.report("SECRET words.")
        await scene.report("SECRET: Sam Reyes shouted.", sender="Kim <kim@visitors.example>")
        first, second = [(await scene.case(number)).code_name for number in (0, 1)]
        await scene.pass_time(timedelta(hours=25))
        told = [mail for mail in scene.all("reminder", "sam") if "You are told as the chair" in mail.text]
        assert len(told) == 1 and first in told[0].text
        assert not any(second in mail.text or "SECRET" in mail.text for mail in scene.all(to="sam"))


async def test_a_changed_promise_counts_from_the_reload_on(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(committee_file(override="{deadlines.ack: 2h}"))
        since = scene.mark()
        await scene.pass_time(timedelta(hours=3))
        assert any("That was promised by" in text for text in reminders(scene, since))


async def test_one_timer_is_set_for_one_moment_however_much_is_written(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for number in range(4):
            await scene.answer(scene.last("forward", "amara"), f"Talk {number}.")
        looks = select(func.count()).select_from(TIMERS).where(TIMERS.c.kind == LOOK)
        assert await scene.store.read(lambda tx: tx.run(looks).scalar_one()) == 1
        assert await scene.store.read(timers.count) == 1
