"""Screening: which members a message names, before anybody reads it (contract, section 3, rule 8; domain R28).

Errs on the side of withholding. It looks for a member's full name, the given name as a capitalised word, the surname
behind a title, any address, the handle with an @ or a capital, and everybody in `known_conflicts`, in all the ways in
which `looking` knows them to be written. It does not see nicknames, a surname alone, pictures or scans; the guides say
so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cocmail.core.looking import Look, as_written, looks
from cocmail.core.model import Committee, Mail, Member
from cocmail.core.signed import unsigned, without_block
from cocmail.core.titles import TITLES
from cocmail.core.typed import means
from cocmail.core.wanted import (
    Wanted,
    address,
    addressed_names,
    full_names,
    given_names,
    given_names_in_any_case,
    given_words,
    handle_as_a_name,
    stand_in,
    whole_names,
    words,
)

_GREETINGS = (
    "hi hello hey dear good morning afternoon evening day greetings hallo liebe lieber guten moin bonjour cher chere "
    "salut hola querida querido estimada estimado ola cara caro ciao salve gentile egregio egregia beste geachte hei "
    "hej kaere czesc droga drogi szanowny szanowna уважаемый уважаемая sehr geehrte geehrter geehrtes thanks thank"
)
# A greeting, and then nothing but names and joining words, but one of them: "Hi Ivo hit me" is no salutation, nor is
# "Ola" below "Who did it?".
_GREETING = rf"(?i:(?:{'|'.join(sorted(form for each in _GREETINGS.split() for form in as_written(each)))})\b)"
_GREETED = re.compile(rf"^\W*({_GREETING})")
_SALUTATION = re.compile(
    rf"^\W*{_GREETING}(?:\s+{_GREETING})*"
    rf"(?:[\s,&/]+(?:[^\W\d_a-z][\w.'’-]*|(?:{'|'.join(map(re.escape, sorted(TITLES)))})\b\.?"
    r"|and|und|et|y|e|all|team|everyone|both|you|the|of|committee|members))+[\s,!:.;-]*$"
)
SALUTATION_WORDS = 6
_NO_EMPLOYER = frozenset({"independent", "none", "self", "self employed", "freelance", "retired", "unemployed"})
# Whose committee is screened for over and over; a name that is looked for is worked out once.
_MEMBERS = 1_024
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


@dataclass(frozen=True, slots=True)
class _Known:
    """All that one member is looked for as: `given` where it is written as a name, `typed` where it was asked for;
    `called` by the greeting that is their name; `ties` those whom they may not judge, with the kind of conflict."""

    whole: tuple[Wanted, ...]
    given: tuple[Wanted, ...]
    typed: tuple[Wanted, ...]
    called: frozenset[str]
    ties: tuple[tuple[str, tuple[Wanted, ...]], ...]
    employer: tuple[Wanted, ...]

    @property
    def longest(self) -> int:
        every = (self.whole, self.given, self.employer, *(names for _, names in self.ties))
        return max(each.longest for names in every for each in names)


@lru_cache(maxsize=_MEMBERS)
def _known(member: Member) -> _Known:
    called_by_handle = () if member.handle in given_words(member.name) else (handle_as_a_name(member.handle),)
    return _Known(
        whole=(*full_names(member.name), *map(address, sorted(member.addresses)), words("@" + member.handle)),
        given=(given_names(member.name), addressed_names(member.name), *called_by_handle),
        typed=(given_names_in_any_case(member.name),),
        called=given_words(member.name),
        ties=tuple((tie.kind, (*whole_names(tie.name), *map(address, tie.emails))) for tie in member.known_conflicts),
        employer=(words(member.employer or "", 3, _NO_EMPLOYER),),
    )


@dataclass(slots=True)
class _Sought:
    """One member, and what of them was found so far."""

    member: Member
    known: _Known
    is_named: bool = False
    kinds: set[str] = field(default_factory=set)
    is_employer_named: bool = False

    def look(self, look: Look, *, typed: bool = False) -> None:
        """Takes down what a piece of a text, or of a `typed` name, says of them. What was found stays so."""
        known = self.known
        alone = (known.typed, look.folded) if typed else (known.given, look.named)
        self.is_named = self.is_named or stand_in(known.whole, look.folded) or stand_in(*alone)
        self.kinds |= {kind for kind, names in known.ties if kind not in self.kinds and stand_in(names, look.folded)}
        self.is_employer_named = self.is_employer_named or stand_in(known.employer, look.folded)


def _sought(member: Member) -> _Sought:
    return _Sought(member, _known(member))


def screen(committee: Committee, mail: Mail, sent: Collection[str] = ()) -> Screening:
    """Look for every member of today's roster in everything of a message that is text, quoted or not, shown or not.

    `sent` are letters of ours that the sender may be quoting: who signed one is not named by its being quoted as a
    whole. What else it says is looked at, and part of a letter does not count as quoted.
    """
    sought = [_sought(member) for member in committee.members]
    _look_for(sought, _without_letters(committee, _text_of(mail), sent))
    found: dict[str, str] = {}
    for each in sought:
        if each.member.addresses & set(mail.from_addresses):
            found[each.member.handle] = "reporter"
            each.is_named = False
        elif each.is_named or each.kinds:
            found[each.member.handle] = "screened"
    conflicted = frozenset(each.member.handle for each in sought if each.kinds)
    soft = frozenset(each.member.handle for each in sought if each.kinds == {"soft"} and not each.is_named)
    employed = tuple(each.member.handle for each in sought if each.is_employer_named)
    return Screening(found, conflicted, soft, employed)


def named_when_quoted(committee: Committee, letter: str) -> frozenset[str]:
    """Handles of the members whom a reporter would name by quoting this letter of ours, as it stands."""
    sought = [_sought(member) for member in committee.members]
    _look_for(sought, _without_letters(committee, letter, (letter,)))
    return frozenset(each.member.handle for each in sought if each.is_named)


def is_known_again(letter: str) -> bool:
    """Whether a letter is long enough to be known as ours when somebody quotes it."""
    return len(letter.split()) >= QUOTED_WORDS


def screen_name(committee: Committee, name: str) -> dict[str, frozenset[str]]:
    """Whom a party's name means, or concerns: handle -> kinds of known conflict (none: the member is meant).

    A name that somebody types is no running text: a given name in any case counts, any other word of a name unless it
    is that of somebody else's (`meant`), an address, a handle.
    """
    found: dict[str, frozenset[str]] = {}
    for member in committee.members:
        sought = _sought(member)
        for look in looks(name, sought.known.longest, lambda piece, *_: piece):
            sought.look(look, typed=True)
        sought.is_named = sought.is_named or means(name, member.name, member.handle)
        sought.kinds |= {tie.kind for tie in member.known_conflicts if means(name, tie.name)}
        if sought.is_named:
            found[member.handle] = frozenset()
        elif sought.kinds:
            found[member.handle] = frozenset(sought.kinds)
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
    sought = _sought(member)
    _look_for((sought,), text)
    return sought.is_named or bool(sought.kinds)


def _text_of(mail: Mail) -> str:
    around = (*mail.from_addresses, mail.from_name, *mail.to, mail.subject)
    names = tuple(part.filename for part in mail.attachments)
    return "\n".join((*around, *names, mail.text, mail.hidden_text))


def _without_letters(committee: Committee, text: str, sent: Collection[str]) -> str:
    """The text without the signatures of these letters where it quotes one as a whole, whatever marks it has."""
    wanted = [letter for letter in sent if is_known_again(letter)]
    if not wanted:
        return text
    bare, quotes = _QUOTE_MARKS.sub("", text), 0
    for letter in wanted:
        said = unsigned(letter, committee, lambda line: _is_anybody_in(committee, line))
        bare, count = re.subn(_quotation(letter), lambda _, kept=said: f"\n{kept}\n", bare)  # type: ignore[misc]
        quotes += count
    return bare if quotes else text


def _is_anybody_in(committee: Committee, line: str) -> bool:
    sought = [_sought(member) for member in committee.members]
    _look_for(sought, line)
    return any(each.is_named or each.kinds for each in sought)


def _quotation(letter: str) -> str:
    """A letter as somebody quotes it: with its block under "-- " or without, as mail programs leave that out."""
    above, block = without_block(letter)
    # Words and single gaps: nothing in the pattern can match in two ways.
    whole, head, rest = (r"\s+".join(map(re.escape, part.split())) for part in (letter, above, block))
    return rf"{head}(?:\s+{rest})?" if block and is_known_again(above) else whole


def _without_salutations(text: str, begins: bool, ends: bool, called: Collection[str]) -> str:
    """A piece of a text without its salutations: of a line that is not all there nobody can say that it is one."""
    # With their ends: a line that goes on in the next piece gets none.
    lines = text.splitlines(keepends=True)
    last = len(lines) - 1
    for number, line in enumerate(lines):
        if _is_salutation(line, called) and (begins or number) and (ends or number < last):
            lines[number] = "\n"
    return "".join(lines)


def _is_salutation(plain: str, called: Collection[str]) -> bool:
    """Whether a line does nothing but greet; not by a word that is somebody's name: of them it may well tell."""
    greeted = _GREETED.match(plain) if len(plain) <= 200 else None
    if greeted is None or greeted[1].casefold() in called or len(plain.split()) > SALUTATION_WORDS:
        return False
    return not plain.isupper() and _SALUTATION.match(plain) is not None


def _look_for(sought: Collection[_Sought], text: str) -> None:
    for look in _looks(text, sought):
        for each in sought:
            each.look(look)


def _looks(text: str, sought: Collection[_Sought]) -> Iterator[Look]:
    called = frozenset().union(*(each.known.called for each in sought))
    longest = max((each.known.longest for each in sought), default=0)
    return looks(text, longest, lambda piece, begins, ends: _without_salutations(piece, begins, ends, called))
