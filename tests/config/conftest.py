"""A sound configuration to break in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.problems import Problem
from cocmail.config.settings import Settings

TODAY = date(2026, 11, 21)

MAIN = """\
version: 1
intake:
  smtp: {listen: "127.0.0.1:8025"}
  lmtp: {listen: lmtp.sock/s}
delivery:
  maildir: var/outbox
store:
  key_file: master.key
admins: [ops@example.org]
committees: [committees/*.yaml]
"""

COMMITTEE = """\
name: Example
address: conduct@example.org
chair: amara
trust: {authserv_id: mx.example.org}
members:
- {handle: amara, name: Amara Obi, email: amara@example.net, confidentiality_agreed: 2026-01-01}
- {handle: jun, name: Jun Sato, email: jun@example.net, confidentiality_agreed: 2026-01-01}
- {handle: noor, name: Noor Haddad, email: noor@example.net, confidentiality_agreed: 2026-01-01}
- {handle: lee, name: Lee Wong, email: lee@example.net, role: alternate, confidentiality_agreed: 2026-01-01}
- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator, confidentiality_agreed: 2026-01-01}
"""

Examine = Callable[..., tuple[Settings | None, list[Problem]]]


@pytest.fixture
def sound_main() -> str:
    return MAIN


@pytest.fixture
def sound_committee() -> str:
    return COMMITTEE


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a master key that only its owner reads."""
    key = tmp_path / "master.key"
    key.write_text("a key\n")
    key.chmod(0o600)
    return tmp_path


@pytest.fixture
def examined(place: Path) -> Examine:
    """`examined(main, committee, ...)` judges texts that stand in `place`; what is left out is sound."""

    def judge(main: str = MAIN, *committees: str, environ: dict[str, str] | None = None, today: date = TODAY) -> object:
        files = [
            SourceFile(str(place / "committees" / f"{number}.yaml"), text)
            for number, text in enumerate(committees or (COMMITTEE,))
        ]
        sources = Sources(SourceFile(str(place / "cocmail.yaml"), main), tuple(files))
        return examine(sources, today=today, environ=environ or {})

    return judge  # type: ignore[return-value]
