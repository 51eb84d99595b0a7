"""What a vague text of the status sheet would tell (contract, section 5, `#actions` and `#resolve`; domain R58).

Members who must not know a case read its row: `Actions needed` and `Resolution` name nobody, say no gender and hold no
address (NumFOCUS response procedures, "Status Spreadsheet"). What this module finds is probably telling; what it does
not find is not therefore vague. Nicknames, places, and what only insiders understand remain for people to see.

It errs on the side of finding: to write a short text anew costs little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cocmail.core.folding import RUN_ON, WORD, fold, without_heaps
from cocmail.core.model import Committee
from cocmail.core.titles import GENDERED, GENDERED_WITH_A_CAPITAL

LONGEST = 200
NAME_LETTERS = 3

# Without English "son": it is "his or her" in French and "are" in Spanish.
_GENDERED = frozenset(
    "he she him her his hers himself herself guy guys girl girls boy boys man men woman women lady"
    " ladies gentleman gentlemen boyfriend boyfriends girlfriend girlfriends wife wives husband husbands mother mothers"
    " father fathers mum mom dad daughter daughters brother brothers sister sisters uncle aunt nephew niece grandmother"
    " grandfather widow widower bride bridegroom male males female females lad lads lass dude dudes chick bro chairman"
    " chairwoman spokesman spokeswoman businessman businesswoman actress waitress hostess stewardess"
    " er sie ihm ihn ihr ihre ihrem ihren ihrer ihres seine seinem seinen seiner seines"
    " elle elles él ella ellas lui lei egli ele ela eles elas dele dela deles delas".split()
)
# Days and months of the languages that give them a capital. The short forms are also people's names (Jan).
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar"
    " janner februar marz mai juni juli oktober dezember easter christmas".split()
)
_SHORT_CALENDAR = frozenset(
    "mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec okt dez".split()
)
# The field's own words. Reports write them with capitals, and people sign with them ("Anonymous Reporter").
_FIELD = frozenset(
    "code conduct committee committees working group team reporter reported anonymous person participant attendee"
    " speaker organizer organiser organisers organizers moderator maintainer volunteer"
    " community event conference".split()
)
# Mailboxes that are nobody's name.
OFFICES = _FIELD | frozenset(
    "info admin contact office mail email hello support coc help events news security abuse post postmaster webmaster"
    " root user users staff board chair report reports project".split()
)
# Parts of family names that are ordinary words, some of them with a capital at the start of a sentence.
_PARTICLES = frozenset("van von der den dem des del della dos das the and bin ibn abu".split())
# German gives every noun a capital; three of these words tell that a text is German.
_GERMAN = frozenset("und nicht ist eine mit auf wurde auch dass hat wir ich".split())

_WORD = re.compile(rf"{WORD}(?:['’-]{WORD})*")
_MAILBOX = re.compile(r"[\w.+-]+")
_PIECES = re.compile(r"['’-]")
# What stands between two words when the second begins a sentence, a quotation or an item of a list.
_BREAK = re.compile(r"[.!?:…\n\"“”„«»(\[*•|]")
_WEB = re.compile(
    r"://|^www\.|^[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|io|dev|app|info|social|eu|uk|de|fr|example)\b"
)
_SPELLED_AT = re.compile(r"[(\[{]at[)\]}]")
_DATES = re.compile(
    r"(?<![\d./-])(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:\d\d)?\d\d|\d{1,2}[./]\d{1,2}|(?:19|20)\d\d(?:[/-](?:19|20)?\d\d)?)"
    r"(?![./-]?\d)"
    r"|(?<![\d:])\d{1,2}:\d\d(?::\d\d)?(?![:\d])"
)
_PHONE = re.compile(r"\d(?:[\s().\-/]{0,3}\d){6,}")
_PLUS = re.compile(r"\+\d(?:[\s().\-/]{0,3}\d){6,}")


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that a text tells. `kind` is name, pronoun, address or too-long.

    "pronoun" stands for every word that says a gender, "address" for links and telephone numbers too. `word` is as it
    was written, or the number of characters of a text that is too long.
    """

    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a text. `opens`: it begins a sentence, where every word has a capital."""

    text: str
    start: int
    opens: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """Who must not be named, folded: single words, whole names by words, local parts, names written without spaces."""

    words: frozenset[str]
    names: frozenset[tuple[str, ...]]
    mailboxes: frozenset[str]
    unspaced: frozenset[str]


def find_telling(
    vague: str,
    committee: Committee,
    *,
    code_name: str = "",
    people: Iterable[str] = (),
    texts: Iterable[str] = (),
) -> tuple[Telling, ...]:
    """What a vague text tells, each thing once: first names, then pronouns, addresses and the length.

    `people` are names and addresses of those involved, `texts` the mails of the case: a word that has a capital in the
    middle of a sentence there is probably a name. `code_name` is no secret of the sheet: its words are not found.
    """
    written = _clean(vague)
    harmless = {piece for word in _words(f"{committee.name} {code_name}") for piece in _pieces(word.text)}
    found = [
        *_names(written, _known(committee, people), _CALENDAR | _SHORT_CALENDAR | _FIELD | harmless, texts),
        *_pronouns(written),
        *(Telling("address", word) for word in addresses_in(written)),
    ]
    if len(written) > LONGEST:
        found.append(Telling("too-long", str(len(written))))
    return tuple(dict.fromkeys(found))


def _clean(text: str) -> str:
    """Composed and without invisible characters, which could stand inside a name."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", without_heaps(text))
    return "".join(char for char in plain if unicodedata.category(char) != "Cf")


