"""What a member's tag does in a case: part of the oracle of `test_who_sees_what`; it imports nothing of the program."""

from __future__ import annotations

from datetime import datetime

from property.admission import complete, write_down
from property.ballots import ask, close
from property.expected import LIVE, Expected
from property.procedures import A_PRIMARY, DAYS, EVERYBODY, HOURS, REPORTER
from property.records import Draft, Question, Said
from property.stating import Enter, challenge, check, clear, has_some, lift, limit, party, recuse, unrecuse

KEPT = {*LIVE, "resolved"}
# In which states a tag runs; the others run in any.
RUNS_IN = {
    **dict.fromkeys(("note", "own", "optout", "optin", "ask", "handoff"), KEPT),
    **dict.fromkeys(("plan", "motion", "lift", "risk", "scope", "party", "check", "challenge", "limit"), LIVE),
    "resolve": {"decided", "resolved"},
    "notreport": {"open", "dismissed", "triage", "checking"},
}
# These are read by whoever steps in, and name people.
TEXTS = ("", "note", "plan", "motion", "reporter")
OWNERS_ALONE = ("resolve", "optout", "optin", "handoff", "ask")
# Without these a member with a part of a case can do nothing more in it.
FOR_ANYBODY = ("clear", "recuse", "unrecuse", "committee")


def read_by(case: Expected, said: Said) -> bool:
    """Whether the tag is one that this member may use in this case now."""
    level = case.level(said.author)
    if said.tag in FOR_ANYBODY:
        return True
    if level != "full" and (said.tag or level != "discuss"):
        return False
    if said.author in case.challenged or case.state not in RUNS_IN.get(said.tag, {case.state}):
        # Access is paused both ways while the others decide on it.
        return False
    if said.tag in ("party", "check") and said.author not in _watching(case):
        return case.owner == said.author
    return said.tag not in OWNERS_ALONE or case.owner == said.author


def _watching(case: Expected) -> list[str]:
    """Who watches over a case: who read it before the others were asked; else the first of those who have it."""
    there = [handle for handle in EVERYBODY if handle in case.readers]
    if case.body.procedure.check_first:
        return [handle for handle in there if case.places[handle].why not in ("clear", "onboarding")]
    own, size = case.body.holding(A_PRIMARY), case.body.procedure.watchers
    return [handle for handle in own if handle in there][:size] or there[:2]


def hear_tag(case: Expected, said: Said, came: datetime, enter: Enter, *, confirmed: bool = False) -> bool | None:
    changed: bool | None
    match said.tag:
        case "clear" | "recuse" | "unrecuse":
            changed = {"clear": clear, "recuse": recuse, "unrecuse": unrecuse}[said.tag](case, said)
        case "party" | "check":
            changed = party(case, said, enter) if said.tag == "party" else check(case, said)
        case "challenge" | "limit" | "lift":
            changed = {"challenge": challenge, "limit": limit, "lift": lift}[said.tag](case, said)
        case "vote" | "object" | "withdraw":
            changed = _on_question(case, said, came)
        case "motion" | "remove":
            changed = _motion(case, said)
        case "send":
            changed = _send(case, said, confirmed)
        case "resolve":
            changed = confirmed and case.state == "decided"
            case.ended = "resolved" if changed else case.ended
        case "reopen" | "notreport":
            changed = _moves(case, said)
        case _:
            changed = _writes(case, said)
    if changed and said.tag in TEXTS:
        entry = enter(said.canary, said.author, "discussion" if not said.tag else "record", said.named, said.sender)
        if write_down(case, entry):
            complete(case)
    return changed


# Votes, and where the case stands


def _motion(case: Expected, said: Said) -> bool:
    if said.tag == "remove":
        ask(case, "remove", said.author, {said.canary}, about=said.about)
        return True
    able = case.may_vote(Question("outcome", "", frozenset(), case.body.now, ""))
    if case.matter or case.early or case.unsettled or case.is_below_quota() or case.is_too_few(able):
        return False
    if not case.judged.issuperset(case.body.procedure.asks_first):
        return False
    ask(case, "outcome", said.author, {said.canary})
    return True


