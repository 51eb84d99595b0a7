"""Letters that came out, held against what the oracle wants: nobody has what they must not, and nothing is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cocmail.core.acts import QuestionClosed
from cocmail.core.conflicts import readers
from property.committees import House
from property.expected import LEVELS, Expected
from property.founding import Delivered
from property.oracle import Oracle
from property.procedures import FOUNDATION, REPORTER
from property.records import Said

# Letters alone: a name that differs from another one by its digits is taken for the same account.
CANARY = re.compile(r"[a-j]+qcanary")
ONE_USE = re.compile(r"\+confirm-(\w+)@")
ASKED_FOR = timedelta(hours=24)
# What somebody with a part of a case may have of it; of everything else they need all.
NEEDED = {"forward": "discuss", "note": "summary", "plan": "summary", "limited": "summary"}
COUNTED = ("thread", "document")


@dataclass(frozen=True)
class AddressAsked:
    """A one-use address that confirms somebody's changed address: move (from the old one) or vouch."""

    what: str
    about: str
    new: str
    by: str
    at: str


class Letters:
    """Everything that was delivered so far. `asked` holds what each one-use address would run."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._delivered: Counter[tuple[str, str, str]] = Counter()
        self._held: dict[str, tuple[Said, datetime]] = {}
        self.asked: dict[str, Said] = {}
        self.addresses: dict[str, AddressAsked] = {}
        self.spent: set[str] = set()
        self._waiting: set[tuple[str, str]] = set()
        self._until: dict[str, datetime] = {}
        self._asked_at: dict[str, str] = {}

    def hear(self, message_id: str, said: Said) -> None:
        """A member's mail was looked at just now; a letter may ask about it, and about nothing that comes later."""
        understood = self._oracle.as_understood(said) if said.case else said
        self._held[message_id] = (understood, self._oracle.body.now)

    def spend(self, question: str) -> bool:
        """Mail came to a one-use address: whether it was still alive, and for who is at the address that was asked."""
        if not self._oracle.body.is_at(self.asked[question].author, self._asked_at[question]):
            return False
        until = self._until.pop(question, datetime.min.replace(tzinfo=self._oracle.body.now.tzinfo))
        return self._oracle.body.now < until

    def take(self, delivered: Delivered) -> None:
        """One letter. Fails where its recipient must not have it, or not this in it."""
        letter, words = delivered.letter, set(CANARY.findall(delivered.text))
        match letter.kind:
            case "ack":
                assert not words, "an acknowledgement told something"
            case "receipt" | "confirm" if letter.template != "address":
                self._take_answer(delivered, words)
            case _ if letter.template == "committee":
                self._count("", delivered.to, f"committee {' '.join(words)}", self._oracle.wanted)
            case _ if letter.template == "welcome":
                for word in words:
                    self._count("", delivered.to, f"welcome {word}", self._oracle.wanted)
            case _ if not letter.case_id:
                assert not words, "what is told of the committee tells of a case"
                self._take_of_roster(delivered)
            case _:
                self._take_of_case(delivered, self._oracle.cases[letter.case_id], words)

    def _take_answer(self, delivered: Delivered, words: set[str]) -> None:
        """It tells a member of what this member wrote, and goes to the registered address."""
        letter = delivered.letter
        said, at = self._held.get(letter.in_reply_to, (None, None))
        # Who was a member when it left may have been removed by now.
        here = delivered.to not in self._oracle.body.seats or self._oracle.body.is_at(delivered.to, letter.address)
        assert here, "an answer to an address that is not registered"
        assert words <= ({said.canary} if said else set()), "a receipt told what its recipient had not written"
        if letter.kind == "confirm":
            assert said is not None and at is not None and said.author == delivered.to
            self.asked[letter.question], self._until[letter.question] = said, at + ASKED_FOR
            self._asked_at[letter.question] = letter.address

    def _take_of_roster(self, delivered: Delivered) -> None:
        """What changed in the committee, to everybody; a changed address is asked about at the old one, and vouched."""
        words, by = delivered.letter.words, delivered.to
        found = [("move", words["address"], words["new"])] if delivered.letter.template == "address" else []
        if delivered.letter.template == "roster":
            vouching: Any = words["vouching"]
            found = [("vouch", each["address"], each["new"]) for each in vouching]
        for what, address, new in found:
            token = ONE_USE.search(str(address))
            assert token is not None
            about = str(new).partition("@")[0]
            self.addresses[token[1]] = AddressAsked(what, about, str(new), by, delivered.letter.address)

    def _take_of_case(self, delivered: Delivered, case: Expected, words: set[str]) -> None:
        letter, to = delivered.letter, delivered.to
        match letter.to.kind:
            case "reporter":
                assert letter.kind in ("outreach", "status") and letter.address == case.reporter
            case "witness":
                assert letter.kind == "outreach" and letter.address == case.witnesses[letter.to.handle]
            case "third":
                assert letter.kind == "transfer" and letter.address == "foundation@target.example"
            case _ if letter.template == "late":
                barred = case.places[to].standing == "withheld" if to in case.places else False
                assert not words and not barred, "a leak: of a case to a chair who is kept out"
                return
            case _:
                self._check_place(delivered, case, words)
        if letter.template == "deadline":
            # When they are due has an oracle of its own, over a whole year.
            assert not words, "a reminder told something"
            return
        what = letter.label if letter.kind in ("vote", "tally") else " ".join(words)
        match letter.kind:
            case "check" | "reminder":
                what = "watch" if letter.template == "watch_reminder" else ""
            case "vote" | "tally":
                question = case.questions[int(letter.label.removeprefix("Q")) - 1]
                assert question.about != to, "somebody was told what the others ask about them"
                assert words <= question.canaries and (words or letter.kind == "tally" or not question.canaries)
                if letter.kind == "tally":
                    _check_tally(letter.words, case, letter.label)
            case "document":
                since = case.places[to].since
                talk = {entry.canary for entry in case.entries[:since] if entry.kind == "discussion"}
                thread = {entry.canary for entry in case.entries} - talk
                assert words == (thread if letter.template == "thread" else case.record), (
                    "the document tells too much or too little"
                )
                what = ""
            case "outreach" if letter.to.kind == "member":
                assert to == case.taker, "a letter to the reporter went to a member"
            case "status":
                assert not words, "the daemon told something in its own words"
                what = letter.template
            case _ if not words:
                assert letter.kind == "notice", "a letter that should have told something"
                return
        kind = letter.template if letter.kind == "document" else letter.kind
        self._count(letter.case_id, to, f"{kind} {what}".strip(), case.wanted)

    def _check_place(self, delivered: Delivered, case: Expected, words: set[str]) -> None:
        """A member gets no more than their place allows, at the address that it was given to."""
        letter, to = delivered.letter, delivered.to
        place = case.places.get(to)
        assert place is not None, "a leak: mail of a case to somebody who was never in it"
        assert letter.address == place.address and case.is_here(to), "a leak: to an address that is not confirmed"
        assert not self._is_paused(case, to), "a pause was not kept"
        if letter.template in ("check", "check_reminder"):
            assert place.standing == "asked" or (place.standing == "in" and not place.stated), "not asked any more"
            more = case.reported(others=True) if place.shown else set()
            assert words <= case.reported() | more, "the question tells more than a name"
            return
        done = letter.words.get("part") if letter.template == "changed" else letter.template
        needed = NEEDED.get(str(done), "full")
        has = LEVELS.index(case.level(to)) >= LEVELS.index(needed)
        assert has, "a leak: mail of a case to somebody who does not have it"

    def _count(self, case_id: str, to: str, what: str, wanted: Counter[tuple[str, str]]) -> None:
        self._delivered[case_id, to, what] += 1
        assert self._delivered[case_id, to, what] <= wanted[to, what], f"a leak, or a letter twice: {to} {what}"

    def _is_paused(self, case: Expected, handle: str) -> bool:
        return handle in case.challenged or (handle in case.paused and self._oracle.body.now < case.paused[handle])

    def check_that_nothing_is_missing(self) -> None:
        """Nothing is, but what waits for a paused member and what was cancelled with somebody's access."""
        for (handle, what), count in self._oracle.wanted.items():
            if (handle, what) not in self._oracle.lost:
                assert self._delivered["", handle, what] == count, f"a loss: {handle} {what}"
        for case_id, case in self._oracle.cases.items():
            for (handle, what), count in case.wanted.items():
                least = count if what in COUNTED else 1
                if self._delivered[case_id, handle, what] < least and (case_id, handle) not in self._waiting:
                    assert not self._is_owed(case, handle, what), f"a loss: {handle} {what}"

    def _is_owed(self, case: Expected, handle: str, what: str) -> bool:
        """Whether somebody who has not got it ought to have it by now."""
        if handle == REPORTER:
            return what not in case.stopped
        if handle not in case.places:
            witness = handle.rpartition(" ")[2]
            return handle == FOUNDATION or self._oracle.body.is_at(witness, case.witnesses[witness])
        place = case.places[handle]
        if (handle, what) in case.lost or not case.is_here(handle) or self._is_paused(case, handle):
            return False
        if what in ("check", "reminder"):
            return place.standing == "asked" and not place.number
        return place.standing == "in" or (place.level == "discuss" and what.startswith("forward"))

    def check_the_queue(self, house: House) -> None:
        """What was queued for somebody goes in the moment in which their access ends."""
        # Whose access was paused: mail of theirs is looked at again after some minutes.
        self._waiting = {(letter.case_id, letter.to.handle) for letter in house.queued()}
        for letter in house.queued():
            if letter.needs_access and not letter.listed:
                place = self._oracle.cases[letter.case_id].places[letter.to.handle]
                assert place.standing in ("in", "limited", "asked"), "mail waits for somebody who is out"


