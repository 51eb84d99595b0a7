"""`cocmail demo`: the main job with nothing configured, every mail shown.

A real daemon with its own store, key and SMTP door on loopback; only the committee and the story are made up.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.message import Message
from importlib.resources import files
from pathlib import Path

from cocmail import maillog
from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from cocmail.daemon import Daemon
from cocmail.demo_mail import Mailboxes, reply, same_to, say, send, show, show_sent, text_of, write
from cocmail.errors import EXIT_BUG, EXIT_DONE, ConfigError
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring, new_key_file

ALIAS = "conduct@garden.example"
REPORTER = "robin@visitors.example"
AMARA, JUN, NOOR, IVO, SAM = (f"{handle}@example.net" for handle in ("amara", "jun", "noor", "ivo", "sam"))
READERS = (AMARA, JUN, NOOR, SAM)
NAMES = {AMARA: "Amara Obi", JUN: "Jun Sato", NOOR: "Noor Haddad", SAM: "Sam Reyes"}
STAY_PORT = 8025
STAY_FOLDER = Path("var/demo")


def demonstrate(*, stay: bool) -> int:
    """Show the story, or with `stay` keep running for mail of a person's own. Returns the exit code."""
    maillog.configure("critical")
    try:
        with _folder(stay) as folder:
            return asyncio.run(_stay(folder) if stay else _story(folder))
    except TimeoutError:
        print("The mail that should have come did not come. This is a bug.", file=sys.stderr)
        return EXIT_BUG


@contextlib.contextmanager
def _folder(stay: bool) -> Iterator[Path]:
    if not stay:
        with tempfile.TemporaryDirectory(prefix="cocmail-demo-") as name:
            yield Path(name)
        return
    if STAY_FOLDER.exists() and not (STAY_FOLDER / "demo.key").exists():
        raise ConfigError([f"{STAY_FOLDER}: is there already and is no demo of ours; move it away"])
    shutil.rmtree(STAY_FOLDER, ignore_errors=True)
    STAY_FOLDER.mkdir(mode=0o700, parents=True)
    yield STAY_FOLDER.resolve()


def _settings(folder: Path, port: int) -> Settings:
    main = f"""
version: 1
intake: {{smtp: {{listen: "127.0.0.1:{port}"}}}}
delivery: {{maildir: mail}}
store: {{url: "sqlite:///demo.db", key_file: demo.key}}
committees: [demo.yaml]
"""
    committee = files("cocmail").joinpath("demo.yaml").read_text(encoding="utf-8")
    sources = Sources(SourceFile(str(folder / "main.yaml"), main), (SourceFile(str(folder / "demo.yaml"), committee),))
    settings, problems = examine(sources, today=datetime.now(UTC).date(), environ={})
    if settings is None:
        raise ConfigError([str(problem) for problem in problems])
    return settings


