"""What members do about each other's conflicts: `#challenge #limit #ask`, and `#motion conflict`."""

from __future__ import annotations

import re
from datetime import timedelta

from cocmail.core import acts, letters
from cocmail.core.access import KEPT_OUT, Standing
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged
from cocmail.core.commands.record import LONGEST
from cocmail.core.commands.texts import leaking
from cocmail.core.conflicts import exists_for
from cocmail.core.deadlines import minute
from cocmail.core.effects import Letter, Timer
from cocmail.core.model import Member, witness_person
from cocmail.core.motions import CONFLICT, Challenge, Motion
from cocmail.core.places import is_kept_out_for_good, name_for, tell
from cocmail.core.plan import Plan
from cocmail.core.questions import open_question

LAPSES_AFTER = timedelta(hours=48)
LAPSE = "challenge-end"
_FIELD = re.compile(r"(?im)^[ \t*_]*(member|access)[ \t*_]*[:\uff1a][ \t*_]*@?([a-z0-9][a-z0-9-]*)")


def named_member(call: Call) -> Member | None:
    """The member whom the tag names, or None."""
    return call.committee.member(call.tag.argument("member").removeprefix("@"))


def fields_of(text: str) -> dict[str, str]:
    """`Member: @ivo` and the like in a motion's text, by the word in front, folded."""
    return {name.casefold(): value.casefold() for name, value in _FIELD.findall(text)}


def challenge(call: Call) -> Line:
    """Somebody says that another member has a conflict; with a second voice it pauses access and is voted on.

    The one whom it is about hears nothing of it before that.
    """
    chosen = named_member(call)
    if chosen is None or chosen not in call.others:
        return refuse("no-such-reader", handles=[member.handle for member in call.others])
    if any(_is_settled(motion, chosen.handle) for motion in call.case.proceedings.motions):
        return refuse("challenge-decided", name=chosen.name)
    open_now = call.case.proceedings.challenges
    if call.case.proceedings.asked_about(chosen.handle):
        return unchanged("asked-about-already", name=chosen.name)
    first = next((each for each in open_now if each.handle == chosen.handle), None)
    if first is not None and first.by == call.member.handle:
        return unchanged("challenged-again", name=chosen.name)
    if first is not None:
        return _second(call, chosen, first)
    if any(each.by == call.member.handle for each in open_now):
        return refuse("one-challenge")
    return _first(call, chosen)


def _is_settled(motion: Motion, handle: str) -> bool:
    """Whether the others were asked in this case whether that member has to withdraw: that is done once."""
    return motion.asks == "force" and motion.about == handle and not motion.is_open


def _first(call: Call, chosen: Member) -> Line:
    if not call.text:
        return refuse("no-text", tag=str(call.tag))
    until = call.plan.setting.now + LAPSES_AFTER
    made = acts.ChallengeMade(call.member.handle, chosen.handle, call.at, until.isoformat(), call.text)
    call.plan.add(call.case_id, made)
    call.plan.timers.append(Timer(call.case_id, LAPSE, f"{call.member.handle} {chosen.handle}", until))
    told = call.tell_others(
        "challenged", but=chosen, about=chosen.name, handle=chosen.handle, text=call.text, until=minute(until)
    )
    return done("challenged", name=chosen.name, until=minute(until), others=told)


def _second(call: Call, chosen: Member, first: Challenge) -> Line:
    plan = call.plan
    plan.add(call.case_id, acts.ChallengeEnded(first.by, chosen.handle, call.at, "seconded"))
    text = "\n\n".join(filter(None, (first.text, call.text)))
    said = {"about": chosen.handle, "asks": "force", "text": text}
    opened = open_question(plan, call.case_id, first.by, CONFLICT, said, rule="unanimous", lasts=LAPSES_AFTER)
    named = {"case_name": name_for(plan, call.case_id, chosen)}
    plan.write(chosen, "paused", f"paused {call.case_id} {opened.label}", named)
    return done("seconded", name=chosen.name, label=opened.label, ends=minute(opened.ends))


