"""`kill -9` in the middle of a vote: every ballot that got its 250 counts, and counts once.

What has to come out is worked out here from the mails and the order of their 250s alone, by a few lines that know
nothing of the program.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import smtplib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from email import policy
from pathlib import Path

import pytest

from process_scene import House, Smarthost, letter, wait_until
from questions import MOTION, tally
from scene import HANDLES, Delivered, committee_file

SOAK_ROUNDS = int(os.environ.get("COCMAIL_VOTE_KILLS", "60"))
NEVER = (float("inf"), float("inf"))
CHOICES = ("yes", "no", "abstain")
SHORT_SECONDS = 3
# Members write one after the other; at the same time, the last one at the end; or one never does.
OPEN_FOR = {"in a row": "72h", "at once": "72h", "by time": f"{SHORT_SECONDS}s"}


@dataclass(frozen=True, slots=True)
class Ballot:
    """A member's mail with a tag: a choice, or `recuse`."""

    handle: str
    choice: str
    id: str
    to: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that got its 250: when it was first tried, and when the 250 came, on the machine's clock."""

    ballot: Ballot
    begun: float
    done: float


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many seconds after that many mails of the round were written out, or had their 250."""

    after: str
    count: int
    delay: float


@dataclass
class Told:
    """What a run comes to."""

    votes: int = 0
    kills: int = 0
    mails: int = 0
    cut_off: int = 0
    came_twice: int = 0
    late: int = 0
    deliveries: int = 0
    duplicates: int = 0
    by_time: int = 0
    by_receipt: int = 0
    seconds: float = 0.0
    tallies: dict[str, int] = field(default_factory=dict)


class Border:
    """The mail server in front: it sends the very same message again until a 250 comes."""

    def __init__(self) -> None:
        self._door = threading.Event()
        self._port = 0
        self.written = 0
        self.taken: list[Taken] = []
        self.cut_off = 0

    def opened(self, port: int) -> None:
        self._port = port
        self._door.set()

    def shut(self) -> None:
        self._door.clear()

    def deliver(self, lane: Sequence[Ballot]) -> None:
        """One after the other: none before the one above it has its 250."""
        for ballot in lane:
            begun, end = time.time(), time.monotonic() + 90
            while not self._tried(ballot):
                assert time.monotonic() < end, "the daemon takes no mail"
            self.taken.append(Taken(ballot, begun, time.time()))

    def _tried(self, ballot: Ballot) -> bool:
        assert self._door.wait(90), "the daemon did not come back"
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=90) as client:
                client.ehlo()
                client.mail(f"{ballot.handle}@example.net")
                client.rcpt(ballot.to)
                client.putcmd("data")
                assert client.getreply()[0] == 354
                client.send(ballot.raw + b".\r\n")
                self.written += 1
                assert client.getreply()[0] == 250
                client.close()
        except (OSError, smtplib.SMTPException):
            # Whether it was stored, nobody outside can know.
            self.cut_off += 1
            time.sleep(0.01)
            return False
        return True

    def reached(self, moment: Moment) -> bool:
        return (self.written if moment.after == "written" else len(self.taken)) >= moment.count


class Post:
    """What the smarthost got, each mail looked at once."""

    def __init__(self, smarthost: Smarthost) -> None:
        self._smarthost = smarthost
        self._looked = 0
        self.letters: dict[str, list[Delivered]] = {}
        self.found: dict[tuple[str, str, str], dict[str, Delivered]] = {}
        self.answers: dict[str, dict[str, Delivered]] = {}

    def look(self) -> None:
        fresh = self._smarthost.delivered[self._looked :]
        self._looked += len(fresh)
        for mail in fresh:
            said = mail.message
            id_, kind, case = (str(said[name]) for name in ("Message-ID", "Cocmail-Kind", "Cocmail-Case"))
            self.letters.setdefault(id_, []).append(mail)
            self.found.setdefault((case, kind, mail.recipient), {})[id_] = mail
            if kind == "receipt":
                self.answers.setdefault(str(said["In-Reply-To"]), {})[id_] = mail

    def of(self, case: str, kind: str, handle: str) -> list[Delivered]:
        """One a Message-ID."""
        self.look()
        return list(self.found.get((case, kind, f"{handle}@example.net"), {}).values())

    def receipts(self, ballot: Ballot) -> list[Delivered]:
        self.look()
        return list(self.answers.get(ballot.id, {}).values())

    def new_case(self, known: set[str]) -> str | None:
        self.look()
        return next((case for case, kind, _ in self.found if kind == "forward" and case not in known), None)


def expected(taken: Sequence[Taken], counts: Sequence[bool]) -> tuple[str, set[str]]:
    """(the tally's lines, the ids of the ballots that were cast before the close), from the order of the 250s.

    `counts` tells of each mail whether it came before the question's time was over.
    """
    base, cast, valid, seen = set(HANDLES), dict[str, str](), set[str](), set[str]()
    for mail, in_time in zip(taken, counts, strict=True):
        ballot = mail.ballot
        if base <= cast.keys() or ballot.id in seen or not in_time:
            continue
        seen.add(ballot.id)
        if ballot.choice == "recuse":
            base.discard(ballot.handle)
            cast.pop(ballot.handle, None)
        elif ballot.handle in base:
            cast[ballot.handle] = ballot.choice
            valid.add(ballot.id)
    yes, no, abstain = (list(cast.values()).count(choice) for choice in CHOICES)
    result = "passed" if 2 * yes > len(base) else "failed"
    return f"Q1 {result} majority {yes} {no} {abstain} {len(base) - len(cast)} {len(base)}", valid


class Voting:
    """Vote after vote in one house, with a daemon that is killed in each."""

    def __init__(self, house: House, smarthost: Smarthost, seed: int) -> None:
        self.house, self.post, self.chance = house, Post(smarthost), random.Random(seed)
        self.cases: set[str] = set()
        self.withdrawn: set[str] = set()
        self.told = Told()
        self._numbers = itertools.count(1)

    def hold(self, shape: str, kills: int) -> None:
        """One report, one question, its ballots and its end. Leaves the daemon running."""
        self._begin(shape)
        border = Border()
        border.opened(self.house.port)
        case, ends = self._ask(border, may_kill=shape != "by time")
        lanes, last = self._ballots(case, shape)
        if shape == "by time":
            # Ballots arrive on both sides of the end, and some wait in the store while nobody runs.
            time.sleep(max(ends[0] - self.chance.uniform(0.1, 0.8) - time.time(), 0))
        self._run(border, lanes, [self._moment(lanes) for _ in range(kills)])
        if shape == "by time":
            self._kill(border, self.chance.uniform(ends[0] - 0.1, ends[1] + 0.2) - time.time())
        elif shape == "at once":
            self._run(border, last, [Moment("taken", len(border.taken) + 1, self.chance.uniform(0, 0.25))])
        self._check(case, border.taken, ends if shape == "by time" else NEVER)
        self.told.votes += 1
        self.told.cut_off += border.cut_off
        self.told.by_time += shape == "by time"

    def _begin(self, shape: str) -> None:
        """A new start takes the new policy; what is open goes on by the old one."""
        text = committee_file(override=f"{{votes.outcome.open_for: {OPEN_FOR[shape]}}}")
        if text != self.house.committee or self.house.process is None:
            if self.house.process is not None:
                self.house.kill()
                self.told.kills += 1
            self.house.committee = text
            self.house.write()
            self.house.start()

    def _ask(self, border: Border, *, may_kill: bool) -> tuple[str, tuple[float, float]]:
        """A report and a motion by Amara, killed after its 250 now and then.

        Gives the case, and when a question that is open for the short time ends, at the earliest and at the latest.
        """
        number = next(self._numbers)
        self.house.report(f"Somebody shouted at me. It is number {number}.", sender=f"guest{number}@visitors.example")
        wait_until(lambda: self.post.new_case(self.cases), "the report to arrive")
        case = str(self.post.new_case(self.cases))
        self.cases.add(case)
        wait_until(lambda: self.post.of(case, "forward", "amara"), "the report to reach the mover")
        begun = time.time()
        self.house.answer(self.post.of(case, "forward", "amara")[0], MOTION, tag="#motion outcome")
        if may_kill and self.chance.random() < 0.2:
            self._kill(border, self.chance.uniform(0, 0.2))
        wait_until(lambda: all(self.post.of(case, "vote", handle) for handle in HANDLES), "the question to arrive")
        return case, (begun + SHORT_SECONDS, time.time() + SHORT_SECONDS)

    def _ballots(self, case: str, shape: str) -> tuple[list[list[Ballot]], list[list[Ballot]]]:
        """(lanes that are delivered at the same time, the lane of the last voter once they are through).

        Some change their mind, one withdraws, and one mail is delivered twice, after whatever its sender wrote next.
        Where time ends it nobody withdraws: that takes their receipts back, which tell what came at the very end.
        """
        chance, closer = self.chance, self.chance.choice(HANDLES)
        lanes = {
            handle: [self._ballot(case, handle, chance.choice(CHOICES)) for _ in range(chance.choice((1, 1, 2, 3)))]
            for handle in HANDLES
        }
        last = lanes.pop(closer)[:1]
        leaving, twice = chance.sample(sorted(lanes), 2)
        if shape != "by time" and chance.random() < 0.6:
            lanes[leaving].insert(chance.randint(0, len(lanes[leaving])), self._ballot(case, leaving, "recuse"))
        lanes[twice] = [lanes[twice][0], self._ballot(case, twice, chance.choice(CHOICES)), lanes[twice][0]]
        if shape == "by time":
            return list(lanes.values()), []
        if shape == "in a row":
            return [list(self._shuffled([*lanes.values(), last]))], []
        # Once it is closed a ballot changes nothing any more.
        return list(lanes.values()), [[*last, self._ballot(case, closer, chance.choice(CHOICES))]]

    def _shuffled(self, lanes: Sequence[Sequence[Ballot]]) -> Iterator[Ballot]:
        left = [list(lane) for lane in lanes]
        while any(left):
            yield self.chance.choice([lane for lane in left if lane]).pop(0)

    def _ballot(self, case: str, handle: str, choice: str) -> Ballot:
        said = self.post.of(case, "vote", handle)[0].message
        tag = "#recuse" if choice == "recuse" else f"#vote {choice}"
        mail = letter(
            f"{handle}@example.net", "As I see it.", to=str(said["Reply-To"]), subject=f"Re: {said['Subject']} {tag}",
            headers={"In-Reply-To": str(said["Message-ID"]), "References": str(said["Message-ID"])},
        )  # fmt: skip
        raw = mail.as_bytes(policy=policy.SMTP)
        return Ballot(handle, choice, str(mail["Message-ID"]), str(said["Reply-To"]), raw)

    def _moment(self, lanes: Sequence[Sequence[Ballot]]) -> Moment:
        """At once after a 250, between the last octet and the 250, or while the daemon works and sends."""
        after, delay = self.chance.choice((("taken", 0.0), ("written", 0.004), ("taken", 0.15), ("written", 0.3)))
        return Moment(after, self.chance.randint(1, sum(map(len, lanes))), self.chance.uniform(0, delay))

    def _run(self, border: Border, lanes: Sequence[Sequence[Ballot]], moments: Sequence[Moment]) -> None:
        with ThreadPoolExecutor(max(len(lanes), 1)) as pool:
            running: list[Future[None]] = [pool.submit(border.deliver, lane) for lane in lanes]
            for moment in sorted(moments, key=lambda moment: moment.count):
                while not border.reached(moment) and not all(each.done() for each in running):
                    time.sleep(0.0005)
                self._kill(border, moment.delay)
            for each in running:
                each.result()

    def _kill(self, border: Border, delay: float) -> None:
        time.sleep(max(delay, 0))
        border.shut()
        self.house.kill()
        self.house.start()
        border.opened(self.house.port)
        self.told.kills += 1

    def _check(self, case: str, taken: Sequence[Taken], ends: tuple[float, float]) -> None:
        """The tally that every voter got is the one that had to come out, and every receipt agrees with it."""
        gone = {mail.ballot.handle for mail in taken if mail.ballot.choice == "recuse"}
        there = [handle for handle in HANDLES if handle not in gone]
        mine = {mail.ballot.id: mail.ballot for mail in taken if mail.ballot.handle in there}
        self.withdrawn |= {mail.ballot.id for mail in taken if mail.ballot.handle in gone}
        receipts = self.post.receipts
        wait_until(lambda: all(self.post.of(case, "tally", handle) for handle in there), "the tally", 90)
        wait_until(lambda: all(receipts(ballot) for ballot in mine.values()), "the receipts", 90)
        said, valid = expected(taken, [self._in_time(mail, ends) for mail in taken])
        assert {tally(self.post.of(case, "tally", handle)[0]) for handle in there} == {said}, taken
        told = {id_ for id_, ballot in mine.items() if "Your ballot on Q1" in receipts(ballot)[0].text}
        assert told == valid & mine.keys(), "the receipts say what was counted"
        self.told.mails += len(taken)
        self.told.came_twice += len(taken) - len({mail.ballot.id for mail in taken})
        self.told.late += len(mine.keys() - valid)
        result = re.sub(r"^Q1 (\w+) .*", r"\1", said)
        self.told.tallies[result] = self.told.tallies.get(result, 0) + 1

    def each_came_once(self) -> None:
        """Looked at once more at the very end: one question, one tally and one receipt for each mail."""
        self.post.look()
        often = {key: len(found) for key, found in self.post.found.items() if key[1] in ("vote", "tally")}
        assert {key: count for key, count in often.items() if count != 1} == {}
        assert {case for case, kind, _ in often if kind == "vote"} == self.cases
        # Who withdrew has no place left: each copy of a later mail of theirs is answered alike.
        answered = {id_: len(found) for id_, found in self.post.answers.items() if id_ not in self.withdrawn}
        assert {id_: count for id_, count in answered.items() if count != 1} == {}

    def _in_time(self, mail: Taken, ends: tuple[float, float]) -> bool:
        """By the clock; what came at the very end may fall on either side, and its receipt tells on which."""
        if mail.done < ends[0]:
            return True
        if mail.begun > ends[1]:
            return False
        self.told.by_receipt += 1
        wait_until(lambda: self.post.receipts(mail.ballot), "the receipt of what came at the very end")
        return any("Your ballot on Q1" in receipt.text for receipt in self.post.receipts(mail.ballot))


def votes_with_kills(folder: Path, shapes: Sequence[str], kills: int, seed: int = 4711) -> Told:
    """Votes of these shapes, each killed up to so often among the ballots, and once more around its end."""
    begun = time.monotonic()
    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port) as house:
        voting = Voting(house, smarthost, seed)
        for shape in shapes:
            voting.hold(shape, voting.chance.randint(1, kills))
        assert house.stop() == 0
        house.all_opens()
        voting.each_came_once()
    told, letters = voting.told, voting.post.letters
    told.deliveries = sum(map(len, letters.values()))
    told.duplicates = told.deliveries - len(letters)
    told.seconds = time.monotonic() - begun
    unlike = [id_ for id_, copies in letters.items() if len({(copy.recipient, copy.content) for copy in copies}) != 1]
    assert unlike == [], "a second copy of a letter is the same letter"
    # Four senders work at once: a kill can catch no more letters between the smarthost's 250 and the row's end.
    assert told.duplicates <= 4 * told.kills
    return told


def test_no_ballot_is_lost_and_none_counts_twice_when_the_daemon_is_killed(tmp_path: Path) -> None:
    told = votes_with_kills(tmp_path, ["at once"], kills=1)
    assert told.votes == 1 and told.kills >= 2 and told.came_twice == 1


@pytest.mark.soak
def test_sixty_votes_with_kills_are_counted_as_they_were_cast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = list(itertools.islice(itertools.cycle(OPEN_FOR), SOAK_ROUNDS))
    told = votes_with_kills(tmp_path, shapes, kills=2, seed=int(os.environ.get("COCMAIL_SEED", "4711")))
    with capsys.disabled():
        print(f"\n{told}")
    assert told.votes == SOAK_ROUNDS
