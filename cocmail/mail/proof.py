"""Who sent a message, as far as the mail server in front of us vouches for it (contract, sections 2 and 5 rule 5).

The rule: believe little. Authentication-Results count only with the configured id, through a door that only our own
server reaches, and above the Received line that this server wrote. All that stand there count together, such as one of
OpenDKIM and one of OpenDMARC; where anything is ambiguous, nothing is proven, and the member is asked to confirm. It
must not verify signatures itself and does not know tokens.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

import authres  # type: ignore[import-untyped,unused-ignore]

from cocmail.core.comments import without_comments
from cocmail.core.model import Door, Envelope, Mail
from cocmail.core.trust import NOTHING_PROVEN, Proof, Trust, Verdict
from cocmail.mail.address import aligned, domain_of, sole_mailbox
from cocmail.mail.domain import normal_domain

RESULTS = "authentication-results"
# authres copies the rest of a header for every token it takes; our own server writes short ones, and few.
HEADER_MAX = 10_000
HEADERS_MAX = 20

_BY = re.compile(r"(?:^|\s)by(?=\s+([^\s;]+))", re.IGNORECASE)
_YES = ("yes", "true")


@dataclass(frozen=True, slots=True)
class _Result:
    """One result of our server. `top` tells that it stands above every Received line."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]
    top: bool

    def all_of(self, *names: str) -> tuple[str, ...]:
        """The values of these properties (`header.d`), in lower case, each once."""
        return tuple(dict.fromkeys(value for name, value in self.properties if name in names))


def prove(mail: Mail, envelope: Envelope, trust: Trust, *, member_addresses: Collection[str] | None = None) -> Proof:
    """What is proven about a message: its From address, the DMARC verdict, the spam flag.

    The address is proven by `dmarc=pass`, or by `dkim=pass` of a domain aligned with it unless DMARC says fail. Exactly
    one From field with plainly one mailbox, else no address. With `member_addresses` (normal form), only one of these
    is given. Results that contradict each other prove nothing; a `fail` among them counts as FAIL.
    """
    if not believes(envelope, trust):
        return NOTHING_PROVEN
    border = _border(mail, envelope, trust)
    results, whole = _results(mail, trust, border)
    verdicts = {each.result for each in results if each.method == "dmarc"}
    verdict = Verdict.UNKNOWN
    if "fail" in verdicts:
        verdict = Verdict.FAIL
    elif verdicts == {"pass"}:
        verdict = Verdict.PASS
    address = _sole_from(mail)
    how = _how(address, results, verdict) if whole and len(verdicts) < 2 else ""
    if how and member_addresses is not None and address not in member_addresses:
        how = ""
    return Proof(address if how else None, how, verdict, _spam(mail, trust, border))


def believes(envelope: Envelope, trust: Trust) -> bool:
    """Whether results can be believed at all: an id is set and the door is one that only our own server reaches."""
    if not (trust.authserv_id or "").strip():
        return False
    match envelope.door:
        case Door.LMTP_SOCKET | Door.IMAP:
            return True
        case Door.SMTP | Door.LMTP:
            return any(_same_peer(envelope.peer, peer) for peer in trust.peers)
        case _:
            return False


def _same_peer(peer: str, named: str) -> bool:
    """Whether a peer is the one named, or in the network named (`127.0.0.1`, `2001:db8::/48`)."""
    try:
        host = ipaddress.ip_address(peer)
        mapped = getattr(host, "ipv4_mapped", None)
        return (mapped or host) in ipaddress.ip_network(named, strict=False)
    except ValueError:
        return peer != "" and peer == named


def _how(address: str, results: list[_Result], verdict: Verdict) -> str:
    """By what the address is proven: dmarc, dkim or "".

    Results above every Received are surely our own server's: if there are any, the lower ones can't prove anything. (A
    server whose Received names another host than its id would else vouch for a forged pair of lines below.)
    """
    domain = domain_of(address)
    if not domain or verdict is Verdict.FAIL:
        return ""
    able = [each for each in results if each.top] or results
    for each in able:
        if each.method == "dmarc" and each.result == "pass":
            return "dmarc" if _same_domain(each.all_of("header.from"), domain) else ""
    for each in able:
        if each.method == "dkim" and each.result == "pass" and _signed_by(each, domain):
            return "dkim"
    return ""


def _same_domain(values: tuple[str, ...], domain: str) -> bool:
    """header.from, where it is given, is the very domain; two different ones are a trick."""
    return len(values) < 2 and all(_domain_in(value) == domain for value in values)


