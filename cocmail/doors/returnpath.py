"""The envelope sender that a letter leaves with. What comes back to it is `core/returned.py`'s business."""

from __future__ import annotations

from cocmail.core.effects import Letter
from cocmail.core.model import Committee
from cocmail.vault import marks
from cocmail.vault.keyring import Keyring


def return_path(keyring: Keyring, letter: Letter, committee: Committee, *, null_sender: bool) -> str:
    """The envelope sender: null for what answers a stranger (RFC 3834, section 4), else signed for this letter."""
    if letter.kind == "ack" and null_sender:
        return ""
    local, _, domain = committee.address.rpartition("@")
    return f"{local}+bounce-{marks.of_return_path(keyring, letter.id)}@{domain}"
