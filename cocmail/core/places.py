"""The places of a case: who is let in, who is kept out, who gets what was said.

Keeping out is immediate; letting in without being asked is only for members who were on the roster, under the same
address, and looked for in vain in every text of the case. Who steps in when places are empty stands in `vacancies`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cocmail.core import letters, losses, questions, readers
from cocmail.core.access import Level, Standing
from cocmail.core.case import Case, Entry
from cocmail.core.conflicts import Sight, exists_for, may_see, was_ever, was_looked_for
from cocmail.core.conflicts import readers as having
from cocmail.core.effects import Letter
from cocmail.core.events import EntryReserved, MemberAdmitted, MemberRestored, MemberWithheld
from cocmail.core.model import REPORTER, Committee, Member, Person, Wanted, member_person, witness_person
from cocmail.core.screening import concerned_by

if TYPE_CHECKING:
    from cocmail.core.plan import Plan

LEFT_AT_LEAST = 2


def admit(plan: Plan, case_id: str, member: Member, why: str) -> None:
    """Give a member access, with a reply address: where they were asked, else at their address of today."""
    address = address_of(plan, case_id, member)
    plan.add(case_id, MemberAdmitted(member.handle, address, why, member.name))
    plan.issue(case_id, member_person(member.handle), address)


def address_of(plan: Plan, case_id: str, member: Member) -> str:
    """Where mail of a case goes to a member: where it went before, until a changed address is confirmed."""
    place = plan.cases[case_id].members.get(member.handle)
    return place.address if place is not None and place.address else member.email


def name_for(plan: Plan, case_id: str, member: Member) -> str:
    """The case's name for a letter to a member's own address; "" while that one is not confirmed."""
    return plan.cases[case_id].code_name if address_of(plan, case_id, member) == member.email else ""


def bring_in(plan: Plan, case_id: str, member: Member, why: str, *, only: frozenset[str] = frozenset()) -> None:
    """Give a member access, and with it everything that has been passed on so far, and the open questions.

    `only`: entries of these kinds, instead of all.
    """
    admit(plan, case_id, member, why)
    entries = [entry for entry in plan.cases[case_id].entries if not only or entry.kind in only]
    catch_up(plan, case_id, member, entries)


def restore(plan: Plan, case_id: str, member: Member) -> None:
    """Give a member back what they had. All of it is sent again, under the same Message-IDs: what was on its way when
    access ended was stopped, and nobody knows what had arrived.
    """
    address = address_of(plan, case_id, member)
    plan.add(case_id, MemberRestored(member.handle, address, member.name))
    plan.issue(case_id, member_person(member.handle), address)
    catch_up(plan, case_id, member, plan.cases[case_id].entries)


def catch_up(plan: Plan, case_id: str, member: Member, entries: Iterable[Entry]) -> None:
    """These entries, as far as they are for this member, and the open questions in which they have a say."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    own = (member_person(member.handle), witness_person(member.handle))
    for entry in entries:
        if not entry.waits and entry.author not in own and not entry.is_kept_from(member.handle):
            plan.letters.append(letters.forward(committee, case, entry.id, member))
    for motion in case.proceedings.open_motions:
        questions.ask(plan, case_id, motion, frozenset({member.handle}))


# Whom the reporter kept out, or who reported it, no vote of the others brings in.
_NOT_BY_VOTE = frozenset({"excluded", "reporter", "inherited", "concerned"})


def is_kept_out_for_good(member: Member, case: Case) -> bool:
    """Whether no vote of the others can bring this person in, under whatever handle."""
    return any(
        place.why in _NOT_BY_VOTE and (handle == member.handle or was_ever(member, place))
        for handle, place in case.members.items()
    )


def withhold(plan: Plan, case_id: str, handle: str, why: str, conflict: str = "") -> None:
    """Keep a case from a member from now on; what is queued for them goes in the same transaction.

    The first reason stays, but a reporter's wish weighs more than any other.
    """
    place = plan.cases[case_id].members.get(handle)
    if place is not None and place.standing is Standing.WITHHELD:
        weighs_more = why in _NOT_BY_VOTE and place.why not in _NOT_BY_VOTE
        hardens = place.conflict == "soft" and conflict != "soft"
        if not (weighs_more or hardens):
            return
        why = place.why if place.why in _NOT_BY_VOTE else why
    if place is not None and place.standing is Standing.RECUSED and place.conflict != "soft":
        # A tie that leaves a part of it must not take the place of one that leaves nothing.
        conflict = place.conflict
    member = plan.setting.committee.member(handle)
    name, address = (member.name, member.email) if member is not None else ("", "")
    plan.add(case_id, MemberWithheld(handle, why, conflict, name, address))
    plan.bar(case_id, handle)


