"""Mail of a case that exists: what the reporter adds, what members say to each other."""

from __future__ import annotations

from collections.abc import Sequence

from cocmail.core import sealed
from cocmail.core.access import Level
from cocmail.core.asking import send_receipt
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.conflicts import exists_for, has_stepped_back, is_asked_by_name
from cocmail.core.copied import warn_of_copies
from cocmail.core.effects import Decision
from cocmail.core.letters import notice
from cocmail.core.losses import kept_out as kept_out_by
from cocmail.core.measures import lets_anybody
from cocmail.core.model import REPORTER, Member, Person, member_person
from cocmail.core.motions import Motion
from cocmail.core.opening import exclude_elsewhere, file_entry
from cocmail.core.places import chosen, forward_entry, keep_out_unproven, tell_of_loss, withhold
from cocmail.core.plan import Plan
from cocmail.core.setting import Message, Setting
from cocmail.core.vacancies import complete


def follow_up(message: Message, setting: Setting, case_id: str, author: Person = REPORTER) -> Decision:
    """The reporter, or a third party who was written to, adds something: to everybody who may see the case.

    What it names is screened before anybody reads it, as the report was. What cannot be read, and so not be screened,
    goes to the watchers among the readers; so does what the reporter keeps from somebody who is not known.
    """
    plan = Plan(setting)
    file_entry(plan, message, case_id, author, "follow-up")
    told = 0
    if author.kind not in ("witness", "contact", "third"):
        # A witness is out of the case, the reported person is against it, and the body that was handed it greets the
        # members by name: none of them must be able to put those out who have it.
        told = _keep_out(plan, message, case_id, author)
    complete(plan, case_id)
    if author == REPORTER:
        sealed.compare(plan, case_id, message)
    kept_out = kept_out_by(plan, case_id) - told
    forward_entry(plan, case_id, message.id, but=author, kept_out=kept_out)
    return plan.finish(Reason.FOLLOW_UP, case_id=case_id)


def _keep_out(plan: Plan, message: Message, case_id: str, author: Person) -> int:
    """Whom the words name, and, by the reporter's wish, whom they exclude; of how many a notice tells already."""
    case = plan.cases[case_id]
    stay = chosen(case) - message.screening.conflicted
    for handle, why in message.screening.found.items():
        if not (why == "screened" and handle in stay):
            withhold(plan, case_id, handle, why)
    told = 0
    if author != REPORTER:
        return told
    if message.proof.is_forged:
        # A reply address that got about must not be enough to choose who is left.
        told = keep_out_unproven(plan, case_id, message.wanted)
        if told:
            # What the words themselves do is told in a notice of its own.
            tell_of_loss(plan, case_id, f"excluded by address {message.id}", told, proven=False)
    else:
        for excluded in sorted(message.wanted.kept_from):
            withhold(plan, case_id, excluded, "excluded")
    exclude_elsewhere(plan, message, but=case_id)
    return told


def discuss(
    message: Message,
    setting: Setting,
    case_id: str,
    author: Member,
    *,
    repeated: Sequence[str] = (),
    about: Motion | None = None,
) -> Decision:
    """A member's words to the other members of a case; while these are asked about conflicts, the words wait.

    `repeated` are tags of the mail that is answered, which did not run: the author is told. `about` is the question on
    a conflict of interest that they talk about: whom it concerns must not read it.
    """
    plan = Plan(setting)
    person = member_person(author.handle)
    nobody_to_wait_for = file_entry(plan, message, case_id, person, "discussion", **_kept_from(about))
    waited = plan.cases[case_id].entries[-1].waits
    if nobody_to_wait_for:
        # It passes on what waited.
        complete(plan, case_id)
    if plan.cases[case_id].entries[-1].waits:
        plan.letters.append(notice(setting.committee, plan.cases[case_id], author, message.id, "waits", {}))
    elif not waited and not forward_entry(plan, case_id, message.id, but=person) and about is None:
        case, need = plan.cases[case_id], Level.DISCUSS
        plan.letters.append(notice(setting.committee, case, author, message.id, "alone", {}, need))
    warn_of_copies(plan, message, case_id, author, kept_from=about.about if about is not None else "")
    if repeated:
        line = {"outcome": "passed-on", "tags": list(repeated)}
        send_receipt(plan, message, author, plan.cases[case_id], [line])
    return plan.finish(Reason.DISCUSSION, case_id=case_id)


def _kept_from(motion: Motion | None) -> dict[str, str]:
    return {"kept_from": motion.about, "label": motion.label} if motion is not None else {}


# What somebody who is asked can say of a case that they do not have, and somebody who is out by their own word.
ANSWERS = frozenset({"clear", "recuse"})
ACTS = frozenset({"act", "interim"})
RELEASES = frozenset({"release"})
AFTERTHOUGHTS = frozenset({"unrecuse"})


def visible_cases(setting: Setting, member: Member, tags: frozenset[str] = frozenset()) -> dict[str, Case]:
    """The cases at hand that exist for this member, where these tags are used; to all others they are no cases."""
    more = {"recuse"} if setting.committee.policy.get("conflict.reason") == "required" else set()
    later = bool(tags) and tags <= AFTERTHOUGHTS | more
    answers = bool(tags) and tags <= ANSWERS | ACTS | RELEASES
    return {
        case_id: case
        for case_id, case in setting.known.cases.items()
        if exists_for(member, case)
        or (answers and is_asked_by_name(member, case) and _may_answer(setting, case, tags))
        or (later and has_stepped_back(member, case))
    }


def _may_answer(setting: Setting, case: Case, tags: frozenset[str]) -> bool:
    """Whether who was asked may use these tags: to answer, or to protect somebody where one may do that alone."""
    allowed = ANSWERS | (RELEASES if sealed.can_be_opened(case) else frozenset())
    return all(tag in allowed or lets_anybody(setting.committee, case, tag) for tag in tags)