def _words(text: str) -> Iterator[_Word]:
    end = 0
    for match in _WORD.finditer(text):
        yield _Word(match.group(), match.start(), _opens(text, end, match.start()))
        end = match.end()


def _opens(text: str, before: int, start: int) -> bool:
    """Whether the word at `start` begins a sentence; the word before it ends at `before`, 0 for none."""
    return not before or _BREAK.search(text, before, start) is not None


def _pieces(word: str) -> dict[str, str]:
    """Its parts of three and more letters, folded -> as written: "O'Brien's" has one, "Anne-Marie" two."""
    parts = (word,) if word.isalpha() else _PIECES.split(word)
    return {fold(part): part for part in parts if len(part) >= NAME_LETTERS}


def _known(committee: Committee, people: Iterable[str]) -> _Known:
    names = [member.name for member in committee.members]
    mailboxes: set[str] = set()
    for person in people:
        addresses = [word.strip("<>()[],;\"'") for word in person.split() if "@" in word]
        mailboxes.update(fold(address.partition("@")[0]) for address in addresses)
        names.append(" ".join(word for word in person.split() if "@" not in word))
    mailboxes = {box for box in mailboxes if len(box) >= NAME_LETTERS and box not in OFFICES}
    unspaced = [name for name in map(_clean, names) if RUN_ON.search(name)]
    spaced = [name for name in map(_clean, names) if not RUN_ON.search(name)]
    whole = {tuple(_said(word) for word in _words(name)) for name in spaced}
    words = {piece for name in spaced for word in _words(name) for piece in _pieces(word.text)} - _FIELD
    words |= {piece for box in mailboxes for word in _words(box) for piece in _pieces(word.text)} - OFFICES
    return _Known(
        frozenset(words - _CALENDAR - _PARTICLES),
        frozenset(name for name in whole if len(name) > 1),
        frozenset(mailboxes),
        frozenset(part for name in unspaced for part in (name.replace(" ", ""), *name.split()) if len(part) > 1),
    )


