"""The loop header: how a letter of ours is known again that a forwarder, a list or a person sends back to us.

The rule: what comes back as it left, or through a list or a redirect from a member's mailbox, is our own. A signature
that is good and stands on words of somebody else is none: who writes to us is heard, whatever their program copies.
The value has three words: one that is another for every letter, its signature, and that of the letter as it left.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from cocmail.core.model import Committee, Mail

HEADER = "Cocmail-Loop"
_LOOKED_AT = 5
_NUMBER = 16

Sign = Callable[[str], str]


def loop_mark(sign: Sign, letter: str, *, inside: bool, subject: str, digest: str) -> str:
    """The header's value for a letter of that id, Subject and body. `inside`: it is to a member or an admin."""
    number = sign(f"letter {letter}")[:_NUMBER]
    return f"{number}.{sign(_kind(number, inside=inside))}.{sign(_whole(number, subject, digest))}"


def is_own_mail(mail: Mail, committee: Committee, sign: Sign) -> bool:
    """Whether a message is a letter of ours with nothing of anybody else in it that has to be heard.

    That is one whose Subject and body are as they left; and, of letters to members and admins, which a program writes,
    one that still says to be from us or came through a list: a footer, or a tag in its Subject, makes nobody's report
    of it. It quotes a case, and must not be given to people of another.
    """
    for value in mail.values(HEADER.lower())[:_LOOKED_AT]:
        words = value.strip().split(".")
        if len(words) != 3:
            continue
        kind, whole = (word.encode("utf-8", "replace") for word in words[1:])
        inside = _is(sign(_kind(words[0], inside=True)), kind)
        if not inside and not _is(sign(_kind(words[0], inside=False)), kind):
            continue
        if _is(sign(_whole(words[0], mail.subject, mail.body_digest)), whole):
            return True
        if inside and _is_passed_on(mail, committee):
            return True
    return False


def _is_passed_on(mail: Mail, committee: Committee) -> bool:
    return any(map(committee.owns, mail.from_addresses)) or any(name.startswith("list-") for name, _ in mail.headers)


def _is(wanted: str, said: bytes) -> bool:
    return hmac.compare_digest(wanted.encode(), said)


def _kind(number: str, *, inside: bool) -> str:
    return f"{'inside' if inside else 'outside'} {number}"


def _whole(number: str, subject: str, digest: str) -> str:
    return f"whole {number} {digest} {subject}"
