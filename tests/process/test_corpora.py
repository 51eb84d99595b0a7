"""Real mail that nobody here wrote: every message of the corpora is stored and filed under a named reason.

Each message is handed over by LMTP on a unix socket as it is, byte for byte (see `corpora`).
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from cocmail.core.classify import REASONS
from corpora import CORPUS, Filed, as_sent, envelope_sender, is_automatic, messages, stored
from process_scene import House, Lmtp, Smarthost, wait_until
from scene import ALIAS, committee_file

# Two people are enough to see who gets what, and a third of the time.
MEMBERS = """\
- {handle: wren, name: Wren Oduya, email: wren@example.net}
- {handle: isko, name: Isko Oduya, email: isko@example.net}
"""


def table(filed: dict[str, tuple[str, Filed]]) -> str:
    """Reason by folder, with how many were acknowledged."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for name, (_, each) in filed.items():
        rows[each.reason][name.partition("/")[0]] += 1
        rows[each.reason]["all"] += 1
        rows[each.reason]["acknowledged"] += each.acknowledged
    heads = [*sorted({name.partition("/")[0] for name in filed}), "all", "acknowledged"]
    lines = [f"{'reason':26}" + "".join(f"{head:>22}" for head in heads)]
    rows = dict(sorted(rows.items())) | {"": sum(rows.values(), Counter())}
    lines += [f"{reason:26}" + "".join(f"{counts[head]:22}" for head in heads) for reason, counts in rows.items()]
    return "\n".join(lines)


@pytest.mark.skipif(not messages(), reason=f"no corpora: {CORPUS} is not there; COCMAIL_CORPUS names another folder")
@pytest.mark.timeout(600)
# All of them are read by tests/mail/test_parse.py as well, without a daemon.
@pytest.mark.parametrize(
    "every", [pytest.param(4, id="every fourth"), pytest.param(1, id="all", marks=pytest.mark.soak)]
)
def test_every_real_message_is_stored_and_filed_and_no_program_is_answered(
    tmp_path: Path, tell: Callable[[object], None], every: int
) -> None:
    mails = messages(every)
    begun = time.monotonic()
    slowest = (0.0, "")
    with Smarthost() as smarthost, House(tmp_path, smarthost=smarthost.port, main="flood: off") as house:
        house.committee = committee_file(chair="wren", members=MEMBERS)
        house.write()
        house.start()
        with Lmtp(house.lmtp) as border:
            for name, raw in mails.items():
                at = time.monotonic()
                replies = border.deliver(envelope_sender(raw), [ALIAS], raw)
                slowest = max(slowest, (time.monotonic() - at, name))
                assert [reply[:3] for reply in replies] == [b"250"], name
        wait_until(lambda: len(house.events("decided")) >= len(mails), "every message to be understood", 300)
        assert house.stop() == 0
        acks = {str(mail.message["Message-ID"])[1:27] for mail in smarthost.of("ack")}
        rows = stored(house.folder, acks)

    by_content: dict[bytes, list[tuple[str, Filed]]] = defaultdict(list)
    for row_id, each in rows.items():
        by_content[each.raw].append((row_id, each))
    filed = {name: by_content[as_sent(raw)].pop() for name, raw in mails.items()}
    tell(f"{table(filed)}\n{len(mails)} messages, {time.monotonic() - begun:.0f} s, slowest 250: {slowest}")
    if os.environ.get("COCMAIL_SHOW"):
        tell("\n".join(sorted(f"{each.reason} {each.acknowledged} {name}" for name, (_, each) in filed.items())))

    assert len(rows) == len(mails), "each is stored once"
    assert {each.reason for _, each in filed.values()} <= REASONS - {"shunted"}
    assert {each.state for _, each in filed.values()} <= {"filed", "held"}
    answered = [name for name, (_, each) in filed.items() if each.acknowledged and is_automatic(mails[name])]
    assert answered == [], "automatic mail is never answered"
