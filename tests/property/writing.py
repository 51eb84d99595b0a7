"""What people write in `test_who_sees_what`, and who of them how often: Subjects, texts and strategies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from cocmail.core.model import Proof
from property.expected import EVERYBODY, Expected, Said

T = TypeVar("T")

REPORTERS = ("robin@visitors.example", "alex@visitors.example")
NO_ONE: frozenset[str] = frozenset()
# How sure it is who wrote: proven; nothing proven; another member, to the reply address of the one who is meant;
# proven, but written to somebody else and passed on to the alias.
OWN, NOBODY, ANOTHER, PASSED_ON = "own", "nobody", "another", "passed on"
ELSEWHERE = "list@elsewhere.example"

# One draw decides everything that happens: drawn one by one, most of it would be the same over and over.
STARTS = st.integers(0, 2**32 - 1)

_PROOFS = {OWN: 8, NOBODY: 1, ANOTHER: 1, PASSED_ON: 1}
_BALLOTS = {"yes": 5, "no": 3, "abstain": 2}
_WISHES = {
    **{"": 3, "note": 2, "plan": 1, "motion": 3, "reporter": 3, "show": 1, "doc": 2},
    **{"own": 2, "reopen": 2, "resolve": 2, "notreport": 1, "optout": 1, "optin": 1, "committee": 1},
}
_TAGS = {
    "": "",
    "motion": "#motion outcome",
    "resolve": '#resolve violation "all done"',
    "notreport": "#notreport spam",
    "vote": "#vote {question} {ballot}",
    "withdraw": "#withdraw Q{number}",
    "send": "#send D{number}",
}


@dataclass(frozen=True)
class Handed:
    """A member's mail that was handed in at that time, and how sure it is who wrote it."""

    said: Said
    proof: str
    message_id: str
    came: datetime


def one_of(chance: Random, weights: Mapping[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]


def some(chance: Random) -> frozenset[str]:
    """Members to be named or kept out. Rare enough that some are left to vote."""
    return frozenset(chance.sample(EVERYBODY, chance.choice((*(0,) * 9, 1, 1, 2, 3))))


def member(chance: Random, *likely: str) -> str:
    """One of these as a rule, else anybody."""
    return chance.choice((*likely * 5, *EVERYBODY))


def wish(chance: Random, case: Expected) -> dict[str, Any]:
    """What a member does with a case: arguments of `says`. Mostly something that is possible just now."""
    weights = _WISHES | {
        "reporter": 3 if case.drafts else 6,
        "send": 6 * bool(case.drafts),
        "vote": 2 * bool(case.questions),
        "withdraw": 3 * bool(case.unfinished) + bool(case.questions),
    }
    tag = one_of(chance, weights)
    number = chance.choice((*case.unfinished * 3, 1, 2, 3))
    likely = sorted(case.readers)
    match tag:
        case "send":
            number = chance.choice((*range(1, len(case.drafts) + 1), 3))
        case "withdraw":
            likely = [question.mover for question in case.questions[number - 1 : number]]
        case "resolve" | "optout" | "optin" | "reopen" if case.owner:
            likely = [case.owner]
    return {
        "author": member(chance, *likely),
        "tag": tag,
        "proof": one_of(chance, _PROOFS),
        "number": number,
        "ballot": one_of(chance, _BALLOTS),
        "named": some(chance),
        "by_token": chance.random() < 0.7,
    }


def ballot(chance: Random, case: Expected) -> dict[str, Any]:
    """A ballot, mostly a good one; the arguments of `says`."""
    drawn = wish(chance, case)
    number = chance.choice((0, *case.unfinished * 6, 1, 2, 3))
    return drawn | {"author": member(chance, *sorted(case.readers)), "tag": "vote", "number": number}


def sender_of(author: str, proof: str) -> str:
    """The handle whose address the mail comes from."""
    return EVERYBODY[EVERYBODY.index(author) - 1] if proof == ANOTHER else author


def proof_of(sender: str, proof: str) -> Proof:
    return Proof() if proof == NOBODY else Proof(f"{sender}@example.net", "dmarc")


def subject_of(said: Said, code_name: str) -> str:
    question = f"Q{said.number}" if said.number else ""
    tag = _TAGS.get(said.tag, f"#{said.tag}").format(number=said.number, ballot=said.ballot, question=question)
    return f"Re: [{code_name}] Committee case {tag}".strip()


def text_of(said: Said, named: Collection[str]) -> str:
    if said.tag == "motion":
        parts = ("Finding:", "Plan:", "Consequence:", "If refused:")
        return "\n".join(f"{part} {naming(said.canary, named)}" for part in parts)
    # A draft that holds a member's address is refused.
    return naming(said.canary, named, addresses=said.tag != "reporter")


def naming(canary: str, named: Collection[str], *, addresses: bool = True) -> str:
    """A text that names these members, and holds a word that no other text holds."""
    called = (f"Zzyx{handle} {handle.title()}" + f", {handle}@example.net" * addresses for handle in sorted(named))
    return " ".join((canary, *called))
