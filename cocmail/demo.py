"""`cocmail demo`: the main job with nothing configured, every mail shown.

A real daemon with its own store, key and SMTP door on loopback; only the committee and the story are made up.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import smtplib
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.utils import make_msgid
from importlib.resources import files
from pathlib import Path

from cocmail import maillog
from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from cocmail.daemon import Daemon
from cocmail.errors import EXIT_BUG, EXIT_DONE, ConfigError
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring, new_key_file

ALIAS = "conduct@garden.example"
REPORTER = "robin@visitors.example"
AMARA, JUN, NOOR, IVO, SAM = (f"{handle}@example.net" for handle in ("amara", "jun", "noor", "ivo", "sam"))
READERS = (AMARA, JUN, NOOR, SAM)
NAMES = {AMARA: "Amara Obi", JUN: "Jun Sato", NOOR: "Noor Haddad"}
PATIENCE = 15.0
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


class Mailboxes:
    """What has arrived where; each mail is handed out once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Path] = set()

    async def expect(self, *recipients: str, kind: str) -> dict[str, Message]:
        """The next mail of a kind to each of these people. Raises TimeoutError."""
        found: dict[str, Message] = {}
        async with asyncio.timeout(PATIENCE):
            while len(found) < len(recipients):
                for recipient, mail in self._fresh(kind):
                    if recipient in recipients and recipient not in found:
                        found[recipient] = mail
                await asyncio.sleep(0.02)
        return {recipient: found[recipient] for recipient in recipients}

    def _fresh(self, kind: str) -> Iterator[tuple[str, Message]]:
        for path in sorted(self._folder.glob("*/new/*")):
            if path in self._seen:
                continue
            mail = message_from_bytes(path.read_bytes())
            if mail["Cocmail-Kind"] == kind:
                self._seen.add(path)
                yield path.parent.parent.name, mail

    def count(self, recipient: str) -> int:
        """How many mails somebody has got in all."""
        return len(list(self._folder.glob(f"{recipient}/new/*")))


async def _story(folder: Path) -> int:
    boxes = Mailboxes(folder / "mail")
    async with _running(folder, 0) as port:
        ack, forwards = await _a_report_arrives(port, boxes)
        await _the_reporter_adds_something(port, boxes, ack)
        await _members_talk(port, boxes, forwards[AMARA], AMARA, _TALK, JUN, [NOOR, SAM])
        await _somebody_withdraws(port, boxes, forwards[JUN])
        before = boxes.count(JUN)
        _say("Noor goes on. Amara and Sam get it; Jun gets nothing more.")
        await _members_talk(port, boxes, forwards[NOOR], NOOR, _MORE, SAM, [AMARA])
    after, ivo = boxes.count(JUN), boxes.count(IVO)
    _say(f"Since the receipt Jun has got {after - before} mails. Ivo has got {ivo} in all.")
    return EXIT_DONE if after == before and ivo == 0 else EXIT_BUG


async def _a_report_arrives(port: int, boxes: Mailboxes) -> tuple[Message, dict[str, Message]]:
    _say(f"A committee of five takes reports at {ALIAS}. Somebody writes to it, over SMTP on port {port}.")
    report = _mail(f"Robin Vale <{REPORTER}>", ALIAS, "About last night's meetup", _REPORT)
    await _send(port, report)
    _show_sent(report)
    ack = (await boxes.expect(REPORTER, kind="ack"))[REPORTER]
    _say("Robin gets an acknowledgement. It quotes nothing of what Robin wrote.")
    _show(ack)
    forwards = await boxes.expect(*READERS, kind="forward")
    _say("The report names Ivo, who is on the committee. Four of five members get it, each in person; Ivo does not.")
    _show(forwards[AMARA])
    _same_to([JUN, NOOR, SAM])
    return ack, forwards


async def _the_reporter_adds_something(port: int, boxes: Mailboxes, ack: Message) -> None:
    _say("Robin remembers something and replies to the acknowledgement.")
    await _send(port, _reply(ack, f"Robin Vale <{REPORTER}>", f"Re: {ack['Subject']}", _ADDED))
    _show((await boxes.expect(*READERS, kind="forward"))[AMARA])
    _same_to([JUN, NOOR, SAM])
    _say("Amara replies to hers. Her words go to the other three.")


async def _members_talk(
    port: int, boxes: Mailboxes, mail: Message, author: str, text: str, shown: str, others: list[str]
) -> None:
    await _send(port, _reply(mail, f"{NAMES[author]} <{author}>", f"Re: {mail['Subject']}", text))
    _show((await boxes.expect(shown, *others, kind="forward"))[shown])
    _same_to(others)


async def _somebody_withdraws(port: int, boxes: Mailboxes, mail: Message) -> None:
    _say("Jun works with Robin and withdraws: the tag #recuse in the Subject of a reply.")
    await _send(port, _reply(mail, f"{NAMES[JUN]} <{JUN}>", f"Re: {mail['Subject']} #recuse", ""))
    _show((await boxes.expect(JUN, kind="receipt"))[JUN])
    _say("The others are told that Jun withdrew, not why.")
    _show((await boxes.expect(AMARA, NOOR, SAM, kind="notice"))[AMARA])


async def _stay(folder: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _running(folder, STAY_PORT) as port:
        print(_STAY.format(port=port, alias=ALIAS, mail=STAY_FOLDER / "mail"), flush=True)
        await stop.wait()
    return EXIT_DONE


def _mail(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    mail.set_content(text)
    return mail


def _reply(to: Message, sender: str, subject: str, text: str) -> EmailMessage:
    mail = _mail(sender, str(to["Reply-To"]), subject, text)
    mail["In-Reply-To"] = str(to["Message-ID"])
    mail["References"] = f"{to['References'] or ''} {to['Message-ID']}".strip()
    return mail


async def _send(port: int, mail: EmailMessage) -> None:
    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(mail)

    await asyncio.to_thread(work)


def _say(text: str) -> None:
    print(textwrap.fill(f"* {text}", 88, subsequent_indent="  ") + "\n", flush=True)


def _show_sent(mail: EmailMessage) -> None:
    print(f"    From: {mail['From']}\n    To: {mail['To']}\n    Subject: {mail['Subject']}\n")
    print(textwrap.indent(mail.get_content(), "    "), flush=True)


def _show(mail: Message) -> None:
    payload = mail.get_payload(decode=True)
    text = payload.decode() if isinstance(payload, bytes) else ""
    print(f"    | To: {mail['To']}\n    | Subject: {mail['Subject']}\n    |")
    print(textwrap.indent(text.rstrip(), "    | ", lambda line: True) + "\n", flush=True)


def _same_to(recipients: list[str]) -> None:
    print(f"    The same, each with a reply address of their own, to {', '.join(recipients)}.", flush=True)


_REPORT = """\
At the meetup last night Ivo shouted at a newcomer until she left. I was there
and so were others. It was not the first time.
"""
_ADDED = "One thing more: it was shortly before nine, next to the stage.\n"
_TALK = "Thank you all for being here at once. I suggest that we ask who else was there.\n"
_MORE = "I can call the organisers of the meetup tomorrow morning.\n"
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
