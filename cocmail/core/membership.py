"""Who is on the committee, and what is told when that changes (contract, section 2; domain R63, R78 to R80).

    the file changes ──> everybody, old and new, is told ──> the new roster is in force ──> access of who left ends
                                                                                      ──> farewell, welcome

The rule: nobody slips in or out in silence, and no file alone moves an open case to another mailbox. Letters of this
module go to a seat: they tell of the roster, of no case, and reach who is not on it yet, or no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from cocmail.core import addresses, letters, questions
from cocmail.core.access import Standing
from cocmail.core.addresses import MOVE, VOUCH
from cocmail.core.book import Book, Seat
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.conflicts import is_listed, is_person, was_ever
from cocmail.core.effects import Decision, Letter, Note
from cocmail.core.events import MemberAsked, MemberLeft
from cocmail.core.lifecycle import State
from cocmail.core.model import Committee, Member, Person, member_person
from cocmail.core.places import concerned
from cocmail.core.plan import Plan
from cocmail.core.setting import Setting

_NOT_TOLD = frozenset({State.DISMISSED, State.TRIAGE, State.ESCROWED, State.MERGED})
_HAS_A_PART = frozenset({Standing.CLEARED, Standing.LIMITED, Standing.ASKED})
_A_DAY = timedelta(days=1)


def seat_person(handle: str) -> Person:
    """Somebody who is told of the roster, whether or not they are on it at the moment."""
    return Person("seat", handle)


def announce(setting: Setting) -> Decision | None:
    """What has to be told before the committee of the setting is in force; None where nothing has changed.

    A committee that is seen for the first time is written down, and nobody is told.
    """
    committee, book = setting.committee, setting.known.book
    plan = Plan(setting)
    members = [member for member in committee.members if not book.has_departed(member)]
    plan.book = replace(
        # A new name alone is written down, too: an alias that goes to another committee is known by it.
        book.under(committee.id),
        seats=tuple(map(Seat.of, members)),
        chair=committee.chair or "",
        rules=_rules(committee),
        since={member.handle: book.since.get(member.handle, setting.now.isoformat()) for member in members},
        departed=tuple(gone for gone in book.departed if any(gone.is_of(member) for member in committee.members)),
        vouched=_still_vouched(book, members),
    )
    if book.seats:
        _tell_changes(plan, book, members)
    return plan.finish(Reason.NO_MESSAGE) if plan.book != book else None


def _still_vouched(book: Book, members: Iterable[Member]) -> dict[str, tuple[str, ...]]:
    """What others said of an address counts while neither it nor their own changes: who said it cannot say it again."""
    before, now = {(seat.handle, seat.email) for seat in book.seats}, {(each.handle, each.email) for each in members}
    same = {handle for handle, _ in before & now}
    left = {key: tuple(filter(same.__contains__, voices)) for key, voices in book.vouched.items()}
    return {key: voices for key, voices in left.items() if voices and key.split(" ")[0] in same}


def _rules(committee: Committee) -> dict[str, str]:
    knobs = {name: _shown(value) for name, value in committee.policy.knobs.items()}
    targets = {f"transfer_targets.{target.name}": target.email for target in committee.transfer_targets}
    trust = committee.trust
    around = {
        "trust.level": trust.level,
        "trust.authserv_id": str(trust.authserv_id),
        "trust.peers": ", ".join(sorted(trust.peers)),
        "triage.order": ", ".join(committee.triage_order),
        "other_contact": str(committee.other_contact),
    }
    # How soon what is destroyed: nobody should learn of it by the notice of a single case.
    kept = {f"retention.{name}": f"{span / _A_DAY:g} days" for name, span in committee.retention.spans().items()}
    return {"policy": committee.policy.name, **knobs, **targets, **around, **kept}


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _tell_changes(plan: Plan, book: Book, members: list[Member]) -> None:
    now_seated = {member.handle: member for member in members}
    known = [(seat, now_seated[seat.handle]) for seat in book.seats if seat.handle in now_seated]
    moved = [(seat, member) for seat, member in known if member.is_whom(seat.name, *seat.addresses)]
    stays = {seat.handle for seat, _ in moved}
    departed = _departed(book)
    gone = [seat for seat in book.seats if seat.handle not in stays and seat.email not in departed]
    fresh = [member for member in members if member.handle not in stays]
    lines = [
        *({"what": "joined", "name": member.name, "role": member.role.value} for member in fresh),
        *({"what": "gone", "name": seat.name} for seat in gone),
        *(line for seat, member in moved for line in _differences(seat, member)),
        *_rule_changes(plan.setting.committee, book),
    ]
    changes = [(seat, member) for seat, member in moved if seat.email != member.email]
    plan.book = replace(
        plan.book,
        former=_former(book, moved),
        leaving=(*book.leaving, *gone),
        joining=(*book.joining, *(member.handle for member in fresh)),
    )
    if not lines:
        return
    # Whoever is new, or whose own address changes, cannot speak for another's: a file alone could make them up.
    known_voices = {seat.handle for seat, member in moved if seat.email == member.email}
    for handle, address in _told(book, members):
        vouching = changes if handle in known_voices else []
        plan.letters.append(_notice(plan, handle, address, lines, vouching))
    for _, member in changes:
        for address in plan.book.former.get(member.handle, ()):
            plan.letters.append(_ask_old_address(plan, member, address))


def _former(book: Book, moved: list[tuple[Seat, Member]]) -> dict[str, tuple[str, ...]]:
    """The earlier mailboxes of those who stay, without the one that is theirs again."""
    former = {}
    for seat, member in moved:
        earlier = dict.fromkeys((*book.former.get(seat.handle, ()), seat.email))
        earlier.pop(member.email, None)
        if earlier:
            former[member.handle] = tuple(earlier)
    return former


def _departed(book: Book) -> frozenset[str]:
    """Addresses of those who left by their own word or by a vote: that was told when it happened."""
    return frozenset(gone.email for gone in book.departed)


def _told(book: Book, members: list[Member]) -> Iterator[tuple[str, str]]:
    """Everybody who is told, once an address: who goes, who comes, who stays, and the address that somebody leaves."""
    known = [(seat.handle, seat.email) for seat in book.seats if seat.email not in _departed(book)]
    yield from dict.fromkeys([*known, *((member.handle, member.email) for member in members)])


def _differences(seat: Seat, member: Member) -> Iterator[dict[str, str]]:
    if seat.email != member.email:
        yield {"what": "address", "name": member.name, "old": seat.email, "new": member.email}
    if set(seat.also) != set(member.also):
        yield {"what": "also", "name": member.name}
    if seat.conflicts != Seat.of(member).conflicts:
        yield {"what": "conflicts", "name": member.name}
    if seat.role != member.role.value:
        yield {"what": "role", "name": member.name, "role": member.role.value}
    if seat.name != member.name:
        yield {"what": "name", "name": seat.name, "new": member.name}


def _rule_changes(committee: Committee, book: Book) -> Iterator[dict[str, str]]:
    if (committee.chair or "") != book.chair:
        chair = committee.member(committee.chair or "")
        yield {"what": "chair", "name": chair.name if chair is not None else "nobody"}
    rules = _rules(committee)
    for knob in sorted(rules.keys() | book.rules.keys()):
        if rules.get(knob) != book.rules.get(knob):
            yield {"what": "rule", "knob": knob, "old": book.rules.get(knob, "-"), "new": rules.get(knob, "-")}


def _notice(
    plan: Plan, handle: str, address: str, lines: list[dict[str, str]], changes: list[tuple[Seat, Member]]
) -> Letter:
    """The change of the roster. Who is no part of a changed address can vouch for it by a one-use address."""
    vouching = [
        {
            "name": member.name,
            "new": member.email,
            "address": addresses.ask(plan, handle, address, member, VOUCH),
            # Where it does not, mail of open cases waits (`conflicts.may_see`).
            "stays": seat.email in member.addresses,
        }
        for seat, member in changes
        if member.handle != handle
    ]
    return _seat_letter(plan, handle, address, "roster", {"lines": lines, "vouching": vouching})


def _ask_old_address(plan: Plan, member: Member, address: str) -> Letter:
    token = addresses.ask(plan, member.handle, address, member, MOVE)
    words = {"new": member.email, "address": token}
    return replace(_seat_letter(plan, member.handle, address, "address", words), kind="confirm")


def _seat_letter(plan: Plan, handle: str, address: str, template: str, words: Mapping[str, object]) -> Letter:
    about = f"{template} {plan.setting.now.isoformat()}"
    token = plan.setting.draw.token("seat", handle, address)
    # An answer is a member's mail of no case; of who has left it is kept, and no report.
    plan.notes.append(Note("token", token, {"person": str(member_person(handle)), "address": address}))
    return Letter(
        id=letters.letter_id("", about, address, handle),
        kind="notice",
        to=seat_person(handle),
        template=template,
        address=address,
        token=token,
        words=words,
    )


def end_access(plan: Plan, case: Case) -> bool:
    """Whoever of a case is no member any more loses it for good; says whether there was one."""
    gone = [
        handle
        for handle, place in case.members.items()
        if place.standing in _HAS_A_PART and not is_person(plan.setting.committee.member(handle), place)
    ]
    for handle in gone:
        plan.add(case.id, MemberLeft(handle))
        plan.bar(case.id, handle)
    for motion in plan.cases[case.id].proceedings.open_motions:
        place = case.members.get(motion.about)
        member = plan.setting.committee.member(motion.about)
        if motion.about and (member is None or (place is not None and not is_person(member, place))):
            # Whoever has the handle next must not be let in, or put out, by what was asked about somebody else.
            questions.close(plan, case.id, motion.number, why="left", cancelled=True)
    return bool(gone)


def greet(setting: Setting) -> Decision | None:
    """After the new roster is in force: farewell to who left, welcome to who came. None where nobody did."""
    plan, book = Plan(setting), setting.known.book
    if not (book.leaving or book.joining):
        return None
    for seat in book.leaving:
        plan.letters.append(_seat_letter(plan, seat.handle, seat.email, "farewell", {}))
        _tell_chair(plan, seat)
    for handle in book.joining:
        member = setting.committee.member(handle)
        if member is not None:
            _welcome(plan, member)
    plan.book = replace(book, leaving=(), joining=())
    return plan.finish(Reason.NO_MESSAGE)


def _tell_chair(plan: Plan, seat: Seat) -> None:
    """What no program can take back is somebody's to do (domain R80)."""
    committee = plan.setting.committee
    for member in committee.members:
        if committee.sees_to(member.handle, seat.handle):
            about = f"left {seat.name} {plan.setting.now.isoformat()}"
            plan.write(member, "left", about, {"name": seat.name, "chair": True})


