"""Policies are data that people can read and that the table of knobs can check (annex 2 of the domain analysis)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import cocmail
from cocmail.config.knobs import EFFECTIVE, KNOBS, NOT_YET
from cocmail.config.preset import preset_names, read_preset

BASIC = {
    "intake.first_recipients": "primary_all",
    "intake.distribution": "forward_first",
    "intake.triage_watchers": 2,
    "intake.alternates": "stand_in_only",
    "conflict.kinds": ("recused",),
    "conflict.relations": ("anyone_named", "reporter"),
    "conflict.reason": "forbidden",
    "conflict.confirm": "none",
    "conflict.forced": "none",
    "conflict.no_answer": "stays_in",
    "conflict.all_conflicted": "mediator",
    "conflict.minimum.cleared": 1,
    "check_reveals": ("reported_name",),
    "deadlines.ack": timedelta(hours=24),
    "deadlines.ack_by_robot_counts": False,
    "deadlines.conflict_answer": timedelta(days=2),
    "deadlines.follow_up": timedelta(days=7),
    "deadlines.status_every": timedelta(days=7),
    "deadlines.unilateral_review": timedelta(hours=24),
    "votes.outcome.rule": "majority",
    "votes.outcome.base": "cleared",
    "votes.outcome.quorum": "none",
    "votes.outcome.open_for": timedelta(hours=72),
    "votes.outcome.asks_first": (),
    "votes.remove.rule": "majority",
    "votes.remove.base": "all_members",
    "votes.policy.rule": "majority",
    "votes.policy.base": "all_members",
    "interim.who": "individual",
    "interim.review": True,
    "owners.primary": 1,
    "owners.secondary": 0,
    "outreach.notify_reported": "as_needed",
    "outreach.second_reader": True,
    "outreach.apology": "decline",
    "reporter.anonymous": "via_member",
    "reporter.escrow": False,
    "reporter.tell_on_transfer": True,
    "record.sheet": True,
    "employer.rule": "none",
    "service.renewal_every": None,
    "onboarding": "none",
    "transparency.period": timedelta(days=365),
    "transparency.reported_may_be_named": False,
}


def test_basic_is_the_procedure_that_the_contract_binds() -> None:
    assert read_preset("basic") == BASIC


def test_kubernetes_is_what_its_committee_says() -> None:
    knobs = read_preset("kubernetes")
    wanted = {
        "intake.first_recipients": "all",
        "conflict.reason": "not_asked",
        "conflict.forced": "unanimous_others",
        "conflict.minimum.cleared": 2,
        "deadlines.ack": "3bd",
        "deadlines.follow_up": "on_resolution",
        "votes.outcome.rule": "consensus",
        "votes.outcome.quorum.majority": True,
        "votes.outcome.quorum.floor": 2,
        "votes.outcome.fallback": None,
        "votes.remove.base": "others",
        "employer.rule": "below_majority",
        "service.past_access": "none_after_leaving",
        "transparency.period": timedelta(days=180),
    }
    assert {name: knobs[name] for name in wanted} == wanted


@pytest.mark.parametrize("name", preset_names())
def test_every_value_of_a_preset_says_where_it_comes_from(name: str) -> None:
    text = (resources.files("cocmail.config") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    values = [line for line in text.splitlines() if re.match(r"\s*[a-z_]+: *[^ #]", line)]
    assert len(values) == len(read_preset(name))
    assert all("#" in line for line in values)


def test_override_takes_dotted_names_and_nested_maps(
    examined: Callable[..., Any], sound_main: str, sound_committee: str
) -> None:
    override = "  deadlines.conflict_answer: 36h\n  votes: {outcome: {rule: two_thirds, quorum: {floor: 3}}}\n"
    settings, _ = examined(sound_main, f"{sound_committee}override:\n{override}")
    policy = settings.committees[0].policy
    assert policy["deadlines.conflict_answer"] == timedelta(hours=36)
    assert policy["votes.outcome.rule"] == "two_thirds"
    assert policy["votes.outcome.quorum.floor"] == 3
    assert "votes.outcome.quorum" not in policy.knobs, "the map replaces `quorum: none`"
    assert policy["deadlines.ack"] == timedelta(hours=24), "what is not overridden stays"


def test_the_policy_cannot_be_changed_once_it_is_in_force(examined: Callable[..., Any]) -> None:
    settings, _ = examined()
    with pytest.raises(TypeError):
        settings.committees[0].policy.knobs["deadlines.ack"] = timedelta()


def test_the_knobs_by_which_the_program_acts_are_those_it_says() -> None:
    """An override without effect is announced; so this set has to grow with the program."""
    root = Path(cocmail.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in root.rglob("*.py") if path.parent.name != "config"]
    asked = r'(?<!`)policy(?:\.get\(|\[)\s*(?:"|f"(?=votes\.\{kind\}))([a-z_.{}]+)"'
    used = {name.replace("{kind}", "outcome") for text in sources for name in re.findall(asked, text)}
    assert used <= set(KNOBS)
    assert used == EFFECTIVE
    assert set(NOT_YET) <= set(KNOBS) - EFFECTIVE
