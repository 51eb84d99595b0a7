"""A committee's file, judged as a whole and turned into a `Committee`.

The rule: its addresses are its own alone, and what its policy needs is there. It must not decide anything that a
person has to: it only says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from cocmail.config.calendars import make_calendar
from cocmail.config.contradictions import check_policy
from cocmail.config.document import Path
from cocmail.config.files import absolute
from cocmail.config.preset import places_of
from cocmail.config.problems import NO_EFFECT, Findings
from cocmail.config.roster import check_roster, is_whole
from cocmail.config.schema import CommitteeFile, ContentRetention, MemberPart
from cocmail.core.model import Committee, KnownConflict, Member, Policy, Role, TransferTarget
from cocmail.core.retention import SHORTEST_WARNING, WARN_BEFORE, Retention
from cocmail.core.trust import Trust
from cocmail.mail.address import extension, is_address, local_and_domain

# RFC 5321 section 4.5.3.1.1 gives a local part 64 octets; the longest that we make is ALIAS+confirm-TOKEN.
LOCAL_PART_MAX = 64 - len("+confirm-") - 26

_TARGET = re.compile(r"[a-z][a-z0-9-]{0,40}")


def own_addresses(part: CommitteeFile) -> list[tuple[Path, str]]:
    """Every address at which the committee takes mail, with its place."""
    aliases: list[tuple[Path, str]] = [(("aliases", n), alias) for n, alias in enumerate(part.aliases)]
    return [(("address",), part.address), *aliases]


def check_aliases(parts: Sequence[tuple[CommitteeFile, Findings]]) -> None:
    """Every address belongs to one committee, and leaves room for what follows the `+`."""
    owners: dict[str, int] = {}
    for number, (part, findings) in enumerate(parts):
        seen: set[str] = set()
        for place, address in own_addresses(part):
            local, _ = local_and_domain(address)
            if "+" in local:
                findings.error(place, "must not contain `+`: what follows it has a meaning of its own")
            elif len(local.encode()) > LOCAL_PART_MAX:
                findings.error(place, f"is too long before the @: `+confirm-` and a token leave {LOCAL_PART_MAX} bytes")
            if owners.setdefault(address, number) != number:
                findings.error(place, "is an address of another committee, too")
            elif address in seen:
                findings.error(place, "is given twice")
            seen.add(address)


def check_committee(
    part: CommitteeFile, policy: Policy | None, ours: tuple[str, ...], findings: Findings, today: date
) -> None:
    """All that is to be said about one committee. `ours` are the addresses of every committee."""
    if policy is not None:
        check_policy(policy, part.override, findings)
    _check_trust(part, findings)
    _check_handles(part, findings)
    _check_targets(part, policy, ours, findings)
    if part.other_contact and is_address(part.other_contact) and extension(part.other_contact, ours) is not None:
        findings.error(("other_contact",), "is an address of a committee: it must be a way around it")
    _check_watchers(part, policy, findings, today)
    check_roster(part, policy, ours, findings, today)
    if "templates_dir" in part.model_fields_set:
        findings.warning(("templates_dir",), NO_EFFECT)
    _check_retention(part, findings)
    if part.language != "en":
        findings.warning(("language",), NO_EFFECT + ": mail is written in English")


def _check_retention(part: CommitteeFile, findings: Findings) -> None:
    """Nobody is told later than a week before; what the file says of other things is read, and does nothing yet."""
    given = part.retention
    if given is None:
        return
    if given.warn_before is not None and given.warn_before < SHORTEST_WARNING:
        findings.error(("retention", "warn_before"), "must be at least 7d: whoever has the case must be able to object")
    if given.safety_locator is not None:
        findings.warning(("retention", "safety_locator"), NO_EFFECT)
    spans = given.content_after_close
    if spans is not None and spans.ban is not None:
        findings.warning(("retention", "content_after_close", "ban"), NO_EFFECT + ": a ban counts as a violation")


def _retention(part: CommitteeFile) -> Retention:
    given = part.retention
    if given is None:
        return Retention()
    spans = given.content_after_close or ContentRetention()
    return Retention(
        no_violation=spans.no_violation,
        violation=spans.violation,
        spam=spans.spam,
        not_a_report=spans.not_a_report,
        escrow=given.escrow,
        warn_before=given.warn_before or WARN_BEFORE,
    )


def _check_trust(part: CommitteeFile, findings: Findings) -> None:
    if part.trust.level == "token":
        text = "a member's mail is believed without proof: whoever reads or forwards one can act as that member"
        findings.warning(("trust", "level"), text)
    elif not findings.given(("trust", "authserv_id")):
        findings.warning(("trust",), "without authserv_id every mail of a member has to be confirmed by that member")


def check_reach(parts: Sequence[tuple[CommitteeFile, Findings]], *, socket: bool, mailbox: bool) -> None:
    """Results are believed from named peers, LMTP unix sockets and IMAP only (contract, section 2, `trust`)."""
    for part, findings in parts:
        if part.trust.authserv_id is None:
            continue
        if not (part.trust.peers or socket or mailbox):
            text = "no peer is named, and neither LMTP unix socket nor IMAP: the mail server's results are not believed"
            findings.warning(("trust",), text)
        if _two_borders([each.trust.authserv_id for each, _ in parts], part.trust.peers, socket, mailbox):
            text = (
                "mail comes from a mailbox and in other ways, or for committees with other ids: in case the mailbox is"
                " behind another server, its mail proves who sent it only above every Received line"
            )
            findings.warning(("trust", "authserv_id"), text)


def with_borders(committees: Sequence[Committee], *, socket: bool, mailbox: bool) -> tuple[Committee, ...]:
    """The committees, each with whether its mailbox may be behind another server than the one it names."""
    ids = [each.trust.authserv_id for each in committees]
    return tuple(
        replace(each, trust=replace(each.trust, two_borders=_two_borders(ids, each.trust.peers, socket, mailbox)))
        for each in committees
    )


def _two_borders(ids: Sequence[str | None], peers: Collection[str], socket: bool, mailbox: bool) -> bool:
    """Whether an id may be that of another server than the mailbox's: it says itself where else it is believed."""
    return mailbox and (socket or bool(peers) or len(set(ids)) > 1)


