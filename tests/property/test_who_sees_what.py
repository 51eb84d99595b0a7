"""Any order of reports, talk, tags, votes, withdrawals and restarts: all of it reaches exactly those who may have it.

The oracle (`oracle`, `expected`) knows nothing of events, tokens or tables. The decisions run against a real store, and
letters are taken from the real queue (`committees`). Every text holds a word of its own, so that it is known again
wherever it turns up; every vote is counted a second time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cocmail.core.model import Proof, Wanted
from property.committees import ALIAS, House
from property.expected import EVERYBODY, PROCEDURES, Expected, Procedure, Said
from property.letters import Letters, agrees
from property.oracle import Oracle
from property.writing import (
    ANOTHER,
    BALLOTS,
    ELSEWHERE,
    NO_ONE,
    NOBODY,
    NUMBERS,
    OWN,
    PASSED_ON,
    PROOFS,
    REPORTERS,
    SOME,
    STEPS,
    Handed,
    members,
    naming,
    proof_of,
    sender_of,
    subject_of,
    text_of,
)


class Committees(RuleBasedStateMachine):
    whole = False

    @initialize(procedure=st.sampled_from(PROCEDURES), named=SOME)
    def a_committee(self, procedure: Procedure, named: frozenset[str]) -> None:
        self.house = House(procedure, whole=self.whole)
        self.oracle = Oracle(procedure, self.house.now)
        self.letters = Letters(self.oracle)
        self.numbers = itertools.count()
        self.changed: set[str] = set()
        self.a_report(REPORTERS[0], named, NO_ONE, True)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.close()

    # What happens

    @precondition(lambda self: len(self.oracle.cases) < 4)
    @rule(reporter=st.sampled_from(REPORTERS), named=SOME, excluded=SOME, proven=st.booleans())
    def a_report(self, reporter: str, named: frozenset[str], excluded: frozenset[str], proven: bool) -> None:
        proof = Proof(reporter, "dmarc") if proven else Proof()
        aimed = Wanted(alias=True, excluded=excluded)
        canary, before = self.canary(), self.house.lengths()
        self.house.accept(reporter, "About it", naming(canary, named), aimed, proof)
        self.work_off(before)
        (new,) = self.changed - before.keys()
        self.oracle.hear_report(new, reporter, named, excluded, proven, canary)

    @rule(data=st.data(), named=SOME, excluded=SOME)
    def the_reporter_adds(self, data: st.DataObject, named: frozenset[str], excluded: frozenset[str]) -> None:
        case_id, case = self.pick(data)
        _, token = self.house.address(case_id, "reporter")
        if not token:
            # Beyond five acknowledgements a day the reporter was given no reply address.
            return
        aimed = Wanted(token=token, excluded=excluded)
        canary, before = self.canary(), self.house.lengths()
        self.house.accept(case.reporter, "About it", naming(canary, named), aimed, Proof())
        self.work_off(before)
        self.oracle.hear_reporter(case_id, named, excluded, canary)

    @rule(data=st.data(), tag=st.sampled_from(("", "", "note", "plan")), named=SOME, proof=PROOFS)
    def a_member_writes(self, data: st.DataObject, tag: str, named: frozenset[str], proof: str) -> None:
        case_id, case = self.pick(data)
        self.says(case_id, data.draw(members(case)), tag, proof, named=named)

    @rule(data=st.data(), named=SOME, proof=PROOFS)
    def a_question_is_put(self, data: st.DataObject, named: frozenset[str], proof: str) -> None:
        case_id, case = self.pick(data)
        self.says(case_id, data.draw(members(case)), "motion", proof, named=named)

    @rule(data=st.data(), number=NUMBERS)
    def members_vote(self, data: st.DataObject, number: int) -> None:
        """On a question that is open, as a rule; where there is none, somebody puts one first."""
        case_id, case = self.pick(data)
        if case.state != "voting":
            self.says(case_id, data.draw(members(case)), "motion", OWN)
        voters = st.lists(st.tuples(members(case), BALLOTS, PROOFS), min_size=1, max_size=4)
        for author, ballot, proof in data.draw(voters):
            chosen = data.draw(st.sampled_from((0, number, *case.unfinished * 2)))
            self.says(case_id, author, "vote", proof, number=chosen, ballot=ballot)

    @precondition(lambda self: any(case.questions for case in self.oracle.cases.values()))
    @rule(data=st.data(), number=NUMBERS, proof=PROOFS)
    def a_question_is_taken_back(self, data: st.DataObject, number: int, proof: str) -> None:
        case_id, case = self.pick(data, lambda case: bool(case.questions))
        movers = [question.mover for question in case.questions[number - 1 : number]]
        author = data.draw(st.sampled_from((*EVERYBODY, *movers * 6)))
        self.says(case_id, author, "withdraw", proof, number=number)

    @rule(data=st.data(), named=SOME, proof=PROOFS)
    def a_letter_is_drafted(self, data: st.DataObject, named: frozenset[str], proof: str) -> None:
        case_id, case = self.pick(data)
        self.says(case_id, data.draw(members(case)), "reporter", proof, named=named)

    @rule(data=st.data(), number=NUMBERS, proof=PROOFS)
    def a_letter_is_sent(self, data: st.DataObject, number: int, proof: str) -> None:
        case_id, case = self.pick(data)
        if not case.drafts:
            self.says(case_id, data.draw(members(case)), "reporter", OWN)
        chosen = data.draw(st.sampled_from((number, *range(1, len(case.drafts) + 1))))
        self.says(case_id, data.draw(members(case)), "send", proof, number=chosen)

    @rule(data=st.data(), tag=st.sampled_from(STEPS), proof=PROOFS, by_token=st.booleans())
    def a_member_steers(self, data: st.DataObject, tag: str, proof: str, by_token: bool) -> None:
        case_id, case = self.pick(data)
        author = data.draw(st.one_of(st.just(case.owner or "amara"), members(case)))
        self.says(case_id, author, tag, proof, by_token=by_token)

    @rule(data=st.data(), proof=PROOFS, by_token=st.booleans())
    def a_member_withdraws(self, data: st.DataObject, proof: str, by_token: bool) -> None:
        case_id, case = self.pick(data)
        self.says(case_id, data.draw(members(case)), "recuse", proof, by_token=by_token)

    @precondition(lambda self: self.letters.asked)
    @rule(data=st.data())
    def a_member_confirms(self, data: st.DataObject) -> None:
        """By mail to the one-use address that was told; perhaps too late, perhaps again."""
        question = data.draw(st.sampled_from(sorted(self.letters.asked)))
        said, before = self.letters.asked[question], self.house.lengths()
        self.house.accept(f"{said.author}@example.net", "Yes", "", Wanted(confirm=question), Proof())
        self.work_off(before)
        runs = self.letters.spend(question)
        changed = runs and self.oracle.hear(said, self.house.now, confirmed=True)
        assert self.changed == ({said.case} if changed else set())

    @rule(data=st.data(), mail=st.booleans(), ballot=BALLOTS)
    def a_day_passes(self, data: st.DataObject, mail: bool, ballot: str) -> None:
        """Pauses and questions end. A ballot that came in before counts, though it is looked at when all is over."""
        before, handed = self.house.lengths(), None
        if mail:
            case_id, case = self.pick(data)
            handed = self.hand_in(case_id, data.draw(members(case)), "vote", data.draw(PROOFS), ballot=ballot)
        self.house.now += timedelta(hours=25)
        self.house.look_at_the_clock()
        assert handed is None or self.house.lengths() == before, "the clock went before the mail"
        self.house.work_off()
        self.house.look_at_the_clock()
        self.house.send()
        self.note_changes(before)
        if handed is not None:
            self.oracle_hears(handed)
        self.oracle.time_is_over()

    @rule()
    def the_daemon_starts_anew(self) -> None:
        before = self.house.lengths()
        self.house.restart()
        self.house.send()
        self.note_changes(before)

    @rule()
    def the_mail_server_goes_or_comes_back(self) -> None:
        """Meanwhile letters wait, and what their recipients may see can change."""
        self.house.away = not self.house.away
        self.house.send()

    # What must hold

    @invariant()
    def nobody_has_what_they_must_not_and_nothing_is_missing(self) -> None:
        for letter in self.house.fresh:
            self.letters.take(letter)
        self.house.fresh.clear()
        if not self.house.away:
            self.letters.check_that_nothing_is_missing()
        for case_id in self.changed:
            agrees(self.house, case_id, self.oracle.cases[case_id])
        self.changed.clear()

    # How

    def pick(self, data: st.DataObject, wanted: Callable[[Expected], bool] = lambda case: True) -> tuple[str, Expected]:
        found = [pair for pair in self.oracle.cases.items() if wanted(pair[1])]
        # Mostly one in which there is somebody to do something.
        found += [pair for pair in found if len(pair[1].readers) > 1] * 3
        return data.draw(st.sampled_from(range(len(found))).map(found.__getitem__))

    def canary(self) -> str:
        return f"canary{next(self.numbers)}x"

    def says(self, case_id: str, author: str, tag: str, proof: str, **more: object) -> None:
        before, earlier = self.house.lengths(), len(self.house.fresh)
        handed = self.hand_in(case_id, author, tag, proof, **more)
        if handed is None:
            return
        self.work_off(before)
        changed = self.oracle_hears(handed)
        assert self.changed == ({case_id} if changed else set()), "something ran that must not, or did not run"
        if tag and handed.proof == OWN and not self.house.away:
            answers = [each for each in self.house.fresh[earlier:] if each.letter.kind in ("receipt", "confirm")]
            assert [each.to for each in answers] == [author], "every command has one answer"

    def hand_in(
        self,
        case_id: str,
        author: str,
        tag: str,
        proof: str,
        *,
        number: int = 0,
        ballot: str = "",
        named: frozenset[str] = NO_ONE,
        by_token: bool = True,
    ) -> Handed | None:
        """By the member's reply address, else by the case's name to the alias."""
        code_name, token = self.house.address(case_id, f"member:{author}")
        token = token if by_token else ""
        if not token and not tag:
            # Without a reply address this would be a report of its own; the other rules make those.
            return None
        # A reply address says for whom it is, whatever the header; the alias says nothing of who is meant.
        proof = {ANOTHER: NOBODY}.get(proof, proof) if not token else {PASSED_ON: OWN}.get(proof, proof)
        # Its sender's address names a member, too.
        sender = sender_of(author, proof)
        said = Said(case_id, author, tag, number, ballot, self.canary(), named | {sender}, bool(token))
        wanted = Wanted(token=token) if token else Wanted(alias=True)
        to = ELSEWHERE if proof == PASSED_ON else ALIAS
        address, subject = f"{sender}@example.net", subject_of(said, code_name)
        message_id = self.house.accept(address, subject, text_of(said, named), wanted, proof_of(sender, proof), to)
        return Handed(said, proof, message_id, self.house.now)

    def work_off(self, before: Mapping[str, int]) -> None:
        self.house.work_off()
        self.house.send()
        self.note_changes(before)

    def note_changes(self, before: Mapping[str, int]) -> None:
        self.oracle.now = self.house.now
        self.changed = {case_id for case_id, count in self.house.lengths().items() if count != before.get(case_id)}

    def oracle_hears(self, handed: Handed) -> bool:
        self.letters.hear(handed.message_id, handed.said)
        if handed.proof == OWN:
            return self.oracle.hear(handed.said, handed.came)
        return self.oracle.hear_unproven(handed.said)


TestWhoSeesWhat = Committees.TestCase
TestWhoSeesWhat.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A failure is short enough as it is found, and finding a shorter one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


class WholeLetters(Committees):
    whole = True


@pytest.mark.soak
@pytest.mark.timeout(0)
class TestWhoSeesWhatAtLength(WholeLetters.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(TestWhoSeesWhat.settings, max_examples=250, stateful_step_count=40)
