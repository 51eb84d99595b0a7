"""Seals bytes under a key, bound to the place they belong to.

The rule: whoever holds the store but not the key learns a record's size and nothing else, and cannot change it, nor
move it to another row, without `open_` noticing. This module must not know where keys come from, and never returns part
of a plaintext: it opens all of it or raises.

    sealed = version byte (1) | nonce (12 bytes) | AES-256-GCM ciphertext and tag (16 bytes)

Why random nonces are sound here. GCM breaks when a nonce repeats under one key; with random 96-bit nonces NIST SP
800-38D, 8.3 allows 2^32 seals a key. No key here comes near: a spooled message's own key seals three columns, a case's
key the events, letters and look-ups of that one case, and a master's subkeys seal one small record a message or note
(2^32 is a thousand messages a second for seven weeks without a rotation). A counter would need state as durable as the
store itself, and a restored backup would count the same numbers again; random nonces have nothing to restore.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cocmail.errors import SealError

KEY_BYTES = 32
OVERHEAD = 1 + 12 + 16
_VERSION = b"\x01"
_NONCE_BYTES = 12


def seal(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """`plaintext` sealed under a 32-byte `key`; only the same `context` opens it. Raises SealError for another size."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(key).encrypt(nonce, plaintext, _VERSION + context)


def open_(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """What `seal` was given. Raises SealError for another key or context, or when one bit of `sealed` differs."""
    if len(sealed) < OVERHEAD or sealed[:1] != _VERSION:
        raise SealError("not a sealed record")
    # Without a copy: a message is as long as its sender likes.
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], memoryview(sealed)[1 + _NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, body, _VERSION + context)
    except InvalidTag:
        raise SealError("a sealed record does not open") from None


def new_key() -> bytes:
    """A fresh random key for `seal`."""
    return os.urandom(KEY_BYTES)


def identity(*parts: str | int) -> bytes:
    """The context that names one place, such as `identity("events", case_id, seq)`.

    Each part carries its length, so that no two lists of parts give the same bytes. Lone surrogates are taken as they
    are: an address that a hostile peer sent must not stop the message from being stored.
    """
    encoded = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    return b"".join([b"%d:%s," % (len(part), part) for part in encoded])


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise SealError("a key must have 256 bits")
    return AESGCM(key)