def _names(text: str, known: _Known, harmless: Container[str], texts: Iterable[str]) -> Iterator[Telling]:
    together = text.replace(" ", "")
    parts = [part for part in sorted(known.unspaced, key=lambda part: (-len(part), part)) if part in together]
    yield from (Telling("name", part) for number, part in enumerate(parts) if part not in " ".join(parts[:number]))
    words = list(_words(text))
    whole = _whole_names(words, known.names)
    yield from (Telling("name", _between(text, words[first], words[last])) for first, last in whole)
    covered = {words[number].start for first, last in whole for number in range(first, last + 1)}
    yield from (Telling("name", box) for box in _mailboxes(text, covered) if fold(box) in known.mailboxes)
    likely: list[tuple[_Word, list[str]]] = []
    for word in (word for word in words if word.start not in covered):
        capitals = {key: piece for key, piece in _pieces(word.text).items() if not piece[0].islower()}
        if not known.words.isdisjoint(capitals):
            yield Telling("name", word.text)
        else:
            likely.append((word, [key for key, piece in capitals.items() if _is_titled(piece) and key not in harmless]))
    capital, lower = _usage(texts, {key for _, keys in likely for key in keys})
    for word, keys in likely:
        if any(key in capital and not (word.opens and key in lower) for key in keys):
            yield Telling("name", word.text)


def _mailboxes(text: str, covered: Container[int]) -> Iterator[str]:
    """What can be the local part of an address, but for what begins inside a name that was found."""
    return (match.group().strip(".+-") for match in _MAILBOX.finditer(text) if match.start() not in covered)


def _between(text: str, first: _Word, last: _Word) -> str:
    return text[first.start : last.start + len(last.text)]


def _is_titled(word: str) -> bool:
    return word[0].isupper() and not word.isupper()


def _said(word: _Word) -> str:
    return fold(word.text).replace("’", "'").removesuffix("'s")


def _whole_names(words: Sequence[_Word], names: Iterable[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Where whole names stand, in any case: (first word, last word)."""
    said = [_said(word) for word in words]
    starts: dict[str, list[tuple[str, ...]]] = {}
    for name in sorted(names):
        starts.setdefault(name[0], []).append(name)
    return [
        (number, number + len(name) - 1)
        for number, word in enumerate(said)
        for name in starts.get(word, ())
        if tuple(said[number : number + len(name)]) == name
    ]


def _usage(texts: Iterable[str], wanted: Collection[str]) -> tuple[set[str], set[str]]:
    """Which of these words the texts write with a capital in mid-sentence, and which in lower case."""
    capital: set[str] = set()
    lower: set[str] = set()
    for text in map(_clean, texts if wanted else ()):
        german = len(_GERMAN.intersection(text.split())) >= 3
        end = 0
        for match in _WORD.finditer(text):
            before, end = end, match.end()
            for key, piece in _pieces(match.group()).items():
                if key not in wanted:
                    continue
                if piece.islower():
                    lower.add(key)
                elif _is_titled(piece) and not german and not _opens(text, before, match.start()):
                    capital.add(key)
    return capital, lower


def _pronouns(text: str) -> Iterator[Telling]:
    words = list(_words(text))
    for number, word in enumerate(words):
        whole = word.text.casefold()
        following = words[number + 1].text[0].isupper() if number + 1 < len(words) else False
        titled = word.text.istitle() and fold(word.text) in GENDERED_WITH_A_CAPITAL and (following or not word.opens)
        said = (whole, *_PIECES.split(whole))
        if titled or not _GENDERED.isdisjoint(said) or not GENDERED.isdisjoint(map(fold, said)):
            yield Telling("pronoun", word.text)


def addresses_in(text: str) -> Iterator[str]:
    """Mail and web addresses of a text, then its telephone numbers, as they are written."""
    for chunk in text.split():
        bare = chunk.strip(".,;:!?\"'“”()[]<>")
        spelled = _SPELLED_AT.search(chunk.casefold()) is not None
        if "@" in bare.rstrip("@") or spelled or _WEB.search(bare[:300].casefold()):
            yield bare if not spelled else chunk
    rest = _DATES.sub(" x ", _PLUS.sub(" x ", text))
    numbers = (*_PLUS.finditer(text), *_PHONE.finditer(rest))
    yield from (match.group() for match in numbers)
