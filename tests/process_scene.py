"""The program as an operator runs it: a process of its own, a folder, signals, a log on standard error.

    with Smarthost() as smarthost, House(tmp_path, smarthost=smarthost.port) as house:
        house.start()
        house.report("Somebody shouted at me.")
        smarthost.wait(lambda mail: mail.kind == "forward", count=5)

The program is acted on from outside alone: mail goes in over sockets, and what happened is read from mail, log lines,
exit codes and the commands of the command line. It is always a process of its own; `cold` makes it load itself, as at
an operator's, which takes a second or two and is asked for where the start is what is tested.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email import policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

import forked
import scene
from cocmail.vault.keyring import new_key_file
from scene import ALIAS, AUTHSERV, Delivered, committee_file

PROJECT = Path(__file__).resolve().parent.parent
WATCHED = PROJECT / "tests" / "watched.py"
PATIENCE = 45.0
# Of the contract, section 1; 70 is a bug, or damage that `keys verify` found.
EXIT_CODES = (0, 2, 69, 75)


def wait_until(reached: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Looks again and again; fails with `what` was waited for."""
    end = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < end, f"waited {patience:.0f} s for {what}"
        time.sleep(0.02)


class Smarthost:
    """A mail server on loopback in a thread of its own. Keeps its port when it goes down and comes up again."""

    def __init__(self, *, up: bool = True) -> None:
        self._server = scene.Smarthost()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smarthost")
        self._up = up

    def __enter__(self) -> Smarthost:
        self._thread.start()
        self.up()
        if not self._up:
            self.down()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._end_connections())
        self._loop.close()

    async def _end_connections(self) -> None:
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result()

    def down(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def delivered(self) -> list[Delivered]:
        return list(self._server.delivered)

    @property
    def answers(self) -> dict[str, str]:
        """The reply to RCPT, a recipient; "" is all."""
        return self._server.answers

    def of(self, kind: str, to: str | None = None) -> list[Delivered]:
        """What came of a kind, to everybody or to one address."""
        return [mail for mail in self.delivered if mail.kind == kind and (to is None or mail.recipient == to)]

    def wait(self, wanted: Callable[[Delivered], bool], count: int = 1, patience: float = PATIENCE) -> list[Delivered]:
        """Waits until so many wanted mails have come; gives them."""
        wait_until(lambda: sum(map(wanted, self.delivered)) >= count, f"{count} mails", patience)
        return [mail for mail in self.delivered if wanted(mail)]

    def wait_for(self, kind: str, count: int = 1) -> list[Delivered]:
        return self.wait(lambda mail: mail.kind == kind, count)


class House:
    """A folder with configuration, key and store, and the daemon that runs on it."""

    def __init__(self, folder: Path, *, smarthost: int | None = None, committee: str = "", main: str = "") -> None:
        """`smarthost` is its port; without one, mail goes into Maildirs. `main` is added to the main file."""
        self.folder = folder
        self.config = folder / "cocmail.yaml"
        self.committee = committee or committee_file()
        self.delivery = "maildir: outbox" if smarthost is None else f"smtp: {{host: 127.0.0.1, port: {smarthost}}}"
        self.retry = "[1s]"
        self.level = "info"
        self.store_url = "sqlite:///var/store.db"
        self.committees = "[committee.yaml]"
        self.intake = 'smtp: {listen: "127.0.0.1:0"}\n  lmtp: {listen: ./lmtp.sock}'
        self.more = main
        self.environ: dict[str, str] = {}
        self.cold = False
        # Somebody stands at its boundaries (`watched`).
        self.watch: dict[str, object] | None = None
        self.process: subprocess.Popen[bytes] | forked.Process | None = None
        self._log = Lines(self.log)
        self._logged = 0
        new_key_file(folder / "master.key")
        self.write()

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def write(self) -> None:
        """The configuration files, as the attributes say."""
        self.config.write_text(f"""version: 1
intake:
  {self.intake}
delivery:
  {self.delivery}
  retry: {self.retry}
store: {{url: "{self.store_url}", key_file: master.key}}
logging: {{level: {self.level}}}
admins: [ops@example.com]
committees: {self.committees}
{self.more}
""")
        (self.folder / "committee.yaml").write_text(self.committee)

    def __enter__(self) -> House:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process is not None:
            self.kill()
        # Shown where the test failed.
        print(self.log.read_text() if self.log.exists() else "no log")
        if kind is None:
            self.check_log()

    # The daemon

    def start(self, *, wait: bool = True) -> None:
        """Starts `cocmail run`; waits until it takes mail."""
        self._logged = len(self.lines())
        with self.log.open("ab") as log, open(os.devnull, "rb") as nothing:
            self.process = started(
                ["run", "--config", str(self.config)],
                cwd=self.folder,
                environ=environment(self.environ | ({"WATCHED": json.dumps(self.watch)} if self.watch else {})),
                streams=(nothing.fileno(), log.fileno(), log.fileno()),
                cold=self.cold,
                program=WATCHED if self.watch else None,
            )
        if wait:
            self.wait_for_event("ready")

    def kill(self) -> None:
        """No time to say anything, as the kernel or a power cut does it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Waits for the end; gives the exit code."""
        assert self.process is not None
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def hang_up(self) -> None:
        """SIGHUP."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def lines(self) -> list[str]:
        """Every line that any daemon of this house wrote."""
        return self._log.all()

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The log lines since the last start, or those of one event."""
        return [event for event in self._log.events(self._logged) if name is None or event["event"] == name]

    def wait_for_event(self, name: str, count: int = 1) -> dict[str, Any]:
        def reached() -> bool:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.process.returncode}: {self.lines()[self._logged :]}")
            return len(self.events(name)) >= count

        wait_until(reached, f"{count} log lines {name!r}")
        return self.events(name)[-1]

    def check_log(self) -> None:
        """Every line is one of ours: no traceback, no warning, no word of a library."""
        stray = [line for line in self.lines() if not line.startswith('{"')]
        assert [line for line in stray if not line.startswith(("cocmail: ", str(self.folder)))] == []
        assert [line for line in self.lines() if '"event": "failed"' in line or '"event": "shunted"' in line] == []

    # Mail

    @property
    def port(self) -> int:
        """The port of the SMTP door."""
        return int(self.events("ready")[-1]["doors"][0].rpartition(":")[2])

    @property
    def lmtp(self) -> Path:
        return self.folder / "lmtp.sock"

    def send(self, raw: EmailMessage | bytes, sender: str = "robin@visitors.example", to: str = ALIAS) -> None:
        """Hands over one message; returns once 250 was said."""
        content = raw if isinstance(raw, bytes) else raw.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=90) as client:
            client.sendmail(sender, [to], content, ["BODY=8BITMIME"])

    def report(self, text: str, *, sender: str = "robin@visitors.example", **more: str) -> EmailMessage:
        """Somebody from outside writes to the alias."""
        mail = letter(sender, text, **more)
        self.send(mail, sender)
        return mail

    def answer(self, mail: Delivered, text: str, tag: str = "") -> None:
        """A member replies, proven, as mail programs do."""
        said = mail.message
        headers = {"In-Reply-To": str(said["Message-ID"]), "References": str(said["Message-ID"])}
        subject = f"Re: {said['Subject']} {tag}".strip()
        reply = letter(mail.recipient, text, to=str(said["Reply-To"]), subject=subject, headers=headers)
        self.send(reply, mail.recipient, str(said["Reply-To"]))

    # The command line

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environ: dict[str, str] | None = None,
        codes: Sequence[int] = EXIT_CODES,
    ) -> Ended:
        """One command of the command line, with this house's configuration."""
        named = (*arguments, "--config", str(self.config))
        return run(*named, stdin=stdin, environ=environ, cwd=self.folder, codes=codes)

    def cases(self) -> list[dict[str, str]]:
        return json.loads(self.run("cases", "--json").out)

    def queue(self) -> list[dict[str, Any]]:
        return json.loads(self.run("queue", "--json").out)

    def all_opens(self) -> str:
        """`keys verify`: what it counted, once everything opened."""
        ended = self.run("keys", "verify")
        assert ended.code == 0, ended.out
        return ended.out


