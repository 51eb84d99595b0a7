"""What the DNS says of the alias's domain: who takes its mail (MX), who may send it (SPF, DKIM), and what is done with
what fails (DMARC).

The rule: a resolver that does not answer is no finding about the domain.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator

import dns.exception
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from cocmail.doctor.findings import Finding, fine, warning, wrong
from cocmail.doctor.returned import Signature
from cocmail.errors import ConfigError
from cocmail.mail.domain import organisational_domain

Resolver = dns.resolver.Resolver
SECONDS = 10.0
_SPF = re.compile(
    r"[+?~-]?(?:all|(?:include|exists):\S+|(?:a|mx|ptr)(?:[:/]\S+)?|ip4:[\d.]+(?:/\d+)?|ip6:[\da-f:.]+(?:/\d+)?)"
    r"|[a-z][a-z0-9_.-]*=\S*",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)", re.IGNORECASE)


class NoAnswer(Exception):
    """The resolver did not answer, or could not find out."""


def make_resolver(named: str | None) -> Resolver | None:
    """The machine's resolver, or the one at ADDRESS:PORT; None where the machine has none. Raises ConfigError."""
    if named is None:
        try:
            resolver = Resolver()
        except (dns.exception.DNSException, OSError):
            return None
    else:
        host, _, port = named.rpartition(":")
        try:
            resolver = Resolver(configure=False)
            resolver.nameservers = [str(ipaddress.ip_address(host.strip("[]")))]
            resolver.port = int(port)
        except ValueError:
            raise ConfigError(["cocmail doctor: --resolver takes ADDRESS:PORT, such as 127.0.0.1:53"]) from None
    resolver.lifetime = SECONDS
    return resolver


def look_at_domain(
    resolver: Resolver | None, domain: str, ours: frozenset[str], signature: Signature | None
) -> Iterator[Finding]:
    """`ours` are the hosts that are known to bring mail here, `signature` the one on the test mail."""
    name = f"dns of {domain}"
    if domain.startswith("["):
        return
    try:
        if resolver is None:
            raise NoAnswer
        yield _about_mx(resolver, domain, ours)
        yield _about_spf(resolver, domain)
        yield _about_key(resolver, domain, signature)
        yield _about_dmarc(resolver, domain)
    except NoAnswer:
        yield warning(name, "no resolver answers, so no more is known: call the doctor where there is one (--resolver)")


def _asked(resolver: Resolver, name: str, kind: str) -> list[object]:
    """The records, none where there are none. Raises NoAnswer."""
    try:
        return list(resolver.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False).rrset or ())
    except dns.resolver.NXDOMAIN:
        return []
    except (dns.exception.DNSException, OSError):
        raise NoAnswer from None


def _texts(resolver: Resolver, name: str, mark: str) -> list[str]:
    """The TXT records that begin with a mark, their strings joined (RFC 7208, section 3.3)."""
    records = (each for each in _asked(resolver, name, "TXT") if isinstance(each, TXT))
    texts = [b"".join(each.strings).decode("utf-8", "replace") for each in records]
    return [text for text in texts if re.match(rf"{re.escape(mark)}(?:[\s;]|$)", text, re.IGNORECASE)]


def _about_mx(resolver: Resolver, domain: str, ours: frozenset[str]) -> Finding:
    name = f"dns of {domain}"
    records = [each for each in _asked(resolver, domain, "MX") if isinstance(each, MX)]
    records.sort(key=lambda each: each.preference)
    hosts = [each.exchange.to_text().lower().removesuffix(".") for each in records]
    if hosts == [""]:
        return wrong(name, "its MX says that it takes no mail at all (RFC 7505): name your mail server there")
    if not hosts:
        return wrong(name, "it has no MX: name your mail server there, or nobody outside can write to the alias")
    if any(host in ours or _leads_here(resolver, host, ours) for host in hosts):
        return fine(name, f"MX is {hosts[0]}")
    text = (
        f"its MX is {hosts[0]}, which the test mail did not pass: see that it hands mail for the alias to this machine"
    )
    return warning(name, text)


