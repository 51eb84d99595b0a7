"""A daemon under a service manager: ready, reload, stop, and everything that may be wrong at a start."""

from __future__ import annotations

import datetime
import ipaddress
import os
import resource
import shutil
import smtplib
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from process_scene import House, Smarthost, letter, wait_until
from scene import ALIAS, HANDLES, committee_file

NEW_MEMBER = "- {handle: lee, name: Lee Wong, email: lee@example.net, confidentiality_agreed: 2026-01-01}"
BROKEN = committee_file() + "policie: basic\n"
# Accepted faster than they are understood.
MANY = 10


@pytest.fixture
def smarthost() -> Iterator[Smarthost]:
    with Smarthost() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, smarthost: Smarthost) -> Iterator[House]:
    with House(tmp_path, smarthost=smarthost.port) as built:
        yield built


def code_of_a_report(house: House, text: str = "Somebody shouted.") -> int:
    """The reply to the message's end."""
    mail = letter("robin@visitors.example", text)
    try:
        house.send(mail)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 250


def test_the_service_manager_is_told_when_mail_is_taken_and_when_it_ends(house: House) -> None:
    house.cold = True
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(house.folder / "notify.sock"))
        manager.settimeout(20)
        house.environ["NOTIFY_SOCKET"] = str(house.folder / "notify.sock")
        house.start(wait=False)
        assert manager.recv(100) == b"READY=1"
        assert code_of_a_report(house) == 250
        assert house.stop() == 0
        assert manager.recv(100) == b"STOPPING=1"
    ready = house.events("ready")[0]
    assert ready["committees"] == 1 and len(ready["doors"]) == 3
    events = [line["event"] for line in house.events()]
    assert events[-1] == "stopped" and "stopping" in events
    assert not house.lmtp.exists(), "no socket is left behind"


def test_what_was_accepted_before_sigterm_is_understood_before_the_end(house: House, smarthost: Smarthost) -> None:
    house.start()
    with smtplib.SMTP("127.0.0.1", house.port) as client:
        for number in range(MANY):
            mail = letter(f"guest{number}@visitors.example", f"Number {number}")
            client.sendmail(str(mail["From"]), [ALIAS], mail.as_bytes(policy=policy.SMTP))
    assert house.stop() == 0
    assert len(house.events("decided")) == MANY
    house.start()
    smarthost.wait_for("forward", MANY * len(HANDLES))
    wait_until(lambda: house.queue() == [], "the queue to be empty")
    assert len(house.cases()) == MANY
    assert house.stop() == 0


def test_a_new_member_gets_new_cases_from_the_reload_on(house: House, smarthost: Smarthost) -> None:
    house.start()
    house.report("Before.")
    smarthost.wait_for("forward", 5)
    house.committee = committee_file(more_members=NEW_MEMBER)
    house.write()
    house.hang_up()
    house.wait_for_event("reloaded")
    house.report("After.")
    smarthost.wait_for("forward", 11)
    assert [mail.text.count("After.") for mail in smarthost.of("forward", "lee@example.net")] == [1]
    assert house.stop() == 0


def test_a_new_smarthost_was_reloaded_and_mail_went_on_to_the_old_one(house: House, smarthost: Smarthost) -> None:
    house.start()
    was = house.delivery
    house.delivery, house.more = "smtp: {host: 127.0.0.1, port: 9}", 'metrics: {listen: "127.0.0.1:0"}'
    house.committee = committee_file(more_members=NEW_MEMBER)
    house.write()
    for number in (1, 2):
        house.hang_up()
        # It is so as long as nobody has restarted it.
        assert house.wait_for_event("restart-needed", number)["keys"] == ["delivery.smtp", "metrics"]
    house.report("To the smarthost of before.")
    smarthost.wait_for("forward", 6)
    house.delivery, house.more, house.retry = was, "", "[2s]"
    house.write()
    house.hang_up()
    house.wait_for_event("reloaded", 3)
    house.committee = committee_file()
    house.write()
    house.hang_up()
    house.wait_for_event("reloaded", 4)
    # What a reload changes, roster and retries, needs none; nor what stands in the file as it did.
    assert len(house.events("restart-needed")) == 2
    assert house.stop() == 0


def test_a_broken_file_at_a_reload_costs_nobody_their_mail(house: House, smarthost: Smarthost) -> None:
    house.start()
    house.committee = BROKEN
    house.write()
    house.hang_up()
    assert house.wait_for_event("reload-refused")["errors"] == 1
    (notice,) = smarthost.wait_for("notice")
    assert notice.recipient == "ops@example.com"
    house.report("The old configuration is still in force.")
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0


def test_a_file_that_vanished_or_is_no_yaml_at_a_reload_costs_nobody_their_mail(
    house: House, smarthost: Smarthost
) -> None:
    house.start()
    for number, spoil in enumerate((lambda: house.config.write_text("a: [b"), house.config.unlink), start=1):
        spoil()
        house.hang_up()
        house.wait_for_event("reload-refused", number)
        house.report(f"Still there, {number}.")
        smarthost.wait_for("forward", 5 * number)
    house.write()
    house.hang_up()
    house.wait_for_event("reloaded")
    assert house.stop() == 0


