"""The life of a case as one table: in which state which move leads where (domain analysis, section D).

The rule: a move that the table does not have changes nothing and raises; commands ask `may` before. Being urgent,
paused, unread, or the subject of a question on a conflict are no states: they go along with any of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class State(Enum):
    """Where a case stands. The value is what people read."""

    ESCROWED = "sealed"
    TRIAGE = "with the watchers"
    CHECKING = "being checked for conflicts"
    OPEN = "open"
    VOTING = "voting"
    DECIDED = "decided"
    RESOLVED = "resolved"
    DISMISSED = "closed as no report"
    MERGED = "part of another case"
    TRANSFERRED = "handed to another body"


class Move(Enum):
    """What leads from one state to another."""

    SEAL = "kept sealed"
    READ = "the watchers read it before the others are asked"
    ASK = "the conflict question is put"
    CHECKED = "all have answered, or time is over"
    MOTION = "a question is opened"
    PASSED = "the last open question closes and a decision stands"
    NOT_PASSED = "the last open question closes and no decision stands"
    RESOLVE = "the owner resolves it"
    DISMISS = "it is found to be no report"
    TRANSFER = "two members hand it to another body"
    REOPEN = "it is taken up again"
    RETURN = "it is taken up again before anybody was asked"
    RELEASE = "another report names the same person, and it is opened"
    MERGE = "it goes on in another case"


MOVES: Mapping[tuple[State, Move], State] = {
    (State.OPEN, Move.SEAL): State.ESCROWED,
    (State.OPEN, Move.READ): State.TRIAGE,
    (State.TRIAGE, Move.ASK): State.CHECKING,
    (State.CHECKING, Move.ASK): State.CHECKING,
    (State.CHECKING, Move.CHECKED): State.OPEN,
    (State.OPEN, Move.MOTION): State.VOTING,
    (State.VOTING, Move.MOTION): State.VOTING,
    (State.DECIDED, Move.MOTION): State.VOTING,
    (State.VOTING, Move.PASSED): State.DECIDED,
    (State.VOTING, Move.NOT_PASSED): State.OPEN,
    (State.DECIDED, Move.RESOLVE): State.RESOLVED,
    (State.OPEN, Move.DISMISS): State.DISMISSED,
    (State.TRIAGE, Move.DISMISS): State.DISMISSED,
    (State.CHECKING, Move.DISMISS): State.DISMISSED,
    (State.DECIDED, Move.REOPEN): State.OPEN,
    (State.RESOLVED, Move.REOPEN): State.OPEN,
    (State.DISMISSED, Move.REOPEN): State.OPEN,
    (State.DISMISSED, Move.RETURN): State.TRIAGE,
    (State.ESCROWED, Move.RELEASE): State.OPEN,
    (State.OPEN, Move.MERGE): State.MERGED,
    (State.DECIDED, Move.MERGE): State.MERGED,
    (State.RESOLVED, Move.MERGE): State.MERGED,
    (State.MERGED, Move.REOPEN): State.OPEN,
    (State.OPEN, Move.TRANSFER): State.TRANSFERRED,
    (State.DECIDED, Move.TRANSFER): State.TRANSFERRED,
    (State.RESOLVED, Move.TRANSFER): State.TRANSFERRED,
    (State.TRANSFERRED, Move.TRANSFER): State.TRANSFERRED,
    (State.TRANSFERRED, Move.REOPEN): State.OPEN,
}

ANY = frozenset(State)
EARLY = frozenset({State.TRIAGE, State.CHECKING})
LIVE = EARLY | {State.OPEN, State.VOTING, State.DECIDED}
KEPT = LIVE | {State.RESOLVED, State.TRANSFERRED}


def may(state: State, move: Move) -> bool:
    """Whether the table has that move."""
    return (state, move) in MOVES


def after(state: State, move: Move) -> State:
    """The state after a move. Raises ValueError for a move that the table does not have."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise ValueError(f"a case that is {state.value}: {move.value}") from None