def _welcome(plan: Plan, member: Member) -> None:
    """A new member is told how it works. Where the procedure says so, with the names of who has been reported.

    No case's name stands beside a person's; who names somebody's conflict opens nothing by it.
    """
    names: list[dict[str, object]] = []
    if are_offered_cases(plan.setting.committee):
        for case_id, case in list(plan.cases.items()):
            if _may_be_offered(plan.setting.committee, case, member):
                number = len(names) + 1
                plan.add(case_id, MemberAsked(member.handle, member.email, member.name, number=number))
                names.append({"number": number, "names": list(case.called("reported"))})
    plan.write(member, "welcome", f"welcome {plan.setting.now.isoformat()}", {"names": names})


def are_offered_cases(committee: Committee) -> bool:
    """Whether a new member is shown the names of who has been reported, to say of whom they have no conflict."""
    return committee.policy.get("onboarding") == "reported_names_check"


def _may_be_offered(committee: Committee, case: Case, member: Member) -> bool:
    if not is_listed(case) or case.target is not None or not case.called("reported"):
        return False
    if case.proceedings.state in _NOT_TOLD or case.audience != "committee":
        return False
    if member.handle in case.members or any(was_ever(member, place) for place in case.members.values()):
        # Somebody who is known here, be it under another handle, is not new.
        return False
    if any(entry.may_concern_anybody for entry in case.entries):
        return False
    return member.handle not in concerned(committee, case)
