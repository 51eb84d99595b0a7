"""The daemon is down for ten days, or the machine's clock is years ahead or behind: what fires, once, in which order.

Four reports, so that everything that waits for a time does: `watched` is with its watcher, `asked` waits for answers to
the conflict question, `open` has a vote, something to be done and a meeting, `quiet` is owed a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cocmail.core.model import Wanted
from cocmail.core.trust import Proof
from property.committees import House
from property.procedures import address_of, seats_at_first
from property.quick import QuickStore
from year.days import DAY, HOUR

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OVERRIDE = {"deadlines.ack_by_robot_counts": False, "deadlines.ack": 30 * HOUR}
MOTION = "Finding: it was so.\nPlan: a talk.\nConsequence: none.\nIf refused: a month without us."
TIMED = ("deadline", "late", "check", "check_reminder", "checked", "watch_reminder", "tally", "renewal", "no_answer")
ALL = ("amara", "ivo", "jun", "noor")
YEAR = 365 * DAY


class Scenes:
    """The committee, driven by hand. Letters are told as `template case: recipients (what is over)`."""

    def __init__(self, store: QuickStore) -> None:
        self.house = House("chaoss", store, Counter(), whole=False, now=START, chair="noor")
        self.house.edit(seats_at_first(), OVERRIDE)
        self.names: dict[str, str] = {}

    def report(self, name: str) -> None:
        self.house.fresh.clear()
        sender = f"{name}@visitors.example"
        self.house.accept(sender, "About it", f"What {name} wrote.", Wanted(alias=True), Proof())
        self.house.work_off()
        found = next(each.letter.case_id for each in self.house.fresh if each.letter.kind == "forward")
        self.names[found] = name

    def says(self, name: str, handle: str, tag: str, text: str = "") -> None:
        case_id = next(found for found, named in self.names.items() if named == name)
        code_name, token = self.house.address(case_id, f"member:{handle}")
        proof = Proof(address_of(handle), "dmarc")
        self.house.accept(address_of(handle), f"[{code_name}] #{tag}", text, Wanted(token=token), proof)
        self.house.work_off()

    def answer(self, name: str, handle: str, tag: str, text: str = "") -> str:
        """What the receipt says came of it."""
        self.house.fresh.clear()
        self.says(name, handle, tag, text)
        (receipt,) = (dict(each.letter.words) for each in self.house.fresh if each.letter.kind == "receipt")
        return " ".join(str(line["outcome"]) for line in receipt["lines"])  # type: ignore[attr-defined]

    def open(self, name: str) -> None:
        self.says(name, "amara", f'party reported "Kit {name.title()}"')
        self.says(name, "amara", "check")
        for handle in ("jun", "noor", "ivo"):
            self.says(name, handle, "clear")

    def prepare(self) -> None:
        for name in ("watched", "asked", "open", "quiet"):
            self.report(name)
            self.house.now += HOUR
        self.open("open")
        self.open("quiet")
        self.says("quiet", "jun", "reporter", "Thank you; we look at it.")
        self.says("quiet", "ivo", "send D1")
        self.says("open", "jun", "motion outcome", MOTION)
        for handle in ("amara", "jun", "ivo"):
            self.says("open", handle, "vote yes")
        self.says("open", "amara", f'obligation "A talk" due:{date(2026, 3, 6)}')
        self.says("open", "amara", f"meet {date(2026, 3, 7)}")
        self.house.now += HOUR
        self.says("asked", "amara", 'party reported "Kit Asked"')
        self.says("asked", "amara", "check")
        self.says("asked", "jun", "clear")
        self.house.now += HOUR
        assert not self.pass_time(timedelta())

    def pass_time(self, span: timedelta) -> list[str]:
        """What fires at a look after so long, in the order in which it left; the daemon starts anew for it."""
        self.house.now += span
        self.house.fresh.clear()
        self.house.restart()
        while self.house.look_at_one_timer():
            self.house.send()
        self.house.look_at_the_members_service()
        self.house.send()
        return self._told()

    def _told(self) -> list[str]:
        told: dict[tuple[str, str], list[str]] = {}
        for each in self.house.fresh:
            letter = each.letter
            if letter.template in TIMED:
                over = " ".join(
                    f"{line['what']}{'!' * line['over']}"
                    for line in dict(letter.words).get("lines", ())  # type: ignore[attr-defined]
                )
                key = (f"{letter.template} {self.names.get(letter.case_id, '')}".strip(), over)
                told.setdefault(key, []).append(letter.to.handle)
        for people in told.values():
            assert len(people) == len(set(people)), "somebody was told twice at once"
        return [f"{what}: {' '.join(sorted(to))}" + f" ({over})" * bool(over) for (what, over), to in told.items()]


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Scenes]:
    store = QuickStore.in_folder(tmp_path)
    made = Scenes(store)
    made.prepare()
    yield made
    store.close()


LATE = [
    "watch_reminder watched: amara",
    "deadline watched: amara jun (ack! status! follow-up!)",
    "deadline asked: amara jun (ack! status! follow-up!)",
    # That nobody takes care of it is for whoever took the report.
    "deadline open: amara (ack! status! follow-up! obligation! owner!)",
    "deadline open: ivo jun noor (ack! status! follow-up! obligation!)",
    "deadline quiet: amara (status! follow-up! owner!)",
    "deadline quiet: ivo jun noor (status! follow-up!)",
    "checked asked: amara jun",
    "tally open: amara ivo jun noor",
]


def test_after_ten_days_of_standstill_each_thing_fires_once_in_the_order_in_which_it_was_due(scenes: Scenes) -> None:
    assert scenes.pass_time(10 * DAY) == LATE
    assert scenes.pass_time(timedelta(seconds=30)) == []
    assert scenes.pass_time(HOUR) == []
    # What was missed is not made up for: the watch goes on from now, reminders at their next time.
    assert scenes.pass_time(DAY) == ["watch_reminder watched: amara jun", "deadline open: amara (reported)"]
    assert scenes.pass_time(2 * DAY) == [
        "deadline open: amara ivo jun noor (obligation!)",
        "deadline asked: amara (owner!)",
        "watch_reminder watched: amara jun noor",
    ]


def test_48_a_clock_that_is_three_years_ahead_and_then_right_again_tells_all_once_and_nothing_twice(
    scenes: Scenes,
) -> None:
    everybody = "renewal: amara ivo jun lee noor ruth"
    assert scenes.pass_time(3 * YEAR) == [*LATE, everybody]
    assert scenes.pass_time(timedelta(seconds=30)) == []
    # What was told stays told: nobody hears of it a second time when the clock is put right.
    assert scenes.pass_time(-3 * YEAR) == []
    # But a report that one or two people know of is looked at from now on, and not in three years.
    for span in (HOUR, 30 * HOUR, 10 * DAY):
        assert [each.partition(":")[0] for each in scenes.pass_time(span)] == ["watch_reminder watched"]


def test_a_ballot_after_a_vote_was_closed_by_a_wrong_clock_is_refused_and_the_question_can_be_put_again(
    scenes: Scenes,
) -> None:
    scenes.pass_time(3 * YEAR)
    scenes.pass_time(-3 * YEAR)
    assert "closed" in scenes.answer("open", "noor", "vote Q1 yes")
    assert "motion" in scenes.answer("open", "noor", "motion outcome", MOTION)


def test_a_clock_that_is_two_years_behind_fires_nothing_and_when_it_is_right_again_all_comes_at_its_time(
    scenes: Scenes,
) -> None:
    assert scenes.pass_time(-2 * YEAR) == []
    # But a report that one person knows of: whether the clock was right before nobody can tell.
    assert scenes.pass_time(HOUR) == ["watch_reminder watched: amara"]
    assert scenes.pass_time(2 * YEAR) == ["watch_reminder watched: amara jun"]
    assert scenes.pass_time(20 * HOUR) == [
        "deadline watched: amara jun noor (ack)",
        "deadline asked: amara jun (ack)",
        "deadline open: amara ivo jun noor (ack)",
        "check_reminder asked: ivo noor",
    ]
    assert scenes.pass_time(30 * HOUR) == [
        "checked asked: amara jun",
        "deadline watched: amara jun noor (ack!)",
        "deadline asked: amara jun (ack!)",
        "watch_reminder watched: amara jun noor",
        "deadline open: amara (ack! owner!)",
        "deadline open: ivo jun noor (ack!)",
        "deadline quiet: amara (owner!)",
    ]
    assert scenes.pass_time(2 * DAY) == [
        "tally open: amara ivo jun noor",
        "watch_reminder watched: amara ivo jun noor",
        "deadline watched: amara ivo jun noor (follow-up)",
        "deadline asked: amara (follow-up owner!)",
        "deadline open: amara (follow-up obligation meeting!)",
        "deadline open: ivo jun noor (meeting!)",
        "deadline quiet: amara (follow-up)",
    ]
