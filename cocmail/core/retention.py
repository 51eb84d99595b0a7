"""How long what is kept, as a committee's file says it (contract, section 2, `retention`; domain R83, annex 1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# Nobody is warned later than this before a case is erased, whatever the file says.
SHORTEST_WARNING = timedelta(days=7)
WARN_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Retention:
    """Spans after the end of a case, by what it was; `escrow` counts from the day a sealed report came in. None: for
    ever, which is the default: none of the procedures that the presets come from sets any.
    """

    no_violation: timedelta | None = None
    violation: timedelta | None = None
    spam: timedelta | None = None
    not_a_report: timedelta | None = None
    escrow: timedelta | None = None
    warn_before: timedelta = WARN_BEFORE

    def after(self, finding: str) -> timedelta | None:
        """How long a case is kept that ended so: `violation`, `no-violation`, `no-action`, `spam` or `question`.

        Without action taken, the file does not say whether there was a violation: the longer of the two.
        """
        if finding == "no-action":
            both = (self.violation, self.no_violation)
            return None if None in both else max(each for each in both if each is not None)
        spans = {
            "violation": self.violation,
            "no-violation": self.no_violation,
            "spam": self.spam,
            "question": self.not_a_report,
        }
        return spans.get(finding)

    def spans(self) -> dict[str, timedelta]:
        """What is set, by its key in the file."""
        every = ("no_violation", "violation", "spam", "not_a_report", "escrow")
        found = {name: getattr(self, name) for name in every}
        return {name: span for name, span in found.items() if span is not None}


FOR_EVER = Retention()
