"""Every tag, in every state of a case, by every kind of sender: what runs, what is refused, what nobody notices.

The expectations are written down here by hand from the contract, section 5; the program's own table is not asked.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from cocmail.config.preset import read_preset
from cocmail.core import acts, events
from cocmail.core.case import Case, fold
from cocmail.core.decide import decide
from cocmail.core.effects import Decision, Letter
from cocmail.core.model import (
    REPORTER,
    Committee,
    Door,
    Envelope,
    Mail,
    Member,
    Person,
    Policy,
    Proof,
    Role,
    Verdict,
    Wanted,
    member_person,
)
from cocmail.core.setting import Grant, Known, Message, Setting
from cocmail.core.tags import TABLE
from cocmail.mail.compose import compose

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = NOW.isoformat()
CASE, CODE = "c1", "home shelf"
STATES = ("sealed", "open", "voting", "decided", "resolved", "dismissed")
UNSEALED = frozenset(STATES[1:])
LIVE = frozenset({"open", "voting", "decided"})
KEPT = LIVE | {"resolved"}
PARTS = "Finding: f. Plan: p. Consequence: c. If refused: r."

# How each tag is written, with what text, and in which states it runs for a member who has the case (Jun, who opened
# Q1) and for the owner (Amara, who wrote D1); `again`: it is so already, nothing changes; `asked`: only once confirmed.
WRITTEN = {
    "clear": ("#clear", ""),
    "recuse": ("#recuse", ""),
    "own": ("#own secondary", ""),
    "assign": ("#assign @sam", ""),
    "risk": ("#risk safety:yes", ""),
    "scope": ("#scope in", ""),
    "urgent": ("#urgent", ""),
    "note": ("#note 2026-11-20", "We talked."),
    "plan": ("#plan", "A talk."),
    "consequence": ("#consequence", "A warning."),
    "actions": ('#actions "Call the venue"', ""),
    "motion": ("#motion outcome", PARTS),
    "vote": ("#vote q1 yes", ""),
    "withdraw": ("#withdraw q1", ""),
    "reporter": ("#reporter", "Thank you for telling us."),
    "send": ("#send d1", ""),
    "status": ("#status paused", ""),
    "resolve": ('#resolve no-action "Nothing to do"', ""),
    "reopen": ("#reopen", ""),
    "notreport": ("#notreport spam", ""),
    "optout": ("#optout", ""),
    "optin": ("#optin", ""),
    "show": ("#show", ""),
    "doc": ("#doc", ""),
    "cases": ("#cases", ""),
    "sheet": ("#sheet", ""),
    "committee": ("#committee", "Hello."),
    "help": ("#help", ""),
}
RUNS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("clear", "recuse", "reporter", "show", "doc", "cases", "sheet", "help"), UNSEALED),
    **dict.fromkeys(("own", "assign", "note", "actions"), KEPT),
    **dict.fromkeys(("risk", "scope", "urgent", "plan", "consequence", "motion", "status"), LIVE),
    "vote": frozenset({"voting"}),
    "reopen": frozenset({"decided", "resolved", "dismissed"}),
    "notreport": frozenset({"open"}),
}
BY_JUN = {"withdraw": frozenset({"voting"}), "send": UNSEALED}
BY_AMARA = {"optout": KEPT}
AGAIN = {"reopen": frozenset({"open", "voting"}), "notreport": frozenset({"dismissed"})}
AGAIN_BY_AMARA = {"optin": KEPT, "resolve": frozenset({"resolved"})}
WITHOUT_CASE = frozenset({"cases", "sheet", "help"})
CHANGES_NOTHING = frozenset({"show", "doc", "cases", "sheet", "help"})


PEOPLE = {"amara": "Amara Obi", "jun": "Jun Sato", "noor": "Noor Haddad", "ivo": "Ivo Petrov", "sam": "Sam Reyes"}
ADDRESS = {handle: f"{handle}@example.net" for handle in PEOPLE} | {"ruth": "ruth@mediation.example"}
COMMITTEE = Committee(
    id="conduct@example.org",
    name="Example Committee",
    address="conduct@example.org",
    policy=Policy("basic", read_preset("basic")),
    members=(
        *(Member(handle, name, ADDRESS[handle]) for handle, name in PEOPLE.items()),
        Member("ruth", "Ruth Adler", ADDRESS["ruth"], role=Role.MEDIATOR),
    ),
    chair="amara",
)


def case_in(state: str) -> Case:
    """Amara owns it, Jun and Sam have it, Noor withdrew, Ivo was named in it, Ruth the mediator never had it."""
    audience = "escrow" if state == "sealed" else "committee"
    told: list[events.Event] = [
        events.CaseOpened(CODE, COMMITTEE.id, "m1", audience, AT),
        events.ReporterKnown("robin@visitors.example", "Robin", True),
        events.EntryFiled("m1", "reporter", "report", "<m1@visitors.example>"),
        events.TokenIssued("reporter", "rt", "robin@visitors.example"),
    ]
    if state == "sealed":
        return fold(CASE, told)
    for handle in ("amara", "jun", "noor", "sam"):
        address = ADDRESS[handle]
        told += [events.MemberAdmitted(handle, address), events.TokenIssued(f"member:{handle}", f"t-{handle}", address)]
    told += [events.MemberWithheld("ivo", "screened"), events.MemberRecused("noor")]
    told += [
        acts.OwnerSet("amara", "primary", "amara", AT),
        acts.DraftWritten(1, "reporter", "amara", AT, "We are on it."),
    ]
    end = (NOW + timedelta(hours=72)).isoformat()
    if state not in ("open", "dismissed"):
        parts = ("f", "p", "c", "r")
        told.append(acts.QuestionOpened(1, "outcome", "jun", AT, end, "majority", "cleared", "none", 0, *parts))
    if state in ("decided", "resolved"):
        told.append(acts.QuestionClosed(1, "passed", "all-voted", AT, 3, 0, 0, 0, 3))
    if state == "resolved":
        told.append(acts.CaseResolved("amara", AT, "violation", "Warning"))
    if state == "dismissed":
        told.append(acts.CaseDismissed("amara", AT, "question"))
    return fold(CASE, told)


CASES = {state: case_in(state) for state in STATES}


class CountingDraw:
    """Values that are all different."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def id(self) -> str:
        return f"id{next(self._numbers)}"

    def token(self) -> str:
        return f"token{next(self._numbers)}"

    def code_name(self) -> str:
        return "plain table"


