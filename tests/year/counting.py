"""What came of promises, counted: the table of `test_a_year`. It imports nothing of the program."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from year.matters import Matter
from year.promises import OVER, Due, Owed, Promise

COLUMNS = ("owed", "met", "late", "lifted", "running", "50 %", "71 %", "80 %", "100 %", "widened", "again", "chair")
Running = list[tuple[Promise, Owed]]


class Count:
    """Of each promise: how often it was owed; met in time, late (told to all who have it), lifted (the case rests, or
    the reporter wants no mail), or still running at the year's end; and how often somebody was reminded of it.
    """

    def __init__(self, preset: str) -> None:
        self.preset = preset
        self.rows: dict[str, Counter[str]] = {}
        self._known: set[str] = set()

    def of(self, name: str) -> Counter[str]:
        return self.rows.setdefault(name, Counter())

    def changed(self, case: Matter, before: Running, after: Running, now: datetime) -> None:
        """Somebody did something: what was owed before and is not any more was met, late, or lifted."""
        self._begin(case, after)
        left = {owed.key for _, owed in after}
        for promise, owed in before:
            if owed.key not in left:
                self._ends(case, promise, owed, now)

    def ends(self, case: Matter, running: Running, now: datetime) -> None:
        """The year is over."""
        self._begin(case, running)
        for promise, owed in running:
            self._ends(case, promise, owed, now, over=True)

    def _begin(self, case: Matter, running: Running) -> None:
        for promise, owed in running:
            key = f"{case.case_id} {owed.key}"
            # What was lifted and goes on is owed again, and is counted again.
            self.of(promise.name)["owed"] += key not in self._known
            self._known.add(key)

    def _ends(self, case: Matter, promise: Promise, owed: Owed, now: datetime, *, over: bool = False) -> None:
        self._known.discard(f"{case.case_id} {owed.key}")
        told = case.told.get(owed.key, 0)
        lifted = case.paused or case.opted_out or case.dismissed or (promise.name == "status" and case.resolved)
        if now >= owed.ends:
            # Nothing that is owed ends in silence: all who have the case were told.
            assert told >= OVER, f"{owed.key} was over, and was told up to {told} %"
            came = "late"
        elif over:
            came = "running"
        else:
            assert told < OVER, f"{owed.key} was told to be over before it was"
            came = "lifted" if lifted else "met"
        self.of(promise.name)[came] += 1

    def reminded(self, due: Due, *, tells_chair: bool) -> None:
        row = self.of(due.promise.name)
        row[f"{min(due.part, OVER)} %" if due.part <= OVER else "again"] += 1
        row["widened"] += due.part == due.promise.all_from
        row["chair"] += tells_chair and due.promise.to_reporter and due.part >= OVER

    def asked(self, template: str) -> None:
        if template not in ("deadline", "late"):
            self.of(template.replace("_", " "))["owed"] += 1

    served = asked


def table(counts: list[Count]) -> str:
    """Of all presets, to be read: `pytest -rP tests/year`."""
    lines = [f"{'preset':11} {'clock':15}" + "".join(f"{column:>9}" for column in COLUMNS)]
    for count in counts:
        for name, row in sorted(count.rows.items()):
            lines.append(f"{count.preset:11} {name:15}" + "".join(f"{row[column] or '.':>9}" for column in COLUMNS))
    return "\n".join(lines)