def _withhold_unless_last(plan: Plan, case_id: str, handles: Collection[str]) -> int:
    """Keep a case from members at the word of somebody unproven; says from how many. Never so that fewer than two are
    left, and it lets nobody in: whoever can forge an address must not choose the readers of a case.
    """
    fresh = sorted(set(handles) - plan.cases[case_id].barred)
    if not fresh or any(_leaves_too_few(plan, case, handles) for case in plan.circle(case_id)):
        return 0
    for handle in fresh:
        withhold(plan, case_id, handle, "excluded")
    return len(fresh)


def keep_out_unproven(plan: Plan, case_id: str, wanted: Wanted) -> int:
    """`_withhold_unless_last` for whom a mail excludes, then for whom it may mean: no guess uses up who has to stay."""
    return sum(_withhold_unless_last(plan, case_id, handles) for handles in (wanted.excluded, wanted.guessed))


def tell_of_loss(
    plan: Plan, case_id: str, about: str, count: int, *, proven: bool = True, but: Collection[str] = ()
) -> None:
    """From how many more members a mail from outside has kept a case, to who has it and does not get that mail.

    0: nobody is to hear of that; where an owner is gone by it, of that alone.
    """
    owners = losses.of_owners(plan, case_id)
    if not count and not any(owners.values()):
        return
    words = {"count": count, "proven": proven, **owners} if count else owners
    tell(plan, case_id, about, "excluded" if count else "unowned", words, but=but)


def _leaves_too_few(plan: Plan, case: Case, handles: Collection[str]) -> bool:
    now_having = having(plan.setting.committee, case)
    left = [member for member in now_having if member.handle not in handles]
    # Of what only watchers have, one of these has to stay: else it would go to others.
    alone = [entry.only & holders(case) for entry in case.entries if entry.only]
    return bool(now_having) and (len(left) < LEFT_AT_LEAST or any(each and each <= set(handles) for each in alone))


def tell(
    plan: Plan,
    case_id: str,
    about: str,
    template: str,
    words: Mapping[str, object],
    *,
    but: Collection[str] = (),
    need: Level = Level.FULL,
) -> int:
    """The daemon's own word to everybody who has so much of the case, but to these; says to how many."""
    committee, case = plan.setting.committee, plan.cases[case_id]
    told = [member for member in having(committee, case, need) if member.handle not in but]
    plan.letters += [letters.notice(committee, case, member, about, template, words, need) for member in told]
    return len(told)


def present(plan: Plan, case_id: str, need: Level = Level.FULL) -> list[Member]:
    """Who of today's members has so much of the case, though they may have to wait for their mail."""
    case, now = plan.cases[case_id], plan.setting.now
    return [member for member in plan.setting.committee.members if may_see(member, case, now, need).value != "no"]


