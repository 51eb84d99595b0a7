"""Fresh, unguessable values: ids, tokens, code names."""

from __future__ import annotations

import secrets

from cocmail.mail import codenames

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class SystemDraw:
    """Randomness from the operating system."""

    def id(self) -> str:
        return self.token()

    def token(self) -> str:
        """130 bits."""
        return "".join(secrets.choice(_ALPHABET) for _ in range(26))

    def code_name(self) -> str:
        return codenames.draw(secrets.choice)
