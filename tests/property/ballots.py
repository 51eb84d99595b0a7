"""Questions: when they close, how they are counted, what follows. It imports nothing of the program."""

from __future__ import annotations

from datetime import timedelta

from property.admission import complete, limit, put, put_out, restore
from property.expected import Expected
from property.procedures import HOURS
from property.records import Question

ON_CONFLICTS = timedelta(hours=72)


def ask(
    case: Expected,
    asks: str,
    mover: str,
    canaries: set[str],
    *,
    about: str = "",
    level: str = "",
    seconded: bool = False,
) -> None:
    """A new question, to everybody who may vote on it."""
    procedure, now = case.body.procedure, case.body.now
    question = Question(asks, mover, frozenset(canaries), now + ON_CONFLICTS, "majority", about, level=level)
    if asks == "outcome":
        question.ends, question.rule = now + procedure.open_for, procedure.rule
        question.more_than_half, question.at_least = procedure.more_than_half_take_part, procedure.take_part
        if procedure.objections is not None and not any(each.objected for each in case.questions):
            question.objections = now + procedure.objections
    if asks == "remove":
        question.rule = procedure.remove_rule
    if seconded:
        question.rule, question.ends = "unanimous", now + 48 * HOURS
    if not question.on_conflict:
        case.record |= canaries
    case.questions.append(question)
    case.want(case.may_vote(question) & case.readers, f"vote Q{len(case.questions)}")


def settle(case: Expected) -> None:
    """Closes what is complete, or can be voted on by too few; does what the results say; until nothing is left."""
    while True:
        for question in case.questions:
            if question.result:
                continue
            able = case.may_vote(question)
            few = not able or (question.asks == "outcome" and case.is_too_few(able))
            if few or (able <= question.ballots.keys() and not _has_to_wait(case, question)):
                close(case, question, cancelled=few)
        if not case.closed:
            return
        while case.closed:
            _follow(case, case.closed.pop(0))


def _has_to_wait(case: Expected, question: Question) -> bool:
    """Nothing is decided while the others vote on whether somebody is out."""
    return question.asks == "outcome" and bool(case.unsettled)


def end(case: Expected, question: Question) -> None:
    """Its time is over."""
    if _has_to_wait(case, question):
        last = max(each.ends for each in case.unsettled)
        question.put_off = max(last, case.body.now) + timedelta(minutes=1)
        return
    close(case, question)
    settle(case)


def close(case: Expected, question: Question, *, cancelled: bool = False) -> None:
    # Of what is cancelled nobody learns the ballots.
    ballots = {} if cancelled else question.ballots
    cast = [ballots.get(handle, "silent") for handle in case.base_of(question)]
    counts = tuple(cast.count(ballot) for ballot in ("yes", "no", "abstain", "silent"))
    question.counts = (*counts, len(cast))
    question.result = "cancelled" if cancelled else "passed" if question.passes(*counts) else "failed"
    case.closed.append(question)
    case.want(case.readers - {question.about}, f"tally Q{case.questions.index(question) + 1}")


def _follow(case: Expected, question: Question) -> None:
    """What a result means for the member whom it is about, if they are one still."""
    about, passed = question.about, question.result == "passed"
    if about not in case.body.seats:
        return
    place = case.places.get(about)
    standing = place.standing if place is not None else ""
    match question.asks:
        case "confirm" if question.result == "failed" and 2 * question.counts[1] > question.counts[4]:
            if standing in ("recused", "limited"):
                restore(case, about)
        case "restore" if passed and standing in ("recused", "limited"):
            restore(case, about)
        case "force" if passed:
            put_out(case, about, "recused", "forced", "forced")
            complete(case)
        case "limit" if passed and place is not None and place.conflict == "soft" and standing != "in":
            limit(case, about, question.level)
        case "lift" if passed and standing not in ("in", "recused") and about not in case.excluded:
            put(case, [about], lifts=True)
        case "remove" if passed:
            del case.body.seats[about]
            case.body.gone.add(about)
