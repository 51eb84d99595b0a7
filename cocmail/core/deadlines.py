"""How a moment is told in mails."""

from __future__ import annotations

from datetime import datetime


def minute(moment: datetime) -> str:
    """A moment as mails tell it: 2026-11-25 09:30 UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")
