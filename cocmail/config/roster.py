"""Who sits on a committee: what its members' entries must not be, each by itself and together.

The rule: whatever would loop mail, blur who is who or leave a report without a reader is found before it happens.
It must not name a person or an address in what it reports: the place says who is meant.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from cocmail.config.contradictions import check_numbers
from cocmail.config.document import Path
from cocmail.config.problems import Findings
from cocmail.config.schema import CommitteeFile, MemberPart
from cocmail.core.called import says_who, surname_alone
from cocmail.core.model import Policy
from cocmail.mail.address import domain_of, extension

LIST_SERVICES = ("googlegroups.com", "groups.google.com", "groups.io", "freelists.org", "yahoogroups.com")
LIST_HOSTS = ("lists", "mailman", "listserv", "sympa")
INDEPENDENT = ("independent", "none", "self", "self-employed", "freelance", "freelancer", "retired", "unemployed")


def check_roster(
    part: CommitteeFile, policy: Policy | None, ours: tuple[str, ...], findings: Findings, today: date
) -> None:
    """All that is to be said about the members. `ours` are the addresses of every committee."""
    _check_identities(part, findings)
    for number, member in enumerate(part.members):
        _check_addresses(member, number, ours, findings)
        _check_name(member.name, ("members", number, "name"), findings)
        _check_conflicts(member, number, ours, findings)
        _check_times(member, number, findings, today)
        if not findings.given(("members", number, "confidentiality_agreed")):
            findings.warning(("members", number), "confidentiality_agreed is missing: has this member agreed to it?")
    if is_whole(part, findings):
        _check_size(part, policy, findings)
    if policy is not None:
        _check_employers(part, policy, findings)


def is_whole(part: CommitteeFile, findings: Findings) -> bool:
    """Whether all members that stand in the file could be understood; else nobody can be said to be missing."""
    return ("members", len(part.members)) not in findings.document.lines


def addresses_of(member: MemberPart, number: int) -> Iterator[tuple[Path, str]]:
    """Every address of a member with its place."""
    yield ("members", number, "email"), member.email
    for each, address in enumerate(member.also):
        yield ("members", number, "also", each), address


def _check_identities(part: CommitteeFile, findings: Findings) -> None:
    handles: dict[str, int] = {}
    owners: dict[str, tuple[Path, int]] = {}
    for number, member in enumerate(part.members):
        if handles.setdefault(member.handle, number) != number:
            findings.error(("members", number, "handle"), "another member has the same handle")
        for place, address in addresses_of(member, number):
            first, owner = owners.setdefault(address, (place, number))
            if owner != number:
                other = f"members[{findings.document.original(first)[1]}]"
                findings.error(place, f"is also an address of {other}: commands could not be told apart")


def _check_addresses(member: MemberPart, number: int, ours: tuple[str, ...], findings: Findings) -> None:
    for place, address in addresses_of(member, number):
        if extension(address, ours) is not None:
            findings.error(place, "is an address of a committee: this would loop")
        elif _is_list(address):
            findings.error(place, "is a list or group, which is archived and read by others: give a personal address")


def _is_list(address: str) -> bool:
    domain = domain_of(address)
    return domain.split(".")[0] in LIST_HOSTS or any(
        domain == service or domain.endswith("." + service) for service in LIST_SERVICES
    )


def _check_conflicts(member: MemberPart, number: int, ours: tuple[str, ...], findings: Findings) -> None:
    for each, conflict in enumerate(member.known_conflicts):
        place: Path = ("members", number, "known_conflicts", each)
        letters = _letters(conflict.name)
        if letters < 2:
            findings.error((*place, "with"), "is too short: it would withhold nearly every report from this member")
        elif letters < 3:
            findings.warning((*place, "with"), "is so short that it will withhold reports about others, too")
        else:
            _check_name(conflict.name, (*place, "with"), findings)
        for index, address in enumerate(conflict.emails):
            if extension(address, ours) is not None:
                findings.error((*place, "emails", index), "is an address of a committee: every report names it")


def _check_name(name: str, place: Path, findings: Findings) -> None:
    """A name in which a title or an initial stands for what people say, and no report would be withheld by it."""
    if not says_who(name):
        findings.warning(place, "is nothing but titles or initials, by which no report is found: give the whole name")
    elif surname_alone(name):
        findings.warning(place, "has one word beside titles and initials, so that alone is looked for: give both names")


def _letters(name: str) -> int:
    """The letters of a name; one of a script without an alphabet says as much as two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in name if char.isalpha())


def _check_times(member: MemberPart, number: int, findings: Findings, today: date) -> None:
    place: Path = ("members", number)
    term = member.term
    if term is not None:
        if term.start and term.end and term.end < term.start:
            findings.error((*place, "term"), "ends before it begins")
        elif term.end and term.end < today:
            findings.warning((*place, "term"), f"ended on {term.end}: this member still receives mail")
        elif term.start and term.start > today:
            findings.warning((*place, "term"), f"begins on {term.start}: this member receives mail already")
    for each, absence in enumerate(member.away):
        if absence.end < absence.start:
            findings.error((*place, "away", each), "ends before it begins")
    try:
        if member.time_zone != "UTC":
            ZoneInfo(member.time_zone)
    except (KeyError, ValueError, OSError):
        findings.error((*place, "time_zone"), "is no time zone that is known here, such as Europe/Paris or UTC")


def _check_size(part: CommitteeFile, policy: Policy | None, findings: Findings) -> None:
    roles = [member.role for member in part.members]
    primaries = roles.count("primary")
    if not primaries:
        findings.error(("members",), "no member is primary: nobody would get a report")
    elif primaries <= 2:
        findings.warning(("members",), f"primary members: {primaries}; one conflict or absence can stop a case")
    if policy is None:
        return
    if "alternate" not in roles and policy.get("intake.alternates") == "stand_in_only":
        findings.warning(("members",), "no alternate: nobody can stand in")
    if primaries:
        check_numbers(policy, part.override, primaries, findings)
    # `basic` is what small committees run; every other procedure relies on who it names.
    report = findings.warning if policy.name == "basic" else findings.error
    if policy.get("conflict.all_conflicted") == "mediator" and "mediator" not in roles:
        report(("members",), "the policy hands over to a mediator when all are conflicted, but no member is one")


def _check_employers(part: CommitteeFile, policy: Policy, findings: Findings) -> None:
    rule, most = policy.get("employer.rule", "none"), policy.get("employer.max")
    primaries = [(number, member) for number, member in enumerate(part.members) if member.role == "primary"]
    if rule == "none" or len(primaries) < 3:
        return
    limit = most if rule == "max" and isinstance(most, int) else (len(primaries) - 1) // 2
    seats: dict[str, list[int]] = {}
    for number, member in primaries:
        if member.employer is None and not findings.given(("members", number, "employer")):
            findings.warning(("members", number), "employer is unknown: the policy limits members of one employer")
        elif member.employer is not None and member.employer.casefold() not in INDEPENDENT:
            seats.setdefault(member.employer.casefold(), []).append(number)
    for numbers in seats.values():
        if len(numbers) > limit:
            text = f"{len(numbers)} of {len(primaries)} primary members have the same employer (limit {limit})"
            findings.warning(("members", numbers[0], "employer"), text)
