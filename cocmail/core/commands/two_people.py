"""Two members say the same before it is done: the one mechanism for tags that need it (domain R12, R13).

    the first says it ──> the others are told ──> a second says it, one of the two an owner ──> it is done
                     └──> nobody does in a week: it lapses, and the others are told

The rule: a voice counts only as long as its member has the whole case and nothing pauses that, asked at the moment in
which it is done. With nobody else left who has the case, an owner's word alone is enough, after the confirm round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.conflicts import Sight, is_still, may_see
from cocmail.core.deadlines import minute
from cocmail.core.effects import Timer
from cocmail.core.outward import Request, RequestEnded, VoiceGiven, VoiceTakenBack
from cocmail.core.places import tell
from cocmail.core.plan import Plan

LAPSES_AFTER = timedelta(days=7)
LAPSE = "request-end"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What two members have to say: its kind and, of a transfer, to whom, and at which address.

    `check` gives the refusal of a text that cannot be the reason, or None; `carry_out` does it, given the text and the
    handles of those who said so.
    """

    kind: str
    to: str
    address: str
    check: Callable[[str], Line | None]
    carry_out: Callable[[str, tuple[str, ...]], Line]


def say(call: Call, wanted: Wanted) -> Line:
    """One more voice; with enough of them it is done."""
    request = call.case.proceedings.outward.request(wanted.kind, wanted.to)
    if request is not None and request.until <= call.message.came(call.plan.setting.now):
        # Its time was over before this was written, and nobody looked: it is no first voice any more.
        lapse(call.plan, call.case_id, str(request.number))
        request = None
    before = _voices(call, request, wanted.address)
    people = (*(voice.by for voice in before if voice.by != call.member.handle), call.member.handle)
    text = next((voice.text for voice in before if voice.text), call.text)
    stopped = refuse("no-text", tag=str(call.tag)) if not text else wanted.check(text)
    if stopped is not None:
        return stopped
    owns = any(call.case.proceedings.is_owner(handle) for handle in people)
    if len(people) > 1 and owns:
        return _agreed(call, wanted, request, text, people)
    if not _others(call):
        return _alone(call, wanted, request, text) if owns else refuse("not-owner", tag=str(call.tag), names=[])
    if any(voice.by == call.member.handle for voice in before):
        return unchanged(
            "said-already", until=minute(_until(call, request)), owner=not owns, undo=f"{_plain(call)} stop"
        )
    return _first(call, wanted, request, text, owns=owns)


def _voices(call: Call, request: Request | None, address: str) -> list[VoiceGiven]:
    """Those of a request that count now: a file that was changed meanwhile sends it nowhere else."""
    now, case = call.plan.setting.now, call.case
    every = request.voices if request is not None else ()
    meant = (each for each in every if each.address == address)
    return [each for each in meant if may_see(call.committee.member(each.by), case, now) is Sight.YES]


def _others(call: Call) -> bool:
    """Whether anybody else has the case, be it that they have to wait for it: a changed file makes nobody alone."""
    others = (member for member in call.committee.members if member.handle != call.member.handle)
    return any(is_still(member, call.case) for member in others)


def _first(call: Call, wanted: Wanted, request: Request | None, text: str, *, owns: bool) -> Line:
    """Waits for somebody else; what would be told or put on record is the text of whoever said it first."""
    number = request.number if request is not None else call.case.proceedings.outward.asked + 1
    until = _until(call, request)
    said = (number, wanted.kind, wanted.to, call.member.handle, call.at, until.isoformat(), call.text, wanted.address)
    call.plan.add(call.case_id, VoiceGiven(*said))
    if request is None:
        call.plan.timers.append(Timer(call.case_id, LAPSE, str(number), until))
    ends, tag = minute(until), _tag(wanted.kind, wanted.to)
    to = f"{wanted.to} <{wanted.address}>"
    call.tell_others("asks-second", kind=wanted.kind, to=to, text=text, tag=tag, until=ends, owner=not owns)
    return done("asks-second", kind=wanted.kind, to=to, until=ends, owner=not owns, undo=f"{_plain(call)} stop")


def _until(call: Call, request: Request | None) -> datetime:
    return request.until if request is not None else call.plan.setting.now + LAPSES_AFTER


def _plain(call: Call) -> str:
    return " ".join((f"#{call.tag.name}", call.tag.arguments[0]))


def _tag(kind: str, to: str) -> str:
    return f"#transfer {to}" if kind == "transfer" else "#disclose legal"


def _agreed(call: Call, wanted: Wanted, request: Request | None, text: str, people: tuple[str, ...]) -> Line:
    if request is not None:
        call.plan.add(call.case_id, RequestEnded(request.number, "agreed", call.at))
    return {**wanted.carry_out(text, people), "alone": False}


def _alone(call: Call, wanted: Wanted, request: Request | None, text: str) -> Line:
    return {**_agreed(call, wanted, request, text, (call.member.handle,)), "alone": True}


def take_back(call: Call, kind: str, to: str) -> Line:
    """A member does not say so any more; with no voice left the request is over."""
    request = call.case.proceedings.outward.request(kind, to)
    if request is None or all(voice.by != call.member.handle for voice in request.voices):
        return unchanged("not-said", tag=_plain(call))
    call.plan.add(call.case_id, VoiceTakenBack(request.number, call.member.handle, call.at))
    call.tell_others("took-back", tag=_tag(kind, to))
    return done("took-back", tag=_plain(call), taken_back=True)


def lapse(plan: Plan, case_id: str, about: str) -> None:
    """Nobody else said so in time: who has the case is told. One that is over already is."""
    requests = plan.cases[case_id].proceedings.outward.requests
    found = next((each for each in requests if str(each.number) == about), None)
    if found is None or plan.setting.now < found.until:
        return
    plan.add(case_id, RequestEnded(found.number, "lapsed", plan.setting.now.isoformat()))
    words = {"what": "request-lapsed", "tag": _tag(found.kind, found.to)}
    tell(plan, case_id, f"request-lapsed {about}", "changed", words)
