"""A simulated year of 40 cases over all presets: every deadline is met by people, or widened as its procedure says.

`living` runs the year on the real decisions and the real store; `promises`, `checking` and `service` are the oracle:
they import nothing of the program and take the figures from annex 2 of the domain analysis. `pytest -rP tests/year`
shows the table of what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from cocmail.config.preset import preset_names
from property.quick import QuickStore
from year.counting import Count, table
from year.days import LAGOS, LIMA, NEW_YORK, PARIS, TOKYO
from year.living import Year
from year.matters import ANNEX_2, Figures
from year.promises import PROMISES

CASES, SEED, SEEDS_AT_LENGTH = 8, 0, 40
PARTS = {promise.name: promise.parts for promise in PROMISES}
TO_REPORTER = {promise.name for promise in PROMISES if promise.to_reporter}
# Whoever counts business days lives where there are many days off.
PLACES = (LIMA, PARIS, TOKYO, LAGOS, NEW_YORK)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStore]:
    opened = QuickStore.in_folder(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


def a_year(store: QuickStore, seed: int) -> list[Count]:
    """All presets, each committee in another place each time."""
    counts = []
    for number, figures in enumerate(ANNEX_2):
        year = Year(figures, PLACES[(number + seed) % len(PLACES)], store, CASES, seed)
        year.live()
        assert len(year.matters) == CASES
        counts.append(year.count)
    return counts


def test_every_preset_has_its_year() -> None:
    assert {figures.name for figures in ANNEX_2} == set(preset_names())


def says_something(counts: list[Count]) -> None:
    """Whether there is something in each row that a preset has, and everything in each of a kind of promise."""
    for figures, count in zip(ANNEX_2, counts, strict=True):
        for name in rows_of(figures):
            row = count.rows.get(name, Counter())
            assert row["owed"], f"{figures.name} {name} was never owed"
            assert name not in PARTS or row["100 %"], f"{figures.name} {name} was never late"
    for name, parts in PARTS.items():
        every = sum((count.rows.get(name, Counter()) for count in counts), Counter[str]())
        wanted = {"late", *(f"{part} %" for part in parts)}
        # Nobody can be early for a meeting, or for the end of a measure; who looks for somebody has one day, in the one
        # preset that has it at all. That nobody takes care of it is not for all.
        wanted |= {"met"} if name not in ("meeting", "interim", "search") else set()
        wanted |= {"widened"} if name != "owner" else set()
        assert wanted <= {column for column, number in every.items() if number}, f"{name}: {dict(every)}"
        assert every["late"] + every["met"] + every["lifted"] + every["running"] >= every["owed"], (
            f"{name}: {dict(every)}"
        )
        assert bool(every["chair"]) == (name in TO_REPORTER), f"{name}: {dict(every)}"


def rows_of(figures: Figures) -> set[str]:
    """The clocks that a preset has."""
    lacks = {"ack"} if figures.ours_counts else set()
    lacks |= set() if figures.search else {"search"}
    lacks |= set() if figures.alone else {"interim"}
    lacks |= set() if figures.tells_reported else {"reported"}
    lacks |= set() if figures.tells_outcome else {"reported-outcome"}
    # Where more than one have it from the start, somebody else looks at a measure at once.
    lacks |= set() if figures.watchers == 1 else {"review"}
    of_all = PARTS.keys() - lacks | {"check", "check reminder", "tally"}
    early = {"checked", "watch reminder"} if figures.check_first else set()
    # Where one watches and two are needed.
    early |= {"alternates asked"} if figures.watchers < figures.fewest else set()
    return of_all | early | ({"renewal", "no answer"} if figures.renewal_days else set())


@pytest.mark.timeout(600)
def test_a_year_of_forty_cases(store: QuickStore) -> None:
    counts = a_year(store, SEED)
    print(table(counts))
    says_something(counts)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(1, SEEDS_AT_LENGTH))
def test_many_years_of_forty_cases(store: QuickStore, seed: int) -> None:
    print(table(a_year(store, seed)))
