"""What a test mail tells when it is back: the address, the border's results, our signature, the clocks.

Pure. The rule: what the daemon would believe is asked of `mail/proof.py`, never judged by other rules here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cocmail.core.model import Mail
from cocmail.core.trust import Verdict
from cocmail.doctor.findings import Finding, fine, warning, wrong
from cocmail.doctor.roundtrip import FORGED, Back, about
from cocmail.mail.address import aligned, domain_of, extension
from cocmail.mail.headers import scan
from cocmail.mail.proof import RESULTS, believes, claimed, prove, vouched

CLOCK = "clock"
OFF_SECONDS = 300.0
_TAG = re.compile(r"(?:^|;)\s*(?P<name>[a-z]+)\s*=\s*(?P<value>[^;]*)")
_BY = re.compile(r"\bby\s+([a-z0-9][a-z0-9.-]{0,252})", re.IGNORECASE)
_WORD = re.compile(r"[\x21-\x7e]{1,100}")


@dataclass(frozen=True, slots=True)
class Signature:
    """Where the key of a DKIM signature stands in the DNS."""

    domain: str
    selector: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a test mail tells. `passed` are the hosts that say to have had it, `signature` the one of our own domain."""

    findings: tuple[Finding, ...]
    passed: frozenset[str]
    signature: Signature | None


def look_at(back: Back, banner: str) -> Look:
    """`banner` is how the smarthost greeted: some tell the time in it."""
    mail = Mail(headers=scan(back.raw).fields)
    signatures = [found for value in mail.values("dkim-signature") if (found := _signature(value)) is not None]
    domain = domain_of(back.sent.committee.address)
    # The very domain first: to know organisations takes a list that is long to read.
    own = next((each for each in signatures if each.domain == domain), None)
    own = own or next((each for each in signatures if aligned(each.domain, domain)), None)
    findings = (
        *_look_at_address(back),
        *_look_at_results(back, mail),
        _about_signature(back, signatures, own),
        look_at_clock(back, mail, banner),
    )
    passed = {host.lower().rstrip(".") for value in mail.values("received") for host in _BY.findall(value)}
    return Look(findings, frozenset(passed), own)


def _look_at_address(back: Back) -> Iterator[Finding]:
    committee = back.sent.committee
    came = {extension(address, committee.addresses) for address in back.envelope.recipients}
    if back.sent.to == committee.address:
        # It was sent so: what is to be said was said when the + was refused.
        return
    if back.sent.token in came:
        yield fine(about(committee), "what stands behind the + arrives with it")
    else:
        text = (
            "came to the alias alone: the mail server in front cuts off what stands behind the +, so no reply finds"
            " its case; have it hand over the address as it is (Postfix: recipient_delimiter = +, and no rewriting)"
        )
        yield wrong(about(committee), text)


def _look_at_results(back: Back, mail: Mail) -> Iterator[Finding]:
    committee = back.sent.committee
    trust, name = committee.trust, about(committee)
    if not (trust.authserv_id or "").strip():
        text = (
            "trust.authserv_id is not set, so each mail of a member is asked about: name the id that the border writes"
        )
        yield warning(name, text)
        return
    believed = believes(back.envelope, trust)
    if not believed:
        peer = f" from {back.envelope.peer}" if back.envelope.peer else ""
        text = (
            f"came by {back.envelope.door.value}{peer}, which is not in trust.peers, so no result is believed: add it"
            " there, if nobody but the mail server can reach the door from it, or use an LMTP unix socket"
        )
        yield wrong(name, text)
    forged = [value for value in mail.values(RESULTS) if FORGED in value]
    if believed and any(value in forged for value in vouched(mail, back.envelope, trust)):
        text = (
            f"anybody can pose as a member, since a forged Authentication-Results with the id {trust.authserv_id} is"
            " believed: have the border remove those and add a Received line, and until then take trust.authserv_id out"
        )
        yield wrong(name, text)
    elif any(value in forged for value in claimed(mail, trust)):
        text = (
            f"a forged Authentication-Results with the id {trust.authserv_id} is still in the mail, and only its place"
            " tells it apart: have the border remove those from all mail that comes in (RFC 8601, section 5)"
        )
        yield wrong(name, text)
    yield from _look_at_own_results(back, mail, forged)


