"""Cases and books as they are opened from the store, and which committee they belong to.

The rule: a record that does not open stops what is about it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cocmail import maillog
from cocmail.core import case as folding
from cocmail.core import events
from cocmail.core.book import NEW_BOOK, Book, decode_book, in_force
from cocmail.core.case import Case
from cocmail.core.model import Committee
from cocmail.core.tombstones import Tombstone, decode_tombstone
from cocmail.errors import SealError
from cocmail.roster import Roster
from cocmail.store import cases, notes, shredding
from cocmail.store.transaction import Tx

# What a record raises that does not open: sealed for another place, altered, or written by a later release.
DAMAGED = (SealError, ValueError, LookupError, TypeError)


class CaseErased(Exception):
    """The case was erased a moment ago."""


def load_case(tx: Tx, case_id: str) -> Case:
    """A case, folded from its events. Raises SealError if its chain is broken."""
    head = cases.head(tx, case_id)
    case: Case | None = tx.recent.get(head)
    if case is None:
        case = folding.fold(case_id, map(events.decode, cases.load(tx, case_id)))
        tx.recent.keep(head, case)
    return case


def load_book(tx: Tx, committee: Committee) -> Book:
    """What a committee keeps of its membership; a renamed one finds it under an alias that it had.

    Raises SealError or ValueError for one that does not open.
    """
    return _own_of(_books_at(tx, committee), committee) or NEW_BOOK


def _books_at(tx: Tx, committee: Committee) -> list[Book]:
    """The books of the ids under its addresses: its own and, where an address went from one to the other, another's."""
    found = notes.kept_all(tx, [f"book {each}" for each in committee.ids], decode_book, lock=True)
    return [book for book in found if not committee.addresses.isdisjoint(book.ids)]


def _own_of(books: Sequence[Book], committee: Committee) -> Book | None:
    """The one under its id; one of its people where that is of other people, or there is none: it has a new name."""
    under_its_id = [book for book in books if book.ids[-1] == committee.id]
    of_its_people = [book for book in books if _members_of(book, committee)]
    both = (book for book in under_its_id if book in of_its_people)
    return next(both, None) or next(iter((*of_its_people, *under_its_id)), None)


def _members_of(book: Book, committee: Committee) -> int:
    """How many of those who had a seat by that book are members here."""
    members = committee.members
    return sum(any(member.is_whom(seat.name, *seat.addresses) for member in members) for seat in book.seats)


def handed_over(tx: Tx, committees: Sequence[Committee]) -> list[int]:
    """Which of the committees, by their places, would have an address under which another one has cases.

    That one is configured still, or its people are others: its cases, and its book, would go to these.
    """
    found = []
    for number, committee in enumerate(committees):
        others = [other for other in committees if other is not committee]
        try:
            books = _books_at(tx, committee)
            own = _own_of(books, committee)
            if any(_is_anothers(book, own, committee, others) for book in books):
                found.append(number)
        except DAMAGED as error:
            # Whose it is cannot be read. Nobody gets anything by it: without its book no mail of it is decided on.
            maillog.failed("membership", error)
    return found


def _is_anothers(book: Book, own: Book | None, committee: Committee, others: Iterable[Committee]) -> bool:
    if any(book.ids[-1] in other.addresses for other in others):
        return True
    if own is not None and book.ids[-1] in own.ids:
        return False
    # Half of the people may sit in both; whoever left the old address out once and puts it right are the same.
    return 2 * _members_of(book, committee) <= len(book.seats)


def case_in_force(tx: Tx, roster: Roster, case_id: str) -> tuple[Case, Committee | None, Book]:
    """A case, its committee as configured (None: in no configuration any more), and that one's book.

    The books first: two daemons that lock in different orders wait for each other. Raises SealError or ValueError where
    the case, or the book of its committee, does not open; another committee's is no matter here.
    """
    books: dict[str, Book | Exception] = {}
    for each in roster:
        try:
            books[each.id] = load_book(tx, each)
        except DAMAGED as error:
            books[each.id] = error
    case = load_case(tx, case_id)
    committee = roster.committee(case.committee)
    book = books[committee.id] if committee is not None else NEW_BOOK
    if isinstance(book, Exception):
        raise book
    return case, committee, book


def committee_now(tx: Tx, committee: Committee) -> Committee:
    """A committee of the configuration as it is: without who has left by mail or by a vote."""
    return in_force(committee, load_book(tx, committee))


def cases_of(tx: Tx, committee: Committee) -> dict[str, Case]:
    """Every case of a committee that opens, by id, oldest first: a damaged one must not stop what is about others."""
    ids = dict.fromkeys(found for each in committee.ids for found in cases.ids(tx, each))
    return {case_id: case for case_id in ids if (case := case_that_opens(tx, case_id)) is not None}


def tombstones_of(tx: Tx, committee: Committee | None) -> list[Tombstone]:
    """What is left of the erased cases of a committee (None: of all), oldest first. Raises SealError."""
    every = map(decode_tombstone, shredding.tombstones(tx))
    return [each for each in every if committee is None or each.committee in (committee.id, *committee.addresses)]


def linked_cases(tx: Tx, case: Case) -> dict[str, Case]:
    """The cases with which one is tied by a name, or is one, by id; not those that were erased, or are damaged."""
    tied = dict.fromkeys(match.case for match in case.links.matched)
    found = {other: case_that_opens(tx, other) for other in tied if shredding.exists(tx, other)}
    return circle_of(tx, case) | {other: each for other, each in found.items() if each is not None}


def circle_of(tx: Tx, case: Case) -> dict[str, Case]:
    """The cases that are one with one, by id, over however many merges; not itself."""
    found: dict[str, Case] = {}
    left = list(case.links.one_circle)
    while left:
        other = left.pop()
        if other != case.id and other not in found and shredding.exists(tx, other):
            opened = case_that_opens(tx, other)
            if opened is not None:
                found[other] = opened
                left += opened.links.one_circle
    return found


def case_that_opens(tx: Tx, case_id: str) -> Case | None:
    """A case, or None for one that is damaged; that is logged, and `cocmail keys verify` names it."""
    try:
        return load_case(tx, case_id)
    except DAMAGED as error:
        maillog.failed("case", error)
        return None
