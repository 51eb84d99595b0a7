"""What ought to stand in a committee's cases, kept by hand: the memory of the oracle of `test_who_sees_what`.

It imports nothing of the program and knows nothing of events, tokens or tables. It keeps everybody's place in each
case, what was written there, every ballot, and what everybody should have got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from property.procedures import A_MEDIATOR, A_PRIMARY, Body
from property.records import Challenge, Draft, Entry, Place, Question

LIVE = frozenset(("triage", "checking", "open", "voting", "decided"))
OUT = frozenset(("recused", "withheld", "limited"))
LEVELS = ("none", "summary", "discuss", "full")


@dataclass
class Expected:
    """What the oracle thinks of one case. `wanted` counts what each person should have got by now.

    `excluded` are those whom the reporter does not want to have it: nothing brings them back. `lost` is what need not
    come any more, since access ended before it could.
    """

    body: Body
    reporter: str
    matter: bool = False
    taker: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    record: set[str] = field(default_factory=set)
    parties: list[tuple[str, str]] = field(default_factory=list)
    party_members: list[frozenset[str]] = field(default_factory=list)
    paused: dict[str, datetime] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    closed: list[Question] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    statements: list[tuple[str, str]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    witnesses: dict[str, str] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)
    owner: str = ""
    early: str = ""
    unchecked: bool = False
    asked_until: datetime | None = None
    remind_at: datetime | None = None
    watch_at: datetime | None = None
    watched: int = 0
    ended: str = ""
    ended_at: datetime | None = None
    counted_from: int = 0
    opted_out: bool = False
    handed_over: bool = False
    told: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: set[tuple[str, str]] = field(default_factory=set)

    # Who is what

    def with_standing(self, *standings: str) -> set[str]:
        return {handle for handle, place in self.places.items() if place.standing in standings}

    @property
    def holders(self) -> set[str]:
        """Who has it, even if their mail waits until they confirm a changed address."""
        return {handle for handle in self.with_standing("in") if handle in self.body.seats}

    @property
    def readers(self) -> set[str]:
        return {handle for handle in self.holders if self.is_here(handle)}

    @property
    def barred(self) -> set[str]:
        """Who has a conflict; to leave the committee and come back takes none away."""
        gone = {handle for handle in self.with_standing("left") if self.places[handle].conflict}
        return self.with_standing(*OUT) | gone

    def is_here(self, handle: str) -> bool:
        """Whether their place was given to the address that they have today."""
        return handle in self.places and self.body.is_at(handle, self.places[handle].address)

    def level(self, handle: str) -> str:
        """How much they have, though mail may wait for a changed address."""
        place = self.places.get(handle)
        if place is None or handle not in self.body.seats or place.standing not in ("in", "limited"):
            return "none"
        return "full" if place.standing == "in" else place.level

    def having(self, level: str) -> set[str]:
        """Who has at least so much."""
        least = LEVELS.index(level)
        return {handle for handle in self.places if LEVELS.index(self.level(handle)) >= least}

    def is_unfit(self, handle: str) -> bool:
        """Kept out, gone, named somewhere, or somebody for whom not every text was searched."""
        known = f"{handle} {self.body.seats[handle].email}" if handle in self.body.seats else ""
        searched = all(known in entry.looked_for and handle not in entry.named for entry in self.entries)
        return handle in self.barred | self.with_standing("left") or not searched

    def fit(self, *roles: str) -> list[str]:
        """Who of these roles could be let in, or asked."""
        return [handle for handle in self.body.holding(*roles) if not self.is_unfit(handle)]

    def sees(self, handle: str, tag: str) -> bool:
        """Whether there is such a case for this member, where they use that tag."""
        place = self.places.get(handle)
        if place is None or not self.is_here(handle):
            return False
        if self.level(handle) != "none":
            return True
        if place.standing == "asked":
            # Who is new on the committee knows no case by its name.
            return not place.number and tag in ("clear", "recuse")
        later = ("unrecuse", "recuse") if self.body.procedure.states else ("unrecuse",)
        return place.standing == "recused" and tag in later

    # Where it stands

    @property
    def state(self) -> str:
        if self.ended or self.early:
            return self.ended or self.early
        if any(not question.result and not question.on_conflict for question in self.questions):
            return "voting"
        since = self.questions[self.counted_from :]
        passed = any(question.result == "passed" and not question.on_conflict for question in since)
        return "decided" if passed else "open"

    @property
    def unfinished(self) -> list[int]:
        """The numbers of the questions that are open."""
        return [number for number, question in enumerate(self.questions, start=1) if not question.result]

    @property
    def asked_about(self) -> set[str]:
        """Whose conflict is being voted on."""
        return {each.about for each in self.questions if not each.result and each.on_conflict}

    @property
    def unsettled(self) -> list[Question]:
        """The open questions on whether somebody is out."""
        return [each for each in self.questions if not each.result and each.asks in ("confirm", "force")]

    @property
    def challenged(self) -> set[str]:
        """Of whom the others are deciding whether they have to withdraw."""
        return {each.about for each in self.questions if not each.result and each.asks == "force"}

    @property
    def fewest(self) -> int:
        return 1 if self.matter else self.body.procedure.fewest

    def is_below_quota(self) -> bool:
        """Whether too few of the committee's own members are without a hard conflict, or without any."""
        if self.matter:
            return False
        own, out = self.body.holding(A_PRIMARY), self.with_standing(*OUT)
        without_hard = [who for who in own if who not in out or self.places[who].conflict == "soft"]
        without_any = [who for who in own if who not in out]
        procedure = self.body.procedure
        few = len(without_hard) < procedure.fewest_without_hard
        return few or len(without_any) < procedure.fewest_without_any

    def base_of(self, question: Question) -> set[str]:
        """Over whom a question is counted."""
        own, procedure = set(self.body.holding(A_PRIMARY)), self.body.procedure
        if self.matter:
            return own if question.asks == "remove" and procedure.remove_counts_concerned else own - {question.about}
        if question.asks == "outcome" and procedure.base == "non_conflicted":
            # Who came later has no part in a case of before, as long as nobody lets them in.
            return ({handle for handle in own if self.was_there(handle)} | self.holders) - self.barred
        return self.holders - {question.about}

    def was_there(self, handle: str) -> bool:
        """Whether they sat on the committee when it was opened, and have not left since."""
        if handle in self.places:
            return self.places[handle].standing != "left"
        return any(each.split()[0] == handle for each in self.entries[0].looked_for)

    def is_too_few(self, able: Collection[str]) -> bool:
        """Whether those cannot decide. The third party stands in for a committee that is out as a whole."""
        roles = {self.body.seats[handle].role for handle in able}
        return roles != {A_MEDIATOR} and (len(able) < self.fewest or self.is_below_quota())

    def may_vote(self, question: Question) -> set[str]:
        return (self.base_of(question) & self.holders) - {question.about}

    # What is to come

    def want(self, handles: Iterable[str], what: str) -> None:
        for handle in handles:
            self.wanted[handle, what] = max(self.wanted[handle, what], 1)
            self.lost.discard((handle, what))

    def want_again(self, handle: str, what: str) -> None:
        """It may have come before, and comes once more."""
        self.wanted[handle, what] += 1
        self.lost.discard((handle, what))

    def reported(self, *, others: bool = False) -> set[str]:
        """The words in the names of the reported people, or of all others who are involved."""
        return {canary for role, canary in self.parties if (role != "reported") == others}

    def let_go(self, handles: Collection[str]) -> None:
        """Their access has ended: with it go open ballots, their place as an owner, and what has not left yet."""
        self.owner = "" if self.owner in handles else self.owner
        self.challenges = [each for each in self.challenges if not {each.by, each.about} & set(handles)]
        for handle in handles:
            self.paused.pop(handle, None)
        for question in self.questions:
            if not question.result:
                question.ballots = {who: cast for who, cast in question.ballots.items() if who not in handles}
        self.lost |= {(who, what) for who, what in self.wanted if who in handles}
