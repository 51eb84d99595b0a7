"""What kind of message this is, by structure alone: envelope, headers, MIME types. Never a word of a body.

`REASONS` is the closed list of what can become of a message; the store, the log and the docs use no other words.
"""

from __future__ import annotations

import re
from enum import Enum

from cocmail.core.model import Envelope, Mail, Proof, Wanted


class Reason(Enum):
    """What became of a message. The value is what the store and the log write."""

    # Filed: kept sealed, passed to nobody.
    DUPLICATE = "duplicate"
    OWN_MAIL = "own-mail"
    BOUNCE_ADDRESS = "to-bounce-address"
    CAME_BACK = "letter-came-back"
    DELIVERY_REPORT = "delivery-report"
    FEEDBACK_REPORT = "feedback-report"
    READ_RECEIPT = "read-receipt"
    AUTO_REPLY = "automatic-reply"
    AUTOMATIC_TO_TOKEN = "automatic-to-token"
    NULL_SENDER = "null-sender"
    SPAM = "spam"
    DEAD_TOKEN = "dead-token"
    DEAD_CONFIRM = "dead-confirm"
    TEST_MAIL = "test-mail"
    # A case.
    REPORT = "report"
    REPORT_AUTOMATIC = "report-looks-automatic"
    REPORT_UNREADABLE = "report-unreadable"
    REPORT_FOR_ONE = "report-for-one"
    REPORT_ESCROWED = "report-escrowed"
    REPORT_UNKNOWN_EXTENSION = "report-unknown-extension"
    REPORT_RELATED = "report-possibly-related"
    FOLLOW_UP = "follow-up"
    # From members.
    DISCUSSION = "discussion"
    COMMAND = "command"
    REFUSED = "command-refused"
    NO_SUCH_CASE = "no-such-case"
    CONFIRMED = "confirmed"
    NOT_ME = "not-me"
    # Kept and asked about; passed to nobody until the registered address confirms.
    HELD_UNPROVEN = "held-unproven"
    HELD_OTHER_ADDRESS = "held-other-address"
    HELD_DISAGREES = "held-token-and-case-disagree"
    HELD_FINAL = "held-irreversible"
    # Not a message: time or a change of the roster did it.
    NO_MESSAGE = "no-message"
    # Our own bug; the admins are alarmed.
    SHUNTED = "shunted"


# Under these a message stands that an outsider wrote and members read.
FROM_REPORTERS = frozenset(
    reason.value for reason in Reason if reason.name.startswith("REPORT") or reason is Reason.FOLLOW_UP
)
# Under these one stands that a member wrote and that was taken as that member's word.
FROM_MEMBERS = frozenset({Reason.DISCUSSION, Reason.COMMAND, Reason.REFUSED, Reason.NO_SUCH_CASE})
# Filed and reaching nobody: a copy that comes another way must not be taken for one that was read.
REACHED_NOBODY = frozenset(
    {
        Reason.OWN_MAIL,
        Reason.BOUNCE_ADDRESS,
        Reason.CAME_BACK,
        Reason.DELIVERY_REPORT,
        Reason.FEEDBACK_REPORT,
        Reason.READ_RECEIPT,
        Reason.AUTO_REPLY,
        Reason.AUTOMATIC_TO_TOKEN,
        Reason.NULL_SENDER,
        Reason.SPAM,
        Reason.DEAD_TOKEN,
        Reason.DEAD_CONFIRM,
        Reason.TEST_MAIL,
    }
)
# Of no case, and read by nobody, ever: no reminder, no digest and no command shows them. What people outside wrote to a
# reply address is not among them.
READ_BY_NOBODY = frozenset(
    reason.value
    for reason in (REACHED_NOBODY - {Reason.NULL_SENDER, Reason.SPAM, Reason.DEAD_TOKEN})
    | {Reason.REFUSED, Reason.NO_SUCH_CASE, Reason.CONFIRMED, Reason.NOT_ME, Reason.DUPLICATE}
)
REASONS = frozenset(reason.value for reason in Reason)

