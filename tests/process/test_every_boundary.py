"""`kill -9` at each boundary between two things that last: before a commit, and after it when nobody was told.

The daemon dies at one boundary, is started to die at the next, and so on, while people go on; each death is seen to
have come where it was ordered, so every boundary is reached. In the end the daemon runs undisturbed, and all that was
accepted has come out, once, and to nobody who may not have it (`crash_scene`).
"""

from __future__ import annotations

import itertools
import signal
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import watched
from cocmail.store.boundaries import Side, Step
from crash_scene import Play
from process_scene import House, Smarthost, letter, wait_until
from scene import ALIAS, committee_file

NEW_MEMBER = "- {handle: lee, name: Lee Wong, email: lee@example.net, confidentiality_agreed: 2026-01-01}"
OTHER = "others@example.org"
OTHERS = ("kim", "lou")
OTHER_COMMITTEE = committee_file(
    address=OTHER,
    name="Other Committee",
    chair="kim",
    members="- {handle: kim, name: Kim Roth, email: kim@example.net, confidentiality_agreed: 2026-01-01}\n"
    "- {handle: lou, name: Lou Marsh, email: lou@example.net, confidentiality_agreed: 2026-01-01}",
)
LATER, NEVER = "451 4.7.1 later", "550 5.1.1 no"
AT_A_START = (Step.FREE_LETTERS, Step.FREE_TIMERS, Step.KEEP_CONFIGURATION, Step.ANNOUNCE, Step.REVIEW, Step.GREET,
              Step.LOOK, Step.SCRUB)  # fmt: skip
# `tests/imap` has a mailbox, and tries these.
OF_A_MAILBOX = frozenset((Step.FETCHED, Step.EMPTIED))
OF_A_MAIL = (Step.ACCEPT, Step.DECIDE, Step.CLAIM, Step.SEND, Step.SENT)


class Doomed(House):
    """Its log tells of damage that is done on purpose."""

    def check_log(self) -> None:
        assert not any(line.startswith("Traceback") for line in self.lines())


