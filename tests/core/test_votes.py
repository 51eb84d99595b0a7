"""Counting: every rule over every vote of up to nine members, against slow fractions, and the counts people know."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import pytest

from cocmail.core.votes import CHOICES, RULES, Tally, count, has_quorum, passes, rejected

SILENT = "-"
QUORUMS = ("none", "majority")
FLOORS = range(4)


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


def enough(quorum: str, floor: int, votes: tuple[str, ...]) -> bool:
    """Whether enough took part, in words: abstaining is taking part, silence is not."""
    part = Fraction(len(votes) - votes.count(SILENT), len(votes))
    return part * len(votes) >= floor and (quorum == "none" or part > Fraction(1, 2))


def every_vote() -> Iterator[tuple[tuple[str, ...], Tally]]:
    """Every mixture of ballots and silence of one to nine members: who cast which makes no difference to a count."""
    for size in range(1, 10):
        people = [f"m{number}" for number in range(size)]
        for votes in itertools.combinations_with_replacement((*CHOICES, SILENT), size):
            ballots = {who: vote for who, vote in zip(people, votes, strict=True) if vote != SILENT}
            tally = count(frozenset(people), {**ballots, "stranger": "yes"})
            assert tally.base == size and tally.cast == len(ballots)
            yield votes, tally


VOTES = list(every_vote())


def test_there_is_every_vote() -> None:
    assert len(VOTES) == 714 and set(RULES) == {"majority", "two_thirds", "unanimous", "consensus"}


@pytest.mark.parametrize("rule", RULES)
def test_every_vote_of_up_to_nine(rule: str) -> None:
    for (votes, tally), quorum, floor in itertools.product(VOTES, QUORUMS, FLOORS):
        part = enough(quorum, floor, votes)
        assert has_quorum(quorum, floor, tally) is part, (quorum, floor, votes)
        assert passes(rule, quorum, floor, tally) is (part and slow(rule, votes)), (rule, quorum, floor, votes)


@pytest.mark.parametrize("fallback", RULES)
def test_a_consensus_that_fails_is_counted_by_the_other_rule(fallback: str) -> None:
    """Where enough took part."""
    for (votes, tally), quorum, floor in itertools.product(VOTES, QUORUMS, FLOORS):
        passed = enough(quorum, floor, votes) and (slow("consensus", votes) or slow(fallback, votes))
        assert passes("consensus", quorum, floor, tally, fallback) is passed, (quorum, floor, votes)


def test_only_more_noes_than_half_of_the_base_reject() -> None:
    for votes, tally in VOTES:
        assert rejected(tally) is (Fraction(votes.count("no"), len(votes)) > Fraction(1, 2)), votes


def test_nothing_passes_where_nobody_is_left() -> None:
    assert not any(passes(rule, "none", 0, Tally(0, 0, 0, 0)) for rule in RULES)


def test_a_withdrawal_can_turn_a_result() -> None:
    ballots = dict.fromkeys("abcd", "yes") | {"e": "no", "f": "no"}
    assert passes("two_thirds", "none", 0, count(frozenset("abcdef"), ballots))
    assert not passes("two_thirds", "none", 0, count(frozenset("bcdef"), ballots))
    three_of_six = dict.fromkeys("abc", "yes") | {"d": "no"}
    assert not passes("two_thirds", "none", 0, count(frozenset("abcdef"), three_of_six))
    assert not passes("two_thirds", "none", 0, count(frozenset("abcde"), three_of_six))
