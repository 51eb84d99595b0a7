"""Finds, reads and examines the configuration.

The rule: `read` touches the disk, `examine` judges texts, and both tell everything that is wrong at once. The daemon
examines texts that it kept itself, so `examine` must not read a configuration file (it does look at the secret files
that the texts name).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from glob import glob, has_magic
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import ValidationError

from cocmail.config.committees import (
    check_aliases,
    check_committee,
    check_reach,
    make_committee,
    own_addresses,
    with_borders,
)
from cocmail.config.document import Document, Path, Unreadable, read_document
from cocmail.config.machine import check_admins, make_settings
from cocmail.config.preset import make_policy
from cocmail.config.problems import Findings, Problem, explained
from cocmail.config.schema import CommitteeFile, MainFile, Part
from cocmail.config.settings import Settings
from cocmail.core.model import Committee
from cocmail.errors import ConfigError

ENVIRONMENT = "COCMAIL_CONFIG"
BELOW_HERE = "config/cocmail.yaml"
SYSTEM = "/etc/cocmail/cocmail.yaml"

# A configuration is a few pages; more is a mistake, such as a mailbox matched by a careless pattern.
FILE_MAX = 2_000_000

Schema = TypeVar("Schema", bound=Part)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A configuration file as it was read. `path` is as it was named, for people; `text` is all of it.

    `trouble` is why it could not be read (`text` is empty then), and `line` where, if that is known.
    """

    path: str
    text: str
    trouble: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of one configuration."""

    main: SourceFile
    committees: tuple[SourceFile, ...]


def find(explicit: str | None, environ: Mapping[str, str], cwd: FilePath) -> FilePath:
    """The main file's path (contract, section 1): `--config`, $COCMAIL_CONFIG, below `cwd`, below /etc.

    The first two are taken at their word, whether the file is there or not. Raises ConfigError where neither is
    given and none of the others is there.
    """
    named = explicit or environ.get(ENVIRONMENT)
    if named:
        return cwd / named
    for candidate in (cwd / BELOW_HERE, FilePath(SYSTEM)):
        if candidate.is_file():
            return candidate
    raise ConfigError([f"no configuration: neither {BELOW_HERE} nor {SYSTEM} is there; `cocmail init DIR` makes one"])


def read(path: FilePath | str) -> Sources:
    """The main file and the committee files that it names. Raises ConfigError where the main file cannot be read.

    A committee file that cannot be read is a problem for `examine`: its last good text may still do.
    """
    main = _read_file(str(path))
    if main.trouble:
        raise ConfigError([str(Problem(main.path, main.line, "error", "file", main.trouble))])
    return Sources(main, tuple(_read_file(each) for each in _committee_paths(main)))


def _read_file(path: str) -> SourceFile:
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_MAX + 1)
        if len(raw) > FILE_MAX:
            return SourceFile(path, "", f"is larger than {FILE_MAX} bytes")
        return SourceFile(path, raw.decode("utf-8-sig"))
    except OSError as error:
        return SourceFile(path, "", f"cannot be read ({error.strerror})")
    except UnicodeDecodeError as error:
        return SourceFile(path, "", "is not UTF-8 text", raw.count(b"\n", 0, error.start) + 1)


def _committee_paths(main: SourceFile) -> Iterator[str]:
    """What `committees` names, each file once; nothing where the text does not tell (`examine` says why)."""
    try:
        data = read_document(main.text).data
    except Unreadable:
        return
    named = data.get("committees") if isinstance(data, dict) else None
    seen: set[str] = set()
    folder = os.path.dirname(main.path)
    for pattern in named if isinstance(named, list) else ():
        if isinstance(pattern, str) and pattern.isprintable():
            place = os.path.join(folder, pattern)
            for path in sorted(glob(os.path.join(_literal(folder), pattern))) if has_magic(pattern) else [place]:
                if os.path.realpath(path) not in seen:
                    seen.add(os.path.realpath(path))
                    yield path


def _literal(folder: str) -> str:
    """The folder's own name is no pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in folder)


