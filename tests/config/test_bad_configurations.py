"""Each file in bad/ is one configuration with its slips, and ends with the lines that `cocmail check` says to it.

A file in bad/main stands beside a sound committee, one in bad/committee beside a sound main file. Every expected line
must be said; every error that is said must be expected (warnings not listed are other files' business).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*/*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_slip_is_told_with_its_line_and_what_would_be_right(
    file: Path, examined: Callable[..., Any], sound_main: str
) -> None:
    text, _, tail = file.read_text(encoding="utf-8").partition("# expected\n")
    expected = [line.removeprefix("# ") for line in tail.splitlines()]

    settings, problems = examined(text) if file.parent.name == "main" else examined(sound_main, text)

    said = [str(problem).split(".yaml:", 1)[1] for problem in problems]
    assert [line for line in said if ": error: " in line or line in expected] == expected
    assert (settings is None) == any(": error: " in line for line in expected)


def test_no_message_repeats_a_value(examined: Callable[..., Any], sound_main: str) -> None:
    """Names, addresses and passwords stand in configurations; what `check` says may be read by anybody."""
    secrets = ("kit@acme", "larsen", "amara obi", "jun@example", "secret", "acme", "ops@", "coc@example", "googleg")
    for file in FILES:
        text = file.read_text(encoding="utf-8").partition("# expected\n")[0]
        _, problems = examined(text) if file.parent.name == "main" else examined(sound_main, text)
        for problem in problems:
            assert not any(secret in f"{problem.key} {problem.text}".lower() for secret in secrets)
