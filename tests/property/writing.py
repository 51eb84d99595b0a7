"""What people write in `test_who_sees_what`, and who of them how often: Subjects, texts and strategies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from cocmail.core.trust import Proof
from property.expected import Expected
from property.procedures import A_FRIEND, EVERYBODY, address_of, by_friend
from property.records import Said

T = TypeVar("T")

REPORTERS = ("robin@visitors.example", "alex@visitors.example")
NO_ONE: frozenset[str] = frozenset()
# How sure it is who wrote: proven; nothing proven; another member, to the reply address of the one who is meant;
# proven, but written to somebody else and passed on to the alias.
OWN, NOBODY, ANOTHER, PASSED_ON = "own", "nobody", "another", "passed on"
ELSEWHERE = "list@elsewhere.example"

# One draw decides everything that happens: drawn one by one, most of it would be the same over and over.
STARTS = st.integers(0, 2**32 - 1)

_PROOFS = {OWN: 10, NOBODY: 1, ANOTHER: 1, PASSED_ON: 1}
_BALLOTS = {"yes": 6, "no": 3, "abstain": 1}
_WISHES = {
    **{"": 3, "note": 2, "plan": 1, "motion": 3, "reporter": 3, "show": 2, "doc": 4, "party": 1, "check": 1},
    **{"own": 2, "reopen": 2, "resolve": 2, "notreport": 1, "optout": 1, "optin": 1, "committee": 1, "clear": 1},
    **{"lift": 1, "unrecuse": 1, "limit": 1, "challenge": 1, "object": 1, "ask": 1, "handoff": 1, "scope": 1},
}
_TAGS = {
    "": "",
    "motion": "#motion outcome",
    "lift": "#motion conflict",
    "remove": "#motion remove",
    "resolve": '#resolve violation "all done"',
    "notreport": "#notreport spam",
    "vote": "#vote {question} {ballot}",
    "withdraw": "#withdraw Q{number}",
    "object": "#object Q{number}",
    "send": "#send D{number}",
    "party": '#party {word} "{text}"',
    "check": "#check {word}",
    "recuse": "#recuse {word}",
    "challenge": "#challenge @{about}",
    "limit": "#limit @{about} {word}",
    "ask": "#ask @{about}",
    "handoff": "#handoff @{about}",
    "risk": "#risk safety:yes",
    "scope": "#scope in",
    "numbered": "#clear {number}",
}
# A text of theirs that holds a member's name or address, or much of what the case holds, would be refused.
_PLAIN = ("ask",)


@dataclass(frozen=True)
class Handed:
    """A member's mail that was handed in at that time, and how sure it is who wrote it."""

    said: Said
    proof: str
    message_id: str
    came: datetime


def one_of(chance: Random, weights: Mapping[T, float]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]


def some(chance: Random) -> frozenset[str]:
    """Members to be named or kept out. Rare enough that some are left to vote."""
    return frozenset(chance.sample(EVERYBODY, chance.choice((*(0,) * 11, 1, 1, 2, 3))))


def member(chance: Random, *likely: str) -> str:
    """One of these as a rule, else anybody."""
    return chance.choice((*likely * 5, *EVERYBODY))


def wish(chance: Random, case: Expected) -> dict[str, Any]:
    """What a member does with a case: arguments of `says`. Mostly something that is possible just now."""
    procedure = case.body.procedure
    unjudged = [tag for tag in procedure.asks_first if tag not in case.judged]
    weights = _WISHES | {
        "reporter": 3 if case.drafts else 6,
        "send": 6 * bool(case.drafts),
        "vote": 2 * bool(case.questions),
        "withdraw": 2 * bool(case.unfinished) + bool(case.questions),
        "party": 12 if case.early and not case.reported() else 1,
        "check": 10 if case.early == "triage" and case.reported() else 1,
        "challenge": 12 * procedure.forced + 1,
        "limit": 12 if any(place.conflict == "soft" for place in case.places.values()) else 1,
        "unrecuse": 4 if case.with_standing("recused") else 1,
        "object": 3 if procedure.objections and case.unfinished else 1,
        **dict.fromkeys(unjudged, 6),
        **({"ask": 5, "handoff": 2, "resolve": 4} if case.owner else {}),
    }
    return wished(chance, case, one_of(chance, weights))


