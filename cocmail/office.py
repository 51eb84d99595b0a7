"""What the operator does beside the running daemon: the vague sheet, the queue, proof that the store is whole.

Opens the store without the daemon's lock. Gives ids, times, counts and codes, and of a roster handles; never content, a
name or an address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cocmail import maillog
from cocmail.changes import HANDED_OVER, foreseen
from cocmail.config.document import read_document
from cocmail.config.load import Sources, examine, read
from cocmail.config.locate import locate_store
from cocmail.config.problems import Problem
from cocmail.config.settings import Settings
from cocmail.core.access import Level
from cocmail.core.case import Case
from cocmail.core.classify import Reason
from cocmail.core.erasing import ASKED, BY_OPERATOR
from cocmail.core.foresight import Foreseen
from cocmail.core.tombstones import Tombstone, decode_tombstone
from cocmail.errors import EXIT_BUG, EXIT_CONFIG, EXIT_DONE, CocmailError, ConfigError
from cocmail.records import case_that_opens, handed_over, load_case, tombstones_of
from cocmail.reports import sheet
from cocmail.store import cases, outbox, restored, shredding, spool, timers
from cocmail.store.connections import shown
from cocmail.store.engine import Store
from cocmail.store.revisions import is_store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring, new_key_file

ASKED_FOR = (
    "who has that case is told by mail, as soon as the daemon runs. After 7 days on which it ran, the key of the case"
    " is destroyed, unless one of them has answered with #keep. Its row in the status sheet stays"
)
NOT_SEEN = "does not open as it is, so nobody can say here whom loading this puts out, lets in and tells"
# Reports can be among these: members are told of them by a digest, and nobody has opened them.
UNREAD = frozenset({Reason.NULL_SENDER.value, Reason.SPAM.value, Reason.FLOOD.value})


@contextmanager
def opened(path: Path, environ: Mapping[str, str]) -> Iterator[Store]:
    """The store of a configuration, beside a running daemon. A broken committee file is no hindrance.

    Raises ConfigError where there is none: what a command finds in a store that it has made itself would be believed.
    """
    url, key_file = locate_store(read(path).main, environ)
    store = Store.open(url, Keyring.load(key_file), exclusive=False, make=False)
    try:
        yield store
    finally:
        store.close()


def sheet_rows(path: Path, environ: Mapping[str, str]) -> tuple[list[sheet.Row], list[str]]:
    """The rows of the status sheet, over all committees, and the ids of the cases that do not open."""
    with opened(path, environ) as store:
        every, erased = store.read_now(_cases)
        damaged = [case_id for case_id, case in every.items() if case is None]
        return sheet.rows([case for case in every.values() if case is not None], erased), damaged


def _cases(tx: Tx) -> tuple[dict[str, Case | None], list[Tombstone]]:
    # One that is damaged must not keep the others from whoever has to look after them.
    return {case_id: case_that_opens(tx, case_id) for case_id in cases.ids(tx, None)}, tombstones_of(tx, None)


def erase(path: Path, environ: Mapping[str, str], written: str) -> int:
    """Ask for a case to be erased, by its code name: the daemon tells who has it, and does it after seven days."""
    name = " ".join(re.findall(r"[a-z]+", written.casefold()))
    now = datetime.now(UTC)

    def work(tx: Tx) -> tuple[str, int]:
        gone = shredding.tombstone(tx, name)
        if gone is not None:
            return f"that case was erased on {decode_tombstone(gone).erased_at[:10]}", EXIT_CONFIG
        case_id = shredding.living(tx, name)
        return (
            ("no case of that name: `cocmail cases` lists them", EXIT_CONFIG)
            if case_id is None
            else _ask(tx, load_case(tx, case_id), now)
        )

    with opened(path, environ) as store:
        said, code = store.write_now(work)
    (maillog.say if code else print)(said)
    return code


def _ask(tx: Tx, case: Case, now: datetime) -> tuple[str, int]:
    pending = case.proceedings.erasure
    if pending is not None and pending.why == BY_OPERATOR:
        return f"asked for already: not before {pending.until:%Y-%m-%d %H:%M} UTC", EXIT_DONE
    if not any(place.level is Level.FULL for place in case.members.values()):
        return "nobody has that case, so nobody could object: it is not erased", EXIT_CONFIG
    timers.set_(tx, case.id, ASKED, "", now)
    return ASKED_FOR, EXIT_DONE


def waiting(path: Path, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """What waits to go out and what was shunted (contract, section 1, `queue --json`)."""
    with opened(path, environ) as store:
        return store.read_now(_waiting)


def _waiting(tx: Tx) -> list[dict[str, object]]:
    # What was queued a moment ago is held as soon as the daemon looks at it.
    states = {outbox.QUEUED: outbox.HELD} if restored.sends_nothing(tx) else {}
    rows = outbox.listing(tx)
    letters = [(row.id, states.get(row.state, row.state), row.attempts, row.next_attempt, row.code) for row in rows]
    arrived = [(row.id, "shunted", row.attempts, row.next_attempt, None) for row in spool.shunted(tx)]
    arrived += [(row.id, "postponed", row.attempts, row.next_attempt, None) for row in spool.postponed(tx)]
    return [
        {
            "id": row_id,
            "state": state,
            "attempts": attempts,
            "next_attempt": at.isoformat() if at is not None and state in (outbox.QUEUED, "postponed") else None,
            "code": code or "",
        }
        for row_id, state, attempts, at, code in (*letters, *arrived)
    ]


def kept_unread(path: Path, environ: Mapping[str, str]) -> str:
    """How many messages were filed that nobody was told of, by reason, in words; "" where there are none."""
    with opened(path, environ) as store:
        counts = store.read_now(spool.reasons)
    return ", ".join(f"{count} {reason}" for reason, count in counts.items() if reason in UNREAD)


def is_silent(path: Path, environ: Mapping[str, str]) -> bool:
    """Whether the store was put back and sends nothing until `queue release`."""
    with opened(path, environ) as store:
        return store.read_now(restored.sends_nothing)


def as_text(rows: list[dict[str, object]]) -> str:
    """The queue as a table."""
    if not rows:
        return "nothing waits"
    heads = ("id", "state", "attempts", "next_attempt", "code")
    lines = [heads, *(tuple(str(row[head] if row[head] is not None else "-") for head in heads) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def retry(path: Path, environ: Mapping[str, str], row_id: str) -> int:
    """Make one letter or shunted message due at once, or `all`; of none at all that is no fault."""
    now = datetime.now(UTC)

    def work(tx: Tx) -> bool:
        ids = [str(row["id"]) for row in _waiting(tx)] if row_id == "all" else [row_id]
        return sum(outbox.retry(tx, each, now) or spool.retry(tx, each) for each in ids) > 0

    with opened(path, environ) as store:
        found = store.write_now(work)
        silent = store.read_now(restored.sends_nothing)
    if silent:
        print("this store was restored: nothing is sent until `cocmail queue release`")
    if not found and row_id != "all":
        maillog.say("no such id: `cocmail queue` lists them")
        return EXIT_CONFIG
    print("due now" if found else as_text([]))
    return EXIT_DONE


def new_key(file: str, config: Callable[[], Path], environ: Mapping[str, str]) -> int:
    """Make a key file. Raises ConfigError where it would be taken for the lost key of the store that is there."""
    try:
        url, key_file = locate_store(read(config()).main, environ)
    except ConfigError:
        # Before there is a configuration that can be read, no key belongs to anything.
        url = key_file = ""
    if url and os.path.realpath(file) == os.path.realpath(key_file) and not os.path.lexists(file) and is_store(url):
        raise ConfigError(
            [
                f"{file}: is the key of the store that is there ({shown(url)}), which no other key opens: put the key"
                " back from its copy. If that is lost, so is what is in the store: move the store away, then make a key"
            ]
        )
    new_key_file(file)
    print(f"{file}: keep a copy where the backups are not; without it nothing can be read")
    return EXIT_DONE


def verify(path: Path, environ: Mapping[str, str]) -> int:
    """Prove that every record opens and every chain of events is whole."""
    with opened(path, environ) as store:
        print(f"store: {shown(locate_store(read(path).main, environ)[0])}")
        found = store.read_now(cases.verify)
    counts = f"{found.cases} cases, {found.events} events, {found.mails} messages, {found.outgoing} outgoing"
    print(f"{counts}, {found.timers} timers")
    for failure in found.failures:
        print(f"does not open: {failure}")
    return EXIT_BUG if found.failures else EXIT_DONE


def problems(path: Path, environ: Mapping[str, str]) -> list[Problem]:
    """Every problem of a configuration, and what loading it would do. Raises ConfigError without a main file."""
    sources = read(path)
    settings, found = examine(sources, today=datetime.now(UTC).date(), environ=environ)
    return found + (_what_a_reload_does(settings, sources) if settings is not None else [])


def _what_a_reload_does(settings: Settings, sources: Sources) -> list[Problem]:
    """What loading these files, which have no error, does to the people of each committee: the problems that only the
    store knows of. Nothing where there is no store.
    """
    committees, now = settings.committees, datetime.now(UTC)

    def look(tx: Tx) -> tuple[list[int], list[Foreseen | None]]:
        return handed_over(tx, committees), foreseen(tx, committees, now)

    try:
        keyring = Keyring.load(settings.key_file)
        store = Store.open(settings.store_url, keyring, exclusive=False, migrate=False, make=False)
        try:
            handed, every = store.read_now(look)
        finally:
            store.close()
    except ConfigError:
        return []
    except CocmailError:
        return [Problem(sources.main.path, 1, "warning", "store", NOT_SEEN)]
    refused = [Problem(sources.committees[number].path, 1, "error", "address", HANDED_OVER) for number in handed]
    # With an error nothing is loaded, so nobody is told anything.
    return refused or [
        Problem(file.path, read_document(file.text).line(("members",)), "warning", "members", _in_words(each))
        for file, each in zip(sources.committees, every, strict=True)
        if each is not None
    ]


def _in_words(found: Foreseen) -> str:
    changes = {
        "out for good": found.gone,
        "new, without what was before": found.new,
        "another address, open cases wait for a yes": found.moved,
    }
    said = [f"{what}: {', '.join(handles)}" for what, handles in changes.items() if handles]
    if not said:
        said = ["nobody goes or comes, but what the members are told of their procedure or each other changes"]
    return f"loading this cannot be unsaid: {'; '.join(said)}; mailboxes that are told: {found.told}"
