"""Every tag as it is written, and a case in every state with a member in every place: for `test_every_tag*.py`."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from cocmail.core import acts, events, handing, links, outward
from core.desk import ADDRESS, AT, NAMES, NOW, Desk, committee, opened, reply_address

# Who asks first has a case that the watchers read, and one that is being checked.
EARLY = frozenset({"triage", "checking"})
STATES = ("sealed", "triage", "checking", "open", "voting", "decided", "resolved", "dismissed", "merged", "transferred")
UNSEALED = frozenset(STATES[1:])
LIVE = EARLY | {"open", "voting", "decided"}
KEPT = LIVE | {"resolved", "transferred"}
FORWARD_FIRST, CHECK_FIRST = ("basic", "kubernetes", "cncf"), ("chaoss", "numfocus")

PARTS = "Finding: f. Plan: p. Consequence: c. If refused: r."
# How each tag is written, and the text of its mail.
WRITTEN = {
    "clear": ("#clear", ""),
    "clear n": ("#clear 2", ""),
    "recuse": ("#recuse", ""),
    "unrecuse": ("#unrecuse", ""),
    "new": ("#new phone", "Kit pushed somebody."),
    "party": ('#party witness "Dana Cole"', ""),
    "check": ("#check", ""),
    "challenge": ("#challenge @sam", "They share a flat."),
    "limit": ("#limit @noor summary", ""),
    "ask": ("#ask @ivo", "Were you at the venue on Friday?"),
    "own": ("#own secondary", ""),
    "assign": ("#assign @sam", ""),
    "handoff": ("#handoff @sam", ""),
    "risk": ("#risk safety:yes", ""),
    "scope": ("#scope in", ""),
    "urgent": ("#urgent", ""),
    "danger": ("#danger", "Kit is at the door."),
    "act": ("#act", "I had Kit led out."),
    "interim": ("#interim until:2026-12-24", "No badge for Kit."),
    "note": ("#note 2026-11-20", "We talked."),
    "plan": ("#plan", "A talk."),
    "consequence": ("#consequence", "A warning."),
    "actions": ('#actions "Call the venue"', ""),
    "meet": ("#meet 2026-12-24", ""),
    "obligation": ('#obligation "Stay away from the booth" due:2026-12-24', ""),
    "done": ("#done 1", ""),
    "apology": ("#apology decline", ""),
    "transfer": ("#transfer foundation", "It happened at an event of yours."),
    "disclose": ("#disclose legal", "To: the court\nGround: an order\nWhat: the report"),
    "motion outcome": ("#motion outcome", PARTS),
    "motion interim": ("#motion interim", "Until: 2026-12-24\nNo badge for Kit."),
    "motion conflict": ("#motion conflict", "Member: @ivo\nAccess: full"),
    "motion remove": ("#motion remove", "Member: @pat\nThey do not answer any more."),
    "motion policy": ("#motion policy", "Let us answer within two days."),
    "vote": ("#vote q1 yes", ""),
    "object": ("#object q1", ""),
    "withdraw": ("#withdraw q1", ""),
    "reporter": ("#reporter", "Thank you for telling us."),
    "reported": ("#reported", "To: kit@acme.example\nWe would like to talk to you."),
    "contact": ('#contact "The venue"', "To: desk@venue.example\nWhen were the doors shut?"),
    "send": ("#send d1", ""),
    "status": ("#status paused", ""),
    "resolve": ('#resolve no-action "Nothing to do"', ""),
    "reopen": ("#reopen", ""),
    "notreport": ("#notreport spam", ""),
    "related": ("#related [tea pot] retaliation", ""),
    "merge": ("#merge [tea pot]", ""),
    "release": ("#release", ""),
    "keep": ("#keep", ""),
    "optout": ("#optout", ""),
    "optin": ("#optin", ""),
    "show": ("#show", ""),
    "doc": ("#doc", ""),
    "cases": ("#cases", ""),
    "sheet": ("#sheet", ""),
    "committee": ("#committee", "Hello."),
    "stay": ("#stay", ""),
    "leave": ("#leave", ""),
    "away": ("#away 2026-12-20 2027-01-04", ""),
    "help": ("#help", ""),
}
# Not about a case at all: these run for every member, whatever they have.
WITHOUT_CASE = frozenset({"cases", "sheet", "help", "stay", "away"})
# To all members, so never in a mail that belongs to a case.
TO_ALL = {
    "committee": "belongs-to-a-case",
    "new": "new-in-a-case",
    "motion remove": "matter-in-a-case",
    "motion policy": "matter-in-a-case",
}
CHANGES_NO_CASE = WITHOUT_CASE | {"show", "doc"}


def policies_of(state: str) -> tuple[str, ...]:
    """The presets under which a case can be in that state."""
    return CHECK_FIRST if state in EARLY else FORWARD_FIRST + CHECK_FIRST


def _members(state: str) -> list[events.Event]:
    """Noor withdrew, Ivo was named, Pat left and came back, Ruth, the mediator, never had it.

    Where that can be, Lee has been asked and has not answered, and the others have left Kim and Mika, who have a soft
    conflict, the talk and the notes.
    """
    told: list[events.Event] = [
        events.MemberWithheld("ivo", "screened"),
        events.MemberRecused("noor", "soft"),
        events.MemberLeft("pat"),
        acts.OwnerSet("amara", "primary", "amara", AT),
        acts.DraftWritten(1, "reporter", "amara", AT, "We are on it."),
        acts.RiskJudged("amara", AT, "no", "no"),
        acts.ScopeJudged("amara", AT, "unsure"),
        acts.RemarkMade("amara", AT, "note", "We met.", "2026-11-20"),
        events.PartyNamed("reported", "Kit Larsen", "amara", AT),
        acts.ObligationSet(1, "amara", AT, "Say sorry", "2026-12-24"),
    ]
    if state == "triage":
        return told
    until = (NOW + timedelta(hours=24)).isoformat()
    if state == "checking":
        told.append(events.CheckOpened(AT, until))
    told += [events.MemberAsked("lee", ADDRESS["lee"], NAMES["lee"], until), reply_address("lee")]
    for handle, level in (("kim", "discuss"), ("mika", "summary")):
        told += [events.MemberRecused(handle, "soft"), reply_address(handle)]
        told.append(events.AccessLimited(handle, level, ADDRESS[handle], NAMES[handle]))
    return told


def _proceedings(state: str, policy: str) -> list[events.Event]:
    told: list[events.Event] = []
    if state in ("voting", "decided", "resolved"):
        window = (NOW + timedelta(hours=24)).isoformat() if policy == "cncf" else ""
        end = (NOW + timedelta(hours=72)).isoformat()
        rule = ("majority", "cleared", "none", 0)
        told.append(acts.QuestionOpened(1, "outcome", "jun", AT, end, *rule, "f", "p", "c", "r", objections=window))
    if state in ("decided", "resolved"):
        told.append(acts.QuestionClosed(1, "passed", "all-voted", AT, 3, 0, 0, 0, 3))
    if state == "resolved":
        told.append(acts.CaseResolved("amara", AT, "violation", "Warning"))
    if state == "merged":
        told.append(links.CaseMerged("c9", "jun", AT))
    if state == "transferred":
        told.append(handing.TargetAsked("foundation", "conduct@foundation.example"))
        told.append(outward.Disclosed("transfer", "foundation", "Yours.", ("amara", "jun"), AT, "told"))
    if state == "dismissed":
        told.append(acts.CaseDismissed("amara", AT, "question"))
    return told


@cache
def desk(state: str, policy: str) -> Desk:
    """A case in that state. Amara owns it and wrote D1, Jun opened Q1, Sam has it too; nobody may change it."""
    place = committee(policy)
    if state == "sealed":
        return Desk.at(place, *opened(audience="escrow"))
    told = opened("amara", "jun", "noor", "sam", "pat", check_first=state in EARLY)
    return Desk.at(place, *told, *_members(state), *_proceedings(state, policy))