class Lines:
    """The lines of a log that grows. Each is read once: a long test looks at it thousands of times."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._lines: list[str] = []
        self._events: dict[int, dict[str, Any]] = {}
        self._begun = ""

    def all(self) -> list[str]:
        """Every line, the one that is being written too."""
        self._read_on()
        return [*self._lines, self._begun] if self._begun else list(self._lines)

    def events(self, start: int) -> list[dict[str, Any]]:
        """What the whole lines from that one on say, without those that are no JSON."""
        self._read_on()
        return [event for place in range(start, len(self._lines)) if (event := self._event(place)) is not None]

    def _event(self, place: int) -> dict[str, Any] | None:
        line = self._lines[place]
        if place not in self._events and line.startswith("{") and line.endswith("}"):
            self._events[place] = json.loads(line)
        return self._events.get(place)

    def _read_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._place)
            fresh, _, begun = file.read().rpartition(b"\n")
            self._place = file.tell() - len(begun)
        self._begun = begun.decode(errors="replace")
        self._lines += fresh.decode(errors="replace").splitlines()


class Ended:
    """A command that has run: exit code, standard output and error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's, less what would be the program's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COCMAIL_", "NOTIFY_"))}
    return {**kept, "PYTHONPATH": str(PROJECT), **more}


def started(
    arguments: Sequence[str],
    *,
    cwd: Path | None,
    environ: Mapping[str, str],
    streams: tuple[int, int, int],
    cold: bool,
    program: Path | None = None,
) -> subprocess.Popen[bytes] | forked.Process:
    """`cocmail ARGUMENTS` as a process in a session of its own; `streams` are descriptors."""
    stdin, stdout, stderr = streams
    if not cold:
        return forked.start(
            arguments, cwd=cwd, environ=environ, stdin=stdin, stdout=stdout, stderr=stderr, program=program
        )
    command = [sys.executable, "-m", "cocmail", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environ, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
    )


