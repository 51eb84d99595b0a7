"""`kill -9` at random instants, while reports, discussions, withdrawals and votes go on.

Lost 0, a second case 0, a second ballot 0, mail to who withdrew 0; and no more letters twice than there are connections
to the smarthost, each with the same Message-ID and the same bytes. `crash_scene` says how that is found out.
"""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from crash_scene import Play, Told
from process_scene import House, Smarthost, wait_until

KILLS = 1000
# A store of its own for so many: what each start looks at does not grow without end.
A_CHAPTER = 50
LANES = 6


def a_chapter(folder: Path, kills: int, seed: int) -> Told:
    """One house, whose daemon is killed so often at random instants, from the first moment of its start on."""
    folder.mkdir(parents=True)
    chance, over = random.Random(seed), threading.Event()
    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port) as house:
        play = Play(house, smarthost, seed)

        def people() -> None:
            while not over.is_set():
                chance.choice((play.discuss, play.withdraw, play.vote, play.report))()

        play.up()
        play.go_on(*[people] * LANES)
        for _ in range(kills):
            time.sleep(chance.expovariate(1 / 0.5))
            play.kill()
            house.start(wait=False)
            if chance.random() < 0.1:
                # In the midst of its start.
                time.sleep(chance.uniform(0, 0.3))
                continue
            house.wait_for_event("ready")
            play.border.opened(house.port)
        over.set()
        wait_until(lambda: house.events("ready"), "the daemon to be ready")
        play.border.opened(house.port)
        return play.finish()


def killed(folder: Path, kills: int, seed: int = 4711) -> Told:
    told = Told()
    for begun in range(0, kills, A_CHAPTER):
        told.add(a_chapter(folder / str(begun), min(A_CHAPTER, kills - begun), seed + begun))
        print(told, flush=True)
    return told


@pytest.mark.soak
def test_a_thousand_kills_lose_nothing_leak_nothing_and_do_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print()
        told = killed(tmp_path, KILLS)
    assert told.kills == KILLS
