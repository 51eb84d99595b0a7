"""Screening: which members a message names, before anybody reads it (contract, section 3, rule 8; domain R28).

Errs on the side of withholding. It looks for a member's full name, the given name as a capitalised word, any address,
`@handle`, and everybody in `known_conflicts`. It does not see nicknames, pictures or scans; the guides say so.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cocmail.core.model import Committee, Mail, Member

_GREETINGS = (
    "hi hello hey dear good morning afternoon evening day greetings hallo liebe lieber guten moin bonjour cher chere "
    "salut hola querida querido estimada estimado ola cara caro ciao salve gentile beste hei hej kaere czesc droga "
    "drogi thanks thank"
)
# A greeting and nothing but names and joining words: "Hi Ivo hit me" is no salutation.
_GREETING = rf"(?i:(?:{'|'.join(_GREETINGS.split())})\b)"
_SALUTATION = re.compile(
    rf"^\W*{_GREETING}(?:\s+{_GREETING})*"
    r"(?:[\s,&/]+(?:[^\W\d_a-z][\w.'’-]*"
    r"|and|und|et|y|e|all|team|everyone|both|you|the|of|committee|members))*[\s,!:.;-]*$"
)
# Characters at a time: normalising a long text in one call would keep all other threads from running.
_PIECE = 1 << 16
# Written without spaces between words: a name is looked for anywhere.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff\uac00-\ud7af]")
SALUTATION_WORDS = 6
_NO_EMPLOYER = frozenset({"independent", "none", "self", "self-employed", "freelance", "retired", "unemployed"})
# A letter of a word or two could be the sender's own answer.
QUOTED_WORDS = 8
# Which of the words of `conflict.relations` a party's role falls under (domain B).
_RELATIONS = {
    "reported": frozenset({"accused", "reported", "anyone_named"}),
    "reporter": frozenset({"reporter", "anyone_named"}),
    "harmed": frozenset({"harmed", "anyone_named"}),
    "witness": frozenset({"witness", "anyone_named"}),
}
_QUOTE_MARKS = re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+")


@dataclass(frozen=True, slots=True)
class Screening:
    """What a message says about a committee's members: handle -> why (reporter or screened).

    `conflicted` are those of them whom it names a known conflict of, `soft` those of whom nothing but a soft one.
    `employers` are handles of members whose employer it mentions: that alone is no conflict.
    """

    found: Mapping[str, str] = field(default_factory=dict)
    conflicted: frozenset[str] = frozenset()
    soft: frozenset[str] = frozenset()
    employers: tuple[str, ...] = ()


def screen(committee: Committee, mail: Mail, sent: Collection[str] = ()) -> Screening:
    """Look for every member of today's roster in everything of a message that is text, quoted or not, shown or not.

    `sent` are letters of ours that the sender may be quoting: who signed one is not named by its being quoted as a
    whole. What else it says is looked at, and part of a letter does not count as quoted.
    """
    found: dict[str, str] = {}
    text = _without_letters(_text_of(mail), sent)
    folded = _fold(text)
    named = _fold(_without_salutation(text), keep_case=True)
    conflicts = {member.handle: _conflicts_named(member, folded) for member in committee.members}
    named_themselves = set()
    for member in committee.members:
        if member.addresses & set(mail.from_addresses):
            found[member.handle] = "reporter"
        elif _names(member, folded, named):
            named_themselves.add(member.handle)
            found[member.handle] = "screened"
        elif conflicts[member.handle]:
            found[member.handle] = "screened"
    soft = (who for who, kinds in conflicts.items() if kinds == {"soft"} and who not in named_themselves)
    employed = tuple(member.handle for member in committee.members if _names_employer(member, folded))
    return Screening(found, frozenset(who for who, kinds in conflicts.items() if kinds), frozenset(soft), employed)


def screen_name(committee: Committee, name: str) -> dict[str, frozenset[str]]:
    """Whom a party's name means, or concerns: handle -> kinds of known conflict (none: the member is meant).

    A name that somebody types is no running text: a full or given name in any case counts, an address, a handle.
    """
    folded = _fold(name)
    found: dict[str, frozenset[str]] = {}
    for member in committee.members:
        given = _fold(member.name).split()[:1]
        if _names(member, folded, folded) or (given and _stands_alone(given[0], folded)):
            found[member.handle] = frozenset()
        elif kinds := _conflicts_named(member, folded):
            found[member.handle] = kinds
    return found


def concerned_by(committee: Committee, role: str, name: str) -> dict[str, str]:
    """Whose conflict of interest it is that a case has a party of that name in that role: handle -> "" or "soft"."""
    return {
        handle: "soft" if kinds == {"soft"} else ""
        for handle, kinds in screen_name(committee, name).items()
        if _is_conflict(committee, role, themselves=not kinds)
    }


def _is_conflict(committee: Committee, role: str, *, themselves: bool) -> bool:
    """Whether to be somebody in that role, or to have a tie to them, is a conflict here.

    To the reported person it always is; and who was harmed, or reported it, is no judge of it. A preset can say of
    witnesses that they are none (CNCF, "Conflicts of Interest": merely witnessing).
    """
    if themselves and role != "witness":
        return True
    policy = committee.policy
    if role == "witness" and policy.get("conflict.witness_is_conflict") is True:
        return True
    relations = policy.get("conflict.relations")
    wanted = frozenset(relations) if isinstance(relations, tuple) else frozenset()
    return role == "reported" or not wanted.isdisjoint(_RELATIONS[role])


def looked_for_as(member: Member) -> str:
    """What is written down of a member whom a text was searched for: another name, or tie, is another search."""
    ties = sorted((each.name, sorted(each.emails), each.kind) for each in member.known_conflicts)
    said = repr((member.name, sorted(member.also), ties))
    return f"{member.handle} {member.email} {hashlib.sha256(said.encode()).hexdigest()[:16]}"


def searched(mail: Mail) -> str:
    """Everything of a message in which a name is looked for."""
    return _text_of(mail)


def is_named(member: Member, text: str) -> bool:
    """Whether a text names a member, or somebody with whom they have a known conflict."""
    folded, named = _fold(text), _fold(_without_salutation(text), keep_case=True)
    return _names(member, folded, named) or bool(_conflicts_named(member, folded))


def _text_of(mail: Mail) -> str:
    around = (*mail.from_addresses, mail.from_name, *mail.to, mail.subject)
    names = tuple(part.filename for part in mail.attachments)
    return "\n".join((*around, *names, mail.text, mail.hidden_text))


def _unsigned(letter: str) -> list[str]:
    """The lines of a letter without its last one, nor the one above where the two stand by themselves."""
    lines = letter.rstrip().splitlines()[:-1]
    alone = len(lines) > 1 and lines[-1].strip() and not lines[-2].strip()
    return lines[:-1] if alone else lines


def _without_letters(text: str, sent: Collection[str]) -> str:
    """The text without the signatures of these letters where it quotes one as a whole, whatever marks it has."""
    wanted = [letter for letter in sent if len(letter.split()) >= QUOTED_WORDS]
    if not wanted:
        return text
    bare, quotes = _QUOTE_MARKS.sub("", text), 0
    for letter in wanted:
        said = "\n".join(_unsigned(letter))
        # Words and single gaps: nothing in the pattern can match in two ways.
        pattern = r"\s+".join(map(re.escape, letter.split()))
        bare, count = re.subn(pattern, lambda _, kept=said: f"\n{kept}\n", bare)  # type: ignore[misc]
        quotes += count
    return bare if quotes else text


def _without_salutation(text: str) -> str:
    return "\n".join("" if _is_salutation(line) else line for line in text.splitlines())


def _is_salutation(line: str) -> bool:
    if len(line) > 200 or len(line.split()) > SALUTATION_WORDS:
        return False
    plain = _plain(line)
    return not plain.isupper() and _SALUTATION.match(plain) is not None


def _plain(text: str) -> str:
    """Compatibility forms composed, accents and invisible characters gone: José and Jose are one name."""
    if text.isascii():
        return text
    return "".join(_plain_piece(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))


def _plain_piece(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text)
    for char in filter(_is_unseen, set(spread)):
        spread = spread.replace(char, "")
    return spread


def _is_unseen(char: str) -> bool:
    """Accents, format characters (zero-width, soft hyphen, direction marks), variation selectors."""
    return unicodedata.combining(char) != 0 or unicodedata.category(char) in ("Cf", "Mn", "Me")


def _fold(text: str, *, keep_case: bool = False) -> str:
    spaced = " ".join(_plain(text).split())
    return spaced if keep_case else spaced.casefold()


def _names(member: Member, folded: str, named: str) -> bool:
    words = _fold(member.name).split()
    whole = [" ".join(words), ", ".join((words[-1], " ".join(words[:-1]))), "_".join(words)] if len(words) > 1 else []
    wanted = [*whole, *map(_fold, member.addresses), "@" + member.handle]
    return any(_stands_alone(each, folded) for each in wanted) or _is_called(_fold(member.name, keep_case=True), named)


def _conflicts_named(member: Member, folded: str) -> frozenset[str]:
    """The kinds of the known conflicts that a text names."""
    return frozenset(
        conflict.kind
        for conflict in member.known_conflicts
        if any(_stands_alone(each, folded) for each in (*_written(_fold(conflict.name)), *map(_fold, conflict.emails)))
    )


def _written(name: str) -> Iterator[str]:
    """A whole name as people write it: Kit Larsen, and Larsen, Kit."""
    words = name.split()
    if words:
        yield name
    if len(words) > 1:
        yield f"{words[-1]}, {' '.join(words[:-1])}"


def _names_employer(member: Member, folded: str) -> bool:
    employer = _fold(member.employer or "")
    return len(employer) > 2 and employer not in _NO_EMPLOYER and _stands_alone(employer, folded)


def _stands_alone(wanted: str, text: str) -> bool:
    # A plain search first: it is a hundred times faster, and a decision holds up everybody who has mail stored.
    if wanted not in text or _UNSPACED.search(wanted):
        return wanted in text
    # An underline is no letter: people write _Ivo_ for emphasis and Ivo_Petrov.png for a file.
    return re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", text) is not None


def _is_called(name: str, text: str) -> bool:
    """Whether the given name stands in the text as a capitalised word (Ivo, IVO; not "ivo")."""
    given = name.split(" ")[0]
    forms = {given, given.upper(), given.capitalize()}
    return any(_stands_alone(form, text) for form in forms if form)
