"""What people write in `test_who_sees_what`, and who of them how often: Subjects, texts and strategies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st

from cocmail.core.model import Proof
from property.expected import EVERYBODY, Expected, Said

REPORTERS = ("robin@visitors.example", "alex@visitors.example")
NO_ONE: frozenset[str] = frozenset()
# Rare enough that some are left to vote.
SOME = st.one_of(*[st.just(NO_ONE)] * 3, st.frozensets(st.sampled_from(EVERYBODY), max_size=3))
NUMBERS = st.integers(1, 3)
BALLOTS = st.sampled_from(("yes", "yes", "yes", "no", "abstain"))
STEPS = tuple("own own reopen resolve resolve notreport optout optin committee show doc doc".split())
# How sure it is who wrote: proven; nothing proven; another member, to the reply address of the one who is meant;
# proven, but written to somebody else and passed on to the alias.
OWN, NOBODY, ANOTHER, PASSED_ON = "own", "nobody", "another", "passed on"
PROOFS = st.sampled_from((OWN, OWN, OWN, OWN, OWN, NOBODY, ANOTHER, PASSED_ON))
ELSEWHERE = "list@elsewhere.example"

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


def members(case: Expected) -> st.SearchStrategy[str]:
    """Anybody, more often than not somebody who has the case."""
    return st.sampled_from((*EVERYBODY, *sorted(case.readers) * 4))


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
