"""A walk through what can happen to a committee: how mail is handed in, and what must hold; for `machine`."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime
from random import Random
from typing import Any

from hypothesis import note

from cocmail.core.model import Wanted
from property.committees import UP, House
from property.founding import ALIAS
from property.letters import Letters, agrees
from property.oracle import Oracle
from property.procedures import Body, Procedure, address_of, seats_at_first
from property.quick import QuickStore
from property.records import Said
from property.writing import (
    ANOTHER,
    ELSEWHERE,
    NOBODY,
    OWN,
    PASSED_ON,
    Handed,
    proof_of,
    sender_of,
    subject_of,
    text_of,
    wished,
)

# Who reported it, known to one member alone; and the words of a sealed report: these are in no letter, whoever gets it.
IDENTITY = "Wilhelmina Quast <hidden.quast@hidden.example>"
SEALED = "sealedwords"
NOWHERE = ("wilhelmina", "quast", "hidden.example", SEALED, "wanda")


class Walk:
    """`steps` counts what really happened, over all walks of one test. `file` is what the committee's file says."""

    chance: Random

    def __init__(self, procedure: Procedure, store: QuickStore, steps: Counter[str], *, whole: bool) -> None:
        self.procedure, self.file, self.override = procedure, seats_at_first(), dict[str, object]()
        self.house = House(procedure.name, store, steps, whole=whole)
        self.oracle = Oracle(procedure, self.house.now)
        self.letters = Letters(self.oracle)
        self.numbers = itertools.count()
        self.changed: set[str] = set()
        self.departures = 0
        self.moved: dict[tuple[str, str], list[datetime]] = {}

    @property
    def body(self) -> Body:
        return self.oracle.body

    # What must hold

    def check_everything(self) -> None:
        self.letters_arrive()
        self.letters.check_the_queue(self.house)
        for case_id in self.changed:
            agrees(self.house, case_id, self.oracle.cases[case_id])
        self.changed.clear()
        if self.house.mail_server == UP:
            self.letters.check_that_nothing_is_missing()

    def letters_arrive(self) -> None:
        while self.house.fresh:
            delivered = self.house.fresh.pop(0)
            told = [word for word in NOWHERE if word in delivered.text.casefold()]
            assert not told, f"a leak: of somebody who stays unknown, or of a sealed report: {told}"
            self.letters.take(delivered)

    def check_changes(self, case_id: str, changed: bool | None) -> None:
        """What had to run ran, and nothing else; a question can end somebody's membership, and so change more."""
        if changed is not None and self.oracle.departures == self.departures:
            assert self.changed == ({case_id} if changed else set()), "something ran that must not, or did not run"
        self.departures = self.oracle.departures

    # How

    def pick(self) -> str:
        """A case; mostly one in which there is somebody to do something."""
        cases = sorted(self.oracle.cases)
        return self.chance.choice(cases + [each for each in cases if len(self.oracle.cases[each].readers) > 1] * 4)

    def canary(self) -> str:
        return "".join("abcdefghij"[int(digit)] for digit in str(next(self.numbers))) + "qcanary"

    def says(self, case_id: str, **wanted: Any) -> None:
        """A member's mail, looked at at once, and everything that comes of it."""
        handed = self.hand_in(case_id, **wanted)
        if handed is None:
            return
        self.work_off()
        sits = handed.said.author in self.body.seats
        sees = self.oracle.cases[case_id].sees(handed.said.author, handed.said.tag)
        sees = sees or self.oracle.answers_a_list(handed.said)
        self.check_changes(case_id, self.oracle_hears(handed))
        if sits and handed.said.tag and handed.proof == OWN and self.house.mail_server == UP:
            answers = [each for each in self.house.fresh if each.letter.kind in ("receipt", "confirm")]
            assert [each.to for each in answers] == [handed.said.author], "every command has one answer"
            assert sees or not answers[0].letter.case_id, "somebody was told that there is such a case"
        self.check_everything()

    def hand_in(
        self, case_id: str, *, named: frozenset[str], proof: str, by_token: bool, silent: bool, **said_so: Any
    ) -> Handed | None:
        """By the member's reply address, else by the case's name to the alias."""
        author, tag = said_so["author"], said_so["tag"]
        code_name, token = self.house.address(case_id, f"member:{author}")
        token = token if by_token else ""
        if not token and (not tag or author not in self.body.seats):
            # Without a reply address this would be a report of its own; the other rules make those.
            return None
        # A reply address says for whom it is, whatever the header; the alias says nothing of who is meant.
        proof = {ANOTHER: NOBODY}.get(proof, proof) if not token else {PASSED_ON: OWN}.get(proof, proof)
        # Its sender's address names a member, too.
        sender = sender_of(author, proof)
        sits = sender in self.body.seats
        address = self.body.seats[sender].email if sits else address_of(sender)
        canary = "" if silent else self.canary()
        # A draft that names somebody of whom the reporter has not written is refused.
        named = frozenset() if tag == "reporter" else named
        said = Said(case_id, canary=canary, named=named, sender=sender, by_token=bool(token), **said_so)
        wanted = Wanted(token=token) if token else Wanted(alias=True)
        to = ELSEWHERE if proof == PASSED_ON else ALIAS
        subject = subject_of(said, code_name, named)
        message_id = self.house.accept(address, subject, text_of(said, named), wanted, proof_of(address, proof), to)
        note(f"{proof}: {said}")
        return Handed(said, proof, message_id, self.house.now)

    def work_off(self) -> None:
        self.changed = self.house.work_off()
        self.body.now = self.house.now

    def oracle_hears(self, handed: Handed) -> bool | None:
        self.letters.hear(handed.message_id, handed.said)
        if handed.proof == OWN:
            return self.oracle.hear(handed.said, handed.came)
        return self.oracle.hear_unproven(handed.said)

    def put_to_the_vote(self, case_id: str) -> None:
        """What has to be judged before is judged first."""
        case = self.oracle.cases[case_id]
        unjudged = [tag for tag in case.body.procedure.asks_first if tag not in case.judged]
        for tag in (*unjudged, "motion"):
            if not case.early:
                self.says(case_id, **wished(self.chance, case, tag) | {"proof": OWN})

    def of_one_mind(self, case_id: str, tendency: str) -> None:
        case = self.oracle.cases[case_id]
        for number in case.unfinished:
            for author in sorted(case.may_vote(case.questions[number - 1])):
                if self.chance.random() < 0.8:
                    said = wished(self.chance, case, "vote") | {"author": author, "number": number, "proof": OWN}
                    self.says(case_id, **said | {"ballot": tendency})
