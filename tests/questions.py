"""Questions and ballots, for the conversations that vote."""

from __future__ import annotations

import re

from scene import Delivered, Scene

MOTION = """\
Finding: shouting at a newcomer, which our code does not allow.
Plan: a talk about how we speak to each other.
Consequence: no hosting of meetups for half a year.
If refused: no meetups for a year.
"""


async def ask(scene: Scene, mover: str = "amara", text: str = MOTION) -> None:
    await scene.answer(scene.last("forward", mover), text, tag="#motion outcome")


async def vote(scene: Scene, handle: str, ballot: str, *, settle: bool = True) -> None:
    await scene.answer(scene.last("vote", handle), tag=f"#vote {ballot}", settle=settle)


def tally(mail: Delivered) -> str:
    """The lines of the contract, section 4, in their order: question, result, rule and the count."""
    names = ("Question", "Result", "Rule", "Yes", "No", "Abstain", "Not voted", "Base")
    found = [re.search(rf"(?m)^{name}: (\S+)$", mail.text) for name in names]
    return " ".join(match[1] if match else "?" for match in found)
