"""The proceedings of a case: a fold of the acts, which draws no conclusions about who may do what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime

from cocmail.core import acts, erasure, lifecycle, outward, protective
from cocmail.core.lifecycle import Move, State
from cocmail.core.model import Person, contact_person
from cocmail.core.motions import ASIDE, CONFLICT, Challenge, Motion
from cocmail.core.outward import Outward, OutwardAct
from cocmail.core.record import Draft, Fact, Meeting, Obligation, Remark
from cocmail.core.votes import Tally


@dataclass(frozen=True, slots=True)
class Proceedings:
    """Everything that the members did in a case, as of its last event."""

    state: State = State.OPEN
    urgent: bool = False
    danger: bool = False
    paused: bool = False
    safety: str = "maybe"
    repeat: str = "maybe"
    scope: str = ""
    actions: str = ""
    resolution: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    motions: tuple[Motion, ...] = ()
    drafts: tuple[Draft, ...] = ()
    facts: tuple[Fact, ...] = ()
    dismissed_at: datetime | None = None
    opted_out: bool = False
    counted_from: int = 0
    checked: bool = True
    challenges: tuple[Challenge, ...] = ()
    proposal: acts.ProposalMade | None = None
    contacts: tuple[acts.ContactNoted, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    meeting: Meeting | None = None
    measures: tuple[protective.Measure, ...] = ()
    reminded: Mapping[str, int] = field(default_factory=dict)
    erasure: erasure.Erasure | None = None
    kept_at: datetime | None = None
    outward: Outward = field(default_factory=Outward)

    @property
    def times_reopened(self) -> int:
        """How often the case was taken up again after it was over."""
        return sum(fact.what == "reopened" for fact in self.facts)

    @property
    def open_motions(self) -> tuple[Motion, ...]:
        return tuple(motion for motion in self.motions if motion.is_open)

    @property
    def conflict_motions(self) -> tuple[Motion, ...]:
        """The open questions on somebody's conflict."""
        return tuple(motion for motion in self.open_motions if motion.kind == CONFLICT)

    def asked_about(self, handle: str) -> tuple[Motion, ...]:
        """The open questions on that member's conflict."""
        return tuple(motion for motion in self.conflict_motions if motion.about == handle)

    @property
    def unsettled(self) -> tuple[Motion, ...]:
        """The open questions on whether somebody is out: until they are settled nothing is decided (domain R21)."""
        return tuple(motion for motion in self.conflict_motions if motion.asks.startswith(("confirm", "force")))

    @property
    def decision(self) -> Motion | None:
        """The last question on the matter itself that passed since the case was opened or taken up again."""
        standing = [motion for motion in self.motions if motion.number > self.counted_from and motion.kind not in ASIDE]
        return next((motion for motion in reversed(standing) if motion.result == "passed"), None)

    def motion(self, number: int) -> Motion | None:
        return next((motion for motion in self.motions if motion.number == number), None)

    def labelled(self, label: str) -> Motion | None:
        """The question of that label as people write it, Q1 or q1."""
        return next((motion for motion in self.motions if motion.label.casefold() == label.casefold()), None)

    def draft(self, number: int) -> Draft | None:
        return next((draft for draft in self.drafts if draft.number == number), None)

    def contact(self, person: Person) -> acts.ContactNoted | None:
        """The somebody outside whom a `contact_person` is."""
        numbered = (each for each in self.contacts if contact_person(each.number) == person)
        return next(numbered, None)

    def people(self, role: str) -> frozenset[Person]:
        """Those outside whom the members write to as that: reported, for one."""
        return frozenset(contact_person(each.number) for each in self.contacts if each.role == role)

    def is_owner(self, handle: str) -> bool:
        return handle in self.owners.values()

    def without(self, handle: str) -> Proceedings:
        """After somebody lost access: open ballots are void and their place as an owner is free; closed votes stand."""
        motions = tuple(
            replace(motion, ballots={who: cast for who, cast in motion.ballots.items() if who != handle})
            if motion.is_open
            else motion
            for motion in self.motions
        )
        owners = {place: owner for place, owner in self.owners.items() if owner != handle}
        challenges = tuple(each for each in self.challenges if handle not in (each.by, each.handle))
        left = self.outward.without(handle)
        return replace(self, motions=motions, owners=owners, challenges=challenges, outward=left)


