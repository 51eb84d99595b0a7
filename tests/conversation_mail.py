"""What the conversation files say of mail: the names of its kinds, and what stands in it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import select

from cocmail.store import spool
from cocmail.store.tables import SPOOL
from scene import Delivered, Scene

NUMBERS = {"no": 0, "a": 1, "an": 1, "the": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

# What people call a mail, and its `Cocmail-Kind`.
NOUNS = {
    "acknowledgement": "ack",
    "conflict question": "check",
    "report": "forward",
    "follow-up": "forward",
    "talk": "forward",
    "receipt": "receipt",
    "confirm question": "confirm",
    "draft": "draft",
    "question": "vote",
    "count": "tally",
    "reminder": "reminder",
    "status word": "status",
    "letter": "outreach",
    "notice": "notice",
    "document": "document",
    "sheet": "sheet",
    "transfer": "transfer",
    "mail": "",
}


def shown(mail: Delivered) -> str:
    """What a person reads, in the links as well, without regard to line breaks and capitals."""
    return " ".join(f"{mail.message['Subject']} {mail.text} {unquote(mail.text)}".split()).casefold()


def holds(mail: Delivered, words: list[str]) -> bool:
    """Whether any of these words stands anywhere in a mail: header, text, attachments, the bytes themselves."""
    parts = [str(part.get_content()) for part in mail.message.walk() if part.get_content_maintype() == "text"]
    everything = " ".join(" ".join([shown(mail), *parts, mail.content.decode(errors="replace")]).split()).casefold()
    # Whole words: the letters of a short one may stand in a reply address by chance.
    return any(re.search(rf"(?<!\w){re.escape(each.casefold())}(?!\w)", everything) for each in words)


def wanted(words: str) -> Counter[str]:
    """`the report and two notices`: how many of each kind; -1 stands for one or more (`notices`)."""
    counts: Counter[str] = Counter()
    for each in re.split(r", | and ", words):
        first, _, rest = each.partition(" ")
        number, noun = (NUMBERS[first], rest) if first in NUMBERS else (-1, each)
        counts[kind_of(noun)] += number
    return counts


def kind_of(noun: str) -> str:
    kind = NOUNS.get(noun, NOUNS.get(noun.removesuffix("s")))
    assert kind is not None, f"no mail is called {noun!r}; known: {', '.join(NOUNS)}"
    return kind


def is_of(mail: Delivered, kind: str) -> bool:
    """Whether a mail is of a kind; every mail is a mail."""
    return kind in ("", mail.kind)


def in_short(mail: Delivered) -> str:
    lines = [f"Subject: {mail.message['Subject']}", *mail.text.splitlines()[:8]]
    return "".join(f"    {line}\n" for line in lines)


async def everything_kept(scene: Scene, folder: Path) -> list[str]:
    """All that the daemon keeps: mails as they came in, the newest case, and the store's files as they lie there."""
    ids = await scene.store.read(lambda tx: [row.id for row in tx.run(select(SPOOL.c.id)).all()])
    mails = await scene.store.read(lambda tx: [spool.open_mail(tx, each) for each in ids])
    files = [path.read_bytes() for path in folder.glob("store.db*")]
    return [repr(await scene.case()), *(raw.decode(errors="replace") for raw in (*(m[1] for m in mails if m), *files))]