def _check_tally(words: Mapping[str, Any], case: Expected, label: str) -> None:
    """The words of a tally letter against our own count."""
    question = case.questions[int(label.removeprefix("Q")) - 1]
    told = tuple(words["tally"][name] for name in ("yes", "no", "abstain", "not_voted"))
    assert words["motion"]["result"] == question.result
    assert (*told, words["base"]) == question.counts, "a vote counted wrongly"


def agrees(house: House, case_id: str, case: Expected) -> None:
    """The store and the oracle think the same of a case; every question was closed once."""
    found = house.case(case_id)
    done = found.proceedings
    standings = {handle: place.standing.value.replace("cleared", "in") for handle, place in found.members.items()}
    wanted = {handle: place.standing for handle, place in case.places.items()}
    more, less = sorted(standings.items() - wanted.items()), sorted(wanted.items() - standings.items())
    assert not (more or less), f"the places differ: {more}, not {less}"
    have = {member.handle for member in readers(house.in_force, found)}
    assert have == case.readers, f"the readers differ: {have ^ case.readers}"
    assert done.state.name.lower() == case.state
    closings = Counter(event.number for event in house.events(case_id) if isinstance(event, QuestionClosed))
    ended = [number for number, question in enumerate(case.questions, start=1) if question.result]
    assert closings == dict.fromkeys(ended, 1), "a question was closed twice, or never"
    assert [motion.result for motion in done.motions] == [question.result for question in case.questions]
    open_ballots = [dict(motion.ballots) for motion in done.motions if motion.is_open]
    assert open_ballots == [question.ballots for question in case.questions if not question.result]
    assert [draft.sent_at is not None for draft in done.drafts] == [draft.sent for draft in case.drafts]
    assert (done.owners.get("primary", ""), done.opted_out) == (case.owner, case.opted_out)
