"""`cocmail doctor`: finds what is wrong between the world and the committee, and says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

import clinic as clinics
from clinic import COMMITTEE, ME, Clinic
from cocmail.config.load import load
from cocmail.doctor import roundtrip
from cocmail.store import lookups
from cocmail.store.engine import Store
from cocmail.vault.keyring import Keyring
from process_scene import run
from scene import ALIAS, AUTHSERV, committee_file


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with clinics.opened(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def clinic(running: Clinic) -> Clinic:
    running.border.reset()
    running.names.reset()
    return running


def test_a_sound_installation_is_told_so_in_every_part(clinic: Clinic) -> None:
    visit = clinic.typed()
    assert visit.code == 0 and visit.errors == [], visit
    assert visit.says("ok", "key", "master.key") and visit.says("ok", "store", "opens")
    assert visit.says("ok", "intake", "smtp at 127.0.0.1") and visit.says("ok", "intake", "lmtp.sock", ME)
    assert visit.says("ok", "smarthost", "answers") and visit.says("ok", "smarthost", "null sender")
    assert visit.says("ok", f"test mail to {ALIAS}", "came back by lmtp") and visit.says("ok", "behind the +")
    assert visit.says("ok", "Authentication-Results", AUTHSERV) and visit.says("ok", "DKIM", "autumn")
    assert visit.says("ok", "clock") and visit.says("ok", "dns of example.org", "MX") and visit.says("ok", "DMARC")


def test_nothing_of_the_test_mail_stays_and_nobody_hears_of_it(clinic: Clinic) -> None:
    clinic.visit()
    (mail,) = clinic.border.seen
    assert b"Auto-Submitted: auto-replied" in mail
    assert clinic.house.events("decided")[-1]["reason"] == "test-mail"
    assert clinic.house.events("decided")[-1]["letters"] == 0
    # What is there of it is a row without content: nothing of it can be opened any more.
    assert " 0 messages" in clinic.house.all_opens()


def test_no_member_is_named_and_no_address_but_the_alias(clinic: Clinic) -> None:
    said = repr(clinic.typed())
    assert not any(word in said for word in ("amara", "Amara", "@example.net", "ops@"))


def test_a_test_mail_that_comes_twice_is_looked_at_once(clinic: Clinic) -> None:
    clinic.visit()
    (mail,) = clinic.border.seen
    before = len(clinic.house.events("decided"))
    clinic.house.send(mail, sender="", to=ALIAS)
    clinic.house.wait_for_event("decided", before + 1)
    assert clinic.house.events("decided")[-1]["reason"] == "automatic-reply"


def test_a_test_mail_that_comes_too_late_is_no_report(clinic: Clinic) -> None:
    clinic.border.hands_back = False
    clinic.visit(wait=0)
    (mail,) = clinic.border.seen
    before = len(clinic.house.events("decided"))
    for recipient in (ALIAS, ALIAS.replace("@", "+anything@")):
        clinic.house.send(mail.replace(b"cocmail test mail", recipient.encode()), sender="", to=recipient)
    clinic.house.wait_for_event("decided", before + 2)
    assert {event["reason"] for event in clinic.house.events("decided")[before:]} == {"automatic-reply"}
    assert clinic.house.cases() == []


@pytest.mark.parametrize("value", ["", "x" * 300, "\u00e9\U0001f600", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "\x00\udc80"])
def test_a_header_like_that_of_a_test_mail_means_nothing_in_another(clinic: Clinic, value: str) -> None:
    before = len(clinic.house.events("decided"))
    mail = f"From: a@example.com\r\nAuto-Submitted: auto-replied\r\nCocmail-Test: {value}\r\n\r\nHere {value!a}.\r\n"
    clinic.house.send(mail.encode("utf-8", "surrogateescape"), to=ALIAS)
    clinic.house.wait_for_event("decided", before + 1)
    assert clinic.house.events("decided")[-1]["reason"] == "automatic-reply"


def test_what_a_doctor_left_who_was_cut_off_goes_with_the_next(clinic: Clinic) -> None:
    settings = load(clinic.configure(), date.today(), {})
    store = Store.open(settings.store_url, Keyring.load(settings.key_file), exclusive=False)
    try:
        roundtrip.new(store, settings.committees[0], wait=-3600)
        assert store.read_now(lambda tx: lookups.has(tx, roundtrip.WAITED_FOR))
        clinic.visit()
        assert not store.read_now(lambda tx: lookups.has(tx, roundtrip.WAITED_FOR))
        assert not store.read_now(lambda tx: lookups.has(tx, roundtrip.CAME))
    finally:
        store.close()


def test_each_committee_has_a_test_mail_of_its_own(clinic: Clinic) -> None:
    (clinic.house.folder / "second.yaml").write_text(committee_file(address="ethics@example.org"))
    visit = clinic.visit(("committees: [", "committees: [second.yaml, "))
    assert visit.says("error", "test mail to ethics@example.org", "refuses mail to the alias"), visit
    assert visit.says("ok", f"test mail to {ALIAS}", "came back")


@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "soon"])
def test_a_wait_that_is_no_time_is_a_wrong_call(wait: str) -> None:
    ended = run("doctor", f"--wait={wait}")
    assert ended.code == 2 and "--wait" in ended.err


# The way there and back


def test_a_mail_server_with_another_delimiter(clinic: Clinic) -> None:
    clinic.border.delimiter = "-"
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "550 5.1.1", "takes a - there", "recipient_delimiter = +"), visit
    # The rest is looked at all the same, with a mail to the alias itself.
    assert visit.says("ok", "DKIM") and visit.says("ok", "Authentication-Results")


def test_a_mail_server_that_cuts_off_what_is_behind_the_delimiter(clinic: Clinic) -> None:
    clinic.border.cuts_extension = True
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "came to the alias alone", "recipient_delimiter"), visit


def test_a_mail_server_that_does_not_know_the_alias(clinic: Clinic) -> None:
    committee = committee_file(address="contact@example.org")
    visit = clinic.visit(committee=committee)
    assert visit.code == 2 and visit.says("error", "refuses mail to the alias (550 5.1.1)"), visit


def test_a_test_mail_that_goes_elsewhere(clinic: Clinic) -> None:
    clinic.border.hands_back = False
    visit = clinic.typed("--wait", "0.2")
    assert visit.code == 75 and visit.says("error", "smarthost took it", "has not come"), visit
    assert len(visit.errors) == 1


def test_our_signature_is_missing(clinic: Clinic) -> None:
    clinic.border.signature = ""
    visit = clinic.visit()
    assert visit.code == 0 and visit.says("warning", "no DKIM signature", "sign what is from example.org"), visit
    assert visit.says("warning", "no key for DKIM was looked for")


def test_the_signature_is_of_somebody_else(clinic: Clinic) -> None:
    clinic.border.signature = "v=1; d=relay.example.com; s=x; b=YmFy"
    assert clinic.visit().says("warning", "signed by relay.example.com alone")


def test_the_clock_is_wrong(clinic: Clinic) -> None:
    clinic.border.clock = timedelta(minutes=17)
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "clock", "17 min behind", "Received", "NTP"), visit
    clinic.border.clock = timedelta(minutes=-20)
    assert clinic.visit().says("error", "clock", "20 min ahead")


# Authentication-Results


def test_the_border_writes_no_results(clinic: Clinic) -> None:
    clinic.border.writes_results = None
    visit = clinic.visit()
    assert visit.says("warning", "adds no Authentication-Results", AUTHSERV), visit


def test_the_border_writes_its_results_in_another_name(clinic: Clinic) -> None:
    clinic.border.writes_results = "mail7.example.org"
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "results are by mail7.example.org", AUTHSERV), visit


def test_the_border_writes_its_results_where_they_are_not_believed(clinic: Clinic) -> None:
    clinic.border.results_below = True
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "below the border's Received"), visit


def test_the_border_lets_a_forged_result_pass(clinic: Clinic) -> None:
    clinic.border.removes_forged = False
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "forged", "still in the mail", "RFC 8601"), visit


def test_a_forged_result_would_be_believed(clinic: Clinic) -> None:
    clinic.border.removes_forged = False
    clinic.border.writes_received = False
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "anybody can pose as a member", AUTHSERV), visit


def test_mail_comes_from_a_peer_that_is_not_trusted(clinic: Clinic) -> None:
    clinic.border.door = clinic.house.port
    visit = clinic.visit(committee=COMMITTEE.replace("peers: [127.0.0.1]", "peers: [192.0.2.1]"))
    assert visit.code == 2 and visit.says("error", "from 127.0.0.1", "trust.peers"), visit
    assert not clinic.visit().errors
