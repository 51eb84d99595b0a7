"""The sentences that people receive: plain text templates, a folder a language.

Text only: nothing is escaped since nothing is HTML. A word that a template needs and does not get is a bug and raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment(language: str) -> Environment:
    return Environment(
        loader=PackageLoader("cocmail.mail", f"templates/{language}"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, language: str, words: Mapping[str, object]) -> str:
    """The text of one template, filled in."""
    return _environment(language).get_template(f"{template}.j2").render(**words)
