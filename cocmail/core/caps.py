"""How many acknowledgements leave: five a sender and day, a hundred an hour in all (contract, section 3, rule 10).

The rule: what is too many waits for a day, or an hour, with room; it never vanishes. Senders are counted without what
one mailbox can vary at will: who bombs somebody through a thousand subaddresses bombs one person. What is proven is
counted apart, and has a part of each hour for itself: mail that anybody can forge in somebody's name must not use up
the answers to what they wrote.
"""

from __future__ import annotations

from datetime import datetime

A_SENDER_AND_DAY = 5
AN_HOUR = 100
# Of these, for senders whom the mail server in front vouches for.
FOR_PROVEN = 20
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


def of_sender(committee_id: str, address: str, day: datetime, *, proven: bool) -> str:
    """The counted value of a sender on a day."""
    return f"{committee_id} {mailbox(address)} {'proven ' if proven else ''}{day.date().isoformat()}"


def of_hour(moment: datetime) -> str:
    """The counted value of an hour."""
    return moment.strftime("%Y-%m-%dT%H")


def an_hour(*, proven: bool) -> int:
    """How many can have left in an hour so that one more may."""
    return AN_HOUR if proven else AN_HOUR - FOR_PROVEN
