"""Every tag, in every state of a case, under every preset, by the members who have the case: what runs, what does not.

The expectations are written down here by hand from the contract, section 5; the program's own table is not asked. What
becomes of the same tags from everybody else stands in `test_every_tag_of_others.py`.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from cocmail.core import acts
from cocmail.core.effects import Decision
from cocmail.core.model import REPORTER
from cocmail.core.tags import TABLE
from core.desk import AT, Desk, can_be_written, changed, lines, names
from core.every_tag import (
    CHANGES_NO_CASE,
    EARLY,
    KEPT,
    LIVE,
    STATES,
    TO_ALL,
    UNSEALED,
    WITHOUT_CASE,
    WRITTEN,
    desk,
    policies_of,
)

# In which states each tag runs for a member who has the case (Jun, who opened Q1) and for the owner (Amara, who wrote
# D1); `again`: it is so already, nothing changes; `asked`: only once it is confirmed. What stands nowhere is refused.
RUNS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("clear", "recuse", "reporter", "show", "doc", *WITHOUT_CASE), UNSEALED),
    **dict.fromkeys(("own", "assign", "note", "actions", "danger", "act", "interim"), KEPT),
    **dict.fromkeys(("party", "check", "risk", "scope", "urgent", "plan", "consequence", "status", "meet"), LIVE),
    **dict.fromkeys(("obligation", "done", "reported", "contact", "apology"), KEPT - EARLY),
    **dict.fromkeys(("motion conflict", "motion interim"), LIVE),
    # Nothing is decided before conflicts are (R21, R33).
    "motion outcome": LIVE - EARLY,
    "vote": frozenset({"voting"}),
    "reopen": frozenset({"decided", "resolved", "dismissed", "merged", "transferred"}),
    "notreport": EARLY | {"open"},
}
BY_JUN = {"withdraw": frozenset({"voting"}), "send": UNSEALED}
BY_AMARA = {"optout": KEPT, "ask": KEPT, "handoff": KEPT}
AGAIN = {
    "keep": UNSEALED,
    "reopen": EARLY | {"open", "voting"},
    "notreport": frozenset({"dismissed"}),
    "unrecuse": UNSEALED,
}
# Asked once more, and then a second member has to say the same.
ASKED = {"transfer": KEPT - EARLY, "disclose": KEPT - EARLY | {"dismissed"}}
AGAIN_BY_AMARA = {"optin": KEPT, "resolve": frozenset({"resolved"})}
# What one procedure alone knows.
ONLY_UNDER = {
    "kubernetes": {"challenge": LIVE},
    "cncf": {"object": frozenset({"voting"}), "limit": LIVE},
}


def expected(tag: str, state: str, handle: str, policy: str) -> str:
    """What must become of a tag of somebody who has the case: runs, again, asked or refused."""
    own = handle == "amara"
    if tag == "leave" or (tag == "resolve" and own and state == "decided") or state in ASKED.get(tag, ()):
        return "asked"
    if state in AGAIN.get(tag, ()) or (own and state in AGAIN_BY_AMARA.get(tag, ())):
        return "again"
    runs = {**RUNS, **(BY_AMARA if own else BY_JUN), **ONLY_UNDER.get(policy, {})}
    return "runs" if state in runs.get(tag, ()) else "refused"


def outcome(decision: Decision) -> str:
    """What became of it."""
    if decision.reason.value == "held-irreversible":
        assert [letter.kind for letter in decision.letters] == ["confirm"] and decision.state == "held"
        return "asked"
    found = lines(decision)
    if any(line.get("refused") for line in found):
        assert decision.reason.value == "command-refused"
        assert [letter.kind for letter in decision.letters] == ["receipt"]
        return "refused"
    return "again" if any(line.get("unchanged") for line in found) else "runs"


def test_the_tables_here_and_there_have_the_same_tags() -> None:
    assert {tag.split(" ")[0] for tag in WRITTEN} == {row.name for row in TABLE}


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_has_the_case(tag: str) -> None:
    for state, handle in itertools.product(STATES[1:], ("amara", "jun")):
        for policy in policies_of(state):
            here = desk(state, policy)
            decision, wanted = here.look(handle, *WRITTEN[tag]), expected(tag, state, handle, policy)
            where = f"{tag} by {handle} in {state} under {policy}"
            assert outcome(decision) == wanted, where
            can_be_written(decision, here)
            changes = wanted == "runs" and tag not in CHANGES_NO_CASE
            assert bool(changed(decision)) is changes, where
            assert (decision.book is not None) is (tag in ("stay", "away")), where
            assert wanted != "again" or len(decision.letters) == 1, where
            written = [letter.to for letter in decision.letters]
            assert REPORTER not in written or (tag, handle) == ("send", "jun"), where


@pytest.mark.parametrize("tag", TO_ALL)
def test_what_goes_to_all_members_is_refused_in_a_mail_that_belongs_to_a_case(tag: str) -> None:
    for state in STATES[1:]:
        assert lines(desk(state, policies_of(state)[0]).look("jun", *WRITTEN[tag]))[0]["outcome"] == TO_ALL[tag]


@pytest.mark.parametrize("state", [state for state in STATES if state not in EARLY | {"sealed"}])
def test_what_the_procedure_does_not_know_is_refused_and_says_so(state: str) -> None:
    for policy in policies_of(state):
        if policy != "kubernetes" and state in LIVE:
            decision = desk(state, policy).look("jun", *WRITTEN["challenge"])
            assert [line["outcome"] for line in lines(decision)] == ["no-challenge"]
        if policy != "cncf" and state == "voting":
            decision = desk(state, policy).look("jun", *WRITTEN["object"])
            assert [line["outcome"] for line in lines(decision)] == ["no-objections"]


@pytest.mark.parametrize("state", sorted(EARLY))
def test_nothing_is_decided_before_conflicts_are(state: str) -> None:
    for policy in policies_of(state):
        decision = desk(state, policy).look("amara", *WRITTEN["motion outcome"])
        assert [line["outcome"] for line in lines(decision)] == ["wrong-state"]


def test_an_author_never_sends_what_they_wrote_nor_does_a_member_take_back_what_another_asked() -> None:
    assert lines(desk("open", "basic").look("amara", *WRITTEN["send"]))[0]["outcome"] == "own-draft"
    assert lines(desk("voting", "basic").look("amara", *WRITTEN["withdraw"]))[0]["outcome"] == "not-mover"


def test_a_draft_is_not_sent_by_the_one_member_who_is_left_without_asking_once_more() -> None:
    here = desk("open", "basic")
    alone = replace(here.case, members={"amara": here.case.members["amara"]})
    assert Desk(here.committee, alone).look("amara", *WRITTEN["send"]).reason.value == "held-irreversible"


def test_what_was_closed_before_anybody_was_asked_goes_back_to_the_watchers() -> None:
    for policy, state in itertools.product(("chaoss", "numfocus"), EARLY):
        here = Desk(desk(state, policy).committee, desk(state, policy).case)
        here.does("jun", "#notreport spam")
        here.does("amara", "#reopen")
        assert here.case.proceedings.state.value == "with the watchers"


def test_what_was_closed_after_all_had_answered_is_open_again() -> None:
    here = Desk(desk("dismissed", "chaoss").committee, desk("dismissed", "chaoss").case)
    here.does("amara", "#reopen")
    assert here.case.proceedings.state.value == "open"


@pytest.mark.parametrize("policy", ["cncf", "numfocus"])
def test_what_has_to_be_on_record_first_is_asked_for(policy: str) -> None:
    here = desk("open", policy)
    bare = replace(here.case.proceedings, scope="", facts=())
    unjudged = Desk(here.committee, replace(here.case, proceedings=bare))
    [line] = lines(unjudged.look("jun", *WRITTEN["motion outcome"]))
    assert line["outcome"] == "asked-first"
    assert line["tags"] == (["#scope"] if policy == "cncf" else ["#risk", "#scope"])


def test_while_a_conflict_is_voted_on_nothing_is_decided() -> None:
    """A conflict that a member has stated, or is challenged about (R21); not whether somebody else comes in."""
    for policy, steps in (
        ("cncf", [("jun", "#recuse hard", "We work together.")]),
        ("kubernetes", [("amara", "#challenge @jun", "They work together."), ("sam", "#challenge @jun", "")]),
    ):
        here = Desk(desk("open", policy).committee, desk("open", policy).case)
        for sender, tag, text in steps:
            here.does(sender, tag, text)
        [line] = lines(here.look("amara", *WRITTEN["motion outcome"]))
        assert (line["outcome"], line["labels"]) == ("conflict-pending", ["Q1"]), policy


def test_a_question_on_a_conflict_leaves_the_case_where_it_is() -> None:
    for state in sorted(LIVE):
        for policy in policies_of(state):
            here = Desk(desk(state, policy).committee, desk(state, policy).case)
            before = here.case.proceedings.state
            told = here.does("jun", *WRITTEN["motion conflict"])
            assert names(changed(told)) == ["QuestionOpened"]
            assert here.case.proceedings.state is before


def test_a_handed_over_place_is_the_same_place() -> None:
    here = Desk(desk("open", "chaoss").committee, desk("open", "chaoss").case)
    here.does("jun", "#own secondary")
    here.does("jun", "#handoff @sam")
    assert here.case.proceedings.owners == {"primary": "amara", "secondary": "sam"}
    assert changed(here.look("amara", "#handoff @jun")) == [acts.OwnerSet("jun", "primary", "amara", AT)]
