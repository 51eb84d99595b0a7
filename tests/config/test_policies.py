"""Policies are data that people can read and that the table of knobs can check (annex 2 of the domain analysis)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import cocmail
from cocmail.config.contradictions import CONTRADICTIONS, MINIMUMS
from cocmail.config.document import Document
from cocmail.config.knobs import EFFECTIVE, KNOBS
from cocmail.config.preset import make_policy, preset_names, read_preset
from cocmail.config.problems import Findings
from cocmail.core.model import Policy

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


def test_cncf_is_what_its_committee_says() -> None:
    knobs = read_preset("cncf")
    wanted = {
        "intake.first_recipients": "primary_all",
        "intake.distribution": "forward_first",
        "intake.alternates": "stand_in_only",
        "conflict.kinds": ("hard", "soft"),
        "conflict.relations": ("accused", "harmed"),
        "conflict.reason": "required",
        "conflict.confirm": "majority",
        "conflict.multiple_soft_is_hard": True,
        "conflict.witness_is_conflict": False,
        "conflict.while_unconfirmed": "withheld",
        "conflict.soft_default": "none",
        "conflict.soft_may_vote": False,
        "conflict.all_conflicted": "transfer:foundation",
        "conflict.minimum.no_hard": 3,
        "conflict.minimum.no_conflict": 1,
        "deadlines.ack": "3bd",
        "deadlines.conflict_answer": "2bd",
        "votes.outcome.rule": "majority",
        "votes.outcome.base": "non_conflicted",
        "votes.outcome.quorum": "majority",
        "votes.outcome.written_consent.objection_window": timedelta(hours=24),
        "votes.conflict.rule": "majority",
        "votes.conflict.base": "others",
        "votes.remove.base": "others",
        "outreach.notify_reported": "required_unless_meritless",
        "record.conflict_in_first_notes": True,
        "employer.rule": "max",
        "employer.max": 2,
        "service.inactive_after": timedelta(days=180),
        "transparency.reported_may_be_named": True,
    }
    assert {name: knobs[name] for name in wanted} == wanted
    assert "conflict.minimum.cleared" not in knobs, "it counts members without a conflict, not those who said so"


def test_chaoss_is_what_its_committee_says() -> None:
    knobs = read_preset("chaoss")
    wanted = {
        "intake.first_recipients": "triage",
        "intake.distribution": "check_first",
        "intake.triage_watchers": 1,
        "conflict.kinds": ("conflict",),
        "conflict.relations": ("reporter", "reported"),
        "conflict.reason": "forbidden",
        "conflict.no_answer": "not_added",
        "conflict.minimum.cleared": 2,
        "check_reveals": ("reported_name", "channel"),
        "deadlines.ack": timedelta(hours=24),
        "deadlines.ack_by_robot_counts": True,
        "deadlines.conflict_answer": timedelta(hours=24),
        "deadlines.event_search_update": timedelta(days=1),
        "votes.outcome.rule": "majority",
        "votes.outcome.base": "cleared",
        "votes.remove.base": "all_members",
        "interim.only_if": "physically_unsafe",
        "owners.secondary": 1,
        "outreach.two_people": True,
        "outreach.apology": "relay_or_decline",
        "reporter.anonymous": "no_contact_kept",
        "reporter.escrow": True,
        "reporter.law_enforcement": "on_reporters_request",
        "record.sheet_last_column": "document",
        "service.renewal_every": timedelta(days=180),
        "transparency.hide_if_identifiable": True,
    }
    assert {name: knobs[name] for name in wanted} == wanted


def test_numfocus_is_what_its_working_group_says() -> None:
    knobs = read_preset("numfocus")
    wanted = {
        "intake.first_recipients": "triage",
        "intake.distribution": "check_first",
        "intake.triage_watchers": 2,
        "conflict.kinds": ("conflict",),
        "conflict.relations": ("reporter", "reported", "witness"),
        "conflict.reason": "forbidden",
        "conflict.no_answer": "not_added",
        "conflict.minimum.cleared": 2,
        "check_reveals": ("reported_name",),
        "deadlines.ack": timedelta(hours=24),
        "deadlines.follow_up": timedelta(days=7),
        "votes.outcome.rule": "two_thirds",
        "votes.outcome.base": "non_conflicted",
        "votes.outcome.quorum": "none",
        "votes.remove.rule": "two_thirds",
        "votes.policy.rule": "two_thirds",
        "votes.policy.base": "all_members",
        "votes.policy.discuss.min": timedelta(days=3),
        "votes.policy.discuss.max": timedelta(days=7),
        "votes.policy.then": "board",
        "interim.who": "committee",
        "outreach.apology": "accept_for_reporter",
        "service.renewal_every": None,
        "onboarding": "reported_names_check",
        "transparency.period": None,
    }
    assert {name: knobs[name] for name in wanted} == wanted


@pytest.mark.parametrize("name", preset_names())
def test_no_preset_contradicts_itself(name: str) -> None:
    policy = make_policy(name, {}, Findings("file", Document({})))
    assert policy is not None
    assert [row.text for row in CONTRADICTIONS if row.stands(policy)] == []


def test_contradictions_are_about_knobs_that_there_are() -> None:
    assert {knob for row in CONTRADICTIONS for knob in row.knobs} | set(MINIMUMS) <= EFFECTIVE


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


def test_a_committee_lowers_its_minimums_and_leaves_steps_out(
    examined: Callable[..., Any], sound_main: str, sound_committee: str
) -> None:
    targets = "transfer_targets: {board: {email: board@example.org, confidentiality_agreed: 2026-01-10}}\n"
    override = (
        "  conflict: {all_conflicted: transfer:board, minimum: {no_hard: 2, no_conflict: 0}}\n"
        "  votes.outcome.written_consent.objection_window: null\n"
        "  employer.rule: none\n"
    )
    text = f"{sound_committee}policy: cncf\n{targets}override:\n{override}"
    settings, problems = examined(sound_main, text)
    assert problems == []
    policy = settings.committees[0].policy
    assert (policy["conflict.minimum.no_hard"], policy["conflict.minimum.no_conflict"]) == (2, 0)
    assert policy["votes.outcome.written_consent.objection_window"] is None

    text = f"{sound_committee}policy: numfocus\noverride: {{votes.policy.discuss: {{min: null, max: null}}}}\n"
    settings, problems = examined(sound_main, text)
    assert problems == []
    assert settings.committees[0].policy["votes.policy.discuss.max"] is None


@pytest.mark.parametrize(
    ("shortest", "longest", "fits"),
    [("5d", "5d", True), ("3bd", "3d", True), ("4d", "3bd", True), ("4bd", "3bd", False), ("4bd", "3d", False)],
)
def test_a_discussion_is_refused_only_where_no_calendar_could_hold_it(
    examined: Callable[..., Any], sound_main: str, sound_committee: str, shortest: str, longest: str, fits: bool
) -> None:
    override = f"override: {{votes.policy.discuss: {{min: {shortest}, max: {longest}}}}}\n"
    settings, _ = examined(sound_main, sound_committee + override)
    assert (settings is not None) == fits


def test_the_policy_cannot_be_changed_once_it_is_in_force(examined: Callable[..., Any]) -> None:
    settings, _ = examined()
    with pytest.raises(TypeError):
        settings.committees[0].policy.knobs["deadlines.ack"] = timedelta()


# Knobs that nothing reads, as there is no choice left: why what they say is what happens all the same.
IMPLIED = {
    "conflict.no_answer": "`check` refuses what does not go with intake.distribution",
    "conflict.while_unconfirmed": "there is no other value",
}


def test_what_is_implied_leaves_no_choice() -> None:
    for told, answer in (("check_first", "stays_in"), ("forward_first", "not_added")):
        knobs = read_preset("chaoss") | {"intake.distribution": told, "conflict.no_answer": answer}
        assert any(row.stands(Policy("any", knobs)) and "conflict.no_answer" in row.knobs for row in CONTRADICTIONS)
    assert KNOBS["conflict.while_unconfirmed"].allowed == ("withheld",)


def asked_for(source: str) -> Iterator[str]:
    """The knobs that a source reads by name; an f-string stands for every knob that it can become."""
    for formatted, name in re.findall(r'(?<!`)\b(?:policy|knobs)(?:\.get\(|\[)\s*(f?)"([a-z_.{}]+)"', source):
        if formatted:
            wanted = re.compile(re.sub(r"\\{[a-z_.\\]+\\}", "[a-z_]+", re.escape(name)))
            found = [knob for knob in KNOBS if wanted.fullmatch(knob)]
            assert found, name
            yield from found
        else:
            yield name


def test_the_knobs_by_which_the_program_acts_are_those_it_says() -> None:
    """An override without effect is announced; so this set has to grow with the program.

    Of the configuration only the check of the roster acts by a policy: reading a preset or refusing a contradiction
    does nothing for a committee.
    """
    root = Path(cocmail.__file__).parent
    sources = [path for path in root.rglob("*.py") if path.parent.name != "config" or path.name == "roster.py"]
    used = {name for path in sources for name in asked_for(path.read_text(encoding="utf-8"))}
    assert used <= set(KNOBS)
    assert used | set(IMPLIED) == EFFECTIVE
