"""Real mail, damaged on the way: whatever came of it is stored, is filed or a case, and no program is answered.

All of them go through the whole program: 5,000 in `make test`, in `make soak` a hundred of each message of the corpora.
`COCMAIL_MUTATIONS` names another number of each, and `COCMAIL_FIRST` the number of the first.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest

from cocmail.core.classify import REASONS
from corpora import CORPUS, Filed, as_sent, envelope_sender, is_automatic, messages, stored
from mutations import mutated
from process_scene import House, Lmtp, Smarthost, wait_until
from scene import ALIAS, committee_file
from watching import Memory

# One person is enough to see that nothing is lost, and a third of the time.
MEMBERS = "- {handle: wren, name: Wren Oduya, email: wren@example.net}\n"
# A store is given up before it grows so large that what it holds costs more than what comes in.
BATCH = 1_000
EACH = int(os.environ.get("COCMAIL_MUTATIONS", "100"))
FIRST = int(os.environ.get("COCMAIL_FIRST", "0"))
# Beyond thirty an hour only a digest tells of a report: where nothing holds them back, a program that was taken for a
# person is seen, as it is answered.
ANSWERED, AS_IT_COMES = "flood: off", ""
WITH_CORPORA = pytest.mark.skipif(
    not messages(), reason=f"no corpora: {CORPUS} is not there; COCMAIL_CORPUS names another folder"
)


@dataclass
class Tally:
    """What came of all of them."""

    reasons: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    child: float = 0.0
    daemon: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        middle, late = (ordered[int(len(ordered) * part)] * 1000 for part in (0.5, 0.99))
        return (
            f"{len(ordered)} damaged messages: {dict(self.reasons.most_common())}\n"
            f"from the end of the data to 250: half within {middle:.0f} ms, 99 of 100 within {late:.0f} ms, "
            f"all within {ordered[-1] * 1000:.0f} ms; at most {self.child:.0f} MB in the reading process, "
            f"{self.daemon:.0f} MB in the daemon"
        )


def damaged(first: int, each: int) -> Iterator[tuple[str, bytes]]:
    """So many of each message, by a name that says how to make it again: message and number."""
    whole = messages()
    for number in range(first, first + each):
        for name, raw in whole.items():
            yield f"{name} {number}", mutated(raw, f"{name} {number}")


def through_the_program(folder: Path, mails: dict[str, bytes], tally: Tally, flood: str = ANSWERED) -> None:
    """Hands them over to a daemon of their own, waits until it has done with them, and looks at what became of each."""
    folder.mkdir()
    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port, main=flood) as house:
        house.committee = committee_file(chair="wren", members=MEMBERS)
        house.write()
        house.start()
        assert house.process is not None
        with Memory(house.process.pid) as memory:
            with Lmtp(house.lmtp) as border:
                for name, raw in mails.items():
                    at = time.monotonic()
                    replies = border.deliver(envelope_sender(raw), [ALIAS], raw)
                    tally.seconds.append(time.monotonic() - at)
                    assert [reply[:3] for reply in replies] == [b"250"], name
            wait_until(lambda: len(house.events("decided")) >= len(mails), "every message to be understood", 900)
        assert house.stop() == 0
        house.check_log()
        tally.child, tally.daemon = max(tally.child, memory.child), max(tally.daemon, memory.daemon)
        acks = {str(mail.message["Message-ID"])[1:27] for mail in smarthost.of("ack")}
        filed = list(stored(house.folder, acks).values())
    tally.reasons.update(each.reason for each in filed)
    tally.problems += problems(mails, filed)


def problems(mails: Mapping[str, bytes], filed: Sequence[Filed]) -> list[str]:
    """What must not be, by the name of the damaged message."""
    names: dict[bytes, list[str]] = {}
    for name, raw in mails.items():
        names.setdefault(as_sent(raw), []).append(name)
    found = [
        f"{problem}: {names.get(each.raw)}, {each.state}, {each.reason}"
        for each in filed
        for problem, is_so in (
            ("not filed", each.state not in ("filed", "held") or each.reason not in REASONS - {"shunted"}),
            ("a report without a case", each.reason.startswith("report") and not each.case),
            ("a program was answered", each.acknowledged and is_automatic(each.raw)),
        )
        if is_so
    ]
    if Counter(each.raw for each in filed) != {raw: len(each) for raw, each in names.items()}:
        found.append(f"not each is stored once, byte for byte: {len(filed)} of {len(mails)}")
    return found


@WITH_CORPORA
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("thousand", "flood"), list(enumerate((ANSWERED, *[AS_IT_COMES] * 4))), ids=["answered", "2nd", "3rd", "4th", "5th"]
)
def test_five_thousand_damaged_messages_are_stored_and_filed_and_no_program_is_answered(
    tmp_path: Path, tell: Callable[[object], None], thousand: int, flood: str
) -> None:
    tally, first = Tally(), thousand * BATCH
    through_the_program(tmp_path / "store", dict(islice(damaged(FIRST, 6), first, first + BATCH)), tally, flood)
    tell(tally)
    assert len(tally.seconds) == BATCH
    assert tally.problems == []


@pytest.mark.soak
@WITH_CORPORA
@pytest.mark.timeout(0)
def test_every_damaged_message_is_stored_and_filed_and_no_program_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, begun, number = Tally(), time.monotonic(), 0
    mails = damaged(FIRST, EACH)
    while batch := dict(islice(mails, BATCH)):
        number += 1
        through_the_program(tmp_path / str(number), batch, tally)
        with capsys.disabled():
            print(f"\n{time.monotonic() - begun:.0f} s: {tally}\n{tally.problems}", flush=True)
    assert tally.problems == []
