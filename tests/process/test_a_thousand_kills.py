"""`kill -9` at random instants, while reports, discussions, withdrawals and votes go on.

Lost 0, a second case 0, a second ballot 0, mail to who withdrew 0; and no more letters twice than there are connections
to the smarthost, each with the same Message-ID and the same bytes. `crash_scene` says how that is found out.
"""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest

from crash_scene import Play, Told
from process_scene import House, Smarthost, wait_until

# Ten thousand take hours: COCMAIL_RANDOM_KILLS=10000 make soak ARGS='-n 2 -k random_instants'.
KILLS = int(os.environ.get("COCMAIL_RANDOM_KILLS", "1000"))
# A store of its own for so many: what each start looks at does not grow without end.
A_CHAPTER = 50
LANES = 6


def a_chapter(folder: Path, kills: int, seed: int) -> Told:
    """One house, whose daemon is killed so often at random instants, from the first moment of its start on."""
    chance, over = random.Random(seed), threading.Event()
    with Smarthost() as smarthost, House(folder, smarthost=smarthost.port) as house:
        play = Play(house, smarthost, seed)

        def people() -> None:
            while not over.is_set():
                chance.choice((play.discuss, play.withdraw, play.vote, play.report))()

        play.up()
        play.go_on(*[people] * LANES)
        for _ in range(kills):
            sooner_or_later(house, chance)
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


def sooner_or_later(house: House, chance: random.Random) -> None:
    """A random instant, after some log lines: so a slow machine is not killed before it has done anything."""
    lines, end = chance.randint(0, 30), time.monotonic() + 5
    while len(house.events()) < lines and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1))


@pytest.mark.soak
@pytest.mark.parametrize("chapter", range(max(KILLS // A_CHAPTER, 1)))
def test_kills_at_random_instants_lose_nothing_leak_nothing_and_do_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], chapter: int
) -> None:
    told = a_chapter(tmp_path, A_CHAPTER, seed=4711 + chapter)
    with capsys.disabled():
        print(f"\n{told}")
    assert told.kills == A_CHAPTER
