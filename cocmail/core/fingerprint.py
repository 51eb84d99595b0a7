"""What makes two messages one."""

from __future__ import annotations

import hashlib

from cocmail.core.model import Mail, Wanted


def fingerprint(mail: Mail, wanted: Wanted | None = None) -> str:
    """What makes two messages the same one, whatever the door (contract, section 3, rule 1).

    A report to one member alone and the same report to everybody are two: neither may swallow the other. So are one to
    be sealed and one to be read: whoever has a copy could have it sealed first, and nobody would read the other. What a
    member steers or says to the others is one, whatever address of ours it comes to: there `wanted` is left out.
    """
    parts = (mail.message_id, ",".join(mail.from_addresses), mail.date, mail.subject, mail.body_digest)
    scope = ",".join(sorted(wanted.only)) if wanted is not None and wanted.only and not wanted.alias else ""
    if wanted is not None and wanted.escrow:
        # No handle has a plus.
        scope = "+escrow"
    return hashlib.sha256("\0".join((*parts, scope)).encode("utf-8", "surrogatepass")).hexdigest()