def unfit(plan: Plan, case_id: str) -> frozenset[str]:
    """Handles of those who must not be let in or asked by themselves: barred, gone before, not looked for, or a party
    or somebody with a tie to one.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    unknown = {member.handle for member in committee.members if not was_looked_for(member, case)}
    return case.barred | case.with_standing(Standing.LEFT) | unknown | concerned(committee, case)


def concerned(committee: Committee, case: Case) -> frozenset[str]:
    """Handles of today's members with a conflict of interest by what the case's parties are called."""
    found = (concerned_by(committee, party.role, party.name) for party in case.parties)
    return frozenset(handle for each in found for handle in each)


def forward_entry(plan: Plan, case_id: str, entry: str, *, but: Person | None = None, kept_out: int = 0) -> int:
    """A message of the case to everybody who may see it, except its author `but`; says to how many.

    `kept_out`: from so many more it is kept by this message, which those who get it are told, the others by a notice.
    What is for watchers goes to the triage among those who have it all, or to the first of them. Where nobody has it
    all, a target that the report was handed to gets what the reporter adds. What others add then waits for somebody:
    the admins hear of it. Nobody at all: `complete` has raised the alarm.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    filed = case.entry(entry)
    kept_from = filed.kept_from if filed is not None else ""
    watchers_only = filed is not None and filed.is_for_watchers
    fully = present(plan, case_id)
    there = _watching_now(plan, case, fully) if watchers_only else present(plan, case_id, Level.DISCUSS)
    there = [member for member in there if member.handle != kept_from]
    names = [member.name for member in there if exists_for(member, case)]
    if watchers_only and there:
        plan.add(case_id, EntryReserved(entry, tuple(member.handle for member in there)))
    there = [member for member in there if but is None or member.handle != but.handle]
    told: dict[str, object] = {"kept_out": kept_out} if kept_out else {}
    owners = losses.of_owners(plan, case_id) if kept_out else {}
    for member in there:
        listed = watchers_only or bool(kept_from)
        words: dict[str, object] = {"others": [name for name in names if name != member.name]} if listed else {}
        # Who has a part of it could not take it up.
        words |= told | (owners if member in fully else {})
        plan.letters.append(replace(letters.forward(committee, case, entry, member), words=words))
    if kept_out and watchers_only:
        reached = {member.handle for member in there}
        proven = filed is not None and filed.author == REPORTER and not filed.forged
        tell_of_loss(plan, case_id, f"excluded {entry}", kept_out, proven=proven, but=reached)
    if fully:
        return len(there)
    if but is None or but == REPORTER:
        to_target(plan, case_id, entry)
    elif case.target is not None and but.kind != "member":
        plan.alarms.append("nobody-reached")
    return len(there)


def pass_on_reserved(plan: Plan, case_id: str) -> None:
    """What is for watchers alone, of whom none has the case any more, goes to the next ones among those who have it."""
    case, filed = plan.cases[case_id], plan.filed(case_id)
    for entry in case.entries if present(plan, case_id) else ():
        # What was filed by this very decision is passed on by whoever filed it.
        if entry.is_for_watchers and entry.only.isdisjoint(holders(case)) and entry.id not in filed:
            forward_entry(plan, case_id, entry.id, but=entry.author)


def share_reserved(plan: Plan, case_id: str, member: Member) -> None:
    """Who steps in because the watchers do nothing has what they have."""
    for entry in plan.cases[case_id].entries:
        if entry.is_for_watchers:
            plan.add(case_id, EntryReserved(entry.id, (member.handle,)))


def to_target(plan: Plan, case_id: str, entry: str, purpose: str = "") -> None:
    """A message of the reporter to the body that was handed the case; nothing where there is none.

    `purpose`: the members hand it over, and this is why; else nobody of them can read it.
    """
    target = plan.cases[case_id].target
    if target is None:
        return
    person = Person("third", target.target)
    plan.letters.append(
        Letter(
            id=letters.letter_id(case_id, entry, "transfer", target.target),
            kind="transfer",
            to=person,
            template="transfer",
            address=target.address,
            case_id=case_id,
            entry=entry,
            token=plan.cases[case_id].token_of(person),
            words={"purpose": purpose},
        )
    )


def watchers(plan: Plan, case_id: str) -> list[Member]:
    """Who of those who have the case watches over it: who read it before the others were asked, else the watchers of
    the day.
    """
    committee, case = plan.setting.committee, plan.cases[case_id]
    there = list(having(committee, case))
    if readers.is_check_first(committee):
        return [member for member in there if case.members[member.handle].why not in ("clear", "onboarding")]
    return _watching(plan, there)


def _watching(plan: Plan, there: list[Member]) -> list[Member]:
    """The watchers of the day among them, or the first of them."""
    committee = plan.setting.committee
    absent = {member.handle for member in committee.members if member not in there}
    return readers.triage(committee, absent, plan.setting.now.date()) or there[: readers.DEFAULT_TRIAGE]


def _watching_now(plan: Plan, case: Case, there: list[Member]) -> list[Member]:
    """Those of them who can read it today, if there are any."""
    at_once = [member for member in there if may_see(member, case, plan.setting.now) is Sight.YES]
    return _watching(plan, at_once or there)


def chosen(case: Case) -> frozenset[str]:
    """Handles of those whom the reporter chose alone, who stay chosen, called by name or not; see `opening`."""
    return holders(case) if case.audience == "one" else frozenset()


def holders(case: Case) -> frozenset[str]:
    """Handles of the members who were let in and are not out."""
    return case.with_standing(Standing.CLEARED)
