"""An envelope as bytes, to be sealed beside its message."""

from __future__ import annotations

import json
from datetime import datetime

from cocmail.core.model import Door, Envelope


def packed(envelope: Envelope) -> bytes:
    """JSON in ASCII, which keeps lone surrogates: a peer may send any byte in an address."""
    return json.dumps(
        {
            "door": envelope.door.value,
            "committee": envelope.committee,
            "sender": envelope.sender,
            "recipients": envelope.recipients,
            "peer": envelope.peer,
            "received_at": envelope.received_at.isoformat() if envelope.received_at else None,
        }
    ).encode("ascii")


def unpacked(packed: bytes) -> Envelope:
    """The envelope that `packed` wrote."""
    fields = json.loads(packed)
    received_at = fields["received_at"]
    return Envelope(
        door=Door(fields["door"]),
        committee=fields["committee"],
        sender=fields["sender"],
        recipients=tuple(fields["recipients"]),
        peer=fields["peer"],
        received_at=datetime.fromisoformat(received_at) if received_at else None,
    )
