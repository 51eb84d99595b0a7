"""What a committee owes to others than the reporter, and to the case itself: who is reminded of it, and until when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from people import all_vote_yes, say_yes
from questions import MOTION, ask
from scene import HANDLES, Scene, committee_file

KIT, ROBIN = "kit@acme.example", "robin@visitors.example"
LETTER = f"To: {KIT}\n\nPlease be quieter at our meetups."
HOUR = timedelta(hours=1)


def reminders(scene: Scene, since: int, words: str) -> dict[str, int]:
    """Who was reminded with these words, and how often."""
    wanted = [mail for mail in scene.smarthost.delivered[since:] if mail.kind == "reminder"]
    told = [mail.recipient.removesuffix("@example.net") for mail in wanted if words in " ".join(mail.text.split())]
    return {who: told.count(who) for who in told}


async def hours(scene: Scene, number: int, step: int = 12) -> None:
    for _ in range(0, number, step):
        await scene.pass_time(step * HOUR)


async def decided(scene: Scene) -> None:
    await scene.report("Kit Larsen shouted at me near the stage.")
    await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Larsen" #scope in')
    await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:no")
    await ask(scene, text=MOTION)
    await all_vote_yes(scene, HANDLES)


async def tell_kit(scene: Scene, label: str) -> None:
    await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reported")
    await scene.answer(scene.last("draft", "jun"), tag=f"#send {label}")


async def resolve(scene: Scene, finding: str) -> None:
    await scene.answer(scene.last("forward", "amara"), tag=f'#resolve {finding} "Talked to somebody"')
    await say_yes(scene, scene.last("confirm", "amara"))


UNTOLD = "Your procedure has the reported person told of the report"


@pytest.mark.parametrize("rule", ["always", "required_unless_meritless", "as_needed"])
async def test_once_something_is_decided_the_reported_person_is_to_be_told_where_the_procedure_says_so(
    tmp_path: Path, rule: str
) -> None:
    async with Scene(tmp_path, committee=committee_file(override=f"{{outreach.notify_reported: {rule}}}")) as scene:
        await decided(scene)
        since = scene.mark()
        await hours(scene, 36)
        assert reminders(scene, since, UNTOLD) == ({} if rule == "as_needed" else {"amara": 1})
        await resolve(scene, "violation")
        assert ("nobody has written to: Kit Larsen" in scene.last("receipt", "amara").text) is (rule != "as_needed")
        await hours(scene, 24)
        everybody = {"amara": 2, **dict.fromkeys(set(HANDLES) - {"amara"}, 1)}
        assert reminders(scene, since, UNTOLD) == ({} if rule == "as_needed" else everybody)
        # Reminded twice, they have decided not to.
        since = scene.mark()
        await hours(scene, 30 * 24, 120)
        assert reminders(scene, since, UNTOLD) == {}


@pytest.mark.parametrize("why", ["told", "no violation"])
async def test_who_was_told_or_did_nothing_wrong_is_owed_nothing(tmp_path: Path, why: str) -> None:
    async with Scene(tmp_path, committee=committee_file(override="{outreach.notify_reported: always}")) as scene:
        await decided(scene)
        since = scene.mark()
        if why == "told":
            await tell_kit(scene, "D1")
        await resolve(scene, "violation" if why == "told" else "no-violation")
        assert "nobody has written to" not in scene.last("receipt", "amara").text
        await hours(scene, 60)
        assert reminders(scene, since, UNTOLD) == {}


async def test_who_was_told_of_the_report_is_told_how_it_ended(tmp_path: Path) -> None:
    text = committee_file(override="{outreach.outcome_if_notified: true}")
    async with Scene(tmp_path, committee=text) as scene:
        await scene.report("Kit Larsen shouted at me near the stage.")
        await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Larsen" #scope in')
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:no")
        await tell_kit(scene, "D1")
        await scene.pass_time(HOUR)
        await ask(scene)
        await all_vote_yes(scene, HANDLES)
        await resolve(scene, "violation")
        since = scene.mark()
        await hours(scene, 36)
        told = "The reported person was told of the report, and not yet how it ended"
        assert reminders(scene, since, told) == {"amara": 1}
        await tell_kit(scene, "D2")
        since = scene.mark()
        await hours(scene, 36)
        assert reminders(scene, since, told) == {}


async def test_while_somebody_is_looked_for_the_reporter_is_owed_a_word_each_day(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(override="{deadlines.event_search_update: 1d}")) as scene:
        await scene.report("Somebody in a red hat shouts at people at the summit right now.")
        looked = "the reporter hears from you each day"
        since = scene.mark()
        await hours(scene, 24)
        assert reminders(scene, since, looked) == {}
        await scene.answer(scene.last("forward", "amara"), tag="#own #urgent")
        for _ in range(3):
            since = scene.mark()
            await scene.answer(scene.last("forward", "amara"), f"We still look for them. {since}", tag="#reporter")
            number = len((await scene.case()).proceedings.drafts)
            await scene.answer(scene.last("draft", "jun"), tag=f"#send D{number}")
            await hours(scene, 20, 10)
            assert reminders(scene, since, looked) == {"amara": 1}
        # Nobody writes: they are told again each day, not each week.
        since = scene.mark()
        await hours(scene, 72, 24)
        assert reminders(scene, since, looked)["noor"] == 3
        await scene.answer(scene.last("forward", "amara"), tag="#status paused")
        since = scene.mark()
        await hours(scene, 48, 24)
        assert reminders(scene, since, looked) == {}


@pytest.mark.parametrize("secondary", [0, 1])
async def test_who_took_the_report_is_reminded_until_there_are_owners(tmp_path: Path, secondary: int) -> None:
    text = committee_file(
        triage="{size: 1, order: [noor]}",
        override=f"{{owners.secondary: {secondary}, deadlines.ack_by_robot_counts: true}}",
    )
    async with Scene(tmp_path, committee=text) as scene:
        await scene.report()
        since = scene.mark()
        await hours(scene, 60)
        assert reminders(scene, since, "This case has no owner.") == {"noor": 1}
        await scene.answer(scene.last("forward", "jun"), tag="#own")
        since = scene.mark()
        await hours(scene, 8 * 24, 24)
        wants = reminders(scene, since, "Your procedure wants a second owner")
        assert wants == ({"jun": 1} if secondary else {}) and not reminders(scene, since, "This case has no owner.")
        await scene.answer(scene.last("forward", "sam"), tag="#own secondary")
        since = scene.mark()
        await hours(scene, 8 * 24, 24)
        assert not reminders(scene, since, "owner")