_AUTO_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder")
_NO = frozenset({"", "no", "false", "0", "none"})
_ROBOTS = re.compile(
    r"^(?:mailer-daemon|mail-daemon|maildaemon|postmaster|owner-.*|.*-owner|.*-request|.*-bounces?"
    r"|no-?reply.*|do-?not-?reply.*)$"
)
# RFC 5321, section 6.3, says to count them; mail that people write passes a tenth of that.
_HOPS_MAX = 50
_LIST_PRECEDENCE = frozenset({"bulk", "list", "junk"})


def auto_submitted(mail: Mail) -> str:
    """The keyword of Auto-Submitted (RFC 3834, section 5), without comment and parameters; "no" where there is none."""
    value = re.sub(r"\([^()]*\)", " ", mail.value("auto-submitted"))
    return value.split(";", 1)[0].strip().casefold() or "no"


def report_kind(mail: Mail) -> Reason | None:
    """Delivery report (RFC 3464), feedback report (RFC 5965) or read receipt (RFC 8098), by MIME type."""
    kinds = {
        "delivery-status": Reason.DELIVERY_REPORT,
        "feedback-report": Reason.FEEDBACK_REPORT,
        "disposition-notification": Reason.READ_RECEIPT,
    }
    if mail.content_type == "multipart/report":
        return kinds.get(mail.report_type)
    if mail.content_type in ("message/delivery-status", "message/disposition-notification"):
        return kinds[mail.content_type.removeprefix("message/")]
    return None


def is_auto_reply(mail: Mail) -> bool:
    """A vacation reply or another answer by a program."""
    return (
        auto_submitted(mail).startswith("auto-replied")
        or any(value.strip().casefold() not in _NO for name in _AUTO_REPLY_HEADERS for value in mail.values(name))
        or mail.value("precedence").strip().casefold() == "auto_reply"
    )


def is_from_robot(mail: Mail) -> bool:
    """Whether the From address is one that no person writes from (RFC 3834, section 2)."""
    return any(_ROBOTS.match(address.rpartition("@")[0]) for address in mail.from_addresses)


def is_looping(mail: Mail) -> bool:
    """Whether it has passed so many mail servers that it most likely goes round in a circle."""
    return len(mail.values("received")) > _HOPS_MAX


def looks_automatic(mail: Mail) -> bool:
    """Automatic or list mail (contract, section 3, rule 3)."""
    return (
        auto_submitted(mail) != "no"
        or any(name.startswith("list-") for name, _ in mail.headers)
        or mail.value("precedence").strip().casefold() in _LIST_PRECEDENCE
        or is_auto_reply(mail)
        or is_from_robot(mail)
        or is_looping(mail)
        # A program's report whose kind is missing or none that we know (RFC 6522, section 3, demands one).
        or mail.content_type == "multipart/report"
    )


def is_null_sender(mail: Mail, envelope: Envelope) -> bool:
    """The null envelope sender; where a door knows no envelope, the Return-Path that the border wrote."""
    if envelope.sender is not None:
        return envelope.sender == ""
    return mail.value("return-path").strip() == "<>"


def classify_automatic(mail: Mail, envelope: Envelope, wanted: Wanted, proof: Proof) -> Reason | None:
    """What is filed without being run or passed on (rules 2 and 3), or None for everything else.

    In the order of the contract: what comes to a bounce address, reports by programs, automatic mail to an address that
    only a person was given, then what is kept for the digest.
    """
    if wanted.bounce:
        return Reason.BOUNCE_ADDRESS
    report = report_kind(mail)
    if report is not None:
        return report
    if is_auto_reply(mail):
        return Reason.AUTO_REPLY
    null = is_null_sender(mail, envelope)
    if (wanted.token or wanted.confirm) and (null or looks_automatic(mail)):
        return Reason.AUTOMATIC_TO_TOKEN
    if null:
        return Reason.NULL_SENDER
    if proof.spam and not wanted.token and not wanted.confirm:
        return Reason.SPAM
    return None
