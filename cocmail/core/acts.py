"""What members do in a case: the events that the proceedings of a case are made of.

They are events like the others (see `events`) and stand in one chain with them. `by` is the handle of who did it, `at`
the time (ISO 8601). Texts are what a member wrote for the record; they are sealed with the event.
"""

from __future__ import annotations

from dataclasses import dataclass

from cocmail.core.erasure import Erasing
from cocmail.core.outward import OutwardAct
from cocmail.core.protective import ProtectiveAct


@dataclass(frozen=True, slots=True)
class OwnerSet:
    """A member takes care of the case from now on. `place` is primary or secondary."""

    handle: str
    place: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class RiskJudged:
    """How a member judges the risks: yes, no, maybe, or "" for what was not said."""

    by: str
    at: str
    safety: str = ""
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class ScopeJudged:
    """Whether the Code of Conduct covers it: in, out or unsure."""

    by: str
    at: str
    scope: str


@dataclass(frozen=True, slots=True)
class MarkedUrgent:
    """A member says that the case cannot wait."""

    by: str
    at: str


@dataclass(frozen=True, slots=True)
class RemarkMade:
    """A text for the case's document. `part` is note, plan or consequence; `day` the day that it is about."""

    by: str
    at: str
    part: str
    text: str
    day: str


@dataclass(frozen=True, slots=True)
class ActionsSet:
    """What the status sheet shows as needed."""

    by: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class StatusSet:
    """The case rests (`paused`) or goes on (`ongoing`)."""

    by: str
    at: str
    status: str


@dataclass(frozen=True, slots=True)
class QuestionOpened:
    """A question to vote on, with the rules as they were then. `quorum` is none or majority, `floor` a number.

    `kind` is outcome, conflict, interim, remove or policy. The four parts are those of an outcome; the last day of a
    measure is its `plan`. The others have a `text`; `about` is the member concerned, `asks` what is asked about a
    conflict: confirm-hard, confirm-soft, restore, force, lift, limit-none, limit-summary or limit-discuss; of a measure
    review or "". `fallback` is tried on a deadlock; until `objections` ("": never) an objection stops it.
    """

    number: int
    kind: str
    mover: str
    at: str
    ends: str
    rule: str
    base: str
    quorum: str
    floor: int
    finding: str = ""
    plan: str = ""
    consequence: str = ""
    if_refused: str = ""
    about: str = ""
    asks: str = ""
    text: str = ""
    fallback: str = ""
    objections: str = ""


@dataclass(frozen=True, slots=True)
class BallotCast:
    """A member's ballot: yes, no or abstain. The last one before the close counts."""

    number: int
    handle: str
    choice: str
    at: str


@dataclass(frozen=True, slots=True)
class QuestionClosed:
    """A question's end. `result` is passed, failed or cancelled; `why` a word of a closed list; then the count."""

    number: int
    result: str
    why: str
    at: str
    yes: int
    no: int
    abstain: int
    not_voted: int
    base: int


@dataclass(frozen=True, slots=True)
class ChallengeMade:
    """A member says that another one has a conflict. It waits for a second voice until `until` (ISO 8601)."""

    by: str
    handle: str
    at: str
    until: str
    text: str


@dataclass(frozen=True, slots=True)
class ChallengeEnded:
    """A challenge is over. `how` is seconded or lapsed."""

    by: str
    handle: str
    at: str
    how: str


@dataclass(frozen=True, slots=True)
class ProposalMade:
    """The words of a change of the procedure that the members talk about, before they vote on them."""

    by: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class ContactNoted:
    """The reported person, or a third one (`role`), to write to; the same number again: at another address."""

    number: int
    role: str
    name: str
    address: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class DraftWritten:
    """What a member proposes to write to somebody outside, a `str(Person)`; `files`: SHA-256 of parts of `entry`."""

    number: int
    to: str
    author: str
    at: str
    text: str
    address: str = ""
    entry: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftSent:
    """The draft went out, sent by this member."""

    number: int
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ObligationSet:
    """What the reported person has to do, by the end of the day `due`."""

    number: int
    by: str
    at: str
    text: str
    due: str


@dataclass(frozen=True, slots=True)
class ObligationMet:
    """It was done, says this member."""

    number: int
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class MeetingSet:
    """The members meet on that day; a later one takes its place."""

    by: str
    at: str
    day: str


@dataclass(frozen=True, slots=True)
class DeadlineTold:
    """Of a clock, as it runs since some time (`key`), that stage was told, in percent."""

    key: str
    stage: int
    at: str


@dataclass(frozen=True, slots=True)
class CaseResolved:
    """The owner resolves the case. `finding` is violation, no-violation or no-action; `vague` is for the sheet."""

    by: str
    at: str
    finding: str
    vague: str


@dataclass(frozen=True, slots=True)
class CaseDismissed:
    """It is no report: `kind` is spam or question."""

    by: str
    at: str
    kind: str


@dataclass(frozen=True, slots=True)
class CaseReopened:
    """The case is taken up again; what was decided stays on record."""

    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ReporterAsked:
    """The reporter's wish about more mail: `wants` is false for none."""

    by: str
    at: str
    wants: bool


Judgement = OwnerSet | RiskJudged | ScopeJudged | MarkedUrgent | ActionsSet | StatusSet | ReporterAsked
Act = (
    Judgement
    | RemarkMade
    | QuestionOpened
    | BallotCast
    | QuestionClosed
    | ChallengeMade
    | ChallengeEnded
    | ProposalMade
    | ContactNoted
    | DraftWritten
    | DraftSent
    | ObligationSet
    | ObligationMet
    | MeetingSet
    | DeadlineTold
    | CaseResolved
    | CaseDismissed
    | CaseReopened
    | ProtectiveAct
    | Erasing
    | OutwardAct
)
