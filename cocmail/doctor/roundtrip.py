"""A test mail: from the smarthost through the mail server in front to the daemon, and what came of it.

The daemon knows it by a token that the doctor put into the store, good once and for a short time. In every other case
it is an automatic answer like any other, which opens no case and is answered by nobody: a copy that comes late, or a
daemon of an earlier release. The rule: nothing of it stays but a row without content.
"""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from cocmail.core.model import Committee, Envelope
from cocmail.doctor.findings import Finding, fine, unknown, wrong
from cocmail.doctor.smarthost import shown
from cocmail.mail.draw import SystemDraw
from cocmail.store import lookups, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

# Kinds of look-ups: a token that is waited for, and the message that it came with (`core/decide.py` notes that).
WAITED_FOR, CAME = "test-mail", "test-came"
# In the forged result: whoever reads it as ours believes a domain that nobody can have (RFC 2606).
FORGED = "forged-by-cocmail-doctor.invalid"
PAUSE = 0.1
MARGIN = timedelta(minutes=1)
_TEXT = """This is a test mail of `cocmail doctor`, on its way back to where it came from. The daemon keeps it from
everybody and throws it away. If a person reads this, mail for this address goes to the wrong place.
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A test mail on its way. `to` is the address that it is sent to, `at` when that was."""

    committee: Committee
    token: str
    at: datetime
    to: str


@dataclass(frozen=True, slots=True)
class Back:
    """A test mail as the daemon got it."""

    sent: Sent
    envelope: Envelope
    raw: bytes


def about(committee: Committee) -> str:
    return f"test mail to {committee.address}"


def new(store: Store, committee: Committee, wait: float) -> Sent:
    """A test mail that is to be sent, and that the daemon knows from now on, for as long as it is waited for."""
    token, now = SystemDraw().token(), datetime.now(UTC)
    expires = now + timedelta(seconds=wait) + MARGIN
    note = json.dumps({"committee": committee.id, "expires": expires.isoformat(), "token": token}).encode()
    store.write_now(lambda tx: lookups.remember(tx, WAITED_FOR, token, note, now=now))
    return Sent(committee, token, now, _subaddress(committee, "+", token))


def send(client: smtplib.SMTP, test: Sent, *, null_sender: bool) -> tuple[Sent | None, list[Finding]]:
    """Hands a test mail to the smarthost, to a subaddress of the alias. None where it was not taken.

    A server that refuses subaddresses, but not the alias, gets it for the alias.
    """
    sender = "" if null_sender else _subaddress(test.committee, "+", f"bounce-{test.token}")
    try:
        return _hand_over(client, replace(test, at=datetime.now(UTC)), sender)
    except (OSError, smtplib.SMTPException):
        return None, [
            unknown(about(test.committee), "the smarthost hung up in the middle of it: see its log, try again")
        ]


def _subaddress(committee: Committee, delimiter: str, extension: str) -> str:
    local, _, domain = committee.address.rpartition("@")
    return f"{local}{delimiter}{extension}@{domain}"


def _hand_over(client: smtplib.SMTP, sent: Sent, sender: str) -> tuple[Sent | None, list[Finding]]:
    committee, found = sent.committee, list[Finding]()
    code, said = _asked(client, sender, sent.to)
    if code >= 500:
        alias_code, alias_said = _asked(client, sender, committee.address)
        if alias_code >= 500:
            why = shown(alias_code, alias_said)
            text = f"the smarthost refuses mail to the alias ({why}): make the address known to it"
            return None, [wrong(about(committee), text)]
        found.append(_about_delimiter(client, sent, sender, shown(code, said)))
        sent = replace(sent, to=committee.address)
        code, said = _asked(client, sender, sent.to)
    if code >= 400:
        text = f"the smarthost puts it off ({shown(code, said)}): see its log, and try again later"
        return None, [*found, unknown(about(committee), text)]
    code, said = client.data(_written(sent))
    if code != 250:
        text = f"the smarthost does not take it ({shown(code, said)}): see its log for what it did not like"
        return None, [*found, wrong(about(committee), text)]
    return sent, found


