"""`kill -9`: whatever was answered with 250 is delivered after a restart, as one case, and never as two."""

from __future__ import annotations

import os
import random
import re
import signal
import smtplib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from cocmail.store.boundaries import Side, Step
from cocmail.store.starts import MOST
from process_scene import House, Smarthost, letter, wait_until
from scene import HANDLES

ROUNDS = 6
SOAK_ROUNDS = int(os.environ.get("COCMAIL_KILLS", "200"))
MEMBERS = {f"{handle}@example.net" for handle in HANDLES}
# The acknowledgements of an hour are capped (contract, section 3, rule 10); the surplus waits in the queue.
ACKS_AN_HOUR = 80


@dataclass
class Told:
    """What a run with kills comes to."""

    rounds: int
    accepted: int = 0
    cut_off: int = 0
    deliveries: int = 0
    duplicates: int = 0
    cases: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    unlike: list[str] = field(default_factory=list)


def numbered(number: int) -> EmailMessage:
    return letter(f"guest{number}@visitors.example", f"Something happened. It is number-{number}-here.")


class Guests:
    """Write reports, and write again under the same Message-ID when no 250 came, as mail servers do."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._next = 0
        self.accepted: list[int] = []
        self._again: list[tuple[int, EmailMessage]] = []
        self.cut_off = 0

    def _mails(self, fresh: int) -> Iterator[tuple[int, EmailMessage]]:
        again, self._again = self._again, []
        yield from again
        for _ in range(fresh):
            self._next += 1
            yield self._next, numbered(self._next)

    def write(self, house: House, fresh: int) -> None:
        with smtplib.SMTP("127.0.0.1", house.port, timeout=30) as client:
            for number, mail in self._mails(fresh):
                client.sendmail(str(mail["From"]), [str(mail["To"])], mail.as_bytes(policy=policy.SMTP))
                self.accepted.append(number)
            # The peer has its 250 and the daemon has had no time for anything else.
            client.close()

    def write_and_be_cut_off(self, house: House) -> None:
        """The daemon dies somewhere between DATA and the 250: whether it was stored, nobody outside can know."""
        self._next += 1
        number, mail = self._next, numbered(self._next)
        client = smtplib.SMTP("127.0.0.1", house.port, timeout=30)
        client.ehlo()
        client.mail(str(mail["From"]))
        client.rcpt(str(mail["To"]))
        client.putcmd("data")
        client.getreply()
        client.send(mail.as_bytes(policy=policy.SMTP) + b".\r\n")
        time.sleep(self._chance.choice((0, 0, 0.001, 0.002, 0.005, 0.01)))
        house.kill()
        client.close()
        self._again.append((number, mail))
        self.cut_off += 1


def killed_again_and_again(folder: Path, rounds: int) -> Told:
    """Each round: start, some reports, kill at once after the last 250, or while letters go out, or within a DATA."""
    chance, begun = random.Random(4711), time.monotonic()
    guests = Guests(chance)
    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port) as house:
        for number in range(rounds):
            house.start()
            guests.write(house, fresh=chance.randint(2, 4))
            if number % 3 == 1:
                time.sleep(chance.uniform(0, 0.5))
            if number % 3 == 2:
                guests.write_and_be_cut_off(house)
            else:
                house.kill()
        house.start()
        guests.write(house, fresh=0)
        told = settled(house, smarthost, guests)
        assert house.stop() == 0
        house.all_opens()
    told.rounds, told.seconds = rounds, time.monotonic() - begun
    return told


def settled(house: House, smarthost: Smarthost, guests: Guests) -> Told:
    """Waits until every member has every accepted report, and counts."""
    wanted = {(number, member) for number in guests.accepted for member in MEMBERS}
    seen: dict[tuple[int, str], list[tuple[str, str]]] = {}
    counted = 0

    def arrived() -> bool:
        nonlocal counted
        fresh = smarthost.delivered[counted:]
        counted += len(fresh)
        for mail in fresh:
            number = re.search(r"number-(\d+)-here", mail.text)
            if mail.kind == "forward" and number is not None:
                letter_of = (str(mail.message["Message-ID"]), mail.text)
                seen.setdefault((int(number[1]), mail.recipient), []).append(letter_of)
        return wanted <= seen.keys()

    wait_until(arrived, "every report to reach every member", 60 + len(guests.accepted) / 5)
    acks = min(len(guests.accepted), ACKS_AN_HOUR)
    wait_until(lambda: len({str(mail.message["To"]) for mail in smarthost.of("ack")}) >= acks, "the acknowledgements")
    wait_until(lambda: len(house.queue()) <= len(guests.accepted) - acks, "the queue to be empty")
    arrived()
    copies: dict[str, list[tuple[str, bytes]]] = {}
    for mail in smarthost.delivered:
        copies.setdefault(str(mail.message["Message-ID"]), []).append((mail.recipient, mail.content))
    return Told(
        rounds=0,
        accepted=len(guests.accepted),
        cut_off=guests.cut_off,
        deliveries=len(smarthost.delivered),
        duplicates=sum(map(len, copies.values())) - len(copies),
        cases=len(house.cases()),
        acknowledged=len({str(mail.message["To"]) for mail in smarthost.of("ack")}),
        # The same letter twice must be the same letter: same id, same recipient, same bytes.
        unlike=[id_ for id_, letters in copies.items() if len(set(letters)) != 1]
        + [str(key) for key, letters in seen.items() if len(set(letters)) != 1],
    )


def check(told: Told) -> None:
    assert told.cases == told.accepted, "one case a report, neither lost nor opened twice"
    assert told.acknowledged == min(told.accepted, ACKS_AN_HOUR), "one acknowledgement a report"
    assert told.unlike == [], "a second copy of a letter is the same letter"
    # Four senders work at once: a kill can catch no more letters between the smarthost's 250 and the row's end.
    assert told.duplicates <= 4 * told.rounds


def test_45_a_report_survives_kill_after_its_250_and_opens_one_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(killed_again_and_again(tmp_path, ROUNDS))


@pytest.mark.soak
def test_47_two_hundred_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = killed_again_and_again(tmp_path, SOAK_ROUNDS)
    with capsys.disabled():
        print(f"\n{told}")
    check(told)


class Doomed(House):
    """It is killed by a mail, and says so."""

    def check_log(self) -> None:
        assert not any(line.startswith("Traceback") for line in self.lines())


def test_one_message_on_which_the_daemon_died_kept_every_later_report_from_everybody(tmp_path: Path) -> None:
    with Smarthost() as smarthost, Doomed(tmp_path, smarthost=smarthost.port) as house:
        house.watch = {"at": [Step.DECIDE, Side.BEFORE]}
        for number in range(1 + MOST):
            house.start(wait=not number)
            if not number:
                house.report("The first one.", sender="first@visitors.example")
            assert house.process is not None and house.process.wait(60) == -signal.SIGKILL
            house.process = None
        house.watch = None
        house.start()
        shunted = house.wait_for_event("shunted")
        assert shunted["problem"] == "DiedOnIt"
        house.report("The second one.", sender="second@visitors.example")
        assert all("The second one." in mail.text for mail in smarthost.wait_for("forward", len(MEMBERS)))
        smarthost.wait(lambda mail: mail.kind == "notice" and "cocmail failed on" in mail.text)
        # It is kept, and tried again when somebody asks for it.
        assert [(row["id"], row["state"]) for row in house.queue()] == [(shunted["id"], "shunted")]
        assert house.run("queue", "retry", shunted["id"]).code == 0
        smarthost.wait(lambda mail: mail.kind == "forward" and "The first one." in mail.text)


def test_nothing_of_a_killed_daemon_goes_on_running(tmp_path: Path) -> None:
    """The process that reads mail ends with the daemon: what it holds in memory is a report."""
    with House(tmp_path) as house:
        house.start()
        house.report("Somebody shouted at me.")
        house.wait_for_event("sent", count=6)
        assert house.process is not None
        group = house.process.pid
        assert len(members_of(group)) >= 2
        house.kill()
        wait_until(lambda: not members_of(group), "the daemon's children to end", 5)


def members_of(group: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == group and fields[0] not in "ZX":
            found.append(int(path.parent.name))
    return found
