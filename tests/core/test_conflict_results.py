"""What the others' vote on a conflict does to whom it is about, for everything that can be asked and every result.

Silence never gives access: only a majority that says no puts somebody back who stated a conflict, and only a majority
(or all, where they were forced out) that says yes does anything else. Expectations are written down by hand.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta

import pytest

from cocmail.core import acts, places
from cocmail.core.events import (
    AccessLimited,
    ConflictStated,
    Event,
    MemberAdmitted,
    MemberPaused,
    MemberRecused,
    MemberWithheld,
)
from cocmail.core.model import Knob
from core.desk import ADDRESS, AT, CASE, NAMES, NOW, PRESETS, Desk, committee, lines, opened, reply_address

VOTERS = ("amara", "jun", "sam", "lee")
END = (NOW + timedelta(hours=72)).isoformat()
NOOR, IVO = "noor", "ivo"
READ = MemberAdmitted(NOOR, ADDRESS[NOOR], name=NAMES[NOOR])
# What was before the question, by what it asks: whom it is about, and how they stand.
BEFORE: dict[str, tuple[str, tuple[Event, ...]]] = {
    "confirm-hard": (NOOR, (READ, reply_address(NOOR), MemberRecused(NOOR, "hard"))),
    "confirm-soft": (NOOR, (READ, reply_address(NOOR), MemberRecused(NOOR, "soft"))),
    "restore": (NOOR, (READ, reply_address(NOOR), MemberRecused(NOOR))),
    "force": (NOOR, (READ, reply_address(NOOR), MemberPaused(NOOR, END))),
    "lift": (IVO, (MemberWithheld(IVO, "screened", name="Ivo Petrov"),)),
    **dict.fromkeys(
        ("limit-none", "limit-summary", "limit-discuss"),
        (NOOR, (READ, reply_address(NOOR), MemberRecused(NOOR, "soft"))),
    ),
}
ASKS = tuple(BEFORE)
# Ballots of the four others: what comes of them under a rule that wants more than half of all, silence counted.
BALLOTS: dict[str, Mapping[str, str]] = {
    "passed": dict.fromkeys(VOTERS, "yes"),
    "no-majority": {"amara": "yes", "jun": "no", "sam": "no", "lee": "no"},
    "silence": {},
    "one yes": {"amara": "yes"},
    "one no": {"amara": "no"},
    "tie": {"amara": "yes", "jun": "yes", "sam": "no", "lee": "no"},
    "abstained": {"amara": "yes", "jun": "no", "sam": "abstain", "lee": "abstain"},
    "half say no": {"amara": "no", "jun": "no"},
    "cancelled": dict.fromkeys(VOTERS, "yes"),
}
UNSETTLED = tuple(result for result in BALLOTS if result not in ("passed", "no-majority"))
# How the member stands after it.
AFTER = {
    "confirm-hard": {"passed": "recused", "no-majority": "cleared", "else": "recused"},
    "confirm-soft": {"passed": "recused", "no-majority": "cleared", "else": "recused"},
    "restore": {"passed": "cleared", "no-majority": "recused", "else": "recused"},
    "force": {"passed": "recused", "no-majority": "cleared", "else": "cleared"},
    "lift": {"passed": "asked", "no-majority": "withheld", "else": "withheld"},
    "limit-none": {"passed": "recused", "no-majority": "recused", "else": "recused"},
    "limit-summary": {"passed": "limited summary", "no-majority": "recused", "else": "recused"},
    "limit-discuss": {"passed": "limited discuss", "no-majority": "recused", "else": "recused"},
}


def question(asks: str, about: str, mover: str = "amara") -> acts.QuestionOpened:
    rule = "unanimous" if asks == "force" else "majority"
    return acts.QuestionOpened(1, "conflict", mover, AT, END, rule, "others", "none", 0, about=about, asks=asks)


def desk(asks: str, policy: str = "cncf", knobs: Mapping[str, Knob] | None = None, *more: Event) -> Desk:
    """A case of the four, with one message since the member has been out, and the question open."""
    about, before = BEFORE[asks]
    mover = about if asks.startswith("confirm") or asks == "restore" else "amara"
    here = Desk.at(committee(policy, knobs=knobs), *opened(*VOTERS), *before, *more, question(asks, about, mover))
    here.says("jun", "I was in the next room.")
    return here


def vote(here: Desk, result: str) -> None:
    """Ballots as they come in; the end by the clock, if not all have voted, or because the mover takes it back."""
    ballots = BALLOTS[result]
    if result == "cancelled":
        here.adds(*(acts.BallotCast(1, handle, ballots[handle], AT) for handle in VOTERS[:3]))
        here.cancels(1)
        return
    for handle, ballot in ballots.items():
        here.does(handle, f"#vote q1 {ballot}")
    if here.case.proceedings.open_motions:
        here.now += timedelta(hours=72)
        here.ends("question-end", "1")


@pytest.mark.parametrize(("asks", "result"), list(itertools.product(ASKS, BALLOTS)))
def test_what_every_result_does(asks: str, result: str) -> None:
    for policy in PRESETS:
        here = desk(asks, policy)
        about, _ = BEFORE[asks]
        vote(here, result)
        motion = here.case.proceedings.motions[0]
        expected = "passed" if result == "passed" else "cancelled" if result == "cancelled" else "failed"
        assert motion.result == expected
        assert here.standing(about) == AFTER[asks].get(result, AFTER[asks]["else"]), policy


@pytest.mark.parametrize(("asks", "result"), list(itertools.product(ASKS, UNSETTLED)))
def test_silence_never_gives_access(asks: str, result: str) -> None:
    here = desk(asks)
    about, _ = BEFORE[asks]
    before, heard = here.standing(about), here.entries_for(about)
    vote(here, result)
    assert here.standing(about) == before
    assert here.entries_for(about) == heard


@pytest.mark.parametrize("asks", ASKS)
def test_whom_it_is_about_is_not_asked_and_not_told_the_count(asks: str) -> None:
    for result in BALLOTS:
        here = desk(asks)
        about, _ = BEFORE[asks]
        vote(here, result)
        assert not here.got(about, "vote") and not here.got(about, "tally"), result


@pytest.mark.parametrize("asks", ASKS)
def test_the_others_are_told_the_count_once(asks: str) -> None:
    for result in BALLOTS:
        here = desk(asks)
        vote(here, result)
        assert [len(here.got(handle, "tally")) for handle in VOTERS] == [1, 1, 1, 1], result


# Who comes back gets what was missed


@pytest.mark.parametrize(("asks", "result"), [("confirm-hard", "no-majority"), ("restore", "passed")])
def test_who_is_back_gets_all_of_it_since_what_was_on_its_way_had_been_stopped(asks: str, result: str) -> None:
    here = desk(asks)
    here.says("reporter", "One more thing.")
    assert here.entries_for(NOOR) == []
    vote(here, result)
    everything = [entry.id for entry in here.case.entries]
    assert here.entries_for(NOOR) == everything and len(everything) == 3
    here.says("sam", "Welcome back.")
    assert here.entries_for(NOOR) == [entry.id for entry in here.case.entries]


def test_who_was_asked_back_in_gets_everything_once_they_say_that_they_have_no_conflict() -> None:
    here = desk("lift")
    vote(here, "passed")
    assert [letter.kind for letter in here.got(IVO)] == ["check"]
    assert here.entries_for(IVO) == []
    here.does(IVO, "#clear")
    assert here.standing(IVO) == "cleared"
    assert here.entries_for(IVO) == [entry.id for entry in here.case.entries]


def test_who_was_asked_back_in_and_says_nothing_stays_out() -> None:
    here = desk("lift")
    vote(here, "passed")
    here.says("jun", "Let us wait.")
    here.now += timedelta(days=30)
    for timer in ("check-reminder", "check-end"):
        here.ends(timer, (NOW + timedelta(days=2)).isoformat())
    assert here.standing(IVO) == "asked" and here.entries_for(IVO) == []


def test_who_is_let_into_the_talk_gets_report_and_talk_and_who_reads_notes_the_notes() -> None:
    heard = desk("limit-discuss")
    vote(heard, "passed")
    assert heard.entries_for(NOOR) == [entry.id for entry in heard.case.entries]
    heard.says("sam", "What now?")
    assert len(heard.entries_for(NOOR)) == 3
    reads = desk("limit-summary")
    vote(reads, "passed")
    assert reads.entries_for(NOOR) == []
    before = len(reads.got(NOOR))
    reads.says("sam", "What now?")
    assert len(reads.got(NOOR)) == before
    reads.does("sam", "#note", "We met.")
    assert [letter.template for letter in reads.got(NOOR)[before:]] == ["changed"]
    assert reads.entries_for(NOOR) == []


def test_what_waited_for_somebody_challenged_goes_out_and_what_was_queued_is_stopped() -> None:
    kept = desk("force")
    vote(kept, "no-majority")
    assert kept.entries_for(NOOR) == [kept.case.entries[1].id]
    out = desk("force")
    vote(out, "passed")
    assert out.entries_for(NOOR) == []
    assert [letter.template for letter in out.got(NOOR)] == ["forced_out"]


def test_a_mail_by_which_the_last_open_voice_fell_away_was_queued_for_who_was_put_out_with_it() -> None:
    here = desk("force")
    for handle in ("amara", "jun", "sam"):
        here.does(handle, "#vote q1 yes")
    plan = here.plan()
    places.forward_entry(plan, CASE, here.case.entries[0].id)
    places.withhold(plan, CASE, "lee", "screened")
    assert any(letter.to.handle == NOOR for letter in plan.letters)
    decision = here.passes(plan)
    assert here.standing(NOOR) == "recused"
    assert [each.template for each in decision.letters if each.to.handle == NOOR] == ["forced_out"]


# Soft conflicts


@pytest.mark.parametrize("left", ["none", "summary", "discuss"])
def test_a_soft_conflict_leaves_what_the_procedure_says(left: str) -> None:
    expected = "recused" if left == "none" else f"limited {left}"
    for asks, result in itertools.product(("confirm-soft", "confirm-hard"), BALLOTS):
        here = desk(asks, knobs={"conflict.soft_default": left})
        vote(here, result)
        if (asks, result) == ("confirm-soft", "passed"):
            assert here.standing(NOOR) == expected
        else:
            assert here.standing(NOOR) == AFTER[asks].get(result, AFTER[asks]["else"]), (asks, result)


@pytest.mark.parametrize("had", ["summary", "discuss"])
@pytest.mark.parametrize("asks", ["none", "summary", "discuss"])
def test_what_the_others_left_is_changed_by_them_alone(had: str, asks: str) -> None:
    for result in BALLOTS:
        limited = AccessLimited(NOOR, had, ADDRESS[NOOR], NAMES[NOOR])
        here = desk(f"limit-{asks}", "cncf", None, limited)
        vote(here, result)
        now = asks if result == "passed" else had
        assert here.standing(NOOR) == ("recused" if now == "none" else f"limited {now}"), result


def test_two_soft_conflicts_are_a_hard_one_which_no_limit_can_be_set_for() -> None:
    here = Desk.at(committee("cncf"), *opened(*VOTERS, NOOR))
    here.does(NOOR, "#recuse soft", "We were at school together.")
    assert here.case.members[NOOR].conflict == "soft"
    here.does(NOOR, "#recuse soft", "And we work together.")
    assert here.case.members[NOOR].conflict == "hard"
    assert [motion.asks for motion in here.case.proceedings.open_motions] == ["confirm-hard"]
    assert [motion.result for motion in here.case.proceedings.motions] == ["cancelled", ""]
    here.does("amara", f"#limit @{NOOR} discuss", runs=False)
    assert not here.got(NOOR, "forward")


def test_who_withdraws_without_kind_or_area_is_out_and_asked_for_both_until_they_stand_there() -> None:
    here = Desk.at(committee("cncf"), *opened(*VOTERS, NOOR))
    for tags, text in (("#recuse", ""), ("#recuse", ""), ("#recuse hard", ""), ("#recuse", "We are married.")):
        [line] = lines(here.does(NOOR, tags, text))
        assert line["wanted"] is True
        assert here.standing(NOOR) == "recused" and not here.case.statements and not here.case.proceedings.motions
    [line] = lines(here.does(NOOR, "#recuse hard", "We are married."))
    assert line["question"] == "Q1" and [each.area for each in here.case.statements] == ["We are married."]


# What comes in between


@pytest.mark.parametrize("asks", ["confirm-hard", "confirm-soft", "restore", "limit-summary", "limit-discuss"])
def test_a_reason_that_came_up_in_between_stands(asks: str) -> None:
    """The report's sender wants Noor kept out: what the others vote on meanwhile does not bring her back."""
    result = "no-majority" if asks.startswith("confirm") else "passed"
    here = desk(asks)
    here.adds(MemberWithheld(NOOR, "excluded"))
    vote(here, result)
    assert here.standing(NOOR) == "withheld"
    assert here.entries_for(NOOR) == []


def test_who_withdrew_again_in_the_middle_of_being_challenged_is_out() -> None:
    for result in BALLOTS:
        here = desk("force")
        here.does(NOOR, "#recuse")
        if here.case.proceedings.open_motions:
            vote(here, result)
        assert here.standing(NOOR) == "recused", result


def test_nobody_left_to_decide_decides_nothing() -> None:
    for asks in ASKS:
        here = desk(asks, "basic")
        about, _ = BEFORE[asks]
        before = here.standing(about)
        here.adds(*(MemberRecused(handle) for handle in VOTERS))
        assert here.case.proceedings.motions[0].result == "cancelled", asks
        assert here.standing(about) == before, asks


def test_the_statement_itself_stands_in_the_record_whatever_the_others_say() -> None:
    for result in BALLOTS:
        here = Desk.at(committee("cncf"), *opened(*VOTERS, NOOR))
        here.does(NOOR, "#recuse hard", "We are married.")
        vote(here, result)
        assert here.case.statements == (ConflictStated(NOOR, "hard", "We are married.", AT),)
        assert (here.standing(NOOR) == "cleared") is (result == "no-majority"), result
        assert here.case.id == CASE
