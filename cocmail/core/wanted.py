"""What a text is looked through for: a name, an address, a word, each in the ways in which people write it.

The rule: names of everyday words count only as names are written, others also turned round, with initials between and
with an ending. What must stand in the text anyway is looked for first: a plain search is a hundred times faster than a
pattern, and a decision holds up everybody who has mail stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from cocmail.core.called import Words, called
from cocmail.core.everyday import is_also_a_word
from cocmail.core.folding import RUN_ON, edges, fold
from cocmail.core.looking import as_typed, as_written
from cocmail.core.titles import BESIDE, RUN_ON_SUFFIXES, stands_by_a_title
from cocmail.core.vague import OFFICES
from cocmail.core.written_addresses import REST_LENGTH, SPACED_SUBADDRESS, STOP_LENGTH, hosts, pattern

_FORMS = 64
# A name of so many letters counts without its spaces, as accounts are called.
_JOINED = 6
# "Anns" may be what is Ann's, "Als" is a word.
_WITH_ENDING = 3

# Between the words of a name: Kit Larsen, kit.larsen, Kit J. M. Larsen.
_FIRM = r"[ .]|[ .](?:[^\W\d_]\. ?){1,2}"
# Kit/Larsen, Kit (Larsen), kit%20larsen, Kit M Larsen.
_LOOSE = rf"{_FIRM}|%20| ?[,;/+(\[] ?|[ .][^\W\d_] "
_TURNED = ", ?"
_LONGEST_GAP = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is looked for. It is found where one of each of `needs` stands in a text and then `form` does, as
    a pattern, where `counts` says so of its place; or one of `anywhere`, whatever spaces stand in it. `longest`: how
    long what is found can be, and what `counts` looks at.
    """

    needs: tuple[tuple[str, ...], ...]
    form: str
    longest: int
    anywhere: tuple[str, ...] = ()
    counts: Callable[[str, int, int], bool] | None = None

    def stands_in(self, text: str) -> bool:
        """Whether it stands by itself in a text that `looking` made."""
        if self.anywhere and not text.isascii():
            together = text.replace(" ", "")
            if any(each in together for each in self.anywhere):
                return True
        if not self.form or not all(any(each in text for each in need) for need in self.needs):
            return False
        if self.counts is None:
            return re.search(self.form, text) is not None
        return any(self.counts(text, *found.span()) for found in re.finditer(self.form, text))


def stand_in(wanted: Iterable[Wanted], texts: Collection[str]) -> bool:
    """Whether one of these stands in one of the texts."""
    return any(each.stands_in(text) for each in wanted for text in texts)


def words(text: str, least: int = 1, but: frozenset[str] = frozenset()) -> Wanted:
    """A handle, or an employer, in small letters; nothing where it is shorter than `least`, or one of `but`."""
    return _alone(each for each in as_typed(text) if len(each) >= least and each not in but)


def address(text: str) -> Wanted:
    """A mail address, with a subaddress or spelled out."""
    local, _, domain = text.rpartition("@")
    names, there = as_typed(local), {form for host in hosts(domain) for form in as_typed(host)}
    if not names or not there:
        return words(text)
    stops = max(each.count(".") for each in names) + max(each.count(".") for each in there)
    return Wanted(
        needs=tuple(tuple(sorted({max(form.split("."), key=len) for form in forms})) for forms in (names, there)),
        form=pattern(sorted(names), sorted(there), SPACED_SUBADDRESS + "?").join(edges((*names, *there))),
        longest=_longest(names) + _longest(there) + stops * STOP_LENGTH + REST_LENGTH,
    )


def whole_names(name: str) -> tuple[Wanted, ...]:
    """A whole name in small letters, as a file has it: kit larsen, and larsen, kit, and kit.larsen, kitlarsen."""
    return tuple(_whole(each) for each in called(name).whole)


def full_names(name: str) -> tuple[Wanted, ...]:
    """The same, but for names of one word: that is as likely a word, and counts as a given name does."""
    return tuple(_whole(each) for each in called(name).whole if len(each) > 1)


def given_names(name: str) -> Wanted:
    """The given names as capitalised words: Ivo, IVO, Ivos; "ivo" only where the committee's file has it so."""
    return _alone(_given(name))


def given_names_in_any_case(name: str) -> Wanted:
    """The given names as somebody types them who was asked for a name."""
    return _alone(each.casefold() for each in _given(name))


def handle_as_a_name(handle: str) -> Wanted:
    """A handle written as what somebody is called: Sam, for sam. Nothing where it is a word, or too short."""
    is_one = len(handle) >= _WITH_ENDING and handle.isalpha() and not is_also_a_word(handle) and handle not in OFFICES
    return _alone(_as_names((handle.capitalize(),)) if is_one else ())


