"""The command line (contract, section 1). Parses, calls, prints; decides nothing.

No command prints the content of a case. Exit codes stand in `errors`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO, cast

from cocmail import __version__, maillog
from cocmail.errors import EXIT_BUG, EXIT_CONFIG, EXIT_DONE, EXIT_INTERRUPTED, EXIT_TRY_AGAIN, CocmailError, ConfigError

Command = Callable[[argparse.Namespace], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    maillog.configure()
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        with _heard():
            return command(options)
    except (Exception, KeyboardInterrupt) as error:
        code = _ended_by(error)
    # A mail server takes anything but 75 for final, and throws the report away or sends it back.
    return EXIT_TRY_AGAIN if command is inject_message else code


def _ended_by(error: BaseException) -> int:
    """Says what a command did not get done by; gives the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    if isinstance(error, ConfigError):
        for problem in error.problems:
            maillog.say(problem)
        return error.exit_code
    if isinstance(error, CocmailError):
        maillog.say(f"cocmail: {error}")
        return error.exit_code
    # The message of an unknown exception may hold anything; its class and place tell us enough.
    maillog.say(f"cocmail: a bug: {type(error).__name__} at {maillog.place(error)}")
    return EXIT_BUG


class _Output:
    """Standard output for as long as somebody reads it. Who has read enough (`| head`) stops no work and changes no
    exit code, which may be a verdict: of `check`, of `keys verify`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._is_read_no_more()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._is_read_no_more()

    def _is_read_no_more(self) -> None:
        # What is left in the buffer would else be tried again at the end, which then is 120.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    if sys.stdout is None:
        yield
        return
    output = _Output(sys.stdout)
    with contextlib.redirect_stdout(cast(TextIO, output)):
        yield
        output.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cocmail", description="The daemon behind a Code of Conduct committee's address"
    )
    parser.add_argument("--version", action="version", version=f"cocmail {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="FILE", help="default: $COCMAIL_CONFIG, ./config/, /etc/cocmail/")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, parents=[common])
        sub.set_defaults(command=command)
        return sub

    _add_for_everybody(add)
    _add_for_operators(add)
    return parser


def _add_for_everybody(add: Add) -> None:
    """The daemon, its configuration, and mail by hand."""
    add("run", run, "the daemon, in the foreground")
    add("check", check, "every problem of the configuration, one a line")
    init = add("init", initialise, "write a working configuration and fresh keys into a folder")
    init.add_argument("folder", metavar="DIR", type=Path)
    init.add_argument("--yes", action="store_true", help="take the defaults, ask nothing")
    demo = add("demo", demonstrate, "the main job with nothing configured, every mail shown")
    demo.add_argument("--stay", action="store_true", help="keep running, for mail of your own")
    inject = add("inject", inject_message, "hand one message from standard input to the running daemon")
    inject.add_argument("--from", dest="sender", metavar="A", help="envelope sender (default: $SENDER)")
    inject.add_argument("--to", action="append", metavar="A", help="recipient (default: $ORIGINAL_RECIPIENT)")


def _add_for_operators(add: Add) -> None:
    """What is done beside a running daemon, or in its place."""
    add("cases", list_cases, "the status sheet").add_argument("--json", action="store_true")
    doctor = add("doctor", examine_all, "what is wrong with this installation, from outside in, and what to do")
    doctor.add_argument("--wait", metavar="SECONDS", type=_seconds, default=60.0, help="for the test mail (60)")
    doctor.add_argument("--resolver", metavar="ADDRESS:PORT", help="a DNS server (default: this machine's)")
    doctor.add_argument("--mail-user", metavar="USER", help="as whom the mail server runs (default: postfix and such)")
    queue = add("queue", work_queue, "outgoing mail not yet delivered and shunted incoming mail")
    queue.add_argument("--json", action="store_true")
    queue.add_argument("action", nargs="?", choices=("retry", "release"))
    queue.add_argument("id", nargs="?", metavar="ID")
    queue.add_argument("--now", action="store_true", help="release: without the quiet day, or end it")
    queue.add_argument("--drop-old", action="store_true", help="release: drop what waited when the backup was made")
    backup = add("backup", make_backup, "a sealed copy of the store, beside the running daemon; without the key file")
    backup.add_argument("folder", metavar="DIR", type=Path)
    restore = add("restore", put_back, "the newest backup of DIR; the store then sends nothing until it is released")
    restore.add_argument("folder", metavar="DIR", type=Path)
    add("erase", erase_case, "destroy a case for good; asks for its code name, and its members may object for 7 days")
    keys = add("keys", work_keys, "the master key: `keys new FILE`, `keys verify`")
    keys.add_argument("action", choices=("new", "verify"))
    keys.add_argument("file", nargs="?", metavar="FILE")


def run(options: argparse.Namespace) -> int:
    from cocmail.service import serve

    asyncio.run(serve(_config_path(options), os.environ))
    return EXIT_DONE


def check(options: argparse.Namespace) -> int:
    from cocmail import office

    problems = office.problems(_config_path(options), os.environ)
    for problem in problems:
        print(problem)
    return EXIT_CONFIG if any(problem.level == "error" for problem in problems) else EXIT_DONE


def examine_all(options: argparse.Namespace) -> int:
    from cocmail.doctor.findings import exit_code
    from cocmail.doctor.visit import Wishes, visit

    found = []
    wishes = Wishes(options.wait, options.resolver, options.mail_user)
    for finding in visit(_config_path(options), os.environ, wishes):
        print(finding, flush=True)
        found.append(finding)
    return exit_code(found)


def initialise(options: argparse.Namespace) -> int:
    from cocmail.config.init import Answers, ask, write_sample
    from cocmail.vault.keyring import new_key_file

    answers = Answers() if options.yes else ask(_question)
    for path in write_sample(options.folder, answers, new_key_file):
        print(path)
    return EXIT_DONE


def demonstrate(options: argparse.Namespace) -> int:
    from cocmail.demo import demonstrate as show

    return show(stay=options.stay)


def inject_message(options: argparse.Namespace) -> int:
    from cocmail.inject import inject

    return inject(_config_path(options), os.environ, sys.stdin.buffer.read(), options.sender, options.to)


def list_cases(options: argparse.Namespace) -> int:
    from cocmail import office
    from cocmail.reports import sheet

    listed, damaged = office.sheet_rows(_config_path(options), os.environ)
    print(json.dumps(sheet.as_json(listed), indent=2) if options.json else sheet.as_text(listed))
    for case_id in damaged:
        maillog.say(f"does not open: case:{case_id}: see `cocmail keys verify`")
    return EXIT_BUG if damaged else EXIT_DONE


def work_queue(options: argparse.Namespace) -> int:
    from cocmail import office

    path = _config_path(options)
    if options.action == "retry":
        if not options.id:
            raise ConfigError(["cocmail queue retry: which ID? `cocmail queue` lists them"])
        return office.retry(path, os.environ, options.id)
    if options.action == "release":
        from cocmail import copies

        return copies.release(path, os.environ, at_once=options.now, drop=options.drop_old)
    if options.now or options.drop_old:
        raise ConfigError(["cocmail queue: --now and --drop-old go with `queue release`"])
    waiting = office.waiting(path, os.environ)
    if options.json:
        print(json.dumps(waiting, indent=2))
        return EXIT_DONE
    print(office.as_text(waiting))
    if office.is_silent(path, os.environ):
        print("this store was restored: nothing is sent until `cocmail queue release`")
    unread = office.kept_unread(path, os.environ)
    if unread:
        print(f"kept and read by nobody: {unread}")
    return EXIT_DONE


def make_backup(options: argparse.Namespace) -> int:
    from cocmail import copies

    return copies.backup(_config_path(options), os.environ, options.folder)


def put_back(options: argparse.Namespace) -> int:
    from cocmail import copies

    return copies.restore(_config_path(options), os.environ, options.folder)


def erase_case(options: argparse.Namespace) -> int:
    from cocmail import office

    path = _config_path(options)
    if sys.stdin.isatty():
        print("Code name of the case: ", end="", file=sys.stderr, flush=True)
    # Never an argument: those stand in the list of processes and in the shell's history.
    name = sys.stdin.readline().strip()
    if not name:
        raise ConfigError(["cocmail erase: type the code name of a case; nothing was done"])
    return office.erase(path, os.environ, name)


def work_keys(options: argparse.Namespace) -> int:
    from cocmail import office

    if options.action == "new":
        if not options.file:
            raise ConfigError(["cocmail keys new: into which FILE?"])
        return office.new_key(options.file, lambda: _config_path(options), os.environ)
    return office.verify(_config_path(options), os.environ)


def _config_path(options: argparse.Namespace) -> Path:
    from cocmail.config.load import BELOW_HERE, ENVIRONMENT, find

    here = Path.cwd()
    path = find(options.config, os.environ, here)
    if not (options.config or os.environ.get(ENVIRONMENT)) and path == here / BELOW_HERE:
        # In a clone that is the sample: whoever means the service's own would believe what is said of another.
        maillog.say(f"cocmail: the configuration is {path}, found below this folder; --config FILE names another")
    return path


def _seconds(text: str) -> float:
    seconds = float(text)
    # Neither "nan" nor "inf", which are numbers to `float`.
    if not 0 <= seconds <= 86400:
        raise argparse.ArgumentTypeError("a number of seconds, of a day at most")
    return seconds


def _question(text: str, default: str) -> str:
    try:
        answer = input(f"{text} [{default}]: " if default else f"{text}: ").strip()
    except EOFError:
        raise ConfigError(["cocmail init: no more answers; nothing was written. --yes takes the defaults"]) from None
    return answer or default