def apply(done: Proceedings, act: acts.Act) -> Proceedings:
    """The proceedings after one more act. Raises ValueError for a move that the life-cycle does not have."""
    if isinstance(act, OutwardAct):
        return _outward(done, act)
    match act:
        case acts.QuestionOpened() | acts.BallotCast() | acts.QuestionClosed():
            return _voted(done, act)
        case acts.DraftWritten() | acts.DraftSent() | acts.RemarkMade():
            return _wrote(done, act)
        case acts.CaseResolved() | acts.CaseDismissed() | acts.CaseReopened():
            return _moved(done, act)
        case acts.ChallengeMade() | acts.ChallengeEnded():
            return _challenged(done, act)
        case acts.ProposalMade():
            return replace(done, proposal=act)
        case acts.ObligationSet() | acts.ObligationMet() | acts.MeetingSet():
            return _followed(done, act)
        case protective.MeasureTaken() | protective.MeasureLookedAt():
            return replace(done, measures=protective.after(done.measures, act))
        case acts.ContactNoted():
            others = (each for each in done.contacts if each.number != act.number)
            return replace(done, contacts=(*others, act))
        case acts.DeadlineTold():
            return replace(done, reminded={**done.reminded, act.key: act.stage})
        case erasure.ErasureTold() | erasure.ErasureWaited():
            return replace(done, erasure=erasure.after(done.erasure, act))
        case erasure.ErasureStopped():
            return _kept(done, act)
        case _:
            return _judged(done, act)


def _outward(done: Proceedings, act: OutwardAct) -> Proceedings:
    changed = replace(done, outward=outward.apply(done.outward, act))
    if isinstance(act, outward.Disclosed) and act.kind == "transfer":
        # It is the other body's case from now on, be it that the members keep what they have of it.
        return replace(changed, state=lifecycle.after(done.state, Move.TRANSFER), paused=False)
    return changed


def _voted(done: Proceedings, act: acts.QuestionOpened | acts.BallotCast | acts.QuestionClosed) -> Proceedings:
    match act:
        case acts.QuestionOpened():
            state = done.state if act.kind in ASIDE else lifecycle.after(done.state, Move.MOTION)
            return replace(done, motions=(*done.motions, _motion(act)), state=state)
        case acts.BallotCast():
            return _with_motion(done, act.number, lambda motion: _cast(motion, act))
        case acts.QuestionClosed():
            tally = Tally(act.yes, act.no, act.abstain, act.not_voted)
            at = datetime.fromisoformat(act.at)
            closed = _with_motion(
                done,
                act.number,
                lambda motion: replace(motion, result=act.result, why=act.why, closed_at=at, tally=tally),
            )
            if done.state is not State.VOTING or any(motion.kind not in ASIDE for motion in closed.open_motions):
                return closed
            move = Move.PASSED if closed.decision is not None else Move.NOT_PASSED
            return replace(closed, state=lifecycle.after(closed.state, move))


def _motion(act: acts.QuestionOpened) -> Motion:
    values = {item.name: getattr(act, item.name) for item in fields(act) if item.name != "at"}
    values["opened_at"], values["ends"] = datetime.fromisoformat(act.at), datetime.fromisoformat(act.ends)
    values["objections"] = datetime.fromisoformat(act.objections) if act.objections else None
    return Motion(**values)


def _challenged(done: Proceedings, act: acts.ChallengeMade | acts.ChallengeEnded) -> Proceedings:
    others = tuple(each for each in done.challenges if (each.by, each.handle) != (act.by, act.handle))
    if isinstance(act, acts.ChallengeEnded):
        return replace(done, challenges=others)
    made = Challenge(act.by, act.handle, datetime.fromisoformat(act.until), act.text)
    return replace(done, challenges=(*others, made))


def _cast(motion: Motion, act: acts.BallotCast) -> Motion:
    return replace(motion, ballots={**motion.ballots, act.handle: act.choice})


def _with_motion(done: Proceedings, number: int, change: Callable[[Motion], Motion]) -> Proceedings:
    return replace(
        done, motions=tuple(change(motion) if motion.number == number else motion for motion in done.motions)
    )


