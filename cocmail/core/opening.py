"""A message opens a case: it gets a name, it is screened before anybody reads, it is forwarded and acknowledged."""

from __future__ import annotations

from datetime import timedelta

from cocmail.core import letters, readers
from cocmail.core.classify import Reason, is_from_robot, looks_automatic
from cocmail.core.conflicts import may_see
from cocmail.core.effects import Decision, Letter, Note
from cocmail.core.events import (
    CaseOpened,
    EntryFiled,
    MemberAdmitted,
    MemberWithheld,
    NobodyReached,
    ReporterKnown,
    TargetAsked,
)
from cocmail.core.model import REPORTER, Committee, Member, Person, member_person
from cocmail.core.plan import Plan
from cocmail.core.screening import names_a_conflict, screen
from cocmail.core.setting import Message, Setting

ACKS_A_DAY = 5
ACKS_AN_HOUR = 100


def open_case(message: Message, setting: Setting, *, related: str = "") -> Decision:
    """The decision on a message that is nobody's reply: rules 3 to 8 and 10 of the contract's section 3.

    `related` is a case that the message seems to belong to without proof: its exclusions hold here too.
    """
    plan = Plan(setting)
    reason, audience = _kind_of(message, related)
    marks = _marks(message, setting)
    opened = CaseOpened(
        code_name=setting.draw.code_name(),
        committee=setting.committee.id,
        entry=message.id,
        audience=audience,
        at=setting.now.isoformat(),
        marks=marks,
        related=related,
    )
    case_id = plan.open(opened)
    address = answer_address(message, setting.committee)
    proven = message.proof.address == address and bool(address)
    plan.add(case_id, ReporterKnown(address, message.mail.from_name, proven))
    plan.add(case_id, EntryFiled(message.id, str(REPORTER), "report", message.mail.message_id))
    _remember(plan, message, case_id, address)
    for handle, why in _withheld(message, setting, audience, related).items():
        plan.add(case_id, MemberWithheld(handle, why))
    exclude_elsewhere(plan, message, setting)
    admitted = readers.first_readers(setting.committee, audience, message.wanted.only, plan.cases[case_id].barred)
    for member in admitted:
        admit(plan, case_id, member, "policy")
    if audience != "escrow":
        complete(plan, case_id)
    forward_entry(plan, case_id, message.id)
    acknowledge(plan, message, case_id)
    return plan.finish(reason, case_id=case_id)


def _kind_of(message: Message, related: str) -> tuple[Reason, str]:
    wanted = message.wanted
    if wanted.escrow:
        return Reason.REPORT_ESCROWED, "escrow"
    if wanted.only and not wanted.alias:
        return Reason.REPORT_FOR_ONE, "one"
    if wanted.unknown:
        return Reason.REPORT_UNKNOWN_EXTENSION, "triage"
    if message.mail.unreadable:
        return Reason.REPORT_UNREADABLE, "triage"
    if looks_automatic(message.mail):
        return Reason.REPORT_AUTOMATIC, "committee"
    return (Reason.REPORT_RELATED if related else Reason.REPORT), "committee"


def _marks(message: Message, setting: Setting) -> tuple[str, ...]:
    marks = []
    if looks_automatic(message.mail):
        marks.append("automatic")
    if message.mail.unreadable:
        marks.append(message.mail.unreadable)
    if message.proof.is_forged:
        marks.append("forged")
    author = message.mail.from_addresses
    if len(author) == 1 and setting.committee.member_at(author[0]) is not None:
        marks.append("from-member")
    return tuple(marks)


def _withheld(message: Message, setting: Setting, audience: str, related: str) -> dict[str, str]:
    """Everybody who must not see it, with why; the first reason found stays."""
    found = dict.fromkeys(sorted(message.wanted.excluded), "excluded")
    for handle, why in screen(setting.committee, message.mail).items():
        # A reporter who writes to one member by name has chosen that reader, and will call them by name.
        if audience == "one" and why == "screened" and _is_chosen(message, setting, handle):
            continue
        found.setdefault(handle, why)
    for earlier in dict.fromkeys((*setting.known.party_cases, *([related] if related else ()), *_referred(setting))):
        for handle in sorted(setting.known.cases[earlier].barred):
            found.setdefault(handle, "inherited")
    return found


def _is_chosen(message: Message, setting: Setting, handle: str) -> bool:
    """Whether a member is the reader that the reporter chose, and the report names nobody whom they may not judge."""
    member = setting.committee.member(handle)
    return member is not None and handle in message.wanted.only and not names_a_conflict(member, message.mail)


def _referred(setting: Setting) -> list[str]:
    """Cases that the message quotes a Message-ID or a name of: what was kept from somebody there is kept here too."""
    found = [reference.case_id for reference in setting.known.references if reference.case_id]
    return [case_id for case_id in (*found, *setting.known.names.values()) if case_id in setting.known.cases]


