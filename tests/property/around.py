"""What happens around a committee, for `machine`: people outside, the file, time, and machines that fail."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import note

from cocmail.core.model import Wanted
from cocmail.core.trust import Proof
from property.committees import AWAY, PICKY, RETRY, UP
from property.procedures import (
    A_MEDIATOR,
    A_PRIMARY,
    AN_ALTERNATE,
    DAYS,
    EVERYBODY,
    HOURS,
    MAY_JOIN,
    OVERRIDES,
    ROLES,
    Seat,
    address_of,
)
from property.records import Said
from property.walking import IDENTITY, SEALED, Walk
from property.writing import REPORTERS, ballot, naming, some

MINUTE = timedelta(minutes=1)


class Around(Walk):
    """Reports and answers from outside; edits of the committee's file; time, restarts and the mail server."""

    # What people outside do

    def a_report(self) -> None:
        named, excluded = some(self.chance), some(self.chance) & self.file.keys()
        reporter, proven = self.chance.choice(REPORTERS), self.chance.random() < 0.5
        proof = Proof(reporter, "dmarc") if proven else Proof()
        canary = self.canary()
        self.house.accept(reporter, "About it", naming(canary, named), Wanted(alias=True, excluded=excluded), proof)
        self.work_off()
        (new,) = self.changed - self.oracle.cases.keys()
        note(f"{new}: {reporter=} {named=} {excluded=} {proven=} {canary}")
        self.oracle.hear_report(new, reporter, named, excluded, proven, canary)

    def a_sealed_report(self) -> None:
        """Of somebody whom nobody else reports, so that nobody is asked about it."""
        self.house.accept("quill@hidden.example", "Sealed", f"{SEALED} by Wanda Quill", Wanted(escrow=True), Proof())
        self.work_off()
        (new,) = self.changed
        note(f"sealed: {new}")
        assert self.house.case(new).audience == "escrow"
        self.changed.clear()

    def a_member_takes_down(self) -> None:
        """For somebody who stays unknown to everybody else."""
        author, named, canary = self.chance.choice(sorted(self.body.seats)), some(self.chance), self.canary()
        address = self.body.seats[author].email
        named -= {author}
        words = naming(canary, named, addresses=False)
        text = f"Reporter: {IDENTITY}\n{words}\nsays {IDENTITY}, of hidden_quast."
        message_id = self.house.accept(
            address, "#new phone anonymous", text, Wanted(alias=True), Proof(address, "dmarc")
        )
        self.work_off()
        (new,) = self.changed - self.oracle.cases.keys()
        note(f"{new}: taken down by {author} {named=} {canary}")
        self.letters.hear(message_id, Said("", author, "new", by_token=False))
        self.oracle.hear_taken(new, author, named, canary)

    def the_reporter_adds(self) -> None:
        case_id, named, excluded = self.pick(), some(self.chance), some(self.chance) & self.file.keys()
        _, token = self.house.address(case_id, "reporter")
        if not token:
            # Beyond five acknowledgements a day the reporter was given no reply address.
            return
        canary = self.canary()
        note(f"{case_id}: {named=} {excluded=} {canary}")
        reporter, aimed = self.oracle.cases[case_id].reporter, Wanted(token=token, excluded=excluded)
        self.house.accept(reporter, "About it", naming(canary, named), aimed, Proof())
        self.work_off()
        self.oracle.hear_reporter(case_id, named, excluded, canary)

    def a_witness_answers(self) -> None:
        case_id = self.chance.choice([each for each, case in self.oracle.cases.items() if case.witnesses])
        witness, address = self.chance.choice(sorted(self.oracle.cases[case_id].witnesses.items()))
        _, token = self.house.address(case_id, f"witness:{witness}")
        if not self.body.is_at(witness, address):
            return
        named, canary = some(self.chance), self.canary()
        note(f"{case_id}: {witness} {named=} {canary}")
        self.house.accept(address, "Re: A question", naming(canary, named), Wanted(token=token), Proof())
        self.work_off()
        self.oracle.hear_witness(case_id, witness, named, canary)

    # The committee and its machine

    def the_file_is_edited(self) -> None:
        """Somebody comes or goes, has another address or role; or the procedure changes."""
        seats, kind = dict(self.file), self.chance.choice(("comes", "goes", "moves", "moves", "role", "rule"))
        handle = self.chance.choice(sorted(self.body.seats))
        match kind:
            case "comes":
                new = self.chance.choice(EVERYBODY)
                seats.setdefault(new, Seat((ROLES | MAY_JOIN)[new], address_of(new)))
                seats = {each: seats[each] for each in EVERYBODY if each in seats}
            case "goes" if len(self.body.seats) > 4:
                del seats[self.chance.choice(sorted(seats))]
            case "moves":
                others = [f"{handle}@{host}.example" for host in ("new", "other")]
                before = seats[handle]
                emails = [each for each in (*others, address_of(handle)) if each != before.email]
                seats[handle] = Seat(before.role, self.chance.choice(emails))
            case "role":
                role = self.chance.choice((A_PRIMARY, A_PRIMARY, AN_ALTERNATE, A_MEDIATOR))
                seats[handle] = Seat(role, seats[handle].email)
            case "rule":
                self.override = {}
                self.body.procedure = self.procedure
                for knob, value, meaning in self.chance.sample(OVERRIDES, self.chance.choice((0, 1, 1, 2))):
                    self.override[knob] = value
                    self.body.changed(**meaning)
        for each in seats.keys() & self.file.keys():
            if seats[each].email != self.file[each].email:
                self.moved.setdefault((each, seats[each].email), []).append(self.house.now + 6 * MINUTE)
        self.file = seats
        note(f"{kind} {handle} {seats} {self.override}")
        self.house.edit(seats, self.override)
        self.body.now = self.house.now
        self.changed = self.house.changes()
        self.oracle.change(dict(seats))

    def an_address_is_confirmed(self) -> None:
        token = self.chance.choice(sorted(self.letters.addresses)[-6:])
        asked = self.letters.addresses[token]
        note(f"{asked}")
        # A letter may have waited, and the same may be asked again: which of the edits it is from is not known here.
        spans = {self.house.now < edited + 7 * DAYS for edited in self.moved[asked.about, asked.new]}
        if len(spans) > 1:
            return
        self.house.accept("whoever@elsewhere.example", "Yes", "", Wanted(confirm=token), Proof())
        self.work_off()
        if spans == {True} and token not in self.letters.spent:
            counts = self.oracle.confirm_address(asked.what, asked.about, asked.new, asked.by, asked.at)
            self.letters.spent |= {token} if counts else set()

    def time_passes(self) -> None:
        """Pauses, rounds and questions end. A ballot that came in before counts, though it is looked at afterwards."""
        # What fell due while a file was edited: a mail of now is too late for it.
        self.body.now = self.house.now
        self.house.look_at_the_clock()
        self.house.send()
        self.changed = self.house.changes()
        self.oracle.time_is_over()
        handed = None
        if self.chance.random() < 0.5:
            case_id = self.pick()
            handed = self.hand_in(case_id, **ballot(self.chance, self.oracle.cases[case_id]))
        self.house.now += self.chance.choice((13, 25, 25, 73)) * HOURS
        note(f"now {self.house.now}")
        self.body.now = self.house.now
        if self.chance.random() < 0.3:
            self.house.restart()
            self.oracle.announce()
            self.oracle.review()
            self.letters_arrive()
        self.changed |= self.house.changes()
        self.house.look_at_the_clock()
        if handed is not None:
            assert not self.house.changes(), "the clock went before the mail"
            self.changed |= self.house.work_off()
            self.oracle_hears(handed)
            self.letters_arrive()
            self.house.look_at_the_clock()
        self.house.send()
        self.changed |= self.house.changes()
        self.oracle.time_is_over()

    def the_daemon_starts_anew(self) -> None:
        self.house.restart()
        self.changed = self.house.changes()
        self.oracle.announce()
        self.oracle.review()

    def the_mail_server_changes(self) -> None:
        """While it is away or takes only some, letters wait, and what their recipients may see can change."""
        self.house.mail_server = self.chance.choice((PICKY, AWAY)) if self.house.mail_server == UP else UP
        note(f"the mail server is {self.house.mail_server}")
        self.house.now += RETRY
        self.house.send()
        self.house.look_at_the_clock()
        self.house.send()
        self.changed = self.house.changes()
        self.body.now = self.house.now
        self.oracle.time_is_over()
