"""Real mail that nobody here wrote, and what a stranger to the program says of each message.

`COCMAIL_CORPUS` names the folder (default: `../shared/corpora` beside the project). The envelope sender of a message is
what its first Return-Path says, else its From address, else a stranger's: what a mail server in front would most likely
have said.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from sqlalchemy import select

from cocmail.core.letters import letter_id
from cocmail.store import outbox, spool
from cocmail.store.engine import Store
from cocmail.store.tables import SPOOL
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring
from process_scene import PROJECT

CORPUS = Path(os.environ.get("COCMAIL_CORPUS") or PROJECT.parent / "shared" / "corpora")
STRANGER = "stranger@visitors.example"
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+[A-Za-z0-9]")


@dataclass(frozen=True)
class Filed:
    """What the store says about one message."""

    raw: bytes
    state: str
    reason: str
    case: str
    acknowledged: bool


def messages(every: int = 1) -> dict[str, bytes]:
    """All of them by name, or every second, third ... one."""
    files = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in files[::every]}


def parsed(raw: bytes) -> Message:
    """The header alone: Python's parser has no bound on how deep the rest is nested."""
    return BytesHeaderParser().parsebytes(raw)


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
    written = str(mail.get("From", ""))
    # Where more than one address stands there, readers disagree about who it is.
    plain = written.count("@") < 2 and len(mail.get_all("From", [])) == 1
    authors = [address.casefold() for address in ADDRESS.findall(written) if plain]
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


def stored(folder: Path, acks_sent: set[str]) -> dict[str, Filed]:
    """Every stored message by id, read from the store of a `House` once its daemon has ended."""

    def look(tx: Tx) -> dict[str, Filed]:
        queued = {row.id for row in outbox.listing(tx)} | acks_sent
        columns = (SPOOL.c.id, SPOOL.c.state, SPOOL.c.reason, SPOOL.c.case_id)
        found = {}
        for row in tx.run(select(*columns)).all():
            mail = spool.open_mail(tx, row.id)
            assert mail is not None
            answered = letter_id(row.case_id or "", row.id, "ack") in queued
            found[row.id] = Filed(mail[1], row.state, row.reason, row.case_id or "", answered)
        return found

    store = Store.open(f"sqlite:///{folder}/var/store.db", Keyring.load(folder / "master.key"))
    try:
        return store.read_now(look)
    finally:
        store.close()


def as_sent(raw: bytes) -> bytes:
    """LMTP ends a message with CRLF; one that did not got one."""
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"
