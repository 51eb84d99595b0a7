"""Fresh, unguessable values: ids, tokens, code names."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import Counter

from cocmail.mail import codenames

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class SystemDraw:
    """Randomness from the operating system."""

    def id(self) -> str:
        return self.token()

    def token(self, *about: str) -> str:
        """130 bits."""
        return "".join(secrets.choice(_ALPHABET) for _ in range(26))

    def code_name(self) -> str:
        return codenames.draw(secrets.choice)


class KeyedDraw:
    """What nobody guesses without the secret, and who has it can draw again: the same for the same purpose.

    The rule: never the same for two purposes, in whatever order they are asked for. A second deciding may find another
    roster, and the address that one person has by the first must not become another's.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret, self._drawn = secret, Counter[tuple[str, ...]]()

    def id(self) -> str:
        return self._word("id")

    def token(self, *about: str) -> str:
        """130 bits."""
        return self._word("token", *about)

    def code_name(self) -> str:
        # Of 256 bits modulo some thousand words: no word is likelier than another by what anybody could count.
        return codenames.draw(lambda words: words[int.from_bytes(self._bytes("name"), "big") % len(words)])

    def _word(self, *about: str) -> str:
        return base64.b32encode(self._bytes(*about))[:26].decode().lower()

    def _bytes(self, *about: str) -> bytes:
        self._drawn[about] += 1
        return hmac.digest(self._secret, json.dumps([*about, self._drawn[about]]).encode(), "sha256")
