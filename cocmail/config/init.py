"""`cocmail init`: asks what it needs and writes a configuration that runs as it stands.

The rule: nothing that exists is overwritten, and what is written is for its owner alone. It must not make keys
itself: it is handed the function that does.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cocmail.config.committees import LOCAL_PART_MAX
from cocmail.config.files import OWN_FOLDER
from cocmail.config.machine import PORT_BY_TLS, SOCKET_PATH_MAX, is_loopback
from cocmail.config.schema import HANDLE, RESERVED_PREFIXES
from cocmail.errors import ConfigError
from cocmail.mail.address import is_address, local_and_domain, normal

Question = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Person:
    """A member to be: who, and where mail goes."""

    handle: str
    name: str
    email: str


SAMPLE_MEMBERS = (
    Person("amara", "Amara Obi", "amara@example.net"),
    Person("jun", "Jun Sato", "jun@example.net"),
    Person("noor", "Noor Haddad", "noor@example.net"),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a configuration is made from; the defaults are those of `init --yes`.

    `smarthost` is HOST:PORT, or "" for mail written into `var/outbox`. `authserv_id` "" leaves it out.
    """

    project: str = "Example Project"
    alias: str = "conduct@example.org"
    members: tuple[Person, ...] = SAMPLE_MEMBERS
    smarthost: str = ""
    authserv_id: str = "mx.example.org"


DEFAULTS = Answers()
ONE_LINE = "a line of text, not an empty one"
AN_ALIAS = f"a mail address without a +, such as {DEFAULTS.alias}, at most {LOCAL_PART_MAX} bytes before the @"


def ask(ask: Question) -> Answers:
    """The answers of a person. The function `ask(question, default)` gives one; what cannot be used is asked again."""
    project = _one_line(ask, "Name of the project", DEFAULTS.project)
    alias = _until(ask, "Public address of the committee", DEFAULTS.alias, _alias, AN_ALIAS)
    _, domain = local_and_domain(alias)
    chair = _one_line(ask, "Name of the chair", "")
    members = [_person(chair, _member_address(ask, "Address of the chair", alias, []), [])]
    while name := ask("Name of another member (empty: no more)", "").strip():
        if name.isprintable():
            members.append(_person(name, _member_address(ask, "Address of this member", alias, members), members))
    question = "Mail server that takes our mail, HOST:PORT (empty: write mail into var/outbox)"
    smarthost = _until(ask, question, "", _host_and_port, "HOST:PORT, such as 127.0.0.1:25, or nothing")
    question = "authserv-id of the mail server in front"
    authserv_id = _until(ask, question, f"mx.{domain}", lambda text: text.strip(), ONE_LINE)
    return Answers(project, alias, tuple(members), smarthost, authserv_id)


def _until(ask: Question, question: str, default: str, read: Callable[[str], str | None], wanted: str) -> str:
    """Asks until `read` makes something of the answer (it gives None for what it cannot use); `wanted` says what."""
    asked = question
    while True:
        found = read(ask(asked, default) or default)
        if found is not None and found.isprintable():
            return found
        asked = f"That cannot be used: {wanted}. {question}"


def _one_line(ask: Question, question: str, default: str) -> str:
    return _until(ask, question, default, lambda text: text.strip() or None, ONE_LINE)


def _alias(text: str) -> str | None:
    local, _ = local_and_domain(text)
    fits = local and "+" not in local and len(local.encode()) <= LOCAL_PART_MAX
    return normal(text) if fits and is_address(text) else None


def _member_address(ask: Question, question: str, alias: str, others: Iterable[Person]) -> str:
    taken = {alias, *(other.email for other in others)}
    return _until(
        ask,
        question,
        "",
        lambda text: normal(text) if is_address(text) and normal(text) not in taken else None,
        "a mail address, such as name@example.net, that is neither the committee's nor another member's",
    )


def _host_and_port(text: str) -> str | None:
    text = text.strip()
    host, _, port = text.rpartition(":")
    usable = re.fullmatch(r"[A-Za-z0-9.-]+", host) and re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536
    return text if not text or usable else None


def _person(name: str, email: str, others: Iterable[Person]) -> Person:
    return Person(make_handle(name, [other.handle for other in others]), name, email)


