"""Reply and forward prefixes of mail programs, in the languages that people use them in.

A forward prefix stops every tag behind it (contract, section 5, rule 2): the person who forwards quotes a Subject, they
do not give a command. "VS" is a reply in Finnish and a forward in Norwegian; it is taken for a reply, as Finnish
Outlook writes nothing else.
"""

from __future__ import annotations

import re

REPLY = frozenset("re aw antw sv vs odp ref res r rif ynt bls vá απ 回复 答复 回覆 回應 답장 re˸".split())
FORWARD = frozenset("fw fwd wg tr rv enc vl vb vidb pd i doorst továbbítás ilt πρθ 转发 轉寄 轉發 転送 전달 fs".split())

_PREFIX = re.compile(r"(?:^|(?<=[\s\]):：]))([^\W\d_]{1,12})(?:\[\d+\]|\(\d+\))?\s?[:：]")


def is_forwarded(subject: str) -> bool:
    """Whether a normalised Subject carries a forward prefix anywhere: `Fwd: WG: TR: ...`.

    "i:" and "r:" count only at the start or behind another prefix: in the middle they are words.
    """
    for match in _PREFIX.finditer(subject):
        word = match[1]
        if word not in FORWARD:
            continue
        before = subject[: match.start()].strip()
        if len(word) > 1 or not before or before.endswith((":", "：", "]")):
            return True
    return False
