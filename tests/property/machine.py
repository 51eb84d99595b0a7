"""Any order of mail, votes, withdrawals, edits of the file and restarts; what happens, for `test_who_sees_what`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cocmail.core.model import Wanted
from cocmail.core.trust import Proof
from property.around import Around
from property.committees import UP
from property.procedures import (
    Procedure,
    address_of,
)
from property.quick import QuickStore
from property.records import Said
from property.writing import (
    ANOTHER,
    NOBODY,
    OWN,
    STARTS,
    ballot,
    one_of,
    proof_of,
    some,
    subject_of,
    text_of,
    wish,
    wished,
)

CASES = 4
MINUTE = timedelta(minutes=1)


class Committees(Around, RuleBasedStateMachine):
    """Everything that people and machines do."""

    def __init__(self, procedure: Procedure, store: QuickStore, steps: Counter[str], *, whole: bool) -> None:
        RuleBasedStateMachine.__init__(self)
        Around.__init__(self, procedure, store, steps, whole=whole)

    @initialize(start=STARTS)
    def a_committee(self, start: int) -> None:
        self.chance = Random(start)
        self.a_report()

    @rule()
    def something_happens(self) -> None:
        cases = self.oracle.cases.values()
        possible = {
            self.members_write: 5,
            self.members_vote: 5,
            self.members_withdraw: 1.5,
            self.members_ask_for_conflicts: 5 * any(case.early for case in cases),
            self.members_answer_the_question: 4 * any(case.with_standing("asked") for case in cases),
            self.conflicts_are_settled: 3 * any(case.with_standing("recused", "limited") for case in cases),
            self.members_challenge: 1.5 * self.procedure.forced,
            self.a_member_confirms: 2 * bool(self.letters.asked),
            self.the_reporter_adds: 1,
            self.a_witness_answers: 2 * any(case.witnesses for case in cases),
            self.a_report: len(self.oracle.cases) < CASES,
            self.a_sealed_report: 0.3,
            self.a_member_takes_down: 0.5 * (len(self.oracle.cases) < CASES),
            self.a_member_is_to_go: 0.25 * (len(self.oracle.cases) < CASES),
            self.a_member_leaves: 0.2 * (len(self.body.seats) > 4),
            self.the_file_is_edited: 1.2,
            self.an_address_is_confirmed: 3 * bool(self.letters.addresses),
            self.time_passes: 2,
            self.the_daemon_starts_anew: 0.5,
            self.the_mail_server_changes: 0.5 + (self.house.mail_server != UP),
        }
        happens = one_of(self.chance, possible)
        note(happens.__name__)
        happens()

    # What members do

    def members_write(self) -> None:
        case_id = self.pick()
        for _ in range(self.chance.choice((1, 2, 3))):
            self.says(case_id, **wish(self.chance, self.oracle.cases[case_id]))

    def members_vote(self) -> None:
        """On a question that is open; where there is none, somebody puts one first. Mostly they are of one mind."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        if not case.unfinished:
            self.put_to_the_vote(case_id)
        tendency = self.chance.choice(("yes", "yes", "no", ""))
        for _ in range(self.chance.choice((1, 2, 3, 4, 5))):
            if case.unfinished:
                drawn = ballot(self.chance, case)
                self.says(
                    case_id, **drawn | ({"ballot": tendency} if tendency and drawn["ballot"] != "abstain" else {})
                )

    def members_withdraw(self) -> None:
        """One, who may be somebody else; or all who have the case, so that others step in, in the middle of a vote."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        leave = wished(self.chance, case, "recuse")
        if self.chance.random() < 0.8:
            self.says(case_id, **leave | {"proof": self.chance.choice((OWN, OWN, NOBODY, ANOTHER))})
            return
        if not case.unfinished:
            self.put_to_the_vote(case_id)
        for reader in sorted(case.readers):
            self.says(case_id, **leave | {"author": reader, "proof": OWN})

    def members_ask_for_conflicts(self) -> None:
        """Who watches over a case says who was reported, and has the others asked."""
        early = sorted(case_id for case_id, case in self.oracle.cases.items() if case.early)
        case_id = self.chance.choice(early)
        case = self.oracle.cases[case_id]
        for tag in ("check",) if case.reported() else ("party", "check"):
            said = wished(self.chance, case, tag)
            self.says(case_id, **said | {"proof": OWN} | ({"word": "reported"} if tag == "party" else {}))

    def conflicts_are_settled(self) -> None:
        """Who is out by their own word asks to come back, or the others ask what they may have; then it is voted on."""
        out = [case_id for case_id, case in self.oracle.cases.items() if case.with_standing("recused", "limited")]
        case_id = self.chance.choice(sorted(out))
        case = self.oracle.cases[case_id]
        soft = [handle for handle, place in case.places.items() if place.conflict == "soft"]
        tag = "limit" if soft and self.chance.random() < 0.6 else "unrecuse"
        self.says(case_id, **wished(self.chance, case, tag) | {"proof": OWN})
        self.of_one_mind(case_id, self.chance.choice(("yes", "yes", "no")))
        for tag in ("", "doc"):
            # What is said now, and what stands in the document, is for those who have all of it again.
            self.says(case_id, **wished(self.chance, case, tag) | {"proof": OWN, "by_token": True})

    def members_challenge(self) -> None:
        """One, or two one after the other, say that another has a conflict."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        if len(case.readers) > 2:
            about, *voices = self.chance.sample(sorted(case.readers), 3)
            for author in voices[: self.chance.choice((1, 2, 2))]:
                said = wished(self.chance, case, "challenge")
                self.says(case_id, **said | {"about": about, "author": author, "proof": OWN})
            if self.chance.random() < 0.5:
                self.of_one_mind(case_id, self.chance.choice(("yes", "yes", "no")))

    def members_answer_the_question(self) -> None:
        """Who was asked about a conflict, all or some of them; by the number of a list, who is new."""
        asked = [case_id for case_id, case in self.oracle.cases.items() if case.with_standing("asked")]
        case_id = self.chance.choice(asked)
        case = self.oracle.cases[case_id]
        if self.chance.random() < 0.5:
            # While they are asked, what the others say must wait.
            self.says(case_id, **wished(self.chance, case, "") | {"proof": OWN, "by_token": True})
        for handle in sorted(case.with_standing("asked")):
            if self.chance.random() < 0.7:
                number = case.places[handle].number
                tag = "recuse" if self.chance.random() < 0.25 else "clear"
                said = wished(self.chance, case, tag) | {"author": handle, "number": number * (tag == "clear")}
                self.says(case_id, **said | ({"by_token": False} if number else {}))

    def a_member_confirms(self) -> None:
        """By mail to the one-use address that was told; perhaps too late, perhaps again."""
        question = self.chance.choice(sorted(self.letters.asked)[-3:])
        said = self.letters.asked[question]
        sits = said.author in self.body.seats
        sender = self.body.seats[said.author].email if sits else address_of(said.author)
        self.house.accept(sender, "Yes", "", Wanted(confirm=question), Proof())
        self.work_off()
        runs = self.letters.spend(question)
        if said.tag == "leave":
            if runs:
                self.oracle.hear_departure(said.author)
            return
        changed = runs and self.oracle.hear(said, self.house.now, confirmed=True)
        self.check_changes(said.case, changed)

    def a_member_is_to_go(self) -> None:
        able = sorted(self.body.seats)
        author, about = self.chance.sample(able, 2)
        said = Said("", author, "remove", about=about, canary=self.canary(), by_token=False)
        address, named = self.body.seats[author].email, some(self.chance)
        message_id = self.house.accept(
            address, subject_of(said, ""), text_of(said, named), Wanted(alias=True), proof_of(address, OWN)
        )
        note(f"{said} {named=}")
        self.work_off()
        self.letters.hear(message_id, said)
        (new,) = self.changed - self.oracle.cases.keys()
        self.oracle.hear_removal(new, replace(said, case=new, named=named))

    def a_member_leaves(self) -> None:
        author = self.chance.choice(sorted(self.body.seats))
        said = Said("", author, "leave", by_token=False)
        address = self.body.seats[author].email
        note(f"{author} wants to leave")
        message_id = self.house.accept(address, "#leave", "", Wanted(alias=True), proof_of(address, OWN))
        self.work_off()
        self.letters.hear(message_id, said)

    @invariant()
    def nobody_has_what_they_must_not_and_nothing_is_missing(self) -> None:
        self.check_everything()
