"""What people do while a daemon is killed again and again, and what has to have come of it in the end.

    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port) as house:
        play = Play(house, smarthost, seed=1)
        play.up()
        play.go_on(play.vote)          # in a thread of its own: it waits out every kill
        play.kill()
        play.finish()                  # all of it came to its end, and nothing was lost, leaked or done twice

Nobody in it knows of the kills: a mail without a 250 is sent again, byte for byte, as mail servers do. What has to come
out is worked out from the mails alone.
"""

from __future__ import annotations

import difflib
import itertools
import random
import re
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage

from cocmail.daemon import SENDERS
from process_scene import House, Smarthost, letter, wait_until
from questions import MOTION, tally
from scene import ALIAS, HANDLES, Delivered

PATIENCE = 120.0
# The acknowledgements of an hour are capped (contract, section 3, rule 10); the surplus waits in the queue.
ACKS_AN_HOUR = 80
_ALSO = re.compile(rb"^Cocmail-Loop: .*\r\n(?:[ \t].*\r\n)*|^This went to you (?:.+\r\n)+", re.MULTILINE)
_MARK = re.compile(r"number-(\d+)-here")


@dataclass
class Told:
    """What a run comes to."""

    kills: int = 0
    accepted: int = 0
    cut_off: int = 0
    cases: int = 0
    votes: int = 0
    withdrawn: int = 0
    deliveries: int = 0
    duplicates: int = 0
    seconds: float = 0.0


