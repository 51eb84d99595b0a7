"""What a committee asks itself before it decides: lists in a case's document, until something is decided.

Sources: CNCF, "What information to include in your report" (domain R4) and "Factors that the CoC Committee will
consider" (R37); Kubernetes, the questions at the beginning of an inquiry (R36). They remind; nothing waits for them.
"""

from __future__ import annotations

from cocmail.core.case import Case
from cocmail.core.lifecycle import LIVE
from cocmail.reports.record import item, wrapped

REPORT, PLAN, CONSEQUENCES = 1, 3, 4

_MISSING = {
    "reported": "whom it is about: #party reported NAME",
    "harmed": "who was harmed, if not the reporter: #party harmed NAME",
    "witness": "who saw it: #party witness NAME",
}
_GAPS = "Not on record, and worth asking for only where you need it:"
_MAY_LACK = (
    "when and where it was, if the report does not say it",
    "which part of the Code of Conduct it touches",
    "what there is to show for it: pictures, a recording, a chat",
)
_BEFORE_A_PLAN = (
    "Does writing to somebody, or being seen to ask, put the reporter or anybody else in danger?",
    "Is there something that only the reporter can clear up?",
    "Is there somebody else who was part of it, or saw it, and who has to be asked?",
    "Is there a public record: a chat, a video, a list's archive?",
)
_BEFORE_CONSEQUENCES = (
    "Did it happen once, or again and again?",
    "How grave is it?",
    "What does it do to the community and to those who take part?",
    "What would repair the harm, or make it less?",
    "What would protect those involved, and everybody else, from more of it?",
    "Does the reported person see what was wrong, and would they change it? What would help them to?",
    "Is there something about the project that made it likely? What can be changed about that?",
)
_QUESTIONS = {PLAN: _BEFORE_A_PLAN, CONSEQUENCES: _BEFORE_CONSEQUENCES}


def to_ask(number: int, case: Case) -> str:
    """The list that belongs to that part of the document; "" where there is none, or none any more."""
    if case.proceedings.state not in LIVE or case.proceedings.decision is not None:
        return ""
    if number == REPORT:
        named = {party.role for party in case.parties}
        lines = [*(text for role, text in _MISSING.items() if role not in named), *_MAY_LACK]
        return _listed(_GAPS, lines)
    return _listed("To think of:", _QUESTIONS[number]) if number in _QUESTIONS else ""


def _listed(heading: str, lines: list[str] | tuple[str, ...]) -> str:
    return "\n".join([wrapped(heading), "", *map(item, lines)])
