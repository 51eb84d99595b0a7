"""What ought to come of mail to a committee: the oracle of `test_who_sees_what`.

It hears what was written and by whom, and says what has to follow from the contract alone. It imports nothing of the
program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from property.admission import (
    bring_in,
    complete,
    put_out,
    watchers,
    withhold,
    withhold_unless_last,
    write_down,
)
from property.ballots import close, settle
from property.clockwork import come_due, due_in
from property.expected import LIVE, Expected
from property.hearing import hear_tag, read_by
from property.procedures import (
    A_PRIMARY,
    AN_ALTERNATE,
    DAYS,
    EVERYBODY,
    FOUNDATION,
    HOURS,
    REPORTER,
    Body,
    Procedure,
    Seat,
    seats_at_first,
)
from property.records import Entry, Place, Said


class Oracle:
    """All cases. Its clock is set by whoever asks; `True` from what it hears means that the case has changed."""

    def __init__(self, procedure: Procedure, now: datetime) -> None:
        self.body = Body(procedure, now, seats_at_first())
        self.cases: dict[str, Expected] = {}
        # What was said to all members, outside of any case; and what need not come, since somebody left.
        self.wanted: Counter[tuple[str, str]] = Counter()
        self.lost: set[tuple[str, str]] = set()
        self.departures = 0
        self._announced = {handle: seat.email for handle, seat in self.body.seats.items()}
        self._voices: dict[tuple[str, str], set[str]] = {}

    # Reports

    def hear_report(
        self, case_id: str, reporter: str, named: frozenset[str], excluded: frozenset[str], proven: bool, canary: str
    ) -> None:
        earlier = [case for case in self.cases.values() if case.reporter == reporter and not case.taker]
        opened = Expected(self.body, reporter, unchecked=self.body.procedure.check_first)
        opened.early = "triage" if opened.unchecked else ""
        opened.watch_at = self.body.now + 12 * HOURS if opened.early else None
        opened.entries.append(self._entry(canary, REPORTER, "report", named))
        opened.record.add(canary)
        opened.excluded |= excluded
        kept = dict.fromkeys(sorted(set().union(*(case.barred for case in earlier))), "inherited")
        kept |= dict.fromkeys(opened.entries[0].named, "screened") | dict.fromkeys(excluded, "excluded")
        for handle, why in kept.items():
            opened.places[handle] = Place("withheld", why=why)
        for case in earlier if excluded else ():
            self._exclude(case, excluded) if proven else withhold_unless_last(case, excluded)
        for handle in self._first(opened):
            bring_in(opened, handle, "policy")
        complete(opened, is_new=True)
        self.cases[case_id] = opened
        self.settle()

    def hear_taken(self, case_id: str, taker: str, named: frozenset[str], canary: str) -> None:
        """A member took it down for somebody who stays unknown: that member has it, too, and nobody is told outside."""
        opened = Expected(self.body, "", taker=taker, unchecked=self.body.procedure.check_first)
        opened.early = "triage" if opened.unchecked else ""
        opened.watch_at = self.body.now + 12 * HOURS if opened.early else None
        opened.entries.append(self._entry(canary, REPORTER, "report", named))
        opened.record.add(canary)
        for handle in sorted(opened.entries[0].named):
            opened.places[handle] = Place("withheld", why="screened")
        for handle in self._first(opened):
            bring_in(opened, handle, "policy")
        if taker not in opened.barred and taker not in opened.readers:
            bring_in(opened, taker, "took")
        complete(opened, is_new=True)
        self.cases[case_id] = opened
        self.settle()

    def _first(self, opened: Expected) -> list[str]:
        able = [handle for handle in self.body.holding(A_PRIMARY, AN_ALTERNATE) if handle not in opened.barred]
        own = [handle for handle in able if self.body.seats[handle].role == A_PRIMARY]
        return watchers(opened, own) if opened.early else able if self.body.procedure.all_at_once else own

    def _exclude(self, case: Expected, handles: frozenset[str]) -> None:
        """What keeps nobody else out moves nothing."""
        barred = set(case.barred)
        for handle in sorted(handles):
            withhold(case, handle, "excluded")
        case.excluded |= handles
        if case.barred != barred:
            complete(case)

    def _entry(self, canary: str, author: str, kind: str, named: frozenset[str], sender: str = "") -> Entry:
        """The sender's address names a member, too."""
        found = (named | {sender}) & self.body.seats.keys()
        looked_for = frozenset(f"{handle} {seat.email}" for handle, seat in self.body.seats.items())
        return Entry(canary, author, kind, looked_for, found, named)

    def hear_reporter(self, case_id: str, named: frozenset[str], excluded: frozenset[str], canary: str) -> None:
        case = self.cases[case_id]
        for other in self.cases.values():
            if excluded and other.reporter == case.reporter and other is not case:
                self._exclude(other, excluded)
        self._follow_up(case, REPORTER, named, excluded, canary)
        self.settle()

    def hear_witness(self, case_id: str, witness: str, named: frozenset[str], canary: str) -> None:
        """The answer goes to all who have the case."""
        self._follow_up(self.cases[case_id], witness, named, frozenset(), canary)
        self.settle()

    def _follow_up(
        self, case: Expected, author: str, named: frozenset[str], excluded: frozenset[str], canary: str
    ) -> None:
        entry = self._entry(canary, author, "follow-up", named, author)
        write_down(case, entry)
        # A witness must not be able to put those out who have it.
        for handle in sorted(entry.named) if author == REPORTER else ():
            withhold(case, handle, "screened")
        for handle in sorted(excluded):
            withhold(case, handle, "excluded")
        case.excluded |= excluded
        if author == REPORTER:
            case.record.add(canary)
        complete(case)
        case.want(case.having("discuss") - {author}, f"forward {canary}")
        if not case.having("discuss") and case.handed_over and author == REPORTER:
            case.want({FOUNDATION}, f"transfer {canary}")

    # Members

    def as_understood(self, said: Said) -> Said:
        """With the question that a ballot is meant for, where only one can be meant."""
        case = self.cases[said.case]
        meant = case.unfinished if said.tag == "vote" and case.sees(said.author, "vote") else []
        return replace(said, number=meant[0]) if not said.number and len(meant) == 1 else said

    def answers_a_list(self, said: Said) -> bool:
        """Whether somebody new names a case by its number on the list that they were sent."""
        case = self.cases[said.case]
        place = case.places.get(said.author)
        is_meant = place is not None and place.standing == "asked" and place.number == said.number
        return said.tag == "clear" and said.number > 0 and is_meant and case.is_here(said.author)

    def hear_unproven(self, said: Said) -> bool:
        """Nothing runs; a withdrawal by the member's own reply address holds their mail for a day, once."""
        case = self.cases[said.case]
        if said.tag != "recuse" or not said.by_token or said.author in case.paused:
            return False
        if not case.sees(said.author, "recuse"):
            return False
        case.paused[said.author] = self.body.now + DAYS
        return True

    def hear(self, said: Said, came: datetime, *, confirmed: bool = False) -> bool | None:
        """What a member has proven to have written. `came`: when it was handed in. None: it may have changed or not."""
        case = self.cases[said.case]
        if said.author not in self.body.seats:
            return False
        sees = case.sees(said.author, said.tag) or self.answers_a_list(said)
        if said.tag == "committee" and not said.by_token and not sees:
            # To somebody who does not have it there is no such case, so that this is no mail of one.
            others = (handle for handle in self.body.seats if handle != said.author)
            self.wanted.update((handle, f"committee {said.canary}") for handle in others)
        if not sees or not read_by(case, said):
            return False
        changed = hear_tag(case, said, came, self._entry, confirmed=confirmed)
        self.settle()
        return changed

    def hear_removal(self, case_id: str, said: Said) -> None:
        """A matter of the committee's own is opened: all have it but mediators and whom it is about."""
        about, author = said.about, said.author
        matter = self.cases[case_id] = Expected(self.body, "", matter=True)
        matter.places[about] = Place("withheld", why="concerned")
        matter.excluded.add(about)
        matter.entries.append(self._entry(said.canary, author, "record", said.named | {about}, author))
        for handle in (*self.body.holding(A_PRIMARY, AN_ALTERNATE), author):
            if handle != about:
                bring_in(matter, handle, "matter")
        hear_tag(matter, replace(said, tag="remove"), self.body.now, self._entry)
        self.settle()

    def hear_departure(self, handle: str) -> None:
        del self.body.seats[handle]
        self.body.gone.add(handle)
        self.review()

    # The committee itself

    def change(self, seats: dict[str, Seat]) -> None:
        """The file was changed: it names these members."""
        before = dict(self.body.seats)
        self.body.gone &= seats.keys()
        self.body.seats = {handle: seat for handle, seat in seats.items() if handle not in self.body.gone}
        self.announce()
        fresh = [handle for handle in EVERYBODY if handle in self.body.seats and handle not in before]
        for handle in seats.keys() | before.keys():
            if before.get(handle) != seats.get(handle):
                self.lost |= {each for each in self.wanted if each[0] == handle}
        self.review()
        for handle in fresh if self.body.procedure.new_ones_get_names else ():
            self._offer(handle)

    def announce(self) -> None:
        """What others said of an address counts until it, or their own, changes."""
        emails = {handle: seat.email for handle, seat in self.body.seats.items()}
        changed = {handle for handle, _ in self._announced.items() ^ emails.items()}
        for (about, new), voices in list(self._voices.items()):
            voices.difference_update(changed)
            if about in changed:
                del self._voices[about, new]
        self._announced = emails

    def _offer(self, handle: str) -> None:
        """A new member is told who has been reported, by numbers, of what they are no part of themselves."""
        number = 0
        for case in self.cases.values():
            involved = any(handle in named for named in case.party_members)
            if case.matter or case.handed_over or not case.reported() or handle in case.places or involved:
                continue
            if case.state in ("dismissed", "triage"):
                continue
            number += 1
            case.places[handle] = Place("asked", self.body.seats[handle].email, number=number)
            for canary in case.reported():
                self.wanted[handle, f"welcome {canary}"] += 1

    def review(self) -> None:
        """Who left loses everything; where nobody is left, others are called; questions are counted anew."""
        before = len(self.body.seats)
        for case in self.cases.values():
            left = [who for who in case.with_standing("in", "limited", "asked") if who not in self.body.seats]
            for handle in left:
                put_out(case, handle, "left")
            for question in case.questions:
                if question.about and question.about not in self.body.seats and not question.result:
                    close(case, question, cancelled=True)
            if not (case.handed_over or case.readers) or (left and case.state in LIVE):
                complete(case)
            if left or case.unfinished:
                settle(case)
        if len(self.body.seats) != before:
            # A question that was counted anew removed somebody: the cases before it are looked at once more.
            self.departures += 1
            self.review()
        self.settle()

    def confirm_address(self, what: str, about: str, new: str, by: str, at: str) -> bool:
        """From the old mailbox, or by two others: mail of open cases goes to the new one. False: it counted nothing."""
        if by not in self.body.seats or not self.body.is_at(about, new):
            return False
        if what == "vouch" and not self.body.is_at(by, at):
            return False
        if what == "vouch":
            voices = self._voices.setdefault((about, new), set())
            voices.add(by)
            if len(voices) > 1:
                self._move(about, new, voices)
            return True
        self._move(about, new, at=at)
        return True

    def _move(self, about: str, new: str, voices: Collection[str] = (), at: str = "") -> None:
        """Where two voices vouch, those who have the case; an old mailbox speaks for the cases that are there."""
        for case in self.cases.values():
            place = case.places.get(about)
            if voices and len(case.readers.intersection(voices)) < 2:
                continue
            if at and place is not None and place.address != at:
                continue
            stands = ("in", "limited", "asked", "recused")
            if place is not None and place.standing in stands and place.address != new:
                place.address = new
                if place.standing == "asked":
                    case.want_again(about, "check")
                for number in case.unfinished:
                    if about in case.may_vote(case.questions[number - 1]):
                        case.want_again(about, f"vote Q{number}")

    # Time

    def time_is_over(self) -> None:
        """What has stood open for long enough is counted, lapses or goes on, in the order in which it was due."""
        while due := [
            (*each, case) for case in self.cases.values() for each in due_in(case) if each[0] <= self.body.now
        ]:
            sitting = len(self.body.seats)
            _, kind, number, case = min(due, key=lambda each: each[:3])
            come_due(case, kind, number)
            if len(self.body.seats) != sitting:
                self.departures += 1
                self.review()
        self.settle()

    def settle(self) -> None:
        before = len(self.body.seats)
        for case in self.cases.values():
            settle(case)
        if len(self.body.seats) != before:
            self.departures += 1
            self.review()