def addressed_names(name: str) -> Wanted:
    """A word of the name, so a surname too, behind a title or before a suffix: Mrs Haddad, Haddad-san, 佐藤さん.

    In small letters as well, unless it is an everyday word. In signs a surname has no edge, so it has its suffix.
    """
    parts = [each for each in called(name).parts if len(each) > 1 or RUN_ON.search(each)]
    spaced = frozenset(each for each in parts if not RUN_ON.search(each))
    small = {form for each in spaced if not is_also_a_word(fold(each)) for form in as_typed(each)}
    signs = {
        f"{piece}{suffix}"
        for each in parts
        if each not in spaced
        for piece in _ends(each)
        for suffix in RUN_ON_SUFFIXES
    }
    found = _alone(
        _as_names(spaced) | _with_and_without_gaps(small) | {form for each in signs for form in as_written(each)}
    )
    return replace(found, longest=found.longest + 2 * BESIDE, counts=stands_by_a_title)


def _ends(signs: str) -> tuple[str, ...]:
    """A name in signs, and what may be the surname, or the given name, where no space says so."""
    inside = range(2, len(signs))
    return (signs, *(signs[:length] for length in inside), *(signs[-length:] for length in inside))


def given_words(name: str) -> frozenset[str]:
    """The given names in small letters, without any ending."""
    return frozenset(form.casefold() for given in called(name).given for form in as_written(given))


def _given(name: str) -> frozenset[str]:
    return _as_names(called(name).given)


def _as_names(words: Iterable[str]) -> frozenset[str]:
    """Words as they are written that are names: as they stand, with a capital, in capitals, in the genitive."""
    found: set[str] = set()
    for word in words:
        plain = as_written(word)
        forms = {form for each in plain for form in (each, each.upper(), each.capitalize())}
        forms |= as_written(word.upper()) | as_written(word.capitalize())
        found |= _with_and_without_gaps(forms)
    return frozenset(found | {form + _ending(form) for form in found})


def _ending(form: str) -> str:
    """The s of a genitive, as German and the Nordic languages write it without an apostrophe."""
    small = form.casefold()
    if (
        len(small) < _WITH_ENDING
        or not (small.isascii() and small.isalpha())
        or is_also_a_word(small)
        or is_also_a_word(f"{small}s")
    ):
        return ""
    return "S" if form.isupper() else "s"


def _whole(name: Words) -> Wanted:
    forms = [each for word in name if (each := sorted(_with_and_without_gaps(as_typed(word))))]
    if len(forms) == 1 or any(RUN_ON.search(form) for each in forms for form in each):
        return _alone(_listed(forms))
    plain = not any(is_also_a_word(form) for each in (forms[0], forms[-1]) for form in each)
    joined = _LOOSE if plain else _FIRM
    straight = _row(forms, joined) + ("s?" if plain else "")
    turned = _TURNED if not plain else f"{_TURNED}|{_LOOSE}"
    ways = [straight]
    for first, rest in ((forms[-1:], forms[:-1]), (forms[1:], forms[:1])):
        ways.append(f"{_row(first, _FIRM)}(?:{turned}){_row(rest, _FIRM)}")
    account = [each for each in map("".join, islice(product(*forms), _FORMS)) if _is_account(each)]
    ways += [re.escape(each.replace(" ", "")) for each in account]
    return Wanted(
        needs=tuple(tuple(each) for each in sorted(forms, key=lambda each: -min(map(len, each)))),
        form=f"(?:{'|'.join(dict.fromkeys(ways))})".join(edges((*forms[0], *forms[-1]))),
        longest=sum(_longest(each) + _LONGEST_GAP for each in forms),
    )


def _listed(forms: Sequence[Sequence[str]]) -> set[str]:
    """A name of one word, or in a script that has no edges for a pattern to see."""
    found: set[str] = set()
    for chosen in islice(product(*forms), _FORMS):
        found |= {" ".join(chosen), ".".join(chosen), ", ".join((*chosen[-1:], " ".join(chosen[:-1])))}
    return {each.removesuffix(", ") for each in found if each}


def _row(forms: Sequence[Sequence[str]], gap: str) -> str:
    """The words of a name one after another, each in one of its spellings."""
    return f"(?:{gap})".join(f"(?:{'|'.join(map(re.escape, each))})" for each in forms)


def _is_account(joined: str) -> bool:
    bare = joined.replace(" ", "")
    return len(bare) >= _JOINED and not is_also_a_word(bare)


def _alone(forms: Iterable[str]) -> Wanted:
    """Words that stand by themselves; of a script without spaces anywhere, whatever spaces or line ends there are."""
    every = sorted(set(forms))
    run_on = tuple(each.replace(" ", "") for each in every if RUN_ON.search(each))
    spaced = tuple(each for each in every if not RUN_ON.search(each))
    form = f"(?:{'|'.join(map(re.escape, spaced))})".join(edges(spaced)) if spaced else ""
    # What stands in the text where one of these does: "Anns" is none without "Ann".
    least = tuple(each for each in spaced if not any(other in each for other in spaced if other != each))
    return Wanted((least,), form, _longest(every), run_on)


def _longest(forms: Collection[str]) -> int:
    return max(map(len, forms), default=0)


def _with_and_without_gaps(forms: Collection[str]) -> frozenset[str]:
    """Anne Marie and AnneMarie, O Brien and OBrien."""
    return frozenset((*forms, *(each.replace(" ", "") for each in forms)))