def make_handle(name: str, taken: Iterable[str]) -> str:
    """A handle from a name: its first word in a-z, with a number where that is taken; `member` where none is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z][a-z0-9]*", plain) if word != "escrow"]
    first = words[0][:18] if words else "member"
    used = set(taken)
    handle = next(each for n in range(1, len(used) + 2) if (each := first if n == 1 else f"{first}{n}") not in used)
    assert HANDLE.fullmatch(handle) and not handle.startswith(RESERVED_PREFIXES)
    return handle


def write_sample(folder: Path, answers: Answers, new_key: Callable[[Path], None]) -> list[Path]:
    """Writes a working configuration into the folder and gives the paths of its files.

    `new_key` makes the master key file. Files get mode 0600, new folders 0700. Raises ConfigError, having written
    nothing, where one of the files exists or the folder cannot be written.
    """
    key = folder / "master.key"
    name = re.sub(r"[^a-z0-9-]", "", local_and_domain(answers.alias)[0]) or "committee"
    texts = {
        folder / "cocmail.yaml": main_text(answers, folder),
        folder / "committees" / f"{name}.yaml": committee_text(answers),
    }
    there = [path for path in (*texts, key) if os.path.lexists(path)]
    if there:
        raise ConfigError([f"{path}: exists already, nothing was written" for path in there])
    try:
        for each in (folder, folder / "committees", folder / OWN_FOLDER):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, text in texts.items():
            _write_new(path, text)
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be written ({error.strerror})"]) from None
    new_key(key)
    return [*texts, key]


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar (printable text: JSON's quoting is a part of YAML's)."""
    return json.dumps("".join(char for char in text if char.isprintable()), ensure_ascii=False)


MAIN = """\
# cocmail: the machine's side. Every key is explained in docs/config.md; `cocmail check` judges this file.
version: 1
intake:
  smtp:
    listen: "127.0.0.1:8025"
{lmtp}delivery:
{delivery}
store:
  url: sqlite:///var/cocmail.db
  key_file: master.key              # without this file nothing stored can be read: keep a copy elsewhere
logging:
  level: info
  format: json
admins: []                          # who is told, without content, when mail cannot be sent or handled
committees: [committees/*.yaml]
"""

SOCKET = "var/lmtp.sock"
LMTP = f"""\
  lmtp:
    listen: {SOCKET}           # for a mail server on this machine
"""

COMMITTEE = """\
# The committee, edited by its chair. Every key is explained in docs/config.md; `cocmail check` judges this file.
name: {name}
address: {address}
policy: basic
chair: {chair}
trust:
{trust}
members:
{members}
"""

MEMBER = """\
- handle: {handle}
  name: {name}
  email: {email}
  role: primary
  # confidentiality_agreed: 2026-01-01    # the day on which this member agreed to keep reports confidential
"""


def main_text(answers: Answers, folder: Path) -> str:
    """The text of `cocmail.yaml` for that folder. A folder too deep for a unix socket gets none."""
    lmtp = LMTP if len(os.fsencode(os.path.abspath(folder / SOCKET))) <= SOCKET_PATH_MAX else ""
    return MAIN.format(lmtp=lmtp, delivery=_delivery(answers.smarthost))


def _delivery(smarthost: str) -> str:
    if not smarthost:
        return "  maildir: var/outbox             # one Maildir a recipient; or smtp: {host, port}"
    host, _, port = smarthost.rpartition(":")
    tls = "none" if is_loopback(host) else "starttls"
    if int(port) == PORT_BY_TLS["implicit"]:
        tls = "implicit"
    return f"  smtp:\n    host: {_quoted(host)}\n    port: {int(port)}\n    tls: {tls}"


def committee_text(answers: Answers) -> str:
    """The text of the committee's file; the first member is the chair."""
    trust = "  # authserv_id: mx.example.org   # whose Authentication-Results are believed\n  level: proof"
    if answers.authserv_id:
        trust = f"  authserv_id: {_quoted(answers.authserv_id)}   # whose Authentication-Results are believed"
    members = (
        MEMBER.format(handle=each.handle, name=_quoted(each.name), email=_quoted(each.email))
        for each in answers.members
    )
    return COMMITTEE.format(
        name=_quoted(f"{answers.project} Code of Conduct Committee"),
        address=_quoted(answers.alias),
        chair=answers.members[0].handle,
        trust=trust,
        members="".join(members).rstrip("\n"),
    )
