"""Any order of reports, talk, tags, votes, withdrawals and restarts: all of it reaches exactly those who may have it.

The oracle (`oracle`, `expected`) knows nothing of events, tokens or tables. The decisions run against a real store, and
letters are taken from the real queue (`committees`). Every text holds a word of its own, so that it is known again
wherever it turns up; every vote is counted a second time.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cocmail.core.model import Proof, Wanted
from cocmail.vault.keyring import Keyring, new_key_file
from property.committees import ALIAS, AWAY, PICKY, RETRY, UP, House
from property.expected import PROCEDURES, Procedure, Said
from property.letters import Letters, agrees
from property.oracle import Oracle
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
)

# How many things happen at least, over all procedures: mails handed in, looks at the clock, restarts, tries to send.
STEPS, STEPS_AT_LENGTH = 5_000, 200_000


class Committees(RuleBasedStateMachine):
    """`steps` counts what really happened, over all walks of one test."""

    def __init__(self, procedure: Procedure, store: QuickStore, steps: Counter[str], *, whole: bool) -> None:
        super().__init__()
        self.house = House(procedure, store, steps, whole=whole)
        self.oracle = Oracle(procedure, self.house.now)
        self.letters = Letters(self.oracle)
        self.numbers = itertools.count()
        self.changed: set[str] = set()

    @initialize(start=STARTS)
    def a_committee(self, start: int) -> None:
        self.chance = Random(start)
        self.a_report()

    @rule()
    def something_happens(self) -> None:
        possible = {
            self.members_write: 5,
            self.members_vote: 5,
            self.members_withdraw: 1,
            self.a_member_confirms: 2 * bool(self.letters.asked),
            self.the_reporter_adds: 1,
            self.a_report: len(self.oracle.cases) < 3,
            self.a_day_passes: 2,
            self.the_daemon_starts_anew: 1,
            self.the_mail_server_changes: 1 + (self.house.mail_server != UP),
        }
        happens = one_of(self.chance, possible)
        note(happens.__name__)
        happens()

    # What happens

    def a_report(self) -> None:
        named, excluded = some(self.chance), some(self.chance)
        reporter, proven = self.chance.choice(REPORTERS), self.chance.random() < 0.5
        proof = Proof(reporter, "dmarc") if proven else Proof()
        canary = self.canary()
        self.house.accept(reporter, "About it", naming(canary, named), Wanted(alias=True, excluded=excluded), proof)
        self.work_off()
        (new,) = self.changed - self.oracle.cases.keys()
        note(f"{new}: {named=} {excluded=} {proven=}")
        self.oracle.hear_report(new, reporter, named, excluded, proven, canary)

    def the_reporter_adds(self) -> None:
        case_id, named, excluded = self.pick(), some(self.chance), some(self.chance)
        _, token = self.house.address(case_id, "reporter")
        if not token:
            # Beyond five acknowledgements a day the reporter was given no reply address.
            return
        note(f"{case_id}: {named=} {excluded=}")
        reporter, aimed = self.oracle.cases[case_id].reporter, Wanted(token=token, excluded=excluded)
        canary = self.canary()
        self.house.accept(reporter, "About it", naming(canary, named), aimed, Proof())
        self.work_off()
        self.oracle.hear_reporter(case_id, named, excluded, canary)

    def members_write(self) -> None:
        case_id = self.pick()
        for _ in range(self.chance.choice((1, 2, 3))):
            self.says(case_id, **wish(self.chance, self.oracle.cases[case_id]))

    def members_vote(self) -> None:
        """On a question that is open, as a rule; where there is none, somebody puts one first."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        if not case.unfinished:
            self.says(case_id, **wish(self.chance, case) | {"tag": "motion", "proof": OWN})
        for _ in range(self.chance.choice((1, 2, 3, 4))):
            if case.unfinished or self.chance.random() < 0.2:
                self.says(case_id, **ballot(self.chance, case))

    def members_withdraw(self) -> None:
        """One, who may be somebody else; or all who have the case, so that others step in, in the middle of a vote."""
        case_id = self.pick()
        case = self.oracle.cases[case_id]
        leave = wish(self.chance, case) | {"tag": "recuse"}
        if self.chance.random() < 0.7:
            self.says(case_id, **leave | {"proof": self.chance.choice((OWN, NOBODY, ANOTHER))})
            return
        if not case.unfinished:
            self.says(case_id, **wish(self.chance, case) | {"tag": "motion", "proof": OWN})
        for reader in sorted(case.readers):
            self.says(case_id, **leave | {"author": reader, "proof": OWN})

    def a_member_confirms(self) -> None:
        """By mail to the one-use address that was told; perhaps too late, perhaps again."""
        question = self.chance.choice(sorted(self.letters.asked)[-3:])
        said = self.letters.asked[question]
        self.house.accept(f"{said.author}@example.net", "Yes", "", Wanted(confirm=question), Proof())
        self.work_off()
        runs = self.letters.spend(question)
        changed = runs and self.oracle.hear(said, self.house.now, confirmed=True)
        assert self.changed == ({said.case} if changed else set())

    def a_day_passes(self) -> None:
        """Pauses and questions end. A ballot that came in before counts, though it is looked at when all is over."""
        handed = None
        if self.chance.random() < 0.5:
            case_id = self.pick()
            handed = self.hand_in(case_id, **ballot(self.chance, self.oracle.cases[case_id]))
        self.house.now += timedelta(hours=25)
        if self.chance.random() < 0.3:
            self.house.restart()
        self.house.look_at_the_clock()
        early = self.house.changes()
        assert handed is None or not early, "the clock went before the mail"
        self.changed = early | self.house.work_off()
        self.house.look_at_the_clock()
        self.house.send()
        self.changed |= self.house.changes()
        self.oracle.now = self.house.now
        if handed is not None:
            self.oracle_hears(handed)
        self.oracle.time_is_over()

    def the_daemon_starts_anew(self) -> None:
        self.house.restart()
        self.changed = self.house.changes()

    def the_mail_server_changes(self) -> None:
        """While it is away or takes only some, letters wait, and what their recipients may see can change."""
        self.house.mail_server = self.chance.choice((PICKY, AWAY)) if self.house.mail_server == UP else UP
        self.house.now += RETRY
        self.house.send()
        self.house.look_at_the_clock()
        self.house.send()
        self.changed = self.house.changes()
        self.oracle.now = self.house.now
        self.oracle.time_is_over()

    # What must hold

    @invariant()
    def nobody_has_what_they_must_not_and_nothing_is_missing(self) -> None:
        while self.house.fresh:
            self.letters.take(self.house.fresh.pop(0))
        if self.house.mail_server == UP:
            self.letters.check_that_nothing_is_missing()
        for case_id in self.changed:
            agrees(self.house, case_id, self.oracle.cases[case_id])
        self.changed.clear()

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
        changed = self.oracle_hears(handed)
        assert self.changed == ({case_id} if changed else set()), "something ran that must not, or did not run"
        if handed.said.tag and handed.proof == OWN and self.house.mail_server == UP:
            answers = [each for each in self.house.fresh if each.letter.kind in ("receipt", "confirm")]
            assert [each.to for each in answers] == [handed.said.author], "every command has one answer"
        self.nobody_has_what_they_must_not_and_nothing_is_missing()

    def hand_in(
        self,
        case_id: str,
        *,
        author: str,
        tag: str,
        proof: str,
        number: int,
        ballot: str,
        named: frozenset[str],
        by_token: bool,
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
        note(f"{proof}: {said}")
        return Handed(said, proof, message_id, self.house.now)

    def work_off(self) -> None:
        self.changed = self.house.work_off()
        self.oracle.now = self.house.now

    def oracle_hears(self, handed: Handed) -> bool:
        self.letters.hear(handed.message_id, handed.said)
        if handed.proof == OWN:
            return self.oracle.hear(handed.said, handed.came)
        return self.oracle.hear_unproven(handed.said)


SETTINGS = settings(
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A failure is short enough as it is found, and finding a shorter one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStore]:
    folder = tmp_path_factory.mktemp("store")
    new_key_file(folder / "key")
    opened = QuickStore(folder / "s.db", Keyring.load(folder / "key"))
    yield opened
    opened.close()


def walk(procedure: Procedure, store: QuickStore, least: int, *, whole: bool) -> Counter[str]:
    """Walks until so many steps were really taken; the count of each sort."""
    steps: Counter[str] = Counter()
    while steps.total() < least:
        walks = max(3, (least - steps.total()) // 60)
        committees = partial(Committees, procedure, store, steps, whole=whole)
        run_state_machine_as_test(committees, settings=settings(SETTINGS, max_examples=walks))
    print(procedure, dict(steps))
    return steps


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_who_sees_what(procedure: Procedure, store: QuickStore) -> None:
    assert walk(procedure, store, STEPS // len(PROCEDURES), whole=False).total() * len(PROCEDURES) >= STEPS


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_who_sees_what_at_length(procedure: Procedure, store: QuickStore) -> None:
    steps = walk(procedure, store, STEPS_AT_LENGTH // len(PROCEDURES), whole=True)
    assert steps.total() * len(PROCEDURES) >= STEPS_AT_LENGTH
