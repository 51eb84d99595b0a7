"""The life of a case: every move there is, and that every other one raises and changes nothing.

sealed            with the watchers ──> being checked ──> open <──> voting ──> decided ──> resolved
                       closed as no report <── any of the first three, until it is taken up again
"""

from __future__ import annotations

import itertools

import pytest

from cocmail.core import acts, events, outward
from cocmail.core.case import Case, apply
from cocmail.core.lifecycle import Move, State, after, may
from core.desk import AT, Desk, committee, opened
from core.every_tag import STATES, desk, policies_of

# Written down by hand: from where, by what, to where.
MOVES = """
open                        SEAL        sealed
open                        READ        with the watchers
with the watchers           ASK         being checked for conflicts
being checked for conflicts ASK         being checked for conflicts
being checked for conflicts CHECKED     open
open                        MOTION      voting
voting                      MOTION      voting
decided                     MOTION      voting
voting                      PASSED      decided
voting                      NOT_PASSED  open
decided                     RESOLVE     resolved
open                        DISMISS     closed as no report
with the watchers           DISMISS     closed as no report
being checked for conflicts DISMISS     closed as no report
decided                     REOPEN      open
resolved                    REOPEN      open
closed as no report         REOPEN      open
closed as no report         RETURN      with the watchers
sealed                      RELEASE     open
open                        MERGE       part of another case
decided                     MERGE       part of another case
resolved                    MERGE       part of another case
part of another case        REOPEN      open
open                        TRANSFER    handed to another body
decided                     TRANSFER    handed to another body
resolved                    TRANSFER    handed to another body
handed to another body      TRANSFER    handed to another body
handed to another body      REOPEN      open
"""
KNOWN = {
    (State(line[:28].strip()), Move[line[28:40].strip()]): State(line[40:].strip())
    for line in MOVES.strip().splitlines()
}
PARTS = ("majority", "cleared", "none", 0, "f", "p", "c", "r")
# What moves a case, and from which states it can.
STEPS: dict[str, tuple[events.Event, str]] = {
    "outcome": (acts.QuestionOpened(7, "outcome", "jun", AT, AT, *PARTS), "open voting decided"),
    "resolve": (acts.CaseResolved("amara", AT, "violation", "Warning"), "decided"),
    "dismiss": (acts.CaseDismissed("amara", AT, "spam"), "triage checking open"),
    "reopen": (acts.CaseReopened("amara", AT), "decided resolved dismissed merged transferred"),
    "transfer": (outward.Disclosed("transfer", "f", "t", ("amara",), AT, "told"), "open decided resolved transferred"),
    "checked": (events.CheckClosed(AT), "checking"),
}
NAMED = dict(
    zip(STATES, (State.ESCROWED, State.TRIAGE, State.CHECKING, *list(State)[3:]), strict=True),
)


def test_the_moves_are_these_and_no_others() -> None:
    for state, move in itertools.product(State, Move):
        assert may(state, move) is ((state, move) in KNOWN), (state, move)
        if (state, move) in KNOWN:
            assert after(state, move) is KNOWN[state, move]
        else:
            with pytest.raises(ValueError, match=rf"^a case that is {state.value}: {move.value}$"):
                after(state, move)


def test_one_way_leads_out_of_a_sealed_case_and_none_past_a_vote() -> None:
    assert [move for state, move in KNOWN if state is State.ESCROWED] == [Move.RELEASE]
    assert [state for (state, _), end in KNOWN.items() if end is State.RESOLVED] == [State.DECIDED]
    assert [state for (state, _), end in KNOWN.items() if end is State.DECIDED] == [State.VOTING]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_a_step_that_the_life_of_a_case_does_not_have_raises_and_changes_nothing(step: str, state: str) -> None:
    event, where = STEPS[step]
    for policy in policies_of(state):
        case = desk(state, policy).case
        assert case.proceedings.state is NAMED[state]
        before = repr(case)
        if state in where.split():
            assert apply(case, event).proceedings.state is not State.ESCROWED
        else:
            with pytest.raises(ValueError, match=r"^a case that is "):
                apply(case, event)
        assert repr(case) == before


