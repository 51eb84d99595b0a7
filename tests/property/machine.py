"""Any order of mail, votes, withdrawals, edits of the file and restarts; what happens, for `test_who_sees_what`."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cocmail.core.model import Proof, Wanted
from property.committees import ALIAS, AWAY, PICKY, RETRY, UP, House
from property.expected import Said
from property.letters import Letters, agrees
from property.oracle import Oracle
from property.procedures import (
    A_MEDIATOR,
    A_PRIMARY,
    AN_ALTERNATE,
    DAYS,
    EVERYBODY,
    HOURS,
    MAY_JOIN,
    OVERRIDES,
    ROLES,
    Procedure,
    Seat,
    address_of,
    seats_at_first,
)
from property.quick import QuickStore
from property.writing import (
    ANOTHER,
    ELSEWHERE,
    NOBODY,
    OWN,
    PASSED_ON,
    REPORTERS,
    STARTS,
    Handed,
    ballot,
    naming,
    one_of,
    proof_of,
    sender_of,
    some,
    subject_of,
    text_of,
    wish,
    wished,
)

CASES = 4
SECOND = timedelta(seconds=1)


class Committees(RuleBasedStateMachine):
    """`steps` counts what really happened, over all walks of one test."""

    def __init__(self, procedure: Procedure, store: QuickStore, steps: Counter[str], *, whole: bool) -> None:
        super().__init__()
        self.procedure, self.file, self.override = procedure, seats_at_first(), dict[str, object]()
        self.house = House(procedure.name, store, steps, whole=whole)
        self.oracle = Oracle(procedure, self.house.now)
        self.letters = Letters(self.oracle)
        self.numbers = itertools.count()
        self.changed: set[str] = set()
        self.departures = 0
        self.moved: dict[tuple[str, str], list[datetime]] = {}

    @property
    def body(self) -> Any:
        return self.oracle.body

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
            self.members_challenge: 1.5 * self.procedure.forced,
            self.a_member_confirms: 2 * bool(self.letters.asked),
            self.the_reporter_adds: 1,
            self.a_witness_answers: 2 * any(case.witnesses for case in cases),
            self.a_report: len(self.oracle.cases) < CASES,
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

    # What people outside do

    def a_report(self) -> None:
        named, excluded = some(self.chance), some(self.chance) & self.file.keys()
        reporter, proven = self.chance.choice(REPORTERS), self.chance.random() < 0.5
        proof = Proof(reporter, "dmarc") if proven else Proof()
        canary = self.canary()
        self.house.accept(reporter, "About it", naming(canary, named), Wanted(alias=True, excluded=excluded), proof)
        self.work_off()
        (new,) = self.changed - self.oracle.cases.keys()
        note(f"{new}: {reporter=} {named=} {excluded=} {proven=} {canary}")
        self.oracle.hear_report(new, reporter, named, excluded, proven, canary)

    def the_reporter_adds(self) -> None:
        case_id, named, excluded = self.pick(), some(self.chance), some(self.chance) & self.file.keys()
        _, token = self.house.address(case_id, "reporter")
        if not token:
            # Beyond five acknowledgements a day the reporter was given no reply address.
            return
        canary = self.canary()
        note(f"{case_id}: {named=} {excluded=} {canary}")
        reporter, aimed = self.oracle.cases[case_id].reporter, Wanted(token=token, excluded=excluded)
        self.house.accept(reporter, "About it", naming(canary, named), aimed, Proof())
        self.work_off()
        self.oracle.hear_reporter(case_id, named, excluded, canary)

    def a_witness_answers(self) -> None:
        case_id = self.chance.choice([each for each, case in self.oracle.cases.items() if case.witnesses])
        witness, address = self.chance.choice(sorted(self.oracle.cases[case_id].witnesses.items()))
        _, token = self.house.address(case_id, f"witness:{witness}")
        if not self.body.is_at(witness, address):
            return
        named, canary = some(self.chance), self.canary()
        note(f"{case_id}: {witness} {named=} {canary}")
        self.house.accept(address, "Re: A question", naming(canary, named), Wanted(token=token), Proof())
        self.work_off()
        self.oracle.hear_witness(case_id, witness, named, canary)

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
                self.says(case_id, **drawn | ({"ballot": tendency} if tendency and drawn["ballot"] != "abstain" else {}))

    def put_to_the_vote(self, case_id: str) -> None:
        """What has to be judged before is judged first."""
        case = self.oracle.cases[case_id]
        unjudged = [tag for tag in case.body.procedure.asks_first if tag not in case.judged]
        for tag in (*unjudged, "motion"):
            if not case.early:
                self.says(case_id, **wished(self.chance, case, tag) | {"proof": OWN})

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

    def members_challenge(self) -> None:
        """One, or two one after the other, say that another has a conflict."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        if len(case.readers) > 2:
            about, *voices = self.chance.sample(sorted(case.readers), 3)
            for author in voices[: self.chance.choice((1, 2, 2))]:
                said = wished(self.chance, case, "challenge")
                self.says(case_id, **said | {"about": about, "author": author, "proof": OWN})

    def members_answer_the_question(self) -> None:
        """Who was asked about a conflict, all or some of them; by the number of a list, who is new."""
        asked = [case_id for case_id, case in self.oracle.cases.items() if case.with_standing("asked")]
        case_id = self.chance.choice(asked)
        case = self.oracle.cases[case_id]
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
        runs = self.letters.spend(question) if sits else False
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

    # The committee and its machine

    def the_file_is_edited(self) -> None:
        """Somebody comes or goes, has another address or role; or the procedure changes."""
        seats, kind = dict(self.file), self.chance.choice(("comes", "goes", "moves", "moves", "role", "rule"))
        handle = self.chance.choice(sorted(self.body.seats))
        match kind:
            case "comes":
                new = self.chance.choice(EVERYBODY)
                seats.setdefault(new, Seat((ROLES | MAY_JOIN)[new], address_of(new)))
                seats = {each: seats[each] for each in EVERYBODY if each in seats}
            case "goes" if len(self.body.seats) > 4:
                del seats[self.chance.choice(sorted(seats))]
            case "moves":
                others = [f"{handle}@{host}.example" for host in ("new", "other")]
                email = self.chance.choice([each for each in (*others, address_of(handle)) if each != seats[handle].email])
                seats[handle] = Seat(seats[handle].role, email)
            case "role":
                seats[handle] = Seat(self.chance.choice((A_PRIMARY, A_PRIMARY, AN_ALTERNATE, A_MEDIATOR)), seats[handle].email)
            case "rule":
                self.override = {}
                self.body.procedure = self.procedure
                for knob, value, meaning in self.chance.sample(OVERRIDES, self.chance.choice((0, 1, 1, 2))):
                    self.override[knob] = value
                    self.body.changed(**meaning)
        for each in seats.keys() & self.file.keys():
            if seats[each].email != self.file[each].email:
                self.moved.setdefault((each, seats[each].email), []).append(self.house.now + SECOND)
        self.file = seats
        note(f"{kind} {handle} {seats} {self.override}")
        self.house.edit(seats, self.override)
        self.body.now = self.house.now
        self.changed = self.house.changes()
        self.oracle.change(dict(seats))

    def an_address_is_confirmed(self) -> None:
        token = self.chance.choice(sorted(self.letters.addresses)[-6:])
        asked = self.letters.addresses[token]
        note(f"{asked}")
        # A letter may have waited, and the same may be asked again: which of the edits it is from is not known here.
        spans = {self.house.now < edited + 7 * DAYS for edited in self.moved[asked.about, asked.new]}
        if len(spans) > 1:
            return
        self.house.accept("whoever@elsewhere.example", "Yes", "", Wanted(confirm=token), Proof())
        self.work_off()
        if spans == {True}:
            self.oracle.confirm_address(asked.what, asked.about, asked.new, asked.by, asked.at)

    def time_passes(self) -> None:
        """Pauses, rounds and questions end. A ballot that came in before counts, though it is looked at afterwards."""
        handed = None
        if self.chance.random() < 0.5:
            case_id = self.pick()
            handed = self.hand_in(case_id, **ballot(self.chance, self.oracle.cases[case_id]))
        self.house.now += self.chance.choice((13, 25, 25, 73)) * HOURS
        note(f"now {self.house.now}")
        if self.chance.random() < 0.3:
            self.house.restart()
        early = self.house.changes()
        self.house.look_at_the_clock()
        assert handed is None or not self.house.changes(), "the clock went before the mail"
        early |= self.house.changes()
        self.changed = early | self.house.work_off()
        self.house.look_at_the_clock()
        self.house.send()
        self.changed |= self.house.changes()
        self.body.now = self.house.now
        if handed is not None:
            self.oracle_hears(handed)
        self.oracle.time_is_over()
        self.oracle.review()

    def the_daemon_starts_anew(self) -> None:
        self.house.restart()
        self.changed = self.house.changes()
        self.oracle.review()

    def the_mail_server_changes(self) -> None:
        """While it is away or takes only some, letters wait, and what their recipients may see can change."""
        self.house.mail_server = self.chance.choice((PICKY, AWAY)) if self.house.mail_server == UP else UP
        note(f"the mail server is {self.house.mail_server}")
        self.house.now += RETRY
        self.house.send()
        self.house.look_at_the_clock()
        self.house.send()
        self.changed = self.house.changes()
        self.body.now = self.house.now
        self.oracle.time_is_over()

    # What must hold

    @invariant()
    def nobody_has_what_they_must_not_and_nothing_is_missing(self) -> None:
        while self.house.fresh:
            self.letters.take(self.house.fresh.pop(0))
        self.letters.check_the_queue(self.house)
        for case_id in self.changed:
            agrees(self.house, case_id, self.oracle.cases[case_id])
        self.changed.clear()
        if self.house.mail_server == UP:
            self.letters.check_that_nothing_is_missing()

    def check_changes(self, case_id: str, changed: bool | None) -> None:
        """Something ran that must run, and nothing else; a question can end somebody's membership, and so change more."""
        if changed is not None and self.oracle.departures == self.departures:
            assert self.changed == ({case_id} if changed else set()), "something ran that must not, or did not run"
        self.departures = self.oracle.departures

    # How

    def pick(self) -> str:
        """A case; mostly one in which there is somebody to do something."""
        cases = sorted(self.oracle.cases)
        return self.chance.choice(cases + [each for each in cases if len(self.oracle.cases[each].readers) > 1] * 4)

    def canary(self) -> str:
        return f"canary{next(self.numbers)}x"

    def says(self, case_id: str, **wanted: Any) -> None:
        """A member's mail, looked at at once, and everything that comes of it."""
        handed = self.hand_in(case_id, **wanted)
        if handed is None:
            return
        self.work_off()
        sits = handed.said.author in self.body.seats
        self.check_changes(case_id, self.oracle_hears(handed))
        if sits and handed.said.tag and handed.proof == OWN and self.house.mail_server == UP:
            answers = [each for each in self.house.fresh if each.letter.kind in ("receipt", "confirm")]
            assert [each.to for each in answers] == [handed.said.author], "every command has one answer"
        self.nobody_has_what_they_must_not_and_nothing_is_missing()

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
