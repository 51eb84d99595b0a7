"""The operator's guide as the tests execute it: its fenced blocks, with other paths, ports and domains.

The first line of such a block says what it is: `# /etc/opendkim.conf`, a file, or `# Postfix in front`, commands. So
what people copy from the guide is what was tried.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "operator-guide.md"


@cache
def blocks() -> dict[str, str]:
    """Title to text, of every fenced block whose first line is a comment."""
    found = re.findall(r"^```\w*\n# (.+)\n((?:.*\n)*?)```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len({title for title, _ in found}) == len(found), "two blocks of one name"
    return dict(found)


def block(title: str, replaced: Mapping[str, str]) -> str:
    """A block, with what differs in the tests put in its place; each of these has to stand somewhere in the guide."""
    text = blocks()[title]
    assert not [written for written in replaced if not any(written in each for each in blocks().values())]
    for written, ours in replaced.items():
        text = text.replace(written, ours)
    return text


def run(title: str, replaced: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Executes a block of commands; the first that fails is an error."""
    done = subprocess.run(
        ["bash", "-e", "-c", block(title, replaced)], env=dict(environ), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{title}: {done.stdout}{done.stderr}"