def _check_handles(part: CommitteeFile, findings: Findings) -> None:
    handles = _handles_in(findings.document.whole)
    if not findings.given(("chair",)):
        findings.warning(("chair",), "is missing: members are not told whom to turn to")
    elif part.chair is not None and part.chair not in handles:
        findings.error(("chair",), "is no member's handle")
    for number, handle in enumerate(part.triage.order):
        if handle in part.triage.order[:number]:
            findings.error(("triage", "order", number), "stands in this list twice")
        elif handle not in handles:
            findings.error(("triage", "order", number), "is no member's handle")


def _handles_in(data: object) -> set[object]:
    """The handles that stand in the file, also those of members in whom something is wrong."""
    members = data.get("members") if isinstance(data, dict) else None
    found = (each.get("handle") for each in members if isinstance(each, dict)) if isinstance(members, list) else ()
    return {handle for handle in found if isinstance(handle, str)}


def _check_targets(part: CommitteeFile, policy: Policy | None, ours: tuple[str, ...], findings: Findings) -> None:
    needed = str(policy.get("conflict.all_conflicted")) if policy else ""
    for name, target in part.transfer_targets.items():
        place: Path = ("transfer_targets", name)
        if not _TARGET.fullmatch(name):
            findings.error(place, "must be a name of a-z, 0-9 and - that begins with a letter")
        if extension(target.email, ours) is not None:
            findings.error((*place, "email"), "is an address of a committee: this would loop")
        elif any(target.email in (member.email, *member.also) for member in part.members):
            findings.error((*place, "email"), "is a member's address: a case would go to somebody who may not have it")
        if not findings.given((*place, "confidentiality_agreed")):
            report = findings.error if needed == f"transfer:{name}" else findings.warning
            report(place, "confidentiality_agreed is missing: nothing may be handed to it")
    if needed.startswith("transfer:") and not findings.given(("transfer_targets", needed.removeprefix("transfer:"))):
        findings.error(*_missing_target(part, needed, findings))


def _missing_target(part: CommitteeFile, needed: str, findings: Findings) -> tuple[Path, str]:
    """Where it is missing and what to do; the name is repeated only where it is the preset's, not the file's."""
    place: Path = ("transfer_targets",) if findings.given(("transfer_targets",)) else ("policy",)
    if "conflict.all_conflicted" in places_of(part.override):
        return place, "the target that conflict.all_conflicted names does not exist"
    name = needed.removeprefix("transfer:")
    return place, f"the policy hands over to `{name}` when all are conflicted: add this target, or override that knob"


def _check_watchers(part: CommitteeFile, policy: Policy | None, findings: Findings, today: date) -> None:
    wanted = policy.get("intake.triage_watchers", 0) if policy else 0
    primaries = [member.handle for member in part.members if member.role == "primary"]
    watching = part.triage.order or primaries
    present = [
        member
        for member in part.members
        if member.handle in watching and not any(each.start <= today <= each.end for each in member.away)
    ]
    if isinstance(wanted, int) and len(present) < wanted and len(primaries) > 1 and is_whole(part, findings):
        findings.warning(("triage",), f"{len(present)} of {wanted} watchers that the policy wants are there today")


def make_committee(part: CommitteeFile, policy: Policy, file: str, today: date) -> Committee:
    """The committee as everything else knows it. `file` is where it stands: paths are relative to it."""
    trust = part.trust
    chair = next((member for member in part.members if member.handle == part.chair), None)
    return Committee(
        id=part.address,
        name=part.name,
        address=part.address,
        policy=policy,
        members=tuple(_member(member) for member in part.members),
        aliases=tuple(part.aliases),
        chair=part.chair,
        trust=Trust(trust.authserv_id, frozenset(trust.peers), trust.spam_header, trust.level),
        triage_order=tuple(part.triage.order),
        triage_size=part.triage.size,
        triage_rotation=part.triage.rotation,
        transfer_targets=tuple(
            TransferTarget(name, target.email, target.confidentiality_agreed)
            for name, target in part.transfer_targets.items()
        ),
        other_contact=part.other_contact,
        retention=_retention(part),
        language=part.language,
        templates_dir=absolute(part.templates_dir, file) if part.templates_dir else None,
        # Members live in several zones; the committee's days are the chair's.
        calendar=make_calendar(part.calendar, chair.time_zone if chair is not None else "UTC", today),
    )


def _member(part: MemberPart) -> Member:
    return Member(
        handle=part.handle,
        name=part.name,
        email=part.email,
        also=tuple(dict.fromkeys(part.also)),
        role=Role(part.role),
        employer=part.employer,
        known_conflicts=tuple(KnownConflict(each.name, tuple(each.emails), each.kind) for each in part.known_conflicts),
        confidentiality_agreed=part.confidentiality_agreed,
        away=tuple((each.start, each.end) for each in part.away),
        time_zone=part.time_zone,
        term=(part.term.start, part.term.end) if part.term else (None, None),
    )
