"""What has to follow: obligations with a day, and when the members meet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from scene import HANDLES, Scene, nothing_more


def in_days(scene: Scene, days: int) -> str:
    return str((scene.now() + timedelta(days=days)).date())


async def test_what_was_to_be_done_by_a_day_is_asked_about_when_it_is_over(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own #optout")
        due = in_days(scene, 10)
        await scene.answer(scene.last("forward", "jun"), tag=f'#obligation "Apologise to the organisers" due:{due}')
        assert f"number 1, to be done by the end of {due}" in scene.last("receipt", "jun").text
        assert "Apologise to the organisers" in scene.last("notice", "sam").text
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=7))
        since = scene.mark()
        await scene.pass_time(timedelta(days=2, hours=1))
        assert scene.recipients("reminder", since) == {"amara"}
        since = scene.mark()
        await scene.pass_time(timedelta(days=2))
        assert scene.recipients("reminder", since) == set(HANDLES)
        told = scene.last("reminder", "noor").text
        assert f"Was to be done by the end of {due}, number 1: Apologise to the organisers" in told
        assert "%23reopen" in told and "%23reporter" not in told
        await scene.answer(scene.last("reminder", "noor"), tag="#done 1")
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=8))
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "Apologise to the organisers (noted by Jun Sato; done," in " ".join(
            scene.last("document", "sam").text.split()
        )


async def test_everybody_is_reminded_of_a_meeting_the_day_before_and_of_the_last_one_alone(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own #optout")
        first, second = in_days(scene, 3), in_days(scene, 6)
        await scene.answer(scene.last("forward", "jun"), tag=f"#meet {first}")
        await scene.answer(scene.last("forward", "jun"), tag=f"#meet {second}")
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=4))
        since = scene.mark()
        # By and by: in one step, an hour before midnight, the day before would be over.
        for _ in range(5):
            await scene.pass_time(timedelta(hours=5))
        assert scene.recipients("reminder", since) == set(HANDLES)
        assert f"You meet about this case tomorrow, {second}." in scene.last("reminder", "ivo").text
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(timedelta(days=20))


async def test_a_day_that_is_over_and_a_number_that_there_is_none_of_are_refused_with_what_there_is(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        gone, due = in_days(scene, -1), in_days(scene, 2)
        await scene.answer(scene.last("forward", "jun"), tag=f"#meet {gone}")
        assert f"{gone} is over" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("forward", "jun"), tag='#obligation "Stay away" due:9999-12-31')
        assert "more than 50 years away" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("forward", "jun"), tag=f'#obligation "Stay away" due:{due}')
        await scene.answer(scene.last("forward", "jun"), tag="#done 7")
        assert "there is no number 7; still to be done: 1." in " ".join(scene.last("receipt", "jun").text.split())
