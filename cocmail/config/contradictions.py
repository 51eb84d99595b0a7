"""What the knobs of one policy cannot say together, and what a committee is too small for.

The rule: one row is one contradiction, with the knobs that it is about, when it is there and what to do. It stands at
the first of those knobs that the committee's file overrides, else at its `policy`. It must not change a policy: what
contradicts itself is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cocmail.config.document import Path
from cocmail.config.preset import places_of
from cocmail.config.problems import Findings, spelled
from cocmail.core.model import Policy

GRADED = frozenset({"hard", "soft"})
PLAIN = frozenset({"recused", "conflict"})

# What is asked of the number of primary members, and how a message calls it.
MINIMUMS: Mapping[str, str] = {
    "conflict.minimum.cleared": "minimum",
    "conflict.minimum.no_hard": "minimum",
    "conflict.minimum.no_conflict": "minimum",
    "votes.outcome.quorum.floor": "quorum",
}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`stands` tells whether a policy has it; `text` says what to do about it."""

    knobs: tuple[str, ...]
    stands: Callable[[Policy], bool]
    text: str


def _check_first(policy: Policy) -> bool:
    return policy.get("intake.distribution") == "check_first"


def _silence_keeps_in(policy: Policy) -> bool:
    return policy.get("conflict.no_answer") == "stays_in"


def _kinds(policy: Policy) -> frozenset[str]:
    kinds = policy.get("conflict.kinds")
    return frozenset(kinds) if isinstance(kinds, tuple) else frozenset()


def _names_nobody(policy: Policy) -> bool:
    told = policy.get("check_reveals")
    return not isinstance(told, tuple) or "reported_name" not in told


def _confirms(policy: Policy) -> bool:
    return policy.get("conflict.confirm") == "majority"


def _has_fallback(policy: Policy) -> bool:
    return policy.get("votes.outcome.fallback") is not None


def _discussion(policy: Policy) -> list[timedelta | str]:
    """The shortest and the longest discussion of a change, as far as they are said."""
    lengths = (policy.get("votes.policy.discuss.min"), policy.get("votes.policy.discuss.max"))
    return [each for each in lengths if isinstance(each, timedelta | str)]