def load(path: FilePath | str, today: date, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a configuration on disk. Raises ConfigError with a line for every error."""
    settings, problems = examine(read(path), today=today, environ=environ)
    if settings is None:
        raise ConfigError([str(problem) for problem in problems if problem.level == "error"])
    return settings


def examine(
    sources: Sources, *, today: date, environ: Mapping[str, str] | None = None
) -> tuple[Settings | None, list[Problem]]:
    """Judges the texts: the settings, where there is no error, and every problem by file and line.

    `today` decides what terms and absences mean; `environ` (the process's own unless given) tells where the service
    manager put credentials.
    """
    main, main_findings = _understand(sources.main, MainFile)
    files = [_understand(each, CommitteeFile) for each in sources.committees]
    parts = [(part, findings) for part, findings in files if part is not None]
    committees = _examine_committees(parts, today)
    if main is not None:
        if not sources.committees:
            main_findings.error(("committees",), "no file is there under these names")
        check_admins(main, _all_addresses(parts), main_findings)
        settings = make_settings(main, committees, main_findings, os.environ if environ is None else environ)
        sockets = any(each.protocol == "lmtp" and "/" in each.address for each in settings.listeners)
        doors = {"socket": sockets, "mailbox": settings.imap is not None}
        settings = replace(settings, committees=with_borders(settings.committees, **doors))
        check_reach(parts, **doors)
    everything = [main_findings, *(findings for _, findings in files)]
    problems = [
        problem
        for findings in everything
        for problem in sorted(findings.problems, key=lambda each: (each.line, each.level, each.key, each.text))
    ]
    failed = main is None or any(findings.failed for findings in everything)
    return (None if failed else settings), list(dict.fromkeys(problems))


def _all_addresses(parts: Sequence[tuple[CommitteeFile, Findings]]) -> tuple[str, ...]:
    return tuple(address for part, _ in parts for _, address in own_addresses(part))


def _examine_committees(parts: Sequence[tuple[CommitteeFile, Findings]], today: date) -> tuple[Committee, ...]:
    ours = _all_addresses(parts)
    check_aliases(parts)
    found = []
    for part, findings in parts:
        policy = make_policy(part.policy, part.override, findings)
        check_committee(part, policy, ours, findings, today)
        if policy is not None:
            found.append(make_committee(part, policy, findings.file, today))
    return tuple(found)


def _understand(source: SourceFile, schema: type[Schema]) -> tuple[Schema | None, Findings]:
    """The file by its schema, and what is wrong in it.

    What is wrong is taken out and the rest looked at again, so that one slip hides no other; None where not even
    what is required is left.
    """
    try:
        if source.trouble:
            raise Unreadable(source.line, source.trouble)
        document = read_document(source.text)
    except Unreadable as error:
        findings = Findings(source.path, Document({}))
        findings.error_at((), error.line, error.reason)
        return None, findings
    findings = Findings(source.path, document)
    gone = _set_aside(findings)
    while True:
        findings.document = findings.document.without(gone)
        try:
            return schema.model_validate(findings.document.data), findings
        except ValidationError as error:
            faulty = _report(error, schema, gone, findings)
        if () in faulty or faulty <= gone:
            return None, findings
        gone |= faulty


def _set_aside(findings: Findings) -> set[Path]:
    """Faults of the text itself, and keys without a value, of which only a knob can make something."""
    document = findings.document
    for fault in document.faults:
        findings.error_at(fault.path, fault.line, fault.reason)
    gone = {fault.path for fault in document.faults if fault.void}
    for path in _empty(document.data, ()):
        if path not in gone:
            findings.error(path, "has no value: give one, or leave the key out")
            gone.add(path)
    return gone


def _empty(data: object, path: Path) -> Iterator[Path]:
    if data is None:
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            if path or key != "override":
                yield from _empty(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _empty(value, (*path, index))


def _report(error: ValidationError, schema: type[Part], gone: set[Path], findings: Findings) -> set[Path]:
    """Adds what is new to the findings; gives the original paths that have to go for another look."""
    faulty: set[Path] = set()
    for each in error.errors(include_url=False, include_input=False):
        path = findings.document.original(each["loc"])
        # Something that is missing or short because we took it out was reported when it was taken out.
        if not any(other[: len(path)] == path for other in gone):
            findings.error(tuple(each["loc"]), explained(each, schema))
        faulty.add(path[:-1] if each["type"] == "missing" else path)
    return faulty