def test_a_start_with_a_broken_committee_file_runs_on_the_last_good_one(house: House, smarthost: Smarthost) -> None:
    house.start()
    assert house.stop() == 0
    house.committee = BROKEN
    house.write()
    house.start()
    assert house.events("running-on-last-good-configuration")[0]["files"] == 1
    (notice,) = smarthost.wait_for("notice")
    assert notice.recipient == "ops@example.com"
    house.report("Somebody shouted.")
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0


def test_a_start_with_a_broken_main_file_runs_on_the_last_good_one(house: House, smarthost: Smarthost) -> None:
    house.start()
    assert house.stop() == 0
    house.more = "flod: off"
    house.write()
    house.start()
    assert house.events("running-on-last-good-configuration")[0]["files"] == 1
    house.report("Somebody shouted.")
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0


def test_a_first_start_with_a_broken_configuration_names_the_line_and_ends_with_2(house: House) -> None:
    house.committee = BROKEN
    house.write()
    house.start(wait=False)
    assert house.ended() == 2
    line = len(BROKEN.splitlines())
    assert any(f"committee.yaml:{line}: error: policie" in said for said in house.lines())


def test_49_without_its_key_the_daemon_does_not_start_and_writes_nothing(house: House) -> None:
    (house.folder / "master.key").rename(house.folder / "elsewhere.key")
    house.start(wait=False)
    assert house.ended() == 2
    assert not (house.folder / "var").exists()
    assert "master.key" in house.lines()[-1]


def test_a_key_that_others_can_read_is_refused(house: House) -> None:
    (house.folder / "master.key").chmod(0o640)
    house.start(wait=False)
    assert house.ended() == 2
    assert not (house.folder / "var").exists()


def test_with_another_key_the_store_stays_shut_and_as_it_was(house: House, smarthost: Smarthost) -> None:
    house.start()
    house.report("Sealed.")
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0
    before = (house.folder / "var" / "store.db").read_bytes()
    right = house.folder / "right.key"
    (house.folder / "master.key").rename(right)
    assert house.run("keys", "new", str(house.folder / "wrong.key")).code == 0
    (house.folder / "wrong.key").rename(house.folder / "master.key")
    house.start(wait=False)
    assert house.ended() == 2, "a service manager must not try again for ever"
    assert (house.folder / "var" / "store.db").read_bytes() == before
    shutil.copy2(right, house.folder / "master.key")
    house.start()
    assert len(house.cases()) == 1
    assert house.stop() == 0


def test_60_a_second_daemon_on_the_same_store_is_told_to_try_again_later(house: House, smarthost: Smarthost) -> None:
    house.start()
    second = house.run("run")
    assert second.code == 75, second
    house.report("The first one goes on.")
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0


def self_made_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conduct.example.org")])
    today = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(today).not_valid_after(today + datetime.timedelta(days=2))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    (folder / "key.pem").chmod(0o600)


def test_the_door_speaks_tls_with_a_certificate_of_its_own(house: House, smarthost: Smarthost) -> None:
    self_made_certificate(house.folder)
    house.intake = 'smtp: {listen: "127.0.0.1:0", tls_cert_file: cert.pem, tls_key_file: key.pem}'
    house.write()
    house.start()
    trusting = ssl.create_default_context(cafile=str(house.folder / "cert.pem"))
    with smtplib.SMTP("127.0.0.1", house.port) as client:
        client.starttls(context=trusting)
        client.ehlo()
        assert not client.has_extn("starttls")
        mail = letter("robin@visitors.example", "Said in private.")
        client.sendmail("robin@visitors.example", [ALIAS], mail.as_bytes(policy=policy.SMTP))
    smarthost.wait_for("forward", 5)
    assert house.stop() == 0


def test_46_a_full_disk_is_answered_with_451_and_loses_nothing(house: House, smarthost: Smarthost) -> None:
    """A limit on the size of files stands for the disk: every write beyond it fails, as it does on a full one."""
    smarthost.down()
    limit = 1_500_000
    house.start()
    assert house.process is not None
    resource.prlimit(house.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    accepted = 0
    # Random, so that nothing makes it smaller; of figures, among which no name of a member comes about by chance.
    text = "\n".join(os.urandom(36).hex() for _ in range(2_800))
    codes = [code_of_a_report(house, f"Number {number}.\n{text}") for number in range(15)]
    accepted = codes.count(250)
    assert set(codes) == {250, 451} and accepted >= 1, codes
    house.kill()
    smarthost.up()
    house.start()
    wait_until(lambda: len(house.cases()) == accepted, "every accepted report to be a case")
    smarthost.wait_for("forward", accepted * len(HANDLES))
    house.all_opens()
    assert code_of_a_report(house) == 250
    assert house.stop() == 0


@pytest.mark.soak  # five seconds and more of waiting; tests/scenarios/test_a_locked_store.py waits for a shorter time
def test_a_store_that_somebody_else_keeps_locked_is_answered_with_451(house: House, smarthost: Smarthost) -> None:
    house.start()
    house.report("Before.")
    smarthost.wait_for("forward", 5)
    blocking = sqlite3.connect(house.folder / "var" / "store.db", isolation_level=None)
    blocking.execute("BEGIN IMMEDIATE")
    assert code_of_a_report(house, "Not now.") == 451
    blocking.execute("ROLLBACK")
    blocking.close()
    assert code_of_a_report(house, "Now.") == 250
    smarthost.wait_for("forward", 10)
    assert house.stop() == 0
