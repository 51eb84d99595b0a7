"""Who takes care of a case, how it is judged, and where it stands: `#own #assign #handoff #risk #scope #urgent #status
#resolve #reopen #notreport #keep`.
"""

from __future__ import annotations

import re
from datetime import timedelta

from cocmail.core import acts, checks, promises, vague
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.deadlines import minute
from cocmail.core.erasing import BY_OPERATOR, KEPT, ends
from cocmail.core.erasure import ErasureStopped
from cocmail.core.letters import notice
from cocmail.core.lifecycle import LIVE, State
from cocmail.core.model import Member

REOPEN_FOR = timedelta(days=7)
_RISKS = ("safety", "repeat")
_TELL_RISK = frozenset({"risk", "danger"})


def own(call: Call) -> Line:
    """Takes the place of an owner if it is free; who has it already is named, not pushed out."""
    place = call.tag.argument("word") or "primary"
    owner = call.case.proceedings.owners.get(place)
    if owner == call.member.handle:
        return unchanged("own-again", place=place)
    # Somebody who left the committee holds no place.
    present = next((member for member in call.others if member.handle == owner), None)
    if present is not None:
        return refuse("owned", place=place, name=present.name, handle=call.member.handle)
    return _set_owner(call, call.member, place)


def assign(call: Call) -> Line:
    """Makes a member who has the case its first owner, in the place of whoever was."""
    handle = call.tag.argument("member").removeprefix("@")
    chosen = next((member for member in (call.member, *call.others) if member.handle == handle), None)
    if chosen is None:
        return refuse("no-such-reader", handles=[member.handle for member in (call.member, *call.others)])
    if call.case.proceedings.owners.get("primary") == handle:
        return unchanged("own-again", place="primary")
    return _set_owner(call, chosen, "primary")


def handoff(call: Call) -> Line:
    """An owner's place goes to another member who has the case (CHAOSS: somebody else takes the report)."""
    handle = call.tag.argument("member").removeprefix("@")
    chosen = next((member for member in call.others if member.handle == handle), None)
    if chosen is None:
        return refuse("no-such-reader", handles=[member.handle for member in call.others])
    owners = call.case.proceedings.owners
    place = next(place for place, owner in owners.items() if owner == call.member.handle)
    return _set_owner(call, chosen, place)


def _set_owner(call: Call, owner: Member, place: str) -> Line:
    here = {member.handle: member.name for member in (call.member, *call.others)}
    before = call.case.proceedings.owners.get(place, "")
    call.plan.add(call.case_id, acts.OwnerSet(owner.handle, place, call.member.handle, call.at))
    was, mine = here.get(before, ""), owner.handle == call.member.handle
    call.tell_others("owner", but=owner, owner=owner.name, place=place, before=was)
    if not mine:
        by = {"name": call.member.name, "handle": call.member.handle}
        made = {"what": "made-owner", **by, "place": place, "before": was}
        about = f"{call.message.id} {call.tag}"
        call.plan.letters.append(notice(call.committee, call.case, owner, about, "changed", made))
    back = f"#assign @{before}" if place == "primary" and before in here else ""
    return done("owner", owner=owner.name, mine=mine, place=place, undo=back)


def risk(call: Call) -> Line:
    """Records the judgement; what was not said stays as it was, and is told to nobody."""
    said = dict(word.split(":") for word in call.tag.arguments)
    before = _stated_risks(call)
    judged = {key for fact in call.case.proceedings.facts if fact.what == "risk" for key in said if key in fact.value}
    safety, repeat = said.get("safety", ""), said.get("repeat", "")
    if judged == said.keys() and before == {**before, **said}:
        return unchanged("risk-again", safety=safety, repeat=repeat)
    call.plan.add(call.case_id, acts.RiskJudged(call.member.handle, call.at, safety, repeat))
    call.tell_others("risk", safety=safety, repeat=repeat)
    back = " ".join(f"{key}:{before[key]}" for key in said if before.get(key, said[key]) != said[key])
    return done("risk", safety=safety, repeat=repeat, before=before, undo=f"#risk {back}" if back else "")


def _stated_risks(call: Call) -> dict[str, str]:
    """The word for each risk of which somebody has said anything: that somebody is in danger says it of the one."""
    now = call.case.proceedings
    told = " ".join("safety:" if fact.what == "danger" else fact.value for fact in now.facts if fact.what in _TELL_RISK)
    return {key: str(getattr(now, key)) for key in _RISKS if f"{key}:" in told}