@contextlib.asynccontextmanager
async def _running(folder: Path, port: int) -> AsyncIterator[int]:
    """A daemon in this process; gives the port of its SMTP door."""
    new_key_file(folder / "demo.key")
    settings = _settings(folder, port)
    store = Store.open(settings.store_url, Keyring.load(settings.key_file))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    daemon = Daemon(settings, store, lambda: datetime.now(UTC))
    life = asyncio.create_task(daemon.run(stop, lambda addresses: ready.set_result(addresses[0])))
    try:
        await asyncio.wait({ready, life}, return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()
        yield int(ready.result().rpartition(":")[2])
    finally:
        stop.set()
        await asyncio.gather(life, return_exceptions=True)
        store.close()


async def _story(folder: Path) -> int:
    boxes = Mailboxes(folder / "mail")
    async with _running(folder, 0) as port:
        ack, forwards = await _a_report_arrives(port, boxes)
        await _the_reporter_adds_something(port, boxes, ack)
        await _members_talk(port, boxes, forwards[AMARA], AMARA, _TALK, JUN, [NOOR, SAM])
        await _somebody_withdraws(port, boxes, forwards[JUN])
        before = boxes.count(JUN)
        say("Noor goes on. Amara and Sam get it; Jun gets nothing more.")
        await _members_talk(port, boxes, forwards[NOOR], NOOR, _MORE, SAM, [AMARA])
        await _members_vote(port, boxes, forwards[AMARA])
        await _the_reporter_is_answered(port, boxes, forwards[AMARA])
    after, ivo = boxes.count(JUN), boxes.count(IVO)
    say(f"Since the receipt Jun has got {after - before} mails. Ivo has got {ivo} in all.")
    return EXIT_DONE if after == before and ivo == 0 else EXIT_BUG


async def _a_report_arrives(port: int, boxes: Mailboxes) -> tuple[Message, dict[str, Message]]:
    say(f"A committee of five takes reports at {ALIAS}. Somebody writes to it, over SMTP on port {port}.")
    report = write(f"Robin Vale <{REPORTER}>", ALIAS, "About last night's meetup", _REPORT)
    await send(port, report)
    show_sent(report)
    ack = (await boxes.expect(REPORTER, kind="ack"))[REPORTER]
    say("Robin gets an acknowledgement. It quotes nothing of what Robin wrote.")
    show(ack)
    forwards = await boxes.expect(*READERS, kind="forward")
    say("The report names Ivo, who is on the committee. Four of five members get it, each in person; Ivo does not.")
    show(forwards[AMARA])
    same_to([JUN, NOOR, SAM])
    return ack, forwards


async def _the_reporter_adds_something(port: int, boxes: Mailboxes, ack: Message) -> None:
    say("Robin remembers something and replies to the acknowledgement.")
    await send(port, reply(ack, f"Robin Vale <{REPORTER}>", f"Re: {ack['Subject']}", _ADDED))
    show((await boxes.expect(*READERS, kind="forward"))[AMARA])
    same_to([JUN, NOOR, SAM])
    say("Amara replies to hers. Her words go to the other three.")


async def _members_talk(
    port: int, boxes: Mailboxes, mail: Message, author: str, text: str, shown: str, others: list[str]
) -> None:
    await send(port, reply(mail, f"{NAMES[author]} <{author}>", f"Re: {mail['Subject']}", text))
    show((await boxes.expect(shown, *others, kind="forward"))[shown])
    same_to(others)


async def _somebody_withdraws(port: int, boxes: Mailboxes, mail: Message) -> None:
    say("Jun works with Robin and withdraws: the tag #recuse in the Subject of a reply.")
    await send(port, reply(mail, f"{NAMES[JUN]} <{JUN}>", f"Re: {mail['Subject']} #recuse", ""))
    show((await boxes.expect(JUN, kind="receipt"))[JUN])
    say("The others are told that Jun withdrew, not why.")
    show((await boxes.expect(AMARA, NOOR, SAM, kind="notice"))[AMARA])


async def _members_vote(port: int, boxes: Mailboxes, mail: Message) -> None:
    say("Amara asks for a decision: #motion outcome, and four parts in the text of her mail.")
    await send(port, reply(mail, f"{NAMES[AMARA]} <{AMARA}>", f"Re: {mail['Subject']} #motion outcome", _MOTION))
    voters = (AMARA, NOOR, SAM)
    asked = await boxes.expect(*voters, kind="vote")
    show(asked[NOOR])
    same_to([AMARA, SAM])
    say("Noor votes by reply. Nobody sees a ballot before the question closes.")
    for voter, ballot in zip(voters, ("yes", "yes", "no"), strict=True):
        subject = f"Re: {asked[voter]['Subject']} #vote {ballot}"
        await send(port, reply(asked[voter], f"{NAMES[voter]} <{voter}>", subject, ""))
        receipt = await _receipt(boxes, voter, f"#vote {ballot}")
        if voter == NOOR:
            show(receipt)
    say("Amara and Sam vote too. All three have voted, so the question closes.")
    show((await boxes.expect(*voters, kind="tally"))[NOOR])
    same_to([AMARA, SAM])


async def _the_reporter_is_answered(port: int, boxes: Mailboxes, mail: Message) -> None:
    say("Amara drafts a letter to Robin: #reporter. The others see it first.")
    await send(port, reply(mail, f"{NAMES[AMARA]} <{AMARA}>", f"Re: {mail['Subject']} #reporter", _LETTER))
    draft = (await boxes.expect(AMARA, NOOR, SAM, kind="draft"))[NOOR]
    show(draft)
    say("What one wrote another one sends: Noor replies with #send D1. Robin gets it, from the committee's address.")
    await send(port, reply(draft, f"{NAMES[NOOR]} <{NOOR}>", f"Re: {draft['Subject']} #send D1", ""))
    show((await boxes.expect(REPORTER, kind="outreach"))[REPORTER])


async def _receipt(boxes: Mailboxes, member: str, tag: str) -> Message:
    """The receipt for that tag; those of earlier tags are passed over."""
    while True:
        receipt = (await boxes.expect(member, kind="receipt"))[member]
        if tag in text_of(receipt):
            return receipt


async def _stay(folder: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(folder, STAY_PORT) as port:
        print(_STAY.format(port=port, alias=ALIAS, mail=STAY_FOLDER / "mail"), flush=True)
        await stop.wait()
    return EXIT_DONE


_REPORT = """\
At the meetup last night Ivo shouted at a newcomer until she left. I was there
and so were others. It was not the first time.
"""
_ADDED = "One thing more: it was shortly before nine, next to the stage.\n"
_TALK = "Thank you all for being here at once. I suggest that we ask who else was there.\n"
_MORE = "I can call the organisers of the meetup tomorrow morning.\n"
_MOTION = """\
Finding: shouting at a newcomer until she left; our Code of Conduct forbids it.
Plan: a talk with two of us about how newcomers are met.
Consequence: no hosting of meetups for half a year.
If refused: no meetups at all for a year.
"""
_LETTER = """\
Dear Robin,

thank you for writing to us. We talked with people who were there and decided:
whoever shouted will not host meetups for half a year, and two of us will talk
with them. If anything like it happens again, to you or to others, please write.

For the committee, Amara
"""
_STAY = """\
A committee of five takes reports at {alias}, by SMTP on 127.0.0.1, port {port}.
Everybody's mail lies in {mail}/ADDRESS (Maildir). Another terminal, same folder:

  Report something:
    swaks --server 127.0.0.1:{port} --from you@visitors.example --to {alias} \\
          --header "Subject: About last night" --body "Somebody shouted at me."

  Read and answer as Amara (r replies, y sends; add #recuse to the Subject to withdraw):
    mutt -n -F /dev/null -e 'set smtp_url=smtp://127.0.0.1:{port} from=amara@example.net use_from=yes copy=no' \\
          -e 'set realname="Amara Obi" ssl_force_tls=no ssl_starttls=no folder={mail}' \\
          -f {mail}/amara@example.net

  The others are jun, noor, ivo and sam, each @example.net. Ctrl-C ends it.
"""