def answer_address(message: Message, committee: Committee) -> str:
    """Where the reporter can be answered, or "": one From address of a person, not ours."""
    authors = message.mail.from_addresses
    if len(authors) != 1 or is_from_robot(message.mail):
        return ""
    own = {committee.address, *committee.aliases}
    local, _, domain = authors[0].rpartition("@")
    return "" if f"{local.split('+', 1)[0]}@{domain}" in own else authors[0]


def _remember(plan: Plan, message: Message, case_id: str, address: str) -> None:
    if address:
        plan.notes.append(Note("party", address, {}, case_id))
    if message.mail.message_id:
        note = {"kind": "report", "person": str(REPORTER), "tags": []}
        plan.notes.append(Note("message-id", message.mail.message_id, note, case_id))


def exclude_elsewhere(plan: Plan, message: Message, setting: Setting) -> None:
    """`+not-X` from a party applies at once to that party's open cases (rule 6), unless the sender is known to be
    forged.
    """
    if message.proof.is_forged:
        return
    for case_id in setting.known.party_cases:
        exclude(plan, case_id, message.wanted.excluded)


def exclude(plan: Plan, case_id: str, handles: frozenset[str]) -> None:
    """Keep a case from these members from now on, and fill their places."""
    fresh = sorted(handles - plan.cases[case_id].barred)
    for handle in fresh:
        plan.add(case_id, MemberWithheld(handle, "excluded"))
        plan.bar(case_id, handle)
    if fresh and plan.cases[case_id].audience != "escrow":
        complete(plan, case_id)


def admit(plan: Plan, case_id: str, member: Member, why: str) -> None:
    """Give a member access at their address of today, with a reply address."""
    plan.add(case_id, MemberAdmitted(member.handle, member.email, why))
    plan.issue(case_id, member_person(member.handle), member.email)


def complete(plan: Plan, case_id: str) -> None:
    """Fill the places of a case that too few may see: stand-ins, then a transfer target, else alarm the admins.

    Who steps in gets the report and the thread so far. A case for one member is filled only when that one may not see
    it.
    """
    committee, now = plan.setting.committee, plan.setting.now
    case = plan.cases[case_id]
    present = [member for member in committee.members if may_see(member, case, now).value != "no"]
    needed = 1 if case.audience in ("one", "triage") else readers.minimum(committee)
    while len(present) < needed:
        more = readers.stand_ins(committee, case.barred, [member.handle for member in present])
        if not more:
            break
        for member in more:
            admit(plan, case_id, member, "stand-in")
            for entry in case.entries:
                plan.letters.append(letters.forward(committee, plan.cases[case_id], entry.id, member))
        present += more
    if not present:
        _hand_over(plan, case_id)


def _hand_over(plan: Plan, case_id: str) -> None:
    committee = plan.setting.committee
    case = plan.cases[case_id]
    target = readers.transfer_target(committee)
    if target is None:
        if not case.unreached:
            plan.add(case_id, NobodyReached())
            plan.alarms.append("nobody-reached")
        return
    if case.target is not None:
        return
    plan.add(case_id, TargetAsked(target.name, target.email))
    token = plan.issue(case_id, Person("third", target.name), target.email)
    for entry in case.entries:
        plan.letters.append(
            Letter(
                id=letters.letter_id(case_id, entry.id, "transfer", target.name),
                kind="transfer",
                to=Person("third", target.name),
                template="transfer",
                address=target.email,
                case_id=case_id,
                entry=entry.id,
                token=token,
            )
        )


def forward_entry(plan: Plan, case_id: str, entry: str, *, but: str = "", parent: str = "") -> None:
    """A message of the case to everybody who may see it, except its author `but`."""
    committee, now = plan.setting.committee, plan.setting.now
    case = plan.cases[case_id]
    for member in committee.members:
        if member.handle != but and may_see(member, case, now).value != "no":
            plan.letters.append(letters.forward(committee, case, entry, member, parent=parent))


def acknowledge(plan: Plan, message: Message, case_id: str) -> None:
    """One acknowledgement a case, or none (rule 10; RFC 3834, section 2)."""
    case, counts = plan.cases[case_id], plan.setting.known.counts
    reporter = case.reporter
    if reporter is None or not reporter.address or "automatic" in case.marks or message.proof.is_forged:
        return
    if counts.get("ack-sender", 0) >= ACKS_A_DAY:
        return
    token = plan.issue(case_id, REPORTER, reporter.address)
    hours = counts.get("ack-hour", 0) // ACKS_AN_HOUR
    mail = message.mail
    plan.counted += [("ack-sender", reporter.address), ("ack-hour", "")]
    plan.letters.append(
        Letter(
            id=letters.letter_id(case_id, message.id, "ack"),
            kind="ack",
            to=REPORTER,
            template="ack",
            address=reporter.address,
            case_id=case_id,
            token=token,
            in_reply_to=mail.message_id,
            references=(*mail.references[-20:], mail.message_id) if mail.message_id else (),
            words={"escrowed": case.audience == "escrow", "unreached": case.unreached, "one": case.audience == "one"},
            due=plan.setting.now + timedelta(hours=hours) if hours else None,
        )
    )