def _on_question(case: Expected, said: Said, came: datetime) -> bool:
    number = said.number or (case.unfinished[0] if len(case.unfinished) == 1 else 0)
    if number not in case.unfinished:
        return False
    question = case.questions[number - 1]
    match said.tag:
        case "vote":
            late = came >= question.ends or said.author not in case.may_vote(question)
            if late or question.ballots.get(said.author) == said.ballot:
                return False
            question.ballots[said.author] = said.ballot
            return True
        case "object" if question.objections is None or came >= question.objections:
            return False
        case "withdraw" if question.mover != said.author:
            return False
    question.objected = said.tag == "object"
    close(case, question, cancelled=True)
    return True


def _moves(case: Expected, said: Said) -> bool:
    if said.tag == "reopen":
        late = case.ended == "dismissed" and case.ended_at and case.body.now - case.ended_at > 7 * DAYS
        if late or (case.state in LIVE and case.state != "decided"):
            return False
        case.early = "triage" if case.ended == "dismissed" and case.unchecked else ""
        case.ended, case.counted_from = "", len(case.questions)
        if case.early:
            case.watch_at, case.watched = case.body.now + 12 * HOURS, 0
        return True
    if case.matter or case.state == "dismissed":
        return False
    case.ended, case.ended_at = "dismissed", case.body.now
    return True


def _send(case: Expected, said: Said, confirmed: bool) -> bool:
    """Somebody else sends; where nobody else is there, or no second reader is asked for, after a confirmation."""
    if said.number > len(case.drafts) or case.opted_out or case.matter:
        return False
    draft = case.drafts[said.number - 1]
    second = case.body.procedure.second_reader and len(case.readers) > 1
    author_has_it = draft.author in case.readers or has_some(case, draft.author)
    if draft.sent or not author_has_it or (second and draft.author == said.author):
        return False
    if not second and not confirmed:
        return False
    if not _can_be_reached(case):
        return False
    draft.sent = True
    case.record.add(draft.canary)
    # Who alone knows the reporter passes it on.
    case.want({case.taker or REPORTER}, f"outreach {draft.canary}")
    return True


def _can_be_reached(case: Expected) -> bool:
    """Who stays unknown is reached through the member who knows, as long as that one has the case."""
    return not case.taker or (case.body.procedure.passes_on and case.taker in case.readers)


def _writes(case: Expected, said: Said) -> bool | None:
    """Texts, letters that are asked for, and what only one word of the case changes."""
    others, now_open = case.readers - {said.author}, case.state != "checking"
    match said.tag:
        case "" if now_open:
            case.want(case.having("discuss") - {said.author}, f"forward {said.canary}")
            return True
        case "":
            case.waiting.add(said.canary)
            return True
        case "note" | "plan":
            case.record.add(said.canary)
            here = {handle for handle in case.having("summary") if case.is_here(handle)}
            case.want(here - {said.author}, f"notice {said.canary}")
            return True
        case "reporter" if not case.opted_out and not case.matter and _can_be_reached(case):
            case.drafts.append(Draft(said.author, said.canary))
            case.want(case.readers, f"draft {said.canary}")
            return True
        case "ask" if said.about in case.body.seats and not has_some(case, said.about):
            case.want({f"the witness {said.about}"}, f"outreach {said.canary}")
            case.want(others, f"notice {said.canary}")
            asked_before, case.witnesses[said.about] = said.about in case.witnesses, case.body.seats[said.about].email
            return None if asked_before else True
        case "show" | "doc":
            case.wanted[said.author, "thread" if said.tag == "show" else "document"] += 1
        case "risk" | "scope" if said.tag not in case.judged:
            case.judged.add(said.tag)
            return True
        case "own" if case.owner not in case.readers:
            case.owner = said.author
            return True
        case "handoff" if said.about in others:
            case.owner = said.about
            return True
        case "optout" | "optin" if case.opted_out != (said.tag == "optout"):
            case.opted_out = not case.opted_out
            # What had not left by then never does.
            case.stopped |= {what for handle, what in case.wanted if handle == REPORTER}
            return True
    return False
