"""`cocmail doctor` and the domain of the alias: what a real DNS server says of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from border import Names
from cocmail.doctor.domain import look_at_domain, make_resolver
from cocmail.doctor.findings import Finding
from cocmail.doctor.returned import Signature
from cocmail.errors import ConfigError

OURS = frozenset({"mx.example.org"})


@pytest.fixture
def names() -> Iterator[Names]:
    with Names() as running:
        yield running


def look(names: Names, domain: str = "example.org") -> list[Finding]:
    signature = Signature(domain, "autumn")
    return list(look_at_domain(make_resolver(names.address), domain, OURS, signature))


def test_a_sound_domain_is_told_so(names: Names) -> None:
    assert [each.level for each in look(names)] == ["ok"] * 4


@pytest.mark.parametrize(
    ("name", "kind", "data", "level", "words"),
    [
        ("example.org", "MX", (), "error", "no MX"),
        ("example.org", "MX", ("0 .",), "error", "takes no mail at all"),
        ("example.org", "MX", ("10 mail.elsewhere.example.",), "warning", "MX is mail.elsewhere.example"),
        ("example.org", "TXT", ('"hello"',), "warning", "no SPF"),
        ("example.org", "TXT", ('"v=spf1 mx -all"', '"v=spf1 a -all"'), "error", "more than one SPF"),
        ("example.org", "TXT", ('"v=spf1 mx ipv4:192.0.2.1 -all"',), "error", "SPF has 1 term"),
        ("example.org", "TXT", ('"v=spf1 -all"',), "error", "SPF names no server"),
        ("example.org", "TXT", ('"v=spf1 mx +all"',), "warning", "every server in the world"),
        ("autumn._domainkey.example.org", "TXT", (), "error", "no DKIM key at autumn._domainkey.example.org"),
        ("autumn._domainkey.example.org", "TXT", ('"v=DKIM1; p="',), "error", "revoked"),
        ("_dmarc.example.org", "TXT", (), "warning", "DMARC: none"),
        ("_dmarc.example.org", "TXT", ('"v=DMARC1; p=none"',), "warning", "p=none"),
    ],
)
def test_the_dns_lacks_something(
    names: Names, name: str, kind: str, data: tuple[str, ...], level: str, words: str
) -> None:
    names.records[name, kind] = data
    (fault,) = [each for each in look(names) if each.level != "ok"]
    assert fault.level == level and words in fault.text


def test_a_mail_server_under_another_name_is_known_by_its_address(names: Names) -> None:
    names.records["example.org", "MX"] = ("10 in.example.org.",)
    names.records["in.example.org", "A"] = names.records["mx.example.org", "A"]
    assert look(names)[0].level == "ok"


def test_the_dmarc_of_the_organisation_holds_for_its_subdomains(names: Names) -> None:
    names.records["lists.example.org", "MX"] = ("10 mx.example.org.",)
    names.records["lists.example.org", "TXT"] = ('"v=spf1 mx -all"',)
    names.records["autumn._domainkey.lists.example.org", "TXT"] = ('"v=DKIM1; p=MIIB"',)
    assert [each.level for each in look(names, "lists.example.org")] == ["ok"] * 4
    names.records["_dmarc.example.org", "TXT"] = ('"v=DMARC1; p=reject; sp=none"',)
    assert look(names, "lists.example.org")[3].level == "warning"


def test_a_resolver_that_does_not_answer_is_no_fault_of_the_domain(names: Names) -> None:
    names.refuses = True
    (said,) = look(names)
    assert said.level == "warning" and "no resolver answers" in said.text


def test_a_resolver_is_an_address_and_a_port() -> None:
    for wrong in ("somewhere", "127.0.0.1", "127.0.0.1:domain", "dns.example.org:53"):
        with pytest.raises(ConfigError):
            make_resolver(wrong)
    resolver = make_resolver("[::1]:5353")
    assert resolver is not None and (list(resolver.nameservers), resolver.port) == (["::1"], 5353)
