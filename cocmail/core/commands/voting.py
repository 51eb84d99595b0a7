"""`#motion`, `#vote`, `#object` and `#withdraw` (contract, section 5; domain R38 to R44)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cocmail.core import acts, questions, readers
from cocmail.core.commands.call import Call, Command, Line, done, refuse, unchanged
from cocmail.core.commands.conflict import motion_conflict
from cocmail.core.commands.matters import policy, remove
from cocmail.core.commands.protecting import motion_interim
from cocmail.core.deadlines import minute
from cocmail.core.lifecycle import EARLY
from cocmail.core.motions import REVIEW, Motion

PARTS = {"finding": "Finding:", "plan": "Plan:", "consequence": "Consequence:", "if_refused": "If refused:"}
_LABEL = re.compile(r"(?i)(?<![^\W_])(finding|plan|consequence|if[ \t]+refused)[ \t]{0,8}[:\uff1a]")
_MARKUP = " \t\r\n*_"
_ASKED_FIRST = {"risk": "#risk", "scope": "#scope", "note": "#note"}


def parts_of(text: str) -> tuple[dict[str, str], list[str]]:
    """(the named parts of a motion, the labels that stand there twice), on one line or several, in any case.

    Where each label begins a line, only those count: a sentence may speak of a plan: without being one.
    """
    every = [(_part(mark), mark.start(), mark.end()) for mark in _LABEL.finditer(text)]
    leading = [mark for mark in every if not text[text.rfind("\n", 0, mark[1]) + 1 : mark[1]].strip(_MARKUP)]
    marks = leading if {mark[0] for mark in leading} == PARTS.keys() else every
    twice = [PARTS[name] for name in PARTS if sum(mark[0] == name for mark in marks) > 1]
    ends = [*(mark[1] for mark in marks[1:]), len(text)]
    # What repeats is refused; the first of each is what the refusal speaks of.
    found = {name: text[start:end].strip(_MARKUP) for (name, _, start), end in zip(marks, ends, strict=False)}
    return found, twice


def _part(mark: re.Match[str]) -> str:
    return "if_refused" if mark[1].lower().startswith("if") else mark[1].lower()


def motion(call: Call) -> Line:
    """Opens a question; what it has to say depends on what it is about."""
    kind = call.tag.argument("word")
    return _KINDS[kind](call)


def _outcome(call: Call) -> Line:
    """Opens a question on the outcome, if nothing is missing and nobody's conflict is open."""
    stopped = _cannot_decide(call)
    if stopped is not None:
        return stopped
    found, twice = parts_of(call.text)
    if twice:
        return refuse("parts-twice", twice=twice)
    missing = [label for name, label in PARTS.items() if not found.get(name)]
    if missing:
        return refuse("missing-parts", missing=missing, parts=list(PARTS.values()))
    unmet = _asked_first(call)
    if unmet:
        return refuse("asked-first", tags=unmet)
    parts = {name: found[name] for name in PARTS}
    opened = questions.open_question(call.plan, call.case_id, call.member.handle, "outcome", parts)
    return done("motion", label=opened.label, ends=minute(opened.ends), undo=f"#withdraw {opened.label}")


def _cannot_decide(call: Call) -> Line | None:
    """Why nothing can be decided in this case now, or None (CNCF: conflicts are confirmed before the investigation)."""
    case, committee = call.case, call.committee
    if case.audience == "matter":
        return refuse("not-checked", audience="matter")
    state = case.proceedings.state
    if state in EARLY:
        return refuse("wrong-state", tag=str(call.tag), state=state.value)
    pending = [motion.label for motion in case.proceedings.unsettled]
    if pending:
        return refuse("conflict-pending", labels=pending)
    if readers.is_below_quota(committee, case):
        target = readers.transfer_target(committee)
        return refuse("below-quota", target=target.name if target is not None else "")
    if not readers.suffice(committee, case, "outcome", questions.can_vote(committee, case, "outcome")):
        return refuse("too-few", needed=readers.minimum(committee, case.audience))
    return None


