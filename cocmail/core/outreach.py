"""The parts of a letter to the reported person, as far as it can be seen that one is missing (domain R46, R48, R50).

NumFOCUS, "Following up with the reported person": the behaviour in neutral words, its impact, the change that is asked
for, consequences. And: nobody is to look for the reporter, how to answer, and that two of the committee see to it.

It goes by a few English words, so it only ever gives a hint; the behaviour itself cannot be told from other sentences.
"""

from __future__ import annotations

import re

PARTS: dict[str, re.Pattern[str]] = {
    "impact": re.compile(
        r"\b(?:impact|effect|affect|harm|hurt|felt|feel|feeling|unsafe|uncomfortable|unwelcome|afraid|frighten|scare"
        r"|distress|upset|intimidat|offen[cds]|pain|humiliat|embarrass)"
    ),
    "change": re.compile(r"\b(?:please|ask you|asks you|expect|from now on|must|stop|need you|do not|don't|instead)\b"),
    "consequence": re.compile(
        r"\b(?:consequence|follows|if you|if it|if this|should it|otherwise|warning|ban|banned|suspen|remov|exclu|until"
        r"|further step|no further|nothing more)"
    ),
    "contact": re.compile(
        r"\b(?:not|don't|never|nor|refrain)\b[^.!?]{0,80}\b(?:contact|write|approach|find out|look for|reach|seek)"
    ),
    "answer": re.compile(r"\b(?:answer|reply|respond|question|\bto us\b|write back|get back|let us know|tell us)"),
    "two": re.compile(r"\b(?:two|both)\b[^.!?\n]{0,30}\b(?:us|members|people|committee|we)\b"),
}


def missing_parts(text: str) -> list[str]:
    """The words of `PARTS` of which a letter seems to say nothing."""
    folded = text.casefold().replace("’", "'")
    return [part for part, pattern in PARTS.items() if not pattern.search(folded)]
