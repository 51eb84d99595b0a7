"""Counting: every rule over every vote of up to nine members, against slow fractions, and the counts people know."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from cocmail.core.votes import CHOICES, RULES, Tally, count, has_quorum, passes

SILENT = "-"


def slow(rule: str, votes: tuple[str, ...]) -> bool:
    """The rules in words, over shares."""
    share = Fraction(votes.count("yes"), len(votes))
    match rule:
        case "majority":
            return share > Fraction(1, 2)
        case "two_thirds":
            return share >= Fraction(2, 3)
        case "unanimous":
            return share == 1
        case "consensus":
            return "no" not in votes and share > Fraction(1, 2)
    raise AssertionError(rule)


@pytest.mark.parametrize("rule", RULES)
def test_every_vote_of_up_to_nine(rule: str) -> None:
    for size in range(1, 10):
        people = [f"m{number}" for number in range(size)]
        # The order of people makes no difference to a count, so every mixture once.
        for votes in itertools.combinations_with_replacement((*CHOICES, SILENT), size):
            ballots = {who: vote for who, vote in zip(people, votes, strict=True) if vote != SILENT}
            tally = count(frozenset(people), {**ballots, "stranger": "yes"})
            assert tally.base == size and tally.cast == len(ballots)
            assert passes(rule, "none", 0, tally) is slow(rule, votes), (rule, votes)
            for floor in range(3):
                quorate = len(ballots) * 2 > size and len(ballots) >= floor
                assert has_quorum("majority", floor, tally) is quorate


def test_nothing_passes_where_nobody_is_left() -> None:
    assert not any(passes(rule, "none", 0, Tally(0, 0, 0, 0)) for rule in RULES)


def test_a_withdrawal_can_turn_a_result() -> None:
    ballots = dict.fromkeys("abcd", "yes") | {"e": "no", "f": "no"}
    assert passes("two_thirds", "none", 0, count(frozenset("abcdef"), ballots))
    assert not passes("two_thirds", "none", 0, count(frozenset("bcdef"), ballots))
    three_of_six = dict.fromkeys("abc", "yes") | {"d": "no"}
    assert not passes("two_thirds", "none", 0, count(frozenset("abcdef"), three_of_six))
    assert not passes("two_thirds", "none", 0, count(frozenset("abcde"), three_of_six))
