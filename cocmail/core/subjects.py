"""A Subject, read by the table of tags (contract, section 5): which tags, which cases, and what is not clear.

The rule: asks rather than guesses. Any problem means that nothing runs (rule 2). The Subject comes in decoded once
(RFC 2047); nothing here looks at a body or knows what a tag does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from cocmail.core.prefixes import is_forwarded
from cocmail.core.signature import TagRow
from cocmail.core.tags import ROWS, TABLE, Tag
from cocmail.core.words_of_subject import TAG, TRAILING, Reading, arguments_behind, fold, plain, wording

_BRACKETED = re.compile(r"\[([^\[\]]{0,120})\]")
_CASE = re.compile(r"([a-z]+)[ -]([a-z]+)")
_QUESTION = re.compile(r"\[([^\[\]]{0,120})\][\s:]*+(q[1-9][0-9]{0,3})(?![\w-])")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
# A tag that is shown to its writer again: nothing that a mail program could take for an address or a link.
_SHOWN = re.compile(r"#[A-Za-z0-9_=#+-]{1,40}(?=[.,;!]*+(?:[\s:\[\]]|$))")
_SUGGESTIONS = 8
_OPPOSITES = (("optout", "optin"), ("stay", "leave"))


@dataclass(frozen=True, slots=True)
class TagProblem:
    """Why nothing runs.

    `kind`: unknown, lookalike, missing, ambiguous, quotes (they do not close, or not surely there), one-text (two tags
    that both take the mail's text), contradiction, forwarded or two-cases. `about` is the tag or the tags in question,
    as the table has them; one that is unknown as it was written, for its writer alone, and "" where it is long, holds
    what a mail program could take for an address or a link, or where there are many. `nearest` is a suggestion, `form`
    how the tag is written.
    """

    kind: str
    about: str = ""
    nearest: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A Subject, read. `names` are the code names in brackets that the sender has a case of, without repeats.

    `question` is the one that the Subject of our own mail names behind the code name: `[home shelf] Q1` gives "q1".
    `repeated` are tags of the mail that is answered: they do not run again.
    """

    tags: tuple[Tag, ...] = ()
    problems: tuple[TagProblem, ...] = ()
    names: tuple[str, ...] = ()
    forwarded: bool = False
    question: str = ""
    repeated: tuple[Tag, ...] = ()

    @property
    def commands(self) -> bool:
        """Whether the sender meant to steer something, understood or not."""
        return bool(self.tags or self.problems)


@dataclass(frozen=True, slots=True)
class _Found:
    """A tag where it stands. `reading`: what stands behind one of the table; `glued`: another `#` follows at once;
    `written`: in its own spelling, where that can be shown.
    """

    sign: str
    name: str
    written: str
    glued: bool = False
    reading: Reading | None = None

    @property
    def row(self) -> TagRow | None:
        return ROWS.get(self.name) if self.sign == "#" else None


def normal(subject: str) -> str:
    """A Subject as the grammar reads it: NFC, without zero-width characters, case folded, single spaces."""
    return fold(plain(subject))


def names_in(subject: str) -> tuple[str, ...]:
    """Every `[two words]` of a Subject that has the form of a code name, as `home shelf`, without repeats.

    Those that a tag is about (`#merge [tea pot]`) are among them.
    """
    found, around = _scan(subject)
    meant = [tag.argument("case") for tag in map(_tag, found) if tag is not None]
    return tuple(dict.fromkeys((*_names(around), *(each.strip("[]") for each in meant if each))))


def quoted_in(subject: str) -> tuple[str, ...]:
    """The texts in quotation marks that tags of a Subject are about."""
    return tuple(dict.fromkeys(tag.text for tag in map(_tag, _scan(subject)[0]) if tag is not None and tag.text))


def tag_names(subject: str) -> frozenset[str]:
    """The names of all tags of the table that stand in a Subject as tags, whatever else is wrong with them."""
    return frozenset(found.name for found in _scan(subject)[0] if found.row is not None)


def free_words(subject: str, tag: str) -> tuple[str, ...]:
    """The words of a Subject that are no part of that tag: its name and arguments aside, folded, without brackets."""
    taken = {
        tag,
        *(word for found in _scan(subject)[0] if (known := _tag(found)) is not None for word in known.arguments),
    }
    words = re.findall(r"[^\W\d_]+", normal(_BRACKETED.sub(" ", subject)))
    return tuple(word for word in words if word not in taken)


def may_hold(subject: str, tag: str, is_meant: Callable[[str], bool]) -> bool:
    """Whether a tag stands in a Subject, or one that is none and of which `is_meant` says that it may be meant so."""
    return any(found.name == tag or (found.row is None and is_meant(found.name)) for found in _scan(subject)[0])


def is_numbered_clear(subject: str) -> bool:
    """Whether `#clear 2` stands in a Subject: an answer to a list of names, which any case may be behind."""
    return any(tag is not None and tag.name == "clear" and bool(tag.arguments) for tag in map(_tag, _scan(subject)[0]))


def draft_labels(subject: str) -> frozenset[str]:
    """The drafts that a Subject names, as people read them: D1."""
    tags = (tag for tag in map(_tag, _scan(subject)[0]) if tag is not None)
    return frozenset(label.upper() for tag in tags if (label := tag.argument("draft")))


def wants_recusal(subject: str) -> bool:
    """Whether `#recuse` stands in a Subject that is no forward: it takes effect whatever else is wrong (rule 2)."""
    found, around = _scan(subject)
    return not is_forwarded(around) and any(tag.row is not None and tag.name == "recuse" for tag in found)


def read(subject: str, *, own_names: Collection[str] = (), parent_tags: Collection[str] = ()) -> Subject:
    """What a member's Subject asks for.

    `own_names`: code names of the cases that exist for this sender; other brackets are text. `parent_tags`: tags, as
    `str(Tag)`, of the mail replied to; they do not run again (rule 3). Any problem means: nothing runs (rule 2).
    """
    found, around = _scan(subject)
    own = frozenset(own_names)
    names = tuple(name for name in _names(around) if name in own)
    forwarded = is_forwarded(around)
    earlier = {fold(tag) for tag in parent_tags}
    written = dict.fromkeys(tag for tag in map(_tag, found) if tag is not None)
    fresh = tuple(tag for tag in written if fold(str(tag)) not in earlier)
    problems = [*_problems(found), *_clashes(fresh)]
    if (fresh or problems) and forwarded:
        problems.append(TagProblem("forwarded"))
    if (fresh or problems) and len(names) > 1:
        problems.append(TagProblem("two-cases"))
    repeated = tuple(tag for tag in written if fold(str(tag)) in earlier)
    return Subject(fresh, tuple(dict.fromkeys(problems)), names, forwarded, _question(around, own), repeated)


def _scan(subject: str) -> tuple[list[_Found], str]:
    """Every tag where it stands, and, folded, the text around quoted texts: those hold no tags, prefixes or names."""
    said = wording(subject)
    found: list[_Found] = []
    around: list[str] = []
    at = kept = 0
    while (mark := TAG.search(said.text, at)) is not None:
        at = mark.end()
        name = fold(mark[2]).rstrip(TRAILING)
        if not name or name[0].isdigit():
            continue
        shown = _SHOWN.match(said.text, mark.start(1))
        glued = said.text[at : at + 1] in ("#", "\uff03", "\ufe5f")
        tag = _Found(mark[1], name, shown[0] if shown is not None else "", glued)
        if tag.row is not None and not tag.glued:
            tag = replace(tag, reading=arguments_behind(tag.row, said, at))
        if tag.reading is not None:
            at = tag.reading.end
            for begin, end in tag.reading.quoted:
                around.append(said.text[kept:begin])
                kept = end
        found.append(tag)
    return found, fold('""'.join([*around, said.text[kept:]]))


def _names(around: str) -> tuple[str, ...]:
    matches = map(_CASE.fullmatch, map(str.strip, _BRACKETED.findall(around)))
    return tuple(dict.fromkeys(f"{match[1]} {match[2]}" for match in matches if match))


def _question(around: str, own: Collection[str]) -> str:
    """The question that stands behind a code name of the sender's. Two of them are none: it is not clear which."""
    named = {match[2] for match in _QUESTION.finditer(around) if any(name in own for name in _names(f"[{match[1]}]"))}
    return named.pop() if len(named) == 1 else ""


def _tag(found: _Found) -> Tag | None:
    if found.reading is None or found.reading.trouble:
        return None
    return Tag(found.name, found.reading.arguments, found.reading.text)


def _problems(found: Sequence[_Found]) -> Iterator[TagProblem]:
    """What is wrong with single tags."""
    # Suggestions cost time; a Subject of a hundred kilobytes holds ten thousand unknown tags.
    unknown = list(dict.fromkeys(tag.name for tag in found if _is_unknown(tag)))
    suggested = {name: _nearest(name) for name in unknown[:_SUGGESTIONS]}
    for tag in found:
        if tag.sign != "#" or not tag.name.isascii():
            yield TagProblem("lookalike")
        elif _is_unknown(tag):
            shown = tag.written if tag.name in suggested else ""
            yield TagProblem("unknown", shown, suggested.get(tag.name, ""))
        elif tag.row is not None and tag.reading is not None and tag.reading.trouble:
            yield TagProblem(tag.reading.trouble, f"#{tag.name}", form=tag.row.form)


def _is_unknown(tag: _Found) -> bool:
    """`#vote=yes` and `#clear#help` are no tags either: meant as such, so say so instead of passing them on."""
    return tag.sign == "#" and tag.name.isascii() and tag.reading is None


def _nearest(name: str) -> str:
    begin = _NAME.match(name)
    close = difflib.get_close_matches(begin[0][:24], [row.name for row in TABLE], 1, 0.6) if begin else []
    return f"#{close[0]}" if close else ""


def _clashes(tags: Sequence[Tag]) -> Iterator[TagProblem]:
    """What tags, each clear in itself, cannot mean together."""
    names = list(dict.fromkeys(tag.name for tag in tags))
    texts = [name for name in names if ROWS[name].takes_text]
    if len(texts) > 1:
        yield TagProblem("one-text", _listed(texts))
    for name in names:
        twice = _twice([tag for tag in tags if tag.name == name])
        if twice:
            yield TagProblem("contradiction", twice)
    others = [name for name in names if name != "help"]
    if "recuse" in others and len(others) > 1:
        yield TagProblem("contradiction", _listed(others))
        return
    for pair in _OPPOSITES:
        if set(pair) <= set(names):
            yield TagProblem("contradiction", _listed([name for name in names if name in pair]))
    apart = [tag.name for tag in tags if tag.name == "committee" or _opens_a_matter(tag)]
    if apart and any(tag.needs_case for tag in tags):
        yield TagProblem("contradiction", _listed([*apart, *(tag.name for tag in tags if tag.needs_case)]))


def _opens_a_matter(tag: Tag) -> bool:
    """Whether it is for all members, outside of any case."""
    return not ROWS[tag.name].outside.isdisjoint(tag.arguments)


def _listed(names: Sequence[str]) -> str:
    return " ".join(f"#{name}" for name in names)


def _named(tag: Tag) -> str:
    """Whom or what a tag is about, where it may stand there once for each."""
    return f"{tag.name} {tag.argument('member')}{tag.argument('case')}{tag.text}" if ROWS[tag.name].repeats else ""


def _twice(tags: Sequence[Tag]) -> str:
    """The first two tags of one name that cannot both be meant, without quoted texts; "" where each has its number."""
    seen: dict[str, Tag] = {}
    for tag in tags:
        number = tag.argument("question") or tag.argument("draft") or tag.argument("number") or _named(tag)
        other = seen.get(number) or seen.get("") or (next(iter(seen.values()), None) if not number else None)
        if other is not None:
            return " ".join(str(replace(each, text="")) for each in (other, tag))
        seen[number] = tag
    return ""