def send(state: str, tag: str, sender: str) -> Decision:
    """The decision on one mail. `sender`: a handle, reporter, stranger, or unproven (Jun's address and reply token)."""
    subject, text = WRITTEN[tag]
    handle = "jun" if sender == "unproven" else sender
    address = ADDRESS.get(handle, "robin@visitors.example" if sender == "reporter" else "someone@else.example")
    person = member_person(handle) if handle in ADDRESS else Person("reporter")
    case = CASES[state]
    token = case.token_of(person)
    grant = Grant(person, address, CASE) if token and sender != "stranger" else None
    mail = Mail(
        to=(COMMITTEE.address,),
        subject=f"Re: [{CODE}] Committee case {subject}",
        from_addresses=(address,),
        text=text,
        message_id="<m2@somewhere.example>",
        body_digest=tag,
    )
    proof = Proof() if sender == "unproven" else Proof(address, "dmarc", Verdict.PASS)
    envelope = Envelope(Door.SMTP, COMMITTEE.id, address, (COMMITTEE.address,))
    wanted = Wanted(token=token) if grant else Wanted(alias=True)
    known = Known(
        cases={CASE: case},
        names={CODE: CASE},
        grant=grant,
    )
    message = Message("m2", mail, envelope, wanted, proof, thread={"m1": "Somebody shouted."})
    return decide(message, Setting(COMMITTEE, known, NOW, CountingDraw()))


def changed(decision: Decision) -> list[object]:
    """What happened to the case at hand."""
    return [event for change in decision.changes if change.case_id == CASE for event in change.events]


def lines(decision: Decision) -> list[dict[str, object]]:
    [receipt] = [letter for letter in decision.letters if letter.kind == "receipt"]
    found = receipt.words["lines"]
    assert isinstance(found, list)
    for line in found:
        can_be_written(str(line["outcome"]), receipt)
    return found


@cache
def _composed(outcome: str, letter: str) -> bytes:
    """The receipt as it would be sent: a word that a sentence lacks raises."""
    receipt = RECEIPTS[letter]
    case = CASES["open"] if receipt.case_id else None
    listed = Mail(text="Your cases:") if outcome == "cases" else None
    return compose(receipt, COMMITTEE, case, listed, return_path="", now=NOW).content


RECEIPTS: dict[str, Letter] = {}


def can_be_written(outcome: str, letter: Letter) -> None:
    key = f"{outcome} {bool(letter.case_id)}"
    RECEIPTS.setdefault(key, letter)
    assert _composed(outcome, key)


