"""`cocmail backup`, `cocmail restore` and `cocmail queue release`: what the operator does, and is told.

The rule: what a backup does not hold, and what a restored store has forgotten, is said each time, in plain words.
Nothing of any case is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cocmail import __version__, maillog
from cocmail.config.load import read
from cocmail.config.locate import locate_store
from cocmail.errors import EXIT_BUG, EXIT_DONE
from cocmail.office import opened
from cocmail.store import restored
from cocmail.store.backup import write
from cocmail.store.connections import shown
from cocmail.store.restore import PutBack, put_back
from cocmail.vault.keyring import Keyring

NOT_IN_IT = """\
NOT in this backup, and nothing can be read without it: the key file. Keep a copy of it somewhere else.
Not in it either: cocmail.yaml and the committees' files. Back up those as you do other configuration."""

AFTERWARDS = """\
It is as it was at {of}. What came, was decided or was sent after that is not in it:
- reports of that time are gone here. Their senders were told that they arrived. Members may have them.
- who withdrew from a case, or was kept out of one, since then would get its mail again.
- confirm addresses that were used since then work again, as long as they are not a day old.
Nothing is sent until `cocmail queue release`, and nothing ends by time. So now:
1. start the daemon: it takes mail, and carries out what members say. Nobody gets an answer yet.
2. tell each committee's chair, by telephone or from your own mailbox: who withdrew since {of},
   or was kept out, says it again now, by #recuse in an answer to a mail of that case.
3. then: cocmail queue release"""

TOLD = "The members are told first what the store has forgotten, and what to do."
OLD_LETTERS = """\
What waited when the backup was made is sent now. Where it was sent before, it is the same mail again."""
QUIET_DAY = """\
For 24 hours news of the cases of before wait, and nothing ends by time, so that members can say again
what was lost. New reports go out at once. `cocmail queue release --now` ends that day: only when all
members have answered you."""


def backup(path: Path, environ: Mapping[str, str], folder: Path) -> int:
    """Make a backup of the store, beside a running daemon."""
    with opened(path, environ) as store:
        made = write(store, folder, datetime.now(UTC), __version__)
    print(f"store: {shown(locate_store(read(path).main, environ)[0])}")
    print(folder / made.file)
    whole = "it opens, but for what is listed below" if made.damaged else "it opens"
    print(f"{made.rows['cases']} cases, {made.rows['spool']} messages, {made.rows['outbox']} outgoing; {whole}")
    print(NOT_IN_IT)
    for failure in made.damaged:
        maillog.say(f"does not open, in the store neither: {failure}")
    return EXIT_BUG if made.damaged else EXIT_DONE


def restore(path: Path, environ: Mapping[str, str], folder: Path) -> int:
    """Put a backup back, where there is no store yet."""
    url, key_file = locate_store(read(path).main, environ)
    done = put_back(folder, url, Keyring.load(key_file), datetime.now(UTC))
    print(f"store: {shown(url)}")
    print(_counts(done))
    print(AFTERWARDS.format(of=f"{done.manifest.of:%Y-%m-%d %H:%M} UTC"))
    for failure in done.found.failures:
        maillog.say(f"does not open: {failure}")
    return EXIT_DONE


def _counts(done: PutBack) -> str:
    found = done.found
    return f"restored: {found.cases} cases, {found.events} events, {found.mails} messages, {done.held} letters held"


def release(path: Path, environ: Mapping[str, str], *, at_once: bool, drop: bool) -> int:
    """Let a restored store send again."""
    now = datetime.now(UTC)
    with opened(path, environ) as store:
        before = store.read_now(restored.state)
        count = store.write_now(lambda tx: restored.release(tx, now, at_once=at_once, drop=drop))
    print(f"{count} released")
    if before is not None and before.sends_nothing:
        print(TOLD)
        if not drop:
            print(OLD_LETTERS)
        if not at_once:
            print(QUIET_DAY)
    return EXIT_DONE
