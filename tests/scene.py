"""A committee with a real daemon, a real store and a real smarthost on loopback, for tests that read like
conversations.

    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}

Mail goes in over SMTP and comes out over SMTP. The clock is the machine's, moved by `scene.pass_time`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from functools import cached_property
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

import canaries
import lent
from cocmail import office
from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from cocmail.daemon import Daemon
from cocmail.doors.smtp_in import silence_library
from cocmail.records import load_case
from cocmail.service import Reloads
from cocmail.store import cases, outbox, spool
from cocmail.store.boundaries import Crossed, unwatched
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring, new_key_file

ALIAS = "conduct@example.org"
AUTHSERV = "mx.example.org"
HANDLES = ("amara", "jun", "noor", "ivo", "sam")
NAMES = {"amara": "Amara Obi", "jun": "Jun Sato", "noor": "Noor Haddad", "ivo": "Ivo Petrov", "sam": "Sam Reyes"}
PATIENCE = 20.0


@dataclass
class Smarthost:
    """The server that the daemon hands its mail to. `answers` maps a recipient to the reply to RCPT, "" to all."""

    delivered: list[Delivered] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hold: asyncio.Event | None = None
    largest: int = 60_000_000
    sender_answer: str = ""
    drop_data_of: str = ""
    answer_to_files: str = ""
    port: int = 0
    _server: asyncio.Server | None = None
    _talking: list[SMTP] = field(default_factory=list)

    async def start(self) -> None:
        silence_library()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._speak, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _speak(self) -> SMTP:
        self._talking.append(SMTP(self, enable_SMTPUTF8=True, data_size_limit=60_000_000, hostname="smarthost"))
        return self._talking[-1]

    async def stop(self) -> None:
        """Down: nobody listens, and who was connected is cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._talking:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        self._talking.clear()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, self.answers.get("", "250 OK"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.drop_data_of in envelope.rcpt_tos:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if len(envelope.content or b"") > self.largest:
            return "552 5.3.4 too large"
        if self.answer_to_files and b"\nContent-Disposition: attachment" in (envelope.content or b""):
            return self.answer_to_files
        if self.hold is not None:
            await self.hold.wait()
        assert isinstance(envelope.content, bytes)
        self.delivered.append(Delivered(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        return "250 taken"


@dataclass
class Delivered:
    """One message as the smarthost got it."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def recipient(self) -> str:
        assert len(self.recipients) == 1, "one message to one recipient"
        return self.recipients[0]

    # Stories ask for the same letters again and again, and taking one apart costs milliseconds.
    @cached_property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @cached_property
    def kind(self) -> str:
        # Of each letter that there is, again and again: read off, as the parser would take a tenth of a scene's time.
        found = re.search(rb"^Cocmail-Kind: ([a-z]+)\r?$", self.content.partition(b"\r\n\r\n")[0], re.MULTILINE)
        return found[1].decode() if found else "None"

    @cached_property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    def link(self, word: str) -> tuple[str, str]:
        """(address, Subject) of the `mailto:` link that holds a word."""
        from urllib.parse import unquote

        found = next(link for link in re.findall(r"mailto:(\S+)", self.text) if word in unquote(link))
        address, _, query = found.partition("?subject=")
        return address, unquote(query.partition("&body=")[0])


def committee_file(**changes: str) -> str:
    """The YAML of the sample committee: five primary members, an alternate and a mediator, with lines changed."""
    members = "\n".join(
        f"- {{handle: {handle}, name: {NAMES[handle]}, email: {handle}@example.net, "
        "confidentiality_agreed: 2026-01-01}"
        for handle in HANDLES
    )
    lines = {
        "name": "Example Committee",
        "address": ALIAS,
        "policy": "basic",
        "chair": "amara",
        "trust": f"{{authserv_id: {AUTHSERV}, peers: [127.0.0.1], spam_header: X-Spam-Flag}}",
        **changes,
    }
    more = lines.pop("more_members", "")
    replaced = lines.pop("members", members)
    return "\n".join(f"{key}: {value}" for key, value in lines.items()) + f"\nmembers:\n{replaced}\n{more}\n"


class Scene:
    """One daemon with everything around it."""

    def __init__(
        self, folder: Path, *, committee: str | None = None, store_url: str | None = None, main: str = ""
    ) -> None:
        self.folder = folder
        self.committee_text = committee or committee_file()
        self.store_url = store_url or "sqlite:///store.db"
        self.extra = main
        self.smarthost = Smarthost()
        self.offset = timedelta()
        self.ran = timedelta()
        self.port = 0
        # Set where a story tells in the open what otherwise names who reported unknown (`canaries`).
        self.names_are_told = False
        # Who stands at the store's boundaries.
        self.crossed: Crossed = unwatched
        self._seen = 0
        self._numbers = itertools.count(1)
        self._key = folder / "master.key"

    async def __aenter__(self) -> Scene:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._key.exists() and self.store_url == "sqlite:///store.db":
            lent.store(self.folder)
        elif not self._key.exists():
            new_key_file(self._key)
        await self.smarthost.start()
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()
        await self.smarthost.stop()
        if error[0] is None and not self.names_are_told:
            canaries.in_no_letter(self.smarthost.delivered)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def tick(self) -> float:
        """A monotonic clock, in seconds: how long daemons have run."""
        return time.monotonic() + self.ran.total_seconds()

    def main_text(self) -> str:
        return f"""
version: 1
intake:
  smtp: {{listen: "127.0.0.1:0"}}
delivery:
  smtp: {{host: 127.0.0.1, port: {self.smarthost.port}, tls: none}}
store: {{url: "{self.store_url}", key_file: master.key}}
admins: [ops@example.com]
committees: [committee.yaml]
{self.extra}
"""

    def settings(self) -> Settings:
        sources = Sources(
            SourceFile(str(self.folder / "main.yaml"), self.main_text()),
            (SourceFile(str(self.folder / "committee.yaml"), self.committee_text),),
        )
        settings, problems = examine(sources, today=date.today(), environ={})
        assert settings is not None, "\n".join(map(str, problems))
        return settings

    async def start(self) -> None:
        """Start the daemon, on the store as it is."""
        settings = self.settings()
        self.store = Store.open(
            settings.store_url, Keyring.load(settings.key_file), crossed=lambda step, side: self.crossed(step, side)
        )
        self.daemon = Daemon(settings, self.store, self.now, self.tick)
        for reader in (self.daemon.reader, self.daemon.content_reader):
            reader.__class__ = lent.LentReader
        self._stop = asyncio.Event()
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self.daemon.run(self._stop, lambda addresses: ready.set_result(addresses[0])))
        await asyncio.wait({ready, self._life}, return_when=asyncio.FIRST_COMPLETED)
        if self._life.done():
            self._life.result()
        self.port = int(ready.result().rpartition(":")[2])

    async def stop(self) -> None:
        self._stop.set()
        await self._life
        self.store.close()

    async def change_committee(self, text: str) -> None:
        """What SIGHUP does once the new files have passed."""
        self.committee_text = text
        await self.daemon.change(self.settings())
        await self.settle()

    def write_files(self, text: str) -> Path:
        """Both files of the configuration, with these words in the committee's; gives the main one."""
        (self.folder / "main.yaml").write_text(self.main_text(), encoding="utf-8")
        (self.folder / "committee.yaml").write_text(text, encoding="utf-8")
        return self.folder / "main.yaml"

    async def erase(self, name: str) -> int:
        """`cocmail erase`, with that name typed, and the hour after it; gives its exit code."""
        code = await asyncio.to_thread(office.erase, self.write_files(self.committee_text), {}, name)
        await self.settle()
        await self.pass_time(timedelta(hours=1))
        return code

    async def reload(self, text: str) -> None:
        """SIGHUP, with these words in the committee's file, right or wrong."""
        reloads = Reloads(self.daemon, self.write_files(text), {})
        reloads.ask()
        await asyncio.gather(*reloads._tasks)
        self.committee_text = text

    async def pass_time(self, span: timedelta) -> None:
        """Time passes while the daemon runs."""
        self.offset += span
        self.ran += span
        await self.settle()

    async def jump(self, span: timedelta) -> None:
        """The machine's clock is set to another time; nothing has passed."""
        self.offset += span
        await self.settle()

    async def days(self, number: int) -> None:
        """Days pass, one after the other, while the daemon runs."""
        for _ in range(number):
            await self.pass_time(timedelta(days=1))

    # What people do

    async def send(
        self,
        message: EmailMessage | bytes,
        to: str | list[str] = ALIAS,
        *,
        sender: str | None = None,
        settle: bool = True,
    ) -> None:
        """Hand a message to the daemon over SMTP, as the mail server in front of it would."""
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)
        envelope = sender
        if envelope is None:
            envelope = str(message_from_bytes(raw)["From"] or "").rpartition("<")[2].rstrip("> ")

        def work() -> None:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
                client.sendmail(envelope, to, raw, ["BODY=8BITMIME"])

        await asyncio.to_thread(work)
        if settle:
            await self.settle()

    def write(
        self,
        sender: str,
        to: str,
        subject: str,
        text: str,
        *,
        proven: bool | str = False,
        answers: Delivered | None = None,
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """A message as it arrives. `proven`: the border says dmarc=pass (True), or whatever word is given."""
        message = EmailMessage(policy=policy.SMTP)
        address = sender.rpartition("<")[2].rstrip(">")
        if proven:
            verdict = proven if isinstance(proven, str) else "pass"
            message["Authentication-Results"] = f"{AUTHSERV}; dmarc={verdict} header.from={address.rpartition('@')[2]}"
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Date"] = f"Sat, 21 Nov 2026 10:00:{next(self._numbers) % 60:02d} +0000"
        message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2] or "nowhere.example")
        if answers is not None:
            message["In-Reply-To"] = str(answers.message["Message-ID"])
            earlier = str(answers.message["References"] or "")
            message["References"] = f"{earlier} {answers.message['Message-ID']}".strip()
        for name, value in (headers or {}).items():
            message[name] = value
        message.set_content(text)
        return message

    async def report(
        self,
        text: str = "Somebody shouted at me.",
        *,
        to: str | list[str] = ALIAS,
        sender: str = "Robin Vale <robin@visitors.example>",
        subject: str = "About last night",
        proven: bool | str = True,
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Somebody from outside writes to the alias."""
        first = to if isinstance(to, str) else to[0]
        message = self.write(sender, first, subject, text, proven=proven, headers=headers)
        await self.send(message, to)
        return message

    async def answer(
        self,
        mail: Delivered,
        text: str = "",
        *,
        tag: str = "",
        sender: str | None = None,
        subject: str | None = None,
        proven: bool | str = True,
        to: str | None = None,
        threaded: bool = True,
        settle: bool = True,
    ) -> EmailMessage:
        """The recipient of a mail of ours replies to it, as mail programs do."""
        written = subject if subject is not None else f"Re: {mail.message['Subject']} {tag}".strip()
        author = sender or mail.recipient
        token = to or str(mail.message["Reply-To"])
        reply = self.write(author, token, written, text, proven=proven, answers=mail if threaded else None)
        await self.send(reply, token, settle=settle)
        return reply

    # What came out

    async def settle(self) -> None:
        """Wait until everything accepted is understood and everything due is sent."""
        async with asyncio.timeout(PATIENCE):
            for look in itertools.count():
                # The clock may have been moved, or a letter put back, behind the daemon's back. What it does itself
                # wakes it by itself, and every needless look keeps it from its work.
                if look % 10 == 0:
                    self._wake()
                # A look into the store takes the daemon's time: while letters are under way there is no need of one.
                if not self.daemon.outbox._sending and await self._is_quiet():
                    return
                await asyncio.sleep(0.01)

    def _wake(self) -> None:
        self.daemon.pipeline.wake()
        self.daemon.clock.wake.set()
        self.daemon.outbox.wake.set()

    async def _is_quiet(self) -> bool:
        now, next_due = self.now(), self.daemon.clock._next_due
        new, timer, rows, forgotten = await self.store.read(
            lambda tx: (spool.next_new(tx, now), next_due(tx), outbox.listing(tx), not spool.to_forget(tx, now))
        )
        # Asked after the look: what was queued between the two is due as well.
        now = self.now()
        due = [row for row in rows if row.state == outbox.QUEUED and row.next_attempt <= now]
        return new is None and forgotten and not due and (timer is None or timer > now)

    def fresh(self, kind: str | None = None) -> list[Delivered]:
        """What was delivered since this was last asked."""
        found = self.smarthost.delivered[self._seen :]
        self._seen = len(self.smarthost.delivered)
        return [mail for mail in found if kind is None or mail.kind == kind]

    def all(self, kind: str | None = None, to: str | None = None) -> list[Delivered]:
        """Everything that was ever delivered, of a kind, to somebody (handle or address)."""
        address = to if to is None or "@" in to else f"{to}@example.net"
        return [
            mail
            for mail in self.smarthost.delivered
            if (kind is None or mail.kind == kind) and (address is None or mail.recipient == address)
        ]

    def last(self, kind: str, to: str) -> Delivered:
        return self.all(kind, to)[-1]

    def recipients(self, kind: str, since: int = 0) -> set[str]:
        """Handles (or addresses, of people outside) that got mail of a kind."""
        found = {mail.recipient for mail in self.smarthost.delivered[since:] if mail.kind == kind}
        return {address.removesuffix("@example.net") for address in found}

    def mark(self) -> int:
        """Where the list of what was delivered stands now."""
        return len(self.smarthost.delivered)

    async def cases(self) -> list[str]:
        return await self.store.read(lambda tx: cases.ids(tx, None))

    async def case(self, number: int = -1):  # type: ignore[no-untyped-def]
        """One case, folded; the one opened last unless told."""
        ids = await self.cases()
        found = [await self.store.read(lambda tx, id_=case_id: load_case(tx, id_)) for case_id in ids]
        return sorted(found, key=lambda case: case.opened_at)[number]

    async def reasons(self) -> dict[str, int]:
        return await self.store.read(spool.reasons)


@contextlib.contextmanager
def nothing_more(scene: Scene, *people: str):  # type: ignore[no-untyped-def]
    """Asserts that these people get no mail inside the block."""
    before = {person: len(scene.all(to=person)) for person in people}
    yield
    for person, count in before.items():
        assert len(scene.all(to=person)) == count, f"{person} got mail"


Check = Callable[[Scene], None]