def scope(call: Call) -> Line:
    """Records whether the Code of Conduct covers it."""
    said, before = call.tag.argument("word"), call.case.proceedings.scope
    if said == before:
        return unchanged("scope-again", scope=said)
    call.plan.add(call.case_id, acts.ScopeJudged(call.member.handle, call.at, said))
    call.tell_others("scope", scope=said)
    return done("scope", scope=said, before=before, undo=f"#scope {before}" if before else "")


def urgent(call: Call) -> Line:
    """Tells the others at once; said twice it tells nobody again."""
    if call.case.proceedings.urgent:
        return unchanged("urgent-again")
    call.plan.add(call.case_id, acts.MarkedUrgent(call.member.handle, call.at))
    call.tell_others("urgent")
    return done("urgent")


def status(call: Call) -> Line:
    """Lets the case rest or go on."""
    wanted = call.tag.argument("word")
    if call.case.proceedings.paused == (wanted == "paused"):
        return unchanged("status-again", status=wanted)
    call.plan.add(call.case_id, acts.StatusSet(call.member.handle, call.at, wanted))
    call.tell_others("status", status=wanted)
    return done("status", status=wanted, undo="#status ongoing" if wanted == "paused" else "#status paused")


def resolve(call: Call) -> Line:
    """Ends the case; only after a passed motion, only in words that tell nothing in the sheet."""
    if call.case.proceedings.state is State.RESOLVED:
        return unchanged("resolved-again", undo="#reopen")
    if call.case.proceedings.decision is None:
        return refuse("no-decision")
    telling = vague_problem(call)
    if telling is not None:
        return telling
    finding = call.tag.argument("word")
    call.plan.add(call.case_id, acts.CaseResolved(call.member.handle, call.at, finding, call.tag.text))
    call.tell_others("resolved", finding=finding, text=call.tag.text)
    untold = promises.untold(call.committee, call.case)
    return done("resolved", finding=finding, text=call.tag.text, untold=untold, undo="#reopen")


def vague_problem(call: Call) -> Line | None:
    """The refusal of a text that tells too much for the status sheet, or None."""
    reporter = call.case.reporter
    people = [reporter.name, reporter.address] if reporter is not None else []
    texts = [call.message.thread.get(entry.id, "") for entry in call.case.entries]
    if call.message.unread:
        # What cannot be read may have each of these words as a name. In small letters they may stand.
        texts.append(" ".join(("as", *(word.capitalize() for word in re.findall(r"\w+", call.tag.text)))))
    found = vague.find_telling(call.tag.text, call.committee, people=people, texts=texts)
    if not found:
        return None
    return refuse("telling", words=[{"kind": each.kind, "word": each.word} for each in found])


def reopen(call: Call) -> Line:
    """Takes a decided, resolved or dismissed case up again. What was dismissed, within a week."""
    now = call.case.proceedings
    if now.state in LIVE and now.state is not State.DECIDED:
        return unchanged("open-already")
    if now.dismissed_at is not None and call.plan.setting.now - now.dismissed_at > REOPEN_FOR:
        return refuse("too-late-to-reopen")
    call.plan.add(call.case_id, acts.CaseReopened(call.member.handle, call.at))
    checks.begin_watch(call.plan, call.case_id)
    call.tell_others("reopened")
    return done("reopened")


def notreport(call: Call) -> Line:
    """Closes what is no report."""
    if call.case.proceedings.state is State.DISMISSED:
        return unchanged("dismissed-again")
    kind = call.tag.argument("word")
    call.plan.add(call.case_id, acts.CaseDismissed(call.member.handle, call.at, kind))
    call.tell_others("dismissed", kind=kind)
    return done("dismissed", kind=kind, undo="#reopen")


def keep(call: Call) -> Line:
    """Stops an erasure that was announced; the time after which a case is erased begins anew."""
    pending = call.case.proceedings.erasure
    if pending is None:
        return unchanged("keep-again", until=_kept_until(call))
    call.plan.add(call.case_id, ErasureStopped(call.member.handle, call.at))
    if pending.why == BY_OPERATOR:
        call.plan.alarms.append(KEPT)
    until = _kept_until(call)
    call.tell_others("kept", until=until)
    return done("keep", until=until)


def _kept_until(call: Call) -> str:
    """Until when the case is kept by the committee's file; "" for without end."""
    found = ends(call.committee, call.case)
    return minute(found[0]) if found is not None else ""
