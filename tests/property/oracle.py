"""What ought to come of mail to a committee: the oracle of `test_who_sees_what`.

It hears what was written and by whom, and says what has to follow from the contract alone. It imports nothing of the
program.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from property.expected import EVERYBODY, PRIMARY, REPORTER, Draft, Expected, Procedure, Question, Said

A_PAUSE = timedelta(hours=24)
A_WEEK = timedelta(days=7)
LIVE = {"open", "voting", "decided"}
KEPT = {*LIVE, "resolved"}
# In which states a tag runs; the others run in any.
RUNS_IN = {
    "note": KEPT,
    "plan": LIVE,
    "motion": LIVE,
    "own": KEPT,
    "optout": KEPT,
    "optin": KEPT,
    "resolve": {"decided", "resolved"},
    "notreport": {"open", "dismissed"},
}
# These are read by whoever steps in, and name people.
TEXTS = ("", "note", "plan", "motion", "reporter")
OWNERS_ALONE = ("resolve", "optout", "optin")


class Oracle:
    """All cases. Its clock is set by whoever asks; `True` from what it hears means that the case has changed."""

    def __init__(self, procedure: Procedure, now: datetime) -> None:
        self.procedure, self.now = procedure, now
        self.cases: dict[str, Expected] = {}
        # What was said to all members, outside of any case.
        self.wanted: Counter[tuple[str, str]] = Counter()

    # Reports

    def hear_report(
        self, case_id: str, reporter: str, named: frozenset[str], excluded: frozenset[str], proven: bool, canary: str
    ) -> None:
        earlier = [case for case in self.cases.values() if case.reporter == reporter]
        inherited = set().union(*(case.barred for case in earlier))
        for case in earlier if excluded else ():
            if proven:
                case.bar(excluded)
                case.fill(self.procedure.fewest)
            elif not case.readers or len(case.readers - excluded) >= 2:
                # Unproven words leave two readers at least, and let nobody in.
                case.bar(excluded)
        opened = Expected(reporter, inherited | named | excluded, set(PRIMARY), [canary], {canary})
        opened.bar(opened.barred)
        opened.fill(self.procedure.fewest, is_new=True)
        opened.want(opened.readers, f"forward {canary}")
        self.cases[case_id] = opened
        self._settle()

    def hear_reporter(self, case_id: str, named: frozenset[str], excluded: frozenset[str], canary: str) -> None:
        case = self.cases[case_id]
        for other in self.cases.values():
            if excluded and other.reporter == case.reporter and other is not case:
                other.bar(excluded)
                other.fill(self.procedure.fewest)
        case.entries.append(canary)
        case.record.add(canary)
        case.bar(excluded | named)
        case.fill(self.procedure.fewest)
        case.want(case.readers, f"forward {canary}")
        self._settle()

    # Members

    def as_understood(self, said: Said) -> Said:
        """With the question that a ballot is meant for, where only one can be meant."""
        case = self.cases[said.case]
        meant = case.unfinished if said.tag == "vote" and said.author in case.readers else []
        return replace(said, number=meant[0]) if not said.number and len(meant) == 1 else said

    def hear_unproven(self, said: Said) -> bool:
        """Nothing runs; a withdrawal by the member's own reply address holds their mail for a day, once."""
        case = self.cases[said.case]
        if said.tag != "recuse" or not said.by_token or said.author not in case.readers or said.author in case.paused:
            return False
        case.paused[said.author] = self.now + A_PAUSE
        return True

    def hear(self, said: Said, came: datetime, *, confirmed: bool = False) -> bool:
        """What a member has proven to have written. `came`: when it was handed in."""
        case = self.cases[said.case]
        if said.tag == "committee" and said.author not in case.readers and not said.by_token:
            # To somebody who does not have it there is no such case, so that this is no mail of one.
            self.wanted.update((handle, f"committee {said.canary}") for handle in EVERYBODY if handle != said.author)
        if said.author not in case.readers or case.state not in RUNS_IN.get(said.tag, {case.state}):
            return False
        if said.tag in OWNERS_ALONE and case.owner != said.author:
            return False
        match said.tag:
            case "vote":
                changed = _vote(case, said, came)
            case "send":
                changed = self._send(case, said, confirmed)
            case "resolve":
                changed = confirmed and case.state == "decided"
                case.ended = "resolved" if changed else case.ended
            case "motion" | "withdraw" | "recuse" | "reopen" | "notreport":
                changed = self._moves(case, said)
            case _:
                changed = _writes(case, said)
        if changed and said.tag in TEXTS:
            case.entries.append(said.canary)
            case.talked_about |= said.named
        self._settle()
        return changed

    def _send(self, case: Expected, said: Said, confirmed: bool) -> bool:
        """Somebody else sends; where nobody else is there, or no second reader is asked for, after a confirmation."""
        if said.number > len(case.drafts) or case.opted_out:
            return False
        draft = case.drafts[said.number - 1]
        second = self.procedure.second_reader and len(case.readers) > 1
        if draft.sent or draft.author not in case.readers or (second and draft.author == said.author):
            return False
        if not second and not confirmed:
            return False
        draft.sent = True
        case.record.add(draft.canary)
        case.want({REPORTER}, f"outreach {draft.canary}")
        return True

    def _moves(self, case: Expected, said: Said) -> bool:
        match said.tag:
            case "motion":
                if len(case.readers) < self.procedure.fewest:
                    return False
                case.questions.append(Question(said.author, said.canary, self.now + self.procedure.open_for))
                case.record.add(said.canary)
                case.want(case.readers, f"vote {said.canary}")
                return True
            case "withdraw":
                question = case.questions[said.number - 1] if said.number <= len(case.questions) else None
                if question is None or question.result or question.mover != said.author:
                    return False
                self._close(case, question, cancelled=True)
                return True
            case "recuse":
                case.bar({said.author})
                case.fill(self.procedure.fewest)
                return True
            case "reopen":
                late = case.ended == "dismissed" and case.ended_at and self.now - case.ended_at > A_WEEK
                if late or case.state in ("open", "voting"):
                    return False
                case.ended, case.counted_from = "", len(case.questions)
                return True
        if case.state == "dismissed":
            return False
        case.ended, case.ended_at = "dismissed", self.now
        return True

    # Votes

    def time_is_over(self) -> None:
        """What has stood open for long enough is counted."""
        for case in self.cases.values():
            for question in case.questions:
                if not question.result and question.ends <= self.now:
                    self._close(case, question)

    def _settle(self) -> None:
        for case in self.cases.values():
            for question in case.questions:
                too_few = len(case.readers) < self.procedure.fewest
                if not question.result and (too_few or case.readers <= question.ballots.keys()):
                    self._close(case, question, cancelled=too_few)

    def _close(self, case: Expected, question: Question, *, cancelled: bool = False) -> None:
        # Of what is cancelled nobody learns the ballots.
        ballots = {} if cancelled else question.ballots
        cast = [ballots.get(reader, "silent") for reader in case.readers]
        counts = tuple(cast.count(ballot) for ballot in ("yes", "no", "abstain", "silent"))
        passed = self.procedure.passes(*counts)
        question.counts = (*counts, len(cast))
        question.result = "cancelled" if cancelled else "passed" if passed else "failed"
        case.want(case.readers, f"tally {question.canary}")


