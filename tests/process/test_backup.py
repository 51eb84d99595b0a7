"""The drill: a daemon under load is backed up, goes on, dies; what is restored elsewhere is whole, and silent."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from process_scene import House, Smarthost, wait_until
from scene import HANDLES

TEXT = "Finding: it happened\nPlan: we talk\nConsequence: a warning\nIf refused: a ban"
GUESTS = 2


class Guests:
    """People who write one report after the other, until they are told to stop."""

    def __init__(self, house: House) -> None:
        self.accepted: list[str] = []
        self._house = house
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(GUESTS)]

    def __enter__(self) -> Guests:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _write(self, guest: int) -> None:
        count = 0
        while not self._stop.is_set():
            name = f"number-{guest}-{count}-here"
            self._house.report(f"It is {name}.", sender=f"guest{guest}-{count}@visitors.example")
            self.accepted.append(name)
            count += 1


def decided(house: House, smarthost: Smarthost) -> None:
    """A case that jun has withdrawn from, and in which noor has voted."""
    house.report("The first one.", sender="robin@visitors.example")
    forwards = {mail.recipient: mail for mail in smarthost.wait_for("forward", len(HANDLES))}
    house.answer(forwards["jun@example.net"], "", "#recuse")
    smarthost.wait(lambda mail: mail.kind == "receipt" and mail.recipient.startswith("jun"))
    house.answer(forwards["amara@example.net"], TEXT, "#motion outcome")
    (vote,) = smarthost.wait(lambda mail: mail.kind == "vote" and mail.recipient.startswith("noor"))
    house.answer(vote, "", "#vote yes")
    smarthost.wait(lambda mail: mail.kind == "receipt" and mail.recipient.startswith("noor"))


def another(folder: Path, of: House, smarthost: Smarthost, store_url: str | None) -> House:
    """The same configuration and key on a machine that has no store yet."""
    folder.mkdir()
    house = House(folder, smarthost=smarthost.port)
    house.store_url = store_url or house.store_url
    house.write()
    shutil.copy(of.folder / "master.key", folder)
    return house


# Over PostgreSQL it takes as long again; tests/store/test_backup.py has both in `make test`.
@pytest.mark.parametrize("over", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def test_58_a_store_that_was_lost_is_put_back_and_sends_when_it_is_told_to(
    tmp_path: Path, over: str, request: pytest.FixtureRequest
) -> None:
    urls = [None, None]
    if over == "postgresql":
        server = request.getfixturevalue("postgresql")
        urls = [server.new_database(), server.new_database()]
    with Smarthost() as before, Smarthost() as after, House(tmp_path, smarthost=before.port) as lost:
        lost.store_url = urls[0] or lost.store_url
        lost.write()
        lost.start()
        decided(lost, before)
        with Guests(lost) as guests:
            wait_until(lambda: len(guests.accepted) >= GUESTS, "some reports")
            surely = list(guests.accepted)
            made = lost.run("backup", "backups")
            assert made.code == 0 and "NOT in this backup" in made.out, made
            least = len(guests.accepted) + GUESTS
            wait_until(lambda: len(guests.accepted) >= least, "some more, which are lost")
        lost.kill()
        votes = {mail.recipient: mail for mail in before.of("vote")}
        talked = before.of("forward", "amara@example.net")[0]
        with another(tmp_path / "again", lost, after, urls[1]) as house:
            put = house.run("restore", str(lost.folder / "backups"))
            assert put.code == 0 and "cocmail queue release" in put.out, put
            house.start()
            house.wait_for_event("sends-nothing")
            assert house.wait_for_event("alarm")["alarm"] == "sends-nothing", "for who looks at the log daily"
            house.report("After the loss.", sender="kim@visitors.example")
            # Of the messages two are motion and ballot; what was not looked at before the backup is looked at now.
            reports = number_of(put.out, "messages") - 2
            assert reports > len(surely)
            wait_until(lambda: len(house.cases()) == reports + 1, "every report to be a case, the new one too")
            assert {row["state"] for row in house.queue()} == {"held"}
            assert "nothing is sent" in house.run("queue").out
            assert after.delivered == [] and not house.events("sent")
            released = house.run("queue", "release", "--now")
            assert released.code == 0 and re.match(r"\d+ released\n", released.out)
            check_after_release(house, after)
            # Every report that had its 250 before the backup began is one case, whose letters went out once.
            seen = [mail.text for mail in (*before.of("forward"), *after.of("forward"))]
            assert all(any(name in text for text in seen) for name in surely)
            house.answer(talked, "Let us talk.")
            talk = after.wait(lambda mail: "Let us talk." in mail.text, 3)
            assert {mail.recipient for mail in talk} == {f"{handle}@example.net" for handle in ("noor", "ivo", "sam")}
            for handle in ("amara", "ivo", "sam"):
                house.answer(votes[f"{handle}@example.net"], "", "#vote yes")
            (tally, *_) = after.wait_for("tally", 4)
            assert "Yes: 4" in tally.text and "Not voted: 0" in tally.text, tally.text
            house.all_opens()
            assert house.stop() == 0
        lost.start()
        assert lost.stop() == 0


def number_of(out: str, what: str) -> int:
    found = re.search(rf"(\d+) {what}", out)
    assert found is not None, out
    return int(found[1])


def check_after_release(house: House, smarthost: Smarthost) -> None:
    """The members are told first; then all that waited, and no letter twice."""
    smarthost.wait(lambda mail: mail.kind == "forward" and "After the loss." in mail.text, len(HANDLES))
    wait_until(lambda: house.queue() == [], "the queue to be empty")
    for handle in HANDLES:
        first = next(mail for mail in smarthost.delivered if mail.recipient == f"{handle}@example.net")
        assert first.kind == "notice" and "send #recuse again" in first.text
    assert not [mail for mail in smarthost.delivered if mail.recipient == "ops@example.com"], (
        "that alarm is for the log"
    )
    ids = [str(mail.message["Message-ID"]) for mail in smarthost.delivered]
    assert len(ids) == len(set(ids))
    assert not [mail for mail in smarthost.of("forward", "jun@example.net") if "The first one." in mail.text]


def test_what_an_operator_may_do_wrong_ends_with_2_or_75_and_harms_nothing(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        nothing = house.run("backup", "backups")
        assert nothing.code == 2 and "no store" in nothing.err and not (tmp_path / "backups").exists()
        house.start()
        house.report("Somebody shouted at me.")
        house.wait_for_event("decided")
        assert house.run("backup", "backups").code == 0
        assert house.run("backup", "backups").code == 0, "one more of the same folder"
        running = house.run("restore", "backups")
        assert running.code == 75 and "another daemon" in running.err
        assert house.stop() == 0
        full = house.run("restore", "backups")
        assert full.code == 2 and "move it away first" in full.err
        assert house.run("restore", "nowhere").code == 2
        assert house.run("backup", "cocmail.yaml").code == 2
        assert house.run("queue", "--now").code == 2
        assert len(house.cases()) == 1
        (house.folder / "var").rename(house.folder / "lost")
        newest = sorted(Path(tmp_path / "backups").glob("*.json"))[0]
        assert house.run("restore", str(newest)).code == 0, "an older one by its name"
        assert len(house.cases()) == 1
        # On a store that was never put back, or is released, there is nothing to release.
        assert house.run("queue", "release", "--drop-old").code == 0
        assert house.run("queue", "release").out == "0 released\n"


def test_a_store_of_a_later_release_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.start()
        assert house.stop() == 0
        with sqlite3.connect(house.folder / "var" / "store.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        for arguments in (["run"], ["queue"], ["backup", "backups"]):
            ended = house.run(*arguments)
            assert ended.code == 2 and ended.out == "", ended
            assert "later release" in ended.err and "restore a backup" in ended.err, ended
        assert [path.name for path in (tmp_path / "backups").glob("*")] == []
