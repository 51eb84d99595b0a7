"""What comes after a restore, at the one place that every letter passes: where the outbox takes what is due.

The rule: of a store that was put back nothing leaves until it is released; then the members are told before they get
anything else, in the transaction that takes the first letter.
"""

from __future__ import annotations

from datetime import datetime

from cocmail import maillog
from cocmail.commit import carry_out
from cocmail.core.model import Committee
from cocmail.core.setback import tell_restored
from cocmail.core.setting import Known, Setting
from cocmail.mail.draw import SystemDraw
from cocmail.records import DAMAGED, committee_now
from cocmail.roster import Roster
from cocmail.store import outbox, restored
from cocmail.store.restored import Restored
from cocmail.store.transaction import Tx


class Aftermath:
    """Asked before letters are taken."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._draw = SystemDraw()
        self._said = False

    def lets_leave(self, tx: Tx, now: datetime) -> bool:
        """Whether letters may be taken; those that must wait are put off or held."""
        found = restored.state(tx)
        if found is None:
            return True
        if found.sends_nothing:
            outbox.hold_all(tx)
            if not self._said:
                maillog.sends_nothing()
            self._said = True
            return False
        self._said = False
        if not found.told:
            found = self._tell(tx, found, now)
        restored.put_off(tx, found, now)
        return True

    def _tell(self, tx: Tx, found: Restored, now: datetime) -> Restored:
        locked = restored.state(tx, lock=True)
        if locked is None or locked.told or locked.quiet_until is None:
            # Another daemon of the same database was faster.
            return locked or found
        letters: list[str] = []
        for committee in self._roster:
            setting = Setting(_as_it_is(tx, committee), Known(), now, self._draw)
            decision = tell_restored(setting, locked.taken_at, locked.restored_at, locked.quiet_until)
            carry_out(tx, decision, committee, self._roster.admins, f"{committee.id} restored", now)
            letters += [letter.id for letter in decision.letters]
        outbox.to_front(tx, letters)
        maillog.restored_told(len(letters))
        return restored.told(tx, locked)


def _as_it_is(tx: Tx, committee: Committee) -> Committee:
    try:
        return committee_now(tx, committee)
    except DAMAGED as error:
        # Whose book does not open is told by the file: better one who has left than nobody.
        maillog.failed("membership", error)
        return committee
