"""Comments in header fields (RFC 5322, section 3.2.2): what somebody writes in brackets, which says nothing.

The rule: one way to find them, for all fields. Never raises, linear time. It must not know what a field means.
"""

from __future__ import annotations

import re

_OUTSIDE = re.compile(r'\\.|"(?:[^"\\]++|\\.)*+"|[()]', re.DOTALL)
_INSIDE = re.compile(r"\\.|[()]", re.DOTALL)


def without_comments(value: str, *, endless: bool = False) -> str:
    """The value of a field with a blank for each character of its comments, so that everything keeps its place.

    They may stand in one another; in a quoted string there are none. A bracket that never closes is an ordinary
    character, so that it hides nothing; with `endless` it begins a comment that goes to the end, for a value in which a
    bracket can be nothing else.
    """
    comments, open_at, pos = list[tuple[int, int]](), list[int](), 0
    while mark := (_INSIDE if open_at else _OUTSIDE).search(value, pos):
        pos = mark.end()
        if mark[0] == "(":
            open_at.append(mark.start())
        elif mark[0] == ")" and open_at:
            comments.append((open_at.pop(), pos))
    if endless and open_at:
        comments.append((open_at[0], len(value)))
    kept, end = list[str](), 0
    for start, after in sorted(comments):
        # What stands within another one has gone with it.
        if start >= end:
            kept += (value[end:start], " " * (after - start))
            end = after
    return "".join((*kept, value[end:]))
