"""What a member's tag does in a case: part of the oracle of `test_who_sees_what`; it imports nothing of the program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from property.admission import (
    FROM_OUTSIDE,
    bring_in,
    complete,
    is_asked,
    put,
    put_out,
    to_be_asked,
    unstated,
    withhold,
)
from property.ballots import ask, close
from property.expected import LIVE, Challenge, Draft, Entry, Expected, Question, Said
from property.procedures import A_PRIMARY, DAYS, EVERYBODY, HOURS, REPORTER

Enter = Callable[[str, str, str, frozenset[str], str], Entry]
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
        return [handle for handle in there if case.places[handle].why != "clear"]
    own, size = case.body.holding(A_PRIMARY), case.body.procedure.watchers
    return [handle for handle in own if handle in there][:size] or there[:2]


def hear_tag(case: Expected, said: Said, came: datetime, enter: Enter, *, confirmed: bool = False) -> bool | None:
    changed: bool | None
    match said.tag:
        case "clear" | "recuse" | "unrecuse":
            changed = {"clear": _clear, "recuse": _recuse, "unrecuse": _unrecuse}[said.tag](case, said)
        case "party" | "check":
            changed = _party(case, said, enter) if said.tag == "party" else _check(case, said)
        case "challenge" | "limit" | "lift":
            changed = {"challenge": _challenge, "limit": _limit, "lift": _lift}[said.tag](case, said)
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
        case.entries.append(entry)
    return changed


# Their own access


def _clear(case: Expected, said: Said) -> bool:
    place = case.places[said.author]
    if not is_asked(case, said.author):
        changed = place.standing == "in" and not place.stated
        place.stated = place.stated or changed
        return changed
    if said.number and any(said.author in entry.text for entry in case.entries):
        return False
    if place.staged and not place.shown and case.reported(others=True):
        place.shown = True
        case.want_again(said.author, "check")
        return True
    place.stated = True
    bring_in(case, said.author, "clear", kinds=FROM_OUTSIDE if place.number else ())
    if place.number:
        case.wanted[said.author, "document"] += 1
    complete(case)
    return True


def _recuse(case: Expected, said: Said) -> bool:
    """A conflict with its kind and a text is put on record, and confirmed by the others, where that is the procedure."""
    place, handle, states = case.places[said.author], said.author, case.body.procedure.states
    fresh = place.standing != "recused"
    kind = said.word if states else ""
    twice = kind == "soft" and (handle, "soft") in case.statements
    hard_already = not fresh and place.conflict == "hard"
    kind = "hard" if kind and (twice or hard_already) else kind
    if not fresh:
        says_more = states and said.word and said.canary and (handle, kind) not in case.statements
        if not says_more or place.conflict == "forced":
            return False
    if fresh:
        put_out(case, handle, "recused", "", kind)
    place = case.places[handle]
    place.conflict = kind
    if states and kind and said.canary:
        case.statements.append((handle, kind))
        case.record.add(said.canary)
        for question in case.questions:
            if not question.result and question.on_conflict and question.about == handle:
                close(case, question, cancelled=True)
        if case.readers:
            ask(case, "confirm", handle, {said.canary}, about=handle)
    complete(case)
    return True


def _unrecuse(case: Expected, said: Said) -> bool:
    place = case.places[said.author]
    if place.standing not in ("recused", "limited") or place.conflict == "forced":
        return False
    if said.author in case.asked_about or not case.readers:
        return False
    ask(case, "restore", said.author, set(), about=said.author)
    return True


# Who is involved


def _party(case: Expected, said: Said, enter: Enter) -> bool:
    case.parties.append((said.word, said.canary))
    meant = enter(said.canary, said.author, "", said.named, "").named
    case.party_members.append(said.named)
    case.record.add(said.canary)
    if said.word in case.body.procedure.conflicts_of:
        for handle in sorted(meant):
            withhold(case, handle, "named")
        complete(case)
    if case.level(said.author) == "full":
        case.want(case.readers - {said.author}, f"notice {said.canary}")
    return True


def _check(case: Expected, said: Said) -> bool | None:
    if case.matter or not case.reported():
        return False
    outside = to_be_asked(case)
    inside = set() if case.early else unstated(case) - {said.author}
    asked = bool(outside or inside)
    if asked or case.early:
        put(case, outside, staged=said.word == "staged")
    for handle in inside:
        case.want_again(handle, "check")
    if asked:
        return True
    was_early = bool(case.early)
    complete(case)
    return True if was_early else None


# The others' access


def _challenge(case: Expected, said: Said) -> bool:
    about, author = said.about, said.author
    if not case.body.procedure.forced or about not in case.readers - {author} or about in case.asked_about:
        return False
    first = next((each for each in case.challenges if each.about == about), None)
    if first is not None and first.by == author:
        return False
    if first is not None:
        case.challenges.remove(first)
        case.paused[about] = case.body.now + 30 * DAYS
        ask(case, "force", first.by, {first.canary, said.canary} - {""}, about=about, seconded=True)
        return True
    if any(each.by == author for each in case.challenges) or not said.canary:
        return False
    case.challenges.append(Challenge(author, about, said.canary, case.body.now + 48 * HOURS))
    case.want(case.readers - {author, about}, f"notice {said.canary}")
    return True


def _has_some(case: Expected, handle: str) -> bool:
    return case.is_here(handle) and case.level(handle) != "none"


def _limit(case: Expected, said: Said) -> bool:
    place = case.places.get(said.about)
    if place is None or said.about not in case.body.seats or place.conflict != "soft":
        return False
    if place.standing not in ("recused", "limited", "withheld"):
        return False
    if place.level == said.word or said.about in case.asked_about:
        return False
    ask(case, "limit", said.author, set(), about=said.about, level=said.word)
    return True


def _lift(case: Expected, said: Said) -> bool:
    """Whom the reporter does not want, or who is one, is not brought in by a vote."""
    about, place = said.about, case.places.get(said.about)
    if about not in case.body.seats or _has_some(case, about) or about in case.asked_about or about in case.excluded:
        return False
    if place is not None and (place.standing == "recused" or place.why in ("excluded", "inherited", "concerned")):
        return False
    ask(case, "lift", said.author, {said.canary}, about=about)
    return True


# Votes, and where the case stands


def _motion(case: Expected, said: Said) -> bool:
    if said.tag == "remove":
        ask(case, "remove", said.author, {said.canary}, about=said.about)
        return True
    able = case.may_vote(Question("outcome", "", frozenset(), case.body.now, ""))
    if case.early or case.asked_about or case.is_below_quota() or len(able) < case.fewest:
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
        return True
    if case.state == "dismissed":
        return False
    case.ended, case.ended_at = "dismissed", case.body.now
    return True


def _send(case: Expected, said: Said, confirmed: bool) -> bool:
    """Somebody else sends; where nobody else is there, or no second reader is asked for, after a confirmation."""
    if said.number > len(case.drafts) or case.opted_out or case.matter:
        return False
    draft = case.drafts[said.number - 1]
    second = case.body.procedure.second_reader and len(case.readers) > 1
    author_has_it = draft.author in case.readers or _has_some(case, draft.author)
    if draft.sent or not author_has_it or (second and draft.author == said.author):
        return False
    if not second and not confirmed:
        return False
    draft.sent = True
    case.record.add(draft.canary)
    case.want({REPORTER}, f"outreach {draft.canary}")
    return True


def _writes(case: Expected, said: Said) -> bool:
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
        case "reporter" if not case.opted_out and not case.matter:
            case.drafts.append(Draft(said.author, said.canary))
            case.want(case.readers, f"draft {said.canary}")
            return True
        case "ask" if said.about in case.body.seats and not _has_some(case, said.about):
            case.want({f"the witness {said.about}"}, f"outreach {said.canary}")
            case.witnesses[said.about] = case.body.seats[said.about].email
            case.want(others, f"notice {said.canary}")
            return True
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
