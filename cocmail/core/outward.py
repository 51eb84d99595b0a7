"""What leaves a case for somebody else's hands: a transfer, what the law obliges to, an apology, a letter that nobody
took. Events and their fold, like `acts` and `proceedings`, of which it is a part.

Two members say the same before anything is handed on: each says it as a voice of a request (domain R12, R13).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VoiceGiven:
    """A member says that this is to be done; it waits for a second voice until `until` (ISO 8601).

    `kind` is transfer or disclose, `to` the target's name, `address` its address as the member was told it. The first
    voice opens the request of that number.
    """

    number: int
    kind: str
    to: str
    by: str
    at: str
    until: str
    text: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class VoiceTakenBack:
    """The member does not say so any more."""

    number: int
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """A request is over. `how` is agreed or lapsed."""

    number: int
    how: str
    at: str


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What was given away, to whom, for what, by whom and when (domain R12). `kind` is transfer or legal.

    `entries` are the reporter's messages that went to a target, `target` its address; of what the law obliges to, `to`,
    `ground` and `text` are the members' words. `told` says what became of telling the reporter: told, again (told
    before), no-contact, opted-out, not-wanted (by the procedure) or forbidden, then `why`. `alone`: nobody else was
    left who could have said so, too.
    """

    kind: str
    to: str
    text: str
    by: tuple[str, ...]
    at: str
    told: str
    address: str = ""
    ground: str = ""
    why: str = ""
    entries: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True)
class ApologyAnswered:
    """The reported person offered an apology. `how` is relay (by that draft), decline or accept; `text` why, or as
    what.
    """

    by: str
    at: str
    how: str
    draft: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class LetterRefused:
    """A letter to somebody outside was refused for good. `what` is letter, status or transfer, `draft` its number.

    `back`: a mail server had taken it, and sent it back.
    """

    letter: str
    what: str
    to: str
    at: str
    draft: int = 0
    back: bool = False


@dataclass(frozen=True, slots=True)
class LetterTaken:
    """A letter that had been refused was taken after all."""

    letter: str
    at: str


OutwardAct = VoiceGiven | VoiceTakenBack | RequestEnded | Disclosed | ApologyAnswered | LetterRefused | LetterTaken


@dataclass(frozen=True, slots=True)
class Request:
    """Something that two members have to say: who has said it so far, first one first, with their texts."""

    number: int
    kind: str
    to: str
    until: datetime
    voices: tuple[VoiceGiven, ...]


@dataclass(frozen=True, slots=True)
class Outward:
    """As of the last event. `requests` are the open ones; `refused` the letters that nobody took."""

    requests: tuple[Request, ...] = ()
    asked: int = 0
    disclosed: tuple[Disclosed, ...] = ()
    apologies: tuple[ApologyAnswered, ...] = ()
    refused: tuple[LetterRefused, ...] = ()

    def request(self, kind: str, to: str) -> Request | None:
        """The open request for that, or None."""
        return next((each for each in self.requests if (each.kind, each.to) == (kind, to)), None)

    def went_to(self, address: str) -> frozenset[str]:
        """The messages of the reporter that a body at that address has been given by the members."""
        return frozenset(entry for each in self.disclosed if each.address == address for entry in each.entries)

    def without(self, handle: str) -> Outward:
        """After somebody lost access: what they said is said no more."""
        return replace(self, requests=_without(self.requests, handle))


def _without(requests: tuple[Request, ...], handle: str) -> tuple[Request, ...]:
    left = (replace(each, voices=tuple(voice for voice in each.voices if voice.by != handle)) for each in requests)
    return tuple(each for each in left if each.voices)


def told_about(kind: str, address: str, number: int) -> str:
    """What tells the word to the reporter of one of these from others: a body is told of once, the law each time."""
    return f"transferred {address}" if kind == "transfer" else f"disclosed {number}"


def apply(done: Outward, act: OutwardAct) -> Outward:
    """What stands after one more act."""
    match act:
        case VoiceGiven():
            return _said(done, act)
        case VoiceTakenBack():
            chosen = tuple(each for each in done.requests if each.number == act.number)
            others = tuple(each for each in done.requests if each.number != act.number)
            return replace(done, requests=(*others, *_without(chosen, act.by)))
        case RequestEnded():
            return replace(done, requests=tuple(each for each in done.requests if each.number != act.number))
        case Disclosed():
            return replace(done, disclosed=(*done.disclosed, act))
        case ApologyAnswered():
            return replace(done, apologies=(*done.apologies, act))
        case LetterRefused():
            return replace(done, refused=(*(each for each in done.refused if each.letter != act.letter), act))
        case LetterTaken():
            return replace(done, refused=tuple(each for each in done.refused if each.letter != act.letter))


def _said(done: Outward, act: VoiceGiven) -> Outward:
    known = next((each for each in done.requests if each.number == act.number), None)
    others = tuple(each for each in done.requests if each.number != act.number)
    fresh = known or Request(act.number, act.kind, act.to, datetime.fromisoformat(act.until), ())
    # Said again, to another address: the earlier word is not meant any more.
    voices = (*(voice for voice in fresh.voices if voice.by != act.by), act)
    return replace(
        done,
        requests=(*others, replace(fresh, voices=voices)),
        asked=max(done.asked, act.number),
    )
