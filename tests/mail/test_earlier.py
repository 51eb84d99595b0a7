"""A letter that the release before this one queued is written by this one: nothing waits for ever for a new word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cocmail.config.preset import read_preset
from cocmail.core import events
from cocmail.core.case import fold
from cocmail.core.effects import decode_letter, encode_letter
from cocmail.core.letters import to_reader
from cocmail.core.model import Committee, Member, Policy
from cocmail.mail.compose import compose

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMMITTEE = Committee(
    id="conduct@example.org",
    name="Example Committee",
    address="conduct@example.org",
    policy=Policy("basic", read_preset("basic")),
    members=(Member("amara", "Amara Obi", "amara@example.net"),),
)
CASE = fold(
    "c1",
    [
        events.CaseOpened("home shelf", COMMITTEE.id, "m1", "committee", NOW.isoformat()),
        events.MemberAdmitted("amara", "amara@example.net"),
        events.TokenIssued("member:amara", "t", "amara@example.net"),
    ],
)
MOTION = {
    "label": "Q1", "rule": "majority", "base": "cleared", "result": "passed", "why": "time",
    "finding": "f", "plan": "p", "consequence": "c", "if_refused": "r",
}  # fmt: skip
TALLY = {"yes": 1, "no": 0, "abstain": 0, "not_voted": 0}
RECUSED = {
    "tag": "#recuse", "undo": "", "refused": False, "outcome": "recused", "case_name": "home shelf", "others": True,
    "voting": [], "distinguished": True, "discarded": True, "undo_name": "Amara Obi", "undo_address": "a@example.net",
}  # fmt: skip
# The lines of receipts as they were before they said more.
_LINE = {"tag": "#own", "undo": "", "refused": False}
LINES: dict[str, tuple[dict[str, object], str]] = {
    "an owner": ({"outcome": "owner", "owner": "Jun Sato", "place": "primary"}, "Jun Sato is now the first owner"),
    "a risk": ({"outcome": "risk", "safety": "yes", "repeat": "no"}, "Risk to somebody's safety: yes.\r\n"),
    "a scope": ({"outcome": "scope", "scope": "in"}, "the Code of Conduct covers it. The others"),
    "a ballot": (
        {"outcome": "voted", "label": "Q1", "ballot": "yes", "before": "", "ends": "then", "others": ["no"]},
        "you can change it",
    ),
    "a no": ({"outcome": "not-me"}, "You replied, which counts as no"),
    "no question": ({"outcome": "nothing-to-vote", "refused": True, "open": []}, "To open one"),
}

# What version 0.1.0 put into its queue, by template.
QUEUED: dict[str, tuple[str, dict[str, object]]] = {
    "vote": ("vote", {"motion": MOTION, "mover": "Amara Obi", "ends": "2026-11-24 12:00 UTC"}),
    "tally": (
        "tally",
        {"motion": MOTION, "tally": TALLY, "base": 1, "quorate": True, "deadlock": False, "decided": "", "owned": True},
    ),
    "recused": ("notice", {"name": "Jun Sato", "owned": False, "voting": []}),
    "receipt": ("receipt", {"lines": [RECUSED], "possible": [], "beside": False}),
}


@pytest.mark.parametrize("template", QUEUED)
def test_a_letter_of_the_release_before_is_still_written(template: str) -> None:
    kind, words = QUEUED[template]
    queued = to_reader(COMMITTEE, CASE, COMMITTEE.members[0], kind, "x", words, template=template)
    _, letter = decode_letter(encode_letter(queued, COMMITTEE.id).replace(b', "need": 3', b""))
    assert compose(letter, COMMITTEE, CASE, None, return_path="", now=NOW).content


@pytest.mark.parametrize("which", LINES)
def test_a_receipt_of_the_release_before_says_what_it_said(which: str) -> None:
    line, said = LINES[which]
    words: dict[str, object] = {"lines": [{**_LINE, **line}], "possible": [], "beside": False}
    letter = to_reader(COMMITTEE, CASE, COMMITTEE.members[0], "receipt", "x", words)
    assert said.encode() in compose(letter, COMMITTEE, CASE, None, return_path="", now=NOW).content
