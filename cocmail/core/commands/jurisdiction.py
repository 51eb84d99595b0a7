"""A case, or a part of it, goes to somebody else: `#transfer` to another body, `#disclose` as the law obliges.

The rule: what the reporter wrote goes to a body that has agreed to confidentiality, with what two members wrote to it;
what the committee said among itself never does (domain R10, R12). What the law obliges to is put on record, and sent by
people (R13).
"""

from __future__ import annotations

import re

from cocmail.core import handover, places, questions
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.commands.texts import leaking
from cocmail.core.commands.two_people import Wanted, say, take_back
from cocmail.core.handing import TargetAsked
from cocmail.core.model import REPORTER, Person, TransferTarget
from cocmail.core.motions import CONFLICT
from cocmail.core.outward import Disclosed, told_about
from cocmail.core.readers import agreed_targets

PARTS = ("To", "Ground", "What")
_LABEL = re.compile(r"(?im)^[ \t*_>]{0,8}(to|ground|what|reporter)[ \t*_]{0,8}[:\uff1a]")
_NOT_TOLD = re.compile(r"(?i)no\b[\s,;:.-]*(.*)", re.DOTALL)


def transfer(call: Call) -> Line:
    """Hands the case to a body of the committee's file, once an owner and a second member say so."""
    name = call.tag.argument("name")
    if "stop" in call.tag.arguments[1:]:
        return take_back(call, "transfer", name)
    targets = agreed_targets(call.committee)
    target = next((each for each in targets if each.name == name), None)
    if target is None:
        return refuse("no-such-target", names=[each.name for each in targets])
    if _is_party(call, target):
        return refuse("target-is-party", name=target.name)
    entries = _not_sent(call, target)
    if call.case.target is not None and call.case.target.address == target.email and not entries:
        return unchanged("transferred-again", name=target.name)

    def check(text: str) -> Line | None:
        # It may say what the reporter wrote, which goes with it; not what the members did.
        stopped = leaking(call, text, REPORTER)
        return {**stopped, "again": f"#transfer {name}"} if stopped is not None else None

    return say(
        call, Wanted("transfer", name, target.email, check, lambda text, people: _transfer(call, target, text, people))
    )


def _is_party(call: Call, target: TransferTarget) -> bool:
    """Whether that body's address is one of somebody who is involved."""
    reporter, done_so_far = call.case.reporter, call.case.proceedings
    known = {each.address for each in done_so_far.contacts if each.role != "third"}
    return target.email in known or (reporter is not None and reporter.address == target.email)


def _not_sent(call: Call, target: TransferTarget) -> list[str]:
    """What the reporter wrote that this body has not been given yet."""
    given = call.case.proceedings.outward.went_to(target.email)
    return [entry.id for entry in call.case.entries if entry.author == REPORTER and entry.id not in given]


def _transfer(call: Call, target: TransferTarget, text: str, people: tuple[str, ...]) -> Line:
    plan, case_id, entries = call.plan, call.case_id, _not_sent(call, target)
    for motion in call.case.proceedings.open_motions:
        if motion.kind != CONFLICT:
            # The other body decides from now on.
            questions.close(plan, case_id, motion.number, why="transferred", cancelled=True)
    plan.add(case_id, TargetAsked(target.name, target.email))
    plan.issue(case_id, Person("third", target.name), target.email)
    for entry in entries:
        places.to_target(plan, case_id, entry, purpose=text)
    wanted = call.committee.policy.get("reporter.tell_on_transfer", True) is True
    words = {"target": target.name, "address": target.email}
    about = told_about("transfer", target.email, 0)
    told = handover.told(plan, case_id, "transferred", about, words) if wanted else "not-wanted"
    said = Disclosed(
        "transfer", target.name, text, people, call.at, told, target.email,
        entries=tuple(entries), alone=len(people) == 1,
    )  # fmt: skip
    plan.add(case_id, said)
    call.tell_others("transferred", to=target.name, address=target.email, text=text, told=told)
    return done("transferred", to=target.name, address=target.email, told=told)


def disclose(call: Call) -> Line:
    """Puts on record what is given away because the law obliges to, once an owner and a second member say so."""
    if "stop" in call.tag.arguments[1:]:
        return take_back(call, "disclose", "")
    return say(call, Wanted("disclose", "", "", _incomplete, lambda text, people: _disclose(call, text, people)))


def fields_of(text: str) -> dict[str, str]:
    """What stands behind `To:`, `Ground:`, `What:` and `Reporter:` where they begin a line; of two the first."""
    marks = list(_LABEL.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    found = [(mark[1].capitalize(), text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
    return dict(reversed(found))


def _incomplete(text: str) -> Line | None:
    found = fields_of(text)
    missing = [f"{part}:" for part in PARTS if not found.get(part)]
    if missing:
        return refuse("missing-parts", missing=missing, parts=[f"{part}:" for part in PARTS])
    forbidden = _NOT_TOLD.match(found.get("Reporter", ""))
    # Not to tell them is the exception, and somebody will ask why.
    return refuse("why-not-told") if forbidden is not None and not forbidden[1].strip() else None


def _disclose(call: Call, text: str, people: tuple[str, ...]) -> Line:
    found = fields_of(text)
    forbidden = _NOT_TOLD.match(found.get("Reporter", ""))
    about = told_about("legal", "", len(call.case.proceedings.outward.disclosed))
    told = "forbidden" if forbidden else handover.told(call.plan, call.case_id, "disclosed", about, {})
    said = Disclosed(
        "legal", found["To"], found["What"], people, call.at, told,
        ground=found["Ground"], why=forbidden[1].strip() if forbidden else "", alone=len(people) == 1,
    )  # fmt: skip
    call.plan.add(call.case_id, said)
    call.tell_others("disclosed", told=told)
    return done("disclosed", told=told)
