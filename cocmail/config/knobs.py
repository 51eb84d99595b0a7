"""Every knob of a policy: its dotted name, what it may hold, what it means (domain analysis, annex 2).

The rule: presets and `override` are both read through this one table, so what a preset can say a chair can override.
It must not know which preset holds which value, nor what the daemon does with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cocmail.config.durations import BusinessDays, parse_duration
from cocmail.core.model import Knob

HAND_OVER = re.compile(r"mediator|transfer:[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class KnobRule:
    """What one knob may hold.

    `kind` is choice, choices (a list of them), duration, number, flag, text or hand-over. `allowed` are the words of
    a choice, or the words that may stand in place of a duration. `null` tells whether it may be left empty.
    """

    kind: str
    meaning: str
    allowed: tuple[str, ...] = ()
    null: bool = False

    def values(self) -> str:
        """What is allowed, for people."""
        words = {
            "choice": " or ".join(self.allowed),
            "choices": f"a list of: {', '.join(self.allowed)}",
            "duration": " or ".join(("a duration such as 24h or 3bd", *self.allowed)),
            "number": "a whole number from 0 to 100",
            "flag": "true or false",
            "text": "text",
            "hand-over": "mediator or transfer:NAME",
        }[self.kind]
        return f"{words} or null" if self.null else words

    def read(self, value: object) -> Knob:
        """The value of this knob; a business-day duration stays text. Raises ValueError with what is allowed."""
        if value is None and self.null:
            return None
        match self.kind, value:
            case "flag", bool():
                return value
            case "number", int() if not isinstance(value, bool) and 0 <= value <= 100:
                return value
            case "choice", str() if value in self.allowed:
                return value
            case "choices", list() if all(each in self.allowed and value.count(each) == 1 for each in value):
                return tuple(value)
            case "duration", str() if value in self.allowed:
                return value
            case "duration", str():
                return _length(value, self.values())
            case "text", str() if value.strip() and value.isprintable():
                return value.strip()
            case "hand-over", str() if HAND_OVER.fullmatch(value):
                return value
        raise ValueError(f"must be {self.values()}")


def _length(value: str, allowed: str) -> Knob:
    try:
        length = parse_duration(value)
    except ValueError:
        raise ValueError(f"must be {allowed}") from None
    return str(length) if isinstance(length, BusinessDays) else length


def _choice(meaning: str, *allowed: str, null: bool = False) -> KnobRule:
    return KnobRule("choice", meaning, allowed, null)


def _choices(meaning: str, *allowed: str) -> KnobRule:
    return KnobRule("choices", meaning, allowed)


def _duration(meaning: str, *words: str, null: bool = False) -> KnobRule:
    return KnobRule("duration", meaning, words, null)


def _number(meaning: str) -> KnobRule:
    return KnobRule("number", meaning)


def _flag(meaning: str) -> KnobRule:
    return KnobRule("flag", meaning)


def _vote(name: str, about: str) -> dict[str, KnobRule]:
    return {
        f"votes.{name}.rule": _choice(
            f"how a motion {about} passes", "majority", "two_thirds", "unanimous", "consensus"
        ),
        f"votes.{name}.base": _choice(
            f"whom a motion {about} is counted over", "cleared", "non_conflicted", "others", "all_members"
        ),
    }


KNOBS: Mapping[str, KnobRule] = {
    "intake.first_recipients": _choice("who gets a report first", "primary_all", "all", "triage"),
    "intake.distribution": _choice(
        "whether a report goes out before or after the members stated their conflicts", "forward_first", "check_first"
    ),
    "intake.triage_watchers": _number("how many members watch for new reports"),
    "intake.alternates": _choice("when alternates get anything", "stand_in_only"),
    "conflict.kinds": _choices("the kinds of conflict that a member can state", "hard", "soft", "recused", "conflict"),
    "conflict.relations": _choices(
        "a relation to whom makes a conflict",
        *("accused", "harmed", "anyone_named", "reporter", "reported", "witness"),
    ),
    "conflict.reason": _choice(
        "whether a reason is wanted; other than `required`, text beside #recuse is discarded",
        *("required", "not_asked", "forbidden"),
    ),
    "conflict.confirm": _choice("whether the others confirm a stated conflict", "none", "majority"),
    "conflict.multiple_soft_is_hard": _flag("a second soft conflict in one case counts as a hard one"),
    "conflict.witness_is_conflict": _flag("having witnessed the incident is a conflict"),
    "conflict.while_unconfirmed": _choice("access until a stated conflict is confirmed", "withheld"),
    "conflict.soft_default": _choice("what a soft conflict leaves to see", "none", "summary", "discuss"),
    "conflict.soft_may_vote": _flag("a soft conflict leaves the vote"),
    "conflict.forced": _choice("who can recuse a member against that member's will", "none", "unanimous_others"),
    "conflict.no_answer": _choice("what silence to the conflict question means", "stays_in", "not_added"),
    "conflict.all_conflicted": KnobRule("hand-over", "who takes a case that nobody may see"),
    "conflict.minimum.cleared": _number("with fewer cleared members no vote is held, and others are called in"),
    "conflict.minimum.no_hard": _number(
        "with fewer primary members without a hard conflict no vote is held, and a transfer is proposed"
    ),
    "conflict.minimum.no_conflict": _number(
        "with fewer primary members without any conflict no vote is held, and a transfer is proposed"
    ),
    "check_reveals": _choices("what the conflict question tells", "reported_name", "channel"),
    "deadlines.ack": _duration("when the reporter has an answer by a person"),
    "deadlines.ack_by_robot_counts": _flag("the automatic acknowledgement meets that deadline"),
    "deadlines.conflict_answer": _duration("when a member has stated conflicts"),
    "deadlines.follow_up": _duration("when the reporter is told the outcome", "on_resolution"),
    "deadlines.status_every": _duration("how often the reporter hears in between"),
    "deadlines.event_search_update": _duration("how often the reporter hears while somebody is searched at an event"),
    "deadlines.unilateral_review": _duration("when the others review what one member did alone"),
    **_vote("outcome", "on the outcome"),
    "votes.outcome.quorum": _choice("how many have to vote", "none", "majority"),
    "votes.outcome.quorum.majority": _flag("a majority has to vote"),
    "votes.outcome.quorum.floor": _number("and at least so many"),
    "votes.outcome.open_for": _duration("how long a question stays open"),
    "votes.outcome.asks_first": _choices("what must be recorded before the question opens", "risk", "scope", "note"),
    "votes.outcome.written_consent.objection_window": _duration(
        "how long a decision in writing can be objected to", null=True
    ),
    "votes.outcome.fallback": _choice("the rule tried where a consensus fails", "majority", "two_thirds", null=True),
    **_vote("conflict", "on a conflict"),
    **_vote("remove", "to remove a member"),
    **_vote("policy", "on the procedure"),
    "votes.policy.discuss.min": _duration("how long a change is discussed at least", null=True),
    "votes.policy.discuss.max": _duration("and at most", null=True),
    "votes.policy.then": KnobRule("text", "who approves the change afterwards", null=True),
    "interim.who": _choice("who may take a protective measure", "individual", "committee"),
    "interim.individual_in_emergency": _flag("in an emergency one member may"),
    "interim.only_if": _choice("when one member may act alone", "physically_unsafe", null=True),
    "interim.review": _flag("a measure by one member is reviewed by the others"),
    "owners.primary": _number("how many primary owners an incident has"),
    "owners.secondary": _number("how many secondary owners"),
    "owners.observer_allowed": _flag("an observer may be present in talks"),
    "outreach.notify_reported": _choice(
        "whether the reported person is told", "as_needed", "always", "required_unless_meritless"
    ),
    "outreach.second_reader": _flag("another member sends what one drafted"),
    "outreach.two_people": _flag("two people talk to the reported person"),
    "outreach.apology": _choice("what happens to an apology", "decline", "relay_or_decline", "accept_for_reporter"),
    "outreach.outcome_if_notified": _flag("who was told of the report is told the outcome"),
    "reporter.anonymous": _choice("how an anonymous reporter is reached", "via_member", "no_contact_kept"),
    "reporter.escrow": _flag("the acknowledgement offers to keep a report sealed"),
    "reporter.tell_on_transfer": _flag("the reporter is told of a transfer"),
    "reporter.law_enforcement": _choice("when the police is told", "on_reporters_request"),
    "record.sheet": _flag("the case has a row in the status sheet"),
    "record.conflict_in_first_notes": _flag("stated conflicts stand in the case's document"),
    "record.sheet_last_column": _choice("one more column of the sheet", "document", null=True),
    "employer.rule": _choice("how many members one employer may have", "none", "max", "below_majority"),
    "employer.max": _number("the number under `max`"),
    "service.renewal_every": _duration("how often a member is asked to stay", null=True),
    "service.term": _duration("how long a member serves", null=True),
    "service.inactive_after": _duration("when a silent member counts as inactive", null=True),
    "service.past_access": _choice("what a member who left can see", "none_after_leaving"),
    "onboarding": _choice("what a new member is shown before any access", "none", "reported_names_check"),
    "transparency.period": _duration("how often a report is due", null=True),
    "transparency.reported_may_be_named": _flag("the report may name reported persons"),
    "transparency.hide_if_identifiable": _flag("an entry that cannot be anonymised is reduced to its existence"),
}

# The knobs by which this release acts. Overriding another one is accepted with a warning.
EFFECTIVE = frozenset(
    {
        "check_reveals",
        "conflict.all_conflicted",
        "conflict.confirm",
        "conflict.forced",
        "conflict.kinds",
        "conflict.minimum.cleared",
        "conflict.minimum.no_conflict",
        "conflict.minimum.no_hard",
        "conflict.multiple_soft_is_hard",
        "conflict.no_answer",
        "conflict.reason",
        "conflict.relations",
        "conflict.soft_default",
        "conflict.soft_may_vote",
        "conflict.while_unconfirmed",
        "conflict.witness_is_conflict",
        "deadlines.ack",
        "deadlines.ack_by_robot_counts",
        "deadlines.conflict_answer",
        "deadlines.event_search_update",
        "deadlines.follow_up",
        "deadlines.status_every",
        "deadlines.unilateral_review",
        "employer.max",
        "employer.rule",
        "intake.alternates",
        "intake.distribution",
        "intake.first_recipients",
        "intake.triage_watchers",
        "interim.individual_in_emergency",
        "interim.only_if",
        "interim.review",
        "interim.who",
        "onboarding",
        "outreach.apology",
        "outreach.notify_reported",
        "outreach.outcome_if_notified",
        "outreach.second_reader",
        "owners.primary",
        "owners.secondary",
        "record.conflict_in_first_notes",
        "reporter.anonymous",
        "reporter.escrow",
        "reporter.law_enforcement",
        "reporter.tell_on_transfer",
        "service.renewal_every",
        "votes.conflict.base",
        "votes.conflict.rule",
        "votes.outcome.asks_first",
        "votes.outcome.base",
        "votes.outcome.fallback",
        "votes.outcome.open_for",
        "votes.outcome.quorum",
        "votes.outcome.quorum.floor",
        "votes.outcome.quorum.majority",
        "votes.outcome.rule",
        "votes.outcome.written_consent.objection_window",
        "votes.policy.base",
        "votes.policy.discuss.max",
        "votes.policy.discuss.min",
        "votes.policy.rule",
        "votes.policy.then",
        "votes.remove.base",
        "votes.remove.rule",
    }
)
