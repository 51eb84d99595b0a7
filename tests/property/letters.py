"""Letters that came out, held against what the oracle wants: nobody has what they must not, and nothing is missing."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

from cocmail.core.acts import QuestionClosed
from cocmail.core.conflicts import readers
from property.committees import Delivered, House
from property.expected import REPORTER, Expected, Said
from property.oracle import Oracle

CANARY = re.compile(r"canary\d+x")
ASKED_FOR = timedelta(hours=24)


class Letters:
    """Everything that was delivered so far. `asked` holds what each one-use address would run."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._delivered: Counter[tuple[str, str, str]] = Counter()
        self._held: dict[str, tuple[Said, datetime]] = {}
        self.asked: dict[str, Said] = {}
        self._until: dict[str, datetime] = {}

    def hear(self, message_id: str, said: Said) -> None:
        """A member's mail was looked at just now; a letter may ask about it, and about nothing that comes later."""
        self._held[message_id] = (self._oracle.as_understood(said), self._oracle.now)

    def spend(self, question: str) -> bool:
        """Mail came to a one-use address: whether it was still alive."""
        until = self._until.pop(question, datetime.min.replace(tzinfo=self._oracle.now.tzinfo))
        return self._oracle.now < until

    def take(self, delivered: Delivered) -> None:
        """One letter. Fails where its recipient must not have it, or not this in it."""
        letter, words = delivered.letter, set(CANARY.findall(delivered.text))
        match letter.kind:
            case "ack":
                assert not words, "an acknowledgement told something"
            case "receipt" | "confirm":
                self._take_answer(delivered, words)
            case _ if letter.template == "committee":
                self._count("", delivered.to, f"committee {' '.join(words)}", self._oracle.wanted)
            case _:
                self._take_of_case(delivered, self._oracle.cases[letter.case_id], words)

    def _take_answer(self, delivered: Delivered, words: set[str]) -> None:
        """It tells a member of what this member wrote, and goes to the registered address."""
        letter = delivered.letter
        said, at = self._held.get(letter.in_reply_to, (None, None))
        assert letter.address == f"{delivered.to}@example.net"
        assert words <= ({said.canary} if said else set()), "a receipt told what its recipient had not written"
        if letter.kind == "confirm":
            assert said is not None and at is not None and said.author == delivered.to
            self.asked[letter.question], self._until[letter.question] = said, at + ASKED_FOR

    def _take_of_case(self, delivered: Delivered, case: Expected, words: set[str]) -> None:
        letter, to = delivered.letter, delivered.to
        if letter.to.kind == "reporter":
            assert letter.kind in ("outreach", "status") and letter.address == case.reporter
            to = REPORTER
        else:
            assert to in case.readers, "a leak: mail of a case to somebody who does not have it"
            assert not self._is_paused(case, to), "a pause was not kept"
        if letter.kind == "document":
            told = set(case.entries) if letter.template == "thread" else case.record
            assert words == told, "the document tells too much or too little"
            what = letter.template
        elif letter.kind == "status":
            assert not words, "the daemon told something in its own words"
            what = f"status {letter.template}"
        elif words:
            (word,) = words
            what = f"{letter.kind} {word}"
        else:
            assert letter.kind == "notice", "a letter that should have told something"
            return
        if letter.kind == "tally":
            _check_tally(delivered, case, word)
        self._count(letter.case_id, to, what, case.wanted)

    def _count(self, case_id: str, to: str, what: str, wanted: Counter[tuple[str, str]]) -> None:
        self._delivered[case_id, to, what] += 1
        assert self._delivered[case_id, to, what] <= wanted[to, what], "a leak, or a letter twice"

    def _is_paused(self, case: Expected, handle: str) -> bool:
        return handle in case.paused and self._oracle.now < case.paused[handle]

    def check_that_nothing_is_missing(self) -> None:
        """Nothing is, but what waits for a paused member and what was cancelled with somebody's access."""
        for (handle, what), count in self._oracle.wanted.items():
            assert self._delivered["", handle, what] == count, "a loss"
        for case_id, case in self._oracle.cases.items():
            for (handle, what), count in case.wanted.items():
                if self._delivered[case_id, handle, what] < count:
                    if handle == REPORTER:
                        assert what in case.stopped, "a loss: the reporter's letter"
                    else:
                        assert handle not in case.readers or self._is_paused(case, handle), "a loss"


def _check_tally(delivered: Delivered, case: Expected, word: str) -> None:
    """The words of a tally letter against our own count."""
    question = next(question for question in case.questions if question.canary == word)
    words = delivered.letter.words
    counts, motion = words["tally"], words["motion"]
    assert isinstance(counts, dict) and isinstance(motion, dict)
    told = tuple(counts[name] for name in ("yes", "no", "abstain", "not_voted"))
    assert (motion["result"], (*told, words["base"])) == (question.result, question.counts), "a vote counted wrongly"


def agrees(house: House, case_id: str, case: Expected) -> None:
    """The store and the oracle think the same of a case; every question was closed once."""
    found = house.case(case_id)
    done = found.proceedings
    assert {member.handle for member in readers(house.committee, found)} == case.readers
    assert done.state.name.lower() == case.state
    closings = Counter(event.number for event in house.events(case_id) if isinstance(event, QuestionClosed))
    ended = [number for number, question in enumerate(case.questions, start=1) if question.result]
    assert closings == dict.fromkeys(ended, 1), "a question was closed twice, or never"
    assert [motion.result for motion in done.motions] == [question.result for question in case.questions]
    open_ballots = [dict(motion.ballots) for motion in done.motions if motion.is_open]
    assert open_ballots == [question.ballots for question in case.questions if not question.result]
    assert [draft.sent_at is not None for draft in done.drafts] == [draft.sent for draft in case.drafts]
    assert (done.owners.get("primary", ""), done.opted_out) == (case.owner, case.opted_out)