def _asked_first(call: Call) -> list[str]:
    """The tags whose record the policy wants before an outcome is voted on and that is not there yet."""
    wanted = call.committee.policy.get("votes.outcome.asks_first")
    now = call.case.proceedings
    there = {
        "risk": any(fact.what == "risk" for fact in now.facts),
        "scope": bool(now.scope),
        "note": any(remark.part == "note" for remark in now.remarks),
    }
    return [_ASKED_FIRST[name] for name in wanted if not there[name]] if isinstance(wanted, tuple) else []


_KINDS: Mapping[str, Command] = {
    "outcome": _outcome,
    "interim": motion_interim,
    "conflict": motion_conflict,
    "remove": remove,
    "policy": policy,
}


def vote(call: Call) -> Line:
    """A ballot, on the question that is named, answered, or the only one that is open."""
    chosen = _chosen(call)
    if not isinstance(chosen, Motion):
        return chosen
    # What was here in time counts, though it is looked at later.
    if not chosen.is_open or (call.came or call.plan.setting.now) >= chosen.ends:
        return refuse("closed", label=chosen.label, open=[each for each in _open_labels(call) if each != chosen.label])
    if not questions.may_vote(call.plan, call.case_id, call.member.handle, chosen):
        return refuse("no-vote", label=chosen.label)
    ballot, before = call.tag.argument("word"), chosen.ballots.get(call.member.handle, "")
    if ballot == before:
        ends = minute(chosen.ends)
        return unchanged("voted-again", label=chosen.label, ballot=ballot, ends=ends, others=_others(ballot))
    call.plan.add(call.case_id, acts.BallotCast(chosen.number, call.member.handle, ballot, call.at))
    last = questions.is_complete(call.plan, call.case_id, chosen.number)
    ends, others = minute(chosen.ends), _others(ballot)
    return done("voted", label=chosen.label, ballot=ballot, before=before, last=last, ends=ends, others=others)


def _others(ballot: str) -> list[str]:
    return [choice for choice in ("yes", "no", "abstain") if choice != ballot]


def _chosen(call: Call) -> Motion | Line:
    """The question that a ballot is meant for, or the refusal."""
    named = call.tag.argument("question") or call.question
    every = call.case.proceedings
    if named:
        found = every.labelled(named)
        return found if found is not None else refuse("no-question", label=named.upper(), open=_open_labels(call))
    if len(every.open_motions) == 1:
        return every.open_motions[0]
    if every.open_motions:
        return refuse("which-question", open=_open_labels(call))
    return refuse("nothing-to-vote", state=every.state.value, audience=call.case.audience)


def _open_labels(call: Call) -> list[str]:
    return [motion.label for motion in call.case.proceedings.open_motions]


def object_(call: Call) -> Line:
    """Stops a question that is decided in writing: what somebody objects to in time has to be talked about."""
    found = call.case.proceedings.labelled(call.tag.argument("question"))
    if found is None:
        return refuse("no-question", label=call.tag.argument("question").upper(), open=_open_labels(call))
    if found.why == "objected":
        return unchanged("objected-again", label=found.label)
    if not found.is_open:
        return refuse("closed", label=found.label, open=_open_labels(call))
    if found.objections is None:
        return refuse("no-objections", label=found.label)
    if (call.came or call.plan.setting.now) >= found.objections:
        return refuse("objection-late", label=found.label)
    questions.close(call.plan, call.case_id, found.number, why="objected", cancelled=True)
    return done("objected", label=found.label)


def withdraw(call: Call) -> Line:
    """The mover takes the question back; the ballots are void."""
    named = call.tag.argument("question")
    found = call.case.proceedings.labelled(named)
    if found is None:
        return refuse("no-question", label=named.upper(), open=_open_labels(call))
    if found.mover != call.member.handle:
        return refuse("not-mover", label=found.label)
    if found.asks == REVIEW:
        return refuse("review-stays", label=found.label)
    if found.why == "withdrawn":
        return unchanged("withdrawn-again", label=found.label)
    if not found.is_open:
        return refuse("closed", label=found.label, open=_open_labels(call))
    questions.close(call.plan, call.case_id, found.number, why="withdrawn", cancelled=True)
    return done("withdrawn", label=found.label)
