"""Words that a letter lacks because an earlier release queued it: what they are in such a letter.

A letter waits in the queue as words, sealed, and is written when it is sent; so its words may be older than the text
that they go into. The rule: a new word of a template gets its value for old letters here, in the same change.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocmail.core.effects import Letter

_NAMES = ("kind", "about", "asks", "text", "fallback", "meaning")
_MOTION: Mapping[str, object] = {**dict.fromkeys(_NAMES, ""), "kind": "outcome"}
_MEANT: Mapping[str, object] = {"loses": (), "named": (), "signed": True, "leads": ()}
_OWNERS: Mapping[str, object] = {"owned": False, "unowned": False}
_WORDS: Mapping[str, Mapping[str, object]] = {
    "vote": {"objections": "", "unreached": ()},
    "tally": {"then": "", "unreached": ()},
    "deadline": {"unreached": ()},
    "forward": {"kept_out": 0, **_OWNERS},
    "copied": {"reporter": 0, "outside": 0},
    "excluded": {"proven": False, **_OWNERS},
    "recused": {"read": True, "stated": "", **_OWNERS},
    "alarm": {"lines": ()},
    "draft": {"role": "reporter", "who": "", "to_address": "", "files": (), "missing": (), **_MEANT},
    "changed": {"who": "", "before": "", **_OWNERS},
    "untaken": {"back": False},
    "transfer": {"purpose": ""},
    "receipt": {"forgotten": False},
    "ack": {"waiting": False, "as_member": False},
    "confirm": {"program": False, "final": False},
}
_LINES: Mapping[str, Mapping[str, object]] = {
    "recused": {"discarded": False, "distinguished": True, "question": "", "wanted": False, "kind": ""},
    "draft": {"to": "reporter", "who": "", "address": "", "files": ()},
    "sent": {"to": "reporter", "who": "", "relay": ""},
    # It spoke of everybody by name.
    "owner": {"mine": False},
    # None: it did not say what was judged before.
    "risk": {"before": None},
    "scope": {"before": None},
    "voted": {"last": False},
    "not-me": {"late": False},
    "nothing-to-vote": {"state": "open", "audience": "committee"},
}


def words_of(letter: Letter) -> dict[str, object]:
    """The words of a letter, with what those of an earlier release lack."""
    words = {**_WORDS.get(letter.template, {}), **letter.words}
    motion, lines = words.get("motion"), words.get("lines")
    if isinstance(motion, Mapping):
        words["motion"] = {**_MOTION, **motion}
    if letter.template == "receipt" and isinstance(lines, list):
        words["lines"] = [{**_LINES.get(line.get("outcome"), {}), **line} for line in lines]
    return words
