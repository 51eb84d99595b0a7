"""How many acknowledgements leave: five a sender and day, a hundred an hour in all (contract, section 3, rule 10).

The rule: what is too many waits for a day, or an hour, with room; it never vanishes. Senders are counted without what
one mailbox can vary at will: who bombs somebody through a thousand subaddresses bombs one person.
"""

from __future__ import annotations

from datetime import datetime

A_SENDER_AND_DAY = 5
AN_HOUR = 100
SENDER, HOUR = "ack-sender", "ack-hour"
# There the dots of a local part mean nothing.
_WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def mailbox(address: str) -> str:
    """The mailbox that an address (in normal form) is counted as: for counting only, never to tell people apart."""
    local, _, domain = address.rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in _WITHOUT_DOTS:
        local, domain = local.replace(".", ""), _WITHOUT_DOTS[domain]
    return f"{local}@{domain}"


def of_sender(committee_id: str, address: str, day: datetime) -> str:
    """The counted value of a sender on a day."""
    return f"{committee_id} {mailbox(address)} {day.date().isoformat()}"


def of_hour(moment: datetime) -> str:
    """The counted value of an hour."""
    return moment.strftime("%Y-%m-%dT%H")