def expected(tag: str, state: str, handle: str) -> str:
    """What must become of a tag of somebody who has the case: runs, again, asked or refused."""
    own = handle == "amara"
    if tag == "resolve" and own and state == "decided":
        return "asked"
    if state in AGAIN.get(tag, ()) or (own and state in AGAIN_BY_AMARA.get(tag, ())):
        return "again"
    runs = {**RUNS, **(BY_AMARA if own else BY_JUN)}
    return "runs" if state in runs.get(tag, ()) else "refused"


def test_the_tables_here_and_there_have_the_same_tags() -> None:
    assert WRITTEN.keys() == {row.name for row in TABLE}


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_has_the_case(tag: str) -> None:
    for state, handle in itertools.product(STATES[1:], ("amara", "jun")):
        decision, wanted = send(state, tag, handle), expected(tag, state, handle)
        where = f"{tag} by {handle} in {state}: {wanted}"
        if wanted == "asked":
            assert decision.reason.value == "held-irreversible", where
            assert not changed(decision) and [letter.kind for letter in decision.letters] == ["confirm"], where
            continue
        found = lines(decision)
        refused = [line for line in found if line.get("refused")]
        assert bool(refused) is (wanted == "refused"), where
        if wanted == "refused":
            assert decision.reason.value == "command-refused" and not changed(decision), where
            assert [letter.kind for letter in decision.letters] == ["receipt"], where
        elif wanted == "again":
            assert not changed(decision) and len(decision.letters) == 1, where
        else:
            assert bool(changed(decision)) is (tag not in CHANGES_NOTHING), where
        written = [event.to for event in decision.letters]
        assert REPORTER not in written or (tag, handle) == ("send", "jun"), where


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_has_not_got_it_learns_nothing_and_changes_nothing(tag: str) -> None:
    for state, handle in itertools.product(STATES, ("noor", "ivo", "ruth")):
        decision, where = send(state, tag, handle), f"{tag} by {handle} in {state}"
        assert not changed(decision), where
        assert tag == "committee" or {letter.to for letter in decision.letters} == {member_person(handle)}, where
        assert not any(letter.case_id for letter in decision.letters), where
        [line] = lines(decision)
        if tag in WITHOUT_CASE:
            assert not line.get("refused") and CODE not in str(line), where
        elif tag != "committee":
            assert line["outcome"] == "no-such-case", where
        else:
            # Noor has letters of the case; Ivo and Ruth must not find out by this that there is one.
            had_letters = handle == "noor" and state != "sealed"
            assert line["outcome"] == ("belongs-to-a-case" if had_letters else "committee"), where


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_sealed_case_exists_for_no_member(tag: str) -> None:
    for handle in ("amara", "jun"):
        decision = send("sealed", tag, handle)
        assert not changed(decision) and not any(letter.case_id for letter in decision.letters)


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_reporters_tag_is_plain_text(tag: str) -> None:
    for state in STATES:
        decision = send(state, tag, "reporter")
        assert decision.reason.value == "follow-up"
        assert [type(event).__name__ for event in changed(decision)] == ["EntryFiled"], (tag, state)
        assert {letter.kind for letter in decision.letters} <= {"forward"}, (tag, state)


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_strangers_tag_is_a_report_and_touches_no_other_case(tag: str) -> None:
    for state in STATES:
        decision = send(state, tag, "stranger")
        assert decision.reason.value == "report" and not changed(decision), (tag, state)
        assert {letter.kind for letter in decision.letters} == {"ack", "forward"}, (tag, state)


@pytest.mark.parametrize("tag", WRITTEN)
def test_what_nobody_proved_runs_nothing_until_it_is_confirmed(tag: str) -> None:
    for state in STATES[1:]:
        decision = send(state, tag, "unproven")
        assert decision.reason.value == "held-unproven" and decision.state == "held", (tag, state)
        assert [letter.kind for letter in decision.letters] == ["confirm"], (tag, state)
        paused = [type(event).__name__ for event in changed(decision)]
        assert paused == (["MemberPaused"] if tag == "recuse" else []), (tag, state)


def test_an_author_never_sends_what_they_wrote_nor_does_a_member_take_back_what_another_asked() -> None:
    assert lines(send("open", "send", "amara"))[0]["outcome"] == "own-draft"
    assert lines(send("voting", "withdraw", "amara"))[0]["outcome"] == "not-mover"


def test_a_draft_is_not_sent_by_the_one_member_who_is_left_without_asking_once_more() -> None:
    alone = case_in("open")
    alone = replace(alone, members={"amara": alone.members["amara"]})
    CASES["alone"] = alone
    try:
        assert send("alone", "send", "amara").reason.value == "held-irreversible"
    finally:
        del CASES["alone"]
