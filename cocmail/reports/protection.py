"""What stands in a case's document on measures that protect people."""

from __future__ import annotations

from cocmail.core.measures import is_in_force
from cocmail.core.protective import Measure
from cocmail.reports.passages import moment
from cocmail.reports.record import Record, passage


def measures(record: Record) -> str:
    """Every measure with its text: who took or proposed it, to which day, and how the vote on it went."""
    return "\n\n".join(passage(_heading(each, record), each.text) for each in record.case.proceedings.measures)


def _heading(measure: Measure, record: Record) -> str:
    done = record.case.proceedings
    motion = done.motion(measure.proposal or measure.review)
    how = "proposed" if measure.proposal else "decided alone"
    until = f", to the end of {measure.until}" if measure.until is not None else ""
    vote = f"{motion.label}: {motion.result or 'open'}" if motion is not None else "no vote on it"
    force = "in force" if is_in_force(done, measure) else "not in force"
    return f"{measure.label}, {how} by {record.name(measure.by)}, {moment(measure.at)}{until} ({vote}; {force}):"
