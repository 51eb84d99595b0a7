"""Where the text of a letter ends and its signature begins, in the forms in which people sign.

    Best wishes                    ... Thank you for writing.       Amara Obi and Noor Haddad     --
    Noor Haddad                    Noor                             for the committee             Amara Obi
    for the ... Committee                                                                         Acme, +44 20 ...

The rule: a line that may belong to the text does. What is taken for a signature names nobody when it is quoted, so one
line too many lets a member stay whom a reporter means ("Do you mean Noor?", "Yes.").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cocmail.core.folding import fold
from cocmail.core.model import Committee
from cocmail.core.ownwords import SIGNATURE_LINES

# Of a signature; of a line of it; of one in which people take leave, known or not.
_LINES, _WORDS, _LEAVE_WORDS, _SHORT = 8, 12, 6, 4

_LEAVES = [
    fold(each)
    for each in (
        "best|kind|kindest|warm|warmest|warmly|regards|sincerely|yours|cheers|cordially|respectfully|take care|all the"
        " best|all my best|many thanks|thanks|thank you|with best|with kind|with many|with warm|with our|with thanks"
        "|with regards|in solidarity|greetings|viele grüße|liebe grüße|beste grüße|freundliche grüße|herzliche grüße"
        "|schöne grüße|gruß|grüße|mit freundlichen|mit freundlichem|mit besten|mit herzlichen|mit lieben|danke"
        "|vielen dank|mfg|lg|vg|cordialement|bien cordialement|bien à vous|amicalement|merci|salutations|saludos"
        "|un saludo|cordiales saludos|atentamente|gracias|un abrazo|abrazos|atenciosamente|cumprimentos|um abraço"
        "|abraços|obrigado|obrigada|cordiali saluti|distinti saluti|cari saluti|saluti|grazie|groet|groeten"
        "|met vriendelijke|met hartelijke|hartelijke|vänliga|hälsningar|med vänlig|med vänliga|med venlig|med vennlig"
        "|venlig|vennlig|hilsen|mvh|pozdrawiam|pozdrowienia|z poważaniem|terveisin|ystävällisin|s pozdravem"
        "|с уважением|всего доброго"
    ).split("|")
]
_LEAVE = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, _LEAVES), key=len, reverse=True))})(?!\S)")
_OFFICES = frozenset(
    "committee committees conduct coc team chair chairs co-chair chairperson member members board council moderators"
    " moderator komitee ausschuss kommission vorsitz comite comision comissao comitato commissie komite kommitten"
    " komiteen udvalget komisja equipe equipo".split()
)
# What stands between names and offices; the titles before a name, and the pronouns behind one.
_BETWEEN = frozenset(
    "for the of and on behalf in from by with your our code project you wishes und fur im namen des der die das pour le"
    " la les de du au nom et por el los las en nombre y per il lo dell del di a nome e em o voor namens het van pa"
    " vegne vagnar af av w imieniu she her hers he him his they them theirs any dr prof mr mrs ms mx acting deputy"
    " jr phd md".split()
)
_AROUND = ",.()[]-–—~*_&+|•·\"'“”‘’!<>"
_BLANK, _TEXT, _SHORT_LINE, _OFFICE, _NAME, _TAKES_LEAVE = "blank", "text", "short", "office", "name", "leave"


def without_block(text: str, *, loose: bool = True) -> tuple[str, str]:
    """A text above its last line "-- ", and that line with what stands below it; "" where there is no such block.

    RFC 3676, section 4.3: mail programs set it off so, and leave it out when somebody answers. `loose`: the space
    behind it may be missing, as where people write it; where words must not be lost, it may not.
    """
    lines = text.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        if (lines[number].rstrip(" \t\u00a0") if loose else lines[number]) == ("--" if loose else "-- "):
            below = "\n".join(lines[number:]).rstrip()
            # As many line ends as there are lines of the signature: "-- " is none of them.
            fits = below.count("\n") <= SIGNATURE_LINES
            return ("\n".join(lines[:number]), below) if fits else (text, "")
    return text, ""


def is_sentence(line: str) -> bool:
    """Whether a line below "--" ends as a sentence does: no name, office, address or number does."""
    return line.rstrip().endswith((".", "!", "?", "…", "。", "！", "？"))


def unsigned(letter: str, committee: Committee, is_named_in: Callable[[str], bool]) -> str:
    """The text of a letter: without a block under "-- ", and without the lines at its end in which it is signed.

    `is_named_in` says of a line whether the screening finds somebody in it.
    """
    above, block = without_block(letter)
    if any(is_sentence(line) and is_named_in(line) for line in block.splitlines()[1:]):
        # Somebody draws lines between the parts of a text.
        above = letter
    lines = above.rstrip().splitlines()
    first = _begin(lines, [_kind(line, committee, named=is_named_in(line)) for line in lines[-_LINES:]])
    return "\n".join(lines[:first])


def _begin(lines: Sequence[str], last_kinds: Sequence[str]) -> int:
    """The line with which the signature begins; the number of lines where nothing surely is one."""
    kinds = [_TEXT] * (len(lines) - len(last_kinds)) + list(last_kinds)
    first, named = len(lines), False
    # Below the name anything short may stand: a town, an employer.
    while first and kinds[first - 1] != _TEXT and not (named and kinds[first - 1] == _SHORT_LINE):
        first -= 1
        named = named or kinds[first] == _NAME
        if kinds[first] == _TAKES_LEAVE:
            return first if "".join(lines[:first]).strip() else len(lines)
    return _last_names(lines, kinds, first) if named else len(lines)


def _last_names(lines: Sequence[str], kinds: Sequence[str], first: int) -> int:
    """The same where nobody takes leave: the last names that stand together, if they are no list and no sentence."""
    begin = max(number for number in range(first, len(lines)) if kinds[number] == _NAME)
    while begin > first and kinds[begin - 1] in (_NAME, _OFFICE):
        begin -= 1
    listed = kinds[begin:].count(_NAME) > 1 and _OFFICE not in kinds[begin:]
    above = [line.strip() for line in lines[:begin]]
    said = next((line for line in reversed(above) if line), "")
    if listed or not said:
        return len(lines)
    if not above[-1]:
        return begin if not said.endswith((":", ",")) else len(lines)
    if kinds[begin - 1] == _SHORT_LINE and not above[-2:][0] and len(said.split()) <= _SHORT:
        # Somebody takes leave in a language that is not known here.
        return begin - 1
    return begin if said.endswith((".", "!", "?", "…", ")")) else len(lines)


def _kind(line: str, committee: Committee, *, named: bool) -> str:
    """What a line can be: nothing but names and offices, a leave, something short, or a piece of the text."""
    shown = [word for piece in line.replace("/", " ").split() if (word := piece.strip(_AROUND))]
    words = [fold(word).removeprefix("@") for word in shown]
    if not words or len(words) > _WORDS:
        return _BLANK if not words else _TEXT
    names, offices = _names(committee), _OFFICES | {fold(word) for word in committee.name.split()}
    leaves = len(words) <= _LEAVE_WORDS and _LEAVE.match(" ".join(words)) is not None
    known = names | offices | _BETWEEN | (frozenset(" ".join(_LEAVES).split()) if leaves else frozenset())
    # A word in small letters that is none of these is somebody's sentence; so is what begins like one: "Ask Noor".
    strange = [word for word, as_shown in zip(words, shown, strict=True) if word not in known and as_shown.islower()]
    says_more = bool(strange) or words[0] not in known or re.search(r"[?:;=]", line) is not None
    ends = line.rstrip().endswith((".", "!"))
    if named:
        if says_more or (ends and not known.issuperset(words)):
            return _TEXT
        return _TAKES_LEAVE if leaves else _NAME
    if leaves and not line.rstrip().endswith(("?", ":")):
        return _TAKES_LEAVE
    if not offices.isdisjoint(words) and not says_more:
        return _OFFICE
    return _TEXT if ends or line.rstrip().endswith(("?", ":", ";", ",")) else _SHORT_LINE


def _names(committee: Committee) -> frozenset[str]:
    """Every word of the members' names, these without spaces, and their handles."""
    names = ((*member.name.split(), "".join(member.name.split()), member.handle) for member in committee.members)
    return frozenset(fold(word.strip(_AROUND)) for each in names for word in each) - {""}