def _asked(client: smtplib.SMTP, sender: str, recipient: str) -> tuple[int, bytes]:
    """MAIL and RCPT in a fresh transaction; the answer to the one that was refused, else to the last."""
    client.rset()
    code, said = client.mail(sender)
    return (code, said) if code >= 400 else client.rcpt(recipient)


def _about_delimiter(client: smtplib.SMTP, sent: Sent, sender: str, refused: str) -> Finding:
    other, _ = _asked(client, sender, _subaddress(sent.committee, "-", sent.token))
    instead = "; it takes a - there" if other < 400 else ""
    text = (
        f"the mail server takes the alias but refuses what has a + behind it ({refused}){instead}, so no reply arrives:"
        " set its delimiter to + (Postfix: recipient_delimiter = +)"
    )
    return wrong(about(sent.committee), text)


def _written(sent: Sent) -> bytes:
    alias = sent.committee.address
    mail = EmailMessage(policy=policy.SMTP.clone(max_line_length=200))
    own = sent.committee.trust.authserv_id
    if own:
        mail["Authentication-Results"] = f"{own}; dmarc=pass header.from={FORGED}"
    mail["From"] = alias
    mail["To"] = sent.to
    mail["Subject"] = "cocmail test mail"
    mail["Date"] = format_datetime(sent.at)
    mail["Message-ID"] = f"<{sent.token}@{alias.rpartition('@')[2]}>"
    # The strongest word there is: whoever does not know the token files it and answers nothing (RFC 3834, section 2).
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply, RN, NRN"
    mail["Cocmail-Test"] = sent.token
    mail.set_content(_TEXT, cte="7bit")
    return mail.as_bytes()


def wait_for(store: Store, sent: Sequence[Sent], seconds: float) -> Iterator[Back]:
    """Each test mail as soon as the daemon has it; ends when all have come, or the time is over."""
    end = time.monotonic() + seconds
    missing = list(sent)
    while missing:
        for each in list(missing):
            came = store.read_now(_look_for(each.token))
            if came is not None:
                missing.remove(each)
                yield Back(each, *came)
        if time.monotonic() >= end:
            return
        if missing:
            time.sleep(PAUSE)


def _look_for(token: str) -> Callable[[Tx], tuple[Envelope, bytes] | None]:
    def work(tx: Tx) -> tuple[Envelope, bytes] | None:
        for found in lookups.find(tx, CAME, token):
            return spool.open_mail(tx, json.loads(found.note)["entry"])
        return None

    return work


def lost(sent: Sent, seconds: float) -> Finding:
    text = (
        f"the smarthost took it, but it has not come to the daemon within {seconds:.0f} s: see in the mail server's log"
        " where it went, or call the doctor again with a longer --wait"
    )
    return unknown(about(sent.committee), text)


def arrived(back: Back) -> Finding:
    received = back.envelope.received_at or datetime.now(UTC)
    seconds = max(0.0, (received - back.sent.at).total_seconds())
    return fine(about(back.sent.committee), f"came back by {back.envelope.door.value} after {seconds:.1f} s")


def clean(store: Store, tokens: Sequence[str]) -> None:
    """Destroys the content of these test mails, and what was kept to know them by; also of runs that were cut off."""
    now = datetime.now(UTC)

    def work(tx: Tx) -> None:
        kept = [json.loads(note) for note in lookups.detached(tx, WAITED_FOR)]
        left = [note["token"] for note in kept if datetime.fromisoformat(note["expires"]) < now]
        for token in dict.fromkeys((*tokens, *left)):
            for found in lookups.find(tx, CAME, token):
                spool.discard(tx, json.loads(found.note)["entry"], "test-mail")
                lookups.drop(tx, found.id)
            for found in lookups.find(tx, WAITED_FOR, token):
                lookups.drop(tx, found.id)

    store.write_now(work)