def _vote(case: Expected, said: Said, came: datetime) -> bool:
    number = said.number or (case.unfinished[0] if len(case.unfinished) == 1 else 0)
    if number not in case.unfinished:
        return False
    question = case.questions[number - 1]
    if came >= question.ends or question.ballots.get(said.author) == said.ballot:
        return False
    question.ballots[said.author] = said.ballot
    return True


def _writes(case: Expected, said: Said) -> bool:
    """Texts, letters that are asked for, and what only one word of the case changes."""
    others = case.readers - {said.author}
    match said.tag:
        case "":
            case.want(others, f"forward {said.canary}")
            return True
        case "note" | "plan":
            case.record.add(said.canary)
            case.want(others, f"notice {said.canary}")
            return True
        case "reporter" if not case.opted_out:
            case.drafts.append(Draft(said.author, said.canary))
            case.want(case.readers, f"draft {said.canary}")
            return True
        case "show" | "doc":
            case.wanted[said.author, "thread" if said.tag == "show" else "document"] += 1
        case "own" if not case.owner:
            case.owner = said.author
            return True
        case "optout" | "optin" if case.opted_out != (said.tag == "optout"):
            case.opted_out = not case.opted_out
            # What had not left by then never does.
            case.stopped |= {what for handle, what in case.wanted if handle == REPORTER}
            return True
    return False
