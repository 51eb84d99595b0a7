"""No word, address or name of anybody is found in what the program leaves behind, in any spelling of the search.

Configuration files and Maildir outboxes hold names and mail on purpose and are left aside.
"""

from __future__ import annotations

import base64
import quopri
import re
from functools import cache
from pathlib import Path

import pytest

from process_scene import House, Smarthost, wait_until

# Unmistakable, so that a hit is a leak; letters that quoted-printable must encode among them.
SENDER = "quillfeather@zephyrhollow.example"
NAME = "Quillon Featherstonehaugh"
TEXT = "Marmaduke Pendlebury shouted zqxjkv at the gazebo near Übelhörnli"
SUBJECT = "Pomegranate larkspur incident"
REPLY = "Thistledown vermilion, I was at the wigwam"
WORDS = ["quillfeather", "zephyrhollow", "Quillon", "Featherstonehaugh", "Marmaduke", "Pendlebury", "zqxjkv"]
WORDS += ["gazebo", "Übelhörnli", "Pomegranate", "larkspur", "Thistledown", "vermilion", "wigwam"]


def spellings(word: str) -> set[bytes]:
    """UTF-8, UTF-16, quoted-printable, hex, and base64 at each of its three offsets of UTF-8 and UTF-16."""
    plain = {word.encode(), word.encode("latin-1"), word.encode("utf-16-le"), word.encode("utf-16-be")}
    found = plain | {each.hex().encode() for each in plain}
    found |= {quopri.encodestring(word.encode()), quopri.encodestring(word.encode("latin-1"))}
    for each in plain:
        for offset in range(3):
            # Less the characters at both ends, which what stands around the word changes.
            encoded = base64.b64encode(b"\0" * offset + each).rstrip(b"=")
            found.add(encoded[(0, 2, 3)[offset] : -1])
    return found


@cache
def needles(word: str) -> frozenset[bytes]:
    """What to look for, in content that was made lower case."""
    return frozenset(spelled.lower() for cased in (word, word.lower(), word.upper()) for spelled in spellings(cased))


def hits(content: bytes, words: list[str]) -> set[str]:
    lowered = content.lower()
    unfolded = re.sub(rb"=?\r?\n", b"", lowered)
    return {word for word in words if any(needle in lowered or needle in unfolded for needle in needles(word))}


def left_behind(house: House, temp: Path) -> dict[str, bytes]:
    """Everything that the program writes: the store's folder, the log, temporary files, and its own command line."""
    folder = house.folder / "var"
    found = {str(path): path.read_bytes() for place in (folder, temp) for path in place.rglob("*") if path.is_file()}
    found["log"] = house.log.read_bytes()
    assert house.process is not None
    for path in Path("/proc").glob("[0-9]*"):
        try:
            ours = path.joinpath("stat").read_text().rpartition(")")[2].split()[3] == str(house.process.pid)
            if ours:
                found[f"{path}/cmdline"] = path.joinpath("cmdline").read_bytes()
                found[f"{path}/environ"] = path.joinpath("environ").read_bytes()
        except OSError:
            continue
    return found


def leaks(house: House, temp: Path, words: list[str]) -> dict[str, set[str]]:
    found = {name: hits(content, words) for name, content in left_behind(house, temp).items()}
    return {name: leaked for name, leaked in found.items() if leaked}


def test_the_search_itself_finds_what_it_looks_for() -> None:
    for word in WORDS:
        for junk in (b"", b"a", b"ab"):
            said = junk + b" " + word.encode() + b" " + junk
            for written in (
                said,
                base64.encodebytes(said * 9),
                quopri.encodestring(said),
                said.hex().encode(),
                base64.b64encode(junk + word.encode("utf-16-le") + junk),
                said.decode().encode("utf-16"),
            ):
                assert hits(written, WORDS) == {word}, (word, written)
    assert hits(b"Nothing of the kind " * 1000, WORDS) == set()


@pytest.mark.parametrize("level", ["debug", pytest.param("info", marks=pytest.mark.soak)])
def test_nothing_that_anybody_wrote_lies_in_store_log_or_temporary_files(tmp_path: Path, level: str) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    with Smarthost() as smarthost, House(tmp_path, smarthost=smarthost.port) as house:
        house.level = level
        # From nothing: command line and environment are looked at as well.
        house.cold = True
        house.environ["TMPDIR"] = str(temp)
        house.write()
        house.start()
        house.report(TEXT, sender=SENDER, name=NAME, subject=SUBJECT)
        forwards = smarthost.wait_for("forward", 5)
        code_name = str(forwards[0].message["Cocmail-Case"])
        words = [*WORDS, code_name, code_name.replace("-", " ")]
        assert TEXT in forwards[0].text and NAME in forwards[0].text, "the canaries have flown"

        smarthost.down()
        house.answer(forwards[0], REPLY)
        house.answer(forwards[1], REPLY, "#recuse")
        house.report(TEXT + " again", sender=SENDER, name=NAME, subject=SUBJECT)
        house.wait_for_event("decided", 4)
        house.wait_for_event("deferred", 3)
        assert len(house.queue()) >= 8, "the outbox is full"
        assert leaks(house, temp, words) == {}

        smarthost.up()
        wait_until(lambda: house.queue() == [], "the queue to be empty")
        assert any(REPLY in mail.text for mail in smarthost.of("forward"))
        assert leaks(house, temp, words) == {}
        assert house.run("cases").code == house.run("queue").code == 0
        assert house.stop() == 0
        house.start()
        assert leaks(house, temp, words) == {}, "after another start"
        assert house.stop() == 0
