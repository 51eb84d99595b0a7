"""Real mail that nobody here wrote: every message of the corpora is stored and filed under a named reason.

`COCMAIL_CORPUS` names the folder (default: `../shared/corpora` beside the project). Each message is handed over by LMTP
on a unix socket as it is, byte for byte. Its envelope sender is what its first Return-Path says, else its From address,
else a stranger's: what a mail server in front would most likely have said.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from pathlib import Path

import pytest
from sqlalchemy import select

from cocmail.core.classify import REASONS
from cocmail.core.letters import letter_id
from cocmail.store import outbox, spool
from cocmail.store.engine import Store
from cocmail.store.tables import SPOOL
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring
from process_scene import PROJECT, House, Lmtp, Smarthost, wait_until
from scene import ALIAS, committee_file

CORPUS = Path(os.environ.get("COCMAIL_CORPUS") or PROJECT.parent / "shared" / "corpora")
STRANGER = "stranger@visitors.example"
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+[A-Za-z0-9]")

# Two people are enough to see who gets what, and a third of the time.
MEMBERS = """\
- {handle: wren, name: Wren Oduya, email: wren@example.net}
- {handle: isko, name: Isko Oduya, email: isko@example.net}
"""


@dataclass(frozen=True)
class Filed:
    """What the store says about one message."""

    raw: bytes
    state: str
    reason: str
    acknowledged: bool


def messages(every: int = 1) -> dict[str, bytes]:
    """All of them by name, or every second, third ... one."""
    files = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in files[::every]}


def parsed(raw: bytes) -> Message:
    return message_from_bytes(raw)


def envelope_sender(raw: bytes) -> str:
    """The address to say in MAIL FROM; "" where the Return-Path is `<>`."""
    mail = parsed(raw)
    path = str(mail.get("Return-Path", "")).strip()
    if path == "<>":
        return ""
    for said in (path, str(mail.get("From", ""))):
        found = ADDRESS.search(said)
        if found:
            return found[0]
    return STRANGER


def is_automatic(raw: bytes) -> bool:
    """Judged without the program: by the headers that RFC 3834, RFC 2369 and long use give programs."""
    mail = parsed(raw)
    authors = [address.casefold() for _, address in getaddresses([str(mail.get("From", ""))])]
    return any(
        (
            str(mail.get("Auto-Submitted", "no")).split(";")[0].split("(")[0].strip().casefold() not in ("no", ""),
            any(name.casefold().startswith("list-") for name in mail),
            str(mail.get("Precedence", "")).strip().casefold() in {"bulk", "list", "junk", "auto_reply"},
            mail.get_content_type() == "multipart/report",
            envelope_sender(raw) == "",
            any(author.partition("@")[0] in ("mailer-daemon", "postmaster") for author in authors),
        )
    )


def stored(house: House, acks_sent: set[str]) -> dict[str, Filed]:
    """Every stored message by id, read from the store once the daemon has ended."""

    def look(tx: Tx) -> dict[str, Filed]:
        queued = {row.id for row in outbox.listing(tx)} | acks_sent
        columns = (SPOOL.c.id, SPOOL.c.state, SPOOL.c.reason, SPOOL.c.case_id)
        found = {}
        for row in tx.run(select(*columns)).all():
            mail = spool.open_mail(tx, row.id)
            assert mail is not None
            found[row.id] = Filed(mail[1], row.state, row.reason, letter_id(row.case_id or "", row.id, "ack") in queued)
        return found

    store = Store.open(f"sqlite:///{house.folder}/var/store.db", Keyring.load(house.folder / "master.key"))
    try:
        return store.read_now(look)
    finally:
        store.close()


def as_sent(raw: bytes) -> bytes:
    """LMTP ends a message with CRLF; one that did not got one."""
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


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
    tmp_path: Path, capsys: pytest.CaptureFixture[str], every: int
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
        rows = stored(house, acks)

    by_content: dict[bytes, list[tuple[str, Filed]]] = defaultdict(list)
    for row_id, each in rows.items():
        by_content[each.raw].append((row_id, each))
    filed = {name: by_content[as_sent(raw)].pop() for name, raw in mails.items()}
    with capsys.disabled():
        print(f"\n\n{table(filed)}\n{len(mails)} messages, {time.monotonic() - begun:.0f} s, slowest 250: {slowest}")

        if os.environ.get("COCMAIL_SHOW"):
            print("\n".join(sorted(f"{each.reason} {each.acknowledged} {name}" for name, (_, each) in filed.items())))

    assert len(rows) == len(mails), "each is stored once"
    assert {each.reason for _, each in filed.values()} <= REASONS - {"shunted"}
    assert {each.state for _, each in filed.values()} <= {"filed", "held"}
    answered = [name for name, (_, each) in filed.items() if each.acknowledged and is_automatic(mails[name])]
    assert answered == [], "automatic mail is never answered"