class Border:
    """The mail server in front: it sends the very same message again until a 250 comes."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._port = 0
        self.cut_off = 0

    def opened(self, port: int) -> None:
        self._port = port
        self._open.set()

    def shut(self) -> None:
        self._open.clear()

    def deliver(self, mail: EmailMessage, to: str) -> None:
        raw, end = mail.as_bytes(policy=policy.SMTP), time.monotonic() + PATIENCE
        while not self._tried(str(mail["From"]), to, raw):
            assert time.monotonic() < end, "the daemon takes no mail"

    def _tried(self, sender: str, to: str, raw: bytes) -> bool:
        assert self._open.wait(PATIENCE), "the daemon did not come back"
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=PATIENCE) as client:
                client.sendmail(sender, [to], raw)
                client.close()
        except (OSError, smtplib.SMTPException):
            # Whether it was stored, nobody outside can know.
            self.cut_off += 1
            time.sleep(0.01)
            return False
        return True


class Post:
    """What the smarthost took, in its order; each mail is looked at once."""

    def __init__(self, smarthost: Smarthost) -> None:
        self._smarthost = smarthost
        self._one = threading.Lock()
        self.taken: list[Delivered] = []
        self._found: dict[tuple[str, str, str], dict[str, Delivered]] = {}
        self._marked: dict[tuple[str, str], dict[str, Delivered]] = {}
        self._answers: dict[str, dict[str, Delivered]] = {}

    def look(self) -> None:
        with self._one:
            fresh = self._smarthost.delivered[len(self.taken) :]
            for mail in fresh:
                id_, case = (str(mail.message[name]) for name in ("Message-ID", "Cocmail-Case"))
                self._found.setdefault((case, mail.kind, mail.recipient), {})[id_] = mail
                mark = _MARK.search(mail.text) if mail.kind == "forward" else None
                if mark is not None:
                    self._marked.setdefault((mark[1], mail.recipient), {})[id_] = mail
                if mail.kind == "receipt":
                    self._answers.setdefault(str(mail.message["In-Reply-To"]), {})[id_] = mail
            self.taken += fresh

    def of(self, case: str, kind: str, handle: str) -> list[Delivered]:
        """One a Message-ID."""
        self.look()
        return list(self._found.get((case, kind, f"{handle}@example.net"), {}).values())

    def of_all(self, case: str, kind: str) -> list[Delivered]:
        """The same of all members."""
        return [mail for handle in HANDLES for mail in self.of(case, kind, handle)]

    def of_case(self, case: str) -> list[Delivered]:
        """Everything of a case, in its order, with what came twice."""
        return [mail for mail in self.taken if str(mail.message["Cocmail-Case"]) == case]

    def marked(self, number: int, handle: str) -> list[Delivered]:
        """The forwards of one text to a member, one a Message-ID."""
        self.look()
        return list(self._marked.get((str(number), f"{handle}@example.net"), {}).values())

    def answers(self, mail: EmailMessage) -> list[Delivered]:
        self.look()
        return list(self._answers.get(str(mail["Message-ID"]), {}).values())


class Play:
    """The people, the daemon, and what is known of what has to come out."""

    def __init__(self, house: House, smarthost: Smarthost, seed: int) -> None:
        self.house, self.smarthost, self.chance = house, smarthost, random.Random(seed)
        self.border, self.post, self.kills = Border(), Post(smarthost), 0
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="people")
        self._acts: list[Future[None]] = []
        self._begun = time.monotonic()
        # Text -> who has to have it; ballots and their question; who has withdrawn from which case, by which mail.
        self.readers: dict[int, frozenset[str]] = {}
        self.maybe: set[tuple[int, str]] = set()
        self.reports: list[int] = []
        self.tallies: dict[str, str] = {}
        self.ballots: list[EmailMessage] = []
        self.withdrawals: list[tuple[str, str, EmailMessage]] = []

    # The daemon

    def up(self) -> None:
        self.house.start()
        self.border.opened(self.house.port)

    def kill(self) -> None:
        self.border.shut()
        self.house.kill()
        self.kills += 1

    # What people do. Each waits until the daemon has done what it is for, however often it dies meanwhile.

    def go_on(self, *acts: Callable[[], object]) -> None:
        """Each in a thread of its own."""
        self._acts += [self._pool.submit(lambda act=act: (act(), None)[1]) for act in acts]

    def report(self, to: str = ALIAS, readers: Iterable[str] = HANDLES) -> int:
        """Somebody from outside writes; gives the number that stands in the text."""
        number = next(self._numbers)
        mail = letter(f"guest{number}@visitors.example", f"Something happened: number-{number}-here.", to=to)
        self.border.deliver(mail, to)
        self.reports.append(number)
        self.readers[number] = frozenset(readers)
        return number

    def discuss(self) -> None:
        """A report, and a word of a member about it."""
        self._reach(number := self.report())
        author = self.chance.choice(HANDLES)
        self._say(self.post.marked(number, author)[0], {*HANDLES} - {author})

    def withdraw(self) -> None:
        """A member steps back; what is said afterwards reaches the others alone."""
        self._reach(number := self.report())
        # Not the chair, who is told that something is late, and no more, whether or not they have the case.
        gone, author = self.chance.sample(HANDLES[1:], 2)
        forward = self.post.marked(number, gone)[0]
        # On its way when they step back: they may get it before their receipt, and must not after it.
        words = self._say(self.post.marked(number, author)[0], {*HANDLES} - {author, gone}, and_wait=False)
        self.maybe.add((words, gone))
        mail = self._reply(forward, "I know them.", "#recuse")
        self.border.deliver(mail, str(forward.message["Reply-To"]))
        wait_until(lambda: self.post.answers(mail), "the receipt of who withdrew", PATIENCE)
        self.withdrawals.append((str(forward.message["Cocmail-Case"]), gone, mail))
        self._say(self.post.marked(number, author)[0], {*HANDLES} - {author, gone})

    def vote(self, silent: Iterable[str] = ()) -> str:
        """A question and its ballots, each of which comes twice; gives the case."""
        self._reach(number := self.report())
        forward = self.post.marked(number, "amara")[0]
        case = str(forward.message["Cocmail-Case"])
        self.border.deliver(self._reply(forward, MOTION, "#motion outcome"), str(forward.message["Reply-To"]))
        wait_until(lambda: all(self.post.of(case, "vote", each) for each in HANDLES), "the question", PATIENCE)
        voters = [handle for handle in HANDLES if handle not in silent]
        choices = {handle: self.chance.choice(("yes", "no", "abstain")) for handle in voters}
        for handle, choice in self.chance.sample(list(choices.items()), len(choices)):
            asked = self.post.of(case, "vote", handle)[0]
            mail = self._reply(asked, "As I see it.", f"#vote {choice}")
            for _ in range(2):
                self.border.deliver(mail, str(asked.message["Reply-To"]))
            self.ballots.append(mail)
        yes, no, abstain = (list(choices.values()).count(each) for each in ("yes", "no", "abstain"))
        result = "passed" if 2 * yes > len(HANDLES) else "failed"
        left = len(HANDLES) - len(voters)
        self.tallies[case] = f"Q1 {result} majority {yes} {no} {abstain} {left} {len(HANDLES)}"
        if not left:
            self.wait_for_tally(case)
        return case

    def wait_for_tally(self, case: str) -> None:
        wait_until(lambda: all(self.post.of(case, "tally", each) for each in HANDLES), "the tally", PATIENCE)

    def _reach(self, number: int) -> None:
        def all_have_it() -> bool:
            return all(self.post.marked(number, each) for each in self.readers[number])

        wait_until(all_have_it, f"text {number} to reach {len(self.readers[number])}", PATIENCE)

    def _say(self, about: Delivered, readers: Iterable[str], *, and_wait: bool = True) -> int:
        number = next(self._numbers)
        mail = self._reply(about, f"I have thought of it: number-{number}-here.", "")
        self.border.deliver(mail, str(about.message["Reply-To"]))
        self.readers[number] = frozenset(readers)
        if and_wait:
            self._reach(number)
        return number

    def _reply(self, mail: Delivered, text: str, tag: str) -> EmailMessage:
        said = mail.message
        headers = {"In-Reply-To": str(said["Message-ID"]), "References": str(said["Message-ID"])}
        subject = f"Re: {said['Subject']} {tag}".strip()
        return letter(mail.recipient, text, to=str(said["Reply-To"]), subject=subject, headers=headers)

    # The end

    def settle(self) -> None:
        """Waits until everybody has finished what they do, and all of it is where it belongs."""
        for act in self._acts:
            act.result()
        self._acts.clear()
        for number in self.readers:
            self._reach(number)

    def finish(self) -> Told:
        """The daemon runs; everybody finishes what they do; then all is looked at. Stops the daemon."""
        self.settle()
        self._pool.shutdown()
        surplus = max(len(self.reports) - ACKS_AN_HOUR, 0)
        wait_until(lambda: len(self.house.queue()) <= surplus, "the queue to be empty")
        assert self.house.stop() == 0
        self.house.all_opens()
        self.post.look()
        self._nothing_is_lost_or_doubled()
        self._who_withdrew_hears_no_more()
        return Told(
            self.kills,
            len(self.reports),
            self.border.cut_off,
            len(self.house.cases()),
            len(self.tallies),
            len(self.withdrawals),
            len(self.post.taken),
            self._duplicates(),
            time.monotonic() - self._begun,
        )

    def _nothing_is_lost_or_doubled(self) -> None:
        assert len(self.house.cases()) == len(self.reports), "one case a report, neither lost nor opened twice"
        people = {handle for readers in self.readers.values() for handle in readers}
        often = {(number, each): len(self.post.marked(number, each)) for number in self.readers for each in people}
        assert all(often[key] <= 1 for key in self.maybe)
        wanted = {key: often[key] if key in self.maybe else int(key[1] in self.readers[key[0]]) for key in often}
        assert often == wanted, "each text reaches exactly those who may have it, once"
        said = {case: set(map(tally, self.post.of_all(case, "tally"))) for case in self.tallies}
        assert said == {case: {line} for case, line in self.tallies.items()}, "each ballot counts, and counts once"
        receipts = Counter(len(self.post.answers(mail)) for mail in self.ballots)
        assert set(receipts) <= {1}, "one receipt a ballot"

    def _who_withdrew_hears_no_more(self) -> None:
        for case, handle, mail in self.withdrawals:
            receipts = {str(each.message["Message-ID"]) for each in self.post.answers(mail)}
            address = f"{handle}@example.net"
            mine = [each for each in self.post.of_case(case) if each.recipient == address]
            first = next(place for place, each in enumerate(mine) if str(each.message["Message-ID"]) in receipts)
            late = [each.kind for each in mine[first:] if str(each.message["Message-ID"]) not in receipts]
            assert late == [], f"nothing of the case after the receipt, but {late}"

    def _duplicates(self) -> int:
        copies: dict[str, list[tuple[str, bytes]]] = {}
        for mail in self.post.taken:
            copies.setdefault(str(mail.message["Message-ID"]), []).append((mail.recipient, as_of_now(mail.content)))
        unlike = [sorted(set(letters)) for letters in copies.values() if len(set(letters)) != 1]
        assert unlike == [], "a second copy of a letter is the same letter:\n" + "\n".join(map(differences, unlike))
        duplicates = len(self.post.taken) - len(copies)
        assert duplicates <= SENDERS * self.kills, "a kill doubles no more letters than were being sent"
        return duplicates


def as_of_now(content: bytes) -> bytes:
    """Without who else has a case: that is said as it is when a letter leaves, and its mark is signed over it."""
    return _ALSO.sub(b"", content)


def differences(copies: Sequence[tuple[str, bytes]]) -> str:
    """What two copies of one letter do not share, line by line."""
    lines = [content.decode("utf-8", "replace").splitlines() for _, content in copies[:2]]
    return "\n".join(line for line in difflib.ndiff(*lines) if not line.startswith("  "))
