"""`kill -9` between the commit of a message and its removal from the mailbox, and a stop in the middle of many."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

import pytest

import dovecot
from cocmail.store.boundaries import Side, Step
from mailbox_proxy import Proxy
from mailbox_scene import bytes_of
from process_scene import House, Smarthost, letter, wait_until
from scene import committee_file

# Stored and not removed: it is fetched again, and known again. Then it is removed, and its place is forgotten.
FIRST_AND_SECOND = (
    ((Step.ACCEPT, Side.AFTER), (Step.FETCHED, Side.BEFORE), (Step.FETCHED, Side.AFTER), (Step.EMPTIED, Side.BEFORE)),
    ((Step.ACCEPT, Side.BEFORE), (Step.EMPTIED, Side.AFTER)),
)
MANY = int(os.environ.get("COCMAIL_WAITING", "2000"))


class FetchingHouse(House):
    """One that fetches from a mailbox of that server."""

    def __init__(self, folder: Path, box: dovecot.Mailbox, smarthost: Smarthost) -> None:
        (folder / "imap.pw").write_text(box.server.password)
        (folder / "imap.pw").chmod(0o600)
        super().__init__(folder, smarthost=smarthost.port, committee=committee_file(address=box.address))
        self.box = box
        self.from_port(box.server.imap_port)

    def from_port(self, port: int) -> None:
        self.intake = (
            f'smtp: {{listen: "127.0.0.1:0"}}\n  imap: {{host: 127.0.0.1, port: {port}, tls: none, '
            f"user: {self.box.name}, password_file: imap.pw, folders: [INBOX]}}"
        )
        self.write()


def test_61_killed_between_commit_and_removal_it_makes_one_case_and_clears_the_mailbox(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    box = mail_server.new_mailbox()
    mail = letter("robin@visitors.example", "Somebody shouted at me.", to=box.address)
    with Smarthost() as smarthost, FetchingHouse(tmp_path, box, smarthost) as house:
        with Proxy(mail_server.imap_port, dead_at=rb"UID STORE") as proxy:
            house.from_port(proxy.port)
            box.append(bytes_of(mail))
            house.start()
            wait_until(lambda: proxy.said(b"UID STORE"), "a removal that gets nowhere")
            house.kill()
        assert box.uids() == [1]
        house.from_port(mail_server.imap_port)
        house.start()
        wait_until(lambda: not box.uids(), "an empty mailbox")
        smarthost.wait_for("forward", 5)
        smarthost.wait_for("ack")
        assert len(house.cases()) == 1
        assert house.stop() == 0
        # Known by its bytes: it was stored once, and not as a duplicate either.
        assert ", 1 messages, " in house.all_opens()


def test_a_daemon_that_is_stopped_while_it_fetches_ends_and_goes_on_later(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    box = mail_server.new_mailbox()
    to = box.address.replace("@", "+bounce-x@")
    box.append(*(bytes_of(letter("robin@visitors.example", f"Number {n}.", to=to)) for n in range(30)))
    with Smarthost() as smarthost, FetchingHouse(tmp_path, box, smarthost) as house:
        house.start()
        house.wait_for_event("accepted")
        assert house.stop() == 0
        house.start()
        wait_until(lambda: not box.uids(), "an empty mailbox")
        assert house.stop() == 0
        assert ", 30 messages, " in house.all_opens()


@pytest.mark.soak
def test_a_fetcher_that_dies_at_each_step_of_its_own_makes_one_case_of_each_mail(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    box = mail_server.new_mailbox()
    with Smarthost() as smarthost, FetchingHouse(tmp_path, box, smarthost) as house:
        for number, places in enumerate(FIRST_AND_SECOND):
            box.append(bytes_of(letter(f"guest{number}@visitors.example", f"Report {number}.", to=box.address)))
            for step, side in places:
                house.watch = {"at": [step, side]}
                house.start(wait=False)
                assert house.ended() == -signal.SIGKILL, f"it ends at {step} {side}"
        house.watch = None
        house.start()
        wait_until(lambda: not box.uids() and len(house.cases()) == 2, "an empty mailbox, and two cases")
        smarthost.wait_for("forward", 10)
        assert house.stop() == 0
        assert ", 2 messages, " in house.all_opens()
    tried = {place for places in FIRST_AND_SECOND for place in places}
    assert set(itertools.product((Step.FETCHED, Step.EMPTIED), Side)) <= tried


@pytest.mark.soak
def test_thousands_of_waiting_messages_are_taken_and_killed_again_and_again_none_is_lost(
    tmp_path: Path, mail_server: dovecot.Server
) -> None:
    box = mail_server.new_mailbox()
    to = box.address.replace("@", "+bounce-x@")
    box.append(*(bytes_of(letter("robin@visitors.example", f"Number {n}.", to=to)) for n in range(MANY)))
    reports = [letter(f"guest{n}@visitors.example", f"Report {n}.", to=box.address) for n in range(20)]
    with Smarthost() as smarthost, FetchingHouse(tmp_path, box, smarthost) as house:
        for number, report in enumerate(reports):
            box.append(bytes_of(report))
            house.start()
            house.wait_for_event("accepted", 1 + 7 * number % 90)
            house.kill()
        house.start()
        wait_until(lambda: not box.uids(), "an empty mailbox", 600)
        wait_until(lambda: len(house.cases()) == len(reports), "every report", 600)
        assert house.stop() == 0
        assert f", {MANY + len(reports)} messages, " in house.all_opens()
