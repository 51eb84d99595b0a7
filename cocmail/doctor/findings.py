"""What a check found: a line for the operator, and what it means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cocmail.errors import EXIT_CONFIG, EXIT_DONE, EXIT_TRY_AGAIN, EXIT_UNAVAILABLE

# The worst comes first: what has to be put right by hand before what may come right by itself.
_ORDER = (EXIT_CONFIG, EXIT_UNAVAILABLE, EXIT_TRY_AGAIN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `level` is ok, warning or error; an error's `code` is the exit code that it asks for."""

    level: str
    about: str
    text: str
    code: int = EXIT_DONE

    def __str__(self) -> str:
        # One line each, whatever a mail server put into its answer.
        said = "".join(char if char.isprintable() else "?" for char in self.text)
        return f"{self.level}: {self.about}: {said}"


def fine(about: str, text: str) -> Finding:
    return Finding("ok", about, text)


def warning(about: str, text: str) -> Finding:
    return Finding("warning", about, text)


def wrong(about: str, text: str) -> Finding:
    """The configuration, ours or a mail server's, has to be changed."""
    return Finding("error", about, text, EXIT_CONFIG)


def away(about: str, text: str) -> Finding:
    """A server that is needed is not there."""
    return Finding("error", about, text, EXIT_UNAVAILABLE)


def unknown(about: str, text: str) -> Finding:
    """It could not be found out this time."""
    return Finding("error", about, text, EXIT_TRY_AGAIN)


def exit_code(found: Iterable[Finding]) -> int:
    """0 where there is no error."""
    codes = {each.code for each in found}
    return next((code for code in _ORDER if code in codes), EXIT_DONE)