def lapse(plan: Plan, case_id: str, about: str) -> None:
    """A challenge that nobody seconded in time: who was told of it is told of its end; whom it was about, of neither.

    One that was seconded, or is void, is over already.
    """
    by, handle = about.split()
    if not any((each.by, each.handle) == (by, handle) for each in plan.cases[case_id].proceedings.challenges):
        return
    at, member = plan.setting.now.isoformat(), plan.setting.committee.member(handle)
    plan.add(case_id, acts.ChallengeEnded(by, handle, at, "lapsed"))
    words = {"what": "lapsed", "about": member.name if member is not None else "a former member"}
    tell(plan, case_id, f"lapsed {by} {handle} {at}", "changed", words, but={handle})


def limit(call: Call) -> Line:
    """Asks the others what a member with a soft conflict may have."""
    chosen, level = named_member(call), call.tag.argument("word")
    place = call.case.members.get(chosen.handle) if chosen is not None else None
    soft = place is not None and place.conflict == "soft" and place.standing in KEPT_OUT
    if chosen is None or place is None or not soft:
        return refuse("not-soft")
    if place.limit.name.casefold() == level:
        return unchanged("limited-already", name=chosen.name, level=level)
    if call.case.proceedings.asked_about(chosen.handle):
        return unchanged("asked-about-already", name=chosen.name)
    said = {"about": chosen.handle, "asks": f"limit-{level}"}
    return _opened(open_question(call.plan, call.case_id, call.member.handle, CONFLICT, said))


def _opened(motion: Motion) -> Line:
    return done("motion", label=motion.label, ends=minute(motion.ends), undo=f"#withdraw {motion.label}")


def motion_conflict(call: Call) -> Line:
    """Asks the others to bring in somebody who was kept out by the screening: `Member: @ivo`, `Access: full`.

    Whom the reporter excluded, or who is the reporter, is not brought in by a vote. Which of the two it is, or whether
    that member is kept out at all, is not told.
    """
    if not call.case.called("reported"):
        # The member is asked by the reported name; without one there is nothing to ask.
        return refuse("no-party")
    found = fields_of(call.text)
    if not found.get("member") or found.get("access") != "full":
        return refuse("missing-parts", missing=["Member:", "Access:"], parts=["Member: @name", "Access: full"])
    chosen = call.committee.member(found["member"])
    if chosen is None:
        return refuse("no-such-member", handles=[member.handle for member in call.committee.members])
    if exists_for(chosen, call.case):
        return unchanged("has-it-already", name=chosen.name)
    place = call.case.members.get(chosen.handle)
    recused = place is not None and place.standing is Standing.RECUSED
    if recused or is_kept_out_for_good(chosen, call.case):
        return refuse("cannot-bring-in", name=chosen.name)
    if call.case.proceedings.asked_about(chosen.handle):
        return unchanged("asked-about-already", name=chosen.name)
    said = {"about": chosen.handle, "asks": "lift", "text": call.text}
    return _opened(open_question(call.plan, call.case_id, call.member.handle, CONFLICT, said))


def ask(call: Call) -> Line:
    """A question to a member who does not have the case, as a witness. Nothing of the case goes with it."""
    chosen = named_member(call)
    outside = [member for member in call.committee.members if not exists_for(member, call.case)]
    if chosen is None or chosen not in outside:
        return refuse("no-such-witness", handles=[member.handle for member in outside])
    text = call.message.mail.text.strip()
    if len(text) > LONGEST:
        return refuse("too-long", limit=LONGEST)
    stopped = leaking(call, text, witness_person(chosen.handle), but=chosen.name)
    if stopped is not None:
        return stopped
    person = witness_person(chosen.handle)
    token = call.plan.issue(call.case_id, person, chosen.email)
    call.plan.letters.append(
        Letter(
            id=letters.letter_id(call.case_id, call.message.id, "witness", str(person)),
            kind="outreach",
            to=person,
            template="outreach",
            address=chosen.email,
            case_id=call.case_id,
            token=token,
            words={"text": text},
        )
    )
    call.tell_others("asked-witness", witness=chosen.name, text=text)
    return done("asked-witness", name=chosen.name)
