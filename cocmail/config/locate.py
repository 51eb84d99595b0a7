"""Where the store and its key are, also when the rest of the configuration is broken.

The last good configuration lies in the store, so the store must be found without one.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocmail.config.document import Unreadable, read_document
from cocmail.config.files import secret_path, store_url
from cocmail.config.load import SourceFile
from cocmail.config.schema import Store as StorePart
from cocmail.errors import ConfigError


def locate_store(main: SourceFile, environ: Mapping[str, str]) -> tuple[str, str]:
    """(store URL, key file) of a main file, whatever else is wrong in it. Raises ConfigError where it does not tell."""
    try:
        data = read_document(main.text).data
    except Unreadable:
        raise ConfigError([f"{main.path}:1: error: file: is no YAML that can be read; see `cocmail check`"]) from None
    part = data.get("store", {}) if isinstance(data, dict) else {}
    said = {key: value for key, value in part.items() if key in ("url", "key_file")} if isinstance(part, dict) else {}
    if not all(isinstance(value, str) for value in said.values()):
        raise ConfigError([f"{main.path}:1: error: store: url and key_file must be text"])
    known = StorePart(**said)
    try:
        url = store_url(known.url, main.path)
    except ValueError as error:
        raise ConfigError([f"{main.path}:1: error: store.url: {error}"]) from None
    try:
        return url, secret_path(known.key_file, main.path, environ)
    except ValueError:
        raise ConfigError([f"{main.path}:1: error: store.key_file: names no credential of this service"]) from None