class Siege(Play):
    """People who go on, and a daemon that dies where it is told to."""

    def __init__(self, house: House, smarthost: Smarthost, sides: Sequence[Side], nth: int = 1) -> None:
        super().__init__(house, smarthost, seed=nth)
        self.sides, self.nth = sides, nth
        self.died_at: list[tuple[Step, Side]] = []
        self._ways = itertools.cycle((self.withdraw, self.vote, self.discuss))

    def up(self) -> None:
        self.down()
        # Nobody kills it, but its clock is the one that was moved.
        self.house.watch = {"at": []}
        super().up()

    def down(self) -> None:
        if self.house.process is not None:
            self.kill()

    def moved(self, days: float) -> None:
        """The clock of the next daemon and of those after it."""
        (self.house.folder / watched.CLOCK).write_text(str(timedelta(days=days).total_seconds()))

    def dies_at(self, step: Step, side: Side, *acts: Callable[[], object], nth: int = 1) -> None:
        """Starts the daemon, lets people act, and waits for its end at that boundary."""
        self.down()
        self.house.watch = {"at": [step, side], "nth": nth}
        self.go_on(*acts)
        self.house.start(wait=False)
        process = self.house.process
        assert process is not None
        wait_until(lambda: process.poll() is not None or self.house.events("ready"), f"a start, then {step} {side}")
        if process.poll() is None:
            self.border.opened(self.house.port)
        assert process.wait(60) == -signal.SIGKILL, f"it ends at {step} {side}"
        self.border.shut()
        self.house.process = None
        self.kills += 1
        assert (self.house.folder / watched.DONE).read_text().splitlines()[-1] == f"{step} {side}"
        self.died_at.append((step, side))

    def dies_on_all_sides(self, step: Step, *acts: Callable[[], object], nth: int = 1) -> None:
        for side in self.sides:
            self.dies_at(step, side, *acts, nth=nth)

    # The chapters

    def first_starts(self) -> None:
        self.dies_on_all_sides(Step.MIGRATE)

    def mail(self) -> None:
        for step in OF_A_MAIL:
            for side in self.sides:
                acts = [next(self._ways) for _ in range(self.nth)]
                self.dies_at(step, side, *acts, nth=self.nth)

    def withdrawal_while_a_letter_waits(self) -> None:
        """A server puts off what tells a member of the case; it dies around the commit that ends their access."""
        self.up()
        self._reach(number := self.report())
        forward = self.post.marked(number, "jun")[0]
        self.smarthost.answers["jun@example.net"] = LATER
        self._say(self.post.marked(number, "amara")[0], ("noor", "ivo", "sam"))
        mail = self._reply(forward, "I know them.", "#recuse")
        self.go_on(lambda: self.border.deliver(mail, str(forward.message["Reply-To"])))
        self.dies_on_all_sides(Step.DECIDE)
        self.smarthost.answers.clear()
        self.up()
        wait_until(lambda: self.post.answers(mail), "the receipt of who withdrew")
        self.withdrawals.append((str(forward.message["Cocmail-Case"]), "jun", mail))

    def starts_with_a_new_member(self) -> None:
        self.up()
        # Without a case there is nothing to look at.
        self.report()
        self.settle()
        self.house.committee = committee_file(more_members=NEW_MEMBER)
        self.house.write()
        for step in AT_A_START:
            self.dies_on_all_sides(step)

    def refusals(self) -> None:
        self.smarthost.answers["jun@example.net"] = LATER
        self.dies_on_all_sides(Step.DEFER, self.report)
        self.smarthost.answers["jun@example.net"] = NEVER
        self.dies_on_all_sides(Step.PARK)
        self.smarthost.answers.clear()
        self.tried_again()

    def tried_again(self) -> None:
        """What is parked, shunted or put off, at the operator's word."""
        self.up()
        wait_until(lambda: self.house.run("queue", "retry", "all", codes=(0, 2)).code == 0, "something that waits")
        self.settle()

    def who_leaves(self) -> None:
        """An answer waits for a member, who is taken off the roster."""
        self.smarthost.answers["lee@example.net"] = LATER
        self.up()
        self.border.deliver(letter("lee@example.net", "Thanks.", subject="#help"), ALIAS)
        wait_until(lambda: any(line["kind"] == "receipt" for line in self.house.events("deferred")), "the answer")
        self.house.committee = committee_file()
        self.house.write()
        self.dies_on_all_sides(Step.WITHHOLD)
        self.smarthost.answers.clear()

    def a_committee_goes_and_comes_back(self) -> None:
        with_it = "[committee.yaml, other.yaml]"
        (self.house.folder / "other.yaml").write_text(OTHER_COMMITTEE)
        self._committees(with_it)
        self.dies_at(Step.ACCEPT, Side.AFTER, lambda: self.report(OTHER, OTHERS))
        self._committees("[committee.yaml]")
        self.dies_on_all_sides(Step.POSTPONE)
        self.smarthost.answers["kim@example.net"] = LATER
        self._committees(with_it)
        self.dies_at(Step.DEFER, Side.AFTER)
        self._committees("[committee.yaml]")
        self.dies_on_all_sides(Step.WAIT)
        self.smarthost.answers.clear()
        self._committees(with_it)
        self.tried_again()

    def _committees(self, files: str) -> None:
        self.house.committees = files
        self.house.write()

    def a_broken_file(self) -> None:
        good, self.house.committee = self.house.committee, self.house.committee + "policie: basic\n"
        self.house.write()
        self.dies_on_all_sides(Step.ALARM)
        self.house.committee = good
        self.house.write()

    def a_digest(self) -> None:
        """What was taken for spam is listed on the next day."""
        self.up()
        spam = letter("somebody@visitors.example", "Buy this.", headers={"X-Spam-Flag": "YES"})
        self.border.deliver(spam, ALIAS)
        wait_until(lambda: [each for each in self.house.events("decided") if each["reason"] == "spam"], "the spam")
        self.moved(1.5)
        self.dies_on_all_sides(Step.LIST)

    def times_end(self) -> None:
        """A question that one of them never answers, and a mail that is held for a yes that never comes."""
        self.up()
        self.settle()
        case = self.vote(silent=("sam",))
        self.border.deliver(letter("jun@example.net", "Told to me.", subject="#new anonymous", proven=False), ALIAS)
        wait_until(lambda: self.post.of("None", "confirm", "jun"), "the question whether it is theirs")
        self.moved(6)
        self.dies_on_all_sides(Step.TIMER)
        self.dies_on_all_sides(Step.FORGET)
        self.up()
        self.wait_for_tally(case)

    def mail_of_before_a_start(self) -> None:
        self.dies_at(Step.ACCEPT, Side.AFTER, self.report)
        self.dies_on_all_sides(Step.BEGIN)

    def damage(self) -> None:
        """A message that does not open, then cases that do not open while something of them is due."""
        self.dies_at(Step.ACCEPT, Side.AFTER, self.report)
        with self._damaged("spool", "raw", "state = 'new'"):
            self.dies_on_all_sides(Step.SHUNT)
        self.tried_again()
        self.down()
        self.moved(40)
        with self._damaged("events", "sealed"):
            self.dies_on_all_sides(Step.PUT_OFF)

    def _damaged(self, table: str, column: str, where: str = "true") -> Damage:
        return Damage(self.house.folder / "var" / "store.db", table, column, where)


