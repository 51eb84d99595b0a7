"""Another roster comes into force (contract, section 2; domain R63, R80).

    everybody is told ──> the new roster is in force ──> access of who left ends ──> farewell, welcome

Each step is a transaction of its own and can be done again: what the store is too busy for, or a crash cuts off, is
done later. One damaged case, or one committee whose book does not open, keeps nobody else waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from cocmail import maillog
from cocmail.commit import carry_out
from cocmail.core.book import in_force
from cocmail.core.decide import review
from cocmail.core.effects import Decision
from cocmail.core.foresight import Foreseen, foresee
from cocmail.core.membership import announce, are_offered_cases, greet
from cocmail.core.model import Committee
from cocmail.core.setting import Known, Setting
from cocmail.errors import ConfigError, StoreBusy
from cocmail.mail.draw import SystemDraw
from cocmail.records import DAMAGED, case_in_force, cases_of, handed_over, linked_cases, load_book
from cocmail.roster import Roster
from cocmail.store import cases, shredding
from cocmail.store.boundaries import Step
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx

HANDED_OVER = (
    "another committee has cases under an address of this one: leave that address to it, under its `aliases`, and give "
    "this one another"
)


def foreseen(tx: Tx, committees: Sequence[Committee], now: datetime) -> list[Foreseen | None]:
    """What `apply` would do to the people of each committee, in their order, by the same decision. Nothing is written.

    None where nobody would be told, or the committee's book does not open: then nothing is announced either.
    """
    return [_foreseen(tx, committee, now) for committee in committees]


def _foreseen(tx: Tx, committee: Committee, now: datetime) -> Foreseen | None:
    try:
        return foresee(Setting(committee, Known(book=load_book(tx, committee)), now, SystemDraw()))
    except DAMAGED as error:
        maillog.failed("membership", error)
        return None


class Changes:
    """Puts rosters into force, and looks at the cases after it."""

    def __init__(self, store: Store, roster: Roster, now: Callable[[], datetime], queued: Callable[[], None]) -> None:
        """`queued` is called when letters were queued."""
        self._store, self._roster, self._now, self._queued = store, roster, now, queued
        self._draw = SystemDraw()
        # Cases that are still to be looked at; None: all of them, not listed yet.
        self._unreviewed: list[str] | None = []
        self._ungreeted: list[Committee] = []

    async def apply(
        self, committees: Sequence[Committee], admins: Sequence[str], in_force: Callable[[], None] = lambda: None
    ) -> None:
        """Go on with another roster: first everybody is told, then it is in force, then access ends (membership).

        `in_force` is called in that very moment, for what has to change with it. Raises ConfigError where a committee
        would get another's cases, StoreBusy before anything is in force. What the store is too busy for afterwards is
        done by `run`.
        """
        handed = await self._store.read(lambda tx: handed_over(tx, committees))
        if handed:
            raise ConfigError([f"committees[{number}]: address: {HANDED_OVER}" for number in handed])
        for committee in committees:
            await self._membership(announce, committee)
        self._queued()
        self._roster.put(committees, admins)
        in_force()
        self._ungreeted = list(committees)
        await self.review()

    async def _membership(self, decide_on: Callable[[Setting], Decision | None], committee: Committee) -> None:
        try:
            step = Step.ANNOUNCE if decide_on is announce else Step.GREET
            await self._store.write(partial(self._decide_on_members, decide_on, committee), step)
        except DAMAGED as error:
            # One committee whose book does not open must not keep the others, nor the daemon, from working.
            maillog.failed("membership", error)

    def _decide_on_members(self, decide_on: Callable[[Setting], Decision | None], committee: Committee, tx: Tx) -> None:
        now, book = self._now(), load_book(tx, committee)
        as_it_is = committee if decide_on is announce else in_force(committee, book)
        offers = decide_on is greet and bool(book.joining) and are_offered_cases(as_it_is)
        every = cases_of(tx, committee) if offers else {}
        decision = decide_on(Setting(as_it_is, Known(cases=every, book=book), now, self._draw))
        if decision is not None:
            carry_out(tx, decision, committee, self._roster.admins, f"{committee.id} {now.isoformat()}", now)

    async def review(self) -> None:
        """After the roster changed: cases that nobody of it has any more get stand-ins, or the admins an alarm.

        Then who left and who came is told. Never raises StoreBusy: what the store is too busy for is done by `run`.
        """
        self._unreviewed = None
        try:
            await self.catch_up()
        except StoreBusy:
            maillog.store_busy("review")

    async def catch_up(self) -> None:
        """What is still to be done of it, if anything. Raises StoreBusy; what is left then stays so."""
        if self._unreviewed != []:
            await self._look_at_cases()
        while self._unreviewed == [] and self._ungreeted:
            committee = self._ungreeted[0]
            await self._membership(greet, committee)
            self._ungreeted = [each for each in self._ungreeted if each is not committee]
            self._queued()

    async def _look_at_cases(self) -> None:
        if self._unreviewed is None:
            self._unreviewed = await self._store.read(lambda tx: cases.ids(tx, None))
        waiting, self._unreviewed = self._unreviewed, []
        busy, left = [], False
        for case_id in waiting:
            try:
                left |= await self._store.write(partial(self._review, case_id), Step.REVIEW)
            except StoreBusy:
                maillog.store_busy("review")
                busy.append(case_id)
            except Exception as error:
                # One damaged case must not keep all the others, and new reports, from being taken.
                maillog.failed("review", error)
        self._queued()
        if left:
            # A vote that closed by it removed somebody, who may have a place in those looked at before.
            await self.review()
        elif self._unreviewed is not None:
            self._unreviewed += busy

    def _review(self, case_id: str, tx: Tx) -> bool:
        if not shredding.exists(tx, case_id):
            # Erased since the cases were listed.
            return False
        case, committee, book = case_in_force(tx, self._roster, case_id)
        now = self._now()
        if committee is None:
            return False
        setting = Setting(
            in_force(committee, book),
            Known(cases={case_id: case, **linked_cases(tx, case)}, book=book),
            now,
            self._draw,
        )
        decision = review(case, setting)
        if decision is not None:
            carry_out(tx, decision, committee, self._roster.admins, f"{case_id} {now.date()}", now)
        return decision is not None and decision.left
