"""Spans of time of a policy, added to a moment, and how a moment is told. Business days are Monday to Friday."""

from __future__ import annotations

from datetime import datetime, timedelta

from cocmail.core.model import Knob

_FRIDAY = 4


def after(start: datetime, span: Knob, default: timedelta) -> datetime:
    """The moment a span after `start`: a timedelta, or business days as `3bd`; `default` for anything else."""
    if isinstance(span, timedelta):
        return start + span
    if isinstance(span, str) and span.endswith("bd"):
        return _business_days_after(start, int(span.removesuffix("bd")))
    return start + default


def minute(moment: datetime) -> str:
    """A moment as mails tell it: 2026-11-25 09:30 UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _business_days_after(start: datetime, days: int) -> datetime:
    end = start
    while days > 0:
        end += timedelta(days=1)
        if end.weekday() <= _FRIDAY:
            days -= 1
    return end