def _wrote(done: Proceedings, act: acts.DraftWritten | acts.DraftSent | acts.RemarkMade) -> Proceedings:
    at = datetime.fromisoformat(act.at)
    match act:
        case acts.DraftWritten():
            said = (act.text, "", None, act.address, act.entry, act.files)
            return replace(done, drafts=(*done.drafts, Draft(act.number, Person.parse(act.to), act.author, at, *said)))
        case acts.DraftSent():
            sent = tuple(
                replace(draft, sent_by=act.by, sent_at=at) if draft.number == act.number else draft
                for draft in done.drafts
            )
            return replace(done, drafts=sent)
        case acts.RemarkMade():
            return replace(done, remarks=(*done.remarks, Remark(act.by, at, act.part, act.text, act.day)))


def _followed(done: Proceedings, act: acts.ObligationSet | acts.ObligationMet | acts.MeetingSet) -> Proceedings:
    at = datetime.fromisoformat(act.at)
    match act:
        case acts.ObligationSet():
            fresh = Obligation(act.number, act.by, at, act.text, date.fromisoformat(act.due))
            return replace(done, obligations=(*done.obligations, fresh))
        case acts.ObligationMet():
            met = tuple(replace(each, met_at=at) if each.number == act.number else each for each in done.obligations)
            return replace(done, obligations=met)
        case acts.MeetingSet():
            noted = _noted(done, Fact(at, act.by, "meeting", act.day))
            return replace(noted, meeting=Meeting(at, date.fromisoformat(act.day)))


def _moved(done: Proceedings, act: acts.CaseResolved | acts.CaseDismissed | acts.CaseReopened) -> Proceedings:
    at = datetime.fromisoformat(act.at)
    match act:
        case acts.CaseResolved():
            return replace(
                _noted(done, Fact(at, act.by, "resolved", act.finding)),
                state=lifecycle.after(done.state, Move.RESOLVE),
                resolution=act.vague,
                paused=False,
            )
        case acts.CaseDismissed():
            return replace(
                _noted(done, Fact(at, act.by, "dismissed", act.kind)),
                state=lifecycle.after(done.state, Move.DISMISS),
                dismissed_at=at,
            )
        case acts.CaseReopened():
            unasked = done.state is State.DISMISSED and not done.checked
            return replace(
                _noted(done, Fact(at, act.by, "reopened")),
                state=lifecycle.after(done.state, Move.RETURN if unasked else Move.REOPEN),
                resolution="",
                dismissed_at=None,
                counted_from=len(done.motions),
            )


def _kept(done: Proceedings, act: erasure.ErasureStopped) -> Proceedings:
    if not act.by:
        return replace(done, erasure=None)
    at = datetime.fromisoformat(act.at)
    return replace(_noted(done, Fact(at, act.by, "kept")), erasure=None, kept_at=at)


def _judged(done: Proceedings, act: acts.Judgement | protective.DangerSeen) -> Proceedings:
    at = datetime.fromisoformat(act.at)
    match act:
        case protective.DangerSeen():
            return replace(_noted(done, Fact(at, act.by, "danger")), danger=True, urgent=True, safety="yes")
        case acts.OwnerSet():
            others = {place: owner for place, owner in done.owners.items() if owner != act.handle}
            noted = _noted(done, Fact(at, act.by, f"owner-{act.place}", act.handle))
            return replace(noted, owners={**others, act.place: act.handle})
        case acts.RiskJudged():
            judged = (("safety", act.safety), ("repeat", act.repeat))
            said = " ".join(f"{key}:{value}" for key, value in judged if value)
            noted = _noted(done, Fact(at, act.by, "risk", said))
            safety = act.safety or done.safety
            # Who says that nobody's safety is at risk any more says that the danger is over.
            danger = done.danger and act.safety != "no"
            return replace(noted, safety=safety, repeat=act.repeat or done.repeat, danger=danger)
        case acts.ScopeJudged():
            return replace(_noted(done, Fact(at, act.by, "scope", act.scope)), scope=act.scope)
        case acts.MarkedUrgent():
            return replace(_noted(done, Fact(at, act.by, "urgent")), urgent=True)
        case acts.ActionsSet():
            return replace(_noted(done, Fact(at, act.by, "actions", act.text)), actions=act.text)
        case acts.StatusSet():
            return replace(_noted(done, Fact(at, act.by, act.status)), paused=act.status == "paused")
        case acts.ReporterAsked():
            noted = _noted(done, Fact(at, act.by, "optin" if act.wants else "optout"))
            return replace(noted, opted_out=not act.wants)


def _noted(done: Proceedings, fact: Fact) -> Proceedings:
    return replace(done, facts=(*done.facts, fact))