def _leads_here(resolver: Resolver, host: str, ours: frozenset[str]) -> bool:
    """Whether a host is this machine, or one of ours under another name."""
    places = _addresses(resolver, host)
    named = [each for each in sorted(ours) if re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*", each)]
    if any(map(_is_local, places)):
        return True
    return any(not places.isdisjoint(_addresses(resolver, each)) for each in named[:5])


def _addresses(resolver: Resolver, host: str) -> frozenset[str]:
    records = [*_asked(resolver, host, "A"), *_asked(resolver, host, "AAAA")]
    return frozenset(str(getattr(each, "address", "")) for each in records) - {""}


def _is_local(address: str) -> bool:
    """Whether it is one of this machine's: only there a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _about_spf(resolver: Resolver, domain: str) -> Finding:
    name = f"dns of {domain}"
    found = _texts(resolver, domain, "v=spf1")
    if not found:
        return warning(name, 'it has no SPF: add a TXT record that names your mail server, such as "v=spf1 mx -all"')
    if len(found) > 1:
        return wrong(name, "it has more than one SPF record, which counts as none (RFC 7208, section 4.5): leave one")
    terms = found[0].split()[1:]
    strange = sum(not _SPF.fullmatch(term) for term in terms)
    if strange:
        return wrong(
            name, f"its SPF has {strange} term(s) that mean nothing, so all of it counts as none: correct them"
        )
    if any(term.lower() in ("all", "+all") for term in terms):
        return warning(name, "its SPF lets every server in the world send its mail: end it with -all or ~all")
    if not any(not term.lower().lstrip("+").startswith(("-", "~", "?", "all", "exp=")) for term in terms):
        return wrong(name, "its SPF names no server that may send its mail: name the smarthost, or our mail is refused")
    return fine(name, "SPF is there and can be read; see that it names the server that our mail leaves from")


def _about_key(resolver: Resolver, domain: str, signature: Signature | None) -> Finding:
    name = f"dns of {domain}"
    if signature is None:
        return warning(name, "no key for DKIM was looked for: no signature of ours is known to look for it by")
    place = f"{signature.selector}._domainkey.{signature.domain}"
    records = (each for each in _asked(resolver, place, "TXT") if isinstance(each, TXT))
    # The version tag may be left out (RFC 6376, section 3.6.1).
    keys = [_tags(b"".join(each.strings).decode("utf-8", "replace")) for each in records]
    if not any("p" in tags for tags in keys):
        return wrong(name, f"there is no DKIM key at {place}, so our signature fails everywhere: publish it there")
    if not any(tags.get("p") for tags in keys):
        return wrong(
            name, f"the DKIM key at {place} is revoked (empty p=): sign with another selector, or publish it again"
        )
    return fine(name, f"the DKIM key is at {place}")


def _about_dmarc(resolver: Resolver, domain: str) -> Finding:
    name = f"dns of {domain}"
    place = domain
    found = _texts(resolver, f"_dmarc.{place}", "v=DMARC1")
    if not found and organisational_domain(domain) not in ("", domain):
        place = organisational_domain(domain)
        found = _texts(resolver, f"_dmarc.{place}", "v=DMARC1")
    if len(found) != 1:
        many = "more than one, which counts as none" if found else "none"
        return warning(
            name, f"DMARC: {many}: add one TXT record at _dmarc.{place}, or anybody can write as the committee"
        )
    tags = _tags(found[0])
    policy = tags.get("sp" if place != domain and tags.get("sp") else "p", "").lower()
    if policy in ("quarantine", "reject"):
        return fine(name, f"DMARC is p={policy}")
    text = (
        f"DMARC at _dmarc.{place} asks for nothing (p=none): once its reports are clean, set p=quarantine or p=reject"
    )
    return warning(name, text)


def _tags(text: str) -> dict[str, str]:
    return {name.lower(): "".join(value.split()) for name, value in _TAG.findall(text)}
