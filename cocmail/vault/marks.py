"""Signed words that leave with our mail and come back with it: the return path's, and what its loop header is made of.
And what is drawn for a message, reply addresses for one.

The rule: each is a keyed hash, so that nobody else can make one, and none tells of a case or of another one.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from cocmail.mail.draw import KeyedDraw
from cocmail.vault.keyring import Keyring

LENGTH = 26


def of_return_path(keyring: Keyring, letter_id: str) -> str:
    """What stands in a letter's envelope sender after `+bounce-`."""
    return _word(keyring.lookup("bounce", letter_id))


def signer(keyring: Keyring) -> Callable[[str], str]:
    """What signs the loop header (`core/ownmail.py`)."""
    return lambda said: _word(keyring.lookup("loop", said))


def draw_of(keyring: Keyring, message_id: str, tried: int) -> KeyedDraw:
    """What is drawn the first time that a message is decided; each try draws anew, as its code name may be taken.

    Only the first time: what is drawn the second time, in the same store, has to be fresh.
    """
    return KeyedDraw(keyring.lookup("draw", f"{message_id} {tried}"))


def _word(digest: bytes) -> str:
    return base64.b32encode(digest)[:LENGTH].decode().lower()