def run(
    *arguments: str,
    stdin: bytes = b"",
    environ: dict[str, str] | None = None,
    cwd: Path | None = None,
    codes: Sequence[int] = EXIT_CODES,
    cold: bool = False,
) -> Ended:
    """`cocmail ARGUMENTS`. Whatever it says, it is no traceback, and it ends with one of `codes`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        streams = (given.fileno(), out.fileno(), err.fileno())
        process = started(arguments, cwd=cwd, environ=environment(environ or {}), streams=streams, cold=cold)
        try:
            code = process.wait(90)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        ended = Ended(code, out.read().decode(), err.read().decode())
    assert "Traceback" not in ended.out + ended.err, ended
    assert ended.code in codes, ended
    return ended


def letter(
    sender: str,
    text: str,
    *,
    to: str = ALIAS,
    subject: str = "About last night",
    name: str = "",
    headers: dict[str, str] | None = None,
    proven: bool = True,
) -> EmailMessage:
    """A message as the mail server in front hands it over."""
    mail = EmailMessage(policy=policy.SMTP)
    if proven:
        domain = sender.rpartition("@")[2]
        mail["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass header.from={domain}"
    mail["From"] = f"{name} <{sender}>" if name else sender
    mail["To"], mail["Subject"] = to, subject
    mail["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = f"<{os.urandom(12).hex()}@{sender.rpartition('@')[2]}>"
    for header, value in (headers or {}).items():
        mail[header] = value
    mail.set_content(text)
    return mail


class Lmtp:
    """An LMTP client that sends bytes as they are: no line end is touched, only dots are stuffed."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self.reply()
        self.say(b"LHLO border.example.org")

    def __enter__(self) -> Lmtp:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lines.close()
        self._socket.close()

    def reply(self) -> bytes:
        line = self._lines.readline()
        while line[3:4] == b"-":
            line = self._lines.readline()
        return line.rstrip()

    def say(self, line: bytes) -> bytes:
        self._socket.sendall(line + b"\r\n")
        return self.reply()

    def deliver(self, sender: str, recipients: Sequence[str], raw: bytes) -> list[bytes]:
        """The replies, one a recipient. A message that does not end with CRLF is given one."""
        replies = [self.say(b"MAIL FROM:<%s> BODY=8BITMIME" % sender.encode())]
        replies += [self.say(b"RCPT TO:<%s>" % recipient.encode()) for recipient in recipients]
        replies.append(self.say(b"DATA"))
        assert [reply[:3] for reply in replies] == [b"250"] * (1 + len(recipients)) + [b"354"], replies
        stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
        self._socket.sendall(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return [self.reply() for _ in recipients]