def _signed_by(result: _Result, domain: str) -> bool:
    """The signing domain is aligned: header.d, or else the domain of header.i; both, where both are given."""
    signers = {_domain_in(value) for value in result.all_of("header.d")} or {
        _domain_in(value) for value in result.all_of("header.i")
    }
    named = signers | {_domain_in(value) for value in result.all_of("header.i")}
    return len(signers) == 1 and all(each != "" and aligned(each, domain) for each in named)


def _domain_in(value: str) -> str:
    return normal_domain(value.rpartition("@")[2].strip())


def _sole_from(mail: Mail) -> str:
    values = mail.values("from")
    return sole_mailbox(values[0]) if len(values) == 1 else ""


def vouched(mail: Mail, envelope: Envelope, trust: Trust) -> tuple[str, ...]:
    """The headers of results that stand in our server's name where only that server writes: what can be believed."""
    own, above = _own(trust), mail.headers[: _border(mail, envelope, trust)]
    return tuple(value for name, value in above if name == RESULTS and _claims(value, own))


def claimed(mail: Mail, trust: Trust) -> tuple[str, ...]:
    """The headers of results in our server's name, wherever they stand and whoever wrote them."""
    own = _own(trust)
    return tuple(value for value in mail.values(RESULTS) if _claims(value, own))


def _results(mail: Mail, trust: Trust, border: int) -> tuple[list[_Result], bool]:
    """Our server's results, and whether all of its headers could be read: what can't be read might contradict."""
    own = _own(trust)
    found: list[_Result] = []
    whole, seen, top = True, 0, True
    for name, value in mail.headers[:border]:
        top = top and name != "received"
        if name == RESULTS and _claims(value, own):
            seen += 1
            read = _read(value, own, top=top) if len(value) <= HEADER_MAX and seen <= HEADERS_MAX else None
            whole = whole and read is not None
            found.extend(read or ())
    return found, whole


def _own(trust: Trust) -> str:
    named = (trust.authserv_id or "").strip()
    return normal_domain(named) or named.lower()


def _border(mail: Mail, envelope: Envelope, trust: Trust) -> int:
    """How many headers stand above the border's Received: the topmost `by` our server's id, else the topmost of all.

    In a mailbox that may be another server's, the topmost in any case: that one need not take out what is forged in
    the name of ours (RFC 8601, section 5), nor a Received line that leads there.
    """
    lines = [(index, value) for index, (name, value) in enumerate(mail.headers) if name == "received"]
    if not lines:
        return len(mail.headers)
    if envelope.door is Door.IMAP and trust.two_borders:
        return lines[0][0]
    own = _own(trust)
    return next((index for index, value in lines if own in _by(value)), lines[0][0])


def _by(received: str) -> set[str]:
    """The hosts that a Received line may name as its writer, comments taken out.

    All of them, not the first: a peer that greets as `by` must not make our server's own line look like another's.
    """
    bare = without_comments(received[: HEADER_MAX + 1])
    return {normal_domain(match[1]) or match[1].lower() for match in _BY.finditer(bare)}


def _claims(value: str, own: str) -> bool:
    """Whether a header is in our server's name, so far as that can be told without reading all of it."""
    words = re.split(r"[\s;]", without_comments(value[: HEADER_MAX + 1]).strip(), maxsplit=1)
    return words[0].strip('"').lower().removesuffix(".") == own


def _read(value: str, own: str, *, top: bool) -> list[_Result] | None:
    """The results in one header; None if it does not follow the grammar (RFC 8601 section 2.2)."""
    try:
        header = authres.all_features().parse_value(value)
        if str(header.authserv_id).lower().removesuffix(".") != own:
            return None
        return [
            _Result(
                str(each.method).lower(),
                str(each.result).lower(),
                tuple((f"{p.type}.{p.name}".lower(), str(p.value).lower()) for p in each.properties),
                top,
            )
            for each in header.results
        ]
    except Exception:  # authres raises its own SyntaxError, AttributeError and RecursionError on what strangers write
        return None


def _spam(mail: Mail, trust: Trust, border: int) -> bool:
    """The spam flag of our server: its header, above the border's Received, says yes or true."""
    name = (trust.spam_header or "").strip().lower()
    values = [value for key, value in mail.headers[:border] if key == name]
    return bool(name) and any(value.strip().casefold().startswith(_YES) for value in values)