def _look_at_own_results(back: Back, mail: Mail, forged: list[str]) -> Iterator[Finding]:
    trust, name = back.sent.committee.trust, about(back.sent.committee)
    own = [value for value in claimed(mail, trust) if value not in forged]
    if not own:
        others = {found[0].rstrip(";") for value in mail.values(RESULTS) if (found := _WORD.match(value.strip()))}
        others -= {str(trust.authserv_id)}
        if others:
            named = ", ".join(sorted(others)[:3])
            text = f"its results are by {named}, but trust.authserv_id is {trust.authserv_id}: make them the same"
            yield wrong(name, text)
        else:
            text = (
                f"the border adds no Authentication-Results with the id {trust.authserv_id}, so a member's mail is"
                " asked about: have a filter add it (rspamd, OpenDMARC), or see that it does for mail from outside"
            )
            yield warning(name, text)
    elif not [value for value in vouched(mail, back.envelope, trust) if value not in forged]:
        text = (
            "its results stand below the border's Received line and are not believed: have the filter put them on top"
        )
        yield wrong(name, text)
    else:
        yield fine(name, f"the border adds Authentication-Results with the id {trust.authserv_id}")
        if prove(mail, back.envelope, trust).dmarc is Verdict.FAIL:
            text = (
                "your own border says dmarc=fail of it: have it signed (DKIM), or name the server it leaves from in SPF"
            )
            yield warning(name, text)


def _about_signature(back: Back, signatures: list[Signature], own: Signature | None) -> Finding:
    name, domain = about(back.sent.committee), domain_of(back.sent.committee.address)
    if own is not None:
        return fine(name, f"has a DKIM signature of {own.domain}, selector {own.selector}")
    if signatures:
        text = f"is signed by {signatures[0].domain} alone, which is not {domain}: have it signed for {domain} as well"
    else:
        text = f"has no DKIM signature: have the smarthost sign what is from {domain}, or others take it for spam"
    return warning(name, text)


def _signature(value: str) -> Signature | None:
    """The tags that name the key (RFC 6376, section 3.5)."""
    tags = {found["name"]: "".join(found["value"].split()).lower() for found in _TAG.finditer(value)}
    plain = re.compile(r"[a-z0-9_.-]{1,253}")
    if plain.fullmatch(tags.get("d", "")) and plain.fullmatch(tags.get("s", "")):
        return Signature(tags["d"], tags["s"])
    return None


def look_at_clock(back: Back, mail: Mail, banner: str) -> Finding:
    """How far this machine's clock is from those of the servers that had the mail.

    The nearest counts: one server with a wrong clock on the way is not us.
    """
    sent, arrived = back.sent.at, back.envelope.received_at or back.sent.at
    told = [_date(value.rpartition(";")[2]) for value in mail.values("received")] + [_date(banner.rpartition(";")[2])]
    offs = [_off(moment, sent, arrived) for moment in told if moment is not None]
    if not offs:
        return warning(CLOCK, "no server on the way tells the time: see that this machine keeps it (timedatectl, NTP)")
    off = min(offs, key=abs)
    if abs(off) > OFF_SECONDS:
        way = "behind" if off > 0 else "ahead of"
        text = (
            f"{abs(off) / 60:.0f} min {way} the mail server's, by its Received line: set the wrong one right (NTP),"
            " since votes and deadlines end by this machine's"
        )
        return wrong(CLOCK, text)
    return fine(
        CLOCK,
        f"within {max(1.0, abs(off)):.0f} s of the mail server's, by its Received line (one clock if one machine)",
    )


def _off(moment: datetime, sent: datetime, arrived: datetime) -> float:
    """Seconds by which a time lies outside the time on the way; above 0 if it is later."""
    if moment > arrived:
        return (moment - arrived).total_seconds()
    return min(0.0, (moment - sent).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