def wished(chance: Random, case: Expected, tag: str) -> dict[str, Any]:
    """The arguments of `says` for that tag: by whom it can be used, about whom it makes sense."""
    number = chance.choice((*case.unfinished * 3, 1, 2, 3))
    likely, about, word = sorted(case.readers), member(chance, *sorted(case.readers)), ""
    outside = [handle for handle in case.body.seats if case.level(handle) == "none"]
    match tag:
        case "send":
            number = chance.choice((*range(1, len(case.drafts) + 1), 3))
        case "withdraw":
            likely = [question.mover for question in case.questions[number - 1 : number]]
        case "resolve" | "optout" | "optin" | "reopen" | "ask" | "handoff" if case.owner:
            likely = [case.owner]
            about = member(chance, *outside) if tag == "ask" else about
        case "clear":
            number = 0
            likely = sorted(handle for handle in case.with_standing("asked") if not case.places[handle].number)
            likely = likely or sorted(case.readers)
        case "unrecuse":
            likely = sorted(case.with_standing("recused", "limited"))
        case "recuse":
            word = chance.choice(("", "hard", "soft", "soft"))
        case "party":
            word = chance.choice(("reported", "reported", "reporter", "harmed", "witness"))
        case "check":
            word = chance.choice(("", "", "staged"))
        case "limit":
            soft = sorted(handle for handle, place in case.places.items() if place.conflict == "soft")
            about, word = member(chance, *soft * 3), chance.choice(("none", "summary", "summary", "discuss", "discuss"))
        case "challenge" if case.challenges and chance.random() < 0.7:
            about = case.challenges[0].about
        case "lift":
            about = member(chance, *outside * 2)
    return {
        "author": member(chance, *likely),
        "tag": tag,
        "proof": one_of(chance, _PROOFS),
        "number": number,
        "ballot": one_of(chance, _BALLOTS),
        "named": some(chance),
        "by_token": chance.random() < 0.7,
        "word": word,
        "about": about,
        "silent": tag in ("recuse", "challenge") and chance.random() < 0.25,
    }


def ballot(chance: Random, case: Expected) -> dict[str, Any]:
    """A ballot, mostly a good one; the arguments of `says`."""
    number = chance.choice((0, *case.unfinished * 6, 1, 2, 3))
    able = [handle for each in case.unfinished for handle in sorted(case.may_vote(case.questions[each - 1]))]
    drawn = wished(chance, case, "vote")
    return drawn | {"number": number, "author": member(chance, *able) if able else drawn["author"]}


def sender_of(author: str, proof: str) -> str:
    """The handle whose address the mail comes from."""
    return EVERYBODY[EVERYBODY.index(author) - 1] if proof == ANOTHER else author


def proof_of(address: str, proof: str) -> Proof:
    return Proof() if proof == NOBODY else Proof(address, "dmarc")


def subject_of(said: Said, code_name: str, named: Collection[str] = ()) -> str:
    question = f"Q{said.number}" if said.number else ""
    text = naming(said.canary, named, addresses=False)
    arguments = {"number": said.number, "ballot": said.ballot, "word": said.word, "about": said.about, "text": text}
    numbered = said.tag == "clear" and said.number
    tag = _TAGS.get("numbered" if numbered else said.tag, f"#{said.tag}").format(question=question, **arguments)
    # Who is new on the committee knows no case by its name.
    return tag if numbered or not code_name else f"Re: [{code_name}] Committee case {tag}".strip()


def text_of(said: Said, named: Collection[str]) -> str:
    if not said.canary or said.tag == "party":
        return ""
    if said.tag in _PLAIN:
        return said.canary
    if said.tag == "motion":
        parts = ("Finding:", "Plan:", "Consequence:", "If refused:")
        return "\n".join(f"{part} {naming(said.canary, named)}" for part in parts)
    above = {"lift": f"Member: @{said.about}\nAccess: full\n", "remove": f"Member: @{said.about}\n"}.get(said.tag, "")
    return above + naming(said.canary, named)


def naming(canary: str, named: Collection[str], *, addresses: bool = True) -> str:
    """A text that names these members, and holds a word that no other text holds."""
    told = {handle: f"Zzyx{handle} {handle.title()}" + f", {address_of(handle)}" * addresses for handle in named}
    called = (A_FRIEND if by_friend(canary, handle) else told[handle] for handle in sorted(named))
    return " ".join((canary, *called))