class Damage:
    """Some sealed columns are something else for a while."""

    def __init__(self, path: Path, table: str, column: str, where: str) -> None:
        self._path, self._table, self._column, self._where = path, table, column, where
        self._right: list[tuple[bytes, int]] = []

    def __enter__(self) -> None:
        with closing(sqlite3.connect(self._path)) as store, store:
            chosen = f"FROM {self._table} WHERE {self._where}"
            self._right = store.execute(f"SELECT {self._column}, rowid {chosen}").fetchall()
            assert self._right
            wrong = f"CAST(x'00' || {self._column} AS BLOB)"
            store.execute(f"UPDATE {self._table} SET {self._column} = {wrong} WHERE {self._where}")

    def __exit__(self, *error: object) -> None:
        with closing(sqlite3.connect(self._path)) as store, store:
            store.executemany(f"UPDATE {self._table} SET {self._column} = ? WHERE rowid = ?", self._right)


def besieged(folder: Path, sides: Sequence[Side], nth: int, chapters: Iterable[Callable[[Siege], None]]) -> Siege:
    """A house in which all this happens; everything has come out in the end."""
    with Smarthost() as smarthost, Doomed(folder, smarthost=smarthost.port) as house:
        siege = Siege(house, smarthost, sides, nth)
        for chapter in chapters:
            chapter(siege)
        siege.up()
        siege.finish()
        return siege


CHAPTERS = (
    Siege.first_starts,
    Siege.withdrawal_while_a_letter_waits,
    Siege.mail,
    Siege.mail_of_before_a_start,
    Siege.starts_with_a_new_member,
    Siege.refusals,
    Siege.who_leaves,
    Siege.a_committee_goes_and_comes_back,
    Siege.a_broken_file,
    Siege.a_digest,
    Siege.times_end,
    Siege.damage,
)


@pytest.mark.timeout(300)
def test_a_daemon_that_dies_after_each_thing_that_lasts_of_a_mail_loses_nothing_and_does_nothing_twice(
    tmp_path: Path,
) -> None:
    siege = besieged(tmp_path, [Side.AFTER], 1, [Siege.withdrawal_while_a_letter_waits, Siege.mail])
    assert set(siege.died_at) == {(step, Side.AFTER) for step in OF_A_MAIL}


@pytest.mark.soak
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_daemon_that_dies_at_every_boundary_loses_nothing_and_does_nothing_twice(tmp_path: Path, nth: int) -> None:
    """Each member of the list is reached: none is there that no crash is tried at."""
    siege = besieged(tmp_path, list(Side), nth, CHAPTERS)
    assert set(siege.died_at) == set(itertools.product(set(Step) - OF_A_MAILBOX, Side))