def _discusses_backwards(policy: Policy) -> bool:
    match _discussion(policy):
        case [timedelta() as shortest, timedelta() as longest]:
            return shortest > longest
        case [str(shortest), str(longest)]:
            return _number(shortest) > _number(longest)
        case [str(shortest), timedelta() as longest]:
            return timedelta(days=_number(shortest)) > longest
        case [timedelta() as shortest, str(longest)]:
            # With every weekend that can lie in between: only what no calendar can hold is refused.
            return shortest > timedelta(days=_number(longest) + 2 * (_number(longest) // 5 + 1))
    return False


def _number(business_days: str) -> int:
    return int(business_days.removesuffix("bd"))


CONTRADICTIONS: tuple[Contradiction, ...] = (
    Contradiction(
        ("intake.distribution", "intake.first_recipients"),
        lambda policy: _check_first(policy) and policy.get("intake.first_recipients") != "triage",
        "check_first needs intake.first_recipients: triage, else members would read a report before they are asked "
        "about it: set both, or forward_first",
    ),
    Contradiction(
        ("intake.distribution", "conflict.no_answer"),
        lambda policy: _check_first(policy) and _silence_keeps_in(policy),
        "check_first needs conflict.no_answer: not_added, as nobody is in who could stay in: set both, or "
        "forward_first",
    ),
    Contradiction(
        ("conflict.no_answer", "intake.distribution"),
        lambda policy: not _check_first(policy) and not _silence_keeps_in(policy),
        "forward_first needs conflict.no_answer: stays_in, as members have the report when they are asked: set both, "
        "or check_first with intake.first_recipients: triage",
    ),
    Contradiction(
        ("check_reveals", "intake.distribution"),
        lambda policy: _check_first(policy) and _names_nobody(policy),
        "check_first needs reported_name in check_reveals: nobody can state a conflict with somebody who is not named",
    ),
    Contradiction(
        ("conflict.kinds",),
        lambda policy: not _kinds(policy),
        "is empty, and no member could withdraw: give [recused], [conflict] or [hard, soft]",
    ),
    Contradiction(
        ("conflict.kinds",),
        lambda policy: bool(_kinds(policy) & GRADED and _kinds(policy) & PLAIN),
        "mixes two ways: give hard and soft, which have different effects, or recused or conflict, which have one",
    ),
    Contradiction(
        ("conflict.confirm", "conflict.reason"),
        lambda policy: _confirms(policy) and policy.get("conflict.reason") != "required",
        "confirm: majority needs conflict.reason: required, as the others cannot judge what they are not told: set "
        "both, or confirm: none",
    ),
    Contradiction(
        ("conflict.confirm", "conflict.kinds"),
        lambda policy: _confirms(policy) and not _kinds(policy) & GRADED,
        "confirm: majority needs hard and soft in conflict.kinds, as it is the kind that is confirmed: set both, or "
        "confirm: none",
    ),
    Contradiction(
        ("conflict.soft_default", "conflict.kinds"),
        lambda policy: policy.get("conflict.soft_default", "none") != "none" and "soft" not in _kinds(policy),
        "soft_default says what a soft conflict leaves to see, but conflict.kinds has no soft: add it, or "
        "soft_default: none",
    ),
    Contradiction(
        ("conflict.soft_may_vote", "conflict.kinds"),
        lambda policy: policy.get("conflict.soft_may_vote") is True and "soft" not in _kinds(policy),
        "soft_may_vote is about soft conflicts, but conflict.kinds has no soft: add it, or soft_may_vote: false",
    ),
    Contradiction(
        ("votes.outcome.fallback", "votes.outcome.rule"),
        lambda policy: _has_fallback(policy) and policy.get("votes.outcome.rule") != "consensus",
        "fallback is tried where a consensus fails, but votes.outcome.rule is another: set it to consensus, or "
        "fallback: null",
    ),
    Contradiction(
        ("votes.policy.discuss.min", "votes.policy.discuss.max"),
        lambda policy: len(_discussion(policy)) == 1,
        "discuss.min and discuss.max belong together: give both, or set both to null for a vote without discussion",
    ),
    Contradiction(
        ("votes.policy.discuss.min", "votes.policy.discuss.max"),
        _discusses_backwards,
        "discuss.min is longer than discuss.max: the vote could never open in between",
    ),
    Contradiction(
        ("employer.rule", "employer.max"),
        lambda policy: policy.get("employer.rule") == "max" and policy.get("employer.max") is None,
        "max needs employer.max, the number of members that one employer may have: give it, or below_majority",
    ),
)


def check_policy(policy: Policy, override: Mapping[str, object], findings: Findings) -> None:
    """Every contradiction of a policy. One of which a knob is wrong in itself is not told: that is told already."""
    places = places_of(override)
    wrong = {problem.key for problem in findings.problems if problem.level == "error"}
    for row in CONTRADICTIONS:
        said = [places[knob] for knob in row.knobs if knob in places]
        if row.stands(policy) and not any(spelled(findings.document.original(place)) in wrong for place in said):
            findings.error(said[0] if said else ("policy",), row.text)


def check_numbers(policy: Policy, override: Mapping[str, object], primaries: int, findings: Findings) -> None:
    """What is more than the primary members can ever be. From the preset it stands at `members`."""
    places = places_of(override)
    # `basic` is what small committees run; every other procedure relies on the number that it names.
    report = findings.warning if policy.name == "basic" else findings.error
    for knob, number, called in _numbers(policy):
        if number > primaries:
            text = f"the policy's {called} of {number} exceeds {primaries} primary members"
            report(places.get(knob, ("members",)), f"{text}: name more of them, or override {knob} with less")
    if policy.get("conflict.forced") == "unanimous_others" and primaries < 3:
        place: Path = places.get("conflict.forced", ("members",))
        text = "conflict.forced has no effect with fewer than 3 primary members: a challenge needs another to second it"
        findings.warning(place, text)


def _numbers(policy: Policy) -> Iterator[tuple[str, int, str]]:
    for knob, called in MINIMUMS.items():
        number = policy.get(knob, 0)
        if isinstance(number, int):
            yield knob, number, called