@pytest.mark.parametrize("state", STATES)
def test_to_be_asked_moves_only_a_case_that_nobody_else_has_read(state: str) -> None:
    for policy in policies_of(state):
        asked = apply(desk(state, policy).case, events.CheckOpened(AT, AT))
        expected = State.CHECKING if state in ("triage", "checking") else NAMED[state]
        assert asked.proceedings.state is expected


@pytest.mark.parametrize("state", [state for state in STATES if state != "sealed"])
def test_a_question_on_a_conflict_goes_along_with_any_state(state: str) -> None:
    question = acts.QuestionOpened(7, "conflict", "jun", AT, AT, *PARTS[:4], about="noor", asks="restore")
    for policy, result in itertools.product(policies_of(state), ("passed", "failed", "cancelled")):
        case = apply(desk(state, policy).case, question)
        closed = apply(case, acts.QuestionClosed(7, result, "time", AT, 1, 0, 0, 2, 3))
        assert case.proceedings.state is closed.proceedings.state is NAMED[state]


def test_a_case_goes_from_the_watchers_to_all_and_to_its_end() -> None:
    here = Desk.at(committee("chaoss"), *opened("amara", "jun", check_first=True))
    steps = (
        (events.CheckOpened(AT, AT), State.CHECKING),
        (events.CheckClosed(AT), State.OPEN),
        (acts.QuestionOpened(1, "outcome", "jun", AT, AT, *PARTS), State.VOTING),
        (acts.QuestionClosed(1, "failed", "time", AT, 0, 1, 0, 1, 2), State.OPEN),
        (acts.QuestionOpened(2, "outcome", "jun", AT, AT, *PARTS), State.VOTING),
        (acts.QuestionClosed(2, "passed", "all-voted", AT, 2, 0, 0, 0, 2), State.DECIDED),
        (acts.CaseResolved("amara", AT, "violation", "Warning"), State.RESOLVED),
        (acts.CaseReopened("jun", AT), State.OPEN),
        (acts.CaseDismissed("amara", AT, "question"), State.DISMISSED),
        (acts.CaseReopened("jun", AT), State.OPEN),
    )
    case = here.case
    assert case.proceedings.state is State.TRIAGE and not case.proceedings.checked
    for event, state in steps:
        case = apply(case, event)
        assert case.proceedings.state is state
    assert case.proceedings.checked


@pytest.mark.parametrize("asked", [False, True])
def test_what_is_taken_up_again_before_all_have_answered_goes_back_to_the_watchers(asked: bool) -> None:
    told: list[events.Event] = [events.CheckOpened(AT, AT)] if asked else []
    told_then: list[events.Event] = [*told, acts.CaseDismissed("amara", AT, "spam"), acts.CaseReopened("jun", AT)]
    here = Desk.at(committee("chaoss"), *opened("amara", check_first=True), *told_then)
    assert here.case.proceedings.state is State.TRIAGE


def test_talk_waits_while_conflicts_are_asked_about_and_no_longer() -> None:
    case = Desk.at(committee("chaoss"), *opened("amara", "jun", check_first=True)).case

    def waits(case: Case, kind: str) -> bool:
        return apply(case, events.EntryFiled("m2", "member:jun", kind)).entries[-1].waits

    checking = apply(case, events.CheckOpened(AT, AT))
    assert not waits(case, "discussion")
    assert waits(checking, "discussion")
    assert not waits(checking, "follow-up") and not waits(checking, "record")
    said = apply(checking, events.EntryFiled("m2", "member:jun", "discussion"))
    checked = apply(said, events.CheckClosed(AT))
    assert not checked.entries[-1].waits and checked.checking_until is None
    assert not waits(checked, "discussion")
